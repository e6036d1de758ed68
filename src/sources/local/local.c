/* The embedded catalogue as a source: its blocking calls, each on a worker. */
#include "catalog/catalog.h"
#include "core/alloc.h"
#include "core/error.h"
#include "io/part.h"
#include "sources/source.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_FOR_WRITER_MS = 60000, SETTLE_MS = 100 };

typedef struct local {
    dtake__source source;
    char *path;
    dtake__catalog_options options;
    pthread_mutex_t lock;
    dtake__catalog *catalog; /* under the lock; NULL: not there yet */
} local;

struct dtake__stream {
    local *from;
    dtake_query *query;
    pthread_mutex_t lock;
    bool cancelled;         /* under the lock, as is search while it is being opened */
    dtake__search *search;  /* NULL before the first pull */
    dtake_load_progress at; /* before there is a search */
};

struct dtake__writer {
    dtake__ingest *ingest;
    char *dataset;
};

static local *local_of(dtake__source *source)
{
    return DTAKE__CONTAINER(source, local, source);
}

/* --- the catalogue --- */

/* The user's data folder may not be there yet. */
static dtake_status make_folder(const char *path, dtake_error *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return DTAKE_OK;
    char *folder = dtake__strndup(path, (size_t)(slash - path));
    if (folder == NULL)
        return dtake__fail_nomem(err, "the folder of a catalogue");
    dtake_status st = dtake__make_folders(folder, err);
    dtake__free(folder);
    return st;
}

/* A file that is not there is made by the first write, or found when another program has made it since. */
static dtake_status catalog_of(local *l, bool writes, int64_t expected_bytes, dtake__catalog **out,
                               dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (writes && l->options.read_only)
        return dtake__fail(err, DTAKE_E_STATE, "change %.300s: it was opened for reading only", l->path);
    pthread_mutex_lock(&l->lock);
    if (l->catalog == NULL) {
        dtake__catalog_options options = l->options;
        options.create = writes;
        options.expected_bytes = expected_bytes;
        if (!writes && access(l->path, F_OK) != 0)
            st = dtake__fail(err, DTAKE_E_NOT_FOUND,
                             "there is no catalogue at %.300s yet; datatake ingest makes one", l->path);
        else if (writes)
            st = make_folder(l->path, err);
        if (st == DTAKE_OK)
            st = dtake__catalog_open(&l->catalog, l->path, &options, err);
    }
    *out = l->catalog;
    pthread_mutex_unlock(&l->lock);
    return st;
}

static void local_close(dtake__source *source)
{
    local *l = local_of(source);
    dtake__catalog_close(l->catalog);
    pthread_mutex_destroy(&l->lock);
    dtake__free(l->path);
    dtake__free(l);
}

/* --- acts --- */

static dtake_status stats_of(dtake__catalog *catalog, dtake_catalog_stats *out, dtake_error *err)
{
    dtake__catalog_stats s;
    dtake_status st = dtake__catalog_stats_get(catalog, &s, err);
    if (st == DTAKE_OK)
        *out = (dtake_catalog_stats){ s.file_bytes, s.free_bytes, s.datasets,     s.collections, s.datapoints,
                                      s.chunks,     s.fresh_rows, s.column_bytes, s.id_bytes };
    return st;
}

/* Repairing replaces the file, so the catalogue must not be open meanwhile. */
static dtake_status repair(local *l, dtake__act *act)
{
    pthread_mutex_lock(&l->lock);
    dtake__catalog_close(l->catalog);
    l->catalog = NULL;
    dtake_status st = dtake__catalog_repair(l->path, act->problem, act->problem_ctx, &act->err);
    pthread_mutex_unlock(&l->lock);
    return st;
}

static bool act_writes(dtake__act_kind kind)
{
    switch (kind) {
    case DTAKE__ACT_DATASET_CREATE:
    case DTAKE__ACT_DATASET_DELETE:
    case DTAKE__ACT_ALIAS_ADD:
    case DTAKE__ACT_ALIAS_REMOVE:
    case DTAKE__ACT_ASSET_SET:
    case DTAKE__ACT_COLLECTION_CREATE:
    case DTAKE__ACT_COLLECTION_DELETE:
    case DTAKE__ACT_DELETE:
    case DTAKE__ACT_COMPACT:
    case DTAKE__ACT_REPAIR:
        return true;
    default:
        return false;
    }
}

