/* Which rows of a chunk have which id or name: what an ingest asks of chunks that may hold the same
 * datapoints. */
#ifndef DTAKE_CATALOG_KNOWN_H
#define DTAKE_CATALOG_KNOWN_H

#include "catalog/db.h"

typedef struct dtake__known {
    dtake__chunk *chunk;
    uint64_t *keys; /* slots; 0: free */
    uint32_t *rows;
    uint32_t slots;
    uint8_t (*ids)[16];      /* by row, when asked by id */
    dtake__arena arena;      /* of the names */
    dtake_column names;      /* when asked by name */
    uint64_t (*contents)[2]; /* by row, once asked for */
    uint64_t used;           /* of the last asking */
} dtake__known;

/* By name where `by_name`, else by id. Rows that are `dead` are not known. */
dtake_status dtake__known_open(dtake__known **out, dtake__db *db, int64_t chunk, bool by_name,
                               const uint8_t *dead, dtake_error *err);
void dtake__known_free(dtake__known *known);

/* Its row, or -1. */
int64_t dtake__known_id(const dtake__known *known, const uint8_t id[16]);
int64_t dtake__known_name(const dtake__known *known, const char *name, size_t len);
void dtake__known_forget(dtake__known *known, int64_t row); /* it died */

/* Hashes of the content of all rows, read when first asked for. */
dtake_status dtake__known_contents(dtake__known *known, dtake__db *db, const dtake_schema *schema,
                                   const uint64_t (**out)[2], dtake_error *err);

/* Half of each key alone, 4 bytes a slot: what is kept of the chunks that rows out of order might all be in.
 * Whoever is told may be there is looked up; of a thousand million others one is. */
typedef struct dtake__hints {
    uint32_t *tags; /* 0: free; NULL: not made yet */
    uint32_t slots;
    uint64_t used; /* of the last asking */
} dtake__hints;

dtake_status dtake__hints_make(dtake__hints *out, const dtake__known *known, dtake_error *err);
bool dtake__hints_may_have(const dtake__hints *hints, uint64_t key);

static inline uint64_t dtake__id_key(const uint8_t id[16])
{
    return dtake__hash64(id, 16, 5) | 1;
}
static inline uint64_t dtake__name_key(const char *name, size_t len)
{
    return dtake__name_hash(name, len) | 1;
}

#endif
