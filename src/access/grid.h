/* The grid of one image's output, and how each of its files is brought onto it. CPU work of a worker. */
#ifndef DTAKE_ACCESS_GRID_H
#define DTAKE_ACCESS_GRID_H

#include <datatake/get.h>
#include <datatake/raster.h>

#include "geo/area.h"
#include "geo/output_grid.h"
#include "raster/warp.h"

/* One distinct file of an image. */
typedef struct dtake__layer {
    const char *href;     /* borrowed */
    dtake_raster *raster; /* NULL until it is open */
    int32_t *band;        /* to read, from 1, in the order of the output; more than once when asked so */
    size_t band_count;
    bool classes; /* resampled by nearest neighbour, whatever is asked for */
    /* filled by dtake__grid_plan */
    int32_t overview;
    dtake_window window; /* to read, in pixels of the overview */
    int64_t *col, *row;  /* within the window, one a column and row of the output; -1: outside. NULL: the
                            window is  the output's grid */
    dtake__warp *warp;   /* instead of picks: resampled; NULL: not */
    bool empty;          /* with warp: nothing of the file lies in the output */
    int64_t grid_px;     /* of a grid that is not the output's; 0: the output's */
} dtake__layer;

typedef struct dtake__grid {
    const char *crs;            /* of a layer, or asked for; "" if none */
    char utm[DTAKE__UTM_BYTES]; /* where `crs` points for "utm": a grid stays where it was planned */
    bool has_transform;
    dtake_affine transform;
    int64_t width, height;
    bool has_area;
    dtake__outline area; /* --intersects in the grid's CRS: what is outside is masked */
} dtake__grid;

/* The grid that is asked for; with no word of a CRS, resolution in its units, extent or size, that of the
 * finest layer, or with --scale one of that pixel size, cut to the area asked for. All layers are open.
 * DTAKE_E_EMPTY: the area is outside the image. */
dtake_status dtake__grid_plan(dtake__grid *grid, const dtake_get_options *options, dtake__layer *layer,
                              size_t count, dtake_error *err);
/* Brings `layer` (its raster and bands are known) onto a grid of a graph's own: the pixel under each centre.
 */
dtake_status dtake__layer_plan_on(dtake__layer *layer, const dtake__raster_grid *grid, dtake_error *err);
void dtake__grid_dispose(dtake__grid *grid);

/* One file onto a window of any grid, by the pixel under each centre; the window may reach past the grid.
 * *part is the window as the layer counts it. Nothing fails for lying outside of the file. */
dtake_status dtake__layer_place(dtake__layer *layer, const dtake__raster_grid *grid, dtake_window window,
                                dtake_window *part, dtake_error *err);
void dtake__layer_dispose(dtake__layer *layer); /* closes the raster */

/* Pixel (col, row) of `to` that holds the centre of pixel i of `from`, along one axis each: centre * step +
 * start, rounded down; a centre within a millionth of a pixel of an edge counts as on it. */
int64_t dtake__nearest(double start, double step, int64_t i);

#endif
