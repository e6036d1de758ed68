/* The answer to one query: parts asked for beside one another, their pages one after another, given in order.
 * All of it on the loop thread but the sifting of pages, which is the workers'. */
#include "sources/tilebox/remote.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "sources/tilebox/sieve.h"
#include "table/batch.h"

#include <pthread.h>
#include <string.h>

enum {
    NEAR_UNDER_WAY = 3,         /* requests: one in the server, one on its way, one being read */
    MOST_UNDER_WAY = 64,        /* with one more for each millisecond of distance */
    LOOK_AHEAD = 256,           /* parts */
    FIRST_PAGE_BYTES = 1 << 20, /* as long as none has come */
    PAGE_ROWS = 8192,      /* through the internet, where requests beside one another hide its distance */
    NEAR_PAGE_ROWS = 4096, /* of a server of one's own: what processors keep in their caches */
};

typedef struct lane lane;

typedef struct page {
    struct page *next;
    lane *part;
    dtake__stream *stream;
    dtake__call call;
    dtake__work work;
    dtake__span data; /* of call.body: RepeatedAny */
    dtake__sifter *sifter;
    dtake__sifted sifted;
    dtake_status status;
    dtake_error err;
    int64_t bytes;
    bool ready;
} page;

struct lane {
    const dtake__remote_part *plan;
    dtake__tb_page next_page; /* set: where to go on */
    page *first, *last;       /* asked for, not yet given */
    bool asking;              /* the last one has not come */
    bool more;                /* there is another one to ask for */
};

struct dtake__stream {
    dtake__remote *from;
    dtake_query *query;
    pthread_mutex_t lock;
    dtake_load_progress at; /* under the lock */
    atomic_bool cancelled;
    dtake__post cancel_post, close_post;
    int64_t start_us;

    /* the loop thread's */
    dtake__pull *pull; /* waits for a batch */
    dtake__asking asking;
    bool asked, planned, closing, merging;
    int outstanding; /* asking, calls and work that will still come back */
    dtake__sieve sieve;
    dtake__remote_plan plan;
    lane *parts;
    size_t head; /* the part, or the first of the slice, that is given next */
    dtake__work merge_work;
    dtake__sifted *merge_pages;
    size_t merge_count;
    dtake_status merge_status;
    dtake_error merge_err;
    dtake_batch *merged;
    dtake__sifter *sifters; /* idle ones */
    int under_way, most_under_way;
    int64_t ahead_bytes, typical_bytes;
    int64_t skip_rows, rows_left; /* rows_left < 0: no limit */
    dtake_status status;          /* the first failure */
    dtake_error err;
};

static void step(dtake__stream *s);

/* --- ending --- */

static void page_free(page *p)
{
    dtake__buf_dispose(&p->call.body);
    dtake__sifted_dispose(&p->sifted);
    dtake__sifter_free(p->sifter);
    dtake__free(p);
}

static void free_stream(dtake__stream *s)
{
    for (size_t i = 0; s->parts != NULL && i < s->plan.count; i++)
        while (s->parts[i].first != NULL) {
            page *p = s->parts[i].first;
            s->parts[i].first = p->next;
            page_free(p);
        }
    while (s->sifters != NULL) {
        dtake__sifter *next = s->sifters->next;
        dtake__sifter_free(s->sifters);
        s->sifters = next;
    }
    dtake_batch_release(s->merged);
    dtake__free(s->parts);
    dtake__free(s->plan.parts);
    if (s->planned)
        dtake__sieve_dispose(&s->sieve);
    dtake__remote_dataset_dispose(&s->asking.dataset);
    dtake_query_free(s->query);
    pthread_mutex_destroy(&s->lock);
    dtake__remote_release(s->from);
    dtake__free(s);
}

/* What is under way comes back as cancelled. */
static void cancel_all(dtake__stream *s)
{
    dtake__asking_cancel(&s->asking);
    for (size_t i = s->head; s->parts != NULL && i < s->plan.count; i++)
        if (s->parts[i].asking && s->parts[i].last != NULL)
            dtake__call_cancel(&s->parts[i].last->call);
}

static void fail(dtake__stream *s, dtake_status status, const dtake_error *err)
{
    if (s->status != DTAKE_OK)
        return;
    s->status = status;
    dtake__error_copy(&s->err, err);
    cancel_all(s);
}

/* --- giving --- */

