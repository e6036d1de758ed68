/* For tests: bytes in memory as a stream, handed out in pieces of `piece` bytes. */
#ifndef DTAKE_FORMAT_STREAM_FIXTURE_H
#define DTAKE_FORMAT_STREAM_FIXTURE_H

#include "core/error.h"
#include "format/inflate_stream.h"

#include <string.h>

typedef struct memory_stream {
    const char *bytes;
    size_t len, at, piece;
    bool fails; /* instead of ending */
} memory_stream;

static dtake_status memory_read(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    memory_stream *s = ctx;
    size_t left = s->len - s->at, n = left < s->piece ? left : s->piece;
    if (left == 0 && s->fails)
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "read: the disk is gone");
    *got = n < room ? n : room;
    if (*got > 0)
        memcpy(out, s->bytes + s->at, *got);
    s->at += *got;
    return DTAKE_OK;
}

#endif
