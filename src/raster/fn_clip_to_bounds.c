/* The rectangle around something, at a scale: what downloads are made of. */
#include "raster/eval_function.h"
#include "raster/eval_projection.h"
#include "raster/eval_window.h"

#include "core/error.h"
#include "geo/area.h"

#include <math.h>
#include <string.h>

/* The window of `grid` that is wanted of a band. */
static dtake_status wanted(dtake__call *call, const dtake__band_value *band, const dtake__raster_grid *grid,
                           dtake_window *out, bool *bounded, dtake_error *err)
{
    if (call->arg[1].null)
        return dtake__window_on(band, grid, out, bounded, err);
    *bounded = true;
    return dtake__shape_window(call->arg[1].shape, grid, out, err);
}

/* A size in pixels: those that are there become so many. */
static dtake_status fit(dtake__call *call, const dtake__band_value *band, dtake__raster_grid *grid,
                        dtake_error *err)
{
    dtake_window window;
    bool bounded;
    const dtake__value *width = &call->arg[2], *height = &call->arg[3], *most = &call->arg[4];
    dtake_status st = wanted(call, band, grid, &window, &bounded, err);
    if (st != DTAKE_OK)
        return st;
    if (!bounded || window.width == 0 || window.height == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "an image without bounds has no size");
    double w = (double)window.width, h = (double)window.height, cols, rows;
    if (!most->null) {
        double longer = w > h ? w : h;
        cols = fmax(floor(w * most->number / longer + 0.5), 1);
        rows = fmax(floor(h * most->number / longer + 0.5), 1);
    } else {
        cols = width->null ? fmax(floor(w * height->number / h + 0.5), 1) : floor(width->number);
        rows = height->null ? fmax(floor(h * width->number / w + 0.5), 1) : floor(height->number);
    }
    if (!(cols >= 1 && rows >= 1 && cols < 2147483648. && rows < 2147483648.))
        return dtake__fail(err, DTAKE_E_USAGE, "an image of %g x %g pixels", cols, rows);
    dtake_affine moved = dtake__affine_shift(&grid->transform, (double)window.col, (double)window.row);
    grid->transform = dtake__affine_scale(&moved, w / cols, h / rows);
    grid->width = (int64_t)cols;
    grid->height = (int64_t)rows;
    return DTAKE_OK;
}

static dtake_status bound(dtake__call *call, dtake__band_value *band, dtake_error *err)
{
    dtake__raster_grid *grid = dtake__call_alloc(call, 1, sizeof *grid, err);
    dtake_window window;
    bool bounded, sized = !call->arg[2].null || !call->arg[3].null || !call->arg[4].null;
    if (grid == NULL)
        return DTAKE_E_NOMEM;
    *grid = band->grid != NULL
                ? *band->grid
                : (dtake__raster_grid){ .crs = "EPSG:4326", .transform = { 0, 1, 0, 0, 0, 1 } };
    grid->width = grid->height = 0;
    dtake_status st = DTAKE_OK;
    if (sized) {
        st = fit(call, band, grid, err);
    } else {
        if (!call->arg[5].null)
            st = dtake__grid_scale(grid, call->arg[5].number, err);
        if (st == DTAKE_OK)
            st = wanted(call, band, grid, &window, &bounded, err);
        if (st == DTAKE_OK && bounded) {
            grid->transform = dtake__affine_shift(&grid->transform, (double)window.col, (double)window.row);
            grid->width = window.width;
            grid->height = window.height;
        }
    }
    band->grid = grid;
    band->extent = NULL;
    return st;
}

static dtake_status clip_to_bounds(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__image_value *out = dtake__call_image(call, image->count, err);
    dtake_status st = out != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        return st;
    if (!call->arg[4].null && (!call->arg[2].null || !call->arg[3].null))
        return dtake__fail(err, DTAKE_E_USAGE, "maxDimension excludes width and height");
    if (!call->arg[5].null && (!call->arg[2].null || !call->arg[3].null || !call->arg[4].null))
        return dtake__fail(err, DTAKE_E_USAGE, "scale excludes a size in pixels");
    out->id = image->id;
    for (size_t i = 0; i < image->count && st == DTAKE_OK; i++) {
        const dtake__band_value *before = i > 0 ? &image->band[i - 1] : NULL;
        out->band[i] = image->band[i];
        if (before != NULL && before->grid == image->band[i].grid &&
            before->extent == image->band[i].extent) {
            out->band[i].grid = out->band[i - 1].grid;
            out->band[i].extent = NULL;
        } else {
            st = bound(call, &out->band[i], err);
        }
    }
    return st;
}
DTAKE__FUNCTION(image_clip_to_bounds_and_scale, "Image.clipToBoundsAndScale", IMAGE, clip_to_bounds,
                { "input", DTAKE__IMAGE }, { "geometry", DTAKE__GEOMETRY, "null" },
                { "width", DTAKE__NUMBER, "null" }, { "height", DTAKE__NUMBER, "null" },
                { "maxDimension", DTAKE__NUMBER, "null" }, { "scale", DTAKE__NUMBER, "null" });
