/* The Range field of a request (RFC 9110, 14). */
#ifndef DTAKE_SERVER_RANGE_H
#define DTAKE_SERVER_RANGE_H

#include <datatake/api.h>

typedef enum dtake__range_kind {
    DTAKE__RANGE_NONE, /* absent, malformed, another unit, several ranges: the whole is the answer */
    DTAKE__RANGE_ONE,  /* 206 */
    DTAKE__RANGE_BAD   /* nothing of it exists: 416 */
} dtake__range_kind;

/* For ONE: *at and *len > 0 lie within 0 .. size. */
dtake__range_kind dtake__range_parse(const char *value, int64_t size, int64_t *at, int64_t *len);

#endif
