/* Geometries that cross themselves, made valid. GEOS takes more than the square of the crossings for that: a
 * minute for 500 points at random. So they are counted first. */
#include "geo/geos.h"

#include "core/alloc.h"

#include <stdlib.h>

enum {
    MAX_CROSSINGS = 1000, /* a second */
    MAX_COMMON = 100000,  /* of two geometries */
    MAX_PAIRS = 50000000, /* of edges that are held against one another, likewise */
};

typedef struct edge {
    double ax, ay, bx, by; /* ax <= bx */
} edge;

typedef struct edges {
    edge *at;
    size_t count, room;
} edges;

static bool add_line(GEOSContextHandle_t geos, const GEOSGeometry *line, edges *out)
{
    const GEOSCoordSequence *points = GEOSGeom_getCoordSeq_r(geos, line);
    unsigned count = 0;
    double x, y, lastx = 0, lasty = 0;
    if (points == NULL || GEOSCoordSeq_getSize_r(geos, points, &count) == 0)
        return false;
    for (unsigned i = 0; i < count; i++, lastx = x, lasty = y) {
        GEOSCoordSeq_getXY_r(geos, points, i, &x, &y);
        if (i == 0)
            continue;
        edge *grown = dtake__room_for_one(out->at, out->count, &out->room, sizeof *grown);
        if (grown == NULL)
            return false;
        out->at = grown;
        out->at[out->count++] = lastx <= x ? (edge){ lastx, lasty, x, y } : (edge){ x, y, lastx, lasty };
    }
    return true;
}

/* The rings of all polygons. */
static bool add_rings(GEOSContextHandle_t geos, const GEOSGeometry *geometry, edges *out)
{
    bool fits = true;
    switch (GEOSGeomTypeId_r(geos, geometry)) {
    case GEOS_POINT:
    case GEOS_LINESTRING:
    case GEOS_LINEARRING:
        return true;
    case GEOS_POLYGON:
        if (GEOSisEmpty_r(geos, geometry) == 1)
            return true;
        fits = add_line(geos, GEOSGetExteriorRing_r(geos, geometry), out);
        for (int i = 0; i < GEOSGetNumInteriorRings_r(geos, geometry) && fits; i++)
            fits = add_line(geos, GEOSGetInteriorRingN_r(geos, geometry, i), out);
        return fits;
    default:
        for (int i = 0; i < GEOSGetNumGeometries_r(geos, geometry) && fits; i++)
            fits = add_rings(geos, GEOSGetGeometryN_r(geos, geometry, i), out);
        return fits;
    }
}

static int from_west(const void *a, const void *b)
{
    const edge *p = a, *q = b;
    return (p->ax > q->ax) - (p->ax < q->ax);
}

/* On which side of an edge a point lies. */
static double side(const edge *e, double x, double y)
{
    return (e->bx - e->ax) * (y - e->ay) - (e->by - e->ay) * (x - e->ax);
}

static bool apart(double a, double b)
{
    return (a > 0 && b < 0) || (a < 0 && b > 0);
}

/* Edges that only touch do not: neighbours do that. */
static bool cross(const edge *p, const edge *q)
{
    return apart(side(p, q->ax, q->ay), side(p, q->bx, q->by)) &&
           apart(side(q, p->ax, p->ay), side(q, p->bx, p->by));
}

/* From west to east, each with those that begin before it ends. */
static bool crosses_often(edges *e, size_t most)
{
    size_t crossings = 0, pairs = 0;
    if (e->count > 0)
        qsort(e->at, e->count, sizeof *e->at, from_west);
    for (size_t i = 0; i < e->count; i++)
        for (size_t k = i + 1; k < e->count && e->at[k].ax <= e->at[i].bx; k++) {
            crossings += cross(&e->at[i], &e->at[k]);
            if (crossings > most || ++pairs > MAX_PAIRS)
                return true;
        }
    return false;
}

GEOSGeometry *dtake__geos_mend(GEOSContextHandle_t geos, GEOSGeometry *geometry)
{
    if (geometry == NULL || GEOSisValid_r(geos, geometry) == 1)
        return geometry;
    edges e = { 0 };
    bool can = add_rings(geos, geometry, &e) && !crosses_often(&e, MAX_CROSSINGS);
    dtake__free(e.at);
    GEOSGeometry *valid = can ? GEOSMakeValid_r(geos, geometry) : NULL;
    GEOSGeom_destroy_r(geos, geometry);
    return valid;
}

bool dtake__geos_cross_often(GEOSContextHandle_t geos, const GEOSGeometry *a, const GEOSGeometry *b)
{
    edges e = { 0 };
    bool often = !add_rings(geos, a, &e) || !add_rings(geos, b, &e) || crosses_often(&e, MAX_COMMON);
    dtake__free(e.at);
    return often;
}
