/* Bilinear over four neighbours, the same in every instruction set: types of up to 16 bits in floats, the
 * order of operations as written here. Rounded half up. */
#ifndef DTAKE_RASTER_WARP_NARROW_H
#define DTAKE_RASTER_WARP_NARROW_H

#include "raster/warp_kernel.h"
#include "raster/warp_sample.h"

DTAKE__INLINE bool dtake__type_is_small(dtake_type type)
{
    return dtake_type_bytes(type) <= 2;
}

/* a b
 * c d; rx and ry from 0 (at a) to 1. */
DTAKE__INLINE float dtake__blend_small(float a, float b, float c, float d, float rx, float ry)
{
    float sx = 1 - rx, sy = 1 - ry;
    return (a * sx + b * rx) * sy + (c * sx + d * rx) * ry;
}

/* Pixels from `first` to `first + count - 1` of the span, whatever they meet. */
void dtake__warp_bilinear_part(const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, int64_t first, int64_t count, void *out,
                               uint8_t *valid);

/* As many pixels of the span as whole vectors hold; returns how many. 0: the processor or the type has no
 * such kernel. */
int64_t dtake__warp_bilinear_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                                  const dtake__warp_span *span, void *out, uint8_t *valid);

/* Tests compare: false leaves vectors out. */
void dtake__warp_use_vectors(bool use);

#endif
