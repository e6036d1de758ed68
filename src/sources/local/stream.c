#include "sources/local/local.h"

#include "core/alloc.h"
#include "core/error.h"

struct dtake__stream {
    dtake__local *from;
    dtake_query *query;
    pthread_mutex_t lock;
    bool cancelled;         /* under the lock, as is search while it is being opened */
    dtake__search *search;  /* NULL before the first pull */
    dtake_load_progress at; /* before there is a search */
};

dtake_status dtake__local_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
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
    s->from = dtake__local_of(source);
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return DTAKE_OK;
}

static dtake_status begin_search(dtake__stream *s, dtake_error *err)
{
    dtake__catalog *catalog;
    dtake__search *search = NULL;
    dtake_status st = dtake__local_catalog(s->from, false, 0, &catalog, err);
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

void dtake__local_stream_pull(dtake__stream *stream, dtake__pull *pull)
{
    pull->stream = stream;
    pull->batch = NULL;
    pull->work = (dtake__work){ .run = pull_run, .done = pull_done };
    dtake__workers_run(stream->from->source.runtime, &pull->work);
}

const dtake_schema *dtake__local_stream_schema(dtake__stream *stream)
{
    return stream->search != NULL ? dtake__search_schema(stream->search) : NULL;
}

void dtake__local_stream_progress(dtake__stream *stream, dtake_load_progress *out)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->search != NULL)
        dtake__search_progress(stream->search, out);
    else
        *out = stream->at;
    pthread_mutex_unlock(&stream->lock);
}

void dtake__local_stream_cancel(dtake__stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->cancelled = true;
    if (stream->search != NULL)
        dtake__search_cancel(stream->search);
    pthread_mutex_unlock(&stream->lock);
}

void dtake__local_stream_close(dtake__stream *stream)
{
    dtake__search_close(stream->search);
    dtake_query_free(stream->query);
    pthread_mutex_destroy(&stream->lock);
    dtake__free(stream);
}
