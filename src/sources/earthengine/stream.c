/* The answer to one query: asks what the collection is, then for page after page. */
#include "sources/earthengine/stream.h"

#include "catalog/id.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <string.h>

enum { PAGE_ROWS = 400, LEAST_PAGE_ROWS = 16 };

static void free_stream(dtake__stream *s)
{
    dtake_batch_release(s->batch);
    dtake__buf_dispose(&s->call.body);
    if (s->planned) {
        dtake__demand_dispose(&s->demand);
        dtake__result_schema_dispose(&s->schema);
    }
    dtake__ee_cursor_dispose(&s->cursor);
    dtake__ee_told_release(s->told);
    dtake_query_free(s->query);
    dtake__free(s->dataset);
    pthread_mutex_destroy(&s->lock);
    dtake__ee_release(s->from);
    dtake__free(s);
}

void dtake__ee_stream_fail(dtake__stream *s, dtake_status status, const dtake_error *err)
{
    if (s->status != DTAKE_OK)
        return;
    s->status = status;
    dtake__error_copy(&s->err, err);
}

/* --- what is asked --- */

/* The first 48 bits of an id are its time. */
static void narrow_by_ids(const dtake_query *query, int64_t *start_ms, int64_t *end_ms)
{
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < query->id_count; i++) {
        int64_t ms = dtake__id_ms(query->ids[i].bytes);
        first = ms < first ? ms : first;
        last = ms > last ? ms : last;
    }
    if (query->id_count > 0) {
        *start_ms = first > *start_ms ? first : *start_ms;
        *end_ms = last < *end_ms ? last + 1 : *end_ms;
    }
    if (query->has_after && dtake__id_ms(query->after.bytes) > *start_ms)
        *start_ms = dtake__id_ms(query->after.bytes);
}

static dtake_status plan(dtake__stream *s, dtake_error *err)
{
    int64_t start_ms, end_ms, rows = PAGE_ROWS;
    bool exact;
    dtake__ee_interval(s->query, &start_ms, &end_ms, &exact);
    if (s->query->limit > 0 && s->query->limit + s->query->offset < PAGE_ROWS - LEAST_PAGE_ROWS)
        rows = s->query->limit + s->query->offset + LEAST_PAGE_ROWS;
    bool descending = s->query->order_count > 0;
    narrow_by_ids(s->query, &start_ms, &end_ms);
    dtake_status st = dtake__result_schema_make(&s->schema, s->told->schema, s->query, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__demand_open(&s->demand, s->query, s->told->schema, err);
    if (st != DTAKE_OK) {
        dtake__result_schema_dispose(&s->schema);
        return st;
    }
    if (s->demand.never || end_ms < start_ms)
        end_ms = start_ms;
    dtake__ee_cursor_init(&s->cursor, start_ms, end_ms, rows, descending);
    s->planned = true;
    pthread_mutex_lock(&s->lock);
    s->at.start_ns = start_ms * 1000000;
    s->at.end_ns = end_ms * 1000000;
    if (end_ms == DTAKE__EE_END_MS && dtake__unix_now_ns() > s->at.start_ns) /* not more than there can be */
        s->at.end_ns = dtake__unix_now_ns();
    pthread_mutex_unlock(&s->lock);
    return DTAKE_OK;
}

static void asked(dtake__ee_asking *asking)
{
    dtake__stream *s = DTAKE__CONTAINER(asking, dtake__stream, asking);
    dtake_error err = asking->err;
    dtake_status st = asking->status;
    s->waits = false;
    s->told = asking->told;
    if (st == DTAKE_OK)
        st = plan(s, &err);
    if (st != DTAKE_OK)
        dtake__ee_stream_fail(s, st, &err);
    dtake__ee_stream_step(s);
}

static void begin(dtake__stream *s)
{
    dtake_error err = { 0 };
    dtake_status st;
    s->told = dtake__ee_told_find(s->from, s->dataset);
    if (s->told != NULL) {
        st = plan(s, &err);
    } else {
        s->asking.done = asked;
        st = dtake__ee_asking_start(&s->asking, s->from, s->dataset);
        s->waits = st == DTAKE_OK;
        err = s->asking.err;
    }
    if (st != DTAKE_OK)
        dtake__ee_stream_fail(s, st, &err);
}

/* After whatever happened. */
void dtake__ee_stream_step(dtake__stream *s)
{
    bool busy = s->waits || s->calling || s->working;
    if (s->closing) {
        if (!busy)
            free_stream(s);
        return;
    }
    while (s->pull != NULL && !busy) {
        dtake_batch *batch = s->ready && s->status == DTAKE_OK ? dtake__ee_stream_take_page(s) : NULL;
        bool over = s->planned && (s->rows_left == 0 || dtake__ee_cursor_is_over(&s->cursor));
        if (s->status != DTAKE_OK || batch != NULL || over) {
            dtake__ee_stream_give(s, batch);
            return;
        }
        if (!s->planned)
            begin(s);
        else
            dtake__ee_stream_ask_page(s);
        busy = s->waits || s->calling || s->working;
    }
}

/* --- the source's stream --- */

static void pull_arrived(dtake__post *post)
{
    dtake__pull *pull = DTAKE__CONTAINER(post, dtake__pull, work.finished);
    pull->stream->pull = pull;
    dtake__ee_stream_step(pull->stream);
}

static void cancel_all(dtake__stream *s)
{
    if (s->waits)
        dtake__ee_asking_cancel(&s->asking);
    if (s->calling)
        dtake__ee_call_cancel(&s->call);
}

static void cancel_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, cancel_post);
    dtake_error err = { 0 };
    dtake__ee_stream_fail(s, dtake__fail(&err, DTAKE_E_CANCELLED, "the load was cancelled"), &err);
    cancel_all(s);
    dtake__ee_stream_step(s);
}

