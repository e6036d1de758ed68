/* The life of an ingest: started, moved from phase to phase, cancelled, finished, freed. */
#include "access/ingest.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/spare.h"

#include <errno.h>
#include <string.h>

enum {
    SAMPLE_BYTES = 4 << 20, /* of records, looked at for the schema */
    MAX_HELD = 5,           /* runs of records between reading and parsing, and with parsers */
    /* batches between parsing and storing, so that parsing goes on while a commit is written */
    MAX_PARCELS = 12,
    MAX_PARCEL_BYTES = 20 << 20,
    SPARE_BYTES = 40 << 20, /* of columns and chunks that come and go */
};

/* --- the end --- */

static void finish(dtake_ingest *ingest)
{
    dtake_error err = { 0 };
    dtake__spare_keep(-SPARE_BYTES); /* what merges what was stored, next, has its own use for memory */
    pthread_mutex_lock(&ingest->lock);
    if (ingest->failed_file != NULL && fclose(ingest->failed_file) != 0)
        ingest->failed_file_broken = true;
    ingest->failed_file = NULL;
    ingest->status = dtake__ingest_verdict(ingest, &err);
    dtake__error_copy(&ingest->err, &err);
    ingest->err.status = ingest->status;
    ingest->end_us = dtake__now_us();
    ingest->finished = true;
    dtake_ingest_fn notify = ingest->notify;
    ingest->notify = NULL;
    pthread_mutex_unlock(&ingest->lock);
    if (notify != NULL)
        notify(ingest->status, ingest, ingest->notify_ctx);
    dtake__latch_open(ingest->over); /* from here on it may be gone */
}

/* --- before it runs --- */

static void stop(dtake_ingest *ingest, dtake_status st, const dtake_error *err)
{
    if (ingest->stop != DTAKE_OK)
        return;
    ingest->stop = st;
    dtake__error_copy(&ingest->stop_err, err);
}

static void list_files(dtake__work *work)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(work, dtake_ingest, work);
    const dtake_ingest_options *o = &ingest->options.value;
    int64_t bytes = 0;
    bool known = true;
    ingest->stop = dtake__ingest_files_list(&ingest->files, o->inputs, o->input_count, &ingest->cancelled,
                                            &ingest->stop_err);
    for (size_t i = 0; i < ingest->files.count; i++) {
        bytes += ingest->files.at[i].bytes;
        known = known && ingest->files.at[i].bytes > 0;
    }
    atomic_store(&ingest->inputs, (int64_t)ingest->files.count);
    atomic_store(&ingest->bytes_total, known ? bytes : 0);
}

static void plan(dtake__work *work)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(work, dtake_ingest, work);
    ingest->stop = dtake__ingest_plan(ingest, &ingest->stop_err);
    if (ingest->stop == DTAKE_OK)
        ingest->stop = dtake__ingest_begin(ingest, &ingest->stop_err);
}

static void work_done(dtake__work *work);

static void run_work(dtake_ingest *ingest, dtake__ingest_phase phase, void (*run)(dtake__work *))
{
    ingest->phase = phase;
    ingest->work = (dtake__work){ .run = run, .done = work_done };
    if (phase == DTAKE__INGEST_LISTING)
        dtake__files_run(ingest->client->runtime, &ingest->work);
    else
        dtake__workers_run(ingest->client->runtime, &ingest->work);
}

static void work_done(dtake__work *work)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(work, dtake_ingest, work);
    bool listed = ingest->stop == DTAKE_OK && ingest->phase == DTAKE__INGEST_LISTING;
    ingest->phase = listed ? DTAKE__INGEST_SAMPLING : DTAKE__INGEST_RUNNING; /* or to its end */
    dtake__ingest_pump(ingest);
}

/* The fields that the dataset has already, if it is there; and what it is called stays. */
static void looked(dtake__act *act)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(act, dtake_ingest, act);
    const char *slug = ingest->options.value.dataset;
    for (size_t i = 0; act->status == DTAKE_OK && i < dtake_dataset_list_count(act->datasets); i++) {
        const dtake_dataset_info *info = dtake_dataset_list_at(act->datasets, i);
        if (strcmp(info->slug, slug) == 0)
            ingest->base = dtake_schema_retain(info->schema);
    }
    dtake_dataset_list_free(act->datasets);
    if (act->status != DTAKE_OK && act->status != DTAKE_E_NOT_FOUND) {
        stop(ingest, act->status, &act->err);
        ingest->phase = DTAKE__INGEST_RUNNING;
        dtake__ingest_pump(ingest);
        return;
    }
    run_work(ingest, DTAKE__INGEST_PLANNING, plan);
}

static void look(dtake_ingest *ingest)
{
    ingest->phase = DTAKE__INGEST_LOOKING;
    ingest->act = (dtake__act){ .kind = DTAKE__ACT_DATASETS, .done = looked };
    ingest->client->source->kind->act(ingest->client->source, &ingest->act);
}

