/* Where the pixels of a grid are. */
#ifndef DTAKE_RASTER_EVAL_PLACE_H
#define DTAKE_RASTER_EVAL_PLACE_H

#include "raster/eval_pixel.h"

/* Longitudes and latitudes of a lattice of the window, row by row: the centres of pixels (`offset` 0.5), or
 * their corners (0). *out is the caller's, also after a failure; what cannot be transformed is HUGE_VAL. */
dtake_status dtake__place_degrees(const dtake__raster_grid *grid, dtake_window window, double offset,
                                  double **out, dtake_error *err);

#endif
