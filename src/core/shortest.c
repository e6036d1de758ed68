/* Raffaello Giulietti's Schubfach ("The Schubfach way to render doubles", 2020), in the form of its section
 * 9: the interval of all numbers that round to the double, times a power of ten, in 128-bit integers; the
 * fewest digits are those of a multiple of ten inside it, else of a whole number. */
#include "core/shortest.h"

#include "core/powers_of_ten.h"

#include <string.h>

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1075, EXACT_POWER_LAST = 55 };

typedef unsigned __int128 uint128;

/* floor(log10(2^q)), or of 3/4 of it; floor(log2(10^e)). Exact far beyond the exponents of doubles. */
static int floor_log10_pow2(int q, bool three_quarters)
{
    return (q * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

static int floor_log2_pow10(int e)
{
    return (e * 1741647) >> 19;
}

/* The upper bits of power * x; the lowest is 1 also when there was anything behind it. */
static uint64_t multiply(uint128 power, uint64_t x)
{
    uint128 high = (power >> 64) * x + ((uint128)(uint64_t)power * x >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* 10^e with 128 bits, rounded up. */
static uint128 power_of_ten(int e)
{
    const uint64_t *words = dtake__powers_of_ten[e - DTAKE__TEN_FIRST];
    return ((uint128)words[0] << 64 | words[1]) + (e < 0 || e > EXACT_POWER_LAST);
}

bool dtake__shortest(double value, uint64_t *digits, int *exponent)
{
    uint64_t bits;
    if (!(value >= 1e-20 && value <= 1e20))
        return false;
    memcpy(&bits, &value, sizeof bits);
    uint64_t fraction = bits & ((1ULL << MANTISSA_BITS) - 1), c = fraction | 1ULL << MANTISSA_BITS;
    int q = (int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS;
    bool closer_below = fraction == 0, even = c % 2 == 0;

    int k = floor_log10_pow2(q, closer_below), shift = q + floor_log2_pow10(-k) + 1;
    uint128 power = power_of_ten(-k);
    uint64_t below = multiply(power, (4 * c - 2 + closer_below) << shift) + !even;
    uint64_t middle = multiply(power, 4 * c << shift);
    uint64_t above = multiply(power, (4 * c + 2) << shift) - !even;

    uint64_t s = middle / 4, tens = s / 10;
    bool down = below <= 40 * tens, up = 40 * tens + 40 <= above;
    *exponent = k + 1;
    *digits = tens + up;
    if (s >= 10 && down != up)
        return true;
    *exponent = k;
    down = below <= 4 * s;
    up = 4 * s + 4 <= above;
    bool nearer_up = middle > 4 * s + 2 || (middle == 4 * s + 2 && s % 2 == 1);
    *digits = s + (down != up ? up : nearer_up);
    return true;
}