/* --- running --- */

static bool is_busy(const dtake_ingest *ingest)
{
    return ingest->reading.busy || dtake__ingest_parsers_busy(ingest) > 0 || ingest->storing.busy;
}

static void pump_sampling(dtake_ingest *ingest)
{
    if (ingest->reading.busy)
        return;
    if (!ingest->reading.ended && ingest->sampled_bytes < SAMPLE_BYTES)
        dtake__ingest_read_start(ingest);
    else if (ingest->filled.count > 0)
        look(ingest);
    else
        ingest->phase = DTAKE__INGEST_CLOSING; /* not one record */
}

/* What comes to its end because of a failure or because all is through. */
static void pump_closing(dtake_ingest *ingest)
{
    ingest->phase = DTAKE__INGEST_CLOSING;
    if (is_busy(ingest))
        return;
    bool nothing = ingest->stop != DTAKE_OK ||
                   (ingest->options.value.all_or_nothing && atomic_load(&ingest->failed) > 0);
    if (nothing) {
        ingest->storing.rows = 0;
        ingest->storing.waits = false;
    }
    if (ingest->storing.writer != NULL)
        dtake__ingest_store_start(ingest, true);
    else
        finish(ingest);
}

/* What a busy stage has learnt is its worker's until it has come back: ask whether it is busy first. */
static void pump_running(dtake_ingest *ingest)
{
    dtake__ingest_reading *r = &ingest->reading;
    dtake__ingest_storing *s = &ingest->storing;
    if (!r->busy && !r->ended && ingest->filled.count + dtake__ingest_parsers_busy(ingest) < MAX_HELD)
        dtake__ingest_read_start(ingest);
    bool room = s->waiting.count < MAX_PARCELS && s->waiting.bytes < MAX_PARCEL_BYTES;
    while (room && ingest->filled.count > 0 && dtake__ingest_may_parse(ingest))
        dtake__ingest_parse_start(ingest);
    bool last = !r->busy && r->ended && ingest->filled.count == 0;
    if (room && last && ingest->parsing.gathers != NULL && dtake__ingest_may_parse(ingest))
        dtake__ingest_parse_start(ingest);
    if (!s->busy && s->waiting.count > 0)
        dtake__ingest_store_start(ingest, false);
    if (!is_busy(ingest) && last && ingest->parsing.gathers == NULL && s->waiting.count == 0)
        pump_closing(ingest);
}

/* A stage that is busy belongs to its worker: how it went is looked at when it has come back. */
static void note_failures(dtake_ingest *ingest)
{
    if (!ingest->reading.busy && ingest->reading.status != DTAKE_OK)
        stop(ingest, ingest->reading.status, &ingest->reading.err);
    for (size_t i = 0; i < ingest->parsing.count; i++) {
        const dtake__parser *p = &ingest->parsing.parser[i];
        if (!p->busy && p->status != DTAKE_OK)
            stop(ingest, p->status, &p->err);
    }
    if (!ingest->storing.busy && ingest->storing.status != DTAKE_OK)
        stop(ingest, ingest->storing.status, &ingest->storing.err);
}

void dtake__ingest_pump(dtake_ingest *ingest)
{
    note_failures(ingest);
    if (ingest->stop != DTAKE_OK || ingest->phase == DTAKE__INGEST_CLOSING) {
        pump_closing(ingest);
    } else if (ingest->phase == DTAKE__INGEST_SAMPLING) {
        pump_sampling(ingest);
        if (ingest->phase == DTAKE__INGEST_CLOSING ||
            (!ingest->reading.busy && ingest->reading.status != DTAKE_OK))
            dtake__ingest_pump(ingest);
    } else if (ingest->phase == DTAKE__INGEST_RUNNING) {
        pump_running(ingest);
    }
}

/* --- the public face --- */

static void begin(dtake__post *post)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(post, dtake_ingest, post);
    run_work(ingest, DTAKE__INGEST_LISTING, list_files);
}

static void dispose(dtake_ingest *ingest)
{
    dtake__ingest_read_dispose(ingest);
    dtake__ingest_parse_dispose(ingest);
    dtake__ingest_store_dispose(ingest);
    dtake__ingest_files_dispose(&ingest->files);
    dtake__ingest_options_dispose(&ingest->options);
    dtake_schema_release(ingest->base);
    for (size_t i = 0; i < ingest->failure_count; i++)
        dtake__free(ingest->failure[i].message);
    if (ingest->failed_file != NULL)
        fclose(ingest->failed_file);
    dtake__latch_free(ingest->over);
    dtake__latch_free(ingest->told);
    pthread_mutex_destroy(&ingest->lock);
    dtake__free(ingest);
}

