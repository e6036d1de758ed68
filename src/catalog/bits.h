/* Numbers of 0 to 64 bits one behind the other, lowest bit first, little endian. */
#ifndef DTAKE_CATALOG_BITS_H
#define DTAKE_CATALOG_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DTAKE__BITS_SLACK = 8 }; /* readable bytes behind packed ones */

/* Widths above 56 are stored as 64, so that any value lies within one word that begins at its byte. */
static inline int dtake__bits_width(uint64_t largest)
{
    int width = largest == 0 ? 0 : 64 - __builtin_clzll(largest);
    return width > 56 ? 64 : width;
}

static inline size_t dtake__bits_bytes(size_t count, int width)
{
    return (count * (size_t)width + 7) / 8;
}

/* `out` has room for dtake__bits_bytes and DTAKE__BITS_SLACK more, which is overwritten. */
void dtake__bits_pack(const uint64_t *values, size_t count, int width, uint8_t *out);
void dtake__bits_unpack(const uint8_t *in, size_t count, int width, uint64_t *out);

/* The value of one place; width as dtake__bits_width has it. */
static inline uint64_t dtake__bits_at(const uint8_t *in, size_t place, int width)
{
    uint64_t word;
    size_t bit = place * (size_t)width;
    memcpy(&word, in + (bit >> 3), sizeof word);
    return width == 64 ? word : word >> (bit & 7) & ((UINT64_C(1) << width) - 1);
}

#endif