static void give(dtake__stream *s, dtake_status status, dtake_batch *batch)
{
    dtake__pull *pull = s->pull;
    s->pull = NULL;
    pull->status = status;
    pull->batch = batch;
    if (status != DTAKE_OK)
        dtake__error_copy(&pull->err, &s->err);
    pthread_mutex_lock(&s->lock);
    s->at.seconds = (double)(dtake__now_us() - s->start_us) / 1e6;
    s->at.datapoints += batch != NULL ? dtake_batch_rows(batch) : 0;
    s->at.bytes += batch != NULL ? dtake__batch_bytes(batch) : 0;
    if (status == DTAKE_OK && batch == NULL) {
        s->at.finished = true;
        s->at.fraction = 1;
        s->at.at_ns = s->at.end_ns;
    } else if (s->plan.count > 0) {
        double fraction = (double)s->head / (double)s->plan.count;
        s->at.fraction = fraction > s->at.fraction ? fraction : s->at.fraction;
        s->at.at_ns =
            s->at.start_ns + (int64_t)(s->at.fraction * ((double)s->at.end_ns - (double)s->at.start_ns));
    }
    pthread_mutex_unlock(&s->lock);
    pull->done(pull);
}

/* Cuts what the query's offset and limit leave out. NULL when nothing is left of it. Takes the batch. */
static dtake_batch *within_limit(dtake__stream *s, dtake_batch *batch)
{
    int64_t rows = dtake_batch_rows(batch), skip = s->skip_rows < rows ? s->skip_rows : rows;
    int64_t take = rows - skip;
    dtake_batch *part = NULL;
    dtake_error err = { 0 };
    s->skip_rows -= skip;
    if (s->rows_left >= 0 && take > s->rows_left)
        take = s->rows_left;
    if (s->rows_left >= 0)
        s->rows_left -= take;
    if (take == rows)
        return batch;
    dtake_status st = take > 0 ? dtake__batch_slice(&part, batch, skip, take, &err) : DTAKE_OK;
    dtake_batch_release(batch);
    if (st != DTAKE_OK)
        fail(s, st, &err);
    return part;
}

/* The first page of the part, which is ready; what it held is the caller's. */
static dtake__sifted take_page(dtake__stream *s, lane *part)
{
    page *p = part->first;
    dtake__sifted sifted = p->sifted;
    p->sifted = (dtake__sifted){ 0 };
    part->first = p->next;
    if (part->first == NULL)
        part->last = NULL;
    s->ahead_bytes -= p->bytes;
    page_free(p);
    return sifted;
}

static bool is_over(const lane *part)
{
    return part->first == NULL && !part->more && !part->asking;
}

/* The next batch of the only collection; NULL when it has not come, or (*over) there is none. */
static dtake_batch *next_of_one(dtake__stream *s, bool *over)
{
    while (s->head < s->plan.count) {
        lane *part = &s->parts[s->head];
        if (is_over(part)) {
            s->head++;
            continue;
        }
        if (part->first == NULL || !part->first->ready)
            return NULL;
        dtake__sifted sifted = take_page(s, part);
        dtake_batch *batch = sifted.batch;
        sifted.batch = NULL;
        dtake__sifted_dispose(&sifted);
        if (batch != NULL)
            return batch;
    }
    *over = true;
    return NULL;
}

/* --- merging a slice of several collections --- */

static void merge_run(dtake__work *work)
{
    dtake__stream *s = DTAKE__CONTAINER(work, dtake__stream, merge_work);
    s->merge_status = dtake__sifted_merge(s->merge_pages, s->merge_count, &s->merged, &s->merge_err);
}

static void merge_done(dtake__work *work)
{
    dtake__stream *s = DTAKE__CONTAINER(work, dtake__stream, merge_work);
    dtake__free(s->merge_pages);
    s->merge_pages = NULL;
    s->merging = false;
    s->outstanding--;
    s->head += s->plan.abreast;
    if (s->merge_status != DTAKE_OK)
        fail(s, s->merge_status, &s->merge_err);
    step(s);
}

static size_t count_ready(const lane *part, bool *all)
{
    size_t count = 0;
    *all &= !part->more && !part->asking;
    for (const page *p = part->first; p != NULL; p = p->next, count++)
        *all &= p->ready;
    return count;
}

static void start_merge(dtake__stream *s)
{
    bool all = true;
    size_t count = 0, at = 0;
    for (size_t i = 0; i < s->plan.abreast; i++)
        count += count_ready(&s->parts[s->head + i], &all);
    if (!all)
        return;
    s->merge_pages = dtake__calloc(count + 1, sizeof *s->merge_pages);
    if (s->merge_pages == NULL) {
        dtake_error err = { 0 };
        fail(s, dtake__fail_nomem(&err, "merge pages"), &err);
        return;
    }
    for (size_t i = 0; i < s->plan.abreast; i++)
        while (s->parts[s->head + i].first != NULL)
            s->merge_pages[at++] = take_page(s, &s->parts[s->head + i]);
    s->merge_count = count;
    s->merging = true;
    s->outstanding++;
    s->merge_work = (dtake__work){ .run = merge_run, .done = merge_done };
    dtake__workers_run(s->from->source.runtime, &s->merge_work);
}

