/* The life of a take: begun, checked against what is there already, ended. */
#include "access/finished.h"
#include "access/parts.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <string.h>

enum { MOST_RESTARTS = 2 };

void dtake__take_set_state(dtake__take *take, dtake_item_state state)
{
    atomic_store_explicit(&take->state, state, memory_order_relaxed);
}

static void cancel_ops(dtake__take *take)
{
    for (size_t i = 0; i < DTAKE__MAX_SOURCES; i++) /* layer_count may be being made on a worker */
        if (take->op[i] != NULL)
            dtake__raster_op_cancel(take->op[i]);
    dtake__blocks_cancel(take);
}

void dtake__take_note(dtake__take *take, dtake_status status, const dtake_error *err)
{
    if (status == DTAKE_OK || take->status != DTAKE_OK)
        return;
    take->status = status;
    dtake__error_copy(&take->err, err);
    take->err.status = status;
    cancel_ops(take);
}

void dtake__take_note_item(dtake__take *take, dtake_status status, dtake_error *why)
{
    if (strstr(why->message, take->image->id) == NULL)
        dtake__error_prefix(why, "%.100s", take->image->id);
    dtake__take_note(take, status, why);
}

bool dtake__take_stopped(dtake__take *take)
{
    if (take->status == DTAKE_OK && atomic_load(&take->job->cancelled))
        dtake__take_note(take, DTAKE_E_CANCELLED, &(dtake_error){ DTAKE_E_CANCELLED, "cancelled" });
    return take->status != DTAKE_OK;
}

void dtake__take_work_on(dtake__take *take, void (*pool)(dtake_runtime *, dtake__work *),
                         void (*run)(dtake__work *), void (*done)(dtake__work *))
{
    take->work.run = run;
    take->work.done = done;
    take->work.order = take->image->place;
    pool(take->job->runtime, &take->work);
}

void dtake__take_work(dtake__take *take, void (*run)(dtake__work *), void (*done)(dtake__work *))
{
    dtake__take_work_on(take, dtake__workers_run, run, done);
}

static void unlink_take(dtake__take *take)
{
    dtake_job *job = take->job;
    pthread_mutex_lock(&job->lock);
    *(take->prev != NULL ? &take->prev->next_active : &job->first_active) = take->next_active;
    *(take->next_active != NULL ? &take->next_active->prev : &job->last_active) = take->prev;
    job->active_count--;
    pthread_mutex_unlock(&job->lock);
}

/* What was opened, planned and read; the layers stay, with nothing but their hrefs. */
void dtake__take_drop_attempt(dtake__take *take)
{
    dtake__budget_ended(take->job->runtime, &take->budget);
    if (take->held > 0)
        dtake__budget_release(take->job->runtime, take->held);
    take->held = 0;
    dtake__blocks_dispose(&take->blocks);
    dtake__grid_dispose(&take->grid); /* before the layers: its CRS is one of theirs */
    take->grid = (dtake__grid){ 0 };
    for (size_t i = 0; i < take->layer_count; i++) {
        const char *href = take->layer[i].href;
        dtake__layer_dispose(&take->layer[i]);
        take->layer[i].href = href;
    }
    for (size_t i = 0; i < take->place_count && take->band_name != NULL; i++)
        dtake__free(take->band_name[i]);
    dtake__free(take->band_name);
    dtake__free(take->place);
    take->band_name = NULL;
    take->place = NULL;
    take->place_count = 0;
}

static void free_take(dtake__take *take)
{
    dtake__take_drop_attempt(take);
    dtake_pixels_dispose(&take->pixels);
    dtake__raw_free(take->raw);
    dtake__finished_free(take->finished);
    json_decref(take->receipt);
    dtake__free(take->receipt_text);
    dtake__free(take->expression);
    dtake__buf_dispose(&take->quicklook);
    dtake__free(take);
}

