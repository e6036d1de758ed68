/* Pixels that are arrays, of one or two dimensions. Their sides are known when the graph is evaluated: a band
 * of arrays is one node that names the expressions of all elements, and no operation on samples takes it
 * (dtake__px_add tells). Functions that know arrays look into it; those of each pixel go through its
 * elements. */
#ifndef DTAKE_RASTER_EVAL_ARRAY_H
#define DTAKE_RASTER_EVAL_ARRAY_H

#include "raster/eval_function.h"

enum { DTAKE__MAX_ARRAY = 4096, DTAKE__MAX_ARRAY_DIMS = 2 };

typedef struct dtake__array {
    int dims;                           /* 0: a number */
    size_t side[DTAKE__MAX_ARRAY_DIMS]; /* 1 beyond dims */
    const dtake__px *px;                /* row by row */
} dtake__array;

/* What a band's pixels are. A number is an array without dimensions, whose element `px` itself is. */
dtake__array dtake__array_of(const dtake__expressions *expressions, const dtake__px *px);
size_t dtake__array_count(const dtake__array *array);
/* Its node; of a number the number. */
dtake__px dtake__array_px(dtake__call *call, const dtake__array *array);
/* Room for elements; NULL (told): there may not be so many. */
dtake__px *dtake__array_room(dtake__call *call, size_t count, dtake_error *err);

/* Element by element; a number goes with each of the other's. 0 where the sides differ: the expressions tell.
 */
dtake__px dtake__array_each(dtake__call *call, dtake__each_fn *make, const void *ctx, dtake__px a);
dtake__px dtake__array_pairs(dtake__call *call, dtake__pair_fn *make, const void *ctx, dtake__px a,
                             dtake__px b);

/* Of a value of kind DTAKE__ARRAY, lists of lists of numbers. */
dtake_status dtake__array_constant(dtake__call *call, const dtake__value *value, dtake__array *out,
                                   dtake_error *err);

#endif
