#include "catalog/decoding.h"

#include "catalog/hash.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "decode a column");
}

/* Numbers that do not fill eight bytes: by way of some that do. */
static dtake_status read_wide(const dtake__ints *ints, const dtake__frames *runs, size_t count,
                              const bool *wanted, dtake__body *body, int64_t **out, dtake_error *err)
{
    size_t n = dtake__rows_of(ints->starts, runs, count);
    *out = dtake__alloc((n + 1) * sizeof **out);
    return *out != NULL ? dtake__read_ints(ints, runs, count, wanted, body, *out, err) : no_memory(err);
}

static uint8_t *to_bits(const int64_t *words, int64_t count, dtake__arena *arena)
{
    size_t bytes = ((size_t)count + 7) / 8;
    uint8_t *bits = dtake__arena_alloc(arena, bytes + 1);
    if (bits == NULL)
        return NULL;
    memset(bits, 0, bytes + 1);
    for (int64_t i = 0; i < count; i++)
        bits[i >> 3] |= (uint8_t)((words[i] & 1) << (i & 7));
    return bits;
}

static dtake_status read_validity(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                  const bool *wanted, dtake__body *body, dtake__arena *arena,
                                  dtake_column *out, dtake_error *err)
{
    int64_t *words = NULL, have = 0;
    dtake_status st = read_wide(&coded->validity, runs, count, wanted, body, &words, err);
    for (int64_t i = 0; st == DTAKE_OK && wanted != NULL && i < out->rows; i++)
        words[i] |= !wanted[i];
    for (int64_t i = 0; st == DTAKE_OK && i < out->rows; i++)
        have += words[i] & 1;
    if (st == DTAKE_OK && have < out->rows) {
        out->validity = to_bits(words, out->rows, arena);
        out->null_count = out->rows - have;
        st = out->validity != NULL ? DTAKE_OK : no_memory(err);
    }
    dtake__free(words);
    return st;
}

static dtake_status read_bools(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                               const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                               dtake_error *err)
{
    int64_t *words = NULL;
    dtake_status st = read_wide(&coded->numbers.ints, runs, count, wanted, body, &words, err);
    if (st == DTAKE_OK) {
        out->values = to_bits(words, out->rows, arena);
        st = out->values != NULL ? DTAKE_OK : no_memory(err);
    }
    dtake__free(words);
    return st;
}

static dtake_status read_enums(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                               const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                               dtake_error *err)
{
    int64_t *words = NULL;
    int32_t *values = dtake__arena_alloc(arena, ((size_t)out->rows + 1) * sizeof *values);
    dtake_status st = values != NULL ? read_wide(&coded->numbers.ints, runs, count, wanted, body, &words, err)
                                     : no_memory(err);
    for (int64_t i = 0; st == DTAKE_OK && i < out->rows; i++)
        values[i] = (int32_t)words[i];
    out->values = values;
    dtake__free(words);
    return st;
}

static dtake_status read_eights(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                                dtake_error *err)
{
    void *values = dtake__arena_alloc(arena, ((size_t)out->rows * coded->width + 1) * sizeof(int64_t));
    out->values = values;
    return values != NULL ? dtake__read_numbers(&coded->numbers, runs, count,
                                                coded->width == 1 ? wanted : NULL, body, values, err)
                          : no_memory(err);
}

dtake_status dtake__read_fixed(uint32_t offset, const uint32_t *checksums, size_t size,
                               const uint32_t *starts, const dtake__frames *runs, size_t count,
                               dtake__body *body, uint8_t *out, dtake_error *err)
{
    const uint8_t *from;
    for (size_t r = 0; r < count; r++) {
        size_t bytes = size * dtake__rows_of(starts, &runs[r], 1);
        dtake_status st = body->fetch(body, offset + size * starts[runs[r].first], bytes, &from, err);
        if (st != DTAKE_OK)
            return st;
        memcpy(out, from, bytes);
        for (uint32_t f = runs[r].first; f < runs[r].end; f++) {
            size_t n = size * (starts[f + 1] - starts[f]);
            if (dtake__checksum(out, n) != checksums[f])
                return dtake__damaged(body, "a checksum differs", err);
            out += n;
        }
    }
    return DTAKE_OK;
}

