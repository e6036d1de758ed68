/* Sizes, rates and durations as people read and write them. Decimal units: 1 MB is 1,000,000 bytes. */
#ifndef DTAKE_CLI_UNITS_H
#define DTAKE_CLI_UNITS_H

#include <datatake/api.h>

/* 1500, 500k, 50M, 1.5G, 96Mi, with or without a B at the end; false for anything else and for overflow. */
bool dtake__parse_size(const char *text, int64_t *out_bytes);

/* At least 32 bytes each. */
void dtake__format_bytes(int64_t bytes, char *out, size_t size);      /* "12.3 MB" */
void dtake__format_rate(double bytes_s, char *out, size_t size);      /* "3.8 MB/s" */
void dtake__format_seconds(double seconds, char *out, size_t size);   /* "0.42 s", "3.2 s", "2 m 04 s" */
void dtake__format_countdown(double seconds, char *out, size_t size); /* "1:52", "2:03:04" */

#endif
