/* The end of a job: contact sheet, status, whoever waits for it. */
#include "access/job.h"

#include "access/cost.h"
#include "access/plan_json.h"
#include "core/clock.h"
#include "core/error.h"

#include <math.h>

enum { SHEET_SIDE = 256, SHEET_MIN_SIDE = 24 };
static const double SHEET_BYTES = 24e6;

int32_t dtake__sheet_side(size_t count)
{
    double side = sqrt(SHEET_BYTES / (3 * (double)(count > 0 ? count : 1)));
    return side > SHEET_SIDE ? SHEET_SIDE : side < SHEET_MIN_SIDE ? SHEET_MIN_SIDE : (int32_t)side;
}

/* The last touch of a job that others may free as soon as they see it. */
static void open_latch(dtake_job *job, dtake__latch *latch)
{
    pthread_mutex_lock(&job->lock);
    job->gone = NULL;
    pthread_mutex_unlock(&job->lock);
    dtake__latch_open(latch);
}

/* Finished is only what no post is on its way to: from then on the job may be freed. */
void dtake__job_settle(dtake_job *job)
{
    bool gone = false;
    pthread_mutex_lock(&job->lock);
    if (!job->ended || job->finished || job->cancel_posted || job->result_posted) {
        pthread_mutex_unlock(&job->lock);
        return;
    }
    job->finished = true;
    job->end_us = dtake__now_us();
    dtake_job_fn notify = job->notify;
    void *ctx = job->notify_ctx;
    job->notify = NULL;
    dtake_job_fn result_notify = job->result_notify;
    job->result_notify = NULL;
    job->gone = &gone;
    pthread_mutex_unlock(&job->lock);
    if (result_notify != NULL)
        result_notify(job->status, job, job->result_ctx);
    if (notify != NULL)
        notify(job->status, job, ctx);
    if (!gone)
        open_latch(job, job->over);
}

void dtake__job_finish(dtake_job *job, dtake_status status, const dtake_error *err)
{
    dtake__cost_close(job);
    pthread_mutex_lock(&job->lock);
    job->status = status;
    if (status != DTAKE_OK)
        dtake__error_copy(&job->err, err);
    job->err.status = status;
    job->ended = true;
    pthread_mutex_unlock(&job->lock);
    dtake__job_settle(job);
}

static void end(dtake_job *job)
{
    dtake_error err = { 0 };
    dtake_status st = dtake__job_verdict(job, &err);
    if (st == DTAKE_OK && job->options.value.explain_only)
        st = dtake__plan_write(job, &err);
    if (st == DTAKE_OK && job->sheet_status != DTAKE_OK) {
        st = job->sheet_status;
        err = job->sheet_err;
    }
    dtake__job_finish(job, st, &err);
}

static void sheet_run(dtake__work *work)
{
    dtake_job *job = DTAKE__CONTAINER(work, dtake_job, sheet_work);
    job->sheet_status = dtake__sheet_write(job->sheet, job->options.value.sheet_path, &job->sheet_err);
}

static void sheet_written(dtake__work *work)
{
    end(DTAKE__CONTAINER(work, dtake_job, sheet_work));
}

void dtake__job_end(dtake_job *job)
{
    if (job->ending)
        return;
    job->ending = true;
    bool shard = job->options.value.shard_count > 0; /* who started it draws the sheet */
    if (job->sheet == NULL || shard || atomic_load(&job->cancelled) || job->items_done == 0) {
        end(job);
        return;
    }
    job->sheet_work = (dtake__work){ .run = sheet_run, .done = sheet_written };
    dtake__files_run(job->runtime, &job->sheet_work);
}

void dtake__job_notify_run(dtake__post *post)
{
    dtake_job *job = DTAKE__CONTAINER(post, dtake_job, notify_post);
    bool gone = false;
    pthread_mutex_lock(&job->lock);
    dtake_job_fn notify = job->notify;
    void *ctx = job->notify_ctx;
    job->notify = NULL;
    job->gone = &gone;
    pthread_mutex_unlock(&job->lock);
    notify(job->status, job, ctx);
    if (!gone)
        open_latch(job, job->notified);
}

dtake_status dtake_job_notify(dtake_job *job, dtake_job_fn done, void *ctx)
{
    pthread_mutex_lock(&job->lock);
    bool again = job->has_notify, late = job->finished;
    job->has_notify = true;
    if (!again) {
        job->notify = done;
        job->notify_ctx = ctx;
        job->notify_posted = late;
    }
    pthread_mutex_unlock(&job->lock);
    if (again)
        return DTAKE_E_STATE;
    if (late)
        dtake__loop_post(job->runtime, &job->notify_post);
    return DTAKE_OK;
}
