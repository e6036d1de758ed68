#include "raster/eval_regrid.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"
#include "raster/eval_share.h"
#include "raster/warp_narrow.h"
#include "raster/way.h"

#include <math.h>
#include <string.h>

enum {
    MARGIN_PX = 32, /* of the input's grid around what the output covers: neighbourhoods may reach there */
    MAX_UNDER = 1 << 20,
};

typedef struct lay {
    bool any;                /* something of the input's grid lies under the output */
    dtake__regrid_kind kind; /* as it is done on this grid */
    double under;            /* pixels of the input under one of the output, about */
    dtake__raster_grid grid; /* the input's, cut to what the output covers */
    double col, row;         /* of its corner on the grid without end */
    dtake__way way;
} lay;

static void dispose(void *state)
{
    lay *r = state;
    dtake__way_dispose(&r->way);
    dtake__free(r);
}

/* Longitudes are those within half a turn of the output's middle. */
static dtake_status turn_to(dtake__raster_grid *from, const dtake__raster_grid *grid, dtake_error *err)
{
    double middle[2];
    dtake_affine inverse;
    dtake__crs_facts facts;
    dtake__affine_apply(&grid->transform, (double)grid->width / 2, (double)grid->height / 2, &middle[0],
                        &middle[1]);
    dtake_status st = dtake__crs_facts_of(from->crs, &facts, err);
    if (st == DTAKE_OK)
        st = dtake__crs_transform(grid->crs, from->crs, middle, 1, err);
    if (st != DTAKE_OK || !facts.geographic || !isfinite(middle[0]) ||
        !dtake__affine_invert(&from->transform, &inverse))
        return st;
    dtake__affine_apply(&inverse, middle[0], middle[1], &middle[0], &middle[1]);
    from->width = fabs(middle[0]) < 1e12 ? (int64_t)(2 * middle[0]) : 0;
    return st;
}

static dtake_status find_way(lay *r, const dtake__raster_grid *from, const dtake__raster_grid *grid,
                             dtake_error *err)
{
    dtake__way_range range;
    dtake__raster_grid endless = { from->crs, from->transform, 0, 0 };
    const dtake_window whole = { 0, 0, grid->width, grid->height };
    dtake_status st = turn_to(&endless, grid, err);
    if (st == DTAKE_OK)
        st = dtake__way_init(&r->way, &endless, grid, whole, err);
    if (st != DTAKE_OK)
        return st;
    r->any = dtake__way_bounds(&r->way, whole, &range) && fabs(range.x_min) < 1e15 &&
             fabs(range.x_max) < 1e15 && fabs(range.y_min) < 1e15 && fabs(range.y_max) < 1e15;
    if (!r->any)
        range = (dtake__way_range){ 0, 0, 1, 1 };
    r->col = floor(range.x_min) - MARGIN_PX;
    r->row = floor(range.y_min) - MARGIN_PX;
    r->grid = (dtake__raster_grid){ from->crs, dtake__affine_shift(&from->transform, r->col, r->row),
                                    (int64_t)(ceil(range.x_max) - r->col) + MARGIN_PX,
                                    (int64_t)(ceil(range.y_max) - r->row) + MARGIN_PX };
    double area = (range.x_max - range.x_min) * (range.y_max - range.y_min);
    r->under = area / ((double)grid->width * (double)grid->height);
    return st;
}

static dtake_status prepare(const dtake__px_node *node, const dtake__raster_grid *grid, void **state,
                            dtake_error *err)
{
    const dtake__regrid *want = node->data;
    dtake__raster_grid from = want->grid;
    if (grid->crs[0] == '\0' || from.crs[0] == '\0')
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%s: the image has no CRS", node->op->name);
    lay *r = dtake__calloc(1, sizeof *r);
    if (r == NULL)
        return dtake__fail_nomem(err, "a reprojection");
    *state = r;
    dtake_status st = find_way(r, &from, grid, err);
    r->kind = want->kind == DTAKE__REGRID_REDUCE && r->under <= 1 ? DTAKE__REGRID_NEAREST : want->kind;
    while (st == DTAKE_OK && r->kind == DTAKE__REGRID_REDUCE && r->under > want->max_pixels) {
        if (!want->best_effort)
            return dtake__fail(err, DTAKE_E_LIMIT,
                               "reduceResolution: %.0f pixels under one of the output, maxPixels is %g: set "
                               "it higher, or bestEffort",
                               r->under, want->max_pixels);
        from.transform = dtake__affine_scale(&from.transform, 2, 2);
        dtake__way_dispose(&r->way);
        st = find_way(r, &from, grid, err);
    }
    return st;
}

static const dtake__raster_grid *grid_of_input(const dtake__px_place *place)
{
    const lay *r = place->state;
    return &r->grid;
}

