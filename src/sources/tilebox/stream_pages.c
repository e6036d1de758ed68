/* Pages of an answer: asked for, several parts beside one another, and sifted by the workers when they come.
 */
#include "sources/tilebox/stream.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

enum { LOOK_AHEAD = 256 /* parts */ };

void dtake__page_free(dtake__page *p)
{
    dtake__buf_dispose(&p->call.body);
    dtake__sifted_dispose(&p->sifted);
    dtake__sifter_free(p->sifter);
    dtake__free(p);
}

/* What is under way comes back as cancelled. */
void dtake__stream_cancel_pages(dtake__stream *s)
{
    for (size_t i = s->head; s->parts != NULL && i < s->plan.count; i++)
        if (s->parts[i].asking && s->parts[i].last != NULL)
            dtake__call_cancel(&s->parts[i].last->call);
}

static void sift_run(dtake__work *work)
{
    dtake__page *p = DTAKE__CONTAINER(work, dtake__page, work);
    dtake__stream *s = p->stream;
    const dtake__remote_collection *collection = &s->told->dataset.collections[p->part->plan->collection];
    p->status =
        p->sifter == NULL ? dtake__sifter_new(&p->sifter, &s->sieve, s->plan.page_rows, &p->err) : DTAKE_OK;
    if (p->status == DTAKE_OK)
        p->status = dtake__sift(p->sifter, &s->sieve, p->data, collection->name, &p->sifted, &p->err);
}

static void sift_done(dtake__work *work)
{
    dtake__page *p = DTAKE__CONTAINER(work, dtake__page, work);
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
        dtake__stream_fail(s, p->status, &p->err);
    }
    dtake__stream_step(s);
}

static bool same_place(const dtake__tb_page *a, const dtake__tb_page *b)
{
    return a->starting_after.set == b->starting_after.set &&
           memcmp(a->starting_after.bytes, b->starting_after.bytes, 16) == 0;
}

/* Where the next page begins; a server that names the same place again would be asked for ever. */
static dtake_status read_page(dtake__stream *s, dtake__page *p, dtake_error *err)
{
    dtake__tb_result result;
    dtake__strand *part = p->part;
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

static bool is_wanted(const dtake__stream *s)
{
    return s->status == DTAKE_OK && !s->again;
}

static void got_page(dtake__call *call)
{
    dtake__page *p = DTAKE__CONTAINER(call, dtake__page, call);
    dtake__stream *s = p->stream;
    dtake_error err = call->err;
    dtake_status st = call->status;
    s->outstanding--;
    s->under_way--;
    p->part->asking = false;
    p->bytes = (int64_t)call->body.len;
    s->ahead_bytes += p->bytes;
    s->typical_bytes = p->bytes > s->typical_bytes ? p->bytes : s->typical_bytes;
    if (st == DTAKE_OK && is_wanted(s))
        st = read_page(s, p, &err);
    if (st != DTAKE_OK && s->rows_left != 0) /* what is not needed any more was cancelled */
        dtake__stream_fail(s, st, &err);
    if (st == DTAKE_OK && is_wanted(s)) {
        s->outstanding++;
        p->work =
            (dtake__work){ .run = sift_run, .done = sift_done, .order = (uint64_t)(p->part - s->parts) };
        p->sifter = s->sifters;
        if (p->sifter != NULL)
            s->sifters = p->sifter->next;
        dtake__workers_run(s->from->source.runtime, &p->work);
    }
    dtake__stream_step(s);
}

static void ask_page(dtake__stream *s, dtake__strand *part)
{
    dtake__page *p = dtake__calloc(1, sizeof *p);
    dtake_buf body = DTAKE_BUF_INIT(64 << 20);
    dtake_error err = { 0 };
    dtake_status st = p != NULL ? dtake__remote_query_write(&s->plan, part->plan, &s->told->dataset, s->query,
                                                            &part->next_page, &body, &err)
                                : dtake__fail_nomem(&err, "a page");
    if (st == DTAKE_OK) {
        *p = (dtake__page){ .part = part, .stream = s, .call = { .done = got_page } };
        st = dtake__call_send(&p->call, &s->from->service, "datasets.v1.DataAccessService/Query", &body);
        err = p->call.err;
    }
    dtake__buf_dispose(&body);
    if (st != DTAKE_OK) {
        dtake__free(p);
        dtake__stream_fail(s, st, &err);
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

void dtake__stream_pump(dtake__stream *s)
{
    size_t end = s->head + LOOK_AHEAD + s->plan.abreast;
    if (!s->planned || s->again || s->rows_left == 0)
        return;
    for (size_t i = s->head; i < s->plan.count && i < end && is_wanted(s) && may_ask(s, i); i++)
        if (s->parts[i].more && !s->parts[i].asking)
            ask_page(s, &s->parts[i]);
}
