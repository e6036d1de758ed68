/* Bilinear over four neighbours, the same in every instruction set: types of up to 16 bits in floats, the
 * order of operations as written here. Rounded half up. */
#ifndef DTAKE_RASTER_WARP_NARROW_H
#define DTAKE_RASTER_WARP_NARROW_H

#include "raster/warp_kernel.h"
#include "raster/warp_sample.h"

/* a b
 * c d; rx and ry from 0 (at a) to 1. */
DTAKE__INLINE float dtake__blend_small(float a, float b, float c, float d, float rx, float ry)
{
    float sx = 1 - rx, sy = 1 - ry;
    return (a * sx + b * rx) * sy + (c * sx + d * rx) * ry;
}

/* Where the upper left of the pixels around a point lies in the plane, and how far the point is from its
 * centre. */
typedef struct dtake__corner {
    int64_t col, row;
    double rx, ry;
} dtake__corner;

/* False: far off, or nowhere. */
DTAKE__INLINE bool dtake__corner_of(const dtake__warp *warp, const dtake__warp_plane *in, double x, double y,
                                    dtake__corner *out)
{
    if (!(x >= -1 && y >= -1 && x <= (double)warp->source_width + 1 && y <= (double)warp->source_height + 1))
        return false;
    int64_t col = dtake__floor(x - 0.5), row = dtake__floor(y - 0.5);
    *out =
        (dtake__corner){ col - in->at.col, row - in->at.row, x - 0.5 - (double)col, y - 0.5 - (double)row };
    return true;
}

/* Catmull-Rom's weights of the four pixels around a point, t from the second to the third. */
DTAKE__INLINE void dtake__cubic_weights(double t, double out[4])
{
    double half = 0.5 * t, half2 = half * t;
    out[0] = half * (-1 + t * (2 - t));
    out[1] = 1 + half2 * (-5 + 3 * t);
    out[2] = half * (1 + t * (4 - 3 * t));
    out[3] = half2 * (-1 + t);
}

/* Pixels from `first` to `first + count - 1` of the span, whatever they meet. */
void dtake__warp_bilinear_part(const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, int64_t first, int64_t count, void *out,
                               uint8_t *valid);

void dtake__warp_cubic_part(const dtake__warp *warp, const dtake__warp_plane *in,
                            const dtake__warp_span *span, int64_t first, int64_t count, void *out,
                            uint8_t *valid);

/* As many pixels of the span as whole vectors hold; returns how many. 0: the processor or the type has no
 * such kernel. */
int64_t dtake__warp_bilinear_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                                  const dtake__warp_span *span, void *out, uint8_t *valid);

int64_t dtake__warp_cubic_avx2(const dtake__warp *warp, const dtake__warp_plane *in,
                               const dtake__warp_span *span, void *out, uint8_t *valid);

/* Tests compare: false leaves vectors out. */
void dtake__warp_use_vectors(bool use);

#endif
