#include "raster/warp_narrow.h"

#include <stdatomic.h>
#include <string.h>

static atomic_bool no_vectors;

void dtake__warp_use_vectors(bool use)
{
    atomic_store(&no_vectors, !use);
}

/* All of `side` x `side` pixels from (col, row) on are there. */
DTAKE__INLINE bool all_there(const dtake__warp_plane *in, int64_t col, int64_t row, int64_t side)
{
    if (col < 0 || row < 0 || col + side > in->at.width || row + side > in->at.height)
        return false;
    for (int64_t j = 0; j < side && in->mask != NULL; j++)
        for (int64_t i = 0; i < side; i++)
            if (in->mask[(row + j) * in->at.width + col + i] == 0)
                return false;
    return true;
}

DTAKE__INLINE void store_small(dtake_type type, void *out, int64_t i, float value)
{
    int32_t whole = (int32_t)(value + 0.5f);
    whole -= value + 0.5f < (float)whole;
    switch (type) {
    case DTAKE_U8:
        ((uint8_t *)out)[i] = (uint8_t)(whole < 0 ? 0 : whole > UINT8_MAX ? UINT8_MAX : whole);
        break;
    case DTAKE_I8:
        ((int8_t *)out)[i] = (int8_t)(whole < INT8_MIN ? INT8_MIN : whole > INT8_MAX ? INT8_MAX : whole);
        break;
    case DTAKE_U16:
        ((uint16_t *)out)[i] = (uint16_t)(whole < 0 ? 0 : whole > UINT16_MAX ? UINT16_MAX : whole);
        break;
    default:
        ((int16_t *)out)[i] = (int16_t)(whole < INT16_MIN   ? INT16_MIN
                                        : whole > INT16_MAX ? INT16_MAX
                                                            : whole);
        break;
    }
}

DTAKE__INLINE void store(dtake_type type, void *out, int64_t i, double value)
{
    if (dtake__type_is_small(type))
        store_small(type, out, i, (float)value);
    else
        dtake__sample_store(type, out, i, value);
}

/* With what is there of the four. */
DTAKE__INLINE void blend_some(dtake_type type, const dtake__warp_plane *in, const dtake__corner *at,
                              void *out, int64_t i)
{
    double sum = 0, total = 0;
    for (int k = 0; k < 4; k++) {
        int64_t col = at->col + k % 2, row = at->row + k / 2, index = row * in->at.width + col;
        if (col < 0 || row < 0 || col >= in->at.width || row >= in->at.height ||
            (in->mask != NULL && in->mask[index] == 0))
            continue;
        double weight = (k % 2 ? at->rx : 1 - at->rx) * (k / 2 ? at->ry : 1 - at->ry);
        sum += weight * dtake__sample_load(type, in->data, index);
        total += weight;
    }
    store(type, out, i, sum / total);
}

DTAKE__INLINE void blend(dtake_type type, const dtake__warp_plane *in, const dtake__corner *at, void *out,
                         int64_t i)
{
    int64_t above = at->row * in->at.width + at->col, below = above + in->at.width;
    if (dtake__type_is_small(type)) {
        store_small(type, out, i,
                    dtake__blend_small(dtake__sample_small(type, in->data, above),
                                       dtake__sample_small(type, in->data, above + 1),
                                       dtake__sample_small(type, in->data, below),
                                       dtake__sample_small(type, in->data, below + 1), (float)at->rx,
                                       (float)at->ry));
        return;
    }
    double a = dtake__sample_load(type, in->data, above), b = dtake__sample_load(type, in->data, above + 1);
    double c = dtake__sample_load(type, in->data, below), d = dtake__sample_load(type, in->data, below + 1);
    dtake__sample_store(type, out, i,
                        (a * (1 - at->rx) + b * at->rx) * (1 - at->ry) +
                            (c * (1 - at->rx) + d * at->rx) * at->ry);
}

DTAKE__INLINE void bilinear_at(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, int64_t i, void *out, uint8_t *valid)
{
    dtake__corner at;
    int64_t index;
    valid[i] = 0;
    if (!dtake__corner_of(warp, in, span->x[i], span->y[i], &at))
        return;
    if (all_there(in, at.col, at.row, 2))
        blend(type, in, &at, out, i);
    else if (dtake__warp_centre(warp, in, span->x[i], span->y[i], &index))
        blend_some(type, in, &at, out, i);
    else
        return;
    valid[i] = 255;
}

