/* Making batches: row by row (a builder) or from columns that are there already. */
#ifndef DTAKE_TABLE_BATCH_H
#define DTAKE_TABLE_BATCH_H

#include <datatake/table.h>

/* Memory that several columns point into, counted. */
typedef struct dtake__block dtake__block;
dtake__block *dtake__block_new(size_t bytes); /* uninitialised; NULL: no memory */
/* Foreign memory; `release(ctx)` is called when nobody needs it any more. */
dtake__block *dtake__block_borrow(void (*release)(void *ctx), void *ctx);
void *dtake__block_data(dtake__block *block);
dtake__block *dtake__block_retain(dtake__block *block);
void dtake__block_release(dtake__block *block);

/* A batch of `rows` rows out of columns (copied shallowly, nested items too) whose memory lies in `blocks`,
 * of which the batch takes one reference each. Lengths and offsets must be right: this is for data that was
 * checked where it was read. */
dtake_status dtake__batch_new(dtake_batch **out, const dtake_schema *schema, int64_t rows,
                              const dtake_column *columns, dtake__block *const *blocks, size_t block_count,
                              dtake_error *err);

/* Rows `index[0..count)` of a batch, in that order; and a run of rows without copying values. */
dtake_status dtake__batch_take(dtake_batch **out, const dtake_batch *batch, const int32_t *index,
                               int64_t count, dtake_error *err);
dtake_status dtake__batch_slice(dtake_batch **out, const dtake_batch *batch, int64_t start, int64_t count,
                                dtake_error *err);

/* The builder: for each row a value for each field, in any order; a field without one is null in that row. */
typedef struct dtake__builder dtake__builder;
dtake_status dtake__builder_new(dtake__builder **out, const dtake_schema *schema, dtake_error *err);
void dtake__builder_free(dtake__builder *builder);
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
void dtake__builder_drop_row(dtake__builder *builder); /* forgets the row that was begun */
int64_t dtake__builder_rows(const dtake__builder *builder);
int64_t dtake__builder_bytes(const dtake__builder *builder);
/* What was put so far as a batch; the builder is empty again and keeps its capacity. */
dtake_status dtake__builder_take(dtake__builder *builder, dtake_batch **out, dtake_error *err);

#endif
