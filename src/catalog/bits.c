#include "catalog/bits.h"

#include <string.h>

void dtake__bits_pack(const uint64_t *values, size_t count, int width, uint8_t *out)
{
    uint64_t pending = 0;
    int bits = 0;
    if (width == 64) {
        memcpy(out, values, count * sizeof *values);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        pending |= values[i] << bits;
        bits += width;
        memcpy(out, &pending, sizeof pending);
        out += bits >> 3;
        pending >>= bits & ~7;
        bits &= 7;
    }
    memcpy(out, &pending, sizeof pending);
}

/* Eight values begin and end with a byte: `width` of them. */
static void unpack_words(const uint8_t *restrict in, size_t count, int width, uint64_t *restrict out)
{
    uint64_t mask = (UINT64_C(1) << width) - 1, word;
    size_t i = 0, at[8];
    int shift[8];
    for (int k = 0; k < 8; k++) {
        at[k] = (size_t)(k * width) >> 3;
        shift[k] = k * width & 7;
    }
    for (; i + 8 <= count; i += 8, in += width)
        for (int k = 0; k < 8; k++) {
            memcpy(&word, in + at[k], sizeof word);
            out[i + (size_t)k] = word >> shift[k] & mask;
        }
    for (int k = 0; i < count; i++, k++) {
        memcpy(&word, in + at[k], sizeof word);
        out[i] = word >> shift[k] & mask;
    }
}

void dtake__bits_unpack(const uint8_t *in, size_t count, int width, uint64_t *out)
{
    switch (width) {
    case 0:
        memset(out, 0, count * sizeof *out);
        break;
    case 8:
        for (size_t i = 0; i < count; i++)
            out[i] = in[i];
        break;
    case 64:
        memcpy(out, in, count * sizeof *out);
        break;
    default:
        unpack_words(in, count, width, out);
    }
}
