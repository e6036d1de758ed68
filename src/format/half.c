#include "format/half.h"

#include <string.h>

enum {
    HALF_EXPONENT_MAX = 31,
    HALF_FRACTION_BITS = 10,
    EXPONENT_SHIFT = 127 - 15,
    SPARE_BITS = 23 - HALF_FRACTION_BITS
};

static uint32_t widen(uint16_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> HALF_FRACTION_BITS & 31,
             fraction = half & 0x3ff;
    if (exponent == HALF_EXPONENT_MAX)
        return sign | 0x7f800000u | fraction << SPARE_BITS;
    if (exponent != 0)
        return sign | (exponent + EXPONENT_SHIFT) << 23 | fraction << SPARE_BITS;
    if (fraction == 0)
        return sign;
    /* Too small for a half's exponent, not for a float's: the first 1 moves in front of the point. */
    int shift = __builtin_clz(fraction) - (31 - HALF_FRACTION_BITS);
    return sign | (uint32_t)(EXPONENT_SHIFT + 1 - shift) << 23 | (fraction << shift & 0x3ff) << SPARE_BITS;
}

void dtake__halves_widen(const uint16_t *halves, size_t count, float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = widen(halves[i]);
        memcpy(&out[i], &bits, sizeof bits);
    }
}
