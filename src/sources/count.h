/* How many datapoints a query finds, by reading them without their data: for services that do not count. */
#ifndef DTAKE_SOURCES_COUNT_H
#define DTAKE_SOURCES_COUNT_H

#include "sources/source.h"

typedef struct dtake__counting {
    dtake__source *source; /* the caller's to set, as is `done` */
    /* Once, on the loop thread, when nothing is under way any more. */
    void (*done)(struct dtake__counting *counting, dtake_status status, const dtake_error *err);
    int64_t rows;

    dtake__stream *stream; /* its own */
    dtake__pull pull;
} dtake__counting;

/* Copies the query. Loop thread; after a failure `done` is not called. */
dtake_status dtake__counting_start(dtake__counting *counting, const dtake_query *query, dtake_error *err);

#endif
