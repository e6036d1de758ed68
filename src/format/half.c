#include "format/half.h"

#include <string.h>

/* A half's bits, moved up, are a float 2^112 times too small, normal or not; only infinity and NaN need the
 * exponent's other bits. No branch, so that compilers make vectors of it. */
static uint32_t widen(uint16_t half)
{
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13, special = bits >= 0x7c00u << 13 ? 0x7f800000u : 0;
    float scaled;
    memcpy(&scaled, &bits, sizeof bits);
    scaled *= 0x1p112f;
    memcpy(&bits, &scaled, sizeof bits);
    return bits | special | (uint32_t)(half & 0x8000) << 16;
}

void dtake__halves_widen(const uint16_t *halves, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = widen(halves[i]);
        memcpy(&out[i], &bits, sizeof bits);
    }
}
