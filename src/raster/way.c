#include "raster/way.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"
#include "raster/way_build.h"

#include <math.h>
#include <string.h>

/* a after b: b's result goes into a. */
static dtake_affine after(const dtake_affine *a, const dtake_affine *b)
{
    dtake_affine out = { .col_x = a->col_x * b->col_x + a->row_x * b->col_y,
                         .row_x = a->col_x * b->row_x + a->row_x * b->row_y,
                         .col_y = a->col_y * b->col_x + a->row_y * b->col_y,
                         .row_y = a->col_y * b->row_x + a->row_y * b->row_y };
    dtake__affine_apply(a, b->x0, b->y0, &out.x0, &out.y0);
    return out;
}

/* Grids in one CRS, upright: with the corners' difference first, less is lost to rounding. */
static dtake_affine through(const dtake__raster_grid *source, const dtake__raster_grid *grid,
                            const dtake_affine *inverse)
{
    dtake_affine out = after(inverse, &grid->transform);
    const dtake_affine *s = &source->transform, *g = &grid->transform;
    if (s->row_x == 0 && s->col_y == 0 && g->row_x == 0 && g->col_y == 0)
        out =
            (dtake_affine){ (g->x0 - s->x0) / s->col_x, g->col_x / s->col_x, 0, (g->y0 - s->y0) / s->row_y, 0,
                            g->row_y / s->row_y };
    return out;
}

static dtake_status begin(dtake__way *way, const dtake__raster_grid *source, const dtake__raster_grid *grid,
                          dtake_error *err)
{
    dtake__crs_facts facts;
    if (!dtake__affine_invert(&source->transform, &way->inverse))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "a source grid whose pixels have no area");
    way->grid = grid->transform;
    way->straight = strcmp(source->crs, grid->crs) == 0 || dtake__crs_same(source->crs, grid->crs);
    way->through = through(source, grid, &way->inverse);
    way->source_crs = dtake__strdup(source->crs);
    way->grid_crs = dtake__strdup(grid->crs);
    if (way->source_crs == NULL || way->grid_crs == NULL)
        return dtake__fail_nomem(err, "a grid's coordinates");
    double probe[2] = { grid->transform.x0, grid->transform.y0 };
    dtake_status st = dtake__crs_facts_of(source->crs, &facts, err);
    if (st == DTAKE_OK && !way->straight) /* so that PROJ fails here, with a word, or never */
        st = dtake__crs_transform(grid->crs, source->crs, probe, 1, err);
    if (st == DTAKE_OK && facts.geographic && source->transform.row_x == 0 && source->transform.col_y == 0) {
        way->period = 360 / fabs(source->transform.col_x);
        way->low = 0.5 * ((double)source->width - way->period);
    }
    return st;
}

