#include "core/decimal.h"

#include "core/c_locale.h"
#include "core/powers_of_ten.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEPT_DIGITS = 19,        /* as many as always fit into 64 bits */
    DECISIVE_DIGITS = 768,   /* no double's rounding depends on more, but for "and something" */
    MAX_EXPONENT = 100000000 /* of the text: beyond it changes nothing, and ten times it fits into 32 bits */
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Eight digits in one word (Lemire, "Number Parsing at a Gigabyte per Second", 2021, section 5). */
static const char *eight_digits(const char *at, const char *end, uint64_t *value)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        if (((word & 0xF0F0F0F0F0F0F0F0) | (((word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0) >> 4)) !=
            0x3333333333333333)
            break;
        word -= 0x3030303030303030;
        word = word * 10 + (word >> 8);
        word = ((word & 0x000000FF000000FF) * 0x000F424000000064 +
                ((word >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >>
               32;
        *value = *value * 100000000 + (uint32_t)word;
        at += 8;
    }
    return at;
}
#else
static const char *eight_digits(const char *at, const char *end, uint64_t *value)
{
    (void)end;
    (void)value;
    return at;
}
#endif

/* Wraps around after 19 digits; `keep_19` then reads them again. */
static const char *digits(const char *at, const char *end, uint64_t *value)
{
    for (; at < end && is_digit(*at); at++)
        *value = *value * 10 + (uint64_t)(*at - '0');
    return at;
}

static const char *read_exponent(const char *at, const char *end, int64_t *exponent)
{
    const char *start = at++;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end || !is_digit(*at))
        return start; /* "5e" is the number 5, and then an e */
    int64_t value = 0;
    for (; at < end && is_digit(*at); at++)
        if (value < MAX_EXPONENT)
            value = value * 10 + (*at - '0');
    *exponent += negative ? -value : value;
    return at;
}

/* The first 19 significant digits of a number with more of them, and the power of ten that stands for the
 * rest. */
static void keep_19(dtake__decimal *n, const char *first, const char *last, const char *dot, int64_t written)
{
    int kept = 0;
    int64_t scale = written; /* of a digit just before the exponent's mark, were all of them kept */
    n->mantissa = 0;
    for (const char *at = first; at < last; at++)
        if (at != dot) {
            if (kept < KEPT_DIGITS) {
                n->mantissa = n->mantissa * 10 + (uint64_t)(*at - '0');
                kept += n->mantissa != 0;
            } else {
                n->truncated = true;
                scale += at < (dot != NULL ? dot : last);
            }
            if (dot != NULL && at > dot && !n->truncated)
                scale--;
        }
    n->exponent = (int32_t)(scale > INT32_MAX / 2   ? INT32_MAX / 2
                            : scale < INT32_MIN / 2 ? INT32_MIN / 2
                                                    : scale);
}

bool dtake__decimal_scan(const char *text, const char *end, dtake__decimal *out)
{
    const char *at = text, *dot = NULL;
    dtake__decimal n = { .text = text, .whole = true, .plain = true };
    if (at < end && (*at == '-' || *at == '+')) {
        n.negative = *at == '-';
        n.plain = n.negative;
        at++;
    }
    const char *first = at;
    at = digits(at, end, &n.mantissa);
    size_t count = (size_t)(at - first);
    n.plain &= count > 0 && (count == 1 || *first != '0');
    int64_t exponent = 0, written = 0;
    if (at < end && *at == '.') {
        dot = at++;
        at = digits(eight_digits(at, end, &n.mantissa), end, &n.mantissa);
        exponent = dot + 1 - at;
        count += (size_t)-exponent;
        n.whole = false;
        n.plain &= exponent < 0;
    }
    if (count == 0)
        return false;
    const char *last = at;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = read_exponent(at, end, &written);
        n.whole &= at == last;
    }
    n.end = at;
    exponent += written;
    if (count > KEPT_DIGITS)
        keep_19(&n, first, last, dot, written);
    else
        n.exponent = (int32_t)exponent;
    *out = n;
    return true;
}

