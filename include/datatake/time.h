/* Intervals of time and their text. */
#ifndef DATATAKE_TIME_H
#define DATATAKE_TIME_H

#include <datatake/status.h>

/* Nanoseconds since 1970 UTC; INT64_MIN and INT64_MAX are open ends. */
typedef struct dtake_interval {
    int64_t start_ns, end_ns;
    bool start_exclusive, end_exclusive;
} dtake_interval;

typedef enum dtake_interval_reading {
    DTAKE_INTERVAL_CLOSED, /* STAC, the command line: both ends belong to it; a bare date as the end means the
                              end of that day */
    DTAKE_INTERVAL_HALF_OPEN, /* Tilebox, Earth Engine, tuples in Python: the end does not belong to it; a
                                 bare date is its 00:00 */
} dtake_interval_reading;

/* Reads "A/B", "../B", "A/..", "A" of RFC 3339 times and bare dates ("2024-07-31", also "2024-07", "2024"); a
 * zone is needed behind a time of day. "A" alone is that instant and a bare date alone that day, both closed
 * in either reading. DTAKE_E_USAGE says what is wrong; a leap second is. */
DTAKE_API dtake_status dtake_interval_read(const char *text, dtake_interval_reading reading,
                                           dtake_interval *out, dtake_error *err);
/* The same, read closed. */
DTAKE_API dtake_status dtake_interval_parse(const char *text, dtake_interval *out, dtake_error *err);

#endif