static dtake_status perform(dtake__catalog *c, dtake__act *a)
{
    switch (a->kind) {
    case DTAKE__ACT_DATASETS:
        return dtake__catalog_datasets(c, &a->datasets, &a->err);
    case DTAKE__ACT_COLLECTIONS:
        return dtake__catalog_collections(c, a->dataset, &a->collections, &a->err);
    case DTAKE__ACT_DATASET_CREATE:
        return dtake__catalog_dataset_create(c, a->info, &a->err);
    case DTAKE__ACT_DATASET_DELETE:
        return dtake__catalog_dataset_delete(c, a->dataset, &a->err);
    case DTAKE__ACT_ALIAS_ADD:
        return dtake__catalog_alias_add(c, a->dataset, a->text, &a->err);
    case DTAKE__ACT_ALIAS_REMOVE:
        return dtake__catalog_alias_remove(c, a->text, &a->err);
    case DTAKE__ACT_ASSET_SET:
        return dtake__catalog_asset_set(c, a->dataset, a->text, &a->err);
    case DTAKE__ACT_ASSETS:
        return dtake__catalog_assets(c, &a->texts, &a->err);
    case DTAKE__ACT_COLLECTION_CREATE:
        return dtake__catalog_collection_create(c, a->dataset, a->collection, a->text, &a->err);
    case DTAKE__ACT_COLLECTION_DELETE:
        return dtake__catalog_collection_delete(c, a->dataset, a->collection, &a->err);
    case DTAKE__ACT_FIND:
        return dtake__catalog_find(c, a->dataset, a->collection, a->text, &a->batch, &a->err);
    case DTAKE__ACT_COUNT:
        return dtake__catalog_count(c, a->query, &a->number, &a->err);
    case DTAKE__ACT_DELETE:
        return dtake__catalog_delete(c, a->query, &a->number, &a->err);
    case DTAKE__ACT_STATS:
        return stats_of(c, &a->stats, &a->err);
    case DTAKE__ACT_COMPACT:
        return dtake__catalog_compact(c, &a->err);
    case DTAKE__ACT_SETTLE:
        a->number = dtake__catalog_settle(c, SETTLE_MS);
        return DTAKE_OK;
    case DTAKE__ACT_CHECK:
        return dtake__catalog_check(c, a->problem, a->problem_ctx, &a->err);
    case DTAKE__ACT_EXPORT:
        return dtake__catalog_export(c, a->text, &a->err);
    case DTAKE__ACT_REPAIR:
        break;
    }
    return dtake__fail(&a->err, DTAKE_E_UNSUPPORTED, "a catalogue file does not know act %d", (int)a->kind);
}

static void act_run(dtake__work *work)
{
    dtake__act *act = DTAKE__CONTAINER(work, dtake__act, work);
    local *l = local_of(act->source);
    dtake__catalog *catalog = NULL;
    bool creates = act->kind == DTAKE__ACT_DATASET_CREATE;
    if (act_writes(act->kind) && l->options.read_only)
        act->status =
            dtake__fail(&act->err, DTAKE_E_STATE, "change %.300s: it was opened for reading only", l->path);
    else if (act->kind == DTAKE__ACT_REPAIR)
        act->status = repair(l, act);
    else
        act->status = catalog_of(l, creates, act->expected_bytes, &catalog, &act->err);
    if (act->status == DTAKE_OK && catalog != NULL)
        act->status = perform(catalog, act);
}

static void act_done(dtake__work *work)
{
    dtake__act *act = DTAKE__CONTAINER(work, dtake__act, work);
    act->done(act);
}

static void local_act(dtake__source *source, dtake__act *act)
{
    act->source = source;
    act->work = (dtake__work){ .run = act_run, .done = act_done };
    dtake__workers_run(source->runtime, &act->work);
}

/* --- streams --- */

static dtake_status stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                dtake_error *err)
{
    dtake__stream *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "a query");
    dtake_status st = dtake_query_copy(&s->query, query, err);
    if (st != DTAKE_OK) {
        dtake__free(s);
        return st;
    }
    s->from = local_of(source);
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return DTAKE_OK;
}

static dtake_status begin_search(dtake__stream *s, dtake_error *err)
{
    dtake__catalog *catalog;
    dtake__search *search = NULL;
    dtake_status st = catalog_of(s->from, false, 0, &catalog, err);
    if (st == DTAKE_OK)
        st = dtake__search_open(&search, catalog, s->query, err);
    pthread_mutex_lock(&s->lock);
    s->search = search;
    if (s->cancelled && st == DTAKE_OK)
        dtake__search_cancel(search);
    pthread_mutex_unlock(&s->lock);
    return st;
}

static void pull_run(dtake__work *work)
{
    dtake__pull *pull = DTAKE__CONTAINER(work, dtake__pull, work);
    dtake__stream *s = pull->stream;
    pthread_mutex_lock(&s->lock);
    bool cancelled = s->cancelled;
    pthread_mutex_unlock(&s->lock);
    pull->status = cancelled           ? dtake__fail(&pull->err, DTAKE_E_CANCELLED, "the load was cancelled")
                   : s->search == NULL ? begin_search(s, &pull->err)
                                       : DTAKE_OK;
    if (pull->status == DTAKE_OK)
        pull->status = dtake__search_next(s->search, &pull->batch, &pull->err);
}

static void pull_done(dtake__work *work)
{
    dtake__pull *pull = DTAKE__CONTAINER(work, dtake__pull, work);
    pull->done(pull);
}

static void stream_pull(dtake__stream *stream, dtake__pull *pull)
{
    pull->stream = stream;
    pull->batch = NULL;
    pull->work = (dtake__work){ .run = pull_run, .done = pull_done };
    dtake__workers_run(stream->from->source.runtime, &pull->work);
}

