/* Bilinear, eight pixels at once, and cubic, a row of four samples at once, for types of up to 16 bits: what
 * dtake__blend_small says, in the same order. Pixels at an edge or beside a masked one are left to the scalar
 * kernel, eight by eight. */
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
    if (!dtake__type_is_byte(type))
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
        if (!dtake__type_is_byte(type)) {
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

/* Four samples of a row as floats. */
AVX2_INLINE __m128 four(dtake_type type, const void *data, int64_t first)
{
    if (!dtake__type_is_byte(type)) {
        __m128i raw = _mm_loadl_epi64((const __m128i *)(const void *)((const uint16_t *)data + first));
        return _mm_cvtepi32_ps(type == DTAKE_U16 ? _mm_cvtepu16_epi32(raw) : _mm_cvtepi16_epi32(raw));
    }
    int32_t bytes;
    memcpy(&bytes, (const uint8_t *)data + first, sizeof bytes);
    __m128i raw = _mm_cvtsi32_si128(bytes);
    return _mm_cvtepi32_ps(type == DTAKE_U8 ? _mm_cvtepu8_epi32(raw) : _mm_cvtepi8_epi32(raw));
}

/* All sixteen lie in the plane, and none is masked. */
AVX2_INLINE bool sixteen_there(const dtake__warp_plane *in, int64_t col, int64_t row)
{
    if (col < 0 || row < 0 || col + 4 > in->at.width || row + 4 > in->at.height)
        return false;
    uint32_t line, all = UINT32_MAX;
    for (int64_t j = 0; j < 4 && in->mask != NULL; j++) {
        memcpy(&line, in->mask + (row + j) * in->at.width + col, sizeof line);
        all &= line;
    }
    return all == UINT32_MAX;
}

AVX2_INLINE void store_one(dtake_type type, void *out, int64_t i, __m128 value)
{
    __m128 half = _mm_add_ss(value, _mm_set_ss(0.5f));
    __m128i whole = _mm_cvttps_epi32(_mm_floor_ss(half, half));
    __m128i word = type == DTAKE_U16 || type == DTAKE_U8 ? _mm_packus_epi32(whole, whole)
                                                         : _mm_packs_epi32(whole, whole);
    if (dtake__type_is_byte(type))
        word = type == DTAKE_U8 ? _mm_packus_epi16(word, word) : _mm_packs_epi16(word, word);
    int32_t bits = _mm_cvtsi128_si32(word);
    if (dtake__type_is_byte(type))
        ((uint8_t *)out)[i] = (uint8_t)bits;
    else
        ((uint16_t *)out)[i] = (uint16_t)bits;
}

AVX2_INLINE int64_t cubics(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                           const dtake__warp_span *span, void *out, uint8_t *valid)
{
    for (int64_t i = 0; i < span->count; i++) {
        dtake__corner at;
        double wx[4], wy[4];
        if (!dtake__corner_of(warp, in, span->x[i], span->y[i], &at) ||
            !sixteen_there(in, at.col - 1, at.row - 1)) {
            dtake__warp_cubic_part(warp, in, span, i, 1, out, valid);
            continue;
        }
        dtake__cubic_weights(at.rx, wx);
        dtake__cubic_weights(at.ry, wy);
        int64_t first = (at.row - 1) * in->at.width + at.col - 1;
        __m128 sum = _mm_setzero_ps();
        for (int j = 0; j < 4; j++, first += in->at.width)
            sum = _mm_add_ps(sum, _mm_mul_ps(four(type, in->data, first), _mm_set1_ps((float)wy[j])));
        /* Not loaded back from memory as one: the four stores would have to be waited for. */
        sum = _mm_mul_ps(sum, _mm_setr_ps((float)wx[0], (float)wx[1], (float)wx[2], (float)wx[3]));
        sum = _mm_hadd_ps(sum, sum);
        store_one(type, out, i, _mm_hadd_ps(sum, sum));
        valid[i] = 255;
    }
    return span->count;
}

#define TYPED(name, type)                                                                                    \
    AVX2 static int64_t bilinear_##name(const dtake__warp *warp, const dtake__warp_plane *in,                \
                                        const dtake__warp_span *span, void *out, uint8_t *valid)             \
    {                                                                                                        \
        return rows(type, warp, in, span, out, valid);                                                       \
    }                                                                                                        \
    AVX2 static int64_t cubic_##name(const dtake__warp *warp, const dtake__warp_plane *in,                   \
                                     const dtake__warp_span *span, void *out, uint8_t *valid)                \
    {                                                                                                        \
        return cubics(type, warp, in, span, out, valid);                                                     \
    }
TYPED(u8, DTAKE_U8)
TYPED(i8, DTAKE_I8)
TYPED(u16, DTAKE_U16)
TYPED(i16, DTAKE_I16)
#undef TYPED

int64_t dtake__warp_bilinear_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                                  const dtake__warp_span *span, void *out, uint8_t *valid)
{
    const int64_t most = INT64_C(1) << 30; /* numbers of columns, rows and pixels are 32 bits wide here */
    if (!__builtin_cpu_supports("avx2") || warp->source_width > most || warp->source_height > most ||
        in->at.width > most / in->at.height)
        return 0;
    switch (in->type) {
    case DTAKE_U8:
        return bilinear_u8(warp, in, span, out, valid);
    case DTAKE_I8:
        return bilinear_i8(warp, in, span, out, valid);
    case DTAKE_U16:
        return bilinear_u16(warp, in, span, out, valid);
    case DTAKE_I16:
        return bilinear_i16(warp, in, span, out, valid);
    default:
        return 0;
    }
}

int64_t dtake__warp_cubic_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, void *out, uint8_t *valid)
{
    if (!__builtin_cpu_supports("avx2"))
        return 0;
    switch (in->type) {
    case DTAKE_U8:
        return cubic_u8(warp, in, span, out, valid);
    case DTAKE_I8:
        return cubic_i8(warp, in, span, out, valid);
    case DTAKE_U16:
        return cubic_u16(warp, in, span, out, valid);
    case DTAKE_I16:
        return cubic_i16(warp, in, span, out, valid);
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

int64_t dtake__warp_cubic_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, void *out, uint8_t *valid)
{
    (void)warp, (void)in, (void)span, (void)out, (void)valid;
    return 0;
}

#endif
