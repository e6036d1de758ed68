#include "catalog/piece_cache.h"

#include "catalog/db.h"
#include "core/alloc.h"

#include <pthread.h>
#include <string.h>

/* 2,048 pieces of 16 kB. */
enum { SETS = 256, WAYS = 8 };

typedef struct kept_piece {
    int64_t id; /* 0: none */
    uint64_t used;
    size_t len;
    uint8_t *bytes;
} kept_piece;

typedef struct piece_set {
    pthread_mutex_t lock; /* of all below */
    uint64_t clock;
    kept_piece ways[WAYS];
} piece_set;

struct dtake__piece_cache {
    piece_set sets[SETS];
};

dtake__piece_cache *dtake__piece_cache_new(void)
{
    dtake__piece_cache *cache = dtake__calloc(1, sizeof *cache);
    for (size_t i = 0; cache != NULL && i < SETS; i++)
        pthread_mutex_init(&cache->sets[i].lock, NULL);
    return cache;
}

void dtake__piece_cache_free(dtake__piece_cache *cache)
{
    for (size_t i = 0; cache != NULL && i < SETS; i++) {
        for (size_t k = 0; k < WAYS; k++)
            dtake__free(cache->sets[i].ways[k].bytes);
        pthread_mutex_destroy(&cache->sets[i].lock);
    }
    dtake__free(cache);
}

/* Pieces of one chunk go to different sets. */
static piece_set *set_of(dtake__piece_cache *cache, int64_t id)
{
    uint64_t chunk = (uint64_t)id >> DTAKE__PIECES_BITS;
    return &cache->sets[((uint64_t)id + chunk * 37) % SETS];
}

static kept_piece *kept_in(piece_set *set, int64_t id)
{
    for (size_t i = 0; i < WAYS; i++)
        if (set->ways[i].id == id)
            return &set->ways[i];
    return NULL;
}

bool dtake__piece_cache_read(dtake__piece_cache *cache, int64_t id, size_t from, size_t len, uint8_t *out)
{
    if (cache == NULL)
        return false;
    piece_set *set = set_of(cache, id);
    pthread_mutex_lock(&set->lock);
    kept_piece *piece = kept_in(set, id);
    bool has = piece != NULL && from <= piece->len && len <= piece->len - from;
    if (has) {
        piece->used = ++set->clock;
        memcpy(out, piece->bytes + from, len);
    }
    pthread_mutex_unlock(&set->lock);
    return has;
}

void dtake__piece_cache_put(dtake__piece_cache *cache, int64_t id, uint8_t *bytes, size_t len)
{
    uint8_t *old = bytes;
    piece_set *set = cache != NULL ? set_of(cache, id) : NULL;
    if (set != NULL) {
        pthread_mutex_lock(&set->lock);
        kept_piece *place = kept_in(set, id);
        for (size_t i = 0; i < WAYS && (place == NULL || place->id != id); i++)
            if (place == NULL || set->ways[i].used < place->used)
                place = &set->ways[i];
        old = place->bytes;
        *place = (kept_piece){ id, ++set->clock, len, bytes };
        pthread_mutex_unlock(&set->lock);
    }
    dtake__free(old);
}