static const dtake_schema *stream_schema(dtake__stream *stream)
{
    return stream->search != NULL ? dtake__search_schema(stream->search) : NULL;
}

static void stream_progress(dtake__stream *stream, dtake_load_progress *out)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->search != NULL)
        dtake__search_progress(stream->search, out);
    else
        *out = stream->at;
    pthread_mutex_unlock(&stream->lock);
}

static void stream_cancel(dtake__stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->cancelled = true;
    if (stream->search != NULL)
        dtake__search_cancel(stream->search);
    pthread_mutex_unlock(&stream->lock);
}

static void stream_close(dtake__stream *stream)
{
    dtake__search_close(stream->search);
    dtake_query_free(stream->query);
    pthread_mutex_destroy(&stream->lock);
    dtake__free(stream);
}

/* --- writers --- */

static void writer_free(dtake__writer *w)
{
    dtake__ingest_close(w->ingest);
    dtake__free(w->dataset);
    dtake__free(w);
}

static dtake_status writer_open(local *l, dtake__write *write)
{
    dtake__catalog *catalog;
    dtake_status st = catalog_of(l, true, write->expected_bytes, &catalog, &write->err);
    if (st != DTAKE_OK)
        return st;
    dtake__writer *w = dtake__calloc(1, sizeof *w);
    if (w == NULL || (w->dataset = dtake__strdup(write->dataset)) == NULL) {
        dtake__free(w);
        return dtake__fail_nomem(&write->err, "a writer");
    }
    dtake__catalog_expect(catalog, write->expected_bytes);
    st = dtake__ingest_open(&w->ingest, catalog, write->dataset, write->collection, WAIT_FOR_WRITER_MS,
                            &write->err);
    if (st != DTAKE_OK) {
        dtake__free(w->dataset);
        dtake__free(w);
        return st;
    }
    write->writer = w;
    return DTAKE_OK;
}

static dtake_status writer_commit(dtake__write *write)
{
    dtake__ingest_counts counts = { 0 };
    dtake__ingest *ingest = write->writer->ingest;
    dtake_status st = write->part ? dtake__ingest_commit_chunks(ingest, &counts, &write->err)
                                  : dtake__ingest_commit(ingest, &counts, &write->err);
    write->counts = (dtake__write_counts){ counts.added, counts.replaced, counts.same };
    return st;
}

static dtake_status writer_step(dtake__write *write)
{
    switch (write->kind) {
    case DTAKE__WRITE_OPEN:
        return writer_open(local_of(write->source), write);
    case DTAKE__WRITE_TURN:
        return dtake__ingest_turn(write->writer->ingest, write->collection, &write->err);
    case DTAKE__WRITE_PUT:
        return dtake__ingest_put_ids(write->writer->ingest, write->batch, write->ids, &write->err);
    case DTAKE__WRITE_COMMIT:
        return writer_commit(write);
    case DTAKE__WRITE_CLOSE:
        writer_free(write->writer);
        write->writer = NULL;
        return DTAKE_OK;
    }
    return DTAKE_E_OTHER;
}

static void write_run(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    write->status = writer_step(write);
}

static void write_done(dtake__work *work)
{
    dtake__write *write = DTAKE__CONTAINER(work, dtake__write, work);
    write->done(write);
}

/* Writing waits: for other writers, for the disk, for the workers that encode meanwhile. */
static void local_write(dtake__source *source, dtake__write *write)
{
    write->source = source;
    write->work = (dtake__work){ .run = write_run, .done = write_done };
    dtake__files_run(source->runtime, &write->work);
}

static const dtake__source_kind local_kind = {
    .name = "local",
    .close = local_close,
    .act = local_act,
    .write = local_write,
    .stream_open = stream_open,
    .stream_pull = stream_pull,
    .stream_schema = stream_schema,
    .stream_progress = stream_progress,
    .stream_cancel = stream_cancel,
    .stream_close = stream_close,
};

dtake_status dtake__local_open(dtake__source **out, dtake_runtime *runtime,
                               const dtake_client_options *options, dtake_error *err)
{
    local *l = dtake__calloc(1, sizeof *l);
    if (l == NULL || (l->path = dtake__strdup(options->source)) == NULL) {
        dtake__free(l);
        return dtake__fail_nomem(err, "a catalogue");
    }
    l->source = (dtake__source){ &local_kind, runtime };
    l->options.read_only = options->read_only;
    l->options.runtime = runtime;
    l->options.decoded_bytes = options->keep_bytes;
    pthread_mutex_init(&l->lock, NULL);
    /* opened when it is first asked for something: a damaged one must be there to be repaired */
    if (options->must_exist && access(l->path, F_OK) != 0) {
        dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no catalogue at %.300s", l->path);
        local_close(&l->source);
        return DTAKE_E_NOT_FOUND;
    }
    *out = &l->source;
    return DTAKE_OK;
}
