#include "catalog/decoding.h"

#include "catalog/hash.h"
#include "catalog/zstd.h"
#include "core/alloc.h"
#include "core/error.h"

/* --- compressed runs --- */

static dtake_status unpack_run(const dtake__run *run, const dtake__kept *prefix, dtake__body *body,
                               uint8_t *out, dtake_error *err)
{
    const uint8_t *packed;
    dtake_status st = body->fetch(body, run->offset, run->packed, &packed, err);
    if (st != DTAKE_OK)
        return st;
    if (dtake__checksum(packed, run->packed) != run->checksum)
        return dtake__damaged(body, "a checksum differs", err);
    st = dtake__zstd_unpack(out, run->bytes, packed, run->packed, prefix ? prefix->bytes : NULL,
                            prefix ? prefix->len : 0);
    return st == DTAKE_OK        ? DTAKE_OK
           : st == DTAKE_E_NOMEM ? dtake__fail_nomem(err, "decode texts")
                                 : dtake__damaged(body, "texts do not decompress", err);
}

/* What is common to all frames: decompressed by whoever needs it first. */
static dtake_status keep_common(const dtake__texts *texts, dtake__body *body, const dtake__kept **out,
                                dtake_error *err)
{
    dtake__texts *shared = (dtake__texts *)texts; /* `kept` alone changes, once, atomically */
    dtake__kept *kept = atomic_load(&shared->kept), *none = NULL;
    dtake_status st = DTAKE_OK;
    if (kept == NULL) {
        kept = dtake__alloc(sizeof *kept + texts->common.bytes + 1);
        if (kept == NULL)
            return dtake__fail_nomem(err, "decode texts");
        kept->len = texts->common.bytes;
        st = unpack_run(&texts->common, NULL, body, kept->bytes, err);
        if (st != DTAKE_OK || !atomic_compare_exchange_strong(&shared->kept, &none, kept)) {
            dtake__free(kept);
            kept = none;
        }
    }
    *out = kept;
    return st;
}

/* --- lists --- */

/* Lengths of the values, then their bytes; places of their beginnings are summed up here. */
static dtake_status list_offsets(const dtake__texts *texts, const dtake__kept *list, dtake__body *body,
                                 uint32_t *offsets, dtake_error *err)
{
    uint64_t at = (uint64_t)texts->listed * sizeof(uint32_t);
    for (uint32_t i = 0; i < texts->listed; i++) {
        uint32_t len;
        memcpy(&len, list->bytes + (size_t)i * sizeof len, sizeof len);
        offsets[i] = (uint32_t)at;
        at += len;
        if (at > list->len)
            return dtake__damaged(body, "a list of texts is too short", err);
    }
    offsets[texts->listed] = (uint32_t)at;
    return DTAKE_OK;
}

static dtake_status sum_lengths(int32_t *offsets, const int64_t *lengths, uint32_t rows, dtake__body *body,
                                dtake_error *err)
{
    int64_t at = 0;
    offsets[0] = 0;
    for (uint32_t i = 0; i < rows; i++) {
        if (lengths[i] < 0 || lengths[i] > INT32_MAX - at)
            return dtake__damaged(body, "a length is out of range", err);
        at += lengths[i];
        offsets[i + 1] = (int32_t)at;
    }
    return DTAKE_OK;
}

static dtake_status make_values(dtake__arena *arena, const int32_t *offsets, uint32_t rows, dtake_column *out,
                                uint8_t **values, dtake_error *err)
{
    *values = dtake__arena_alloc(arena, (size_t)offsets[rows] + 1);
    if (*values == NULL)
        return dtake__fail_nomem(err, "decode texts");
    out->offsets = offsets;
    out->values = *values;
    return DTAKE_OK;
}