static dtake_batch *next_of_several(dtake__stream *s, bool *over)
{
    dtake_batch *batch = s->merged;
    s->merged = NULL;
    *over = batch == NULL && !s->merging && s->head >= s->plan.count;
    if (batch == NULL && !*over && !s->merging)
        start_merge(s);
    return batch;
}

static void deliver(dtake__stream *s)
{
    while (s->pull != NULL && s->planned && s->status == DTAKE_OK) {
        bool over = s->rows_left == 0;
        dtake_batch *batch = over                   ? NULL
                             : s->plan.abreast == 1 ? next_of_one(s, &over)
                                                    : next_of_several(s, &over);
        if (batch != NULL && (batch = within_limit(s, batch)) == NULL)
            continue;
        if (batch == NULL && !over)
            break;
        if (over)
            cancel_all(s);
        give(s, DTAKE_OK, batch);
    }
    if (s->pull != NULL && s->status != DTAKE_OK)
        give(s, s->status, NULL);
}

/* --- pages --- */

static void sift_run(dtake__work *work)
{
    page *p = DTAKE__CONTAINER(work, page, work);
    dtake__stream *s = p->stream;
    const dtake__remote_collection *collection = &s->asking.dataset.collections[p->part->plan->collection];
    p->status =
        p->sifter == NULL ? dtake__sifter_new(&p->sifter, &s->sieve, s->plan.page_rows, &p->err) : DTAKE_OK;
    if (p->status == DTAKE_OK)
        p->status = dtake__sift(p->sifter, &s->sieve, p->data, collection->name, &p->sifted, &p->err);
}

static void sift_done(dtake__work *work)
{
    page *p = DTAKE__CONTAINER(work, page, work);
    dtake__stream *s = p->stream;
    s->outstanding--;
    if (p->sifter != NULL && p->status == DTAKE_OK) {
        p->sifter->next = s->sifters;
        s->sifters = p->sifter;
        p->sifter = NULL;
    }
    dtake__buf_dispose(&p->call.body);
    p->ready = true;
    if (p->status != DTAKE_OK) {
        dtake__error_prefix(&p->err, "%s", s->from->service.shown);
        fail(s, p->status, &p->err);
    }
    step(s);
}

static bool same_place(const dtake__tb_page *a, const dtake__tb_page *b)
{
    return a->starting_after.set == b->starting_after.set &&
           memcmp(a->starting_after.bytes, b->starting_after.bytes, 16) == 0;
}

/* Where the next page begins; a server that names the same place again would be asked for ever. */
static dtake_status read_page(dtake__stream *s, page *p, dtake_error *err)
{
    dtake__tb_result result;
    lane *part = p->part;
    dtake_status st =
        dtake__tb_read(&dtake__tb_result_message, p->call.body.data, p->call.body.len, &result, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "%s", s->from->service.shown);
        return st;
    }
    part->more = result.next_page.set && result.next_page.starting_after.set;
    if (part->more && part->next_page.set && same_place(&result.next_page, &part->next_page))
        st = dtake__fail(err, DTAKE_E_REMOTE, "%s: the page after a page is that page again",
                         s->from->service.shown);
    part->next_page = result.next_page;
    p->data = result.data;
    dtake__tb_dispose(&dtake__tb_result_message, &result);
    return st;
}

static void got_page(dtake__call *call)
{
    page *p = DTAKE__CONTAINER(call, page, call);
    dtake__stream *s = p->stream;
    dtake_error err = call->err;
    dtake_status st = call->status;
    s->outstanding--;
    s->under_way--;
    p->part->asking = false;
    p->bytes = (int64_t)call->body.len;
    s->ahead_bytes += p->bytes;
    s->typical_bytes = p->bytes > s->typical_bytes ? p->bytes : s->typical_bytes;
    if (st == DTAKE_OK && s->status == DTAKE_OK)
        st = read_page(s, p, &err);
    if (st != DTAKE_OK && s->rows_left != 0) /* what is not needed any more was cancelled */
        fail(s, st, &err);
    if (st == DTAKE_OK && s->status == DTAKE_OK) {
        s->outstanding++;
        p->work =
            (dtake__work){ .run = sift_run, .done = sift_done, .order = (uint64_t)(p->part - s->parts) };
        p->sifter = s->sifters;
        if (p->sifter != NULL)
            s->sifters = p->sifter->next;
        dtake__workers_run(s->from->source.runtime, &p->work);
    }
    step(s);
}

