/* The answer to one query: asks what the collection is, then for page after page (cursor.h), one at a time,
 * each read and sifted by a worker. All of it is the loop thread's but what is under the lock, and what the
 * worker has while `working`. */
#include "sources/earthengine/cursor.h"
#include "sources/earthengine/remote.h"

#include "catalog/id.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "sources/rows.h"

#include <pthread.h>
#include <string.h>

enum { PAGE_ROWS = 400, LEAST_PAGE_ROWS = 16, MAX_QUESTION = 16 << 20 };

struct dtake__stream {
    dtake__ee *from;
    dtake_query *query;
    char *dataset;
    pthread_mutex_t lock;
    dtake_load_progress at; /* under the lock */
    atomic_bool cancelled;
    dtake__post cancel_post, close_post;
    int64_t start_us;

    dtake__pull *pull; /* waits for a batch */
    dtake__ee_asking asking;
    dtake__ee_told *told;
    dtake__ee_call call;
    dtake__work work;
    bool waits, calling, working, planned, closing;
    dtake__ee_cursor cursor;
    dtake__demand demand;
    dtake__result_schema schema;
    dtake_batch *batch; /* read and sifted; NULL: no row passed */
    bool ready;         /* a page is */
    dtake_status work_status;
    dtake_error work_err;
    int64_t skip_rows, rows_left; /* rows_left < 0: no limit */
    dtake_status status;          /* the first failure */
    dtake_error err;
};

static void step(dtake__stream *s);

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

static void fail(dtake__stream *s, dtake_status status, const dtake_error *err)
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
        fail(s, st, &err);
    step(s);
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
        fail(s, st, &err);
}

/* --- pages --- */

static void read_page(dtake__work *work)
{
    dtake__stream *s = DTAKE__CONTAINER(work, dtake__stream, work);
    const dtake__ee_origin from = { s->from->shown, s->dataset };
    dtake__ee_images images = { 0 };
    dtake_batch *batch = NULL;
    dtake__span result;
    size_t keep = 0;
    dtake_status st = dtake__ee_answer_result(&s->call.body, &result, &s->work_err);
    if (st == DTAKE_OK)
        st = dtake__ee_images_read(&images, result, &s->work_err);
    if (st == DTAKE_OK)
        st = dtake__ee_cursor_step(&s->cursor, &images, &keep, &s->work_err);
    if (st == DTAKE_OK)
        st = dtake__ee_rows_make(&from, &images, 0, keep, s->told->schema, s->cursor.descending, &batch,
                                 &s->work_err);
    if (st == DTAKE_OK && batch != NULL)
        st = dtake__rows_sift(&s->demand, &batch, &s->work_err);
    if (st == DTAKE_OK && batch != NULL && dtake_batch_rows(batch) > 0) {
        st = dtake__rows_shape(&s->schema, batch, true, s->dataset, &s->batch, &s->work_err);
        batch = NULL;
    }
    dtake_batch_release(batch);
    dtake__ee_images_dispose(&images);
    dtake__buf_dispose(&s->call.body);
    s->work_status = st;
}

static void page_read(dtake__work *work)
{
    dtake__stream *s = DTAKE__CONTAINER(work, dtake__stream, work);
    s->working = false;
    if (s->work_status != DTAKE_OK)
        fail(s, s->work_status, &s->work_err);
    else
        s->ready = true;
    step(s);
}

/* Words of the service when it had too much to do; less may go. */
static bool was_too_much(const dtake_error *err)
{
    static const char *const words[] = { "memory limit", "timed out", "accumulating over", "too large",
                                         "Response size exceeds" };
    if (err->status == DTAKE_E_CANCELLED || err->status == DTAKE_E_NETWORK)
        return false;
    if (err->status == DTAKE_E_LIMIT)
        return true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(err->message, words[i]) != NULL)
            return true;
    return false;
}

static void page_came(dtake__ee_call *call)
{
    dtake__stream *s = DTAKE__CONTAINER(call, dtake__stream, call);
    s->calling = false;
    if (call->status == DTAKE_OK && s->status == DTAKE_OK) {
        s->working = true;
        s->work = (dtake__work){ .run = read_page, .done = page_read };
        dtake__workers_run(s->from->source.runtime, &s->work);
        return;
    }
    dtake__buf_dispose(&call->body);
    bool again = call->status != DTAKE_OK && was_too_much(&call->err) && dtake__ee_cursor_shrink(&s->cursor);
    if (call->status != DTAKE_OK && !again)
        fail(s, call->status, &call->err);
    step(s);
}

