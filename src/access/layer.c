#include "access/layer.h"

#include "access/grid.h"
#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "raster/reader.h"

#include <math.h>
#include <string.h>

static const double SNAP_PX = 1e-6;

static const dtake_raster_info *info_of(const dtake__layer *layer)
{
    return dtake_raster_get_info(layer->raster);
}

int64_t dtake__nearest(double start, double step, int64_t i)
{
    double at = start + ((double)i + 0.5) * step, edge = nearbyint(at);
    return (int64_t)(fabs(at - edge) < SNAP_PX ? edge : floor(at));
}

/* One axis: where output pixels lie in the source. `first` and `count` become the part of the source to read,
 * the indices count from there. *picks stays NULL when the source's pixels are the output's. */
static dtake_status plan_axis(double start, double step, int64_t out_count, int64_t source_count,
                              int64_t *first, int64_t *count, int64_t **picks, dtake_error *err)
{
    int64_t min = INT64_MAX, max = -1;
    bool same = true;
    int64_t *index = dtake__calloc((size_t)out_count, sizeof *index);
    if (index == NULL)
        return dtake__fail_nomem(err, "a grid");
    for (int64_t i = 0; i < out_count; i++) {
        int64_t at = dtake__nearest(start, step, i);
        same = same && at == dtake__nearest(start, step, 0) + i;
        index[i] = at >= 0 && at < source_count ? at : -1;
        if (index[i] >= 0) {
            min = at < min ? at : min;
            max = at > max ? at : max;
        }
    }
    *first = max < 0 ? 0 : min; /* nothing inside: one pixel is read and none of it used */
    *count = max < 0 ? 1 : max - min + 1;
    for (int64_t i = 0; i < out_count; i++)
        index[i] = index[i] < 0 ? -1 : index[i] - *first;
    if (same && max >= 0 && *count == out_count) {
        dtake__free(index);
        index = NULL;
    }
    *picks = index;
    return DTAKE_OK;
}

/* The output's affine seen from the source's pixels: out pixel to source pixel. False: turned against one
 * another. */
static bool compose(const dtake_affine *out, const dtake_affine *source, int64_t width, int64_t height,
                    dtake_affine *composed)
{
    double det = source->col_x * source->row_y - source->row_x * source->col_y;
    double dx = out->x0 - source->x0, dy = out->y0 - source->y0;
    if (det == 0 || !isfinite(det))
        return false;
    *composed = (dtake_affine){
        .x0 = (dx * source->row_y - dy * source->row_x) / det,
        .col_x = (out->col_x * source->row_y - out->col_y * source->row_x) / det,
        .row_x = (out->row_x * source->row_y - out->row_y * source->row_x) / det,
        .y0 = (dy * source->col_x - dx * source->col_y) / det,
        .col_y = (out->col_y * source->col_x - out->col_x * source->col_y) / det,
        .row_y = (out->row_y * source->col_x - out->row_x * source->col_y) / det,
    };
    return fabs(composed->row_x) * (double)height < SNAP_PX &&
           fabs(composed->col_y) * (double)width < SNAP_PX;
}

static void size_of(const dtake__layer *layer, int64_t *width, int64_t *height)
{
    const dtake_raster_info *info = info_of(layer);
    *width = layer->overview == 0 ? info->width : info->overview[layer->overview - 1].width;
    *height = layer->overview == 0 ? info->height : info->overview[layer->overview - 1].height;
}

/* Through another CRS, turned, or with a kernel. */
static dtake_status plan_warp(const dtake__raster_grid *to, dtake_window part, dtake__layer *layer,
                              dtake_resampling how, dtake_error *err)
{
    const dtake_raster_info *info = info_of(layer);
    dtake_status st = dtake__warp_overview(info, to, &layer->overview, err);
    if (st != DTAKE_OK)
        return st;
    dtake__raster_grid from = dtake__warp_level(info, layer->overview);
    st = dtake__warp_new(&layer->warp, &from, to, part, how, err);
    if (st != DTAKE_OK)
        return st;
    dtake__warp_count_from(layer->warp, part.col, part.row);
    part.col = part.row = 0;
    layer->empty = !dtake__warp_window(layer->warp, part, &layer->window);
    if (layer->empty) /* one pixel is read and not used */
        layer->window = (dtake_window){ 0, 0, 1, 1 };
    return DTAKE_OK;
}

dtake_status dtake__layer_plan_on(dtake__layer *layer, const dtake__raster_grid *grid, dtake_error *err)
{
    const dtake_raster_info *info = info_of(layer);
    if (!info->has_transform || info->crs[0] == '\0')
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%.200s has no CRS: it cannot be put on another grid",
                           info->href);
    if (grid->width > DTAKE__GRID_MAX_SIDE || grid->height > DTAKE__GRID_MAX_SIDE)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "%.200s on a grid of %lld x %lld pixels: choose a smaller area or a larger scale",
                           info->href, (long long)grid->width, (long long)grid->height);
    layer->grid_px = grid->width * grid->height;
    return plan_warp(grid, (dtake_window){ 0, 0, grid->width, grid->height }, layer, DTAKE_NEAREST, err);
}

static bool needs_warp(const dtake__grid *grid, const dtake_raster_info *info, dtake_resampling how)
{
    dtake_affine map;
    if (!grid->has_transform)
        return false;
    return how != DTAKE_NEAREST ||
           (strcmp(grid->crs, info->crs) != 0 && !dtake__crs_same(grid->crs, info->crs)) ||
           !compose(&grid->transform, &info->transform, grid->width, grid->height, &map);
}

