/* The inside of a catalogue: its connections, what it remembers of committed states, heads of chunks. */
#ifndef DTAKE_CATALOG_STORE_H
#define DTAKE_CATALOG_STORE_H

#include "catalog/db.h"

#include <pthread.h>

/* --- datasets and collections of one committed state --- */

struct dtake__result_schema;

typedef struct dtake__dataset {
    int64_t id;
    char *slug, *name, *description;
    dtake_dataset_kind kind;
    uint8_t uuid[16];
    dtake_schema *schema;
    _Atomic(struct dtake__result_schema *) whole; /* of queries for all fields; NULL: none came yet */
} dtake__dataset;

typedef struct dtake__collection {
    int64_t id, dataset, changed; /* generation of its last change */
    int64_t chunks, rows;         /* that it has; living rows */
    char *name, *description;
    uint8_t uuid[16];
} dtake__collection;

/* Another slug that a dataset answers to. */
typedef struct dtake__alias {
    char *alias, *slug;
} dtake__alias;

typedef struct dtake__directory {
    atomic_int references;
    int64_t generation;
    dtake__dataset *datasets; /* by slug */
    dtake__collection *collections;
    dtake__alias *aliases; /* by alias */
    dtake__alias *assets;  /* ids of Earth Engine, and rules as JSON in place of a slug; by id */
    size_t dataset_count, collection_count, alias_count, asset_count;
} dtake__directory;

/* --- chunks of one collection in one committed state --- */

typedef struct dtake__listed_chunk {
    int64_t id;
    dtake__chunk_facts facts; /* of its living rows, but `rows`: of all */
    int64_t dead_count;
    const uint8_t *dead; /* bits: rows that were deleted or replaced, in stored order; NULL: none */
} dtake__listed_chunk;

typedef struct dtake__chunk_list {
    atomic_int references;
    int64_t collection, changed;
    dtake__listed_chunk *at; /* by time_min, first id */
    size_t count;
    int64_t rows; /* living */
    struct dtake__chunk_list *next;
} dtake__chunk_list;

/* --- heads: parsed once, kept while there is room --- */

enum { DTAKE__HEAD_SLOTS = 4096, DTAKE__HEADS_MAX_BYTES = 96 << 20 };

typedef struct dtake__head_entry {
    dtake__chunk *chunk;
    uint64_t used;
    struct dtake__head_entry *next;
} dtake__head_entry;

typedef struct dtake__background dtake__background; /* catalog/background.h */
typedef struct dtake__decoded dtake__decoded;       /* catalog/decoded.h */

struct dtake__catalog {
    char *path;
    dtake__db_mode mode;
    dtake_runtime *runtime; /* NULL: none */
    pthread_mutex_t lock;   /* of all below but the last */
    dtake__db *idle;
    int idle_count;
    dtake__directory *directory; /* the last one seen */
    dtake__chunk_list *lists;    /* the last ones seen, one a collection */
    dtake__head_entry *heads[DTAKE__HEAD_SLOTS];
    size_t head_bytes;
    dtake__piece_cache *pieces;
    dtake__memory_use memory; /* of all chunks whose heads are kept */
    uint64_t clock;
    dtake__background *background, *checkpoints; /* compaction, and that; NULL: none */
    dtake__decoded *decoded;                     /* NULL: chunks are decoded for each who asks */
};

/* A connection for one act. */
dtake_status dtake__catalog_take(dtake__catalog *catalog, dtake__db **out, dtake_error *err);
/* Larger pages for a file that is large or soon will be; `db` is between transactions. */
void dtake__catalog_grow(dtake__catalog *catalog, dtake__db *db, int64_t expected_bytes);
void dtake__catalog_give(dtake__catalog *catalog, dtake__db *db); /* ends its transaction; NULL is fine */

/* Within a transaction of `db`. */
dtake_status dtake__directory_get(dtake__catalog *catalog, dtake__db *db, dtake__directory **out,
                                  dtake_error *err);
/* Not remembered: of a state that is not committed yet. */
dtake_status dtake__directory_load(dtake__db *db, dtake__directory **out, dtake_error *err);
void dtake__directory_release(dtake__directory *directory);
dtake_status dtake__chunks_get(dtake__catalog *catalog, dtake__db *db, const dtake__collection *collection,
                               dtake__chunk_list **out, dtake_error *err);
void dtake__chunks_release(dtake__chunk_list *list);
/* Not kept: of a state that is not committed yet. */
dtake_status dtake__chunks_load(dtake__db *db, int64_t collection, dtake__chunk_list **out, dtake_error *err);

/* The caller's reference. */
dtake_status dtake__catalog_chunk(dtake__catalog *catalog, dtake__db *db, int64_t id, dtake__chunk **out,
                                  dtake_error *err);

/* By slug or alias. DTAKE_E_NOT_FOUND names near ones. */
dtake_status dtake__directory_dataset(const dtake__directory *directory, const char *slug,
                                      const dtake__dataset **out, dtake_error *err);
dtake_status dtake__directory_collection(const dtake__directory *directory, const dtake__dataset *dataset,
                                         const char *name, const dtake__collection **out, dtake_error *err);

/* NULL: none. */
const dtake__collection *dtake__directory_collection_by_id(const dtake__directory *directory, int64_t id);
const dtake__dataset *dtake__directory_dataset_by_id(const dtake__directory *directory, int64_t id);

/* Within a writing transaction, after datasets or collections came or went. */
dtake_status dtake__directory_seal(dtake__db *db, dtake_error *err);

/* Within a writing transaction. `id` may be NULL. */
dtake_status dtake__collection_insert(dtake__db *db, const dtake__dataset *dataset, const char *name,
                                      const char *description, int64_t generation, int64_t *id,
                                      dtake_error *err);

dtake_status dtake__collection_touch(dtake__db *db, int64_t collection, int64_t generation, dtake_error *err);

/* A reading transaction with its directory. */
typedef struct dtake__view {
    dtake__catalog *catalog;
    dtake__db *db;
    dtake__directory *directory;
} dtake__view;
dtake_status dtake__view_open(dtake__view *view, dtake__catalog *catalog, dtake_error *err);
void dtake__view_close(dtake__view *view);

/* A chunk's body, kept in part while the view only reads. */
void dtake__view_pieces(const dtake__view *view, int64_t chunk, dtake__pieces *out);

#endif
