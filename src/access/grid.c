#include "access/grid.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/crs.h"
#include "geo/window.h"
#include "raster/reader.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* The outline of an area may be this far off: a hundredth of a pixel. */
static const double OUTLINE_TOLERANCE_PX = 0.01;
static const double SNAP_PX = 1e-6;
static const int64_t MAX_SIDE = INT64_C(1) << 31;

static double pixel_side(const dtake_affine *t)
{
    return sqrt(fabs(t->col_x * t->row_y - t->row_x * t->col_y));
}

static bool is_north_aligned(const dtake_affine *t)
{
    return t->row_x == 0 && t->col_y == 0;
}

static const dtake_raster_info *info_of(const dtake__layer *layer)
{
    return dtake_raster_get_info(layer->raster);
}

/* Words for a grid that need not be the image's own. */
static bool asks_for_grid(const dtake_get_options *o)
{
    return o->crs != NULL || o->res_x > 0 || o->has_extent || o->size_width > 0 || o->size_height > 0 ||
           o->align;
}

/* All bands of an image lie in one CRS unless another is asked for; the finest one gives the grid, of equal
 * ones the first. */
static dtake_status find_finest(const dtake_get_options *o, const dtake__layer *layer, size_t count,
                                size_t *out, dtake_error *err)
{
    const dtake_raster_info *first = info_of(&layer[0]);
    *out = 0;
    for (size_t i = 1; i < count; i++) {
        const dtake_raster_info *info = info_of(&layer[i]);
        if (info->has_transform != first->has_transform ||
            (!asks_for_grid(o) && strcmp(info->crs, first->crs) != 0 &&
             !dtake__crs_same(info->crs, first->crs)))
            return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                               "bands in different CRS: %.100s is in %.60s, %.100s in %.60s", layer[0].href,
                               first->crs[0] != '\0' ? first->crs : "none", layer[i].href,
                               info->crs[0] != '\0' ? info->crs : "none");
        if (info->has_transform &&
            pixel_side(&info->transform) < pixel_side(&info_of(&layer[*out])->transform) * (1 - 1e-9))
            *out = i;
    }
    return DTAKE_OK;
}

/* The whole raster at `scale_m` metres a pixel, from the same corner. */
static dtake_status rescale(dtake__grid *grid, const dtake_raster_info *info, double scale_m,
                            dtake_error *err)
{
    dtake__crs_facts facts;
    dtake_status st = dtake__crs_facts_of(info->crs, &facts, err);
    if (st != DTAKE_OK)
        return st;
    if (!is_north_aligned(&info->transform))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%.200s: --scale on a rotated grid", info->href);
    double side = scale_m / facts.metres_per_unit;
    double across = fabs((double)info->width * info->transform.col_x) / side;
    double down = fabs((double)info->height * info->transform.row_y) / side;
    if (!(across < (double)MAX_SIDE) || !(down < (double)MAX_SIDE))
        return dtake__fail(err, DTAKE_E_LIMIT, "%.200s: --scale %g makes more than 2^31 pixels a row",
                           info->href, scale_m);
    grid->transform = info->transform;
    grid->transform.col_x = copysign(side, info->transform.col_x);
    grid->transform.row_y = copysign(side, info->transform.row_y);
    grid->width = (int64_t)fmax(1, floor(across + 0.5));
    grid->height = (int64_t)fmax(1, floor(down + 0.5));
    return DTAKE_OK;
}

static dtake_status fail_outside(const dtake_raster_info *info, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_EMPTY, "area outside the image %.300s", info->href);
}

static dtake_status box_window(const dtake__grid *grid, const dtake_raster_info *info, dtake_box box,
                               dtake_window *window, dtake_error *err)
{
    dtake__outline outline = { 0 };
    dtake_box near;
    if (!dtake__box_near_grid(box, info->crs, &grid->transform, grid->width, grid->height, &near))
        return fail_outside(info, err);
    dtake_status st = dtake__outline_of_box(
        near, info->crs, OUTLINE_TOLERANCE_PX * pixel_side(&grid->transform), &outline, err);
    if (st == DTAKE_OK)
        st = dtake__outline_window(&outline, &grid->transform, grid->width, grid->height, window, err);
    dtake__outline_dispose(&outline);
    return st == DTAKE_E_EMPTY ? fail_outside(info, err) : st;
}