static dtake_window cut(dtake_window w, const dtake__raster_grid *grid)
{
    int64_t right = w.col + w.width, bottom = w.row + w.height;
    w.col = w.col > 0 ? w.col : 0;
    w.row = w.row > 0 ? w.row : 0;
    right = right < grid->width ? right : grid->width;
    bottom = bottom < grid->height ? bottom : grid->height;
    if (right <= w.col || bottom <= w.row)
        return (dtake_window){ w.col, w.row, 0, 0 };
    w.width = right - w.col;
    w.height = bottom - w.row;
    return w;
}

static void need(const dtake__px_node *node, const dtake__px_place *place, dtake_window *window)
{
    enum { AROUND = 3 };
    const lay *r = place->state;
    dtake_window inside = cut(*window, place->grid);
    dtake__way_range range;
    (void)node;
    *window = (dtake_window){ 0 };
    if (!r->any || inside.width == 0 || !dtake__way_bounds(&r->way, inside, &range))
        return;
    const dtake_window around = { (int64_t)(floor(range.x_min) - r->col) - AROUND,
                                  (int64_t)(floor(range.y_min) - r->row) - AROUND,
                                  (int64_t)(ceil(range.x_max) - floor(range.x_min)) + 2 * AROUND,
                                  (int64_t)(ceil(range.y_max) - floor(range.y_min)) + 2 * AROUND };
    *window = cut(around, &r->grid);
}

/* --- one pixel --- */

typedef struct source {
    const double *v;
    const uint8_t *m; /* NULL: all valid */
    dtake_window window;
} source;

/* SIZE_MAX: outside. */
static size_t at(const source *s, int64_t col, int64_t row)
{
    col -= s->window.col;
    row -= s->window.row;
    return col < 0 || row < 0 || col >= s->window.width || row >= s->window.height
               ? SIZE_MAX
               : (size_t)(row * s->window.width + col);
}

static uint8_t opacity(const source *s, size_t index)
{
    return index == SIZE_MAX ? 0 : s->m == NULL ? 255 : s->m[index];
}

/* The pixels around a point, `side` each way, weighed; false: with `all`, one of them is masked. */
static bool weigh(const source *s, int64_t col, int64_t row, const double *across, const double *down,
                  int side, bool all, double *out)
{
    double sum = 0, total = 0;
    for (int j = 0; j < side; j++)
        for (int i = 0; i < side; i++) {
            size_t index = at(s, col + i, row + j);
            double weight = across[i] * down[j];
            if (opacity(s, index) != 0) {
                sum += weight * s->v[index];
                total += weight;
            } else if (all) {
                return false;
            }
        }
    *out = total != 0 ? sum / total : 0;
    return true;
}

/* Of the point (x, y), whose own pixel is valid. */
static double between(const source *s, dtake__regrid_kind kind, double x, double y)
{
    double out, col = floor(x - 0.5), row = floor(y - 0.5), rx = x - 0.5 - col, ry = y - 0.5 - row;
    if (kind == DTAKE__REGRID_BICUBIC) {
        double across[4], down[4];
        dtake__cubic_weights(rx, across);
        dtake__cubic_weights(ry, down);
        if (weigh(s, (int64_t)col - 1, (int64_t)row - 1, across, down, 4, true, &out))
            return out;
    }
    const double across[2] = { 1 - rx, rx }, down[2] = { 1 - ry, ry };
    weigh(s, (int64_t)col, (int64_t)row, across, down, 2, false, &out);
    return out;
}

/* How much of the pixel from `at` to at + 1 lies between low and high. */
static double share_of(double at, double low, double high)
{
    return fmin(at + 1, high) - fmax(at, low);
}

/* All that lies under the rectangle. */
static dtake_status collect(const source *s, double x, double y, double x2, double y2, dtake__shares *list,
                            dtake_error *err)
{
    double left = fmin(x, x2), right = fmax(x, x2), top = fmin(y, y2), bottom = fmax(y, y2);
    dtake__shares_clear(list);
    if ((right - left + 2) * (bottom - top + 2) > MAX_UNDER)
        return dtake__fail(err, DTAKE_E_LIMIT, "reduceResolution: more than %d pixels under one", MAX_UNDER);
    for (double row = floor(top); row < bottom; row++)
        for (double col = floor(left); col < right; col++) {
            size_t index = at(s, (int64_t)col, (int64_t)row);
            double weight = share_of(col, left, right) * share_of(row, top, bottom);
            bool inside = col + 0.5 >= left && col + 0.5 < right && row + 0.5 >= top && row + 0.5 < bottom;
            if (opacity(s, index) == 0)
                continue;
            if (!dtake__shares_add(list,
                                   (dtake__share){ s->v[index], weight * opacity(s, index) / 255, inside }))
                return dtake__fail_nomem(err, "pixels under one");
        }
    return DTAKE_OK;
}