dtake_status dtake_ingest_start(dtake_ingest **out, dtake_client *client, const dtake_ingest_options *options,
                                dtake_error *err)
{
    *out = NULL;
    dtake_status st = dtake__runtime_usable(client->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    if (options->all_or_nothing && client->source->kind->no_transactions)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "ingest: all or nothing is for catalogue files; a service stores what it is sent");
    dtake_ingest *ingest = dtake__calloc(1, sizeof *ingest);
    if (ingest == NULL)
        return dtake__fail_nomem(err, "an ingest");
    pthread_mutex_init(&ingest->lock, NULL);
    ingest->client = client;
    ingest->reading.fd = -1;
    ingest->start_us = dtake__now_us();
    ingest->over = dtake__latch_new();
    st = ingest->over != NULL ? dtake__ingest_options_copy(&ingest->options, options, err)
                              : dtake__fail_nomem(err, "an ingest");
    const char *failed_path = ingest->options.value.failed_path;
    if (st == DTAKE_OK && failed_path != NULL && (ingest->failed_file = fopen(failed_path, "we")) == NULL)
        st = dtake__fail_errno(err, errno, "write the failed list %.300s", failed_path);
    if (st != DTAKE_OK) {
        dispose(ingest);
        return st;
    }
    *out = ingest;
    dtake__spare_keep(SPARE_BYTES);
    ingest->post.run = begin;
    dtake__loop_post(client->runtime, &ingest->post);
    return DTAKE_OK;
}

void dtake_ingest_progress_get(const dtake_ingest *ingest, dtake_ingest_progress *out)
{
    dtake_ingest *g = (dtake_ingest *)ingest; /* the lock is not part of what is promised to stay */
    *out = (dtake_ingest_progress){ .inputs = atomic_load(&g->inputs),
                                    .inputs_done = atomic_load(&g->inputs_done),
                                    .bytes = atomic_load(&g->bytes),
                                    .bytes_total = atomic_load(&g->bytes_total),
                                    .records = atomic_load(&g->records),
                                    .added = atomic_load(&g->added),
                                    .replaced = atomic_load(&g->replaced),
                                    .same = atomic_load(&g->same),
                                    .failed = atomic_load(&g->failed) };
    pthread_mutex_lock(&g->lock);
    out->finished = g->finished;
    out->seconds = (double)((g->finished ? g->end_us : dtake__now_us()) - g->start_us) / 1e6;
    pthread_mutex_unlock(&g->lock);
}

void dtake_ingest_cancel(dtake_ingest *ingest)
{
    atomic_store(&ingest->cancelled, true);
}

bool dtake_ingest_wait(dtake_ingest *ingest, int64_t timeout_ms)
{
    if (dtake__runtime_usable(ingest->client->runtime, timeout_ms != 0, NULL) != DTAKE_OK)
        return false;
    return dtake__latch_wait(ingest->over, timeout_ms);
}

static void tell(dtake__post *post)
{
    dtake_ingest *ingest = DTAKE__CONTAINER(post, dtake_ingest, post);
    ingest->notify(ingest->status, ingest, ingest->notify_ctx);
    dtake__latch_open(ingest->told);
}

dtake_status dtake_ingest_notify(dtake_ingest *ingest, dtake_error *err, dtake_ingest_fn done, void *ctx)
{
    dtake_status st = dtake__runtime_usable(ingest->client->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    dtake__latch *told = dtake__latch_new();
    if (told == NULL)
        return dtake__fail_nomem(err, "a notification");
    pthread_mutex_lock(&ingest->lock);
    bool first = !ingest->notified, now = ingest->finished;
    if (first) {
        ingest->notified = true;
        ingest->notify = done;
        ingest->notify_ctx = ctx;
        if (now)
            ingest->told = told;
    }
    pthread_mutex_unlock(&ingest->lock);
    if (!first || !now)
        dtake__latch_free(told);
    if (!first)
        return dtake__fail(err, DTAKE_E_STATE, "somebody is to be told of the end of this ingest already");
    if (now) {
        ingest->post.run = tell;
        dtake__loop_post(ingest->client->runtime, &ingest->post);
    }
    return DTAKE_OK;
}

dtake_status dtake_ingest_status(const dtake_ingest *ingest, dtake_error *err)
{
    dtake_ingest *g = (dtake_ingest *)ingest;
    pthread_mutex_lock(&g->lock);
    dtake_status st = g->finished ? g->status : DTAKE_E_STATE;
    if (!g->finished)
        dtake__fail(err, st, "the ingest is still under way");
    else if (st != DTAKE_OK)
        dtake__error_copy(err, &g->err);
    pthread_mutex_unlock(&g->lock);
    return st;
}

void dtake_ingest_free(dtake_ingest *ingest)
{
    if (ingest == NULL || dtake__runtime_usable(ingest->client->runtime, true, NULL) != DTAKE_OK)
        return;
    dtake_ingest_cancel(ingest);
    dtake__latch_wait(ingest->over, -1);
    if (ingest->told != NULL)
        dtake__latch_wait(ingest->told, -1);
    dispose(ingest);
}