static dtake_status geometry_window(dtake__grid *grid, const dtake_raster_info *info, const char *geojson,
                                    dtake_window *window, dtake_error *err)
{
    dtake_status st =
        dtake__outline_of_geojson(geojson, strlen(geojson), info->crs,
                                  OUTLINE_TOLERANCE_PX * pixel_side(&grid->transform), &grid->area, err);
    grid->has_area = st == DTAKE_OK;
    if (st == DTAKE_OK)
        st = dtake__outline_window(&grid->area, &grid->transform, grid->width, grid->height, window, err);
    return st == DTAKE_E_EMPTY ? fail_outside(info, err) : st;
}

static bool meet(dtake_window *a, dtake_window b)
{
    *a = dtake__window_meet(*a, b);
    return a->width > 0;
}

static dtake_status cut(dtake__grid *grid, const dtake_get_options *o, const dtake_raster_info *info,
                        dtake_error *err)
{
    dtake_window window = { 0, 0, grid->width, grid->height }, part;
    dtake_status st = DTAKE_OK;
    if (o->has_bbox) {
        st = box_window(grid, info, o->bbox, &part, err);
        if (st == DTAKE_OK && !meet(&window, part))
            st = fail_outside(info, err);
    }
    if (st == DTAKE_OK && o->intersects != NULL) {
        st = geometry_window(grid, info, o->intersects, &part, err);
        if (st == DTAKE_OK && !meet(&window, part))
            st = fail_outside(info, err);
    }
    if (st != DTAKE_OK)
        return st;
    if (grid->has_transform)
        grid->transform = dtake__affine_shift(&grid->transform, (double)window.col, (double)window.row);
    grid->width = window.width;
    grid->height = window.height;
    return DTAKE_OK;
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
static dtake_status plan_warp(const dtake__grid *grid, dtake__layer *layer, dtake_resampling how,
                              dtake_error *err)
{
    const dtake_raster_info *info = info_of(layer);
    dtake__raster_grid to = { grid->crs, grid->transform, grid->width, grid->height };
    dtake_window all = { 0, 0, grid->width, grid->height };
    dtake_status st = dtake__warp_overview(info, &to, &layer->overview, err);
    if (st != DTAKE_OK)
        return st;
    dtake__raster_grid from = dtake__warp_level(info, layer->overview);
    st = dtake__warp_new(&layer->warp, &from, &to, all, how, err);
    if (st != DTAKE_OK)
        return st;
    layer->empty = !dtake__warp_window(layer->warp, all, &layer->window);
    if (layer->empty) /* one pixel is read and not used */
        layer->window = (dtake_window){ 0, 0, 1, 1 };
    return DTAKE_OK;
}

dtake_status dtake__layer_plan_on(dtake__layer *layer, const dtake__raster_grid *grid, dtake_error *err)
{
    const dtake__grid to = { .crs = grid->crs,
                             .has_transform = true,
                             .transform = grid->transform,
                             .width = grid->width,
                             .height = grid->height };
    const dtake_raster_info *info = info_of(layer);
    if (!info->has_transform || info->crs[0] == '\0')
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%.200s has no CRS: it cannot be put on another grid",
                           info->href);
    if (grid->width > MAX_SIDE || grid->height > MAX_SIDE)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "%.200s on a grid of %lld x %lld pixels: choose a smaller area or a larger scale",
                           info->href, (long long)grid->width, (long long)grid->height);
    layer->grid_px = grid->width * grid->height;
    return plan_warp(&to, layer, DTAKE_NEAREST, err);
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

static dtake_status plan_layer(const dtake__grid *grid, dtake__layer *layer, bool rescaled,
                               dtake_resampling how, dtake_error *err)
{
    const dtake_raster_info *info = info_of(layer);
    dtake_affine map = { 0, 1, 0, 0, 0, 1 }, source;
    int64_t width, height;
    if (needs_warp(grid, info, how))
        return plan_warp(grid, layer, how, err);
    if (!grid->has_transform && (info->width != grid->width || info->height != grid->height))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "%.200s: bands of different size and no transform to fit them", info->href);
    layer->overview = rescaled ? dtake__raster_overview_for(layer->raster, pixel_side(&grid->transform) /
                                                                               pixel_side(&info->transform))
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

/* The grid of the finest band, at another scale if asked for, cut to the area. */
static dtake_status own_grid(dtake__grid *grid, const dtake_get_options *o, const dtake_raster_info *info,
                             dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *grid = (dtake__grid){ .crs = info->crs,
                           .has_transform = info->has_transform,
                           .transform = info->transform,
                           .width = info->width,
                           .height = info->height };
    if (o->scale_m > 0)
        st = rescale(grid, info, o->scale_m, err);
    return st == DTAKE_OK ? cut(grid, o, info, err) : st;
}

