/* A page: the question, and what a worker makes of the answer. */
#include "sources/earthengine/stream.h"

#include "core/error.h"

#include <string.h>

enum { MAX_QUESTION = 16 << 20 };

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
        dtake__ee_stream_fail(s, s->work_status, &s->work_err);
    else
        s->ready = true;
    dtake__ee_stream_step(s);
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
        dtake__ee_stream_fail(s, call->status, &call->err);
    dtake__ee_stream_step(s);
}

void dtake__ee_stream_ask_page(dtake__stream *s)
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
        dtake__ee_stream_fail(s, st, &err);
}
