#include "access/grid.h"

#include "core/error.h"
#include "geo/crs.h"
#include "geo/window.h"
#include "raster/reader.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* The outline of an area may be this far off: a hundredth of a pixel. */
static const double OUTLINE_TOLERANCE_PX = 0.01;

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
        if (info->has_transform && dtake__affine_side(&info->transform) <
                                       dtake__affine_side(&info_of(&layer[*out])->transform) * (1 - 1e-9))
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
    if (!(across < (double)DTAKE__GRID_MAX_SIDE) || !(down < (double)DTAKE__GRID_MAX_SIDE))
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
        near, info->crs, OUTLINE_TOLERANCE_PX * dtake__affine_side(&grid->transform), &outline, err);
    if (st == DTAKE_OK)
        st = dtake__outline_window(&outline, &grid->transform, grid->width, grid->height, window, err);
    dtake__outline_dispose(&outline);
    return st == DTAKE_E_EMPTY ? fail_outside(info, err) : st;
}

static dtake_status geometry_window(dtake__grid *grid, const dtake_raster_info *info, const char *geojson,
                                    dtake_window *window, dtake_error *err)
{
    dtake_status st = dtake__outline_of_geojson(geojson, strlen(geojson), info->crs,
                                                OUTLINE_TOLERANCE_PX * dtake__affine_side(&grid->transform),
                                                &grid->area, err);
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
                                   OUTLINE_TOLERANCE_PX * dtake__affine_side(&grid->transform), &grid->area,
                                   err);
    grid->has_area = st == DTAKE_OK;
    return st;
}

static dtake_status plan_layers(const dtake__grid *grid, const dtake_get_options *o, dtake__layer *layer,
                                size_t count, dtake_error *err)
{
    bool empty = true;
    for (size_t i = 0; i < count; i++) {
        dtake_status st = dtake__layer_plan(&layer[i], grid, o->scale_m > 0 || asks_for_grid(o),
                                            layer[i].classes ? DTAKE_NEAREST : o->resampling, err);
        if (st != DTAKE_OK)
            return st;
        empty = empty && dtake__layer_is_empty(&layer[i], grid);
    }
    return empty ? fail_outside(info_of(&layer[0]), err) : DTAKE_OK;
}

/* Kernels and overviews are chosen by the whole grid, whatever is wanted of it. */
static dtake_status take_part(dtake__grid *grid, const dtake_get_options *o, const dtake_raster_info *info,
                              dtake_error *err)
{
    dtake_affine *t = &grid->transform;
    dtake_window part = { o->part_col, o->part_row, o->part_width, o->part_height };
    grid->whole = (dtake__raster_grid){ grid->crs, *t, grid->width, grid->height };
    if (part.width == 0 && part.height == 0)
        part = (dtake_window){ 0, 0, grid->width, grid->height };
    else if (!grid->has_transform)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%.200s has no transform: it is read as a whole",
                           info->href);
    if (part.width > grid->width - part.col || part.height > grid->height - part.row)
        return dtake__fail(err, DTAKE_E_RANGE,
                           "%.200s: its grid of %lld x %lld pixels does not hold the part asked for",
                           info->href, (long long)grid->width, (long long)grid->height);
    grid->part = part;
    dtake__affine_apply(&grid->whole.transform, (double)part.col, (double)part.row, &t->x0, &t->y0);
    grid->width = part.width;
    grid->height = part.height;
    return DTAKE_OK;
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
    if (st == DTAKE_OK)
        st = take_part(grid, o, info, err);
    return st == DTAKE_OK ? plan_layers(grid, o, layer, count, err) : st;
}

void dtake__grid_dispose(dtake__grid *grid)
{
    if (grid->has_area)
        dtake__outline_dispose(&grid->area);
    *grid = (dtake__grid){ 0 };
}
