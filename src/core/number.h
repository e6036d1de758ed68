/* Numbers from text and back: exact, the same in every locale, without copies. */
#ifndef DTAKE_CORE_NUMBER_H
#define DTAKE_CORE_NUMBER_H

#include "core/decimal.h"

#include <stdint.h>

/* The whole text must be the number: leading blanks are not allowed, a leading '+' is. False otherwise, also
 * when it does not fit. f64 takes "nan" and "inf" (any case, with a sign) and rounds to nearest even; what is
 * nearer to zero than the smallest double is zero, what rounds to infinity does not fit. */
bool dtake__parse_i64(const char *text, int64_t *out);
bool dtake__parse_f64(const char *text, double *out);
bool dtake__parse_i64_span(dtake__span text, int64_t *out);
bool dtake__parse_u64_span(dtake__span text, uint64_t *out);
bool dtake__parse_f64_span(dtake__span text, double *out);

/* Shortest text that reads back as the same double; JSON-safe for finite values. At least 32 bytes. */
void dtake__format_f64(double value, char *out, size_t size);

/* Decimal digits and a '\0' into at least 24 bytes; returns the characters before the '\0'. */
size_t dtake__format_i64(int64_t value, char *out);
size_t dtake__format_u64(uint64_t value, char *out);

#endif