/* --- a window --- */

typedef struct row {
    double *x, *y, *x2, *y2;
    dtake__shares list;
} row;

static dtake_status row_init(row *line, int64_t width, dtake_error *err)
{
    *line = (row){ .x = dtake__calloc((size_t)width, 4 * sizeof *line->x) };
    if (line->x == NULL)
        return dtake__fail_nomem(err, "a row of pixels");
    line->y = line->x + width;
    line->x2 = line->y + width;
    line->y2 = line->x2 + width;
    return DTAKE_OK;
}

static dtake_status reduce_row(const dtake__regrid *want, const source *s, row *line, int64_t count,
                               double *v, uint8_t *m, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (int64_t i = 0; i < count && st == DTAKE_OK; i++) {
        if (!isfinite(line->x[i]) || !isfinite(line->x2[i]))
            continue;
        st = collect(s, line->x[i], line->y[i], line->x2[i], line->y2[i], &line->list, err);
        m[i] = st == DTAKE_OK && dtake__shares_reduce(&line->list, &want->reducer, &v[i]) ? 255 : 0;
    }
    return st;
}

static void sample_row(dtake__regrid_kind kind, const source *s, const row *line, int64_t count, double *v,
                       uint8_t *m)
{
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(line->x[i]) || !isfinite(line->y[i]))
            continue;
        size_t index = at(s, (int64_t)floor(line->x[i]), (int64_t)floor(line->y[i]));
        m[i] = opacity(s, index);
        if (m[i] != 0)
            v[i] = kind == DTAKE__REGRID_NEAREST ? s->v[index] : between(s, kind, line->x[i], line->y[i]);
    }
}

/* Coordinates of a row on the input's cut grid. */
static void place_row(const lay *r, dtake_window w, int64_t at_row, row *line)
{
    bool reduce = r->kind == DTAKE__REGRID_REDUCE;
    dtake__way_row(&r->way, w.col, at_row, w.width, reduce ? 0 : 0.5, reduce ? 0 : 0.5, line->x, line->y);
    if (reduce)
        dtake__way_row(&r->way, w.col, at_row, w.width, 1, 1, line->x2, line->y2);
    for (int64_t i = 0; i < w.width; i++) {
        line->x[i] -= r->col;
        line->y[i] -= r->row;
        line->x2[i] -= r->col;
        line->y2[i] -= r->row;
    }
}

static dtake_status plane(const dtake__px_node *node, const dtake__px_place *place, dtake_window window,
                          const dtake__px_plane *in, dtake__px_plane *out, dtake_error *err)
{
    const lay *r = place->state;
    dtake_window inside = cut(window, place->grid);
    row line;
    dtake_status st = dtake__px_plane_init(out, window, DTAKE_F64, true, true, err);
    if (st != DTAKE_OK || !r->any || inside.width == 0 || in->window.width == 0)
        return st;
    double *samples = dtake__px_plane_doubles(in, err);
    st = samples != NULL ? row_init(&line, inside.width, err) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK) {
        dtake__free(samples);
        return st;
    }
    const source s = { samples, in->mask, in->window };
    const dtake__regrid *want = node->data;
    line.list.keeps = r->kind == DTAKE__REGRID_REDUCE && dtake__shares_need(&want->reducer);
    for (int64_t y = inside.row; y < inside.row + inside.height && st == DTAKE_OK; y++) {
        size_t first = (size_t)((y - window.row) * window.width + inside.col - window.col);
        double *v = (double *)out->owned_data + first;
        uint8_t *m = out->owned_mask + first;
        place_row(r, inside, y, &line);
        if (r->kind == DTAKE__REGRID_REDUCE)
            st = reduce_row(want, &s, &line, inside.width, v, m, err);
        else
            sample_row(r->kind, &s, &line, inside.width, v, m);
        for (int64_t i = 0; node->type.precision == DTAKE__PX_FLOAT && i < inside.width; i++)
            v[i] = (double)(float)v[i];
    }
    dtake__free(line.x);
    dtake__shares_dispose(&line.list);
    dtake__free(samples);
    return st;
}

static const dtake__px_op op = { .name = "a reprojection",
                                 .prepare = prepare,
                                 .dispose = dispose,
                                 .regrid = grid_of_input,
                                 .need = need,
                                 .plane = plane };

dtake__px dtake__px_regrid(dtake__expressions *e, const dtake__regrid *how, dtake__px in, dtake__px_type type)
{
    return dtake__px_add(e, &(dtake__px_node){ .op = &op, .in = &in, .count = 1, .data = how, .type = type });
}
