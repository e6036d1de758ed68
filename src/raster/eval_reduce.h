/* Many samples to one. What is masked does not count; where all is masked so is the result. */
#ifndef DTAKE_RASTER_EVAL_REDUCE_H
#define DTAKE_RASTER_EVAL_REDUCE_H

#include "raster/eval_value.h"

typedef enum dtake__reduction {
    DTAKE__REDUCE_MIN,
    DTAKE__REDUCE_MAX,
    DTAKE__REDUCE_SUM,
    DTAKE__REDUCE_MEAN,
    DTAKE__REDUCE_COUNT,
    DTAKE__REDUCE_VARIANCE, /* of all that there is, not of a sample of it */
    DTAKE__REDUCE_STD_DEV,
    DTAKE__REDUCE_FIRST,
    DTAKE__REDUCE_LAST,
    DTAKE__REDUCE_ALL,        /* allNonZero */
    DTAKE__REDUCE_ANY,        /* anyNonZero */
    DTAKE__REDUCE_MODE,       /* of several the smallest */
    DTAKE__REDUCE_PERCENTILE, /* straight between neighbours in order; 50 is the median */
} dtake__reduction;

typedef struct dtake__reducer_output {
    dtake__reduction kind;
    double argument;  /* percent */
    const char *name; /* "mean", "p90" */
} dtake__reducer_output;

struct dtake__reducer {
    const dtake__reducer_output *output; /* of lists: its name alone */
    size_t count;
    bool lists;    /* keeps what it is given, of columns only */
    size_t tuple;  /* so many inputs to an item; 0: the input itself */
    size_t repeat; /* the same for each of so many columns; 0: one column */
};

/* Whether pixels can be reduced by it. */
dtake_status dtake__reducer_check(const dtake__reducer *reducer, dtake_error *err);

/* Of at least one input. */
dtake__px dtake__reduce(dtake__expressions *expressions, const dtake__reducer_output *output,
                        const dtake__px *in, size_t count);

/* Which input has the greatest sample, from 0, of equal ones the first; and the sample of input 1 + that of
 * the first one's value. */
dtake__px dtake__reduce_which(dtake__expressions *expressions, const dtake__px *in, size_t count);
dtake__px dtake__reduce_pick(dtake__expressions *expressions, const dtake__px *which_and_in, size_t count);

enum { DTAKE__REDUCE_MAX_INPUTS = 4096 };

#endif