/* Puts `n` into few digits that strtod rounds to the same double. Slow, and seldom needed. */
static bool decimal_by_strtod(const dtake__decimal *n, double *out)
{
    char digits_text[DECISIVE_DIGITS + 40];
    size_t len = 0;
    bool rest = false, significant = false, behind_dot = false;
    int64_t exponent = 0;
    digits_text[len++] = n->negative ? '-' : '+';
    const char *at = n->text;
    for (; at < n->end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.')
            behind_dot = true;
        if (!is_digit(*at))
            continue;
        significant |= *at != '0';
        exponent -= behind_dot;
        if (significant && len <= DECISIVE_DIGITS)
            digits_text[len++] = *at;
        else if (significant) {
            rest |= *at != '0';
            exponent++;
        }
    }
    if (rest) {
        digits_text[len++] = '1';
        exponent--;
    }
    if (!significant)
        digits_text[len++] = '0';
    if (at < n->end)
        read_exponent(at, n->end, &exponent);
    snprintf(digits_text + len, sizeof digits_text - len, "e%lld", (long long)exponent);
    *out = strtod_l(digits_text, NULL, dtake__c_locale());
    return isfinite(*out);
}

/* Eisel and Lemire's way as in Go's strconv (eisel_lemire.go): multiply by a 128-bit approximation of the
 * power of ten and see whether the rounding is certain. False when it is not. `mantissa` is not 0. */
static bool eisel_lemire(uint64_t mantissa, int32_t exponent, double *out)
{
    if (exponent < DTAKE__TEN_FIRST || exponent > DTAKE__TEN_LAST)
        return false;
    const uint64_t *power = dtake__powers_of_ten[exponent - DTAKE__TEN_FIRST];
    int zeros = __builtin_clzll(mantissa);
    mantissa <<= zeros;
    uint64_t binary = (uint64_t)(((217706 * (int64_t)exponent) >> 16) + 64 + 1023 - zeros);
    unsigned __int128 product = (unsigned __int128)mantissa * power[0];
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if ((high & 0x1FF) == 0x1FF && low + mantissa < mantissa) {
        unsigned __int128 more = (unsigned __int128)mantissa * power[1];
        uint64_t sum = low + (uint64_t)(more >> 64);
        if (sum < low)
            high++;
        if ((high & 0x1FF) == 0x1FF && sum + 1 == 0 && (uint64_t)more + mantissa < mantissa)
            return false;
        low = sum;
    }
    uint64_t top = high >> 63;
    uint64_t bits = high >> (top + 9);
    binary -= 1 ^ top;
    if (low == 0 && (high & 0x1FF) == 0 && (bits & 3) == 1)
        return false; /* half-way, perhaps */
    bits += bits & 1;
    bits >>= 1;
    if (bits >> 53 != 0) {
        bits >>= 1;
        binary++;
    }
    if (binary - 1 >= 0x7FF - 1)
        return false;
    bits = binary << 52 | (bits & 0xFFFFFFFFFFFFF);
    memcpy(out, &bits, sizeof bits);
    return true;
}

static bool decimal_fast(const dtake__decimal *n, double *out)
{
    static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    if (n->mantissa == 0 && !n->truncated) {
        *out = 0;
        return true;
    }
    /* One operation on exact operands rounds once (Clinger); where doubles are doubles. */
    if (FLT_EVAL_METHOD == 0 && n->mantissa <= 1ULL << 53 && !n->truncated && abs(n->exponent) <= 22) {
        double value = (double)n->mantissa;
        *out = n->exponent < 0 ? value / tens[-n->exponent] : value * tens[n->exponent];
        return true;
    }
    if (!eisel_lemire(n->mantissa, n->exponent, out))
        return false;
    double next;
    return !n->truncated || (eisel_lemire(n->mantissa + 1, n->exponent, &next) && next == *out);
}

bool dtake__decimal_f64(const dtake__decimal *number, double *out)
{
    if (!decimal_fast(number, out))
        return decimal_by_strtod(number, out);
    if (number->negative)
        *out = -*out;
    return true;
}

/* The value without its sign. */
static bool magnitude(const dtake__decimal *n, uint64_t *out)
{
    double value;
    if (!n->whole) {
        if (!dtake__decimal_f64(n, &value) || fabs(value) >= 9007199254740992.0 || value != floor(value))
            return false;
        *out = (uint64_t)fabs(value);
        return true;
    }
    *out = n->mantissa;
    if (!n->truncated)
        return true;
    const char *at = n->text;
    for (*out = 0; at < n->end; at++) {
        if (!is_digit(*at))
            continue;
        uint64_t digit = (uint64_t)(*at - '0');
        if (*out > (UINT64_MAX - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return true;
}

bool dtake__decimal_i64(const dtake__decimal *number, int64_t *out)
{
    uint64_t value;
    if (!magnitude(number, &value) || value > (uint64_t)INT64_MAX + number->negative)
        return false;
    *out = number->negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool dtake__decimal_u64(const dtake__decimal *number, uint64_t *out)
{
    return magnitude(number, out) && (!number->negative || *out == 0);
}
