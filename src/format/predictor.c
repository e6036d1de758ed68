#include "format/predictor.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

void dtake__swap_bytes(const dtake__rows *rows)
{
    size_t count = rows->rows * rows->width * rows->samples;
    if (rows->bytes == 2) {
        uint16_t *at = rows->data;
        for (size_t i = 0; i < count; i++)
            at[i] = (uint16_t)(at[i] << 8 | at[i] >> 8);
    } else if (rows->bytes == 4) {
        uint32_t *at = rows->data;
        for (size_t i = 0; i < count; i++)
            at[i] = __builtin_bswap32(at[i]);
    } else if (rows->bytes == 8) {
        uint64_t *at = rows->data;
        for (size_t i = 0; i < count; i++)
            at[i] = __builtin_bswap64(at[i]);
    }
}

#define SUM_FROM(type, row, first, count, stride)                                                            \
    do {                                                                                                     \
        for (size_t sum_i = (first); sum_i < (count); sum_i++)                                               \
            (row)[sum_i] = (type)((row)[sum_i] + (row)[sum_i - (stride)]);                                   \
    } while (0)

/* Running sums of neighbours take a register of samples at a time: sums inside it by shifting, then the last
 * sum of the register before is added to all. */
static void sum_u8(uint8_t *row, size_t count, size_t stride)
{
    size_t i = stride;
#if defined(__SSE2__)
    if (stride == 1 && count >= 16) {
        __m128i carry = _mm_setzero_si128();
        for (i = 0; i + 16 <= count; i += 16) {
            __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(row + i));
            x = _mm_add_epi8(x, _mm_slli_si128(x, 1));
            x = _mm_add_epi8(x, _mm_slli_si128(x, 2));
            x = _mm_add_epi8(x, _mm_slli_si128(x, 4));
            x = _mm_add_epi8(x, _mm_slli_si128(x, 8));
            x = _mm_add_epi8(x, carry);
            _mm_storeu_si128((__m128i *)(void *)(row + i), x);
            carry = _mm_unpackhi_epi8(x, x);
            carry = _mm_shufflehi_epi16(carry, 0xff);
            carry = _mm_unpackhi_epi64(carry, carry);
        }
    }
#endif
    SUM_FROM(uint8_t, row, i, count, stride);
}

static void sum_u16(uint16_t *row, size_t count, size_t stride)
{
    size_t i = stride;
#if defined(__SSE2__)
    if (stride == 1 && count >= 8) {
        __m128i carry = _mm_setzero_si128();
        for (i = 0; i + 8 <= count; i += 8) {
            __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(row + i));
            x = _mm_add_epi16(x, _mm_slli_si128(x, 2));
            x = _mm_add_epi16(x, _mm_slli_si128(x, 4));
            x = _mm_add_epi16(x, _mm_slli_si128(x, 8));
            x = _mm_add_epi16(x, carry);
            _mm_storeu_si128((__m128i *)(void *)(row + i), x);
            carry = _mm_shufflehi_epi16(x, 0xff);
            carry = _mm_unpackhi_epi64(carry, carry);
        }
    }
#endif
    SUM_FROM(uint16_t, row, i, count, stride);
}

static void sum_u32(uint32_t *row, size_t count, size_t stride)
{
    SUM_FROM(uint32_t, row, stride, count, stride);
}

static void sum_u64(uint64_t *row, size_t count, size_t stride)
{
    SUM_FROM(uint64_t, row, stride, count, stride);
}

void dtake__predictor_2_undo(const dtake__rows *rows)
{
    size_t count = rows->width * rows->samples;
    uint8_t *row = rows->data;
    for (size_t i = 0; i < rows->rows; i++, row += count * rows->bytes) {
        switch (rows->bytes) {
        case 1:
            sum_u8(row, count, rows->samples);
            break;
        case 2:
            sum_u16((uint16_t *)(void *)row, count, rows->samples);
            break;
        case 4:
            sum_u32((uint32_t *)(void *)row, count, rows->samples);
            break;
        default:
            sum_u64((uint64_t *)(void *)row, count, rows->samples);
        }
    }
}

#define DIFFERENCES(type, row, count, stride)                                                                \
    do {                                                                                                     \
        type *diff_row = (type *)(void *)(row);                                                              \
        for (size_t diff_i = (count); diff_i-- > (stride);)                                                  \
            diff_row[diff_i] = (type)(diff_row[diff_i] - diff_row[diff_i - (stride)]);                       \
    } while (0)

void dtake__predictor_2_apply(const dtake__rows *rows)
{
    size_t count = rows->width * rows->samples;
    uint8_t *row = rows->data;
    for (size_t i = 0; i < rows->rows; i++, row += count * rows->bytes) {
        switch (rows->bytes) {
        case 1:
            DIFFERENCES(uint8_t, row, count, rows->samples);
            break;
        case 2:
            DIFFERENCES(uint16_t, row, count, rows->samples);
            break;
        case 4:
            DIFFERENCES(uint32_t, row, count, rows->samples);
            break;
        default:
            DIFFERENCES(uint64_t, row, count, rows->samples);
        }
    }
}

