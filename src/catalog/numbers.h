/* Doubles as whole numbers and back. */
#ifndef DTAKE_CATALOG_NUMBERS_H
#define DTAKE_CATALOG_NUMBERS_H

#include <stdint.h>
#include <string.h>

enum { DTAKE__MAX_DECIMALS = 15 };
extern const double dtake__powers_of_ten[DTAKE__MAX_DECIMALS + 1];

/* Bits turned so that the order of int64 is the order of doubles. */
static inline int64_t dtake__double_to_int(double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (bits >> 63 & INT64_MAX);
}

static inline double dtake__double_from_int(int64_t number)
{
    int64_t bits = number ^ (number >> 63 & INT64_MAX);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
