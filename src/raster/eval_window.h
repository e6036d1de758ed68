/* Which pixels of a grid a shape, or a band, fills: those whose centre is inside. */
#ifndef DTAKE_RASTER_EVAL_WINDOW_H
#define DTAKE_RASTER_EVAL_WINDOW_H

#include "raster/eval_value.h"

/* The pixels around the shape's area; nothing where it has none. */
dtake_status dtake__shape_window(const dtake__figure *shape, const dtake__raster_grid *grid,
                                 dtake_window *out, dtake_error *err);
/* Those of a band on another grid of its own CRS. */
dtake_status dtake__window_on(const dtake__band_value *band, const dtake__raster_grid *grid,
                              dtake_window *out, bool *bounded, dtake_error *err);

#endif