/* From one row to another. */
static void differences(const uint8_t *restrict from, size_t count, size_t stride, uint8_t *restrict to)
{
    memcpy(to, from, stride < count ? stride : count);
    for (size_t i = stride; i < count; i++)
        to[i] = (uint8_t)(from[i] - from[i - stride]);
}

/* Plane p holds byte p of every sample, counted from the most significant. */
static uint8_t *byte_of(uint8_t *sample, size_t bytes, size_t plane)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    (void)bytes;
    return sample + plane;
#else
    return sample + bytes - 1 - plane;
#endif
}

static size_t join_4_planes(const uint8_t *planes, uint8_t *row, size_t count)
{
    size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= count; i += 16) {
        __m128i p0 = _mm_loadu_si128((const __m128i *)(const void *)(planes + i));
        __m128i p1 = _mm_loadu_si128((const __m128i *)(const void *)(planes + count + i));
        __m128i p2 = _mm_loadu_si128((const __m128i *)(const void *)(planes + 2 * count + i));
        __m128i p3 = _mm_loadu_si128((const __m128i *)(const void *)(planes + 3 * count + i));
        __m128i low_a = _mm_unpacklo_epi8(p3, p2), low_b = _mm_unpackhi_epi8(p3, p2);
        __m128i high_a = _mm_unpacklo_epi8(p1, p0), high_b = _mm_unpackhi_epi8(p1, p0);
        __m128i *out = (__m128i *)(void *)(row + 4 * i);
        _mm_storeu_si128(out, _mm_unpacklo_epi16(low_a, high_a));
        _mm_storeu_si128(out + 1, _mm_unpackhi_epi16(low_a, high_a));
        _mm_storeu_si128(out + 2, _mm_unpacklo_epi16(low_b, high_b));
        _mm_storeu_si128(out + 3, _mm_unpackhi_epi16(low_b, high_b));
    }
#else
    (void)planes;
    (void)row;
    (void)count;
#endif
    return i;
}

void dtake__predictor_3_undo(const dtake__rows *rows, uint8_t *scratch)
{
    size_t count = rows->width * rows->samples, row_bytes = count * rows->bytes;
    uint8_t *row = rows->data;
    for (size_t r = 0; r < rows->rows; r++, row += row_bytes) {
        sum_u8(row, row_bytes, rows->samples);
        memcpy(scratch, row, row_bytes);
        size_t done = rows->bytes == 4 ? join_4_planes(scratch, row, count) : 0;
        for (size_t plane = 0; plane < rows->bytes; plane++)
            for (size_t i = done; i < count; i++)
                *byte_of(row + i * rows->bytes, rows->bytes, plane) = scratch[plane * count + i];
    }
}

static size_t part_4_planes(const uint8_t *row, uint8_t *planes, size_t count)
{
    size_t i = 0;
#if defined(__SSE2__)
    const __m128i low = _mm_set1_epi16(0xff);
    for (; i + 16 <= count; i += 16) {
        const __m128i *in = (const __m128i *)(const void *)(row + 4 * i);
        __m128i a = _mm_loadu_si128(in), b = _mm_loadu_si128(in + 1), c = _mm_loadu_si128(in + 2),
                d = _mm_loadu_si128(in + 3);
        /* bytes 0 and 2, bytes 1 and 3 of each sample */
        __m128i even_a = _mm_packus_epi16(_mm_and_si128(a, low), _mm_and_si128(b, low));
        __m128i even_b = _mm_packus_epi16(_mm_and_si128(c, low), _mm_and_si128(d, low));
        __m128i odd_a = _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
        __m128i odd_b = _mm_packus_epi16(_mm_srli_epi16(c, 8), _mm_srli_epi16(d, 8));
        __m128i p3 = _mm_packus_epi16(_mm_and_si128(even_a, low), _mm_and_si128(even_b, low));
        __m128i p1 = _mm_packus_epi16(_mm_srli_epi16(even_a, 8), _mm_srli_epi16(even_b, 8));
        __m128i p2 = _mm_packus_epi16(_mm_and_si128(odd_a, low), _mm_and_si128(odd_b, low));
        __m128i p0 = _mm_packus_epi16(_mm_srli_epi16(odd_a, 8), _mm_srli_epi16(odd_b, 8));
        _mm_storeu_si128((__m128i *)(void *)(planes + i), p0);
        _mm_storeu_si128((__m128i *)(void *)(planes + count + i), p1);
        _mm_storeu_si128((__m128i *)(void *)(planes + 2 * count + i), p2);
        _mm_storeu_si128((__m128i *)(void *)(planes + 3 * count + i), p3);
    }
#else
    (void)planes;
    (void)row;
    (void)count;
#endif
    return i;
}

void dtake__predictor_3_apply(const dtake__rows *rows, uint8_t *scratch)
{
    size_t count = rows->width * rows->samples, row_bytes = count * rows->bytes;
    uint8_t *row = rows->data;
    for (size_t r = 0; r < rows->rows; r++, row += row_bytes) {
        size_t done = rows->bytes == 4 ? part_4_planes(row, scratch, count) : 0;
        for (size_t plane = 0; plane < rows->bytes; plane++)
            for (size_t i = done; i < count; i++)
                scratch[plane * count + i] = *byte_of(row + i * rows->bytes, rows->bytes, plane);
        differences(scratch, row_bytes, rows->samples, row);
    }
}
