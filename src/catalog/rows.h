/* Rows of chunks as batches. */
#ifndef DTAKE_CATALOG_ROWS_H
#define DTAKE_CATALOG_ROWS_H

#include "catalog/select.h"

/* A column of nulls, for fields that a chunk does not have. */
dtake_status dtake__null_column(const dtake_field *field, int64_t rows, dtake__arena *arena,
                                dtake_column *out, dtake_error *err);

/* The rows of these frames, in stored order, under a schema whose fields are found by name, ids by their
 * role. */
dtake_status dtake__chunk_batch(const dtake__chunk *chunk, const dtake_schema *schema,
                                const dtake__frames *runs, size_t count, const bool *wanted,
                                dtake__body *bytes, dtake_batch **out, dtake_error *err);

/* One field of these frames: its column, ids, or nulls when the chunk does not have it. */
dtake_status dtake__chunk_field_column(const dtake__chunk *chunk, const dtake_field *field,
                                       const dtake__frames *runs, size_t count, const bool *wanted,
                                       dtake__body *bytes, dtake__arena *arena, dtake_column *out,
                                       dtake_error *err);

/* The rows that were picked, in their order. */
dtake_status dtake__chunk_rows(const dtake__chunk *chunk, const dtake_schema *schema,
                               const dtake__selection *selection, dtake__body *bytes, dtake_batch **out,
                               dtake_error *err);

/* All rows that are not dead, in stored order. */
dtake_status dtake__living_rows(dtake__db *db, int64_t chunk, const uint8_t *dead, const dtake_schema *schema,
                                dtake_batch **out, dtake_error *err);

#endif
