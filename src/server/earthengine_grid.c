/* The grid of an image that Earth Engine's clients ask for. */
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"
#include "raster/eval_json.h"
#include "server/earthengine_file.h"

#include <math.h>
#include <string.h>

static dtake_status unbounded(dtake_error *err)
{
    return dtake__fail(
        err, DTAKE_E_USAGE,
        "Unable to determine the pixel grid of the output: the image is unbounded; clip it, or "
        "give a region, a grid or a scale.");
}

/* Where the image's pixels are, in units of its first band's CRS. */
static dtake_status own_box(const dtake__band_value *band, double box[4], bool *bounded, dtake_error *err)
{
    dtake_window w;
    *bounded = false;
    if (band->grid == NULL)
        return DTAKE_OK;
    dtake_status st = dtake__band_window(band, &w, bounded, err);
    if (st != DTAKE_OK || !*bounded)
        return st;
    const dtake_affine *t = &band->grid->transform;
    box[0] = box[1] = HUGE_VAL;
    box[2] = box[3] = -HUGE_VAL;
    for (int i = 0; i < 4; i++) {
        double x, y;
        dtake__affine_apply(t, (double)(w.col + (i % 2) * w.width), (double)(w.row + (i / 2) * w.height), &x,
                            &y);
        box[0] = fmin(box[0], x);
        box[1] = fmin(box[1], y);
        box[2] = fmax(box[2], x);
        box[3] = fmax(box[3], y);
    }
    return DTAKE_OK;
}

/* The box's pixels on the grid without end that the transform makes. */
static dtake_status fit_box(dtake__raster_grid *grid, const double box[4], dtake_error *err)
{
    dtake_affine inverse;
    double at[4] = { HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL };
    if (!dtake__affine_invert(&grid->transform, &inverse))
        return dtake__fail(err, DTAKE_E_USAGE, "The affine transform of the pixel grid cannot be inverted.");
    for (int i = 0; i < 4; i++) {
        double col, row;
        dtake__affine_apply(&inverse, box[i % 2 != 0 ? 2 : 0], box[i / 2 != 0 ? 3 : 1], &col, &row);
        at[0] = fmin(at[0], col);
        at[1] = fmin(at[1], row);
        at[2] = fmax(at[2], col);
        at[3] = fmax(at[3], row);
    }
    double col = floor(at[0] + 1e-6), row = floor(at[1] + 1e-6);
    double width = ceil(at[2] - 1e-6) - col, height = ceil(at[3] - 1e-6) - row;
    if (!(width < 9e15) || !(height < 9e15))
        return dtake__fail(err, DTAKE_E_LIMIT, "Pixel grid dimensions are out of range.");
    grid->transform = dtake__affine_shift(&grid->transform, col, row);
    grid->width = (int64_t)fmax(1, width);
    grid->height = (int64_t)fmax(1, height);
    return DTAKE_OK;
}

static dtake_status into_crs(double box[4], const char *from, const char *to, dtake_error *err)
{
    enum { EDGE = 16 };
    double xy[8 * EDGE];
    if (strcmp(from, to) == 0 || dtake__crs_same(from, to))
        return DTAKE_OK;
    for (int i = 0; i < EDGE; i++) {
        double part = (double)i / (EDGE - 1), x = box[0] + part * (box[2] - box[0]),
               y = box[1] + part * (box[3] - box[1]);
        const double edges[8] = { x, box[1], x, box[3], box[0], y, box[2], y };
        memcpy(xy + (ptrdiff_t)8 * i, edges, sizeof edges);
    }
    dtake_status st = dtake__crs_transform(from, to, xy, (size_t)4 * EDGE, err);
    if (st != DTAKE_OK)
        return st;
    box[0] = box[1] = HUGE_VAL;
    box[2] = box[3] = -HUGE_VAL;
    for (int i = 0; i < 4 * EDGE; i++) {
        box[0] = fmin(box[0], xy[2 * i]);
        box[1] = fmin(box[1], xy[2 * i + 1]);
        box[2] = fmax(box[2], xy[2 * i]);
        box[3] = fmax(box[3], xy[2 * i + 1]);
    }
    return isfinite(box[0]) && isfinite(box[1]) && isfinite(box[2]) && isfinite(box[3]) ? DTAKE_OK
                                                                                        : unbounded(err);
}

/* The whole box in so many pixels. */
static void divide_box(dtake__raster_grid *grid, const double box[4], int64_t width, int64_t height)
{
    grid->transform = (dtake_affine){ .x0 = box[0],
                                      .col_x = (box[2] - box[0]) / (double)width,
                                      .y0 = box[3],
                                      .row_y = -(box[3] - box[1]) / (double)height };
    grid->width = width;
    grid->height = height;
}

dtake_status dtake__ee_grid_find(const dtake__ee_request *r, const dtake__band_value *band,
                                 dtake__raster_grid *out, dtake_error *err)
{
    double box[4];
    bool bounded = false,
         own_crs = r->crs == NULL || band->grid == NULL || strcmp(r->crs, band->grid->crs) == 0;
    *out = (dtake__raster_grid){ .crs = r->crs != NULL       ? r->crs
                                        : band->grid != NULL ? band->grid->crs
                                                             : "EPSG:4326" };
    if (r->has_size && r->has_transform) {
        out->transform = r->transform;
        out->width = r->width;
        out->height = r->height;
        return DTAKE_OK;
    }
    dtake_status st = own_box(band, box, &bounded, err);
    if (st == DTAKE_OK && !bounded)
        st = unbounded(err);
    if (st == DTAKE_OK && band->grid->crs[0] != '\0')
        st = into_crs(box, band->grid->crs, out->crs, err);
    if (st != DTAKE_OK)
        return st;
    if (r->has_size) {
        divide_box(out, box, r->width, r->height);
        return DTAKE_OK;
    }
    out->transform = r->has_transform ? r->transform : band->grid->transform;
    if (!own_crs && !r->has_transform)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "A pixel grid of another CRS needs a transform, or dimensions.");
    return fit_box(out, box, err);
}