static dtake_status plan(dtake__layer *layer, const dtake__grid *grid, bool rescaled, dtake_resampling how,
                         dtake_error *err)
{
    const dtake_raster_info *info = info_of(layer);
    dtake_affine map = { 0, 1, 0, 0, 0, 1 }, source;
    int64_t width, height;
    if (needs_warp(grid, info, how))
        return plan_warp(&grid->whole, grid->part, layer, how, err);
    if (!grid->has_transform && (info->width != grid->width || info->height != grid->height))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "%.200s: bands of different size and no transform to fit them", info->href);
    layer->overview =
        rescaled ? dtake__raster_overview_for(layer->raster, dtake__affine_side(&grid->transform) /
                                                                 dtake__affine_side(&info->transform))
                 : 0;
    size_of(layer, &width, &height);
    if (grid->has_transform) {
        source = dtake__affine_scale(&info->transform, (double)info->width / (double)width,
                                     (double)info->height / (double)height);
        if (!compose(&grid->transform, &source, grid->width, grid->height, &map))
            return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                               "%.200s: bands whose grids are turned against one another", info->href);
    }
    dtake_status st = plan_axis(map.x0, map.col_x, grid->width, width, &layer->window.col,
                                &layer->window.width, &layer->col, err);
    if (st == DTAKE_OK)
        st = plan_axis(map.y0, map.row_y, grid->height, height, &layer->window.row, &layer->window.height,
                       &layer->row, err);
    return st;
}

/* Picking goes along both axes or along none. */
static dtake_status complete_picks(dtake__layer *layer, const dtake__grid *grid, dtake_error *err)
{
    int64_t **missing = layer->col == NULL ? &layer->col : &layer->row;
    int64_t count = layer->col == NULL ? grid->width : grid->height;
    if ((layer->col == NULL) == (layer->row == NULL))
        return DTAKE_OK;
    *missing = dtake__calloc((size_t)count, sizeof **missing);
    if (*missing == NULL)
        return dtake__fail_nomem(err, "a grid");
    for (int64_t i = 0; i < count; i++)
        (*missing)[i] = i;
    return DTAKE_OK;
}

dtake_status dtake__layer_plan(dtake__layer *layer, const dtake__grid *grid, bool rescaled,
                               dtake_resampling how, dtake_error *err)
{
    dtake_status st = plan(layer, grid, rescaled, how, err);
    return st == DTAKE_OK && layer->warp == NULL ? complete_picks(layer, grid, err) : st;
}

/* Only outside of its file: what plan_axis says by an index of -1 everywhere. */
static bool picks_nothing(const dtake__layer *layer, const dtake__grid *grid)
{
    const int64_t *picks[2] = { layer->col, layer->row };
    int64_t counts[2] = { grid->width, grid->height };
    for (int axis = 0; axis < 2; axis++) {
        bool any = picks[axis] == NULL;
        for (int64_t i = 0; i < counts[axis] && !any; i++)
            any = picks[axis][i] >= 0;
        if (!any)
            return true;
    }
    return false;
}

bool dtake__layer_is_empty(const dtake__layer *layer, const dtake__grid *grid)
{
    return layer->empty || picks_nothing(layer, grid);
}

static bool lies_within(dtake_window window, const dtake__raster_grid *grid)
{
    return window.col >= 0 && window.row >= 0 && window.col + window.width <= grid->width &&
           window.row + window.height <= grid->height;
}

/* Of a grid that is resampled onto, all blocks count from its own corner: only so they come out the same. */
static dtake_status place_by_warp(dtake__layer *layer, const dtake__raster_grid *grid, dtake_window window,
                                  dtake_error *err)
{
    const dtake_raster_info *info = info_of(layer);
    dtake_status st = dtake__warp_overview(info, grid, &layer->overview, err);
    if (st != DTAKE_OK)
        return st;
    dtake__raster_grid from = dtake__warp_level(info, layer->overview);
    return dtake__warp_new(&layer->warp, &from, grid, window, DTAKE_NEAREST, err);
}

dtake_status dtake__layer_place(dtake__layer *layer, const dtake__raster_grid *grid, dtake_window window,
                                dtake_window *part, dtake_error *err)
{
    const dtake__grid to = { .crs = grid->crs,
                             .has_transform = true,
                             .transform = dtake__affine_shift(&grid->transform, (double)window.col,
                                                              (double)window.row),
                             .width = window.width,
                             .height = window.height };
    const dtake__raster_grid cut = { grid->crs, to.transform, to.width, to.height };
    const dtake_raster_info *info = info_of(layer);
    if (!info->has_transform || info->crs[0] == '\0')
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%.200s has no %s", info->href,
                           info->has_transform ? "CRS" : "transform");
    *part = (dtake_window){ 0, 0, window.width, window.height };
    if (needs_warp(&to, info, DTAKE_NEAREST)) {
        bool within = lies_within(window, grid);
        *part = within ? window : *part;
        return place_by_warp(layer, within ? grid : &cut, *part, err);
    }
    return dtake__layer_plan(layer, &to, true, DTAKE_NEAREST, err);
}

void dtake__layer_dispose(dtake__layer *layer)
{
    dtake_raster_close(layer->raster);
    dtake__free(layer->band);
    dtake__free(layer->col);
    dtake__free(layer->row);
    dtake__warp_free(layer->warp);
    *layer = (dtake__layer){ 0 };
}
