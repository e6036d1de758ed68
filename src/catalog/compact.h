#ifndef DTAKE_CATALOG_COMPACT_H
#define DTAKE_CATALOG_COMPACT_H

#include "catalog/store.h"

typedef enum dtake__compact_mode {
    DTAKE__COMPACT_WHOLE, /* all that is worth it */
    DTAKE__COMPACT_LIGHT, /* what makes searches slow: many chunks over one instant, chunks full of holes. In
                             the background: writers go first, then DTAKE_E_CANCELLED */
} dtake__compact_mode;

/* All collections, a group of chunks a transaction; DTAKE_E_STATE when another writer does not end within
 * `wait_ms`. What was committed before a failure stays. */
dtake_status dtake__compact_all(dtake__catalog *catalog, dtake__compact_mode mode, int64_t wait_ms,
                                dtake_error *err);

/* Chunks to be rewritten together. */
enum { DTAKE__GROUP_MAX = 12 }; /* so many are in memory at a time */
typedef struct dtake__group {
    const dtake__listed_chunk *chunks[DTAKE__GROUP_MAX];
    size_t count; /* 0: nothing is worth it */
    int64_t rows, dead;
} dtake__group;

/* The first group among chunks up to `last_id`. */
dtake_status dtake__group_find(const dtake__chunk_list *list, dtake__compact_mode mode, int64_t last_id,
                               dtake__group *out, dtake_error *err);

/* Pages that nothing uses any more go back to the file system. */
dtake_status dtake__give_back_pages(dtake__catalog *catalog, dtake_error *err);

#endif
