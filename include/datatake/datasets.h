/* Datasets, collections and datapoints: list, info, load, find, count, ingest, delete.
 *
 * A *dataset* ("open_data.copernicus.sentinel2_msi": groups with dots between, then its own name) has one
 * schema; its *collections* ("S2A_S2MSI2A") hold the datapoints. A *client* is one source of datasets: by
 * default the embedded catalogue, one file that needs no server and no account.
 *
 * Threads: every function may be called from any thread; several loads share one runtime. Blocking functions
 * must not be called from inside a `done`.
 */
#ifndef DATATAKE_DATASETS_H
#define DATATAKE_DATASETS_H

#include <datatake/query.h>
#include <datatake/runtime.h>
#include <datatake/table.h>

typedef struct dtake_client dtake_client;

typedef struct dtake_client_options {
    const char *source; /* path of a catalogue file, "tilebox+https://HOST", "ee://PROJECT"; NULL:
                           DATATAKE_SOURCE's or the default catalogue of the user's data folder */
    bool read_only;     /* refuse what would change the source; the file need not be writable */
    bool must_exist;    /* default: a catalogue that is not there yet is made when it is first written to */
    int64_t keep_bytes; /* of a catalogue's datapoints that stay in memory for the queries that follow: for
                           who asks for the same ones again and again; 0: none */
    const char *token;  /* key of a Tilebox service; NULL: TILEBOX_API_KEY's. Of Earth Engine an access token;
                           NULL: the credentials that are found. Copied. */
} dtake_client_options;

DTAKE_API dtake_status dtake_client_open(dtake_client **out, dtake_runtime *runtime,
                                         const dtake_client_options *options, dtake_error *err);
DTAKE_API void dtake_client_close(dtake_client *client); /* after its loads have been freed; NULL is fine */
/* Names of its datasets are paths, "COPERNICUS/S2_SR", as Earth Engine's are: '/' parts no collection off. */
DTAKE_API bool dtake_client_has_paths(const dtake_client *client);

typedef enum dtake_dataset_kind { DTAKE_TEMPORAL = 1, DTAKE_SPATIOTEMPORAL = 2 } dtake_dataset_kind;

typedef struct dtake_dataset_info {
    const char *slug;        /* "open_data.copernicus.sentinel2_msi" */
    const char *name;        /* for people */
    const char *description; /* Markdown; "" */
    dtake_dataset_kind kind;
    uint8_t id[16];
    const dtake_schema *schema;
    int64_t datapoints; /* of all collections */
    int64_t collections;
    const char *const *aliases; /* other slugs that it answers to, in lists */
    size_t alias_count;
} dtake_dataset_info;

typedef struct dtake_collection_info {
    const char *dataset; /* slug */
    const char *name;
    const char *description;
    uint8_t id[16];
    int64_t datapoints;
    int64_t start_ns, end_ns; /* availability: times of the first and the last datapoint; of no meaning when
                                 there are none */
    bool has_box;
    dtake_box box; /* around all geometries */
} dtake_collection_info;

/* Lists are the caller's; what they point to lives until they are freed. */
typedef struct dtake_dataset_list dtake_dataset_list;
DTAKE_API dtake_status dtake_datasets(dtake_client *client, dtake_dataset_list **out, dtake_error *err);
/* The same for who needs to know one dataset only: others may be left out, as may it when it is not there. */
DTAKE_API dtake_status dtake_datasets_named(dtake_client *client, const char *dataset,
                                            dtake_dataset_list **out, dtake_error *err);
DTAKE_API size_t dtake_dataset_list_count(const dtake_dataset_list *list);
DTAKE_API const dtake_dataset_info *dtake_dataset_list_at(const dtake_dataset_list *list, size_t index);
DTAKE_API void dtake_dataset_list_free(dtake_dataset_list *list);

typedef struct dtake_collection_list dtake_collection_list;
/* DTAKE_E_NOT_FOUND names near datasets. */
DTAKE_API dtake_status dtake_collections(dtake_client *client, const char *dataset,
                                         dtake_collection_list **out, dtake_error *err);
DTAKE_API size_t dtake_collection_list_count(const dtake_collection_list *list);
DTAKE_API const dtake_collection_info *dtake_collection_list_at(const dtake_collection_list *list,
                                                                size_t index);
DTAKE_API void dtake_collection_list_free(dtake_collection_list *list);

/* Making and changing. A dataset that is there already with an equal schema is fine; with new fields at the
 * end its schema grows; one without datapoints takes any; all else is DTAKE_E_STATE and names the field. */
DTAKE_API dtake_status dtake_dataset_create(dtake_client *client, const dtake_dataset_info *info,
                                            dtake_error *err);
DTAKE_API dtake_status dtake_dataset_delete(dtake_client *client, const char *dataset, dtake_error *err);
/* Another slug that the dataset answers to, wherever one is asked for. An alias that stands for another
 * dataset turns to this one; DTAKE_E_STATE when a dataset has that slug itself. */
DTAKE_API dtake_status dtake_dataset_alias_add(dtake_client *client, const char *dataset, const char *alias,
                                               dtake_error *err);
