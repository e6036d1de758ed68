#include "geo/output_grid.h"

#include "core/error.h"
#include "geo/crs.h"
#include "geo/extent.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double MAX_SIDE = 2147483648.0;
static const double OUTLINE_TOLERANCE_PX = 0.01;

typedef struct steps {
    double x, y; /* units of the CRS, > 0 */
} steps;

void dtake__crs_utm(char out[DTAKE__UTM_BYTES], double lon, double lat)
{
    lon -= 360 * floor((lon + 180) / 360);
    int zone = (int)floor((lon + 180) / 6) + 1;
    if (lat >= 56 && lat < 64 && lon >= 3 && lon < 12)
        zone = 32;
    if (lat >= 72 && lat < 84 && lon >= 0 && lon < 42)
        zone = lon < 9 ? 31 : lon < 21 ? 33 : lon < 33 ? 35 : 37;
    zone = zone < 1 ? 1 : zone > 60 ? 60 : zone;
    snprintf(out, DTAKE__UTM_BYTES, "EPSG:%d", (lat < 0 ? 32700 : 32600) + zone);
}

/* A resolution that was given; zeros: none. */
static dtake_status given_steps(const dtake__grid_request *r, steps *out, dtake_error *err)
{
    dtake__crs_facts facts;
    *out = (steps){ 0, 0 };
    dtake_status st = dtake__crs_facts_of(r->crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    if (r->res_x > 0)
        *out = (steps){ r->res_x, r->res_y > 0 ? r->res_y : r->res_x };
    else if (r->scale_m > 0)
        *out = (steps){ r->scale_m / facts.metres_per_unit, r->scale_m / facts.metres_per_unit };
    return DTAKE_OK;
}

/* The extent cut into `width` x `height` pixels, of which one may be unknown: pixels are square then. */
static steps steps_of_size(const dtake__grid_request *r, const double extent[4])
{
    double across = extent[2] - extent[0], down = extent[3] - extent[1];
    double x = across / (double)r->width, y = down / (double)r->height;
    if (r->width == 0)
        x = across / fmax(1, floor(across / y + 0.5));
    if (r->height == 0)
        y = down / fmax(1, floor(down / x + 0.5));
    return (steps){ x, y };
}

static void align(double extent[4], steps step)
{
    /* Within a millionth of a pixel an edge is on the line. */
    extent[0] = floor(extent[0] / step.x + 1e-6) * step.x;
    extent[1] = floor(extent[1] / step.y + 1e-6) * step.y;
    extent[2] = ceil(extent[2] / step.x - 1e-6) * step.x;
    extent[3] = ceil(extent[3] / step.y - 1e-6) * step.y;
}

static dtake_status fill(dtake__raster_grid *out, const char *crs, const double extent[4], steps step,
                         dtake_error *err)
{
    double across = floor((extent[2] - extent[0]) / step.x + 0.5);
    double down = floor((extent[3] - extent[1]) / step.y + 0.5);
    if (!(across < MAX_SIDE) || !(down < MAX_SIDE))
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "a grid of %.0f x %.0f pixels: at most 2^31 a side; choose a coarser resolution",
                           across, down);
    *out = (dtake__raster_grid){ .crs = crs,
                                 .transform = { extent[0], step.x, 0, extent[3], 0, -step.y },
                                 .width = (int64_t)fmax(1, across),
                                 .height = (int64_t)fmax(1, down) };
    return DTAKE_OK;
}

/* Of the pixels around the outline, those whose centre lies inside: a rectangle. */
static dtake_status cut_to_outline(dtake__raster_grid *grid, const dtake__outline *outline, dtake_error *err)
{
    dtake_window window;
    dtake_status st =
        dtake__outline_window(outline, &grid->transform, grid->width, grid->height, &window, err);
    if (st == DTAKE_E_EMPTY)
        return dtake__fail(err, st, "no pixel centre lies in the area: choose a finer resolution");
    if (st != DTAKE_OK)
        return st;
    grid->transform = dtake__affine_shift(&grid->transform, (double)window.col, (double)window.row);
    grid->width = window.width;
    grid->height = window.height;
    return DTAKE_OK;
}

