/* Geometries beside one another. */
#include "core/error.h"
#include "geo/crs.h"
#include "raster/eval_geos.h"
#include "raster/eval_shape.h"

#include <stdio.h>
#include <string.h>

static dtake_status geometry_of(dtake__eval *eval, const dtake__figure *shape, dtake__geometry *out,
                                dtake_error *err)
{
    const char *text = dtake__figure_degrees(eval, shape, err);
    return text != NULL ? dtake__geometry_from_geojson(text, strlen(text), out, err) : DTAKE_E_NOMEM;
}

/* Boxes tell of most pairs that they do not meet; longitudes beyond 180 go the long way. */
static bool lie_apart(const dtake__figure *a, const dtake__figure *b)
{
    bool plain = a->crs == NULL && b->crs == NULL && a->points > 0 && b->points > 0 && a->box[0] > -180 &&
                 a->box[2] < 180 && b->box[0] > -180 && b->box[2] < 180;
    return plain &&
           (a->box[0] > b->box[2] || b->box[0] > a->box[2] || a->box[1] > b->box[3] || b->box[1] > a->box[3]);
}

dtake_status dtake__figure_relate(dtake__eval *eval, const dtake__figure *a, const dtake__figure *b,
                                  dtake__relation relation, bool *out, dtake_error *err)
{
    dtake__geometry left = { 0 }, right = { 0 };
    dtake__prepared *area = NULL;
    if (lie_apart(a, b)) {
        *out = relation == DTAKE__DISJOINT;
        return DTAKE_OK;
    }
    dtake_status st = geometry_of(eval, a, &left, err);
    if (st == DTAKE_OK)
        st = geometry_of(eval, b, &right, err);
    if (st == DTAKE_OK)
        st = dtake__prepared_new(&area, &left, DTAKE_EDGES_PLANAR, err);
    if (st == DTAKE_OK)
        st = dtake__prepared_test(area, relation, &right, out, err);
    dtake__prepared_free(area);
    dtake__geometry_dispose(&left);
    dtake__geometry_dispose(&right);
    return st;
}

/* Distances from its centre are true there. */
static void plane_at(const dtake__figure *shape, char *out, size_t size)
{
    dtake__geos_plane(out, size, (shape->box[0] + shape->box[2]) / 2, (shape->box[1] + shape->box[3]) / 2);
}

dtake_status dtake__figure_distance(dtake__eval *eval, const dtake__figure *a, const dtake__figure *b,
                                    double *out_m, dtake_error *err)
{
    char plane[DTAKE__GEOS_PLANE_BYTES];
    GEOSContextHandle_t geos = dtake__geos();
    GEOSGeometry *left = NULL, *right = NULL;
    dtake_status st = geos != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a geometry");
    if (st != DTAKE_OK)
        return st;
    if (a->crs != NULL) {
        double lon, lat;
        st = dtake__figure_middle(a, &lon, &lat, err);
        dtake__geos_plane(plane, sizeof plane, lon, lat);
    } else {
        plane_at(a, plane, sizeof plane);
    }
    if (st == DTAKE_OK)
        st = dtake__figure_to_geos(eval, a, plane, &left, err);
    if (st == DTAKE_OK)
        st = dtake__figure_to_geos(eval, b, plane, &right, err);
    if (st == DTAKE_OK && GEOSDistance_r(geos, left, right, out_m) != 1)
        st = dtake__fail(err, DTAKE_E_USAGE, "no distance between such geometries");
    if (left != NULL)
        GEOSGeom_destroy_r(geos, left);
    if (right != NULL)
        GEOSGeom_destroy_r(geos, right);
    return st;
}
