/* Ingest: files of metadata into a dataset. */
#ifndef DATATAKE_INGEST_H
#define DATATAKE_INGEST_H

#include <datatake/datasets.h>

typedef enum dtake_ingest_format {
    DTAKE_INGEST_AUTO,  /* by the first bytes */
    DTAKE_INGEST_ITEMS, /* STAC Items, ItemCollections, NDJSON of them; GeoJSON features of other kinds */
    DTAKE_INGEST_CSV,   /* with a header */
} dtake_ingest_format;

/* Zero-initialise; pointers are borrowed until dtake_ingest_start returns. Expressions are those of
 * docs/catalog.md ("strptime(scene_id, '%Y-%m-%dt%H%M%S')", "box(min_x, min_y, max_x, max_y)"). */
typedef struct dtake_ingest_options {
    const char *const *inputs; /* files and http(s) URLs of files, also gzip and zstd; folders; "-": standard
                                  input */
    size_t input_count;
    const char *dataset;     /* slug; the dataset is made if it is not there */
    const char *name;        /* of a new dataset; NULL: its slug */
    const char *description; /* of a new dataset; NULL: "" */
    const char *collection;  /* all goes there; NULL: what each item says, else "default" */
    dtake_ingest_format format;

    const char *schema_json; /* the fields, as `datatake info DATASET --json` prints them; NULL: found by
                                looking at the first records */
    /* CSV; the first two also GeoJSON features, where they name properties */
    const char *time;        /* expression; NULL: a column named time, datetime, date ... */
    const char *name_column; /* unique; a record of the same name replaces; NULL: none */
    const char
        *geometry;   /* expression; NULL: columns named lon, lat ... or geometry, if there are; "": none */
    const char *crs; /* of the geometry: "EPSG:2056"; NULL: longitude and latitude */
    const char *collection_expression; /* the collection of each record; NULL: `collection` */
    const char *const *maps;           /* "field=column", "field=column:type" */
    size_t map_count;
    const char *const *types; /* "column=type" */
    size_t type_count;
    const char *const *drops; /* columns that are not wanted */
    size_t drop_count;

    bool all_or_nothing; /* nothing is kept when one record is malformed */
    const char
        *failed_path; /* malformed records as NDJSON: input, line, message, record; NULL: not written */
} dtake_ingest_options;

/* A mapping file: a JSON object whose members are named as the options of `datatake ingest`. Kept by *out,
 * which must outlive the start; free it with dtake_ingest_mapping_free. What `options` says already counts
 * more. */
typedef struct dtake_ingest_mapping dtake_ingest_mapping;
DTAKE_API dtake_status dtake_ingest_mapping_read(dtake_ingest_mapping **out, const char *json, size_t len,
                                                 dtake_ingest_options *options, dtake_error *err);
DTAKE_API void dtake_ingest_mapping_free(dtake_ingest_mapping *mapping);

typedef struct dtake_ingest dtake_ingest;

typedef struct dtake_ingest_progress {
    bool finished;
    int64_t inputs, inputs_done;
    int64_t bytes, bytes_total; /* of the inputs, as they lie on the disk; total 0 while unknown (a pipe) */
    int64_t records;            /* read so far */
    int64_t added, replaced, same; /* committed; same: was there already */
    int64_t failed;
    double seconds;
} dtake_ingest_progress;

/* One record that could not be taken. Texts belong to the ingest. */
typedef struct dtake_ingest_failure {
    const char *input;
    int64_t line; /* where the record begins, from 1; 0: the input as a whole */
    const char *message;
} dtake_ingest_failure;

enum { DTAKE_INGEST_FAILURES = 1000 }; /* that are remembered; all are counted */

DTAKE_API dtake_status dtake_ingest_start(dtake_ingest **out, dtake_client *client,
                                          const dtake_ingest_options *options, dtake_error *err);
DTAKE_API void dtake_ingest_progress_get(const dtake_ingest *ingest, dtake_ingest_progress *out);
/* In the order of the records; false behind the last one so far. */
DTAKE_API bool dtake_ingest_failure_at(const dtake_ingest *ingest, size_t index, dtake_ingest_failure *out);
DTAKE_API void dtake_ingest_cancel(dtake_ingest *ingest); /* what is committed stays */
/* Waits until it has finished or `timeout_ms` passed (negative: for ever); true when finished. */
DTAKE_API bool dtake_ingest_wait(dtake_ingest *ingest, int64_t timeout_ms);
/* Calls `done` when it has finished; at most one an ingest. */
typedef void (*dtake_ingest_fn)(dtake_status status, dtake_ingest *ingest, void *ctx);
DTAKE_API dtake_status dtake_ingest_notify(dtake_ingest *ingest, dtake_error *err, dtake_ingest_fn done,
                                           void *ctx);
/* After it finished: DTAKE_OK, DTAKE_E_PARTIAL (some records failed), DTAKE_E_CANCELLED, or what stopped it.
 */
DTAKE_API dtake_status dtake_ingest_status(const dtake_ingest *ingest, dtake_error *err);
/* Cancels and waits if it still runs; not from inside a `done`. */
DTAKE_API void dtake_ingest_free(dtake_ingest *ingest);

#endif