static dtake_status read_uuids(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                               dtake__body *body, dtake__arena *arena, dtake_column *out, dtake_error *err)
{
    uint8_t *values = dtake__arena_alloc(arena, (size_t)out->rows * 16 + 1);
    out->values = values;
    return values != NULL ? dtake__read_fixed(coded->fixed_offset, coded->fixed_checksums, 16, coded->starts,
                                              runs, count, body, values, err)
                          : no_memory(err);
}

static dtake_status read_values(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                                dtake_error *err)
{
    switch (coded->type) {
    case DTAKE_FIELD_BOOL:
        return read_bools(coded, runs, count, wanted, body, arena, out, err);
    case DTAKE_FIELD_ENUM:
        return read_enums(coded, runs, count, wanted, body, arena, out, err);
    case DTAKE_FIELD_UUID:
        return read_uuids(coded, runs, count, body, arena, out, err);
    case DTAKE_FIELD_GEOMETRY:
        return dtake__read_geometries(coded, runs, count, wanted, body, arena, out, err);
    default:
        return dtake__layout_of(coded->type) == DTAKE__VARIABLE
                   ? dtake__read_texts(coded->texts, runs, count, wanted, body, arena, out, err)
                   : read_eights(coded, runs, count, wanted, body, arena, out, err);
    }
}

static dtake_status read_lists(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                               dtake__body *body, dtake__arena *arena, dtake_column *out, dtake_error *err)
{
    int64_t *lengths = NULL, total = 0;
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)out->rows + 1) * sizeof *offsets);
    dtake_column *items = dtake__arena_alloc(arena, sizeof *items);
    dtake_status st = offsets != NULL && items != NULL
                          ? read_wide(&coded->lengths, runs, count, NULL, body, &lengths, err)
                          : no_memory(err);
    if (st == DTAKE_OK)
        st = dtake__decode_column(coded->items, runs, count, NULL, body, arena, items, err);
    for (int64_t i = 0; st == DTAKE_OK && i < out->rows; i++) {
        offsets[i] = (int32_t)total;
        if (lengths[i] < 0 || lengths[i] > items->rows - total)
            st = dtake__damaged(body, "a list is longer than its items", err);
        else
            total += lengths[i];
    }
    if (st == DTAKE_OK && total != items->rows)
        st = dtake__damaged(body, "items without a list", err);
    if (st == DTAKE_OK) {
        offsets[out->rows] = (int32_t)total;
        out->offsets = offsets;
        out->items = items;
    }
    dtake__free(lengths);
    return st;
}

/* A column without values takes the memory that its layout asks for, zeroed. */
static dtake_status make_nulls(const dtake__coded *coded, dtake__arena *arena, dtake_column *out,
                               dtake_error *err)
{
    size_t rows = (size_t)out->rows, bytes = rows * 16 * coded->width + 16;
    uint8_t *zeros = dtake__arena_alloc(arena, bytes);
    if (zeros == NULL)
        return no_memory(err);
    memset(zeros, 0, bytes);
    out->null_count = out->rows;
    out->validity = zeros;
    out->values = zeros;
    if (!coded->repeated && dtake__layout_of(coded->type) != DTAKE__VARIABLE)
        return DTAKE_OK;
    out->offsets = (const int32_t *)(const void *)zeros;
    if (!coded->repeated)
        return DTAKE_OK;
    dtake_column *items = dtake__arena_alloc(arena, sizeof *items);
    if (items == NULL)
        return no_memory(err);
    *items = (dtake_column){ .values = zeros, .offsets = (const int32_t *)(const void *)zeros };
    out->items = items;
    out->values = NULL;
    return DTAKE_OK;
}

dtake_status dtake__decode_column(const dtake__coded *coded, const dtake__frames *runs, size_t count,
                                  const bool *wanted, dtake__body *body, dtake__arena *arena,
                                  dtake_column *out, dtake_error *err)
{
    dtake_column made = { .rows = dtake__rows_of(coded->starts, runs, count) };
    dtake_status st = DTAKE_OK;
    if (coded->flags == DTAKE__COLUMN_ALL_NULL) {
        st = make_nulls(coded, arena, &made, err);
    } else {
        st = coded->repeated ? read_lists(coded, runs, count, body, arena, &made, err)
                             : read_values(coded, runs, count, wanted, body, arena, &made, err);
        if (st == DTAKE_OK && coded->flags == DTAKE__COLUMN_HAS_NULLS)
            st = read_validity(coded, runs, count, wanted, body, arena, &made, err);
    }
    if (st == DTAKE_OK)
        *out = made;
    return st;
}
