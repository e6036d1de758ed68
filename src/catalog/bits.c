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

static void unpack_words(const uint8_t *in, size_t count, int width, uint64_t *out)
{
    uint64_t mask = (UINT64_C(1) << width) - 1, word;
    size_t bit = 0;
    for (size_t i = 0; i < count; i++, bit += (size_t)width) {
        memcpy(&word, in + (bit >> 3), sizeof word);
        out[i] = word >> (bit & 7) & mask;
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
