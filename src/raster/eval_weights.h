/* Kernels as values: weights around a pixel. */
#ifndef DTAKE_RASTER_EVAL_WEIGHTS_H
#define DTAKE_RASTER_EVAL_WEIGHTS_H

#include "raster/eval_value.h"

enum { DTAKE__MAX_KERNEL_SIDE = 512 };

struct dtake__weights {
    int64_t width, height;
    int64_t col, row; /* of the pixel itself */
    double *weight;   /* row by row */
};

#endif
