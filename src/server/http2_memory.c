#include "server/http2_memory.h"

#include "core/alloc.h"

#include <stdint.h>
#include <string.h>

enum {
    PAGE_BYTES = 4096,
    ROOM_BYTES = 6 * PAGE_BYTES,
    FRAMES_AT =
        7168, /* 2,928 and 4,096 bytes before it, each with its size (nghttp2 1.52): two pages in all */
    LEAST_BYTES = 2048,
    LEAST_FRAMES = 16384,
    ROOMS_OF_BLOCK = 64 /* beyond 1 MiB: the system's own mapping, of which only touched pages count */
};

/* The head of a room. */
struct dtake__http2_room {
    dtake__http2_room *next;
    size_t used;
    bool has_frames;
};

typedef struct dtake__http2_block {
    struct dtake__http2_block *next;
} block;

typedef union size_before {
    size_t bytes;
    max_align_t align;
} size_before;

/* --- rooms --- */

static bool make_rooms(dtake__http2_rooms *rooms)
{
    block *made = dtake__alloc(sizeof *made + PAGE_BYTES + (size_t)ROOMS_OF_BLOCK * ROOM_BYTES);
    if (made == NULL)
        return false;
    made->next = rooms->blocks;
    rooms->blocks = made;
    uintptr_t first = ((uintptr_t)(made + 1) + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    for (size_t i = ROOMS_OF_BLOCK; i-- > 0;) {
        dtake__http2_room *room = (dtake__http2_room *)(first + i * ROOM_BYTES);
        room->next = rooms->empty;
        rooms->empty = room;
    }
    return true;
}

dtake__http2_room *dtake__http2_room_take(dtake__http2_rooms *rooms)
{
    if (rooms->empty == NULL && !make_rooms(rooms))
        return NULL;
    dtake__http2_room *room = rooms->empty;
    rooms->empty = room->next;
    *room =
        (dtake__http2_room){ .used = (sizeof *room + sizeof(size_before) - 1) & ~(sizeof(size_before) - 1) };
    return room;
}

void dtake__http2_room_give(dtake__http2_rooms *rooms, dtake__http2_room *room)
{
    if (room == NULL)
        return;
    room->next = rooms->empty;
    rooms->empty = room;
}

void dtake__http2_rooms_dispose(dtake__http2_rooms *rooms)
{
    while (rooms->blocks != NULL) {
        block *next = rooms->blocks->next;
        dtake__free(rooms->blocks);
        rooms->blocks = next;
    }
    rooms->empty = NULL;
}

/* --- blocks of a session --- */

static void *place_at(dtake__http2_room *room, size_t at, size_t size)
{
    size_before *before = (size_before *)((uint8_t *)room + at);
    before->bytes = size;
    return before + 1;
}

/* NULL: it goes to the heap. */
static void *place(dtake__http2_room *room, size_t size)
{
    size_t whole = sizeof(size_before) + ((size + sizeof(size_before) - 1) & ~(sizeof(size_before) - 1));
    if (size >= LEAST_FRAMES && !room->has_frames && FRAMES_AT + whole <= ROOM_BYTES) {
        room->has_frames = true;
        return place_at(room, FRAMES_AT, size);
    }
    if (size < LEAST_BYTES || room->used + whole > FRAMES_AT)
        return NULL;
    room->used += whole;
    return place_at(room, room->used - whole, size);
}

static bool is_inside(const dtake__http2_room *room, const void *ptr)
{
    return (uintptr_t)ptr - (uintptr_t)room < ROOM_BYTES;
}

static void *take(size_t size, void *user)
{
    if (size == 0)
        return NULL;
    void *placed = place(user, size);
    return placed != NULL ? placed : dtake__alloc(size);
}

static void *take_zeroed(size_t count, size_t size, void *user)
{
    if (count == 0 || size == 0 || count > SIZE_MAX / size)
        return NULL;
    void *placed = place(user, count * size);
    return placed != NULL ? memset(placed, 0, count * size) : dtake__calloc(count, size);
}

/* What was in the room is not used again before the session ends. */
static void give_back(void *ptr, void *user)
{
    if (ptr != NULL && !is_inside(user, ptr))
        dtake__free(ptr);
}

static void *take_again(void *ptr, size_t size, void *user)
{
    if (size == 0) {
        give_back(ptr, user);
        return NULL;
    }
    if (ptr == NULL)
        return take(size, user);
    if (!is_inside(user, ptr))
        return dtake__realloc(ptr, size);
    size_t had = ((const size_before *)ptr - 1)->bytes;
    void *moved = dtake__alloc(size);
    return moved != NULL ? memcpy(moved, ptr, had < size ? had : size) : NULL;
}

nghttp2_mem dtake__http2_memory(dtake__http2_room *room)
{
    return (nghttp2_mem){ room, take, give_back, take_zeroed, take_again };
}
