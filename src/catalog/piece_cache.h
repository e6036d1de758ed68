/* Pieces of chunks' bodies that were read lately, shared by all connections of a catalogue, so that small
 * reads of them need neither SQLite nor the system. A committed piece never changes. */
#ifndef DTAKE_CATALOG_PIECE_CACHE_H
#define DTAKE_CATALOG_PIECE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dtake__piece_cache dtake__piece_cache;

/* NULL: no memory. NULL is a cache that keeps nothing. */
dtake__piece_cache *dtake__piece_cache_new(void);
void dtake__piece_cache_free(dtake__piece_cache *cache);

/* Bytes of a piece that is kept; false: it is not, or it is shorter. */
bool dtake__piece_cache_read(dtake__piece_cache *cache, int64_t id, size_t from, size_t len, uint8_t *out);

/* In place of the least used of its set. Takes `bytes`, of dtake__alloc. */
void dtake__piece_cache_put(dtake__piece_cache *cache, int64_t id, uint8_t *bytes, size_t len);

#endif