static void ask_page(dtake__stream *s, lane *part)
{
    page *p = dtake__calloc(1, sizeof *p);
    dtake_buf body = DTAKE_BUF_INIT(64 << 20);
    dtake_error err = { 0 };
    dtake_status st = p != NULL ? dtake__remote_query_write(&s->plan, part->plan, &s->asking.dataset,
                                                            s->query, &part->next_page, &body, &err)
                                : dtake__fail_nomem(&err, "a page");
    if (st == DTAKE_OK) {
        *p = (page){ .part = part, .stream = s, .call = { .done = got_page } };
        st = dtake__call_send(&p->call, &s->from->service, "datasets.v1.DataAccessService/Query", &body);
        err = p->call.err;
    }
    dtake__buf_dispose(&body);
    if (st != DTAKE_OK) {
        dtake__free(p);
        fail(s, st, &err);
        return;
    }
    if (part->last != NULL)
        part->last->next = p;
    else
        part->first = p;
    part->last = p;
    part->asking = true;
    part->more = false;
    s->outstanding++;
    s->under_way++;
}

/* The slice that is given next is always asked for, others as far ahead as their bytes allow. */
static bool may_ask(const dtake__stream *s, size_t index)
{
    int64_t budget = dtake__runtime_options_of(s->from->source.runtime)->bytes_in_flight / 2;
    return s->under_way < s->most_under_way &&
           (index < s->head + s->plan.abreast ||
            s->ahead_bytes + (s->under_way + 1) * s->typical_bytes < budget);
}

static void pump(dtake__stream *s)
{
    size_t end = s->head + LOOK_AHEAD + s->plan.abreast;
    if (!s->planned || s->rows_left == 0)
        return;
    for (size_t i = s->head; i < s->plan.count && i < end && s->status == DTAKE_OK && may_ask(s, i); i++)
        if (s->parts[i].more && !s->parts[i].asking)
            ask_page(s, &s->parts[i]);
}

/* --- the beginning --- */

static dtake_status plan(dtake__stream *s, dtake_error *err)
{
    int64_t page_rows = s->from->service.packs ? PAGE_ROWS : NEAR_PAGE_ROWS;
    dtake_status st = dtake__remote_plan_make(&s->plan, &s->asking.dataset, s->query, page_rows, err);
    if (st != DTAKE_OK)
        return st;
    s->parts = dtake__calloc(s->plan.count + 1, sizeof *s->parts);
    if (s->parts == NULL)
        return dtake__fail_nomem(err, "a query");
    for (size_t i = 0; i < s->plan.count; i++)
        s->parts[i] = (lane){ .plan = &s->plan.parts[i], .more = true };
    st = dtake__sieve_init(&s->sieve, s->query, s->asking.dataset.type, s->plan.abreast != 1, err);
    if (st != DTAKE_OK)
        return st;
    int64_t far = NEAR_UNDER_WAY + s->asking.round_trip_us / 1000;
    s->most_under_way = far < MOST_UNDER_WAY ? (int)far : MOST_UNDER_WAY;
    s->planned = true;
    pthread_mutex_lock(&s->lock);
    s->at.start_ns = s->plan.start_ns;
    s->at.end_ns = s->plan.end_ns;
    pthread_mutex_unlock(&s->lock);
    return DTAKE_OK;
}

static void asked(dtake__asking *asking)
{
    dtake__stream *s = DTAKE__CONTAINER(asking, dtake__stream, asking);
    dtake_error err = asking->err;
    dtake_status st = asking->status;
    s->outstanding--;
    if (st == DTAKE_OK && s->status == DTAKE_OK)
        st = plan(s, &err);
    if (st != DTAKE_OK)
        fail(s, st, &err);
    step(s);
}

/* After whatever happened. */
static void step(dtake__stream *s)
{
    if (s->closing) {
        if (s->outstanding == 0)
            free_stream(s);
        return;
    }
    pump(s);
    deliver(s);
    pump(s); /* what was given, or sifted away, has made room */
    if (s->status != DTAKE_OK)
        deliver(s);
}

static void pull_arrived(dtake__post *post)
{
    dtake__pull *pull = DTAKE__CONTAINER(post, dtake__pull, work.finished);
    dtake__stream *s = pull->stream;
    s->pull = pull;
    if (!s->asked && s->status == DTAKE_OK) {
        s->asked = true;
        s->outstanding++;
        s->asking.done = asked;
        dtake__asking_start(&s->asking, &s->from->service, s->query->dataset);
        return;
    }
    step(s);
}

static void cancel_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, cancel_post);
    dtake_error err = { 0 };
    fail(s, dtake__fail(&err, DTAKE_E_CANCELLED, "the load was cancelled"), &err);
    step(s);
}

static void close_arrived(dtake__post *post)
{
    dtake__stream *s = DTAKE__CONTAINER(post, dtake__stream, close_post);
    s->closing = true;
    cancel_all(s);
    step(s);
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
    s->typical_bytes = FIRST_PAGE_BYTES;
    s->skip_rows = query->offset;
    s->rows_left = query->limit > 0 ? query->limit : -1;
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
