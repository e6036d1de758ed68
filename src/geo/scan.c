#include "geo/scan.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_v0(const void *a, const void *b)
{
    double x = ((const dtake__scan_edge *)a)->v0, y = ((const dtake__scan_edge *)b)->v0;
    return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void add_edge(dtake__scan *scan, const double *a, const double *b, const dtake_affine *to_pixel)
{
    dtake__scan_edge edge;
    dtake__affine_apply(to_pixel, a[0], a[1], &edge.u0, &edge.v0);
    dtake__affine_apply(to_pixel, b[0], b[1], &edge.u1, &edge.v1);
    if (edge.v0 == edge.v1)
        return;
    if (edge.v0 > edge.v1)
        edge = (dtake__scan_edge){ edge.u1, edge.v1, edge.u0, edge.v0 };
    scan->first_v = fmin(scan->first_v, edge.v0);
    scan->end_v = fmax(scan->end_v, edge.v1);
    scan->edge[scan->edges++] = edge;
}

dtake_status dtake__scan_init(dtake__scan *scan, const dtake__outline *outline, const dtake_affine *grid,
                              dtake_error *err)
{
    *scan = (dtake__scan){ .first_v = HUGE_VAL, .end_v = -HUGE_VAL };
    dtake_affine to_pixel;
    if (!dtake__affine_invert(grid, &to_pixel))
        return dtake__fail(err, DTAKE_E_FORMAT, "the grid's transform has no inverse");
    size_t room = outline->points > 0 ? outline->points : 1;
    scan->edge = dtake__calloc(room, sizeof *scan->edge);
    scan->active = dtake__calloc(room, sizeof *scan->active);
    scan->cross = dtake__calloc(room, sizeof *scan->cross);
    if (scan->edge == NULL || scan->active == NULL || scan->cross == NULL) {
        dtake__scan_dispose(scan);
        return dtake__fail_nomem(err, "area on a grid");
    }
    size_t first = 0;
    for (size_t ring = 0; ring < outline->rings; first = outline->ring_end[ring++]) {
        size_t end = outline->ring_end[ring];
        for (size_t i = first; i < end; i++)
            add_edge(scan, outline->xy + 2 * i, outline->xy + 2 * (i + 1 < end ? i + 1 : first), &to_pixel);
    }
    if (scan->edges > 0)
        qsort(scan->edge, scan->edges, sizeof *scan->edge, by_v0);
    return DTAKE_OK;
}

void dtake__scan_dispose(dtake__scan *scan)
{
    dtake__free(scan->edge);
    dtake__free(scan->active);
    dtake__free(scan->cross);
    *scan = (dtake__scan){ 0 };
}

void dtake__scan_row(dtake__scan *scan, int64_t row)
{
    double v = (double)row + 0.5;
    while (scan->next < scan->edges && scan->edge[scan->next].v0 <= v)
        scan->active[scan->active_count++] = scan->next++;
    size_t kept = 0;
    for (size_t i = 0; i < scan->active_count; i++)
        if (scan->edge[scan->active[i]].v1 > v)
            scan->active[kept++] = scan->active[i];
    scan->active_count = kept;
    for (size_t i = 0; i < kept; i++) {
        const dtake__scan_edge *edge = &scan->edge[scan->active[i]];
        scan->cross[i] = edge->u0 + (v - edge->v0) * (edge->u1 - edge->u0) / (edge->v1 - edge->v0);
    }
    scan->cross_count = kept;
    if (kept > 0)
        qsort(scan->cross, kept, sizeof *scan->cross, by_value);
}

int64_t dtake__scan_column(double u, int64_t width)
{
    double col = ceil(u - 0.5);
    return col <= 0 ? 0 : col >= (double)width ? width : (int64_t)col;
}

/* The rows of 0..height whose centres can be inside. */
static void rows_touched(const dtake__scan *scan, int64_t height, int64_t *first, int64_t *end)
{
    *first = dtake__scan_column(scan->first_v, height);
    *end = dtake__scan_column(scan->end_v, height);
}

dtake_status dtake__outline_window(const dtake__outline *outline, const dtake_affine *grid, int64_t width,
                                   int64_t height, dtake_window *out, dtake_error *err)
{
    dtake__scan scan;
    dtake_status st = dtake__scan_init(&scan, outline, grid, err);
    if (st != DTAKE_OK)
        return st;
    int64_t first_row, end_row, west = width, east = 0, north = -1, south = -1;
    rows_touched(&scan, height, &first_row, &end_row);
    for (int64_t row = first_row; row < end_row; row++) {
        dtake__scan_row(&scan, row);
        for (size_t i = 0; i + 1 < scan.cross_count; i += 2) {
            int64_t first = dtake__scan_column(scan.cross[i], width),
                    end = dtake__scan_column(scan.cross[i + 1], width);
            if (first >= end)
                continue;
            west = first < west ? first : west;
            east = end > east ? end : east;
            north = north < 0 ? row : north;
            south = row;
        }
    }
    dtake__scan_dispose(&scan);
    if (north < 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "the area holds no pixel centre of this grid of %lld x %lld",
                           (long long)width, (long long)height);
    *out = (dtake_window){ west, north, east - west, south - north + 1 };
    return DTAKE_OK;
}

dtake_status dtake__outline_mask(const dtake__outline *outline, const dtake_affine *grid, dtake_window window,
                                 uint8_t *mask)
{
    dtake_affine origin = dtake__affine_shift(grid, (double)window.col, (double)window.row);
    dtake__scan scan;
    dtake_status st = dtake__scan_init(&scan, outline, &origin, NULL);
    if (st != DTAKE_OK)
        return st;
    for (int64_t row = 0; row < window.height; row++) {
        uint8_t *line = mask + row * window.width;
        int64_t done = 0;
        dtake__scan_row(&scan, row);
        for (size_t i = 0; i + 1 < scan.cross_count; i += 2) {
            int64_t first = dtake__scan_column(scan.cross[i], window.width);
            if (first > done)
                memset(line + done, 0, (size_t)(first - done));
            int64_t end = dtake__scan_column(scan.cross[i + 1], window.width);
            done = end > done ? end : done;
        }
        memset(line + done, 0, (size_t)(window.width - done));
    }
    dtake__scan_dispose(&scan);
    return DTAKE_OK;
}
