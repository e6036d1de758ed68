/* One file of an image, and how it is brought onto a grid. CPU work of a worker. */
#ifndef DTAKE_ACCESS_LAYER_H
#define DTAKE_ACCESS_LAYER_H

#include <datatake/get.h>
#include <datatake/raster.h>

#include "raster/warp.h"

typedef struct dtake__grid dtake__grid;

/* One distinct file of an image. */
typedef struct dtake__layer {
    const char *href;     /* borrowed */
    dtake_raster *raster; /* NULL until it is open */
    int32_t *band;        /* to read, from 1, in the order of the output; more than once when asked so */
    size_t band_count;
    bool classes; /* resampled by nearest neighbour, whatever is asked for */
    /* filled by planning */
    int32_t overview;
    dtake_window window; /* to read, in pixels of the overview */
    int64_t *col, *row;  /* within the window, one a column and row of the output; -1: outside. NULL: the
                            window is the output's grid */
    dtake__warp *warp;   /* instead of picks: resampled; NULL: not */
    bool empty;          /* with warp: nothing of the file lies in the output */
    int64_t grid_px;     /* of a grid that is not the output's; 0: the output's */
} dtake__layer;

/* Onto the grid of an output; `rescaled`: it need not be as fine as the file, and an overview may do. */
dtake_status dtake__layer_plan(dtake__layer *layer, const dtake__grid *grid, bool rescaled,
                               dtake_resampling how, dtake_error *err);
bool dtake__layer_is_empty(const dtake__layer *layer, const dtake__grid *grid); /* as planned on that grid */

/* Brings `layer` (its raster and bands are known) onto a grid of a graph's own: the pixel under each centre.
 */
dtake_status dtake__layer_plan_on(dtake__layer *layer, const dtake__raster_grid *grid, dtake_error *err);

/* One file onto a window of any grid, by the pixel under each centre; the window may reach past the grid.
 * *part is the window as the layer counts it. Nothing fails for lying outside of the file. */
dtake_status dtake__layer_place(dtake__layer *layer, const dtake__raster_grid *grid, dtake_window window,
                                dtake_window *part, dtake_error *err);
void dtake__layer_dispose(dtake__layer *layer); /* closes the raster */

/* Pixel (col, row) of `to` that holds the centre of pixel i of `from`, along one axis each: centre * step +
 * start, rounded down; a centre within a millionth of a pixel of an edge counts as on it. */
int64_t dtake__nearest(double start, double step, int64_t i);

#endif
