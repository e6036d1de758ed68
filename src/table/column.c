#include "table/column.h"

dtake__layout dtake__layout_of(dtake_field_type type)
{
    switch (type) {
    case DTAKE_FIELD_BOOL:
        return DTAKE__BITS;
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_BYTES:
    case DTAKE_FIELD_GEOMETRY:
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        return DTAKE__VARIABLE;
    default:
        return DTAKE__FIXED;
    }
}

size_t dtake__value_bytes(const dtake_field *field)
{
    if (dtake__layout_of(field->type) != DTAKE__FIXED)
        return 0;
    switch (field->type) {
    case DTAKE_FIELD_UUID:
        return 16;
    case DTAKE_FIELD_ENUM:
        return sizeof(int32_t);
    case DTAKE_FIELD_VECTOR:
        return (size_t)field->width * sizeof(double);
    default:
        return sizeof(int64_t);
    }
}

void dtake__bits_fill(uint8_t *bits, int64_t start, int64_t count, bool value)
{
    int64_t i = start, end = start + count;
    for (; i < end && (i & 7); i++)
        bits[i >> 3] = (uint8_t)((bits[i >> 3] & ~(1 << (i & 7))) | value << (i & 7));
    if (i >= end)
        return;
    memset(bits + (i >> 3), value ? 0xff : 0, dtake__bit_bytes(end - i));
    if (value && (end & 7))
        bits[end >> 3] = (uint8_t)((1 << (end & 7)) - 1);
}

void dtake__bits_copy(uint8_t *to, const uint8_t *from, int64_t start, int64_t count)
{
    size_t bytes = dtake__bit_bytes(count);
    int shift = (int)(start & 7);
    if (bytes == 0)
        return;
    from += start >> 3;
    if (shift == 0) {
        memcpy(to, from, bytes);
    } else {
        /* The byte behind the last one is looked at only when bits of it are wanted. */
        size_t whole = dtake__bit_bytes(shift + count) > bytes ? bytes : bytes - 1;
        for (size_t i = 0; i < whole; i++)
            to[i] = (uint8_t)(from[i] >> shift | from[i + 1] << (8 - shift));
        if (whole < bytes)
            to[whole] = from[whole] >> shift;
    }
    if (count & 7)
        to[bytes - 1] &= (uint8_t)((1 << (count & 7)) - 1);
}

void dtake__bits_append(uint8_t *to, int64_t at, const uint8_t *from, int64_t start, int64_t count)
{
    if ((at & 7) == 0) {
        dtake__bits_copy(to + (at >> 3), from, start, count);
        return;
    }
    dtake__bits_fill(to, at, count, false);
    for (int64_t i = 0; i < count; i++)
        to[(at + i) >> 3] |= (uint8_t)(dtake__bit(from, start + i) << ((at + i) & 7));
}

int64_t dtake__bits_count(const uint8_t *bits, int64_t start, int64_t count)
{
    int64_t i = start, end = start + count, ones = 0;
    for (; i < end && (i & 7); i++)
        ones += dtake__bit(bits, i);
    for (; i + 64 <= end; i += 64) {
        uint64_t word;
        memcpy(&word, bits + (i >> 3), sizeof word);
        ones += __builtin_popcountll(word);
    }
    for (; i < end; i++)
        ones += dtake__bit(bits, i);
    return ones;
}
