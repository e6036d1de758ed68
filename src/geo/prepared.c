#include "geo/prepared.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/geos.h"
#include "geo/sphere.h"
#include "geo/wkb.h"

#include <math.h>

/* An area in GEOS's hands, with the index that makes many tests quick. */
typedef struct indexed {
    GEOSGeometry *area;
    const GEOSPreparedGeometry *index;
} indexed;

struct dtake__prepared {
    dtake_edges edges;
    dtake_box box;
    bool is_box;    /* the area is nothing but `box` */
    bool closes;    /* planar: comes round to its own other side at +-180 */
    indexed flat;   /* planar: as written */
    indexed around; /* three times, 360 degrees apart: what is asked for at any longitude of -180 to 540 */
};

static void dispose_indexed(GEOSContextHandle_t geos, indexed *it)
{
    if (it->index != NULL)
        GEOSPreparedGeom_destroy_r(geos, it->index);
    if (it->area != NULL)
        GEOSGeom_destroy_r(geos, it->area);
    *it = (indexed){ 0 };
}

void dtake__prepared_free(dtake__prepared *prepared)
{
    GEOSContextHandle_t geos = prepared != NULL ? dtake__geos() : NULL;
    if (geos != NULL) {
        dispose_indexed(geos, &prepared->flat);
        dispose_indexed(geos, &prepared->around);
    }
    dtake__free(prepared);
}

dtake_box dtake__prepared_box(const dtake__prepared *prepared)
{
    return prepared->box;
}

/* Takes the area; false: no memory, or GEOS refuses. */
static bool make_index(GEOSContextHandle_t geos, indexed *it, GEOSGeometry *area)
{
    it->area = area;
    it->index = area != NULL ? GEOSPrepare_r(geos, area) : NULL;
    return it->index != NULL;
}

static int shift_x(double *x, double *y, void *by)
{
    (void)y;
    *x += *(double *)by;
    return 1;
}

/* One geometry of three that lie side by side. Takes them; NULL when one of them is. */
static GEOSGeometry *joined(GEOSContextHandle_t geos, GEOSGeometry *part[3])
{
    bool made = part[0] != NULL && part[1] != NULL && part[2] != NULL;
    GEOSGeometry *all = made ? GEOSGeom_createCollection_r(geos, GEOS_GEOMETRYCOLLECTION, part, 3) : NULL;
    for (int i = 0; all == NULL && i < 3; i++)
        if (part[i] != NULL)
            GEOSGeom_destroy_r(geos, part[i]);
    GEOSGeometry *whole = all != NULL ? GEOSUnaryUnion_r(geos, all) : NULL;
    if (all != NULL)
        GEOSGeom_destroy_r(geos, all);
    return whole;
}

/* The area three times, 360 degrees apart. Keeps the area. */
static GEOSGeometry *repeated(GEOSContextHandle_t geos, const GEOSGeometry *area)
{
    GEOSGeometry *part[3];
    for (int i = 0; i < 3; i++) {
        double by = 360.0 * (i - 1);
        part[i] = GEOSGeom_transformXY_r(geos, area, shift_x, &by);
    }
    return joined(geos, part);
}

/* The box turned by so many rounds. */
static GEOSGeometry *rectangle(GEOSContextHandle_t geos, dtake_box box, double pole_lat, int rounds)
{
    int rounds_east = rounds + (box.west > box.east);
    return GEOSGeom_createRectangle_r(geos, box.west + 360 * rounds, box.south == -90 ? -pole_lat : box.south,
                                      box.east + 360 * rounds_east, box.north == 90 ? pole_lat : box.north);
}

/* Each edge is as it was written in one of the three: not turned there and back again, which rounds. */
static GEOSGeometry *repeated_box(GEOSContextHandle_t geos, dtake_box box, double pole_lat)
{
    GEOSGeometry *part[3];
    for (int i = 0; i < 3; i++)
        part[i] = rectangle(geos, box, pole_lat, i - 1);
    return joined(geos, part);
}

/* So that a pole is not on the edge of an area that holds it. */
static const double BEYOND_POLE = 91;

/* The area as planar reading wants it, mended. */
static dtake_status make_flat(GEOSContextHandle_t geos, dtake__prepared *p, const dtake__geometry *area,
                              dtake_error *err)
{
    dtake__geometry_facts facts;
    GEOSGeometry *made = NULL;
    dtake_status st = dtake__geometry_facts_of(area, &facts, err);
    if (st == DTAKE_OK)
        st = dtake__geos_make(geos, area, &made, err);
    if (st != DTAKE_OK)
        return st;
    p->closes = facts.min_x < -180 || facts.max_x > 180 || (facts.min_x == -180 && facts.max_x == 180);
    made = dtake__geos_mend(geos, made);
    if (made != NULL && facts.type == DTAKE__COLLECTION) {
        GEOSGeometry *whole = GEOSUnaryUnion_r(geos, made);
        GEOSGeom_destroy_r(geos, made);
        made = whole;
    }
    return make_index(geos, &p->flat, made) ? DTAKE_OK
                                            : dtake__fail(err, DTAKE_E_FORMAT, "area: GEOS cannot mend it");
}

