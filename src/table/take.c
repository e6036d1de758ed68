/* Rows of a batch gathered by number. */
#include "table/batch.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

typedef struct picking {
    const int32_t *index;
    int64_t count;
    dtake__arena *arena;
} picking;

static dtake_status take_column(const picking *pick, const dtake_column *from, const dtake_field *field,
                                bool list, dtake_column *to, dtake_column *items);

static uint8_t *take_bits(const picking *pick, const uint8_t *from, int64_t *zeros)
{
    size_t bytes = dtake__bit_bytes(pick->count);
    uint8_t *bits = dtake__arena_alloc(pick->arena, bytes);
    if (!bits)
        return NULL;
    if (bytes > 0)
        memset(bits, 0, bytes);
    for (int64_t i = 0; i < pick->count; i++)
        bits[i >> 3] |= (uint8_t)(dtake__bit(from, pick->index[i]) << (i & 7));
    *zeros = pick->count - dtake__bits_count(bits, 0, pick->count);
    return bits;
}

static void *take_fixed(const picking *pick, const void *values, size_t bytes)
{
    const uint8_t *from = values;
    uint8_t *to = dtake__arena_alloc(pick->arena, (size_t)pick->count * bytes);
    if (!to)
        return NULL;
    if (bytes == sizeof(int64_t))
        for (int64_t i = 0; i < pick->count; i++)
            memcpy(to + 8 * i, from + 8 * (size_t)pick->index[i], 8);
    else
        for (int64_t i = 0; i < pick->count; i++)
            memcpy(to + (size_t)i * bytes, from + (size_t)pick->index[i] * bytes, bytes);
    return to;
}

static dtake_status take_offsets(const picking *pick, const int32_t *from, dtake_column *to)
{
    int32_t *offsets = dtake__arena_alloc(pick->arena, (size_t)(pick->count + 1) * sizeof *offsets);
    if (!offsets)
        return DTAKE_E_NOMEM;
    int64_t total = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < pick->count; i++) {
        total += from[pick->index[i] + 1] - from[pick->index[i]];
        if (total > DTAKE__COLUMN_MAX_BYTES)
            return DTAKE_E_LIMIT;
        offsets[i + 1] = (int32_t)total;
    }
    to->offsets = offsets;
    return DTAKE_OK;
}

static dtake_status take_bytes(const picking *pick, const dtake_column *from, dtake_column *to)
{
    uint8_t *bytes = dtake__arena_alloc(pick->arena, (size_t)to->offsets[pick->count]);
    if (!bytes)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < pick->count; i++) {
        size_t len;
        const char *value = dtake__get_bytes(from, pick->index[i], &len);
        if (len > 0)
            memcpy(bytes + to->offsets[i], value, len);
    }
    to->values = bytes;
    return DTAKE_OK;
}

static dtake_status take_items(const picking *pick, const dtake_column *from, const dtake_field *field,
                               dtake_column *to, dtake_column *items)
{
    int64_t total = to->offsets[pick->count];
    int32_t *index = dtake__realloc_array(NULL, (size_t)total, sizeof *index);
    if (!index)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < pick->count; i++)
        for (int32_t k = 0; k < to->offsets[i + 1] - to->offsets[i]; k++)
            index[to->offsets[i] + k] = from->offsets[pick->index[i]] + k;
    picking all = { index, total, pick->arena };
    dtake_status st = take_column(&all, from->items, field, false, items, NULL);
    dtake__free(index);
    to->items = items;
    return st;
}

static dtake_status take_column(const picking *pick, const dtake_column *from, const dtake_field *field,
                                bool list, dtake_column *to, dtake_column *items)
{
    *to = (dtake_column){ .rows = pick->count };
    if (from->validity) {
        uint8_t *validity = take_bits(pick, from->validity, &to->null_count);
        if (!validity)
            return DTAKE_E_NOMEM;
        to->validity = to->null_count > 0 ? validity : NULL;
    }
    dtake__layout layout = dtake__layout_of(field->type);
    if (list || layout == DTAKE__VARIABLE) {
        dtake_status st = take_offsets(pick, from->offsets, to);
        if (st != DTAKE_OK)
            return st;
        return list ? take_items(pick, from, field, to, items) : take_bytes(pick, from, to);
    }
    int64_t zeros;
    to->values = layout == DTAKE__BITS ? take_bits(pick, from->values, &zeros)
                                       : take_fixed(pick, from->values, dtake__value_bytes(field));
    return to->values ? DTAKE_OK : DTAKE_E_NOMEM;
}

static dtake_status check_index(const dtake_batch *batch, const int32_t *index, int64_t count,
                                dtake_error *err)
{
    for (int64_t i = 0; i < count; i++)
        if (index[i] < 0 || index[i] >= dtake_batch_rows(batch))
            return dtake__fail(err, DTAKE_E_RANGE, "row %d of a batch of %lld", index[i],
                               (long long)dtake_batch_rows(batch));
    return DTAKE_OK;
}

dtake_status dtake__batch_take(dtake_batch **out, const dtake_batch *batch, const int32_t *index,
                               int64_t count, dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    size_t fields = dtake_schema_count(schema);
    dtake_status st = check_index(batch, index, count, err);
    if (st != DTAKE_OK)
        return st;
    dtake__arena arena = { 0 };
    dtake_column *columns = dtake__calloc(2 * fields, sizeof *columns);
    if (!columns)
        return dtake__fail_nomem(err, "rows of a batch");
    picking pick = { index, count, &arena };
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        const dtake_field *field = dtake_schema_field(schema, i);
        st = take_column(&pick, dtake_batch_column(batch, i), field, field->repeated, &columns[i],
                         &columns[fields + i]);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "%lld rows of field %s: %s", (long long)count, field->name,
                        dtake_status_text(st));
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, count, columns, arena.blocks, arena.count, err);
    dtake__arena_dispose(&arena);
    dtake__free(columns);
    return st;
}