static dtake_status read_listed(const dtake__texts *texts, const dtake__frames *runs, size_t count,
                                const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                                int32_t *offsets, int64_t *places, dtake_error *err)
{
    uint32_t rows = (uint32_t)out->rows;
    const dtake__kept *list = NULL;
    uint8_t *values = NULL;
    int64_t total = 0;
    dtake_status st = keep_common(texts, body, &list, err);
    uint32_t *begin = st == DTAKE_OK ? dtake__alloc(((size_t)texts->listed + 1) * sizeof *begin) : NULL;
    if (st == DTAKE_OK)
        st = begin != NULL ? list_offsets(texts, list, body, begin, err)
                           : dtake__fail_nomem(err, "decode texts");
    if (st == DTAKE_OK)
        st = dtake__read_ints(&texts->ints, runs, count, wanted, body, places, err);
    for (uint32_t i = 0; i < rows && st == DTAKE_OK; i++) {
        offsets[i] = (int32_t)total;
        if (wanted != NULL && !wanted[i])
            places[i] = 0; /* and no length */
        else if (places[i] < 0 || places[i] >= texts->listed)
            st = dtake__damaged(body, "a text is not in its list", err);
        else
            total += begin[places[i] + 1] - begin[places[i]];
        if (total > INT32_MAX)
            st = dtake__fail(err, DTAKE_E_LIMIT, "read %s: more than 2 GiB of text in a batch", body->what);
    }
    offsets[rows] = (int32_t)total;
    if (st == DTAKE_OK)
        st = make_values(arena, offsets, rows, out, &values, err);
    for (uint32_t i = 0; i < rows && st == DTAKE_OK; i++)
        memcpy(values + offsets[i], list->bytes + begin[places[i]], (size_t)(offsets[i + 1] - offsets[i]));
    dtake__free(begin);
    return st;
}

/* --- blocks --- */

