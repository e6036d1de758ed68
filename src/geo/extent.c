#include "geo/extent.h"

#include "core/error.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

/* Points along a side of a raster: its edges bulge little between them. */
enum { SIDE = 33 };

static void reset(double extent[4])
{
    extent[0] = extent[1] = HUGE_VAL;
    extent[2] = extent[3] = -HUGE_VAL;
}

static void widen(double extent[4], double x, double y)
{
    extent[0] = fmin(extent[0], x);
    extent[1] = fmin(extent[1], y);
    extent[2] = fmax(extent[2], x);
    extent[3] = fmax(extent[3], y);
}

/* A pole whose place lies inside the raster: 1 north, -1 south, 0 none. Geographic rasters reach it at their
 * edge and hold none. */
static int pole_inside(const dtake__raster_grid *source)
{
    dtake__crs_facts facts;
    dtake_affine inverse;
    if (dtake__crs_facts_of(source->crs, &facts, NULL) != DTAKE_OK || facts.geographic ||
        !dtake__affine_invert(&source->transform, &inverse))
        return 0;
    for (int pole = -1; pole <= 1; pole += 2) {
        /* From two sides: projections that are torn at the pole map it to more than one place. */
        double xy[4] = { 0, 90.0 * pole, 180, 90.0 * pole }, col, row;
        if (dtake__crs_transform("OGC:CRS84", source->crs, xy, 2, NULL) != DTAKE_OK ||
            !isfinite(xy[0] + xy[2]) || hypot(xy[0] - xy[2], xy[1] - xy[3]) > 1)
            continue;
        dtake__affine_apply(&inverse, xy[0], xy[1], &col, &row);
        if (col > 0 && col < (double)source->width && row > 0 && row < (double)source->height)
            return pole;
    }
    return 0;
}

/* A raster's points in another CRS, SIDE x SIDE of them, row by row. */
static dtake_status project_points(const dtake__raster_grid *source, const char *crs, double *xy,
                                   dtake_error *err)
{
    for (int row = 0; row < SIDE; row++)
        for (int col = 0; col < SIDE; col++) {
            double *at = xy + 2 * (row * SIDE + col);
            dtake__affine_apply(&source->transform, (double)source->width * col / (SIDE - 1),
                                (double)source->height * row / (SIDE - 1), &at[0], &at[1]);
        }
    return dtake__crs_transform(source->crs, crs, xy, (size_t)SIDE * SIDE, err);
}

dtake_status dtake__source_extent(const dtake__raster_grid *source, const char *crs, double extent[4],
                                  dtake_error *err)
{
    double xy[2 * SIDE * SIDE], middle = NAN;
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(crs, &facts, err);
    if (st == DTAKE_OK)
        st = project_points(source, crs, xy, err);
    if (st != DTAKE_OK)
        return st;
    reset(extent);
    bool same = strcmp(source->crs, crs) == 0; /* longitudes as they are, be it 0 to 360 */
    for (int i = 0; i < SIDE * SIDE; i++) {
        if (!isfinite(xy[2 * i]))
            continue;
        if (isnan(middle))
            middle = xy[2 * (SIDE * SIDE / 2)];
        double x = xy[2 * i];
        if (facts.geographic && !same && isfinite(middle))
            x += 360 * round((middle - x) / 360);
        widen(extent, x, xy[2 * i + 1]);
    }
    if (!(extent[0] < extent[2]) || !(extent[1] < extent[3]))
        return dtake__fail(err, DTAKE_E_EMPTY, "the image lies outside of %.60s", crs);
    int pole = facts.geographic ? pole_inside(source) : 0;
    if (pole != 0) {
        extent[0] = -180;
        extent[2] = 180;
        extent[pole > 0 ? 3 : 1] = 90.0 * pole;
    }
    return DTAKE_OK;
}

