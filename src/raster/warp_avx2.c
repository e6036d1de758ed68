/* Bilinear, eight pixels at once, for types of up to 16 bits: what dtake__blend_small says, in the same
 * order. Pixels at an edge or beside a masked one are left to the scalar kernel, eight by eight. */
#include "raster/warp_narrow.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2        __attribute__((target("avx2")))
#define AVX2_INLINE static inline __attribute__((always_inline, target("avx2")))

/* Columns or rows of eight points: the pixel's number in the window and the way on to the next. */
AVX2_INLINE __m256i split(const double *at, __m256i start, __m256 *rest)
{
    const __m256d half = _mm256_set1_pd(0.5);
    __m256d low = _mm256_sub_pd(_mm256_loadu_pd(at), half),
            high = _mm256_sub_pd(_mm256_loadu_pd(at + 4), half);
    __m256d low_whole = _mm256_floor_pd(low), high_whole = _mm256_floor_pd(high);
    *rest = _mm256_set_m128(_mm256_cvtpd_ps(_mm256_sub_pd(high, high_whole)),
                            _mm256_cvtpd_ps(_mm256_sub_pd(low, low_whole)));
    __m256i whole = _mm256_set_m128i(_mm256_cvttpd_epi32(high_whole), _mm256_cvttpd_epi32(low_whole));
    return _mm256_sub_epi32(whole, start);
}

AVX2_INLINE __m256i below(__m256i a, int32_t limit)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(limit), a);
}

/* Two neighbours of a row, in the low bits of each lane, as floats. */
AVX2_INLINE void two(dtake_type type, __m256i lanes, __m256 *a, __m256 *b)
{
    __m256i left, right;
    switch (type) {
    case DTAKE_U8:
        left = _mm256_and_si256(lanes, _mm256_set1_epi32(0xff));
        right = _mm256_and_si256(_mm256_srli_epi32(lanes, 8), _mm256_set1_epi32(0xff));
        break;
    case DTAKE_I8:
        left = _mm256_srai_epi32(_mm256_slli_epi32(lanes, 24), 24);
        right = _mm256_srai_epi32(_mm256_slli_epi32(lanes, 16), 24);
        break;
    case DTAKE_U16:
        left = _mm256_and_si256(lanes, _mm256_set1_epi32(0xffff));
        right = _mm256_srli_epi32(lanes, 16);
        break;
    default:
        left = _mm256_srai_epi32(_mm256_slli_epi32(lanes, 16), 16);
        right = _mm256_srai_epi32(lanes, 16);
    }
    *a = _mm256_cvtepi32_ps(left);
    *b = _mm256_cvtepi32_ps(right);
}

/* Whole numbers that fit the type. */
AVX2_INLINE void store(dtake_type type, void *out, int64_t i, __m256i value)
{
    __m128i low = _mm256_castsi256_si128(value), high = _mm256_extracti128_si256(value, 1);
    __m128i words =
        type == DTAKE_U16 || type == DTAKE_U8 ? _mm_packus_epi32(low, high) : _mm_packs_epi32(low, high);
    if (dtake_type_bytes(type) == 2)
        _mm_storeu_si128((__m128i *)((uint16_t *)out + i), words);
    else
        _mm_storel_epi64((__m128i *)((uint8_t *)out + i),
                         type == DTAKE_U8 ? _mm_packus_epi16(words, words) : _mm_packs_epi16(words, words));
}

typedef enum met { ALL_VALID, ALL_MASKED, MIXED } met;

AVX2_INLINE met look_at_mask(const uint8_t *mask, __m256i above, __m256i under)
{
    const __m256i pair = _mm256_set1_epi32(0xffff);
    __m256i a = _mm256_i32gather_epi32((const int *)(const void *)mask, above, 1);
    __m256i b = _mm256_i32gather_epi32((const int *)(const void *)mask, under, 1);
    if (_mm256_movemask_epi8(_mm256_cmpeq_epi32(_mm256_and_si256(_mm256_and_si256(a, b), pair), pair)) == -1)
        return ALL_VALID;
    return _mm256_testz_si256(_mm256_or_si256(a, b), pair) ? ALL_MASKED : MIXED;
}

/* The four neighbours of eight points, of a plane `width` wide; false: some lie outside of it. */
AVX2_INLINE bool indices(__m256i col, __m256i row, int32_t width, int32_t height, __m256i *above,
                         __m256i *under)
{
    const __m256i least = _mm256_set1_epi32(-1);
    __m256i good = _mm256_and_si256(_mm256_and_si256(_mm256_cmpgt_epi32(col, least), below(col, width - 1)),
                                    _mm256_and_si256(_mm256_cmpgt_epi32(row, least), below(row, height - 1)));
    *above = _mm256_add_epi32(_mm256_mullo_epi32(row, _mm256_set1_epi32(width)), col);
    *under = _mm256_add_epi32(*above, _mm256_set1_epi32(width));
    /* Single bytes are gathered four at once: not past the plane's end. */
    good = _mm256_and_si256(good, below(*under, width * height - 3));
    return _mm256_movemask_epi8(good) == -1;
}

