/* Where datapoints come from: the interface that every kind of source fills (`.name`, `.act`, ... at the foot
 * of one file). Everything is asynchronous: a struct says what is wanted, its `done` is called once on the
 * loop thread, never from inside the call that started it, and the struct is the caller's until then.
 */
#ifndef DTAKE_SOURCES_SOURCE_H
#define DTAKE_SOURCES_SOURCE_H

#include <datatake/catalog.h>
#include <datatake/datasets.h>

#include "core/strings.h"
#include "io/workers.h"

typedef struct dtake__source dtake__source;
typedef struct dtake__stream dtake__stream; /* the answer to one query, batch by batch */
typedef struct dtake__writer dtake__writer; /* datapoints on their way into one dataset */

typedef enum dtake__act_kind {
    DTAKE__ACT_DATASETS,          /* dataset: others may be left out; or NULL -> datasets */
    DTAKE__ACT_COLLECTIONS,       /* dataset -> collections */
    DTAKE__ACT_DATASET_CREATE,    /* info */
    DTAKE__ACT_DATASET_DELETE,    /* dataset */
    DTAKE__ACT_ALIAS_ADD,         /* dataset, text: the alias */
    DTAKE__ACT_ALIAS_REMOVE,      /* text */
    DTAKE__ACT_ASSET_SET,         /* dataset: an id of Earth Engine; text: its rules, NULL: no more */
    DTAKE__ACT_ASSETS,            /* -> texts: id, rules, id, rules ... */
    DTAKE__ACT_COLLECTION_CREATE, /* dataset, collection, text: its description */
    DTAKE__ACT_COLLECTION_DELETE, /* dataset, collection */
    DTAKE__ACT_FIND,              /* dataset, collection or NULL, text: id or name -> batch */
    DTAKE__ACT_COUNT,             /* query -> number */
    DTAKE__ACT_DELETE,            /* query -> number */
    DTAKE__ACT_STATS,             /* -> stats; this and what follows: only catalogue files */
    DTAKE__ACT_COMPACT,
    DTAKE__ACT_SETTLE, /* waits a moment for the background -> number: 0, it goes on; 1, nothing is left */
    DTAKE__ACT_CHECK,  /* problem */
    DTAKE__ACT_REPAIR, /* problem */
    DTAKE__ACT_EXPORT, /* text: path */
} dtake__act_kind;

/* One question or change, and what came of it. */
typedef struct dtake__act {
    dtake__act_kind kind;
    const char *dataset, *collection, *text; /* borrowed until `done`, as are info and query */
    const dtake_dataset_info *info;
    const dtake_query *query;
    int64_t expected_bytes;   /* DATASET_CREATE: about how much is to come; 0: not known */
    dtake_problem_fn problem; /* called on a worker */
    void *problem_ctx;
    void (*done)(struct dtake__act *act);

    dtake_status status;
    dtake_error err;
    dtake_dataset_list *datasets; /* the asker's from `done` on */
    dtake_collection_list *collections;
    dtake_batch *batch;
    int64_t number;
    dtake__strings texts;
    dtake_catalog_stats stats;

    dtake__source *source; /* the source's own */
    dtake__work work;
} dtake__act;

/* One more batch of a stream. */
typedef struct dtake__pull {
    void (*done)(struct dtake__pull *pull);

    dtake_status status;
    dtake_error err;
    dtake_batch *batch; /* the asker's; NULL after the last */

    dtake__stream *stream; /* the source's own */
    dtake__work work;
} dtake__pull;

typedef enum dtake__write_kind {
    DTAKE__WRITE_OPEN,   /* dataset, collection; waits for other writers -> writer */
    DTAKE__WRITE_TURN,   /* collection: what is put from now on goes there, still one transaction */
    DTAKE__WRITE_PUT,    /* batch -> ids, where they are wanted */
    DTAKE__WRITE_COMMIT, /* -> counts */
    DTAKE__WRITE_CLOSE,  /* what is not committed is gone; the writer too */
} dtake__write_kind;

typedef struct dtake__write_counts {
    int64_t added, replaced, same;
} dtake__write_counts;

/* One step of a writer; one at a time. */
typedef struct dtake__write {
    dtake__write_kind kind;
    const char *dataset, *collection; /* borrowed until `done`, as is batch */
    const dtake_batch *batch;
    uint8_t (*ids)[16];     /* room for the id of each row; NULL: not wanted */
    int64_t expected_bytes; /* OPEN: about how much is to come; 0: not known */
    bool part;              /* COMMIT: some of what was put may wait for the next one, if that is cheaper */
    dtake__writer *writer;  /* made by OPEN, gone after CLOSE */
    void (*done)(struct dtake__write *write);

    dtake_status status;
    dtake_error err;
    dtake__write_counts counts; /* since the last commit */

    dtake__source *source; /* the source's own */
    dtake__work work;
} dtake__write;

typedef struct dtake__source_kind {
    const char *name;     /* "local" */
    bool has_paths;       /* names of datasets have '/' in them */
    bool no_transactions; /* what is put is stored at once; COMMIT only counts */
    void (*close)(dtake__source *source);
    void (*act)(dtake__source *source, dtake__act *act);
    void (*write)(dtake__source *source, dtake__write *write);

    /* No input or output yet: what is wrong with the query comes with the first pull. Copies the query. */
    dtake_status (*stream_open)(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                dtake_error *err);
    /* One pull at a time: a source works no further ahead than it is asked. */
    void (*stream_pull)(dtake__stream *stream, dtake__pull *pull);
    const dtake_schema *(*stream_schema)(dtake__stream *stream); /* after the first pull that succeeded */
    void (*stream_progress)(dtake__stream *stream, dtake_load_progress *out); /* any thread */
    void (*stream_cancel)(dtake__stream *stream);                             /* any thread */
    void (*stream_close)(dtake__stream *stream);                              /* no pull is under way */
} dtake__source_kind;

/* Begins every struct of a source; streams and writers know theirs. */
struct dtake__source {
    const dtake__source_kind *kind;
    dtake_runtime *runtime;
};

/* Chooses the kind by what `options->source` looks like. */
dtake_status dtake__source_open(dtake__source **out, dtake_runtime *runtime,
                                const dtake_client_options *options, dtake_error *err);

/* The kinds there are. */
dtake_status dtake__local_open(dtake__source **out, dtake_runtime *runtime,
                               const dtake_client_options *options, dtake_error *err);
dtake_status dtake__tilebox_open(dtake__source **out, dtake_runtime *runtime,
                                 const dtake_client_options *options, dtake_error *err);
dtake_status dtake__earthengine_open(dtake__source **out, dtake_runtime *runtime,
                                     const dtake_client_options *options, dtake_error *err);

#endif
