/* The Range field of a request (RFC 9110, 14). */
#ifndef DTAKE_SERVER_RANGE_H
#define DTAKE_SERVER_RANGE_H

#include <datatake/api.h>

enum {
    DTAKE__RANGES_MAX = 64, /* in one request */
    DTAKE__RANGES_JOIN_BYTES =
        80, /* about what a part costs: with a smaller gap two ranges are sent as one */
};

typedef struct dtake__range {
    int64_t at, len;
} dtake__range;

typedef struct dtake__ranges {
    dtake__range range[DTAKE__RANGES_MAX]; /* in the order asked for; they do not touch one another */
    size_t count;
} dtake__ranges;

typedef enum dtake__range_kind {
    DTAKE__RANGE_NONE, /* absent, malformed, another unit, too many: the whole is the answer */
    DTAKE__RANGE_SOME, /* 206 */
    DTAKE__RANGE_BAD   /* nothing of it exists: 416 */
} dtake__range_kind;

/* For SOME: at least one, each with len > 0 and within 0 .. size. Of several those past the end are left out;
 * those that overlap, or lie so near that a part of its own would cost more, are joined. */
dtake__range_kind dtake__range_parse(const char *value, int64_t size, dtake__ranges *out);

#endif
