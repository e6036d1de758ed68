/* Which pixels of its grid a band fills. */
#include "core/error.h"
#include "geo/area.h"
#include "raster/eval_json.h"
#include "raster/eval_shape.h"
#include "raster/eval_window.h"

#include <math.h>

static const double MAX_PIXELS = 2147483647.;

static dtake_window meet(dtake_window a, dtake_window b)
{
    int64_t right = a.col + a.width < b.col + b.width ? a.col + a.width : b.col + b.width;
    int64_t bottom = a.row + a.height < b.row + b.height ? a.row + a.height : b.row + b.height;
    dtake_window out = { a.col > b.col ? a.col : b.col, a.row > b.row ? a.row : b.row, 0, 0 };
    out.width = right > out.col ? right - out.col : 0;
    out.height = bottom > out.row ? bottom - out.row : 0;
    return out;
}

/* Rows to be scanned times points of an outline; more takes seconds. */
static const double MAX_SCAN = 2e7;

static dtake_status pixel_box(const double *xy, size_t points, const dtake_affine *transform, double low[2],
                              double high[2], dtake_error *err)
{
    dtake_affine inverse;
    low[0] = low[1] = HUGE_VAL;
    high[0] = high[1] = -HUGE_VAL;
    if (!dtake__affine_invert(transform, &inverse))
        return dtake__fail(err, DTAKE_E_USAGE, "a projection whose pixels have no area");
    for (size_t i = 0; i < points; i++) {
        double at[2];
        dtake__affine_apply(&inverse, xy[2 * i], xy[2 * i + 1], &at[0], &at[1]);
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], at[k]);
            high[k] = fmax(high[k], at[k]);
        }
    }
    if (!(low[0] > -MAX_PIXELS && low[1] > -MAX_PIXELS && high[0] < MAX_PIXELS && high[1] < MAX_PIXELS))
        return dtake__fail(err, DTAKE_E_LIMIT, "an area reaches over more than %g pixels a side", MAX_PIXELS);
    return DTAKE_OK;
}

/* Of very large shapes: those whose centre is within the box. */
static dtake_window of_box(const double low[2], const double high[2])
{
    dtake_window out = { (int64_t)ceil(low[0] - 0.5), (int64_t)ceil(low[1] - 0.5), 0, 0 };
    out.width = (int64_t)ceil(high[0] - 0.5) - out.col;
    out.height = (int64_t)ceil(high[1] - 0.5) - out.row;
    return out;
}

/* Whole pixels around the box, one more on each side, scanned for those whose centre is inside. */
static dtake_status scan(const dtake__outline *outline, const dtake_affine *transform, const double low[2],
                         const double high[2], dtake_window *out, dtake_error *err)
{
    dtake_window room = { (int64_t)floor(low[0]) - 1, (int64_t)floor(low[1]) - 1, 0, 0 }, found;
    room.width = (int64_t)ceil(high[0]) + 1 - room.col;
    room.height = (int64_t)ceil(high[1]) + 1 - room.row;
    dtake_affine moved = dtake__affine_shift(transform, (double)room.col, (double)room.row);
    dtake_status st = dtake__outline_window(outline, &moved, room.width, room.height, &found, err);
    if (st == DTAKE_OK)
        *out = (dtake_window){ room.col + found.col, room.row + found.row, found.width, found.height };
    return st == DTAKE_E_EMPTY ? DTAKE_OK : st;
}

dtake_status dtake__shape_window(const dtake__figure *shape, const dtake__raster_grid *grid,
                                 dtake_window *out, dtake_error *err)
{
    dtake__outline outline = { 0 };
    double low[2], high[2];
    *out = (dtake_window){ 0, 0, 0, 0 };
    dtake_status st = dtake__figure_outline(shape, grid, &outline, err);
    if (st == DTAKE_E_EMPTY) /* lines and points have no area */
        return DTAKE_OK;
    if (st == DTAKE_OK && outline.points > 0) {
        st = pixel_box(outline.xy, outline.points, &grid->transform, low, high, err);
        if (st == DTAKE_OK && (high[1] - low[1]) * (double)outline.points > MAX_SCAN)
            *out = of_box(low, high);
        else if (st == DTAKE_OK)
            st = scan(&outline, &grid->transform, low, high, out, err);
    }
    dtake__outline_dispose(&outline);
    return st;
}

dtake_status dtake__window_on(const dtake__band_value *band, const dtake__raster_grid *grid,
                              dtake_window *out, bool *bounded, dtake_error *err)
{
    const dtake__raster_grid *own = band->grid;
    dtake_affine inverse;
    *bounded = false;
    *out = (dtake_window){ 0, 0, 0, 0 };
    if (own == NULL)
        return DTAKE_OK;
    if (own->width > 0 && own->height > 0) {
        double low[2], high[2];
        const dtake_affine *t = &own->transform;
        if (!dtake__affine_invert(&grid->transform, &inverse))
            return dtake__fail(err, DTAKE_E_USAGE, "a projection whose pixels have no area");
        double x, y, w = (double)own->width, h = (double)own->height;
        const double corner[4][2] = { { 0, 0 }, { w, 0 }, { 0, h }, { w, h } };
        for (int i = 0; i < 4; i++) {
            double at[2];
            dtake__affine_apply(t, corner[i][0], corner[i][1], &x, &y);
            dtake__affine_apply(&inverse, x, y, &at[0], &at[1]);
            for (int k = 0; k < 2; k++) {
                low[k] = i == 0 ? at[k] : fmin(low[k], at[k]);
                high[k] = i == 0 ? at[k] : fmax(high[k], at[k]);
            }
        }
        if (!(fabs(low[0]) < MAX_PIXELS && fabs(low[1]) < MAX_PIXELS && fabs(high[0]) < MAX_PIXELS &&
              fabs(high[1]) < MAX_PIXELS))
            return dtake__fail(err, DTAKE_E_LIMIT, "an image of more than %g pixels a side", MAX_PIXELS);
        /* Pixels whose centre is inside, as for areas; a whole number of them is not lost to rounding. */
        *out = (dtake_window){ (int64_t)ceil(low[0] - 0.5 - 1e-6), (int64_t)ceil(low[1] - 0.5 - 1e-6), 0, 0 };
        out->width = (int64_t)ceil(high[0] - 0.5 - 1e-6) - out->col;
        out->height = (int64_t)ceil(high[1] - 0.5 - 1e-6) - out->row;
        *bounded = true;
    }
    for (const dtake__extent *e = band->extent; e != NULL; e = e->before) {
        dtake_window part;
        dtake_status st = dtake__shape_window(e->shape, grid, &part, err);
        if (st != DTAKE_OK)
            return st;
        *out = *bounded ? meet(*out, part) : part;
        *bounded = true;
    }
    return DTAKE_OK;
}

dtake_status dtake__band_window(const dtake__band_value *band, dtake_window *out, bool *bounded,
                                dtake_error *err)
{
    const dtake__raster_grid degrees = { .crs = "EPSG:4326", .transform = { 0, 1, 0, 0, 0, 1 } };
    return dtake__window_on(band, band->grid != NULL ? band->grid : &degrees, out, bounded, err);
}