static void close_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, close_post);
    s->closing = true;
    cancel_all(s);
    dtake__ee_stream_step(s);
}

static dtake_status check_order(const dtake_query *query, dtake_error *err)
{
    bool backwards =
        query->order_count == 1 && query->order[0].descending &&
        (strcmp(query->order[0].field, "datetime") == 0 || strcmp(query->order[0].field, "time") == 0);
    if (query->order_count == 0 || backwards)
        return DTAKE_OK;
    return dtake__fail(
        err, DTAKE_E_UNSUPPORTED,
        "Earth Engine's images come in the order of time here, or with -datetime backwards; ingest "
        "them into a catalogue to have them in another order");
}

/* COPERNICUS with the collection S2_SR is COPERNICUS/S2_SR. */
static dtake_status name_dataset(const dtake_query *query, char **out, dtake_error *err)
{
    if (query->dataset == NULL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "Earth Engine is asked for one image collection: name it, as COPERNICUS/S2_SR");
    if (query->collections.count > 1)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "Earth Engine is asked for one image collection at a time, not for %zu",
                           query->collections.count);
    return dtake__ee_dataset_name(query->dataset,
                                  query->collections.count == 1 ? query->collections.at[0] : NULL, out, err);
}

dtake_status dtake__ee_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                   dtake_error *err)
{
    dtake__stream *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return dtake__fail_nomem(err, "a query");
    dtake_status st = check_order(query, err);
    if (st == DTAKE_OK)
        st = name_dataset(query, &s->dataset, err);
    if (st == DTAKE_OK)
        st = dtake_query_copy(&s->query, query, err);
    if (st != DTAKE_OK) {
        dtake__free(s->dataset);
        dtake__free(s);
        return st;
    }
    /* that is what the collection is here: rows have no other */
    dtake__strings_dispose(&s->query->collections);
    pthread_mutex_init(&s->lock, NULL);
    s->from = dtake__ee_of(source);
    atomic_fetch_add(&s->from->refs, 1);
    s->start_us = dtake__now_us();
    s->skip_rows = query->offset;
    s->rows_left = query->limit > 0 ? query->limit : -1;
    *out = s;
    return DTAKE_OK;
}

void dtake__ee_stream_pull(dtake__stream *stream, dtake__pull *pull)
{
    pull->stream = stream;
    pull->batch = NULL;
    pull->work.finished = (dtake__post){ .run = pull_arrived };
    dtake__loop_post(stream->from->source.runtime, &pull->work.finished);
}

const dtake_schema *dtake__ee_stream_schema(dtake__stream *stream)
{
    return stream->planned ? stream->schema.schema : NULL;
}

void dtake__ee_stream_progress(dtake__stream *stream, dtake_load_progress *out)
{
    pthread_mutex_lock(&stream->lock);
    *out = stream->at;
    pthread_mutex_unlock(&stream->lock);
}

void dtake__ee_stream_cancel(dtake__stream *stream)
{
    if (atomic_exchange(&stream->cancelled, true))
        return;
    stream->cancel_post = (dtake__post){ .run = cancel_arrived };
    dtake__loop_post(stream->from->source.runtime, &stream->cancel_post);
}

void dtake__ee_stream_close(dtake__stream *stream)
{
    stream->close_post = (dtake__post){ .run = close_arrived };
    dtake__loop_post(stream->from->source.runtime, &stream->close_post);
}
