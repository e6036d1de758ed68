/* The body of an answer with several ranges, multipart/byteranges (RFC 9110, 14.6). */
#ifndef DTAKE_SERVER_MULTIPART_H
#define DTAKE_SERVER_MULTIPART_H

#include "server/range.h"

enum { DTAKE__PART_HEAD_BYTES = 320, DTAKE__BOUNDARY_CHARS = 32 };

typedef struct dtake__multipart {
    char boundary[DTAKE__BOUNDARY_CHARS + 1]; /* by chance, so that no file can hold it on purpose */
    const char *type;                         /* of the file; not owned */
    int64_t size;                             /* of the file */
} dtake__multipart;

/* false: the system has no random bytes. */
bool dtake__multipart_init(dtake__multipart *out, const char *type, int64_t size);

/* What stands before the bytes of part `index`, and behind the last one. Both return their length. */
size_t dtake__multipart_head(const dtake__multipart *parts, const dtake__ranges *ranges, size_t index,
                             char out[DTAKE__PART_HEAD_BYTES]);
size_t dtake__multipart_end(const dtake__multipart *parts, char out[DTAKE__PART_HEAD_BYTES]);

int64_t dtake__multipart_length(const dtake__multipart *parts, const dtake__ranges *ranges);

#endif