static uint32_t block_of(const dtake__texts *texts, uint32_t frame)
{
    uint32_t low = 0, high = texts->blocks;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (texts->block[middle].first_frame <= frame)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint32_t block_end(const dtake__texts *texts, uint32_t block)
{
    return block + 1 < texts->blocks ? texts->block[block + 1].first_frame : texts->frames;
}

static dtake_status length_sum(const dtake__texts *texts, dtake__frames frames, dtake__body *body,
                               uint64_t *sum, dtake_error *err)
{
    uint32_t rows = dtake__rows_of(texts->starts, &frames, 1);
    int64_t *lengths = dtake__alloc(((size_t)rows + 1) * sizeof *lengths);
    if (lengths == NULL)
        return dtake__fail_nomem(err, "decode texts");
    dtake_status st = dtake__read_ints(&texts->ints, &frames, 1, NULL, body, lengths, err);
    *sum = 0;
    for (uint32_t i = 0; i < rows && st == DTAKE_OK; i++) {
        if (lengths[i] < 0 || lengths[i] > DTAKE__ENCODED_MAX_BYTES)
            st = dtake__damaged(body, "a length is out of range", err);
        else
            *sum += (uint64_t)lengths[i];
    }
    dtake__free(lengths);
    return st;
}

/* `wanted` bytes of one block, those of frames [frames.first, frames.end). */
static dtake_status read_part(const dtake__texts *texts, uint32_t block, dtake__frames frames,
                              uint64_t wanted, const dtake__kept *prefix, dtake__body *body, uint8_t *out,
                              dtake_error *err)
{
    const dtake__text_block *b = &texts->block[block];
    uint64_t before = 0;
    if (frames.first == b->first_frame && frames.end == block_end(texts, block)) {
        if (b->run.bytes != wanted)
            return dtake__damaged(body, "lengths and texts disagree", err);
        return unpack_run(&b->run, prefix, body, out, err);
    }
    dtake_status st = length_sum(texts, (dtake__frames){ b->first_frame, frames.first }, body, &before, err);
    if (st != DTAKE_OK)
        return st;
    if (before + wanted > b->run.bytes)
        return dtake__damaged(body, "lengths and texts disagree", err);
    uint8_t *whole = dtake__alloc((size_t)b->run.bytes + 1);
    if (whole == NULL)
        return dtake__fail_nomem(err, "decode texts");
    st = unpack_run(&b->run, prefix, body, whole, err);
    if (st == DTAKE_OK)
        memcpy(out, whole + before, wanted);
    dtake__free(whole);
    return st;
}

static dtake_status read_blocks(const dtake__texts *texts, dtake__frames run, const dtake__kept *prefix,
                                const int32_t *offsets, dtake__body *body, uint8_t *values, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    uint32_t row = 0;
    for (uint32_t f = run.first; f < run.end && st == DTAKE_OK;) {
        uint32_t block = block_of(texts, f), end = block_end(texts, block);
        dtake__frames part = { f, end < run.end ? end : run.end };
        uint32_t rows = dtake__rows_of(texts->starts, &part, 1);
        st = read_part(texts, block, part, (uint64_t)(offsets[row + rows] - offsets[row]), prefix, body,
                       values + offsets[row], err);
        row += rows;
        f = part.end;
    }
    return st;
}

static dtake_status read_blocked(const dtake__texts *texts, const dtake__frames *runs, size_t count,
                                 dtake__body *body, dtake__arena *arena, dtake_column *out, int32_t *offsets,
                                 int64_t *lengths, dtake_error *err)
{
    const dtake__kept *prefix = NULL;
    uint8_t *values = NULL;
    uint32_t row = 0;
    dtake_status st = dtake__read_ints(&texts->ints, runs, count, NULL, body, lengths, err);
    if (st == DTAKE_OK)
        st = sum_lengths(offsets, lengths, (uint32_t)out->rows, body, err);
    if (st == DTAKE_OK && texts->common.bytes > 0)
        st = keep_common(texts, body, &prefix, err);
    if (st == DTAKE_OK)
        st = make_values(arena, offsets, (uint32_t)out->rows, out, &values, err);
    for (size_t r = 0; r < count && st == DTAKE_OK; r++) {
        st = read_blocks(texts, runs[r], prefix, offsets + row, body, values,
                         err); /* offsets are into `values` */
        row += dtake__rows_of(texts->starts, &runs[r], 1);
    }
    return st;
}

static dtake_status read_const(const dtake__texts *texts, dtake__arena *arena, dtake_column *out,
                               int32_t *offsets, dtake_error *err)
{
    uint32_t rows = (uint32_t)out->rows;
    uint8_t *values = NULL;
    if ((uint64_t)rows * texts->value_len > INT32_MAX)
        return dtake__fail(err, DTAKE_E_LIMIT, "decode texts: more than 2 GiB in a batch");
    for (uint32_t i = 0; i <= rows; i++)
        offsets[i] = (int32_t)(i * texts->value_len);
    dtake_status st = make_values(arena, offsets, rows, out, &values, err);
    for (uint32_t i = 0; i < rows && st == DTAKE_OK && texts->value_len > 0; i++)
        memcpy(values + offsets[i], texts->value, texts->value_len);
    return st;
}

dtake_status dtake__read_texts(const dtake__texts *texts, const dtake__frames *runs, size_t count,
                               const bool *wanted, dtake__body *body, dtake__arena *arena, dtake_column *out,
                               dtake_error *err)
{
    uint32_t rows = dtake__rows_of(texts->starts, runs, count);
    int32_t *offsets = dtake__arena_alloc(arena, ((size_t)rows + 1) * sizeof *offsets);
    int64_t *numbers = dtake__alloc(((size_t)rows + 1) * sizeof *numbers);
    dtake_status st;
    out->rows = rows;
    if (offsets == NULL || numbers == NULL)
        st = dtake__fail_nomem(err, "decode texts");
    else if (texts->kind == DTAKE__BYTES_CONST)
        st = read_const(texts, arena, out, offsets, err);
    else if (texts->kind == DTAKE__BYTES_DICTIONARY)
        st = read_listed(texts, runs, count, wanted, body, arena, out, offsets, numbers, err);
    else
        st = read_blocked(texts, runs, count, body, arena, out, offsets, numbers, err);
    dtake__free(numbers);
    return st;
}
