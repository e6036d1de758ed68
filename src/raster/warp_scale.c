/* How large output pixels are in the source: kernels widen by it, overviews are chosen by it. */
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"
#include "raster/warp_kernel.h"
#include "raster/way_build.h"

#include <math.h>

/* One output pixel at a place: what it spans in the source, along both of its sides. */
static bool span_at(const dtake__way *way, double col, double row, double *x, double *y)
{
    double xy[6] = { col, row, col + 1, row, col, row + 1 };
    dtake__way_points(way, xy, 3);
    for (int i = 0; i < 6; i++)
        if (!isfinite(xy[i]))
            return false;
    *x = hypot(xy[2] - xy[0], xy[4] - xy[0]);
    *y = hypot(xy[3] - xy[1], xy[5] - xy[1]);
    return true;
}

void dtake__warp_ratio(const dtake__way *way, const dtake__raster_grid *grid, double *x, double *y)
{
    enum { SIDE = 5 };
    double sum_x = 0, sum_y = 0;
    int count = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        double col = (double)(grid->width - 1) * (i % SIDE) / (SIDE - 1);
        double row = (double)(grid->height - 1) * (i / SIDE) / (SIDE - 1), across, down;
        if (!span_at(way, col, row, &across, &down))
            continue;
        sum_x += across;
        sum_y += down;
        count++;
    }
    *x = count > 0 ? sum_x / count : 1;
    *y = count > 0 ? sum_y / count : 1;
}

dtake__raster_grid dtake__warp_level(const dtake_raster_info *info, int32_t overview)
{
    dtake__raster_grid out = { info->crs, info->transform, info->width, info->height };
    if (overview == 0)
        return out;
    out.width = info->overview[overview - 1].width;
    out.height = info->overview[overview - 1].height;
    out.transform = dtake__affine_scale(&info->transform, (double)info->width / (double)out.width,
                                        (double)info->height / (double)out.height);
    return out;
}

/* Source pixels an output pixel spans as gdalwarp estimates it: what 10 x 10 points of the whole output span,
 * over its size; the smaller of both axes. 0: nothing can be told. */
static double target_ratio(const dtake__way *way, const dtake__raster_grid *grid)
{
    enum { SIDE = 10 };
    double xy[2 * SIDE * SIDE], min[2] = { HUGE_VAL, HUGE_VAL }, max[2] = { -HUGE_VAL, -HUGE_VAL };
    for (int i = 0; i < SIDE * SIDE; i++) {
        xy[2 * i] = (double)grid->width * (i % SIDE) / (SIDE - 1);
        xy[2 * i + 1] = (double)grid->height * (i / SIDE) / (SIDE - 1);
    }
    dtake__way_points(way, xy, (size_t)SIDE * SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int k = 0; k < 2 && isfinite(xy[2 * i]); k++) {
            min[k] = fmin(min[k], xy[2 * i + k]);
            max[k] = fmax(max[k], xy[2 * i + k]);
        }
    double across = (max[0] - min[0]) / (double)grid->width, down = (max[1] - min[1]) / (double)grid->height;
    return max[0] > min[0] && max[1] > min[1] ? fmin(across, down) : 0;
}

/* gdalwarp's rule: the coarsest overview that is no coarser than the output; one within a tenth of it ends
 * the search. */
static int32_t choose(const dtake_raster_info *info, double ratio)
{
    int32_t at = 0;
    for (; at < (int32_t)info->overview_count; at++) {
        double here = at == 0 ? 1 : (double)info->width / (double)info->overview[at - 1].width;
        double next = (double)info->width / (double)info->overview[at].width;
        if ((here < ratio && next > ratio) || fabs(here - ratio) < 0.1)
            break;
    }
    return at;
}

dtake_status dtake__warp_overview(const dtake_raster_info *info, const dtake__raster_grid *grid, int32_t *out,
                                  dtake_error *err)
{
    dtake__way way;
    dtake__raster_grid source = dtake__warp_level(info, 0);
    *out = 0;
    if (info->overview_count == 0)
        return DTAKE_OK;
    dtake_status st = dtake__way_init(&way, &source, grid, (dtake_window){ 0, 0, 1, 1 }, err);
    if (st != DTAKE_OK)
        return st;
    double ratio = target_ratio(&way, grid);
    dtake__way_dispose(&way);
    if (ratio > 1)
        *out = choose(info, ratio);
    return DTAKE_OK;
}