static void ask_page(dtake__stream *s)
{
    dtake_buf question = DTAKE_BUF_INIT(MAX_QUESTION);
    dtake_error err = { 0 };
    dtake__ee_wish wish = { .dataset = s->dataset, .query = s->query, .names = &s->told->names };
    dtake__ee_cursor_ask(&s->cursor, &wish);
    dtake_status st = dtake__ee_ask_images(&wish, &question, &err);
    if (st == DTAKE_OK) {
        s->call.done = page_came;
        st = dtake__ee_compute(&s->call, s->from, &question);
        s->calling = st == DTAKE_OK;
        err = s->call.err;
    }
    dtake__buf_dispose(&question);
    if (st != DTAKE_OK)
        fail(s, st, &err);
}

/* --- given --- */

static void note_progress(dtake__stream *s, const dtake_batch *batch, bool over)
{
    const dtake__ee_cursor *c = &s->cursor;
    pthread_mutex_lock(&s->lock);
    double all = (double)(s->at.end_ns - s->at.start_ns) / 1e6;
    double passed = c->descending ? (double)s->at.end_ns / 1e6 - (double)c->end_ms
                                  : (double)c->start_ms - (double)s->at.start_ns / 1e6;
    double fraction = over || all <= 0 || passed > all ? 1 : passed > 0 ? passed / all : 0;
    s->at.seconds = (double)(dtake__now_us() - s->start_us) / 1e6;
    s->at.datapoints += batch != NULL ? dtake_batch_rows(batch) : 0;
    s->at.bytes += batch != NULL ? dtake__batch_bytes(batch) : 0;
    s->at.finished = over;
    s->at.fraction = fraction > s->at.fraction ? fraction : s->at.fraction;
    s->at.at_ns = over ? s->at.end_ns : c->start_ms * 1000000;
    pthread_mutex_unlock(&s->lock);
}

static void give(dtake__stream *s, dtake_batch *batch)
{
    dtake__pull *pull = s->pull;
    s->pull = NULL;
    pull->status = s->status;
    pull->batch = batch;
    if (s->status != DTAKE_OK)
        dtake__error_copy(&pull->err, &s->err);
    else
        note_progress(s, batch, batch == NULL);
    pull->done(pull);
}

/* Cuts what the query's offset and limit leave out. NULL when nothing is left of it. Takes the batch. */
static dtake_batch *within_limit(dtake__stream *s, dtake_batch *batch)
{
    int64_t rows = dtake_batch_rows(batch), skip = s->skip_rows < rows ? s->skip_rows : rows;
    int64_t count = rows - skip;
    dtake_batch *part = NULL;
    dtake_error err = { 0 };
    s->skip_rows -= skip;
    if (s->rows_left >= 0) {
        count = count > s->rows_left ? s->rows_left : count;
        s->rows_left -= count;
    }
    if (count == rows)
        return batch;
    dtake_status st = count > 0 ? dtake__batch_slice(&part, batch, skip, count, &err) : DTAKE_OK;
    dtake_batch_release(batch);
    if (st != DTAKE_OK)
        fail(s, st, &err);
    return part;
}

static dtake_batch *take_page(dtake__stream *s)
{
    dtake_batch *batch = s->batch;
    s->batch = NULL;
    s->ready = false;
    return batch != NULL ? within_limit(s, batch) : NULL;
}

/* After whatever happened. */
static void step(dtake__stream *s)
{
    bool busy = s->waits || s->calling || s->working;
    if (s->closing) {
        if (!busy)
            free_stream(s);
        return;
    }
    while (s->pull != NULL && !busy) {
        dtake_batch *batch = s->ready && s->status == DTAKE_OK ? take_page(s) : NULL;
        bool over = s->planned && (s->rows_left == 0 || dtake__ee_cursor_is_over(&s->cursor));
        if (s->status != DTAKE_OK || batch != NULL || over) {
            give(s, batch);
            return;
        }
        if (!s->planned)
            begin(s);
        else
            ask_page(s);
        busy = s->waits || s->calling || s->working;
    }
}

/* --- the source's stream --- */

static void pull_arrived(dtake__post *post)
{
    dtake__pull *pull = DTAKE__CONTAINER(post, dtake__pull, work.finished);
    pull->stream->pull = pull;
    step(pull->stream);
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
    fail(s, dtake__fail(&err, DTAKE_E_CANCELLED, "the load was cancelled"), &err);
    cancel_all(s);
    step(s);
}

static void close_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, close_post);
    s->closing = true;
    cancel_all(s);
    step(s);
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
