/* Decimal numbers as they are written, and what they are worth. */
#ifndef DTAKE_CORE_DECIMAL_H
#define DTAKE_CORE_DECIMAL_H

#include "core/span.h"

#include <stdint.h>

typedef struct dtake__decimal {
    const char *text, *end;
    uint64_t mantissa; /* the first 19 significant digits */
    int32_t exponent;  /* value = mantissa * 10^exponent, if not truncated */
    bool negative;
    bool truncated; /* there were more than 19 significant digits */
    bool whole;     /* written with neither '.' nor an exponent */
    bool plain;     /* as JSON wants it: no '+', no needless 0, digits on both sides of the '.' */
} dtake__decimal;

/* Reads the longest number at `text`, before `end`; false when there is none. */
bool dtake__decimal_scan(const char *text, const char *end, dtake__decimal *out);
/* False when the value does not fit. The integers also take 5.0 and 5e2, if they are whole and below 2^53. */
bool dtake__decimal_i64(const dtake__decimal *number, int64_t *out);
bool dtake__decimal_u64(const dtake__decimal *number, uint64_t *out);
bool dtake__decimal_f64(const dtake__decimal *number, double *out);

#endif
