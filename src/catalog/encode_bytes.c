#include "catalog/encoding.h"

#include "catalog/hash.h"
#include "catalog/zstd.h"
#include "core/alloc.h"
#include "core/error.h"

enum {
    BLOCK_BYTES = 64 * 1024,  /* at least so much is compressed together: what reading one value costs */
    PREFIX_BYTES = 32 * 1024, /* of values from all over the column, which all blocks may point into */
    CONST_MAX_BYTES = 4096,
    DICTIONARY_MAX_BYTES = 1 << 20,
    DICTIONARY_LEAST_ROWS_PER_VALUE = 4,
};

typedef struct values {
    const int32_t *offsets;
    const uint8_t *bytes;
    size_t count;
} values;

static size_t length_of(const values *v, size_t i)
{
    return (size_t)(v->offsets[i + 1] - v->offsets[i]);
}

static const uint8_t *bytes_of(const values *v, size_t i)
{
    return v->bytes + v->offsets[i];
}

static bool same(const values *v, size_t i, size_t j)
{
    size_t len = length_of(v, i);
    return len == length_of(v, j) && (len == 0 || memcmp(bytes_of(v, i), bytes_of(v, j), len) == 0);
}

static bool all_same(const values *v)
{
    if (v->count > 0 && length_of(v, 0) > CONST_MAX_BYTES)
        return false;
    for (size_t i = 1; i < v->count; i++)
        if (!same(v, i - 1, i))
            return false;
    return true;
}

static dtake_status put_const(dtake__encoding *out, const values *v)
{
    size_t len = v->count > 0 ? length_of(v, 0) : 0;
    dtake_status st = dtake__put_u8(&out->head, DTAKE__BYTES_CONST);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)len);
    return st == DTAKE_OK && len > 0 ? dtake__buf_append(&out->head, bytes_of(v, 0), len) : st;
}

/* --- a list of the distinct values --- */

typedef struct listing {
    uint32_t *first; /* per slot: a value's row + 1 */
    uint32_t *place; /* per slot */
    uint32_t *rows;  /* per place: a row that has it */
    uint64_t *at;    /* per row: its place */
    size_t slots, listed, bytes;
} listing;

static void listing_dispose(listing *l)
{
    dtake__free(l->first);
    dtake__free(l->place);
    dtake__free(l->rows);
    dtake__free(l->at);
}

/* False when listing does not pay. */
static bool list_values(listing *l, const values *v)
{
    size_t most = v->count / DICTIONARY_LEAST_ROWS_PER_VALUE;
    for (size_t i = 0; i < v->count; i++) {
        size_t slot = dtake__hash64(bytes_of(v, i), length_of(v, i), 0) & (l->slots - 1);
        while (l->first[slot] != 0 && !same(v, l->first[slot] - 1, i))
            slot = (slot + 1) & (l->slots - 1);
        if (l->first[slot] == 0) {
            l->bytes += length_of(v, i) + sizeof(uint32_t);
            if (l->listed >= most || l->bytes > DICTIONARY_MAX_BYTES)
                return false;
            /* Ever new values at the beginning: it will not get better. */
            if (i == 1024 && l->listed > 900)
                return false;
            l->first[slot] = (uint32_t)i + 1;
            l->place[slot] = (uint32_t)l->listed;
            l->rows[l->listed++] = (uint32_t)i;
        }
        l->at[i] = l->place[slot];
    }
    return true;
}

static dtake_status listing_open(listing *l, size_t count)
{
    for (l->slots = 64; l->slots < count;)
        l->slots *= 2;
    l->first = dtake__calloc(l->slots, sizeof *l->first);
    l->place = dtake__alloc(l->slots * sizeof *l->place);
    l->rows = dtake__alloc((count + 1) * sizeof *l->rows);
    l->at = dtake__alloc((count + 1) * sizeof *l->at);
    return l->first != NULL && l->place != NULL && l->rows != NULL && l->at != NULL ? DTAKE_OK
                                                                                    : DTAKE_E_NOMEM;
}

/* Appends compressed bytes to the body and to the head where they are: offset, bytes, bytes when
 * decompressed, checksum. */
static dtake_status put_run(dtake__encoding *out, const uint8_t *bytes, size_t count, const dtake_buf *prefix)
{
    size_t at = out->body.len, packed = 0;
    dtake_status st = count == 0 ? DTAKE_OK
                                 : dtake__zstd_pack(&out->body, bytes, count, prefix ? prefix->data : NULL,
                                                    prefix ? prefix->len : 0, out->level, &packed);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)at);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)packed);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)count);
    return st == DTAKE_OK
               ? dtake__put_u32(&out->head, dtake__checksum(packed > 0 ? out->body.data + at : NULL, packed))
               : st;
}

/* Head: how many, the run of their lengths and bytes; then the places as numbers. */
static dtake_status put_listing(dtake__encoding *out, const listing *l, const values *v,
                                const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    dtake_buf run = DTAKE_BUF_INIT(2 * DICTIONARY_MAX_BYTES);
    dtake_status st = dtake__put_u8(&out->head, DTAKE__BYTES_DICTIONARY);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)l->listed);
    for (size_t p = 0; p < l->listed && st == DTAKE_OK; p++)
        st = dtake__put_u32(&run, (uint32_t)length_of(v, l->rows[p]));
    for (size_t p = 0; p < l->listed && st == DTAKE_OK; p++)
        st = dtake__buf_append(&run, bytes_of(v, l->rows[p]), length_of(v, l->rows[p]));
    if (st == DTAKE_OK)
        st = put_run(out, run.data, run.len, NULL);
    dtake__buf_dispose(&run);
    return st == DTAKE_OK ? dtake__encode_ints(out, l->at, starts, frames, err) : st;
}

