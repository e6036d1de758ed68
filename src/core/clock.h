/* Clocks and the text of times. */
#ifndef DTAKE_CORE_CLOCK_H
#define DTAKE_CORE_CLOCK_H

#include "core/span.h"

#include <datatake/status.h>

int64_t dtake__now_ms(void);      /* monotonic; for deadlines */
int64_t dtake__now_us(void);      /* monotonic; for measuring */
int64_t dtake__unix_now_ns(void); /* nanoseconds since 1970 UTC */

/* RFC 3339 ("2024-07-31T15:59:00Z", zone offsets, fractions) or a bare date (its 00:00 UTC; *date_only set).
 * A leap second, a time outside 1678..2261 and anything else is DTAKE_E_USAGE with the reason. */
dtake_status dtake__time_parse(const char *text, int64_t *out_ns, bool *date_only, dtake_error *err);
dtake_status dtake__time_parse_span(dtake__span text, int64_t *out_ns, bool *date_only, dtake_error *err);

typedef struct dtake__civil {
    int year, month, day, hour, minute, second; /* month and day from 1 */
    int64_t ns;                                 /* within the second */
    int zone_s;                                 /* seconds east of UTC */
} dtake__civil;

/* False when there is no such day or hour, and outside the years 1678 to 2261. */
bool dtake__time_from_civil(const dtake__civil *at, int64_t *out_ns);

/* "2024-07-31T15:59:00Z", with a fraction only if there is one. At least 32 bytes. */
void dtake__time_format(int64_t time_ns, char *out, size_t size);

/* HTTP's IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT". At least 32 bytes. */
void dtake__http_date_format(int64_t unix_s, char *out, size_t size);
bool dtake__http_date_parse(const char *text, int64_t *unix_s);

#endif
