/* Looking at every byte of a chunk. */
#ifndef DTAKE_CATALOG_INSPECT_H
#define DTAKE_CATALOG_INSPECT_H

#include "catalog/store.h"

/* Telling problems, counted. */
typedef struct dtake__problems {
    dtake__problem_fn tell; /* may be NULL */
    void *ctx;
    int64_t count;
} dtake__problems;

void dtake__problem(dtake__problems *problems, const char *fmt, ...) DTAKE_PRINTF(2, 3);

/* Reads all of a chunk and holds it against what is known of it. Problems are told; only what stops the
 * looking itself (no memory, an unreadable file) is returned. `keys` gets a key of each living row (see
 * there). */
typedef struct dtake__key_set dtake__key_set;
dtake__key_set *dtake__key_set_new(void);
void dtake__key_set_free(dtake__key_set *set);

dtake_status dtake__inspect_chunk(dtake__db *db, const dtake__listed_chunk *listed,
                                  const dtake_schema *schema, dtake__key_set *keys, dtake__problems *problems,
                                  dtake_error *err);

#endif