static dtake_status make_around(GEOSContextHandle_t geos, dtake__prepared *p, const GEOSGeometry *once,
                                dtake_error *err)
{
    return make_index(geos, &p->around, repeated(geos, once))
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_FORMAT, "area: GEOS cannot join it with itself 360 degrees on");
}

static dtake_status make_sphere(GEOSContextHandle_t geos, dtake__prepared *p, const dtake__geometry *area,
                                dtake_error *err)
{
    GEOSGeometry *once;
    dtake_status st = dtake__geos_make_spherical(geos, area, BEYOND_POLE, &once, err);
    if (st != DTAKE_OK)
        return st;
    once = dtake__geos_mend(geos, once);
    if (once == NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "area: GEOS cannot mend it");
    st = make_around(geos, p, once, err);
    GEOSGeom_destroy_r(geos, once);
    return st;
}

static dtake_status begin(dtake__prepared **out, dtake_edges edges, GEOSContextHandle_t *geos,
                          dtake_error *err)
{
    *geos = dtake__geos();
    *out = *geos != NULL ? dtake__calloc(1, sizeof **out) : NULL;
    if (*out == NULL)
        return dtake__fail_nomem(err, "prepare an area");
    (*out)->edges = edges;
    return DTAKE_OK;
}

static dtake_status ended(dtake__prepared **out, dtake_status st)
{
    if (st == DTAKE_OK)
        return st;
    dtake__prepared_free(*out);
    *out = NULL;
    return st;
}

