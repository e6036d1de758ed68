/* Upkeep of the embedded catalogue, one file. All of these block. */
#ifndef DATATAKE_CATALOG_H
#define DATATAKE_CATALOG_H

#include <datatake/datasets.h>

typedef struct dtake_catalog_stats {
    int64_t file_bytes, free_bytes;
    int64_t datasets, collections, datapoints;
    int64_t chunks;       /* runs of rows kept as columns */
    int64_t fresh_rows;   /* not yet folded into chunks */
    int64_t column_bytes; /* of all chunks */
    int64_t id_bytes;
} dtake_catalog_stats;

DTAKE_API dtake_status dtake_catalog_stats_get(dtake_client *client, dtake_catalog_stats *out,
                                               dtake_error *err);

/* Folds fresh rows into chunks and small chunks into full ones; readers go on undisturbed. */
DTAKE_API dtake_status dtake_catalog_compact(dtake_client *client, dtake_error *err);

/* What was ingested out of order is merged in the background, so that it is found quickly; closing the client
 * gives that up, and the next ingest goes on with it. Waits for it a tenth of a second; *settled: nothing is
 * left to be done. */
DTAKE_API dtake_status dtake_catalog_settle(dtake_client *client, bool *settled, dtake_error *err);

/* Each problem found is told to `problem` (may be NULL), from another thread; DTAKE_E_INTEGRITY when there
 * was one. `repair` drops what cannot be read and keeps all else. */
typedef void (*dtake_problem_fn)(const char *text, void *ctx);
DTAKE_API dtake_status dtake_catalog_check(dtake_client *client, dtake_error *err, dtake_problem_fn problem,
                                           void *ctx);
DTAKE_API dtake_status dtake_catalog_repair(dtake_client *client, dtake_error *err, dtake_problem_fn problem,
                                            void *ctx);

/* What datasets of items are called by Earth Engine's clients of a server (docs/earthengine.md): an id of an
 * image collection, "COPERNICUS/S2_SR", and its rules, a JSON object with "dataset" and, if wanted,
 * "collections", "like", "bands", "properties", "offset" and "title". NULL: it goes by what is found by
 * itself again. DTAKE_E_USAGE says what is wrong with the rules. */
DTAKE_API dtake_status dtake_asset_set(dtake_client *client, const char *id, const char *rules,
                                       dtake_error *err);
/* All ids that a server answers to, configured or found, with the rules that were given ("" without). */
typedef void (*dtake_asset_fn)(const char *id, const char *dataset, const char *rules, void *ctx);
DTAKE_API dtake_status dtake_assets(dtake_client *client, dtake_asset_fn each, void *ctx, dtake_error *err);

/* A compact read-only copy that any number of readers open at once, on network file systems too. */
DTAKE_API dtake_status dtake_catalog_export(dtake_client *client, const char *path, dtake_error *err);

#endif
