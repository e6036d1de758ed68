#include "format/segments.h"

const uint8_t *dtake__segments_find(const dtake__segments *segments, int64_t first, size_t count)
{
    for (size_t i = 0; i < segments->count; i++) {
        const dtake__segment *segment = &segments->segment[i];
        if (first < segment->first)
            return NULL;
        uint64_t skip = (uint64_t)(first - segment->first);
        if (skip <= segment->len && count <= segment->len - skip)
            return segment->bytes + skip;
    }
    return NULL;
}

int64_t dtake__segments_first_missing(const dtake__segments *segments, int64_t first)
{
    for (size_t i = 0; i < segments->count; i++) {
        const dtake__segment *segment = &segments->segment[i];
        if (first >= segment->first && (uint64_t)(first - segment->first) < segment->len)
            first = segment->first + (int64_t)segment->len;
    }
    return first;
}
