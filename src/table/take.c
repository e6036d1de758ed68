/* Rows gathered by number, of one batch or of several. */
#include "table/batch.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"
#include "table/schema.h"

/* The same column of all batches, and rows of them: `index` of the only one, or `picks`. */
typedef struct picking {
    const dtake_column **parts;
    size_t part_count;
    const int32_t *index; /* NULL: picks */
    const dtake__pick *picks;
    int64_t count;
    dtake__arena *arena;
} picking;

static inline const dtake_column *part_of(const picking *pick, int64_t i)
{
    return pick->parts[pick->index ? 0 : pick->picks[i].batch];
}

static inline int32_t row_of(const picking *pick, int64_t i)
{
    return pick->index ? pick->index[i] : pick->picks[i].row;
}

static dtake_status take_column(const picking *pick, const dtake_field *field, bool list, dtake_column *to,
                                dtake_column *items);

static uint8_t *new_bits(const picking *pick)
{
    size_t bytes = dtake__bit_bytes(pick->count);
    uint8_t *bits = dtake__arena_alloc(pick->arena, bytes);
    if (bits && bytes > 0)
        memset(bits, 0, bytes);
    return bits;
}

static uint8_t *take_truths(const picking *pick)
{
    uint8_t *bits = new_bits(pick);
    for (int64_t i = 0; bits && i < pick->count; i++)
        bits[i >> 3] |= (uint8_t)(dtake__get_bool(part_of(pick, i), row_of(pick, i)) << (i & 7));
    return bits;
}

static dtake_status take_validity(const picking *pick, dtake_column *to)
{
    bool any = false;
    for (size_t i = 0; i < pick->part_count; i++)
        any |= pick->parts[i]->validity != NULL;
    if (!any)
        return DTAKE_OK;
    uint8_t *bits = new_bits(pick);
    if (!bits)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < pick->count; i++)
        bits[i >> 3] |= (uint8_t)(dtake__has_value(part_of(pick, i), row_of(pick, i)) << (i & 7));
    to->null_count = pick->count - dtake__bits_count(bits, 0, pick->count);
    to->validity = to->null_count > 0 ? bits : NULL;
    return DTAKE_OK;
}

/* Most of what a large load does: nothing in the loop but the load and the store. */
static void gather_words(const uint64_t *restrict from, const int32_t *restrict index, int64_t count,
                         uint64_t *restrict to)
{
    for (int64_t i = 0; i < count; i++)
        to[i] = from[index[i]];
}

static void *take_fixed(const picking *pick, size_t bytes)
{
    uint8_t *to = dtake__arena_alloc(pick->arena, (size_t)pick->count * bytes);
    if (!to)
        return NULL;
    if (bytes == sizeof(int64_t) && pick->index)
        gather_words(pick->parts[0]->values, pick->index, pick->count, (uint64_t *)to);
    else if (bytes == sizeof(int64_t))
        for (int64_t i = 0; i < pick->count; i++)
            memcpy(to + 8 * i, (const uint8_t *)part_of(pick, i)->values + 8 * (size_t)row_of(pick, i), 8);
    else
        for (int64_t i = 0; i < pick->count; i++)
            memcpy(to + (size_t)i * bytes,
                   (const uint8_t *)part_of(pick, i)->values + (size_t)row_of(pick, i) * bytes, bytes);
    return to;
}

static dtake_status take_offsets(const picking *pick, dtake_column *to)
{
    int32_t *offsets = dtake__arena_alloc(pick->arena, (size_t)(pick->count + 1) * sizeof *offsets);
    if (!offsets)
        return DTAKE_E_NOMEM;
    int64_t total = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < pick->count; i++) {
        const int32_t *from = part_of(pick, i)->offsets + row_of(pick, i);
        total += from[1] - from[0];
        if (total > DTAKE__COLUMN_MAX_BYTES)
            return DTAKE_E_LIMIT;
        offsets[i + 1] = (int32_t)total;
    }
    to->offsets = offsets;
    return DTAKE_OK;
}

/* Where rows lie in no order, each value would be waited for. */
static inline void fetch_ahead(const picking *pick, int64_t at)
{
    enum { AHEAD = 12, LINE_BYTES = 64 };
    size_t len;
    if (at + AHEAD >= pick->count)
        return;
    const char *value = dtake__get_bytes(part_of(pick, at + AHEAD), row_of(pick, at + AHEAD), &len);
    __builtin_prefetch(value);
    if (len > LINE_BYTES)
        __builtin_prefetch(value + LINE_BYTES);
}

static dtake_status take_bytes(const picking *pick, dtake_column *to)
{
    uint8_t *bytes = dtake__arena_alloc(pick->arena, (size_t)to->offsets[pick->count]);
    if (!bytes)
        return DTAKE_E_NOMEM;
    for (int64_t i = 0; i < pick->count; i++) {
        size_t len;
        fetch_ahead(pick, i);
        const char *value = dtake__get_bytes(part_of(pick, i), row_of(pick, i), &len);
        if (len > 0)
            memcpy(bytes + to->offsets[i], value, len);
    }
    to->values = bytes;
    return DTAKE_OK;
}

