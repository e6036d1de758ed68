#include "table/batch.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <stdatomic.h>

struct dtake_batch {
    atomic_long refs;
    dtake_schema *schema;
    int64_t rows;
    dtake_column *columns; /* and behind them the items of repeated ones */
    dtake__block **blocks;
    size_t block_count;
};

static size_t count_items(const dtake_column *columns, size_t fields)
{
    size_t items = 0;
    for (size_t i = 0; i < fields; i++)
        items += columns[i].items != NULL;
    return items;
}

/* One allocation: the batch, the columns, the items, the blocks. */
static dtake_batch *allocate(size_t columns, size_t blocks)
{
    dtake_batch *batch =
        dtake__calloc(1, sizeof *batch + columns * sizeof(dtake_column) + blocks * sizeof(dtake__block *));
    if (!batch)
        return NULL;
    batch->columns = (dtake_column *)(batch + 1);
    batch->blocks = (dtake__block **)(batch->columns + columns);
    return batch;
}

dtake_status dtake__batch_new(dtake_batch **out, const dtake_schema *schema, int64_t rows,
                              const dtake_column *columns, dtake__block *const *blocks, size_t block_count,
                              dtake_error *err)
{
    size_t fields = dtake_schema_count(schema);
    dtake_batch *batch = allocate(fields + count_items(columns, fields), block_count);
    if (!batch)
        return dtake__fail_nomem(err, "a batch");
    batch->refs = 1;
    batch->schema = dtake_schema_retain(schema);
    batch->rows = rows;
    batch->block_count = block_count;
    for (size_t i = 0; i < block_count; i++)
        batch->blocks[i] = dtake__block_retain(blocks[i]);
    dtake_column *item = batch->columns + fields;
    for (size_t i = 0; i < fields; i++) {
        batch->columns[i] = columns[i];
        if (columns[i].items) {
            *item = *columns[i].items;
            batch->columns[i].items = item++;
        }
    }
    *out = batch;
    return DTAKE_OK;
}

dtake_batch *dtake_batch_retain(const dtake_batch *batch)
{
    dtake_batch *own = (dtake_batch *)batch;
    atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
    return own;
}

void dtake_batch_release(dtake_batch *batch)
{
    if (!batch || atomic_fetch_sub_explicit(&batch->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < batch->block_count; i++)
        dtake__block_release(batch->blocks[i]);
    dtake_schema_release(batch->schema);
    dtake__free(batch);
}

int64_t dtake_batch_rows(const dtake_batch *batch)
{
    return batch->rows;
}

const dtake_schema *dtake_batch_schema(const dtake_batch *batch)
{
    return batch->schema;
}

const dtake_column *dtake_batch_column(const dtake_batch *batch, size_t index)
{
    return index < dtake_schema_count(batch->schema) ? &batch->columns[index] : NULL;
}

static int64_t column_bytes(const dtake_column *column, const dtake_field *field)
{
    int64_t bytes = column->rows / 8; /* which of them have a value */
    if (column->items != NULL)
        return bytes + 4 * column->rows + column_bytes(column->items, field);
    switch (dtake__layout_of(field->type)) {
    case DTAKE__BITS:
        return bytes + column->rows / 8;
    case DTAKE__VARIABLE:
        return column->rows == 0
                   ? 0
                   : bytes + 4 * column->rows + column->offsets[column->rows] - column->offsets[0];
    default:
        return bytes + column->rows * (int64_t)dtake__value_bytes(field);
    }
}

int64_t dtake__batch_bytes(const dtake_batch *batch)
{
    int64_t bytes = 0;
    for (size_t f = 0; f < dtake_schema_count(batch->schema); f++)
        bytes += column_bytes(&batch->columns[f], dtake_schema_field(batch->schema, f));
    return bytes;
}

dtake_status dtake__arena_keep_batch(dtake__arena *arena, const dtake_batch *batch)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < batch->block_count && st == DTAKE_OK; i++)
        st = dtake__arena_keep(arena, batch->blocks[i]);
    return st;
}
