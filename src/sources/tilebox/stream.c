/* The answer to one query: its beginning and its end. */
#include "sources/tilebox/stream.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

enum {
    NEAR_UNDER_WAY = 3,         /* requests: one in the server, one on its way, one being read */
    MOST_UNDER_WAY = 64,        /* with one more for each millisecond of distance */
    FIRST_PAGE_BYTES = 1 << 20, /* as long as none has come */
    PAGE_ROWS = 8192,      /* through the internet, where requests beside one another hide its distance */
    NEAR_PAGE_ROWS = 4096, /* of a server of one's own: what processors keep in their caches */
};

/* --- ending --- */

static void free_pages(dtake__strand *part)
{
    while (part->first != NULL) {
        dtake__page *p = part->first;
        part->first = p->next;
        dtake__page_free(p);
    }
}

/* As if nothing had been asked yet. */
static void reset(dtake__stream *s)
{
    for (size_t i = 0; s->parts != NULL && i < s->plan.count; i++)
        free_pages(&s->parts[i]);
    while (s->sifters != NULL) {
        dtake__sifter *next = s->sifters->next;
        dtake__sifter_free(s->sifters);
        s->sifters = next;
    }
    dtake_batch_release(s->merged);
    s->merged = NULL;
    dtake__free(s->parts);
    s->parts = NULL;
    dtake__free(s->plan.parts);
    s->plan = (dtake__remote_plan){ .without_filter = s->plan.without_filter };
    if (s->planned)
        dtake__sieve_dispose(&s->sieve);
    s->planned = s->again = false;
    dtake__told_release(s->told);
    s->told = NULL;
    s->head = 0;
    s->ahead_bytes = 0;
    s->typical_bytes = FIRST_PAGE_BYTES;
    s->skip_rows = s->query->offset;
    s->rows_left = s->query->limit > 0 ? s->query->limit : -1;
}

static void free_stream(dtake__stream *s)
{
    reset(s);
    dtake__remote_dataset_dispose(&s->asking.dataset);
    dtake_query_free(s->query);
    pthread_mutex_destroy(&s->lock);
    dtake__remote_release(s->from);
    dtake__free(s);
}

static void cancel_all(dtake__stream *s)
{
    dtake__asking_cancel(&s->asking);
    dtake__stream_cancel_pages(s);
}

/* A dataset that was known from before may have changed since; a service may refuse a filter that another one
 * understands: all rows pass through ours anyway. */
static bool may_begin_again(dtake__stream *s, dtake_status status)
{
    bool ours = status == DTAKE_E_CANCELLED || status == DTAKE_E_NOMEM || status == DTAKE_E_LIMIT ||
                status == DTAKE_E_NETWORK || status == DTAKE_E_TIMEOUT || status == DTAKE_E_AUTH;
    bool refused = s->planned && (status == DTAKE_E_USAGE || status == DTAKE_E_UNSUPPORTED);
    if (s->given || ours)
        return false;
    if (s->was_told) {
        dtake__told_forget(&s->from->told);
        return true;
    }
    bool filters = s->query->filter != NULL || s->query->names.count > 0;
    if (!refused || !filters || s->plan.without_filter)
        return false;
    s->plan.without_filter = true;
    return true;
}

void dtake__stream_fail(dtake__stream *s, dtake_status status, const dtake_error *err)
{
    bool cancelled = atomic_load(&s->cancelled);
    if (s->status != DTAKE_OK || (s->again && !cancelled))
        return;
    s->again = !cancelled && may_begin_again(s, status);
    if (!s->again) {
        s->status = status;
        dtake__error_copy(&s->err, err);
    }
    cancel_all(s);
}

/* --- the beginning --- */

static dtake_status plan(dtake__stream *s, dtake_error *err)
{
    int64_t page_rows = s->from->service.packs ? PAGE_ROWS : NEAR_PAGE_ROWS;
    bool without_filter = s->plan.without_filter;
    dtake_status st = dtake__remote_plan_make(&s->plan, &s->told->dataset, s->query, page_rows, err);
    s->plan.without_filter = without_filter;
    if (st != DTAKE_OK)
        return st;
    s->parts = dtake__calloc(s->plan.count + 1, sizeof *s->parts);
    if (s->parts == NULL)
        return dtake__fail_nomem(err, "a query");
    for (size_t i = 0; i < s->plan.count; i++)
        s->parts[i] = (dtake__strand){ .plan = &s->plan.parts[i], .more = true };
    st = dtake__sieve_init(&s->sieve, s->query, s->told->dataset.type, s->plan.abreast != 1, err);
    if (st != DTAKE_OK)
        return st;
    int64_t far = NEAR_UNDER_WAY + s->told->round_trip_us / 1000;
    s->most_under_way = far < MOST_UNDER_WAY ? (int)far : MOST_UNDER_WAY;
    s->planned = true;
    pthread_mutex_lock(&s->lock);
    s->at.start_ns = s->plan.start_ns;
    s->at.end_ns = s->plan.end_ns;
    pthread_mutex_unlock(&s->lock);
    return DTAKE_OK;
}