void dtake__take_finish(dtake__take *take)
{
    dtake_job *job = take->job;
    dtake__image *image = take->image;
    if (take->status != DTAKE_OK && atomic_load(&job->cancelled))
        take->status = DTAKE_E_CANCELLED;
    image->status = take->status;
    image->skipped = take->skipped;
    if (take->status == DTAKE_E_CHANGED && take->restarts > 0) {
        size_t used = strlen(take->err.message);
        snprintf(take->err.message + used, sizeof take->err.message - used, " (begun %d times)",
                 take->restarts + 1);
    }
    if (take->err.message[0] != '\0' && take->status != DTAKE_OK && image->message == NULL)
        image->message = dtake__strdup(take->err.message);
    image->wire_bytes = atomic_load(&take->tally.bytes);
    image->requests = (int32_t)atomic_load(&take->tally.requests);
    image->retries = (int32_t)atomic_load(&take->tally.retries);
    image->seconds = (double)(dtake__now_us() - take->start_us) * 1e-6;
    unlink_take(take);
    job->open_files -= (int64_t)(image->source_count > 0 ? image->source_count : 1);
    free_take(take);
    if (job->plan_of != NULL && image->place < job->plan_places) {
        job->plan_of[image->place] = image->plan;
        image->plan = NULL;
    }
    if (image->status != DTAKE_E_CANCELLED) /* that one is not finished */
        dtake__job_add_result(job, image);
    else
        dtake__image_free(image);
    dtake__job_pump(job);
}

bool dtake__take_begins_again(dtake__take *take, dtake_status why)
{
    if (why != DTAKE_E_CHANGED || take->restarts == MOST_RESTARTS || atomic_load(&take->job->cancelled))
        return false;
    take->restarts++;
    DTAKE__TALLY(&take->tally, retries, 1);
    atomic_store(&take->bytes_done, 0);
    return true;
}

static void check_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    const dtake_get_options *o = &take->options;
    dtake_error err = { 0 };
    dtake_status st = o->per_band ? dtake__parts_options(&take->job->options.value, take->image->asset,
                                                         &take->options, &take->expression, &err)
                                  : DTAKE_OK;
    if (st == DTAKE_OK)
        st = dtake__finished_look(take, &err);
    if (st == DTAKE_OK && !take->skipped && !o->raw)
        st = dtake__take_make_layers(take, &err);
    if (st != DTAKE_OK)
        dtake__take_note_item(take, st, &err);
}

static void go_on(dtake__take *take)
{
    if (dtake__take_stopped(take) || take->skipped)
        dtake__take_finish(take);
    else if (take->options.raw)
        dtake__raw_start(take);
    else
        dtake__take_open(take);
}

static void checked(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    if (take->receipt != NULL && !dtake__take_stopped(take))
        dtake__finished_ask(take, go_on);
    else
        go_on(take);
}

dtake_status dtake__take_start(dtake_job *job, dtake__image *image)
{
    dtake__take *take = dtake__calloc(1, sizeof *take);
    if (take == NULL)
        return DTAKE_E_NOMEM;
    take->job = job;
    take->image = image;
    take->options = job->options.value;
    take->start_us = dtake__now_us();
    take->tally.parent = &job->tally;
    take->status = image->status; /* it may have failed while it was selected */
    atomic_store(&take->state, DTAKE_ITEM_WAITING);
    pthread_mutex_lock(&job->lock);
    take->prev = job->last_active;
    *(take->prev != NULL ? &take->prev->next_active : &job->first_active) = take;
    job->last_active = take;
    job->active_count++;
    pthread_mutex_unlock(&job->lock);
    job->open_files += (int64_t)(image->source_count > 0 ? image->source_count : 1);
    if (take->status != DTAKE_OK)
        dtake__take_finish(take);
    else
        dtake__take_work(take, check_run, checked);
    return DTAKE_OK;
}

void dtake__take_cancel(dtake__take *take)
{
    cancel_ops(take);
    dtake__finished_cancel(take);
    if (take->raw != NULL)
        dtake__raw_cancel(take);
    if (!take->waiting || !dtake__budget_withdraw(take->job->runtime, &take->budget))
        return;
    take->waiting = false;
    (void)dtake__take_stopped(take);
    dtake__take_finish(take);
}