dtake_status dtake__natural_step(const dtake__raster_grid *source, const char *crs, double *step,
                                 dtake_error *err)
{
    double xy[2 * SIDE * SIDE];
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(crs, &facts, err);
    if (st == DTAKE_OK)
        st = project_points(source, crs, xy, err);
    if (st != DTAKE_OK)
        return st;
    double dx = xy[2 * (SIDE * SIDE - 1)] - xy[0], dy = xy[2 * (SIDE * SIDE - 1) + 1] - xy[1];
    if (facts.geographic && isfinite(dx) && strcmp(source->crs, crs) != 0)
        dx -= 360 * round(dx / 360);
    double pixels = hypot((double)source->width, (double)source->height);
    if (!isfinite(dx + dy) || hypot(dx, dy) == 0) { /* a corner lies outside: the extent's diagonal instead */
        double extent[4];
        st = dtake__source_extent(source, crs, extent, err);
        if (st != DTAKE_OK)
            return st;
        dx = extent[2] - extent[0];
        dy = extent[3] - extent[1];
    }
    *step = hypot(dx, dy) / pixels;
    return DTAKE_OK;
}

static dtake_status outline_of(const dtake__grid_request *r, double tolerance, dtake__outline *out,
                               dtake_error *err)
{
    if (r->has_box)
        return dtake__outline_of_box(r->box, r->crs, tolerance, out, err);
    return dtake__outline_of_geojson(r->geojson, strlen(r->geojson), r->crs, tolerance, out, err);
}

/* How far east the projection's other edge lies when it is torn at 180 degrees along a vertical line
 * (Mercator, plate carree), so that one may go on beyond it; else 0. */
static double width_of_world(const char *crs)
{
    double xy[8] = { 180 - 1e-9, 10, -180 + 1e-9, 10, 180 - 1e-9, 50, -180 + 1e-9, 50 };
    if (dtake__crs_transform("OGC:CRS84", crs, xy, 4, NULL) != DTAKE_OK ||
        !isfinite(xy[0] + xy[2] + xy[4] + xy[6]))
        return 0;
    double low = xy[0] - xy[2], high = xy[4] - xy[6];
    return fabs(low - high) < 1 && fabs(xy[1] - xy[3]) < 1 && low > 1000 ? low : 0;
}

/* The part behind the antimeridian follows the part before it, when going on beyond the edge is possible. */
static void join_halves(const dtake__grid_request *r, dtake__outline *outline)
{
    double world =
        r->has_box && r->box.west > r->box.east && outline->rings == 2 ? width_of_world(r->crs) : 0;
    for (size_t i = outline->ring_end[0]; world > 0 && i < outline->points; i++)
        outline->xy[2 * i] += world;
}

/* Rings in degrees stand three times in an outline, as they are and 360 degrees to both sides. */
static void span_of(const dtake__outline *outline, bool geographic, double extent[4])
{
    reset(extent);
    for (size_t ring = 0; ring < outline->rings; ring += geographic ? 3 : 1)
        for (size_t i = ring > 0 ? outline->ring_end[ring - 1] : 0; i < outline->ring_end[ring]; i++)
            widen(extent, outline->xy[2 * i], outline->xy[2 * i + 1]);
}

static dtake_status outline_and_span(const dtake__grid_request *r, double tolerance, dtake__outline *outline,
                                     double extent[4], dtake_error *err)
{
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(r->crs, &facts, err);
    if (st == DTAKE_OK)
        st = outline_of(r, tolerance, outline, err);
    if (st != DTAKE_OK)
        return st;
    if (!facts.geographic)
        join_halves(r, outline);
    span_of(outline, facts.geographic, extent);
    return DTAKE_OK;
}

dtake_status dtake__area_outline(const dtake__grid_request *r, double tolerance, dtake__outline *outline,
                                 double extent[4], dtake_error *err)
{
    if (tolerance == 0) {
        dtake_status st = outline_and_span(r, HUGE_VAL, outline, extent, err);
        if (st != DTAKE_OK)
            return st;
        dtake__outline_dispose(outline);
        *outline = (dtake__outline){ 0 };
        tolerance = 1e-5 * fmax(extent[2] - extent[0], extent[3] - extent[1]);
    }
    return outline_and_span(r, tolerance > 0 ? tolerance : 1e-9, outline, extent, err);
}

dtake_status dtake__geojson_box(const char *geojson, dtake_box *out, dtake_error *err)
{
    dtake__outline outline = { 0 };
    double extent[4];
    dtake_status st =
        dtake__outline_of_geojson(geojson, strlen(geojson), "OGC:CRS84", HUGE_VAL, &outline, err);
    if (st != DTAKE_OK)
        return st;
    span_of(&outline, true, extent);
    dtake__outline_dispose(&outline);
    *out = (dtake_box){ extent[0], extent[1], extent[2], extent[3] };
    return DTAKE_OK;
}
