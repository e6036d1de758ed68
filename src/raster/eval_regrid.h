/* Pixels of one grid on another: what `reproject`, `resample` and `reduceResolution` come to. The input is
 * computed on a grid of its own, of which each pixel of the output takes one pixel, some around its centre,
 * or all under it. */
#ifndef DTAKE_RASTER_EVAL_REGRID_H
#define DTAKE_RASTER_EVAL_REGRID_H

#include "raster/eval_reduce.h"

typedef enum dtake__regrid_kind {
    DTAKE__REGRID_NEAREST,
    DTAKE__REGRID_BILINEAR,
    DTAKE__REGRID_BICUBIC,
    DTAKE__REGRID_REDUCE, /* nearest where the output is as fine as the input, or finer */
} dtake__regrid_kind;

/* Lives as long as the expressions. */
typedef struct dtake__regrid {
    dtake__raster_grid grid; /* without end: its size is of no concern */
    dtake__regrid_kind kind;
    dtake__reducer_output reducer; /* with REDUCE */
    double max_pixels;             /* under one of the output; more is a failure, or */
    bool best_effort;              /* is made fewer by halving the input's resolution */
} dtake__regrid;

/* `type`: the result's. */
dtake__px dtake__px_regrid(dtake__expressions *expressions, const dtake__regrid *regrid, dtake__px in,
                           dtake__px_type type);

#endif
