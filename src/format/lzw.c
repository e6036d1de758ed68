#include "format/codecs.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

enum {
    CLEAR = 256,
    END = 257,
    FIRST_FREE = 258,
    MAX_CODES = 4096,
    MIN_BITS = 9,
    MAX_BITS = 12,
};

/* Every string of the table stands somewhere in the output already: a code is a place there and a length. */
struct dtake__lzw {
    uint32_t place[MAX_CODES], len[MAX_CODES];
};

typedef struct bit_reader {
    const uint8_t *at, *end;
    uint64_t bits; /* the next ones, on the left */
    unsigned count;
} bit_reader;

dtake__lzw *dtake__lzw_new(void)
{
    return dtake__calloc(1, sizeof(dtake__lzw));
}

void dtake__lzw_free(dtake__lzw *lzw)
{
    dtake__free(lzw);
}

/* -1 at the end. */
static inline int next_code(bit_reader *reader, unsigned width)
{
    while (reader->count < width) {
        if (reader->at == reader->end)
            return -1;
        reader->bits |= (uint64_t)*reader->at++ << (56 - reader->count);
        reader->count += 8;
        while (reader->count <= 48 && reader->at < reader->end) {
            reader->bits |= (uint64_t)*reader->at++ << (56 - reader->count);
            reader->count += 8;
        }
    }
    int code = (int)(reader->bits >> (64 - width));
    reader->bits <<= width;
    reader->count -= width;
    return code;
}

/* `from` may reach into what is being written, as in the string that is its own first character again. */
static inline void copy_string(uint8_t *out, size_t from, size_t to, size_t len, size_t out_bytes)
{
    if (to - from >= 8 && out_bytes - to >= len + 8) {
        for (size_t i = 0; i < len; i += 8)
            memcpy(out + to + i, out + from + i, 8);
        return;
    }
    for (size_t i = 0; i < len; i++)
        out[to + i] = out[from + i];
}

static dtake_status damaged(dtake_error *err, int code, size_t done)
{
    return dtake__fail(err, DTAKE_E_FORMAT, "LZW data are damaged: code %d after %zu bytes", code, done);
}

dtake_status dtake__lzw_decode(dtake__lzw *lzw, dtake__bytes in, uint8_t *out, size_t out_bytes,
                               dtake_error *err)
{
    bit_reader reader = { in.data, in.data + in.len, 0, 0 };
    unsigned width = MIN_BITS;
    int next = FIRST_FREE, code;
    size_t done = 0, last_place = 0,
           last_len = 0; /* the string of the code before; len 0: none since the clear code */
    if (in.len >= 2 && in.data[0] == 0 && (in.data[1] & 1))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "LZW data of the old kind, least significant bit first, are not supported");
    while (done < out_bytes && (code = next_code(&reader, width)) >= 0 && code != END) {
        if (code == CLEAR) {
            width = MIN_BITS;
            next = FIRST_FREE;
            last_len = 0;
            continue;
        }
        /* The new entry is the last string and the character that follows it: it stands at last_place. */
        if (last_len > 0 && next < MAX_CODES) {
            lzw->place[next] = (uint32_t)last_place;
            lzw->len[next++] = (uint32_t)last_len + 1;
            if (next > (1 << width) - 2 && width < MAX_BITS)
                width++;
        }
        if (code >= next)
            return damaged(err, code, done);
        last_place = done;
        last_len = code < CLEAR ? 1 : lzw->len[code];
        if (last_len > out_bytes - done)
            return dtake__fail(err, DTAKE_E_FORMAT, "LZW data decode to more than %zu bytes", out_bytes);
        if (code < CLEAR)
            out[done] = (uint8_t)code;
        else
            copy_string(out, lzw->place[code], done, last_len, out_bytes);
        done += last_len;
    }
    return done == out_bytes
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_FORMAT, "LZW data end after %zu of %zu bytes", done, out_bytes);
}
