/* Making batches: row by row (table/builder.h) or from columns that are there already. */
#ifndef DTAKE_TABLE_BATCH_H
#define DTAKE_TABLE_BATCH_H

#include <datatake/table.h>

#include "table/builder.h"

/* Memory that several columns point into, counted. */
typedef struct dtake__block dtake__block;
dtake__block *dtake__block_new(size_t bytes); /* uninitialised, aligned to 64 bytes; NULL: no memory */
/* The same beside others of its kind in regions of several MiB, which are given back when the last of them
 * goes: for columns that come and go together. The kernel then gives memory by the huge page. */
dtake__block *dtake__block_new_packed(size_t bytes);
/* Foreign memory; `release(ctx)` is called when nobody needs it any more. NULL: no memory, nothing called. */
dtake__block *dtake__block_borrow(void (*release)(void *ctx), void *ctx);
void *dtake__block_data(dtake__block *block); /* NULL for foreign memory */
size_t dtake__block_bytes(const dtake__block *block);
dtake__block *dtake__block_retain(dtake__block *block);
void dtake__block_release(dtake__block *block); /* NULL is fine */

/* The memory of a batch while its columns are made: small pieces share blocks. Zero-initialise. */
typedef struct dtake__arena {
    dtake__block **blocks;
    size_t count, room;
    uint8_t *at; /* what is left of the last block */
    size_t left, next_bytes;
    bool packed; /* blocks are dtake__block_new_packed */
} dtake__arena;

void *dtake__arena_alloc(dtake__arena *arena, size_t bytes); /* aligned to 64 bytes; NULL: no memory */
/* Adds a reference of its own to a block that columns point into, or to all blocks of a batch. */
dtake_status dtake__arena_keep(dtake__arena *arena, dtake__block *block);
dtake_status dtake__arena_keep_batch(dtake__arena *arena, const dtake_batch *batch);
void dtake__arena_dispose(dtake__arena *arena); /* batches made from it live on */
/* Empty again, with the largest of its blocks that nobody else holds: for what is made and left again and
 * again. */
void dtake__arena_rewind(dtake__arena *arena);

/* A batch of `rows` rows out of columns, one a field (copied shallowly, nested items too), whose memory lies
 * in `blocks`. The batch adds a reference of its own to each block; the caller's stay the caller's. Lengths
 * and offsets must be right: this is for data that was checked where it was read. */
dtake_status dtake__batch_new(dtake_batch **out, const dtake_schema *schema, int64_t rows,
                              const dtake_column *columns, dtake__block *const *blocks, size_t block_count,
                              dtake_error *err);

/* About the memory of its rows, for limits. */
int64_t dtake__batch_bytes(const dtake_batch *batch);

/* Rows `index[0..count)` of a batch, in that order; DTAKE_E_RANGE for one that is not there. */
dtake_status dtake__batch_take(dtake_batch **out, const dtake_batch *batch, const int32_t *index,
                               int64_t count, dtake_error *err);

/* The same out of several batches of one schema. DTAKE_E_STATE: they have different ones. */
typedef struct dtake__pick {
    uint32_t batch;
    int32_t row;
} dtake__pick;
dtake_status dtake__batch_gather(dtake_batch **out, const dtake_batch *const *batches, size_t batch_count,
                                 const dtake__pick *picks, int64_t count, dtake_error *err);

/* Rows of one column, into `arena`. `items`: room for those of a list. All of the indices must be there;
 * DTAKE_E_NOMEM, DTAKE_E_LIMIT. */
dtake_status dtake__column_take(dtake_column *out, dtake_column *items, const dtake_column *column,
                                const dtake_field *field, const int32_t *index, int64_t count,
                                dtake__arena *arena);

/* A run of rows; values are shared, of bits a copy is made where the run begins inside a byte. */
dtake_status dtake__batch_slice(dtake_batch **out, const dtake_batch *batch, int64_t start, int64_t count,
                                dtake_error *err);

/* Bits, a column of that kind, or the items of one, cut in place. */
dtake_status dtake__bits_slice(const uint8_t **bits, int64_t start, int64_t count, dtake__arena *arena);
dtake_status dtake__column_slice(dtake_column *column, const dtake_field *field, int64_t start, int64_t count,
                                 dtake__arena *arena);

/* The rows of batches of one schema, one after another. */
dtake_status dtake__batch_concat(dtake_batch **out, const dtake_batch *const *batches, size_t count,
                                 dtake_error *err);

/* The same rows under another schema: fields are found by role, else by name; those that the batch lacks are
 * null, those that the schema lacks are left out. Whole numbers become float64 where the schema wants that,
 * and an enum may have more values; any other difference is DTAKE_E_STATE. Columns are shared. */
dtake_status dtake__batch_cast(dtake_batch **out, const dtake_batch *batch, const dtake_schema *schema,
                               dtake_error *err);

/* DTAKE_E_STATE tells the first difference: "row 3, cloud_cover: 12.5, expected 13". For tests and checks. */
dtake_status dtake__batch_compare(const dtake_batch *batch, const dtake_batch *expected, dtake_error *err);

#endif
