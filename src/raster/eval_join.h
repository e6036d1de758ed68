/* Joins as values. */
#ifndef DTAKE_RASTER_EVAL_JOIN_H
#define DTAKE_RASTER_EVAL_JOIN_H

#include "raster/eval_value.h"

typedef enum dtake__join_kind {
    DTAKE__JOIN_SIMPLE,   /* elements that have a match */
    DTAKE__JOIN_INVERTED, /* those that have none */
    DTAKE__JOIN_INNER,    /* a feature for each pair */
    DTAKE__JOIN_ALL,      /* elements with a list of their matches */
    DTAKE__JOIN_FIRST,    /* elements with the first of them */
} dtake__join_kind;

struct dtake__join {
    dtake__join_kind kind;
    const char *key, *right_key; /* properties of what comes out */
    const char *ordering;        /* of matches, by this property; NULL: as they are */
    bool descending;
    bool outer; /* elements without a match, too */
};

#endif