DTAKE_API dtake_status dtake_dataset_alias_remove(dtake_client *client, const char *alias, dtake_error *err);
DTAKE_API dtake_status dtake_collection_create(dtake_client *client, const char *dataset,
                                               const char *collection, const char *description,
                                               dtake_error *err);
DTAKE_API dtake_status dtake_collection_delete(dtake_client *client, const char *dataset,
                                               const char *collection, dtake_error *err);

/* Rows into a collection, which is made if it is not there; one transaction. Columns are found by name,
 * missing ones are null. `ids`: room for the id of each row. Unless `may_exist`, nothing is stored when a
 * datapoint is there already: DTAKE_E_STATE. *created (may be NULL): how many were not there with this very
 * content. */
DTAKE_API dtake_status dtake_insert(dtake_client *client, const char *dataset, const char *collection,
                                    const dtake_batch *batch, bool may_exist, uint8_t (*ids)[16],
                                    int64_t *created, dtake_error *err);

/* --- load: all datapoints that a query names, as batches of columns --- */

typedef struct dtake_load dtake_load;

typedef struct dtake_load_progress {
    bool finished;
    int64_t start_ns, end_ns; /* the query's interval, cut to what the collections hold */
    int64_t at_ns;            /* loaded up to here when results come in time order */
    double fraction;          /* of the interval, 0 to 1, never falls */
    int64_t datapoints, bytes;
    double seconds;
} dtake_load_progress;

/* Copies the query. Work goes on in the background, as far ahead as the runtime's budget of bytes allows. */
DTAKE_API dtake_status dtake_load_start(dtake_load **out, dtake_client *client, const dtake_query *query,
                                        dtake_error *err);
/* The load's; blocks until the source has answered. NULL when it could not: dtake_load_next says why. */
DTAKE_API const dtake_schema *dtake_load_schema(dtake_load *load);

/* The next batch, the caller's to release; blocks until there is one. *out is NULL after the last. */
DTAKE_API dtake_status dtake_load_next(dtake_load *load, dtake_batch **out, dtake_error *err);

/* Calls `done` once when dtake_load_next would not block, with what it would return; one call under way a
 * load.
 */
typedef void (*dtake_load_fn)(dtake_status status, dtake_load *load, void *ctx);
DTAKE_API dtake_status dtake_load_notify(dtake_load *load, dtake_error *err, dtake_load_fn done, void *ctx);
DTAKE_API void dtake_load_progress_get(const dtake_load *load, dtake_load_progress *out);
DTAKE_API void dtake_load_cancel(dtake_load *load);
DTAKE_API void dtake_load_free(dtake_load *load); /* cancels and waits if it still runs */

/* The rest of the load as an Arrow stream, which takes the load. */
DTAKE_API dtake_status dtake_load_to_arrow(dtake_load *load, struct ArrowArrayStream *out, dtake_error *err);

/* One datapoint by its id (text of a UUID) or unique name: a batch of one row. DTAKE_E_NOT_FOUND.
 * `collection` may be NULL: any of the dataset. */
DTAKE_API dtake_status dtake_find(dtake_client *client, const char *dataset, const char *collection,
                                  const char *id, dtake_batch **out, dtake_error *err);

DTAKE_API dtake_status dtake_count(dtake_client *client, const dtake_query *query, int64_t *out,
                                   dtake_error *err);

/* Deletes what the query names; *deleted may be NULL. */
DTAKE_API dtake_status dtake_delete(dtake_client *client, const dtake_query *query, int64_t *deleted,
                                    dtake_error *err);

/* --- the same without waiting --- */

/* What came of a question; `done` takes a member by setting it to NULL. */
typedef struct dtake_answer {
    dtake_dataset_list *datasets;
    dtake_collection_list *collections;
    dtake_batch *batch; /* find */
    int64_t number;     /* count, delete */
} dtake_answer;

typedef void (*dtake_answer_fn)(dtake_status status, dtake_answer *answer, const dtake_error *err, void *ctx);

/* Texts and queries are copied. The client must not be closed before `done`. */
DTAKE_API dtake_status dtake_datasets_start(dtake_client *client, dtake_error *err, dtake_answer_fn done,
                                            void *ctx);
DTAKE_API dtake_status dtake_datasets_named_start(dtake_client *client, const char *dataset, dtake_error *err,
                                                  dtake_answer_fn done, void *ctx);
DTAKE_API dtake_status dtake_collections_start(dtake_client *client, const char *dataset, dtake_error *err,
                                               dtake_answer_fn done, void *ctx);
DTAKE_API dtake_status dtake_find_start(dtake_client *client, const char *dataset, const char *collection,
                                        const char *id, dtake_error *err, dtake_answer_fn done, void *ctx);
DTAKE_API dtake_status dtake_count_start(dtake_client *client, const dtake_query *query, dtake_error *err,
                                         dtake_answer_fn done, void *ctx);
DTAKE_API dtake_status dtake_delete_start(dtake_client *client, const dtake_query *query, dtake_error *err,
                                          dtake_answer_fn done, void *ctx);

#endif