dtake_status dtake__prepared_new(dtake__prepared **out, const dtake__geometry *area, dtake_edges edges,
                                 dtake_error *err)
{
    GEOSContextHandle_t geos;
    dtake_status st = begin(out, edges, &geos, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__geometry_box(area, edges, &(*out)->box, err);
    if (st == DTAKE_OK && edges == DTAKE_EDGES_SPHERICAL)
        st = make_sphere(geos, *out, area, err);
    else if (st == DTAKE_OK)
        st = make_flat(geos, *out, area, err);
    return ended(out, st);
}

dtake_status dtake__prepared_new_box(dtake__prepared **out, dtake_box box, dtake_edges edges,
                                     dtake_error *err)
{
    GEOSContextHandle_t geos;
    dtake_status st = begin(out, edges, &geos, err);
    if (st != DTAKE_OK)
        return st;
    dtake__prepared *p = *out;
    p->box = box;
    p->is_box = true;
    p->closes = box.west > box.east || (box.west == -180 && box.east == 180);
    bool spherical = edges == DTAKE_EDGES_SPHERICAL;
    bool made = spherical || p->closes
                    ? make_index(geos, &p->around, repeated_box(geos, box, spherical ? BEYOND_POLE : 90))
                    : make_index(geos, &p->flat, rectangle(geos, box, 90, 0));
    return ended(out, made ? DTAKE_OK : dtake__fail_nomem(err, "prepare an area"));
}

/* --- tests --- */

static char ask_index(GEOSContextHandle_t geos, const indexed *area, dtake__relation relation,
                      const GEOSGeometry *geometry)
{
    switch (relation) {
    case DTAKE__DISJOINT:
        return GEOSPreparedDisjoint_r(geos, area->index, geometry);
    case DTAKE__CONTAINS:
        return GEOSPreparedContains_r(geos, area->index, geometry);
    case DTAKE__WITHIN:
        return GEOSPreparedWithin_r(geos, area->index, geometry);
    case DTAKE__TOUCHES:
        return GEOSPreparedTouches_r(geos, area->index, geometry);
    case DTAKE__CROSSES:
        return GEOSPreparedCrosses_r(geos, area->index, geometry);
    case DTAKE__OVERLAPS:
        return GEOSPreparedOverlaps_r(geos, area->index, geometry);
    case DTAKE__EQUALS:
        return GEOSEquals_r(geos, area->area, geometry);
    default:
        return GEOSPreparedIntersects_r(geos, area->index, geometry);
    }
}

/* GEOS does not relate collections of several dimensions: part by part. An area contains a collection when it
 * covers all parts and contains one. */
static char ask_contains_parts(GEOSContextHandle_t geos, const indexed *area, const GEOSGeometry *geometry)
{
    bool one = false;
    int count = GEOSGetNumGeometries_r(geos, geometry);
    for (int i = 0; i < count; i++) {
        const GEOSGeometry *part = GEOSGetGeometryN_r(geos, geometry, i);
        if (GEOSisEmpty_r(geos, part))
            continue;
        char inside = GEOSGeomTypeId_r(geos, part) == GEOS_GEOMETRYCOLLECTION
                          ? ask_contains_parts(geos, area, part)
                          : GEOSPreparedContains_r(geos, area->index, part);
        char covered = inside == 0 ? GEOSPreparedCovers_r(geos, area->index, part) : inside;
        if (covered != 1)
            return covered;
        one |= inside == 1;
    }
    return one;
}

static char ask(GEOSContextHandle_t geos, const indexed *area, dtake__relation relation,
                const GEOSGeometry *geometry)
{
    bool parts = GEOSGeomTypeId_r(geos, geometry) == GEOS_GEOMETRYCOLLECTION;
    return parts && relation == DTAKE__CONTAINS ? ask_contains_parts(geos, area, geometry)
                                                : ask_index(geos, area, relation, geometry);
}

/* Footprints that cross themselves are common: they are mended when GEOS refuses them. Takes the geometry. */
static dtake_status answer(GEOSContextHandle_t geos, const indexed *area, dtake__relation relation,
                           GEOSGeometry *geometry, bool *out, dtake_error *err)
{
    char told = ask(geos, area, relation, geometry);
    if (told == 2) {
        geometry = dtake__geos_mend(geos, geometry);
        if (geometry != NULL)
            told = ask(geos, area, relation, geometry);
    }
    if (geometry != NULL)
        GEOSGeom_destroy_r(geos, geometry);
    if (told == 2)
        return dtake__fail(err, DTAKE_E_FORMAT, "compare geometries: GEOS refuses them");
    *out = told == 1;
    return DTAKE_OK;
}

/* What the boxes alone can tell. False: nothing. */
static bool boxes_tell(const dtake__prepared *p, dtake__relation relation, dtake_box box, bool *out)
{
    bool meet = dtake__box_meets(p->box, box);
    if (!meet) {
        *out = relation == DTAKE__DISJOINT;
        return true;
    }
    if (!p->is_box || relation > DTAKE__CONTAINS || !dtake__box_holds(p->box, box))
        return false;
    /* contained for sure only when it is clear of the edge */
    if (relation == DTAKE__CONTAINS && !(box.south > p->box.south && box.north < p->box.north &&
                                         box.west != p->box.west && box.east != p->box.east))
        return false;
    *out = relation != DTAKE__DISJOINT;
    return true;
}

/* Moved so that it begins within -180..180; what is there already stays. */
static GEOSGeometry *settled(GEOSContextHandle_t geos, GEOSGeometry *geometry, double min_x)
{
    double by = -360 * floor((min_x + 180) / 360);
    if (by == 0)
        return geometry;
    GEOSGeometry *moved = GEOSGeom_transformXY_r(geos, geometry, shift_x, &by);
    GEOSGeom_destroy_r(geos, geometry);
    return moved;
}

static dtake_status test_flat(GEOSContextHandle_t geos, dtake__prepared *p, dtake__relation relation,
                              const dtake__geometry *geometry, const dtake__geometry_facts *facts, bool *out,
                              dtake_error *err)
{
    GEOSGeometry *made;
    dtake_status st = dtake__geos_make(geos, geometry, &made, err);
    if (st != DTAKE_OK)
        return st;
    bool around = p->closes || facts->min_x < -180 || facts->max_x > 180;
    if (around && p->around.index == NULL)
        st = make_around(geos, p, p->flat.area, err);
    if (around && st == DTAKE_OK && (made = settled(geos, made, facts->min_x)) == NULL)
        return dtake__fail_nomem(err, "compare geometries");
    if (st == DTAKE_OK)
        return answer(geos, around ? &p->around : &p->flat, relation, made, out, err);
    GEOSGeom_destroy_r(geos, made);
    return st;
}

static dtake_status test_sphere(GEOSContextHandle_t geos, dtake__prepared *p, dtake__relation relation,
                                const dtake__geometry *geometry, bool *out, dtake_error *err)
{
    if (relation > DTAKE__CONTAINS)
        return dtake__fail(
            err, DTAKE_E_UNSUPPORTED,
            "on the sphere an area intersects, contains or is disjoint; other relations are planar");
    GEOSGeometry *made;
    dtake_status st = dtake__geos_make_spherical(geos, geometry, 90, &made, err);
    return st == DTAKE_OK ? answer(geos, &p->around, relation, made, out, err) : st;
}

dtake_status dtake__prepared_test(dtake__prepared *prepared, dtake__relation relation,
                                  const dtake__geometry *geometry, bool *out, dtake_error *err)
{
    GEOSContextHandle_t geos = dtake__geos();
    if (geos == NULL)
        return dtake__fail_nomem(err, "start GEOS");
    dtake__geometry_facts facts;
    dtake_box box;
    dtake_status st = dtake__geometry_facts_of(geometry, &facts, err);
    if (st != DTAKE_OK)
        return st;
    *out = relation == DTAKE__DISJOINT;
    if (facts.points == 0)
        return DTAKE_OK;
    st = dtake__geometry_box(geometry, prepared->edges, &box, err);
    if (st != DTAKE_OK || boxes_tell(prepared, relation, box, out))
        return st;
    return prepared->edges == DTAKE_EDGES_SPHERICAL
               ? test_sphere(geos, prepared, relation, geometry, out, err)
               : test_flat(geos, prepared, relation, geometry, &facts, out, err);
}
