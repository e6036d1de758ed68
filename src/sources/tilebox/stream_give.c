/* The pages of an answer in order: of one collection as they are, of several merged slice by slice. */
#include "sources/tilebox/stream.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "table/batch.h"

static void give(dtake__stream *s, dtake_status status, dtake_batch *batch)
{
    dtake__pull *pull = s->pull;
    s->pull = NULL;
    pull->status = status;
    pull->batch = batch;
    s->given |= status == DTAKE_OK;
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
        dtake__stream_fail(s, st, &err);
    return part;
}

/* The first page of the part, which is ready; what it held is the caller's. */
static dtake__sifted take_page(dtake__stream *s, dtake__strand *part)
{
    dtake__page *p = part->first;
    dtake__sifted sifted = p->sifted;
    p->sifted = (dtake__sifted){ 0 };
    part->first = p->next;
    if (part->first == NULL)
        part->last = NULL;
    s->ahead_bytes -= p->bytes;
    dtake__page_free(p);
    return sifted;
}

static bool is_over(const dtake__strand *part)
{
    return part->first == NULL && !part->more && !part->asking;
}

/* The next batch of the only collection; NULL when it has not come, or (*over) there is none. */
static dtake_batch *next_of_one(dtake__stream *s, bool *over)
{
    while (s->head < s->plan.count) {
        dtake__strand *part = &s->parts[s->head];
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
        dtake__stream_fail(s, s->merge_status, &s->merge_err);
    dtake__stream_step(s);
}

static size_t count_ready(const dtake__strand *part, bool *all)
{
    size_t count = 0;
    *all &= !part->more && !part->asking;
    for (const dtake__page *p = part->first; p != NULL; p = p->next, count++)
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
        dtake__stream_fail(s, dtake__fail_nomem(&err, "merge pages"), &err);
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

void dtake__stream_deliver(dtake__stream *s)
{
    while (s->pull != NULL && s->planned && !s->again && s->status == DTAKE_OK) {
        bool over = s->rows_left == 0;
        dtake_batch *batch = over                   ? NULL
                             : s->plan.abreast == 1 ? next_of_one(s, &over)
                                                    : next_of_several(s, &over);
        if (batch != NULL && (batch = within_limit(s, batch)) == NULL)
            continue;
        if (batch == NULL && !over)
            break;
        if (over)
            dtake__stream_cancel_pages(s);
        give(s, DTAKE_OK, batch);
    }
    if (s->pull != NULL && s->status != DTAKE_OK)
        give(s, s->status, NULL);
}
