/* Rows that were put and wait to become chunks. */
#ifndef DTAKE_CATALOG_PENDING_H
#define DTAKE_CATALOG_PENDING_H

#include "catalog/catalog.h"
#include "catalog/picked.h"

typedef struct dtake__pending { /* zero-initialise */
    dtake_batch **at;           /* of one schema, in the order they were put */
    size_t count, room;
    int64_t rows, bytes;
} dtake__pending;

/* Retains the batch: all rows with time and id, and with a name where the schema has one. */
dtake_status dtake__pending_put(dtake__pending *pending, const dtake_batch *batch, dtake_error *err);
void dtake__pending_empty(dtake__pending *pending); /* keeps its room */
void dtake__pending_dispose(dtake__pending *pending);

/* The rows, counted through all batches, in the order of results and without those that others repeat
 * (catalog/repeats.h). */
typedef struct dtake__ordered { /* zero-initialise */
    int32_t *order;
    int64_t rows;
    int64_t *times; /* of all rows, as they are counted */
    uint8_t (*ids)[16];
} dtake__ordered;

dtake_status dtake__pending_order(const dtake__pending *pending, const dtake_schema *schema,
                                  dtake__ingest_counts *counts, dtake__ordered *out, dtake_error *err);
void dtake__ordered_dispose(dtake__ordered *ordered);

/* Rows `order[0..count)`, picked, or copied to a batch of their own. */
dtake_status dtake__pending_pick(const dtake__pending *pending, const int32_t *order, int64_t count,
                                 dtake__picked *out, dtake_error *err);
dtake_status dtake__pending_copy(const dtake__pending *pending, const int32_t *order, int64_t count,
                                 dtake_batch **out, dtake_error *err);

#endif
