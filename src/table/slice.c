/* A run of the rows of a batch. */
#include "table/batch.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

dtake_status dtake__bits_slice(const uint8_t **bits, int64_t start, int64_t count, dtake__arena *arena)
{
    if ((start & 7) == 0) {
        *bits += start >> 3;
        return DTAKE_OK;
    }
    uint8_t *copy = dtake__arena_alloc(arena, dtake__bit_bytes(count));
    if (!copy)
        return DTAKE_E_NOMEM;
    dtake__bits_copy(copy, *bits, start, count);
    *bits = copy;
    return DTAKE_OK;
}

dtake_status dtake__column_slice(dtake_column *column, const dtake_field *field, int64_t start, int64_t count,
                                 dtake__arena *arena)
{
    dtake_status st = DTAKE_OK;
    column->rows = count;
    if (column->validity) {
        column->null_count = count - dtake__bits_count(column->validity, start, count);
        st = dtake__bits_slice(&column->validity, start, count, arena);
        if (column->null_count == 0)
            column->validity = NULL;
    }
    if (column->offsets)
        column->offsets += start;
    else if (dtake__layout_of(field->type) == DTAKE__BITS && st == DTAKE_OK)
        st = dtake__bits_slice((const uint8_t **)&column->values, start, count, arena);
    else if (column->values)
        column->values = (const uint8_t *)column->values + (size_t)start * dtake__value_bytes(field);
    return st;
}

dtake_status dtake__batch_slice(dtake_batch **out, const dtake_batch *batch, int64_t start, int64_t count,
                                dtake_error *err)
{
    if (start < 0 || count < 0 || start > dtake_batch_rows(batch) - count)
        return dtake__fail(err, DTAKE_E_RANGE, "rows %lld to %lld of a batch of %lld", (long long)start,
                           (long long)(start + count), (long long)dtake_batch_rows(batch));
    const dtake_schema *schema = dtake_batch_schema(batch);
    size_t fields = dtake_schema_count(schema);
    dtake__arena arena = { 0 };
    dtake_column *columns = dtake__calloc(fields, sizeof *columns);
    dtake_status st = columns ? dtake__arena_keep_batch(&arena, batch) : DTAKE_E_NOMEM;
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        columns[i] = *dtake_batch_column(batch, i);
        st = dtake__column_slice(&columns[i], dtake_schema_field(schema, i), start, count, &arena);
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, count, columns, arena.blocks, arena.count, err);
    else
        dtake__fail_nomem(err, "a run of rows");
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}
