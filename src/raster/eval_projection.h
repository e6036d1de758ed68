/* Grids as the functions of the graph are told them: crs, crsTransform, scale. */
#ifndef DTAKE_RASTER_EVAL_PROJECTION_H
#define DTAKE_RASTER_EVAL_PROJECTION_H

#include "raster/eval_value.h"

/* Pixels that many metres wide; the origin stays. */
dtake_status dtake__grid_scale(dtake__raster_grid *grid, double scale_m, dtake_error *err);

/* `base` with the arguments `transform` and the one behind it, scale; either may be null. Size 0. */
dtake_status dtake__call_grid(dtake__call *call, const dtake__raster_grid *base, int transform,
                              const dtake__raster_grid **out, dtake_error *err);

#endif