static dtake_status take_items(const picking *pick, const dtake_field *field, dtake_column *to,
                               dtake_column *items)
{
    int64_t total = to->offsets[pick->count];
    dtake__pick *picks = dtake__realloc_array(NULL, (size_t)total, sizeof *picks);
    const dtake_column **parts = dtake__calloc(pick->part_count, sizeof(dtake_column *));
    dtake_status st = picks && parts ? DTAKE_OK : DTAKE_E_NOMEM;
    for (size_t i = 0; i < pick->part_count && st == DTAKE_OK; i++)
        parts[i] = pick->parts[i]->items;
    for (int64_t i = 0; i < pick->count && st == DTAKE_OK; i++)
        for (int32_t k = 0; k < to->offsets[i + 1] - to->offsets[i]; k++)
            picks[to->offsets[i] + k] = (dtake__pick){ pick->index ? 0 : pick->picks[i].batch,
                                                       part_of(pick, i)->offsets[row_of(pick, i)] + k };
    picking all = { parts, pick->part_count, NULL, picks, total, pick->arena };
    if (st == DTAKE_OK)
        st = take_column(&all, field, false, items, NULL);
    dtake__free(picks);
    dtake__free(parts);
    to->items = items;
    return st;
}

static dtake_status take_column(const picking *pick, const dtake_field *field, bool list, dtake_column *to,
                                dtake_column *items)
{
    *to = (dtake_column){ .rows = pick->count };
    dtake_status st = take_validity(pick, to);
    dtake__layout layout = dtake__layout_of(field->type);
    if (st == DTAKE_OK && (list || layout == DTAKE__VARIABLE)) {
        st = take_offsets(pick, to);
        if (st != DTAKE_OK)
            return st;
        return list ? take_items(pick, field, to, items) : take_bytes(pick, to);
    }
    if (st != DTAKE_OK)
        return st;
    to->values = layout == DTAKE__BITS ? take_truths(pick) : take_fixed(pick, dtake__value_bytes(field));
    return to->values ? DTAKE_OK : DTAKE_E_NOMEM;
}

static const int32_t no_index;

dtake_status dtake__column_take(dtake_column *out, dtake_column *items, const dtake_column *column,
                                const dtake_field *field, const int32_t *index, int64_t count,
                                dtake__arena *arena)
{
    const picking pick = {
        .parts = &column, .part_count = 1, .index = index ? index : &no_index, .count = count, .arena = arena
    };
    return take_column(&pick, field, field->repeated, out, items);
}

static dtake_status take_columns(dtake_batch **out, const dtake_batch *const *batches, picking *pick,
                                 dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batches[0]);
    size_t fields = dtake_schema_count(schema);
    dtake__arena arena = { 0 };
    dtake_column *columns = dtake__calloc(2 * fields, sizeof *columns);
    pick->parts = dtake__calloc(pick->part_count, sizeof(dtake_column *));
    pick->arena = &arena;
    dtake_status st = columns && pick->parts ? DTAKE_OK : dtake__fail_nomem(err, "rows of a batch");
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++) {
        const dtake_field *field = dtake_schema_field(schema, i);
        for (size_t k = 0; k < pick->part_count; k++)
            pick->parts[k] = dtake_batch_column(batches[k], i);
        st = take_column(pick, field, field->repeated, &columns[i], &columns[fields + i]);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "%lld rows of field %s: %s", (long long)pick->count, field->name,
                        dtake_status_text(st));
    }
    if (st == DTAKE_OK)
        st = dtake__batch_new(out, schema, pick->count, columns, arena.blocks, arena.count, err);
    dtake__arena_dispose(&arena);
    dtake__free(pick->parts);
    dtake__free(columns);
    return st;
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
    picking pick = { .part_count = 1, .index = index ? index : &no_index, .count = count };
    dtake_status st = check_index(batch, index, count, err);
    return st == DTAKE_OK ? take_columns(out, &batch, &pick, err) : st;
}

static dtake_status check_picks(const dtake_batch *const *batches, size_t batch_count,
                                const dtake__pick *picks, int64_t count, dtake_error *err)
{
    if (batch_count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "gather rows: there are no batches");
    for (size_t i = 1; i < batch_count; i++)
        if (!dtake__schema_same(dtake_batch_schema(batches[0]), dtake_batch_schema(batches[i])))
            return dtake__fail(err, DTAKE_E_STATE, "gather rows: batch %zu has another schema", i + 1);
    for (int64_t i = 0; i < count; i++)
        if (picks[i].batch >= batch_count || picks[i].row < 0 ||
            picks[i].row >= dtake_batch_rows(batches[picks[i].batch]))
            return dtake__fail(err, DTAKE_E_RANGE, "gather rows: row %d of batch %u is not there",
                               picks[i].row, picks[i].batch + 1);
    return DTAKE_OK;
}

dtake_status dtake__batch_gather(dtake_batch **out, const dtake_batch *const *batches, size_t batch_count,
                                 const dtake__pick *picks, int64_t count, dtake_error *err)
{
    picking pick = { .part_count = batch_count, .picks = picks, .count = count };
    dtake_status st = check_picks(batches, batch_count, picks, count, err);
    return st == DTAKE_OK ? take_columns(out, batches, &pick, err) : st;
}