AVX2_INLINE int64_t rows(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                         const dtake__warp_span *span, void *out, uint8_t *valid)
{
    const __m256i start_col = _mm256_set1_epi32((int32_t)in->at.col),
                  start_row = _mm256_set1_epi32((int32_t)in->at.row);
    const __m256 one = _mm256_set1_ps(1), half = _mm256_set1_ps(0.5f);
    int64_t i = 0;
    for (; i + 8 <= span->count; i += 8) {
        __m256 rx, ry, a, b, c, d;
        __m256i above, under;
        __m256i col = split(span->x + i, start_col, &rx), row = split(span->y + i, start_row, &ry);
        bool inside = indices(col, row, (int32_t)in->at.width, (int32_t)in->at.height, &above, &under);
        met found = !inside ? MIXED : in->mask == NULL ? ALL_VALID : look_at_mask(in->mask, above, under);
        if (found == MIXED) {
            dtake__warp_bilinear_part(warp, in, span, i, 8, out, valid);
            continue;
        }
        memset(valid + i, found == ALL_VALID ? 255 : 0, 8);
        if (found == ALL_MASKED)
            continue;
        const int *data = in->data;
        if (dtake_type_bytes(type) == 2) {
            two(type, _mm256_i32gather_epi32(data, above, 2), &a, &b);
            two(type, _mm256_i32gather_epi32(data, under, 2), &c, &d);
        } else {
            two(type, _mm256_i32gather_epi32(data, above, 1), &a, &b);
            two(type, _mm256_i32gather_epi32(data, under, 1), &c, &d);
        }
        __m256 sx = _mm256_sub_ps(one, rx), sy = _mm256_sub_ps(one, ry);
        __m256 top = _mm256_add_ps(_mm256_mul_ps(a, sx), _mm256_mul_ps(b, rx));
        __m256 bottom = _mm256_add_ps(_mm256_mul_ps(c, sx), _mm256_mul_ps(d, rx));
        __m256 value = _mm256_add_ps(_mm256_mul_ps(top, sy), _mm256_mul_ps(bottom, ry));
        store(type, out, i, _mm256_cvttps_epi32(_mm256_floor_ps(_mm256_add_ps(value, half))));
    }
    return i;
}

AVX2 static int64_t rows_u8(const dtake__warp *warp, const dtake__warp_plane *in,
                            const dtake__warp_span *span, void *out, uint8_t *valid)
{
    return rows(DTAKE_U8, warp, in, span, out, valid);
}

AVX2 static int64_t rows_i8(const dtake__warp *warp, const dtake__warp_plane *in,
                            const dtake__warp_span *span, void *out, uint8_t *valid)
{
    return rows(DTAKE_I8, warp, in, span, out, valid);
}

AVX2 static int64_t rows_u16(const dtake__warp *warp, const dtake__warp_plane *in,
                             const dtake__warp_span *span, void *out, uint8_t *valid)
{
    return rows(DTAKE_U16, warp, in, span, out, valid);
}

AVX2 static int64_t rows_i16(const dtake__warp *warp, const dtake__warp_plane *in,
                             const dtake__warp_span *span, void *out, uint8_t *valid)
{
    return rows(DTAKE_I16, warp, in, span, out, valid);
}

int64_t dtake__warp_bilinear_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                                  const dtake__warp_span *span, void *out, uint8_t *valid)
{
    const int64_t most = INT64_C(1) << 30; /* numbers of columns, rows and pixels are 32 bits wide here */
    if (!__builtin_cpu_supports("avx2") || warp->source_width > most || warp->source_height > most ||
        in->at.width > most / in->at.height)
        return 0;
    switch (in->type) {
    case DTAKE_U8:
        return rows_u8(warp, in, span, out, valid);
    case DTAKE_I8:
        return rows_i8(warp, in, span, out, valid);
    case DTAKE_U16:
        return rows_u16(warp, in, span, out, valid);
    case DTAKE_I16:
        return rows_i16(warp, in, span, out, valid);
    default:
        return 0;
    }
}

#else

int64_t dtake__warp_bilinear_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                                  const dtake__warp_span *span, void *out, uint8_t *valid)
{
    (void)warp, (void)in, (void)span, (void)out, (void)valid;
    return 0;
}

#endif