/* Degrees on degrees need no cells while the whole output grid lies within one turn around the globe. */
static void take_turns_off(dtake__way *way, const dtake__raster_grid *grid)
{
    dtake__way_range range;
    dtake_window whole = { 0, 0, grid->width, grid->height };
    if (!way->straight || way->period == 0 || !dtake__way_bounds(way, whole, &range))
        return;
    double turns = way->period * floor((range.x_min - way->low) / way->period + 1e-9);
    if (range.x_max - turns > way->low + way->period + 1e-6)
        return;
    way->through.x0 -= turns;
    way->period = 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

dtake_status dtake__way_init(dtake__way *way, const dtake__raster_grid *source,
                             const dtake__raster_grid *grid, dtake_window window, dtake_error *err)
{
    *way = (dtake__way){ 0 };
    dtake_status st = begin(way, source, grid, err);
    if (st != DTAKE_OK) {
        dtake__way_dispose(way);
        return st;
    }
    take_turns_off(way, grid);
    way->first_col = floor_div(window.col, DTAKE__WAY_CELL);
    way->first_row = floor_div(window.row, DTAKE__WAY_CELL);
    way->cols = floor_div(window.col + window.width - 1, DTAKE__WAY_CELL) - way->first_col + 1;
    way->rows = floor_div(window.row + window.height - 1, DTAKE__WAY_CELL) - way->first_row + 1;
    if (way->straight && way->period == 0)
        return DTAKE_OK;
    way->cells = way->cell_cap = (size_t)way->cols * (size_t)way->rows;
    way->cell = dtake__calloc(way->cells, sizeof *way->cell);
    if (way->cell == NULL)
        st = dtake__fail_nomem(err, "a grid's coordinates");
    size_t whole = way->cells;
    for (size_t i = 0; i < whole && st == DTAKE_OK; i++)
        st = dtake__way_fill(way, i, (way->first_col + (int64_t)i % way->cols) * DTAKE__WAY_CELL,
                             (way->first_row + (int64_t)i / way->cols) * DTAKE__WAY_CELL, DTAKE__WAY_CELL,
                             err);
    if (st != DTAKE_OK)
        dtake__way_dispose(way);
    return st;
}

void dtake__way_dispose(dtake__way *way)
{
    dtake__free(way->source_crs);
    dtake__free(way->grid_crs);
    dtake__free(way->cell);
    *way = (dtake__way){ 0 };
}

/* The undivided cell that holds a pixel, and where it begins. */
typedef struct place {
    const dtake__way_cell *cell;
    int64_t col, row, size;
} place;

static place find(const dtake__way *way, int64_t col, int64_t row)
{
    int64_t across = floor_div(col, DTAKE__WAY_CELL), down = floor_div(row, DTAKE__WAY_CELL);
    place at = { &way->cell[(down - way->first_row) * way->cols + across - way->first_col],
                 across * DTAKE__WAY_CELL, down * DTAKE__WAY_CELL, DTAKE__WAY_CELL };
    while (at.cell->child != 0) {
        at.size /= 2;
        bool right = col >= at.col + at.size, below = row >= at.row + at.size;
        at.cell = &way->cell[at.cell->child + (right ? 1 : 0) + (below ? 2 : 0)];
        at.col += right ? at.size : 0;
        at.row += below ? at.size : 0;
    }
    return at;
}

/* The cell's cubic along one row. */
static void along(const double a[16], double u, double out[4])
{
    for (int i = 0; i < 4; i++)
        out[i] = ((a[12 + i] * u + a[8 + i]) * u + a[4 + i]) * u + a[i];
}

static void come_round(const dtake__way *way, double *x, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (x[i] < way->low)
            x[i] += way->period;
        else if (x[i] >= way->low + way->period)
            x[i] -= way->period;
    }
}

static void cubic_run(const place *at, int64_t col, int64_t row, int64_t count, double dx, double dy,
                      double *x, double *y)
{
    double of_x[4], of_y[4], scale = 1.0 / (double)at->size;
    double u = ((double)(row - at->row) + dy) * scale, first = (double)(col - at->col) + dx;
    along(at->cell->x, u, of_x);
    along(at->cell->y, u, of_y);
    for (int64_t i = 0; i < count; i++) {
        double t = (first + (double)(int32_t)i) * scale;
        x[i] = ((of_x[3] * t + of_x[2]) * t + of_x[1]) * t + of_x[0];
        y[i] = ((of_y[3] * t + of_y[2]) * t + of_y[1]) * t + of_y[0];
    }
}

static void exact_run(const dtake__way *way, int64_t col, int64_t row, int64_t count, double dx, double dy,
                      double *x, double *y)
{
    for (int64_t i = 0; i < count; i++) { /* each for itself: longitudes must not depend on the neighbours */
        double xy[2] = { (double)(col + i) + dx, (double)row + dy };
        dtake__way_points(way, xy, 1);
        x[i] = xy[0];
        y[i] = xy[1];
    }
}

static void straight_run(const dtake_affine *a, int64_t col, int64_t row, int64_t count, double dx, double dy,
                         double *x, double *y)
{
    double x0 = a->x0 + ((double)row + dy) * a->row_x, y0 = a->y0 + ((double)row + dy) * a->row_y;
    for (int64_t i = 0; i < count; i++) {
        double at = (double)(col + i) + dx;
        x[i] = x0 + at * a->col_x;
        y[i] = y0 + at * a->col_y;
    }
}

void dtake__way_row(const dtake__way *way, int64_t col, int64_t row, int64_t count, double dx, double dy,
                    double *x, double *y)
{
    if (way->cell == NULL) {
        straight_run(&way->through, col, row, count, dx, dy, x, y);
        return;
    }
    for (int64_t done = 0; done < count;) {
        place at = find(way, col + done, row);
        int64_t run = at.col + at.size - (col + done);
        run = run < count - done ? run : count - done;
        if (at.cell->exact)
            exact_run(way, col + done, row, run, dx, dy, x + done, y + done);
        else
            cubic_run(&at, col + done, row, run, dx, dy, x + done, y + done);
        if (at.cell->wraps)
            come_round(way, x + done, run);
        done += run;
    }
}

