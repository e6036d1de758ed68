#include "raster/way_build.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

/* In source pixels. A step between neighbours of 10,000 counts moves by a tenth of a count then. Cells that
 * small that refining costs more than it is worth may be off a thousandth, which moves 0.03 % of nearest
 * pixels. */
static const double TOLERANCE_PX = 1e-5, TOLERANCE_SMALL_PX = 1e-3;

enum {
    SMALL_CELL = 32,
    NODES = 4, /* a side: a cubic's */
    PROBES = 3,
    MAX_CELLS = 64 << 20, /* of 256 bytes */
};

/* Longitudes mean the same 360 degrees on. */
static void unwrap(double *xy, size_t count, double period, double low)
{
    double first = NAN;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(xy[2 * i]))
            continue;
        if (isnan(first))
            first = xy[2 * i] -= period * floor((xy[2 * i] - low) / period);
        xy[2 * i] += period * round((first - xy[2 * i]) / period);
    }
}

void dtake__way_points(const dtake__way *way, double *xy, size_t count)
{
    if (way->straight) {
        for (size_t i = 0; i < count; i++)
            dtake__affine_apply(&way->through, xy[2 * i], xy[2 * i + 1], &xy[2 * i], &xy[2 * i + 1]);
        return;
    }
    for (size_t i = 0; i < count; i++)
        dtake__affine_apply(&way->grid, xy[2 * i], xy[2 * i + 1], &xy[2 * i], &xy[2 * i + 1]);
    /* Both are known to PROJ since the way was begun: what can fail now is memory. */
    bool failed = dtake__crs_transform(way->grid_crs, way->source_crs, xy, count, NULL) != DTAKE_OK;
    for (size_t i = 0; i < count; i++) {
        if (failed || !isfinite(xy[2 * i]))
            xy[2 * i] = xy[2 * i + 1] = HUGE_VAL;
        else
            dtake__affine_apply(&way->inverse, xy[2 * i], xy[2 * i + 1], &xy[2 * i], &xy[2 * i + 1]);
    }
    if (way->period > 0)
        unwrap(xy, count, way->period, way->low);
}

/* The cubic through values at t = 0, 1/3, 2/3, 1. */
static void cubic(const double v[NODES], size_t step, double *out, size_t out_step)
{
    double v0 = v[0], v1 = v[step], v2 = v[2 * step], v3 = v[3 * step];
    out[0] = v0;
    out[out_step] = -5.5 * v0 + 9 * v1 - 4.5 * v2 + v3;
    out[2 * out_step] = 9 * v0 - 22.5 * v1 + 18 * v2 - 4.5 * v3;
    out[3 * out_step] = -4.5 * v0 + 13.5 * v1 - 13.5 * v2 + 4.5 * v3;
}

static void fit(const double value[16], double out[16])
{
    double across[16];
    for (int j = 0; j < NODES; j++)
        cubic(value + 4 * j, 1, across + 4 * j, 1);
    for (int i = 0; i < NODES; i++)
        cubic(across + i, 4, out + i, 4);
}

static double at(const double a[16], double t, double u)
{
    double sum = 0;
    for (int j = 3; j >= 0; j--)
        sum = sum * u + (((a[4 * j + 3] * t + a[4 * j + 2]) * t + a[4 * j + 1]) * t + a[4 * j]);
    return sum;
}

/* The cell's 16 nodes, then 3 x 3 points half way between them, where a cubic is off most. */
static void place_points(int64_t col, int64_t row, int64_t size, double *xy)
{
    for (int j = 0; j < NODES; j++)
        for (int i = 0; i < NODES; i++, xy += 2) {
            xy[0] = (double)col + (double)(size * i) / 3;
            xy[1] = (double)row + (double)(size * j) / 3;
        }
    for (int j = 0; j < PROBES; j++)
        for (int i = 0; i < PROBES; i++, xy += 2) {
            xy[0] = (double)col + (double)(size * (2 * i + 1)) / 6;
            xy[1] = (double)row + (double)(size * (2 * j + 1)) / 6;
        }
}

/* False: not good enough, or a point has no source. */
static bool fit_cell(const dtake__way *way, dtake__way_cell *cell, int64_t col, int64_t row, int64_t size)
{
    enum { ALL = NODES * NODES + PROBES * PROBES };
    double xy[2 * ALL], x[16], y[16];
    double tolerance = size > SMALL_CELL ? TOLERANCE_PX : TOLERANCE_SMALL_PX;
    place_points(col, row, size, xy);
    dtake__way_points(way, xy, ALL);
    for (int i = 0; i < ALL; i++)
        if (!isfinite(xy[2 * i]) || !isfinite(xy[2 * i + 1]))
            return false;
    for (int i = 0; i < NODES * NODES; i++) {
        x[i] = xy[2 * i];
        y[i] = xy[2 * i + 1];
    }
    fit(x, cell->x);
    fit(y, cell->y);
    for (int i = 0; i < PROBES * PROBES; i++) {
        const double *probe = xy + 2 * (NODES * NODES + i);
        double t = (2 * (i % PROBES) + 1) / 6.0, u = (2 * (i / PROBES) + 1) / 6.0;
        if (!(hypot(at(cell->x, t, u) - probe[0], at(cell->y, t, u) - probe[1]) <= tolerance))
            return false;
    }
    for (int i = 0; i < ALL && way->period > 0; i++) /* with room for what lies between the points */
        cell->wraps = cell->wraps || xy[2 * i] < way->low + 1 || xy[2 * i] > way->low + way->period - 1;
    return true;
}

dtake_status dtake__way_fill(dtake__way *way, size_t index, int64_t col, int64_t row, int64_t size,
                             dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (fit_cell(way, &way->cell[index], col, row, size))
        return st;
    if (size == DTAKE__WAY_LEAF) {
        way->cell[index].exact = true;
        return st;
    }
    if (way->cells + 4 > MAX_CELLS)
        return dtake__fail(err, DTAKE_E_LIMIT, "a grid whose coordinates need more than %d cells", MAX_CELLS);
    if (way->cells + 4 > way->cell_cap) {
        size_t cap = 2 * way->cell_cap + 4;
        dtake__way_cell *cell = dtake__realloc_array(way->cell, cap, sizeof *cell);
        if (cell == NULL)
            return dtake__fail_nomem(err, "a grid's coordinates");
        way->cell = cell;
        way->cell_cap = cap;
    }
    size_t child = way->cells;
    memset(way->cell + child, 0, 4 * sizeof *way->cell);
    way->cell[index].child = (int32_t)child;
    way->cells += 4;
    int64_t half = size / 2;
    for (size_t i = 0; i < 4 && st == DTAKE_OK; i++)
        st = dtake__way_fill(way, child + i, col + half * (int64_t)(i % 2), row + half * (int64_t)(i / 2),
                             half, err);
    return st;
}
