/* What a page of datapoints becomes: messages to columns, of them the rows and fields that the query wants,
 * as the embedded catalogue would give them. What the service has sifted already passes once more. */
#ifndef DTAKE_SOURCES_TILEBOX_SIEVE_H
#define DTAKE_SOURCES_TILEBOX_SIEVE_H

#include "catalog/demand.h"
#include "catalog/part.h"
#include "protocol/tilebox/datapoints.h"

/* The same for every page of a query; does not change. */
typedef struct dtake__sieve {
    const dtake_query *query;
    dtake__tilebox_type *type;
    dtake__result_schema schema;
    bool whole; /* datapoints are read with all their fields: rows are looked at, or merged */
} dtake__sieve;

dtake_status dtake__sieve_init(dtake__sieve *sieve, const dtake_query *query, dtake__tilebox_type *type,
                               bool merges, dtake_error *err);
void dtake__sieve_dispose(dtake__sieve *sieve);

/* What one thread at a time needs for it. */
typedef struct dtake__sifter {
    struct dtake__sifter *next; /* the owner's */
    dtake__datapoints_decoder *decoder;
    bool has_demand;
    dtake__demand demand;
} dtake__sifter;

/* `rows`: of a page, about. */
dtake_status dtake__sifter_new(dtake__sifter **out, const dtake__sieve *sieve, int64_t rows,
                               dtake_error *err);
void dtake__sifter_free(dtake__sifter *sifter); /* NULL is fine */

/* A page as results; the keys are there when the sieve merges. */
typedef struct dtake__sifted {
    dtake_batch *batch; /* NULL: no row passed */
    int64_t rows;
    int64_t *times; /* of the rows */
    uint8_t (*ids)[16];
} dtake__sifted;

dtake_status dtake__sift(dtake__sifter *sifter, const dtake__sieve *sieve, dtake__span repeated_any,
                         const char *collection, dtake__sifted *out, dtake_error *err);
void dtake__sifted_dispose(dtake__sifted *sifted);

/* Pages of several collections as one batch, in the order of time, then id. Takes what they hold. */
dtake_status dtake__sifted_merge(dtake__sifted *pages, size_t count, dtake_batch **out, dtake_error *err);

#endif