static void widen(dtake__way_range *range, double x, double y)
{
    range->x_min = fmin(range->x_min, x);
    range->y_min = fmin(range->y_min, y);
    range->x_max = fmax(range->x_max, x);
    range->y_max = fmax(range->y_max, y);
}

/* Coefficients of the polynomial in t on [from, to] as Bernstein's of [0, 1]: it stays between the least and
 * the greatest of them. */
static void bernstein(double *a, size_t step, double from, double to)
{
    double a0 = a[0], a1 = a[step], a2 = a[2 * step], a3 = a[3 * step], w = to - from;
    double b0 = ((a3 * from + a2) * from + a1) * from + a0;
    double b1 = ((3 * a3 * from + 2 * a2) * from + a1) * w;
    double b2 = (3 * a3 * from + a2) * w * w, b3 = a3 * w * w * w;
    a[0] = b0;
    a[step] = b0 + b1 / 3;
    a[2 * step] = b0 + 2 * b1 / 3 + b2 / 3;
    a[3 * step] = b0 + b1 + b2 + b3;
}

static void bound(const double a[16], const double t[2], const double u[2], double *min, double *max)
{
    double b[16];
    memcpy(b, a, sizeof b);
    for (int j = 0; j < 4; j++)
        bernstein(b + 4 * j, 1, t[0], t[1]);
    for (int i = 0; i < 4; i++)
        bernstein(b + i, 4, u[0], u[1]);
    *min = *max = b[0];
    for (int i = 1; i < 16; i++) {
        *min = fmin(*min, b[i]);
        *max = fmax(*max, b[i]);
    }
}

static void bound_exact(const dtake__way *way, dtake_window part, dtake__way_range *range)
{
    for (int64_t row = part.row; row <= part.row + part.height; row++)
        for (int64_t col = part.col; col <= part.col + part.width; col++)
            for (int half = 0; half < 2; half++) {
                double xy[2] = { (double)col + 0.5 * half, (double)row + 0.5 * half };
                dtake__way_points(way, xy, 1);
                if (isfinite(xy[0]) && isfinite(xy[1]))
                    widen(range, xy[0], xy[1]);
            }
}

static void bound_cell(const dtake__way *way, const place *at, dtake_window part, dtake__way_range *range)
{
    if (at->cell->exact) {
        bound_exact(way, part, range);
        return;
    }
    double size = (double)at->size, x[2], y[2];
    double t[2] = { (double)(part.col - at->col) / size, (double)(part.col + part.width - at->col) / size };
    double u[2] = { (double)(part.row - at->row) / size, (double)(part.row + part.height - at->row) / size };
    bound(at->cell->x, t, u, &x[0], &x[1]);
    bound(at->cell->y, t, u, &y[0], &y[1]);
    if (at->cell->wraps && (x[0] < way->low || x[1] >= way->low + way->period)) {
        x[0] = way->low; /* it may come out at either end */
        x[1] = way->low + way->period;
    }
    widen(range, x[0], y[0]);
    widen(range, x[1], y[1]);
}

bool dtake__way_bounds(const dtake__way *way, dtake_window block, dtake__way_range *out)
{
    *out = (dtake__way_range){ HUGE_VAL, HUGE_VAL, -HUGE_VAL, -HUGE_VAL };
    int64_t right = block.col + block.width, bottom = block.row + block.height;
    if (way->cell == NULL) {
        for (int i = 0; i < 4; i++) {
            double x, y;
            dtake__affine_apply(&way->through, (double)(i % 2 ? right : block.col),
                                (double)(i / 2 ? bottom : block.row), &x, &y);
            widen(out, x, y);
        }
        return true;
    }
    /* Cell by cell; those of a row of cells may differ in size, so the smallest step down is taken. */
    for (int64_t row = block.row; row < bottom;) {
        int64_t next = bottom;
        for (int64_t col = block.col; col < right;) {
            place at = find(way, col, row);
            int64_t col_end = at.col + at.size < right ? at.col + at.size : right;
            int64_t row_end = at.row + at.size < bottom ? at.row + at.size : bottom;
            bound_cell(way, &at, (dtake_window){ col, row, col_end - col, row_end - row }, out);
            next = row_end < next ? row_end : next;
            col = col_end;
        }
        row = next;
    }
    return out->x_min <= out->x_max;
}
