/* The way from output pixels to source pixels: exact (PROJ) on a coarse grid of points, cubic between,
 * refined where that is not good enough. Its cells hang on the output grid's corner, so that a pixel has the
 * same source whatever block it is asked for in. */
#ifndef DTAKE_RASTER_WAY_H
#define DTAKE_RASTER_WAY_H

#include "geo/output_grid.h"

enum {
    DTAKE__WAY_CELL = 256, /* pixels a side of an undivided cell */
    DTAKE__WAY_LEAF = 8,   /* cells of this side are not divided: each point goes through PROJ */
};

/* One square of the output. */
typedef struct dtake__way_cell {
    int32_t child;       /* index of the first of its four; 0: not divided */
    bool exact;          /* every point goes through PROJ */
    bool wraps;          /* longitudes in it may have to come back around the globe */
    double x[16], y[16]; /* sums of a[i + 4 j] t^i u^j; t, u from 0 to 1 across and down the cell */
} dtake__way_cell;

typedef struct dtake__way {
    char *source_crs, *grid_crs;
    dtake_affine grid;    /* output pixels to its CRS */
    dtake_affine inverse; /* source CRS to source pixels */
    bool straight;        /* no PROJ: `inverse` after `grid`, which is: */
    dtake_affine through;
    double period, low; /* of a geographic source: pixels around the globe, and where they begin; 0: none */
    int64_t first_col, first_row, cols, rows; /* of undivided cells */
    dtake__way_cell *cell;
    size_t cells, cell_cap;
} dtake__way;

/* Cells for the window of the grid. Worker: PROJ. */
dtake_status dtake__way_init(dtake__way *way, const dtake__raster_grid *source,
                             const dtake__raster_grid *grid, dtake_window window, dtake_error *err);
void dtake__way_dispose(dtake__way *way);

/* Source pixel coordinates of the points (col + i + dx, row + dy), i from 0 to count - 1, 0 <= dx, dy <= 1,
 * as seen by the cells of pixels (col + i, row). HUGE_VAL: the point has no source. */
void dtake__way_row(const dtake__way *way, int64_t col, int64_t row, int64_t count, double dx, double dy,
                    double *x, double *y);

typedef struct dtake__way_range {
    double x_min, y_min, x_max, y_max;
} dtake__way_range;

/* Around the source coordinates of all points of a block, edges included. False: no point has any. */
bool dtake__way_bounds(const dtake__way *way, dtake_window block, dtake__way_range *out);

#endif