static void plan_or_fail(dtake__stream *s)
{
    dtake_error err = { 0 };
    dtake_status st = plan(s, &err);
    if (st != DTAKE_OK)
        dtake__stream_fail(s, st, &err);
}

static void asked(dtake__asking *asking)
{
    dtake__stream *s = DTAKE__CONTAINER(asking, dtake__stream, asking);
    dtake_error err = asking->err;
    dtake_status st = asking->status;
    s->outstanding--;
    if (st == DTAKE_OK) {
        s->told = dtake__told_put(&s->from->told, s->query->dataset, &asking->dataset, asking->round_trip_us);
        if (s->told == NULL)
            st = dtake__fail_nomem(&err, "a dataset");
    }
    if (st != DTAKE_OK)
        dtake__stream_fail(s, st, &err);
    else if (s->status == DTAKE_OK && !s->again)
        plan_or_fail(s);
    dtake__stream_step(s);
}

static void begin(dtake__stream *s)
{
    s->begun = true;
    s->told = dtake__told_find(&s->from->told, s->query->dataset);
    s->was_told = s->told != NULL;
    if (s->was_told) {
        plan_or_fail(s);
        return;
    }
    s->outstanding++;
    dtake__remote_dataset_dispose(&s->asking.dataset);
    s->asking.done = asked;
    dtake__asking_start(&s->asking, &s->from->service, s->query->dataset);
}

void dtake__stream_step(dtake__stream *s)
{
    if (s->closing) {
        if (s->outstanding == 0)
            free_stream(s);
        return;
    }
    if (s->again && s->outstanding == 0 && s->status == DTAKE_OK) {
        reset(s);
        begin(s);
    }
    dtake__stream_pump(s);
    dtake__stream_deliver(s);
    dtake__stream_pump(s); /* what was given, or sifted away, has made room */
    if (s->status != DTAKE_OK)
        dtake__stream_deliver(s);
}

static void pull_arrived(dtake__post *post)
{
    dtake__pull *pull = DTAKE__CONTAINER(post, dtake__pull, work.finished);
    dtake__stream *s = pull->stream;
    s->pull = pull;
    if (!s->begun && s->status == DTAKE_OK)
        begin(s);
    dtake__stream_step(s);
}

static void cancel_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, cancel_post);
    dtake_error err = { 0 };
    dtake__stream_fail(s, dtake__fail(&err, DTAKE_E_CANCELLED, "the load was cancelled"), &err);
    dtake__stream_step(s);
}

static void close_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, close_post);
    s->closing = true;
    cancel_all(s);
    dtake__stream_step(s);
}

/* --- the source's stream --- */

static dtake_status check_query(const dtake_query *query, dtake_error *err)
{
    if (query->dataset == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "a Tilebox service is asked for one dataset: name it");
    bool is_default = query->order_count == 0;
    if (!is_default)
        return dtake__fail(
            err, DTAKE_E_UNSUPPORTED,
            "a Tilebox service gives datapoints by time only; ingest them into a catalogue to have "
            "them in another order");
    return DTAKE_OK;
}

dtake_status dtake__remote_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                       dtake_error *err)
{
    dtake_status st = check_query(query, err);
    if (st != DTAKE_OK)
        return st;
    dtake__stream *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "a query");
    st = dtake_query_copy(&s->query, query, err);
    if (st != DTAKE_OK) {
        dtake__free(s);
        return st;
    }
    pthread_mutex_init(&s->lock, NULL);
    s->from = dtake__remote_of(source);
    atomic_fetch_add(&s->from->refs, 1);
    s->start_us = dtake__now_us();
    reset(s);
    *out = s;
    return DTAKE_OK;
}

void dtake__remote_stream_pull(dtake__stream *stream, dtake__pull *pull)
{
    pull->stream = stream;
    pull->batch = NULL;
    pull->work.finished = (dtake__post){ .run = pull_arrived };
    dtake__loop_post(stream->from->source.runtime, &pull->work.finished);
}

const dtake_schema *dtake__remote_stream_schema(dtake__stream *stream)
{
    return stream->planned ? stream->sieve.schema.schema : NULL;
}

void dtake__remote_stream_progress(dtake__stream *stream, dtake_load_progress *out)
{
    pthread_mutex_lock(&stream->lock);
    *out = stream->at;
    pthread_mutex_unlock(&stream->lock);
}

void dtake__remote_stream_cancel(dtake__stream *stream)
{
    if (atomic_exchange(&stream->cancelled, true))
        return;
    stream->cancel_post = (dtake__post){ .run = cancel_arrived };
    dtake__loop_post(stream->from->source.runtime, &stream->cancel_post);
}

void dtake__remote_stream_close(dtake__stream *stream)
{
    stream->close_post = (dtake__post){ .run = close_arrived };
    dtake__loop_post(stream->from->source.runtime, &stream->close_post);
}
