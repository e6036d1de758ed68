/* Making a batch row by row: a value for each field, in any order; a field without one is null in that row.
 *
 * Puts return DTAKE_OK, DTAKE_E_NOMEM, DTAKE_E_LIMIT (the column would pass 2^31 bytes: drop the row, take
 * the batch, put the row again), DTAKE_E_USAGE (not a value of this type, UUID: not 16 bytes), DTAKE_E_RANGE
 * (not one of the enum's values), DTAKE_E_FORMAT (text that is not UTF-8) or DTAKE_E_STATE (an item before
 * its list). After a failure the row can go on without the value. A second value for a field replaces the
 * first.
 */
#ifndef DTAKE_TABLE_BUILDER_H
#define DTAKE_TABLE_BUILDER_H

#include <datatake/table.h>

typedef struct dtake__builder dtake__builder;
dtake_status dtake__builder_new(dtake__builder **out, const dtake_schema *schema, dtake_error *err);
void dtake__builder_free(dtake__builder *builder); /* NULL is fine */
const dtake_schema *dtake__builder_schema(const dtake__builder *builder);

dtake_status dtake__put_null(dtake__builder *builder, size_t field); /* mostly for items of lists */
dtake_status dtake__put_bool(dtake__builder *builder, size_t field, bool value);
dtake_status dtake__put_i64(dtake__builder *builder, size_t field,
                            int64_t value); /* INT64, TIMESTAMP, DURATION, ENUM */
dtake_status dtake__put_u64(dtake__builder *builder, size_t field, uint64_t value);
dtake_status dtake__put_f64(dtake__builder *builder, size_t field, double value);
dtake_status dtake__put_bytes(dtake__builder *builder, size_t field, const void *bytes,
                              size_t len); /* STRING, BYTES, UUID, GEOMETRY, JSON, ASSETS */
dtake_status dtake__put_vector(dtake__builder *builder, size_t field, const double *values);
dtake_status dtake__put_list(dtake__builder *builder,
                             size_t field); /* the puts of this field until the row's end are its items */

dtake_status dtake__builder_end_row(dtake__builder *builder);
void dtake__builder_drop_row(dtake__builder *builder);       /* forgets the row that was begun */
int64_t dtake__builder_rows(const dtake__builder *builder);  /* ended ones */
int64_t dtake__builder_bytes(const dtake__builder *builder); /* about what a batch of them takes */

/* What was put so far as a batch; the builder is empty again and keeps its capacity. On failure nothing is
 * lost. A row that was begun is forgotten. */
dtake_status dtake__builder_take(dtake__builder *builder, dtake_batch **out, dtake_error *err);

#endif
