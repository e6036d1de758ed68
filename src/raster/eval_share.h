/* Samples that count in part, to one: pixels under a larger one, pixels of a region. */
#ifndef DTAKE_RASTER_EVAL_SHARE_H
#define DTAKE_RASTER_EVAL_SHARE_H

#include "raster/eval_reduce.h"

typedef struct dtake__share {
    double value;
    double weight; /* how much of the pixel counts, 0 to 1 */
    bool inside;   /* its centre does */
} dtake__share;

/* Zero-initialise. Earth Engine's rule: mean, sum, variance, standard deviation and mode weigh what counts by
 * 0.5 % at least; the others take pixels whose centre is inside, whole. */
typedef struct dtake__shares {
    bool keeps; /* dtake__shares_need: percentiles and mode want all samples */
    double total, sum, mean, spread;
    double count, zeros, min, max, first, last;
    dtake__share *at;
    size_t kept, room;
} dtake__shares;

bool dtake__shares_need(const dtake__reducer_output *output);
void dtake__shares_clear(dtake__shares *shares); /* keeps its memory */
void dtake__shares_dispose(dtake__shares *shares);
bool dtake__shares_add(dtake__shares *shares, dtake__share share); /* false: no memory */

/* False: nothing counts, which is a value of `count` alone. Sorts what was kept. */
bool dtake__shares_reduce(dtake__shares *shares, const dtake__reducer_output *output, double *out);

#endif
