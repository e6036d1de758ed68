#include "table/batch.h"

#include "core/alloc.h"
#include "core/spare.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

enum { ALIGN = 64, FIRST_BYTES = 4096, MOST_SHARED_BYTES = 256 * 1024 };

/* Memory that packed blocks are cut out of, one after another. */
typedef struct region {
    atomic_long refs; /* its blocks, and that it is the current one */
    uint8_t *at, *end;
} region;

struct dtake__block {
    atomic_long refs;
    void *data;
    size_t bytes; /* 0 of foreign memory */
    void (*release)(void *ctx);
    void *ctx;
    region *in; /* NULL: memory of its own */
};

static size_t align(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

dtake__block *dtake__block_new(size_t bytes)
{
    if (bytes > SIZE_MAX - 2 * ALIGN - sizeof(dtake__block))
        return NULL;
    dtake__block *block = dtake__alloc(sizeof *block + ALIGN + align(bytes));
    if (!block)
        return NULL;
    uintptr_t data = ((uintptr_t)(block + 1) + ALIGN - 1) / ALIGN * ALIGN;
    *block = (dtake__block){ .refs = 1, .data = (void *)data, .bytes = align(bytes) };
    return block;
}

/* --- packed --- */

enum { HUGE_PAGE = 2 << 20, REGION_BYTES = 8 << 20, PACKED_MOST_BYTES = REGION_BYTES / 4 };

static pthread_mutex_t region_lock = PTHREAD_MUTEX_INITIALIZER;
static region *current;

static region *region_new(void)
{
    region *r = dtake__alloc_aligned(HUGE_PAGE, REGION_BYTES);
    if (!r)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(r, REGION_BYTES, MADV_HUGEPAGE); /* without it all is well, but slower */
#endif
    *r = (region){ .refs = 1, .at = (uint8_t *)(r + 1), .end = (uint8_t *)r + REGION_BYTES };
    return r;
}

static void region_release(region *r)
{
    if (r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
        dtake__free(r);
}

dtake__block *dtake__block_new_packed(size_t bytes)
{
    if (!dtake__spare_on() || bytes > PACKED_MOST_BYTES)
        return dtake__block_new(bytes);
    size_t need = sizeof(dtake__block) + ALIGN + align(bytes) + sizeof(void *);
    region *full = NULL;
    pthread_mutex_lock(&region_lock);
    /* With all its blocks given back it serves again from its start: what holds little for a short time takes
     * the same pages each time, and pins no others. */
    if (current && atomic_load_explicit(&current->refs, memory_order_acquire) == 1)
        current->at = (uint8_t *)(current + 1);
    if (!current || (size_t)(current->end - current->at) < need) {
        full = current;
        current = region_new();
    }
    region *r = current;
    dtake__block *block = NULL;
    if (r) {
        uintptr_t at = ((uintptr_t)r->at + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
        block = (dtake__block *)at;
        uintptr_t data = ((uintptr_t)(block + 1) + ALIGN - 1) / ALIGN * ALIGN;
        r->at = (uint8_t *)data + align(bytes);
        atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
        *block = (dtake__block){ .refs = 1, .data = (void *)data, .bytes = align(bytes), .in = r };
    }
    pthread_mutex_unlock(&region_lock);
    region_release(full);
    return block;
}

dtake__block *dtake__block_borrow(void (*release)(void *ctx), void *ctx)
{
    dtake__block *block = dtake__alloc(sizeof *block);
    if (block)
        *block = (dtake__block){ .refs = 1, .release = release, .ctx = ctx };
    return block;
}

void *dtake__block_data(dtake__block *block)
{
    return block->data;
}

size_t dtake__block_bytes(const dtake__block *block)
{
    return block->bytes;
}

dtake__block *dtake__block_retain(dtake__block *block)
{
    atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    return block;
}

void dtake__block_release(dtake__block *block)
{
    if (!block || atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (block->release)
        block->release(block->ctx);
    if (block->in)
        region_release(block->in);
    else
        dtake__free(block);
}

static dtake_status make_room(dtake__arena *arena)
{
    dtake__block **blocks =
        dtake__room_for_one(arena->blocks, arena->count, &arena->room, sizeof(dtake__block *));
    if (!blocks)
        return DTAKE_E_NOMEM;
    arena->blocks = blocks;
    return DTAKE_OK;
}

void *dtake__arena_alloc(dtake__arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t need = align(bytes ? bytes : 1);
    if (need <= arena->left) {
        void *data = arena->at;
        arena->at += need;
        arena->left -= need;
        return data;
    }
    if (make_room(arena) != DTAKE_OK)
        return NULL;
    /* A large piece has a block of its own; small ones go on in the block that was begun. */
    size_t shared = arena->next_bytes ? arena->next_bytes : FIRST_BYTES;
    size_t room = need >= shared ? need : shared;
    dtake__block *block = arena->packed ? dtake__block_new_packed(room) : dtake__block_new(room);
    if (!block)
        return NULL;
    arena->blocks[arena->count++] = block;
    if (need < shared) {
        arena->at = (uint8_t *)block->data + need;
        arena->left = shared - need;
        arena->next_bytes = shared < MOST_SHARED_BYTES ? 2 * shared : shared;
    }
    return block->data;
}

void dtake__arena_rewind(dtake__arena *arena)
{
    dtake__block *stays = NULL;
    for (size_t i = 0; i < arena->count; i++) {
        dtake__block *block = arena->blocks[i];
        bool ours = block->bytes > 0 && atomic_load_explicit(&block->refs, memory_order_acquire) == 1;
        if (ours && (stays == NULL || block->bytes > stays->bytes)) {
            dtake__block_release(stays);
            stays = block;
        } else {
            dtake__block_release(block);
        }
    }
    arena->count = 0;
    arena->at = NULL;
    arena->left = 0;
    if (stays == NULL)
        return;
    arena->blocks[arena->count++] = stays;
    arena->at = stays->data;
    arena->left = stays->bytes;
}

dtake_status dtake__arena_keep(dtake__arena *arena, dtake__block *block)
{
    dtake_status st = make_room(arena);
    if (st == DTAKE_OK)
        arena->blocks[arena->count++] = dtake__block_retain(block);
    return st;
}

void dtake__arena_dispose(dtake__arena *arena)
{
    for (size_t i = 0; i < arena->count; i++)
        dtake__block_release(arena->blocks[i]);
    dtake__free(arena->blocks);
    *arena = (dtake__arena){ 0 };
}
