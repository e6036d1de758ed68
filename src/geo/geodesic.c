#include "geo/geodesic.h"

#include "geo/geometry.h"
#include "geo/wkb.h"

#include <geodesic.h>
#include <math.h>
#include <string.h>

typedef struct walk {
    struct geod_geodesic ellipsoid;
    dtake__geodesic_measure *out;
    bool first; /* the next ring is an outer one */
} walk;

static dtake_status enter(const dtake__wkb_head *head, const uint8_t *at, void *ctx, dtake_error *err)
{
    (void)at;
    (void)err;
    if (head->type == DTAKE__POLYGON)
        ((walk *)ctx)->first = true;
    return DTAKE_OK;
}

static dtake_status run(const dtake__wkb_head *head, const uint8_t *positions, uint32_t count, void *ctx,
                        dtake_error *err)
{
    walk *w = ctx;
    struct geod_polygon path;
    double area = 0, length = 0;
    (void)err;
    if (head->type != DTAKE__POLYGON && head->type != DTAKE__LINESTRING)
        return DTAKE_OK;
    geod_polygon_init(&path, head->type == DTAKE__LINESTRING);
    for (uint32_t i = 0; i < count; i++) {
        double xy[2];
        dtake__wkb_xy(positions, head->dims, i, xy);
        geod_polygon_addpoint(&w->ellipsoid, &path, xy[1], xy[0]);
    }
    geod_polygon_compute(&w->ellipsoid, &path, 0, 1, &area, &length);
    if (head->type == DTAKE__LINESTRING) {
        w->out->length_m += length;
        return DTAKE_OK;
    }
    w->out->area_m2 += w->first ? fabs(area) : -fabs(area);
    w->out->perimeter_m += length;
    w->first = false;
    return DTAKE_OK;
}

dtake_status dtake__geodesic_measure_of(const char *geojson, dtake__geodesic_measure *out, dtake_error *err)
{
    static const dtake__wkb_visitor sees = { .enter = enter, .run = run };
    dtake__geometry geometry = { 0 };
    walk w = { .out = out };
    *out = (dtake__geodesic_measure){ 0 };
    geod_init(&w.ellipsoid, 6378137, 1 / 298.257223563);
    dtake_status st = dtake__geometry_from_geojson(geojson, strlen(geojson), &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__wkb_walk(&geometry, &sees, &w, err);
    dtake__geometry_dispose(&geometry);
    return st;
}