DTAKE__INLINE void bilinear(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                            const dtake__warp_span *span, int64_t first, int64_t count, void *out,
                            uint8_t *valid)
{
    for (int64_t i = first; i < first + count; i++)
        bilinear_at(type, warp, in, span, i, out, valid);
}

void dtake__warp_bilinear_part(const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, int64_t first, int64_t count, void *out,
                               uint8_t *valid)
{
    switch (in->type) {
#define BILINEAR(name, ctype)                                                                                \
    case DTAKE_##name:                                                                                       \
        bilinear(DTAKE_##name, warp, in, span, first, count, out, valid);                                    \
        break;
        DTAKE__SAMPLE_MAP(BILINEAR)
#undef BILINEAR
    }
}

bool dtake__warp_bilinear(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                          dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    (void)scratch;
    int64_t done = atomic_load_explicit(&no_vectors, memory_order_relaxed)
                       ? 0
                       : dtake__warp_bilinear_avx2(warp, in, span, out, valid);
    dtake__warp_bilinear_part(warp, in, span, done, span->count - done, out, valid);
    return true;
}

typedef float float4 __attribute__((vector_size(16)));

/* Columns first, four at once, then across them: in any instruction set in this order. */
DTAKE__INLINE float cubic_small(dtake_type type, const void *data, int64_t first, int64_t width,
                                const double wx[4], const double wy[4])
{
    float4 sum = { 0, 0, 0, 0 };
    for (int j = 0; j < 4; j++, first += width) {
        float4 line = { dtake__sample_small(type, data, first), dtake__sample_small(type, data, first + 1),
                        dtake__sample_small(type, data, first + 2),
                        dtake__sample_small(type, data, first + 3) };
        sum += line * (float)wy[j];
    }
    return (sum[0] * (float)wx[0] + sum[1] * (float)wx[1]) + (sum[2] * (float)wx[2] + sum[3] * (float)wx[3]);
}

DTAKE__INLINE double cubic_wide(dtake_type type, const void *data, int64_t first, int64_t width,
                                const double wx[4], const double wy[4])
{
    double sum = 0;
    for (int j = 0; j < 4; j++, first += width) {
        double line = 0;
        for (int i = 0; i < 4; i++)
            line += wx[i] * dtake__sample_load(type, data, first + i);
        sum += wy[j] * line;
    }
    return sum;
}

/* Where one of the sixteen is missing, bilinear takes over, as in gdalwarp. */
DTAKE__INLINE void cubic(dtake_type type, const dtake__warp *warp, const dtake__warp_plane *in,
                         const dtake__warp_span *span, int64_t i, void *out, uint8_t *valid)
{
    dtake__corner at;
    double wx[4], wy[4];
    if (!dtake__corner_of(warp, in, span->x[i], span->y[i], &at) ||
        !all_there(in, at.col - 1, at.row - 1, 4)) {
        bilinear_at(type, warp, in, span, i, out, valid);
        return;
    }
    dtake__cubic_weights(at.rx, wx);
    dtake__cubic_weights(at.ry, wy);
    int64_t first = (at.row - 1) * in->at.width + at.col - 1;
    if (dtake__type_is_small(type))
        store_small(type, out, i, cubic_small(type, in->data, first, in->at.width, wx, wy));
    else
        dtake__sample_store(type, out, i, cubic_wide(type, in->data, first, in->at.width, wx, wy));
    valid[i] = 255;
}

void dtake__warp_cubic_part(const dtake__warp *warp, const dtake__warp_plane *in,
                            const dtake__warp_span *span, int64_t first, int64_t count, void *out,
                            uint8_t *valid)
{
    switch (in->type) {
#define CUBIC(name, ctype)                                                                                   \
    case DTAKE_##name:                                                                                       \
        for (int64_t i = first; i < first + count; i++)                                                      \
            cubic(DTAKE_##name, warp, in, span, i, out, valid);                                              \
        break;
        DTAKE__SAMPLE_MAP(CUBIC)
#undef CUBIC
    }
}

bool dtake__warp_cubic(const dtake__warp *warp, const dtake__warp_plane *in, const dtake__warp_span *span,
                       dtake__warp_scratch *scratch, void *out, uint8_t *valid)
{
    (void)scratch;
    int64_t done = atomic_load_explicit(&no_vectors, memory_order_relaxed)
                       ? 0
                       : dtake__warp_cubic_avx2(warp, in, span, out, valid);
    dtake__warp_cubic_part(warp, in, span, done, span->count - done, out, valid);
    return true;
}