static dtake_status choose_crs(dtake__grid *grid, const dtake_get_options *o,
                               const dtake__grid_request *request, const dtake__raster_grid *source,
                               dtake_error *err)
{
    double lon, lat;
    grid->crs = o->crs != NULL ? o->crs : source->crs;
    if (o->crs == NULL || strcasecmp(o->crs, "utm") != 0)
        return DTAKE_OK;
    dtake_status st = dtake__output_grid_middle(request, source, &lon, &lat, err);
    if (st != DTAKE_OK)
        return st;
    dtake__crs_utm(grid->utm, lon, lat);
    grid->crs = grid->utm;
    return DTAKE_OK;
}

/* The grid that the options say, wherever the image lies. */
static dtake_status asked_grid(dtake__grid *grid, const dtake_get_options *o, const dtake_raster_info *info,
                               dtake_error *err)
{
    dtake__raster_grid source = dtake__warp_level(info, 0), out;
    dtake__grid_request request = { .scale_m = o->scale_m,
                                    .res_x = o->res_x,
                                    .res_y = o->res_y,
                                    .width = o->size_width,
                                    .height = o->size_height,
                                    .has_extent = o->has_extent,
                                    .extent = { o->x_min, o->y_min, o->x_max, o->y_max },
                                    .align = o->align,
                                    .has_box = o->has_bbox,
                                    .box = o->bbox,
                                    .geojson = o->intersects };
    dtake_status st = choose_crs(grid, o, &request, &source, err);
    request.crs = grid->crs;
    if (st == DTAKE_OK)
        st = dtake__output_grid_make(&out, &request, &source, err);
    if (st != DTAKE_OK)
        return st;
    grid->has_transform = true;
    grid->transform = out.transform;
    grid->width = out.width;
    grid->height = out.height;
    if (o->intersects == NULL)
        return st;
    st = dtake__outline_of_geojson(o->intersects, strlen(o->intersects), grid->crs,
                                   OUTLINE_TOLERANCE_PX * pixel_side(&grid->transform), &grid->area, err);
    grid->has_area = st == DTAKE_OK;
    return st;
}

static dtake_status plan_layers(const dtake__grid *grid, const dtake_get_options *o, dtake__layer *layer,
                                size_t count, dtake_error *err)
{
    bool empty = true;
    for (size_t i = 0; i < count; i++) {
        dtake_status st = plan_layer(grid, &layer[i], o->scale_m > 0 || asks_for_grid(o),
                                     layer[i].classes ? DTAKE_NEAREST : o->resampling, err);
        if (st == DTAKE_OK && layer[i].warp == NULL)
            st = complete_picks(&layer[i], grid, err);
        if (st != DTAKE_OK)
            return st;
        empty = empty && (layer[i].empty || picks_nothing(&layer[i], grid));
    }
    return empty ? fail_outside(info_of(&layer[0]), err) : DTAKE_OK;
}

dtake_status dtake__grid_plan(dtake__grid *grid, const dtake_get_options *o, dtake__layer *layer,
                              size_t count, dtake_error *err)
{
    size_t finest;
    *grid = (dtake__grid){ 0 };
    dtake_status st = find_finest(o, layer, count, &finest, err);
    if (st != DTAKE_OK)
        return st;
    const dtake_raster_info *info = info_of(&layer[finest]);
    bool placed = info->has_transform && info->crs[0] != '\0';
    if (!placed && (o->has_bbox || o->intersects != NULL || o->scale_m > 0 || asks_for_grid(o)))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "%.200s has no %s: it cannot be cut to an area or scaled", info->href,
                           info->has_transform   ? "CRS"
                           : info->gcp_count > 0 ? "transform, only control points"
                                                 : "transform");
    st = asks_for_grid(o) ? asked_grid(grid, o, info, err) : own_grid(grid, o, info, err);
    return st == DTAKE_OK ? plan_layers(grid, o, layer, count, err) : st;
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
    dtake_status st = plan_layer(&to, layer, true, DTAKE_NEAREST, err);
    return st == DTAKE_OK ? complete_picks(layer, &to, err) : st;
}

void dtake__grid_dispose(dtake__grid *grid)
{
    if (grid->has_area)
        dtake__outline_dispose(&grid->area);
    *grid = (dtake__grid){ 0 };
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
