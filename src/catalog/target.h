/* One collection that an ingest writes to, within one transaction; rows that fill no chunk may wait for the
 * next one. */
#ifndef DTAKE_CATALOG_TARGET_H
#define DTAKE_CATALOG_TARGET_H

#include "catalog/encode_job.h"
#include "catalog/known.h"
#include "catalog/pending.h"
#include "catalog/store.h"

enum {
    DTAKE__CHUNK_LEVEL = 3,                      /* of zstd, when written first */
    DTAKE__PENDING_ROWS = DTAKE__CHUNK_MAX_ROWS, /* and what the last batch has beyond: then it may be cut
                                                  * between two times */
    DTAKE__PENDING_BYTES = 24 << 20,
    DTAKE__KNOWN_MAX = 8,  /* chunks of one collection whose keys are in memory, 3 to 5 MB each */
    DTAKE__HINTS_MAX = 96, /* and those of which there are hints, half a MB each */
};

/* A chunk that was there when the transaction began, or was written in it. */
typedef struct dtake__target_chunk {
    dtake__listed_chunk listed; /* `dead` is ours to change once `changed` is set */
    bool changed;               /* rows died in this transaction */
    bool ours;                  /* was written in it */
    dtake__known *known;        /* NULL: not in memory */
    dtake__hints hints;
    uint8_t *filter; /* of names, once read */
    uint32_t filter_bytes;
} dtake__target_chunk;

typedef struct dtake__target {
    int64_t collection;
    char *name;
    const dtake_schema *schema;
    int name_field; /* -1: datapoints have no names */
    dtake__target_chunk *chunks;
    size_t chunk_count, chunk_room;
    dtake__pending pending;
    dtake__encode_job *job;          /* the chunk under way; a commit does not wait for it */
    dtake__ingest_counts job_counts; /* of its rows, counted when it is stored */
    int64_t changed; /* generation of the last change of the collection that it was compared with */
    uint64_t clock;
    bool touched; /* something changed in this transaction */
} dtake__target;

/* `changed`: the generation of the collection's last change. */
dtake_status dtake__target_open(dtake__target **out, dtake__db *db, int64_t collection, const char *name,
                                int64_t changed, const dtake_schema *schema, dtake_error *err);
void dtake__target_free(dtake__target *target);

/* In another transaction than before, with the rows that are still pending: others may have changed the
 * collection meanwhile. */
dtake_status dtake__target_renew(dtake__target *target, dtake__db *db, int64_t changed, dtake_error *err);

/* Whether something waits for the next transaction. */
bool dtake__target_waits(const dtake__target *target);

/* A batch of the schema, all rows with time and id. */
dtake_status dtake__target_put(dtake__target *target, const dtake_batch *batch, dtake_error *err);

/* What a flush needs beside the target. */
typedef struct dtake__flush {
    dtake__db *db;
    dtake_runtime *runtime;
    dtake__ingest_counts *counts;
} dtake__flush;

/* Writes chunks while there are rows for full ones; `all`: to the last row, and waits for what is under way.
 */
dtake_status dtake__target_flush(dtake__target *target, const dtake__flush *flush, bool all,
                                 dtake_error *err);

/* Whether a commit has to wait for the chunk under way: its rows replace others, which die in this
 * transaction. */
bool dtake__target_must_settle(const dtake__target *target);

/* Waits for the chunk under way and writes it. */
dtake_status dtake__target_settle(dtake__target *target, const dtake__flush *flush, dtake_error *err);

/* Takes those out of `rows` that are there already. What is there under the name of one with another content
 * dies. */
dtake_status dtake__target_sift(dtake__target *target, const dtake__flush *flush, dtake__picked *rows,
                                dtake_error *err);

#endif