/* Anchored to multiples of the resolution, so that the place of pixels does not depend on the area. */
static dtake_status around_area(dtake__raster_grid *out, const dtake__grid_request *r,
                                const dtake__raster_grid *source, steps step, dtake_error *err)
{
    dtake__outline outline = { 0 };
    double extent[4];
    bool sized = r->width > 0 || r->height > 0;
    if (step.x == 0 && !sized) {
        dtake_status st = dtake__natural_step(source, r->crs, &step.x, err);
        step.y = step.x;
        if (st != DTAKE_OK)
            return st;
    }
    /* A first outline, rough, tells the size of a pixel when only a count of them is given. */
    double tolerance = step.x > 0 ? OUTLINE_TOLERANCE_PX * fmin(step.x, step.y) : 0;
    dtake_status st = dtake__area_outline(r, tolerance, &outline, extent, err);
    if (st == DTAKE_OK && sized && step.x == 0)
        step = steps_of_size(r, extent);
    else if (st == DTAKE_OK)
        align(extent, step);
    if (st == DTAKE_OK)
        st = fill(out, r->crs, extent, step, err);
    if (st == DTAKE_OK && !sized)
        st = cut_to_outline(out, &outline, err);
    dtake__outline_dispose(&outline);
    return st;
}

static dtake_status check(const dtake__grid_request *r, dtake_error *err)
{
    const double *e = r->extent;
    if (r->res_x < 0 || r->res_y < 0 || r->scale_m < 0 || r->width < 0 || r->height < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "a grid: resolution and size must be more than 0");
    if (r->has_extent && !(e[0] < e[2] && e[1] < e[3] && isfinite(e[0] + e[1] + e[2] + e[3])))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "extent %g,%g,%g,%g: it is XMIN,YMIN,XMAX,YMAX in units of the CRS", e[0], e[1],
                           e[2], e[3]);
    if ((r->width > 0 || r->height > 0) && (r->res_x > 0 || r->scale_m > 0))
        return dtake__fail(err, DTAKE_E_USAGE, "a grid: give a size or a resolution, not both");
    if (r->res_x > 0 && r->scale_m > 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "a grid: --scale (metres) and --res (units of the CRS) exclude each other");
    if (r->align && (r->width > 0 || r->height > 0))
        return dtake__fail(err, DTAKE_E_USAGE, "a grid: --align needs a resolution, not a size");
    return DTAKE_OK;
}

dtake_status dtake__output_grid_make(dtake__raster_grid *out, const dtake__grid_request *r,
                                     const dtake__raster_grid *source, dtake_error *err)
{
    steps step;
    double extent[4];
    dtake_status st = check(r, err);
    if (st == DTAKE_OK)
        st = given_steps(r, &step, err);
    if (st != DTAKE_OK)
        return st;
    if (!r->has_extent && (r->has_box || r->geojson != NULL))
        return around_area(out, r, source, step, err);
    if (r->has_extent)
        memcpy(extent, r->extent, sizeof extent);
    else
        st = dtake__source_extent(source, r->crs, extent, err);
    if (st == DTAKE_OK && (r->width > 0 || r->height > 0)) {
        step = steps_of_size(r, extent);
    } else if (st == DTAKE_OK && step.x == 0) {
        st = dtake__natural_step(source, r->crs, &step.x, err);
        step.y = step.x;
    }
    if (st == DTAKE_OK && r->align)
        align(extent, step);
    return st == DTAKE_OK ? fill(out, r->crs, extent, step, err) : st;
}

dtake_status dtake__output_grid_middle(const dtake__grid_request *r, const dtake__raster_grid *source,
                                       double *lon, double *lat, dtake_error *err)
{
    dtake_box box = r->box;
    double xy[2];
    dtake_status st = DTAKE_OK;
    if (r->has_box || r->geojson != NULL) {
        if (!r->has_box)
            st = dtake__geojson_box(r->geojson, &box, err);
        double east = box.east < box.west ? box.east + 360 : box.east;
        *lon = 0.5 * (box.west + east);
        *lat = 0.5 * (box.south + box.north);
        return st;
    }
    dtake__affine_apply(&source->transform, 0.5 * (double)source->width, 0.5 * (double)source->height, &xy[0],
                        &xy[1]);
    st = dtake__crs_transform(source->crs, "OGC:CRS84", xy, 1, err);
    if (st == DTAKE_OK && !isfinite(xy[0] + xy[1]))
        st = dtake__fail(err, DTAKE_E_UNSUPPORTED, "the middle of the image has no longitude and latitude");
    *lon = xy[0];
    *lat = xy[1];
    return st;
}
