/* From one level of a raster onto another grid: where pixels come from, what must be read, and the pixels.
 *
 * Pixels depend on source and output grid alone: neither on how the output is cut into blocks, nor on threads
 * or instruction sets. A pixel is valid when the source pixel under its centre is (average and mode: when any
 * under it is); masked source pixels leave the weights; past the source's edge there is nothing to weigh. */
#ifndef DTAKE_RASTER_WARP_H
#define DTAKE_RASTER_WARP_H

#include <datatake/raster.h>

#include "geo/output_grid.h"

typedef struct dtake__warp dtake__warp; /* immutable when made: any number of threads */

/* `source`: the level that will be read (dtake__warp_level). `window`: the part of `grid` that will be asked
 * for; what comes out is the same whatever it is. Copies what it needs. CPU work of a worker (PROJ). */
dtake_status dtake__warp_new(dtake__warp **out, const dtake__raster_grid *source,
                             const dtake__raster_grid *grid, dtake_window window, dtake_resampling how,
                             dtake_error *err);
void dtake__warp_free(dtake__warp *warp);

/* The source pixels that a block (within `window`) needs, the kernel's margin included, cut to the source.
 * False: none, all of the block is masked. */
bool dtake__warp_window(const dtake__warp *warp, dtake_window block, dtake_window *source);

/* `in`: pixels of window `at` of the source, which holds what dtake__warp_window said (or more). `out` is
 * new: type and bands of `in`, with a mask unless all that was read is valid and all of the block lies
 * inside; masked samples are 0. A block that needs nothing: `in` is not looked at but for its type, bands and
 * mask_bands. */
dtake_status dtake__warp_run(const dtake__warp *warp, const dtake_pixels *in, dtake_window at,
                             dtake_window block, dtake_pixels *out, dtake_error *err);

/* From now on blocks are counted from this pixel of the grid. Before others use the warp. */
void dtake__warp_count_from(dtake__warp *warp, int64_t col, int64_t row);

/* Whether pixels are copied as they are: no resampling takes place, only a shift. */
bool dtake__warp_is_copy(const dtake__warp *warp);

/* A level of a raster as a grid: 0 full resolution, n its nth overview. */
dtake__raster_grid dtake__warp_level(const dtake_raster_info *info, int32_t overview);

/* The overview that gdalwarp reads for this grid (-ovr AUTO); 0: none. CPU work of a worker (PROJ). */
dtake_status dtake__warp_overview(const dtake_raster_info *info, const dtake__raster_grid *grid, int32_t *out,
                                  dtake_error *err);

#endif
