/* The embedded catalogue: datapoints kept in one SQLite file. Batches in, batches out; knows no outside
 * format.
 *
 * One writer and many readers at once, also from several processes. A reader sees one committed state from
 * `search` to its end. All functions block (run them on workers) and may be called from any thread.
 */
#ifndef DTAKE_CATALOG_CATALOG_H
#define DTAKE_CATALOG_CATALOG_H

#include "core/strings.h"

#include <datatake/datasets.h>

typedef struct dtake__catalog dtake__catalog;

typedef struct dtake__catalog_options {
    bool read_only;
    bool create;            /* make it when it is not there */
    int64_t expected_bytes; /* about how much will be put into one that is made; 0: not known */
    dtake_runtime *runtime; /* whose workers encode while an ingest goes on; NULL: the caller's thread does */
    int64_t decoded_bytes;  /* of chunks that are kept decoded for the searches that follow; 0: none */
} dtake__catalog_options;

/* DTAKE_E_NOT_FOUND, DTAKE_E_FORMAT (not a catalogue, or of a newer version: both named), DTAKE_E_LOCAL_IO.
 */
dtake_status dtake__catalog_open(dtake__catalog **out, const char *path,
                                 const dtake__catalog_options *options, dtake_error *err);
void dtake__catalog_close(dtake__catalog *catalog);

/* Lists and changes mean what datatake/datasets.h says of them. */
dtake_status dtake__catalog_datasets(dtake__catalog *catalog, dtake_dataset_list **out, dtake_error *err);
dtake_status dtake__catalog_collections(dtake__catalog *catalog, const char *dataset,
                                        dtake_collection_list **out, dtake_error *err);
dtake_status dtake__catalog_dataset_create(dtake__catalog *catalog, const dtake_dataset_info *info,
                                           dtake_error *err);
dtake_status dtake__catalog_dataset_delete(dtake__catalog *catalog, const char *dataset, dtake_error *err);
dtake_status dtake__catalog_alias_add(dtake__catalog *catalog, const char *dataset, const char *alias,
                                      dtake_error *err);
dtake_status dtake__catalog_alias_remove(dtake__catalog *catalog, const char *alias, dtake_error *err);
/* `rules` NULL: no more. */
dtake_status dtake__catalog_asset_set(dtake__catalog *catalog, const char *id, const char *rules,
                                      dtake_error *err);
/* Appends an id, its rules, an id, its rules ... */
dtake_status dtake__catalog_assets(dtake__catalog *catalog, dtake__strings *out, dtake_error *err);
dtake_status dtake__catalog_collection_create(dtake__catalog *catalog, const char *dataset,
                                              const char *collection, const char *description,
                                              dtake_error *err);
dtake_status dtake__catalog_collection_delete(dtake__catalog *catalog, const char *dataset,
                                              const char *collection, dtake_error *err);

/* --- writing --- */

typedef struct dtake__ingest
    dtake__ingest; /* one writing transaction after another; the catalogue's only writer */

typedef struct dtake__ingest_counts {
    int64_t added, replaced, same; /* same: was there already with the same id */
} dtake__ingest_counts;

/* About so many bytes will be put soon: the file is made ready for them. */
void dtake__catalog_expect(dtake__catalog *catalog, int64_t bytes);

/* The writer of one collection (made if missing). Waits for another writer at most `wait_ms`, then
 * DTAKE_E_STATE. */
dtake_status dtake__ingest_open(dtake__ingest **out, dtake__catalog *catalog, const char *dataset,
                                const char *collection, int64_t wait_ms, dtake_error *err);

/* What is put from now on goes to another collection of the dataset (made if missing), still in the same
 * transaction: items of one file may belong to several collections. */
dtake_status dtake__ingest_turn(dtake__ingest *ingest, const char *collection, dtake_error *err);

/* Rows whose columns are those of the dataset's schema by name; missing ones are null. Without a value in the
 * id column the id is made from time and content. A row whose name is there already replaces that datapoint.
 * Nothing is seen by readers before the commit. */
dtake_status dtake__ingest_put(dtake__ingest *ingest, const dtake_batch *batch, dtake_error *err);
/* The same; `ids` gets the id of each row. */
dtake_status dtake__ingest_put_ids(dtake__ingest *ingest, const dtake_batch *batch, uint8_t (*ids)[16],
                                   dtake_error *err);
dtake_status dtake__ingest_commit(dtake__ingest *ingest, dtake__ingest_counts *counts, dtake_error *err);
/* In the middle of a long ingest: of what was put only whole chunks, without waiting for the last one; the
 * rest goes with the next commit. Rows that wait keep other writers of this process from compacting. */
dtake_status dtake__ingest_commit_chunks(dtake__ingest *ingest, dtake__ingest_counts *counts,
                                         dtake_error *err);
void dtake__ingest_close(dtake__ingest *ingest); /* what is not committed is gone */

/* --- reading --- */

typedef struct dtake__search dtake__search;

/* Results in the query's order (default: time, then id), cut to its fields; several collections are merged.
 */
dtake_status dtake__search_open(dtake__search **out, dtake__catalog *catalog, const dtake_query *query,
                                dtake_error *err);
const dtake_schema *dtake__search_schema(const dtake__search *search);
dtake_status dtake__search_next(dtake__search *search, dtake_batch **out,
                                dtake_error *err);                                  /* NULL after the last */
void dtake__search_progress(const dtake__search *search, dtake_load_progress *out); /* from any thread */
void dtake__search_cancel(dtake__search *search);                                   /* from any thread */
void dtake__search_close(dtake__search *search);

/* Without making rows where chunks' own counts suffice. */
dtake_status dtake__catalog_count(dtake__catalog *catalog, const dtake_query *query, int64_t *out,
                                  dtake_error *err);
dtake_status dtake__catalog_find(dtake__catalog *catalog, const char *dataset, const char *collection,
                                 const char *id, dtake_batch **out, dtake_error *err);
dtake_status dtake__catalog_delete(dtake__catalog *catalog, const dtake_query *query, int64_t *deleted,
                                   dtake_error *err);

/* --- upkeep --- */

typedef struct dtake__catalog_stats {
    int64_t file_bytes, free_bytes, datasets, collections, datapoints, chunks, fresh_rows, column_bytes,
        id_bytes;
} dtake__catalog_stats;
dtake_status dtake__catalog_stats_get(dtake__catalog *catalog, dtake__catalog_stats *out, dtake_error *err);

/* Folds fresh rows into chunks and small chunks into full ones, a collection at a time, readers undisturbed.
 */
dtake_status dtake__catalog_compact(dtake__catalog *catalog, dtake_error *err);

/* After ingests and deletes chunks are merged in the background; closing the catalogue gives that up. Waits
 * for it at most so long; false: it goes on. */
bool dtake__catalog_settle(dtake__catalog *catalog, int64_t wait_ms);

/* Each problem found is told to `problem`; DTAKE_E_INTEGRITY when there was one. `repair` drops what cannot
 * be read and keeps all else, into a new file beside, then renamed. */
typedef void (*dtake__problem_fn)(const char *text, void *ctx);
dtake_status dtake__catalog_check(dtake__catalog *catalog, dtake__problem_fn problem, void *ctx,
                                  dtake_error *err);
dtake_status dtake__catalog_repair(const char *path, dtake__problem_fn problem, void *ctx, dtake_error *err);

/* A compact read-only copy that any number of readers open as immutable, on network file systems too. */
dtake_status dtake__catalog_export(dtake__catalog *catalog, const char *path, dtake_error *err);

#endif
