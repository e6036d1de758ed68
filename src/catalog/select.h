/* The rows of one chunk that a plan takes. */
#ifndef DTAKE_CATALOG_SELECT_H
#define DTAKE_CATALOG_SELECT_H

#include "catalog/demand.h"
#include "catalog/met.h"

typedef struct dtake__selection {
    dtake__frames *runs; /* of the frames that have such rows */
    size_t run_count;
    uint32_t rows;   /* in these frames */
    int32_t *picked; /* which of these rows, in the order of results */
    int64_t count;
    int64_t *times;     /* of the rows of the frames, when they were read; else NULL */
    uint8_t (*ids)[16]; /* likewise */
    dtake__met met;     /* of all picked rows, or empty */
} dtake__selection;

/* Up to `want` rows, the first ones in the order of results (the last ones when `descending`, then in that
 * order); -1: all. `counting`: the order does not matter. */
typedef struct dtake__wish {
    int64_t want;
    bool descending, counting, with_times, with_ids;
} dtake__wish;

dtake_status dtake__select(dtake__demand *demand, const dtake__listed_chunk *listed,
                           const dtake__chunk *chunk, dtake__pieces *pieces, const dtake__wish *wish,
                           dtake__selection *out, dtake_error *err);
void dtake__selection_dispose(dtake__selection *selection);

#endif
