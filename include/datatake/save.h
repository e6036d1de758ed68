/* Writing what loads bring: items, tables, NetCDF. */
#ifndef DATATAKE_SAVE_H
#define DATATAKE_SAVE_H

#include <datatake/datasets.h>

/* name of the enum, option of the command line, extensions of files */
#define DTAKE_TABLE_FORMAT_MAP(X)                                                                            \
    X(ITEMS, "items", "")                         /* STAC Items, one a line */                               \
    X(ITEM_COLLECTION, "item-collection", "json") /* one document of them */                                 \
    X(NDJSON, "ndjson", "ndjson jsonl")           /* a row a line, fields as members */                      \
    X(CSV, "csv", "csv")                                                                                     \
    X(GEOJSON, "geojson", "geojson") /* a FeatureCollection, fields as properties */                         \
    X(NETCDF, "netcdf", "nc nc4 netcdf")

typedef enum dtake_table_format {
#define DTAKE_TABLE_FORMAT_ENUM(name, text, extensions) DTAKE_TABLE_##name,
    DTAKE_TABLE_FORMAT_MAP(DTAKE_TABLE_FORMAT_ENUM)
#undef DTAKE_TABLE_FORMAT_ENUM
} dtake_table_format;

/* By the extension of a path; false when it has none of these. */
DTAKE_API bool dtake_table_format_of(const char *path, dtake_table_format *out);

/* Bytes of the output, in order, from another thread; false stops the writing. */
typedef bool (*dtake_save_fn)(void *ctx, const void *bytes, size_t len);

typedef struct dtake_save_options {
    dtake_table_format format;
    const char *path;    /* written under this name when it is complete; NULL: given to `write` */
    dtake_save_fn write; /* not for NETCDF */
    void *write_ctx;
} dtake_save_options;

/* Rows of a batch as STAC Items, one a line, to `write`. `collection`: of rows that do not say theirs; or
 * NULL. */
DTAKE_API dtake_status dtake_batch_to_items(const dtake_batch *batch, const char *collection,
                                            dtake_error *err, dtake_save_fn write, void *ctx);

typedef struct dtake_save dtake_save;

/* Writes the batches of the loads, one load after another; they may be of different datasets. The loads stay
 * the caller's, must live until the save is freed, and nobody else may take batches from them. Options are
 * copied. */
DTAKE_API dtake_status dtake_save_start(dtake_save **out, dtake_client *client, dtake_load *const *loads,
                                        size_t count, const dtake_save_options *options, dtake_error *err);
/* Waits until it has finished or `timeout_ms` passed (negative: for ever); true when finished. */
DTAKE_API bool dtake_save_wait(dtake_save *save, int64_t timeout_ms);
/* After it finished. DTAKE_E_CANCELLED: a load was cancelled, or `write` returned false. *rows may be NULL.
 */
DTAKE_API dtake_status dtake_save_status(const dtake_save *save, int64_t *rows, dtake_error *err);
DTAKE_API void dtake_save_free(dtake_save *save); /* cancels the loads and waits if it still runs */

#endif
