/* The parts of a file that have been fetched so far, so that a parser can say what it misses. */
#ifndef DTAKE_FORMAT_SEGMENTS_H
#define DTAKE_FORMAT_SEGMENTS_H

#include <datatake/status.h>

typedef struct dtake__segment {
    int64_t first;
    size_t len;
    const uint8_t *bytes;
} dtake__segment;

typedef struct dtake__segments {
    const dtake__segment *segment; /* sorted by first, not touching one another */
    size_t count;
    int64_t file_bytes; /* -1: unknown */
} dtake__segments;

/* The bytes [first, first + count), or NULL when not (all) there. */
const uint8_t *dtake__segments_find(const dtake__segments *segments, int64_t first, size_t count);

/* `first`, or when that byte is there the first one after it that is not. */
int64_t dtake__segments_first_missing(const dtake__segments *segments, int64_t first);

#endif
