/* Pieces of outgoing bytes. A chunk has room in front of its bytes, so that the protocol can put its head
 * there and one write carries both. */
#ifndef DTAKE_SERVER_CHUNK_H
#define DTAKE_SERVER_CHUNK_H

#include <datatake/api.h>

#include <uv.h>

enum {
    DTAKE__CHUNK_BYTES = 256 * 1024, /* of a full chunk; smaller ones are made to measure */
    DTAKE__CHUNK_SMALL = 64 * 1024,  /* when much is on its way, so that slow readers do not fill memory */
    DTAKE__CHUNKS_MOST = 256 << 20,  /* from which on new streams are refused */
    DTAKE__CHUNKS_MANY = 32 << 20,   /* bytes in use, from which on they are small */
    DTAKE__CHUNK_HEADROOM = 1024,
    DTAKE__CHUNKS_KEPT = 32
};

typedef struct dtake__chunk {
    uv_write_t request; /* the connection's, while it is written */
    struct dtake__chunk *next;
    size_t at, len; /* bytes[at .. at + len) are to be sent */
    size_t room;    /* behind `at` when new */
    uint8_t bytes[];
} dtake__chunk;

/* Full chunks that wait for their next use. Loop thread only. */
typedef struct dtake__chunks {
    dtake__chunk *kept;
    int kept_count;
    size_t used; /* bytes in chunks that were made and not freed */
} dtake__chunks;

/* How large a piece of something long should be now. */
size_t dtake__chunk_room(const dtake__chunks *chunks);

dtake__chunk *dtake__chunk_new(dtake__chunks *chunks, size_t room); /* empty; NULL: no memory */
void dtake__chunk_free(dtake__chunks *chunks, dtake__chunk *chunk);
bool dtake__chunk_prepend(dtake__chunk *chunk, const void *bytes, size_t len); /* false: no headroom left */
void dtake__chunks_dispose(dtake__chunks *chunks);

#endif