static dtake_status try_listing(dtake__encoding *out, const values *v, const uint32_t *starts,
                                uint32_t frames, bool *done, dtake_error *err)
{
    listing l = { 0 };
    *done = false;
    if (v->count < 2 * DICTIONARY_LEAST_ROWS_PER_VALUE)
        return DTAKE_OK;
    dtake_status st = listing_open(&l, v->count);
    if (st == DTAKE_OK && list_values(&l, v)) {
        *done = true;
        st = put_listing(out, &l, v, starts, frames, err);
    }
    listing_dispose(&l);
    return st;
}

/* --- blocks --- */

static dtake_status put_lengths(dtake__encoding *out, const values *v, const uint32_t *starts,
                                uint32_t frames, dtake_error *err)
{
    uint64_t *lengths = dtake__alloc((v->count + 1) * sizeof *lengths);
    if (lengths == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < v->count; i++)
        lengths[i] = length_of(v, i);
    dtake_status st = dtake__encode_ints(out, lengths, starts, frames, err);
    dtake__free(lengths);
    return st;
}

static size_t bytes_between(const values *v, uint32_t first, uint32_t last)
{
    return (size_t)(v->offsets[last] - v->offsets[first]);
}

/* Runs of values from all over the column. */
static dtake_status gather_prefix(const values *v, dtake_buf *prefix)
{
    size_t total = bytes_between(v, 0, (uint32_t)v->count);
    dtake_status st = DTAKE_OK;
    if (total < 2 * BLOCK_BYTES)
        return DTAKE_OK;
    enum { RUNS = 16 };
    for (size_t r = 0; r < RUNS && st == DTAKE_OK; r++) {
        size_t from = (size_t)v->offsets[0] + total / RUNS * r;
        st = dtake__buf_append(prefix, v->bytes + from, PREFIX_BYTES / RUNS);
    }
    return st;
}

/* The frames from `frame` that one block takes. */
static uint32_t block_frames(const values *v, const uint32_t *starts, uint32_t frames, uint32_t frame)
{
    uint32_t end = frame + 1;
    while (end < frames && bytes_between(v, starts[frame], starts[end]) < BLOCK_BYTES)
        end++;
    return end - frame;
}

/* Head: lengths as numbers, the run of the prefix, how many blocks; per block its frames and run. */
static dtake_status put_blocks(dtake__encoding *out, const values *v, const uint32_t *starts, uint32_t frames,
                               dtake_error *err)
{
    dtake_buf prefix = DTAKE_BUF_INIT(PREFIX_BYTES);
    uint32_t blocks = 0;
    dtake_status st = dtake__put_u8(&out->head, DTAKE__BYTES_BLOCKS);
    if (st == DTAKE_OK)
        st = put_lengths(out, v, starts, frames, err);
    if (st == DTAKE_OK)
        st = gather_prefix(v, &prefix);
    if (st == DTAKE_OK)
        st = put_run(out, prefix.data, prefix.len, NULL);
    for (uint32_t f = 0; f < frames; f += block_frames(v, starts, frames, f))
        blocks++;
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, blocks);
    for (uint32_t f = 0, n; f < frames && st == DTAKE_OK; f += n) {
        n = block_frames(v, starts, frames, f);
        st = dtake__put_u32(&out->head, n);
        if (st == DTAKE_OK)
            st = put_run(out, v->bytes + v->offsets[starts[f]], bytes_between(v, starts[f], starts[f + n]),
                         &prefix);
    }
    dtake__buf_dispose(&prefix);
    return st;
}

dtake_status dtake__encode_bytes(dtake__encoding *out, const int32_t *offsets, const uint8_t *bytes,
                                 const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    static const uint8_t nothing[1];
    values v = { offsets, bytes != NULL ? bytes : nothing, starts[frames] };
    bool done = all_same(&v);
    dtake_status st = done ? put_const(out, &v) : try_listing(out, &v, starts, frames, &done, err);
    if (st == DTAKE_OK && !done)
        st = put_blocks(out, &v, starts, frames, err);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode texts: %s", dtake_status_text(st));
}

dtake_status dtake__encode_fixed(dtake__encoding *out, const uint8_t *bytes, size_t size,
                                 const uint32_t *starts, uint32_t frames, dtake_error *err)
{
    dtake_status st = dtake__put_u8(&out->head, DTAKE__FIXED_RAW);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&out->head, (uint32_t)out->body.len);
    if (st == DTAKE_OK)
        st = dtake__buf_append(&out->body, bytes, size * starts[frames]);
    for (uint32_t f = 0; f < frames && st == DTAKE_OK; f++)
        st = dtake__put_u32(&out->head,
                            dtake__checksum(bytes + size * starts[f], size * (starts[f + 1] - starts[f])));
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode ids: %s", dtake_status_text(st));
}
