#include "server/multipart.h"

#include "core/text.h"

#include <stdio.h>
#include <sys/random.h>

bool dtake__multipart_init(dtake__multipart *out, const char *type, int64_t size)
{
    uint8_t random[DTAKE__BOUNDARY_CHARS / 2];
    out->type = type;
    out->size = size;
    if (getrandom(random, sizeof random, GRND_NONBLOCK) != sizeof random)
        return false;
    dtake__hex_write(out->boundary, random, sizeof random);
    return true;
}

size_t dtake__multipart_head(const dtake__multipart *parts, const dtake__ranges *ranges, size_t index,
                             char out[DTAKE__PART_HEAD_BYTES])
{
    const dtake__range *range = &ranges->range[index];
    int len = snprintf(out, DTAKE__PART_HEAD_BYTES,
                       "%s--%s\r\nContent-Type: %s\r\nContent-Range: bytes %lld-%lld/%lld\r\n\r\n",
                       index > 0 ? "\r\n" : "", parts->boundary, parts->type, (long long)range->at,
                       (long long)(range->at + range->len - 1), (long long)parts->size);
    return len < DTAKE__PART_HEAD_BYTES ? (size_t)len : DTAKE__PART_HEAD_BYTES - 1;
}

size_t dtake__multipart_end(const dtake__multipart *parts, char out[DTAKE__PART_HEAD_BYTES])
{
    return (size_t)snprintf(out, DTAKE__PART_HEAD_BYTES, "\r\n--%s--\r\n", parts->boundary);
}

int64_t dtake__multipart_length(const dtake__multipart *parts, const dtake__ranges *ranges)
{
    char text[DTAKE__PART_HEAD_BYTES];
    int64_t length = (int64_t)dtake__multipart_end(parts, text);
    for (size_t i = 0; i < ranges->count; i++)
        length += (int64_t)dtake__multipart_head(parts, ranges, i, text) + ranges->range[i].len;
    return length;
}
