/* Resampling, inside: one row of a block at a time, one band at a time. */
#ifndef DTAKE_RASTER_WARP_KERNEL_H
#define DTAKE_RASTER_WARP_KERNEL_H

#include "raster/warp.h"
#include "raster/way.h"

/* Within this of an edge between source pixels a point lies on it: rounding must not choose. */
#define DTAKE__WARP_SNAP_PX 1e-6

struct dtake__warp {
    dtake__way way;
    dtake_resampling how;
    int64_t source_width, source_height; /* of the level */
    double scale_x, scale_y;             /* output pixels a source pixel where that is less than 1, else 1 */
    int64_t radius_x, radius_y;          /* of the kernel, source pixels */
    bool narrow;                         /* bilinear and cubic take their 4 or 16 nearest */
    bool copy; /* output pixel (c, r) is source pixel (c + shift_col, r + shift_row) */
    int64_t shift_col, shift_row;
    int64_t first_col, first_row; /* of the grid: where blocks are counted from */
};

/* One band of what was read. */
typedef struct dtake__warp_plane {
    dtake_type type;
    const void *data;
    const uint8_t *mask; /* NULL: all valid */
    dtake_window at;     /* of the source */
} dtake__warp_plane;

enum { DTAKE__WARP_SPAN = 256 }; /* most points of a row at once */

/* Where a run of output pixels lies in the source: centres; with average and mode the upper left corners and,
 * in x2 and y2, the lower right ones. */
typedef struct dtake__warp_span {
    int64_t count;
    double x[DTAKE__WARP_SPAN], y[DTAKE__WARP_SPAN];
    double x2[DTAKE__WARP_SPAN], y2[DTAKE__WARP_SPAN];
} dtake__warp_span;

/* What a kernel needs beside: sized by dtake__warp_scratch. */
typedef struct dtake__warp_scratch {
    double *weight_x, *weight_y; /* 2 * radius each */
    void *found;                 /* mode: what lies under a pixel */
    size_t found_cap;
} dtake__warp_scratch;

/* `out`: samples of the plane's type; masked ones are left as they are. `valid`: 255 or 0. False: no memory.
 */
typedef bool dtake__warp_row_fn(const dtake__warp *warp, const dtake__warp_plane *in,
                                const dtake__warp_span *span, dtake__warp_scratch *scratch, void *out,
                                uint8_t *valid);

dtake__warp_row_fn dtake__warp_nearest, dtake__warp_weighted, dtake__warp_bilinear, dtake__warp_cubic,
    dtake__warp_average, dtake__warp_mode;

/* How far a kernel reaches at scale 1. */
int64_t dtake__warp_radius(dtake_resampling how);

/* Source pixels an output pixel spans in x and in y, in the mean over the grid; 1 where nothing can be told.
 */
void dtake__warp_ratio(const dtake__way *way, const dtake__raster_grid *grid, double *x, double *y);

/* The source pixel a point lies in, as an index into the plane; false: none, or it is masked. */
static inline bool dtake__warp_centre(const dtake__warp *warp, const dtake__warp_plane *in, double x,
                                      double y, int64_t *index)
{
    double col = x + DTAKE__WARP_SNAP_PX, row = y + DTAKE__WARP_SNAP_PX;
    if (!(col >= 0 && row >= 0 && x - DTAKE__WARP_SNAP_PX <= (double)warp->source_width &&
          y - DTAKE__WARP_SNAP_PX <= (double)warp->source_height))
        return false;
    int64_t c = (int64_t)col, r = (int64_t)row;
    c -= c >= warp->source_width;
    r -= r >= warp->source_height;
    c -= in->at.col;
    r -= in->at.row;
    if (c < 0 || r < 0 || c >= in->at.width || r >= in->at.height)
        return false;
    *index = r * in->at.width + c;
    return in->mask == NULL || in->mask[*index] != 0;
}

#endif
