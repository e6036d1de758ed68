/* Memory of nghttp2's sessions. What a session holds all its life are some tables and a buffer of 16 KiB for
 * frames, of which an idle connection has written the first few hundred bytes only. They lie together in a
 * room of whole pages, the buffer last: so its rest, never touched, takes no memory, and the larger tables
 * share the page of its beginning. */
#ifndef DTAKE_SERVER_HTTP2_MEMORY_H
#define DTAKE_SERVER_HTTP2_MEMORY_H

#include <nghttp2/nghttp2.h>

typedef struct dtake__http2_room dtake__http2_room;

/* Rooms of one server, made many at a time. Loop thread only. */
typedef struct dtake__http2_rooms {
    dtake__http2_room *empty;
    struct dtake__http2_block *blocks;
} dtake__http2_rooms;

dtake__http2_room *dtake__http2_room_take(dtake__http2_rooms *rooms); /* NULL: no memory */
void dtake__http2_room_give(dtake__http2_rooms *rooms, dtake__http2_room *room);
void dtake__http2_rooms_dispose(dtake__http2_rooms *rooms);

/* For a session: large blocks from its room as long as there is space, all else from the heap. */
nghttp2_mem dtake__http2_memory(dtake__http2_room *room);

#endif
