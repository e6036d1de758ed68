/* What passed, given to whom waits for it. */
#include "sources/earthengine/stream.h"

#include "core/clock.h"
#include "core/error.h"

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

void dtake__ee_stream_give(dtake__stream *s, dtake_batch *batch)
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
        dtake__ee_stream_fail(s, st, &err);
    return part;
}

dtake_batch *dtake__ee_stream_take_page(dtake__stream *s)
{
    dtake_batch *batch = s->batch;
    s->batch = NULL;
    s->ready = false;
    return batch != NULL ? within_limit(s, batch) : NULL;
}
