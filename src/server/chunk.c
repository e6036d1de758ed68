#include "server/chunk.h"

#include "core/alloc.h"

#include <string.h>

dtake__chunk *dtake__chunk_new(dtake__chunks *chunks, size_t room)
{
    dtake__chunk *chunk = NULL;
    if (room > DTAKE__CHUNK_SMALL && room <= DTAKE__CHUNK_BYTES) {
        room = DTAKE__CHUNK_BYTES;
        chunk = chunks->kept;
    }
    if (chunk != NULL) {
        chunks->kept = chunk->next;
        chunks->kept_count--;
    } else {
        chunk = dtake__alloc(sizeof *chunk + DTAKE__CHUNK_HEADROOM + room);
        if (chunk == NULL)
            return NULL;
    }
    chunk->next = NULL;
    chunk->at = DTAKE__CHUNK_HEADROOM;
    chunk->len = 0;
    chunk->room = room;
    chunks->used += room;
    return chunk;
}

size_t dtake__chunk_room(const dtake__chunks *chunks)
{
    return chunks->used < DTAKE__CHUNKS_MANY ? DTAKE__CHUNK_BYTES : DTAKE__CHUNK_SMALL;
}

void dtake__chunk_free(dtake__chunks *chunks, dtake__chunk *chunk)
{
    if (chunk == NULL)
        return;
    chunks->used -= chunk->room;
    if (chunk->room == DTAKE__CHUNK_BYTES && chunks->kept_count < DTAKE__CHUNKS_KEPT) {
        chunk->next = chunks->kept;
        chunks->kept = chunk;
        chunks->kept_count++;
        return;
    }
    dtake__free(chunk);
}

bool dtake__chunk_prepend(dtake__chunk *chunk, const void *bytes, size_t len)
{
    if (len > chunk->at)
        return false;
    chunk->at -= len;
    chunk->len += len;
    memcpy(chunk->bytes + chunk->at, bytes, len);
    return true;
}

void dtake__chunks_dispose(dtake__chunks *chunks)
{
    while (chunks->kept != NULL) {
        dtake__chunk *next = chunks->kept->next;
        dtake__free(chunks->kept);
        chunks->kept = next;
    }
    chunks->kept_count = 0;
}
