/* The answer of one chunk: rows in the order of results, under the schema of results. */
#ifndef DTAKE_CATALOG_PART_H
#define DTAKE_CATALOG_PART_H

#include "catalog/select.h"
#include "catalog/store.h"

typedef struct dtake__part {
    dtake_batch *batch;
    const int64_t
        *times; /* of its rows: `own_times`, or when that is NULL of a column of the batch; so ids */
    int64_t *own_times;
    const uint8_t (*ids)[16]; /* NULL: were not asked for */
    uint8_t (*own_ids)[16];
    int64_t rows, at;  /* rows from `at` on are still to be given */
    int64_t row_bytes; /* about */
} dtake__part;

/* What results look like. */
typedef struct dtake__result_schema {
    dtake_schema *schema; /* of results */
    dtake_schema *stored; /* its fields but the collection */
    int collection;       /* place of the collection among the fields; -1: none */
} dtake__result_schema;

dtake_status dtake__result_schema_make(dtake__result_schema *out, const dtake_schema *dataset,
                                       const dtake_query *query, dtake_error *err);
/* The same; that of queries for all fields is made once for a dataset. */
dtake_status dtake__result_schema_of(dtake__result_schema *out, const dtake__dataset *dataset,
                                     const dtake_query *query, dtake_error *err);
void dtake__result_schema_dispose(dtake__result_schema *schema);
void dtake__result_schema_free(dtake__result_schema *schema); /* NULL is fine */

/* *out stays empty (rows 0) when nothing of the chunk is wanted. */
dtake_status dtake__part_make(dtake__part *out, dtake__demand *demand, const dtake__listed_chunk *listed,
                              const dtake__chunk *chunk, dtake__pieces *pieces, const dtake__wish *wish,
                              const dtake__result_schema *schema, const char *collection, dtake_error *err);
void dtake__part_dispose(dtake__part *part);

#endif
