/* The life of a job: started, pumped, cancelled, finished, freed. */
#include "access/job.h"

#include "access/again.h"
#include "access/cost.h"
#include "access/paths.h"
#include "access/plan_json.h"
#include "access/processes.h"
#include "access/take.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

/* Files that may be open at once: their headers are fetched ahead of the windows, their tile lists are
 * memory. */
enum { MAX_OPEN_FILES = 192, SHEET_SIDE = 256, SHEET_MIN_SIDE = 24 };
static const double SHEET_BYTES = 24e6;

int32_t dtake__sheet_side(size_t count)
{
    double side = sqrt(SHEET_BYTES / (3 * (double)(count > 0 ? count : 1)));
    return side > SHEET_SIDE ? SHEET_SIDE : side < SHEET_MIN_SIDE ? SHEET_MIN_SIDE : (int32_t)side;
}

static void note_failure(dtake_job *job, dtake__image *image)
{
    job->items_failed++;
    if (image->again == NULL)
        image->again = dtake__again(image);
    if (job->items_failed == 1) {
        job->first_failure = image->status;
        job->first_message = image->message != NULL ? dtake__strdup(image->message) : NULL;
    }
    job->failures_alike += image->status == job->first_failure;
}

void dtake__job_add_result(dtake_job *job, dtake__image *image)
{
    pthread_mutex_lock(&job->lock);
    if (image->skipped)
        job->items_skipped++;
    else if (image->status == DTAKE_OK)
        job->items_done++;
    else
        note_failure(job, image);
    job->items_empty += image->skipped && image->status == DTAKE_E_EMPTY;
    if (dtake__image_put(&job->results, image, true) != DTAKE_OK)
        job->results_lost = true;
    pthread_mutex_unlock(&job->lock);
    dtake__image_free(image);
}

static dtake_status common_failure(const dtake_job *job, int64_t through, dtake_error *err)
{
    const char *message =
        job->first_message != NULL ? job->first_message : dtake_status_text(job->first_failure);
    if (through == 1)
        return dtake__fail(err, job->first_failure, "%s", message);
    if (job->items_done == 0 && job->items_skipped == 0 && job->failures_alike == job->items_failed)
        return dtake__fail(err, job->first_failure, "all %lld items failed; the first: %.380s",
                           (long long)job->items_failed, message);
    return dtake__fail(err, DTAKE_E_PARTIAL, "%lld of %lld items failed; the first: %.380s",
                       (long long)job->items_failed, (long long)job->items_total, message);
}

dtake_status dtake__job_verdict(dtake_job *job, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    char left_out[300];
    pthread_mutex_lock(&job->lock);
    int64_t through = job->items_done + job->items_failed + job->items_skipped;
    bool all = job->items_known && through == job->items_total;
    if (atomic_load(&job->cancelled) && !all) {
        st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled: %lld of %lld items done",
                         (long long)job->items_done, (long long)job->items_total);
    } else if (job->results_lost) {
        st = dtake__fail_nomem(err, "the list of results");
    } else if (job->items_failed > 0) {
        st = common_failure(job, through, err);
    } else if (job->items_empty > 0 && job->items_empty == job->items_total) {
        dtake__left_out_text(&job->inputs.selection, left_out, sizeof left_out);
        bool more = strchr(left_out, ':') != NULL;
        st = dtake__fail(err, DTAKE_E_EMPTY, "%s%s%lld outside the image's own extent", left_out,
                         more ? ", " : ": ", (long long)job->items_empty);
    }
    pthread_mutex_unlock(&job->lock);
    return st;
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
static void settle(dtake_job *job)
{
    bool gone = false;
    pthread_mutex_lock(&job->lock);
    if (!job->ended || job->finished || job->cancel_posted) {
        pthread_mutex_unlock(&job->lock);
        return;
    }
    job->finished = true;
    job->end_us = dtake__now_us();
    dtake_job_fn notify = job->notify;
    void *ctx = job->notify_ctx;
    job->notify = NULL;
    job->gone = &gone;
    pthread_mutex_unlock(&job->lock);
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
    settle(job);
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

static bool has_room(const dtake_job *job)
{
    if (job->first_active == NULL)
        return true;
    if (job->options.value.mode == DTAKE_MODE_SEQUENTIAL)
        return false;
    return job->open_files + job->images.key[job->next].sources <= MAX_OPEN_FILES;
}

/* Down from the shelf; its record goes, unless it is still to be told to whoever started this process. */
static dtake__image *take_next(dtake_job *job)
{
    pthread_mutex_lock(&job->lock);
    dtake__image *image = dtake__images_take(&job->images, job->next++, job->options.value.shard_count == 0);
    if (image == NULL) {
        job->results_lost = true;
        job->items_failed++;
    }
    pthread_mutex_unlock(&job->lock);
    return image;
}

void dtake__job_pump(dtake_job *job)
{
    if (job->pumping)
        return;
    job->pumping = true;
    while (job->next < job->images.count && !atomic_load(&job->cancelled) && has_room(job)) {
        dtake__image *image = take_next(job);
        if (image != NULL && dtake__take_start(job, image) != DTAKE_OK) {
            image->status = DTAKE_E_NOMEM;
            dtake__job_add_result(job, image);
        }
    }
    job->pumping = false;
    if (job->first_active == NULL && !job->reading_inputs &&
        (job->next == job->images.count || atomic_load(&job->cancelled)))
        dtake__job_end(job);
}

static void remember_remote(dtake_job *job)
{
    size_t i = 0;
    while (i < job->images.count && !job->images.key[i].remote)
        i++;
    dtake__image *image = i < job->images.count ? dtake__images_take(&job->images, i, false) : NULL;
    if (image != NULL)
        job->remote_href = dtake__strdup(image->source[0].href);
    dtake__image_free(image);
}

static int64_t count_reads(const dtake_job *job)
{
    int64_t reads = 0;
    for (size_t i = 0; i < job->images.count; i++)
        reads += job->images.key[i].files;
    return reads;
}

dtake_status dtake__job_make_room(dtake_job *job, size_t places, dtake_error *err)
{
    if (job->options.value.explain_only) {
        job->plan_of = dtake__calloc(places, sizeof(*job->plan_of));
        if (job->plan_of == NULL)
            return dtake__fail_nomem(err, "a plan");
        job->plan_places = places;
    }
    job->reads = count_reads(job);
    remember_remote(job);
    pthread_mutex_lock(&job->lock);
    job->items_total = (int64_t)job->images.count;
    job->items_known = true;
    pthread_mutex_unlock(&job->lock);
    if (job->options.value.sheet_path != NULL && !job->options.value.explain_only) {
        job->sheet = dtake__sheet_new(places, dtake__sheet_side(places));
        if (job->sheet == NULL)
            return dtake__fail_nomem(err, "the contact sheet");
    }
    return DTAKE_OK;
}

static void inputs_read(dtake__inputs *inputs)
{
    dtake_job *job = DTAKE__CONTAINER(inputs, dtake_job, inputs);
    dtake_error err = inputs->err;
    dtake_status st = inputs->status;
    job->reading_inputs = false;
    job->images = inputs->selection.images;
    inputs->selection.images = (dtake__images){ 0 };
    if (st == DTAKE_OK)
        st = dtake__job_make_room(job, inputs->selection.total, &err);
    if (st != DTAKE_OK) {
        dtake__job_finish(job, atomic_load(&job->cancelled) ? DTAKE_E_CANCELLED : st, &err);
        return;
    }
    dtake__job_pump(job);
}

static void start_one_run(dtake__post *post)
{
    dtake_job *job = DTAKE__CONTAINER(post, dtake_job, start_post);
    dtake_error err = { 0 };
    dtake_status st = dtake__job_make_room(job, job->images.count, &err);
    if (st != DTAKE_OK) {
        dtake__job_finish(job, st, &err);
        return;
    }
    dtake__job_pump(job);
}

static void start_run(dtake__post *post)
{
    dtake_job *job = DTAKE__CONTAINER(post, dtake_job, start_post);
    job->reading_inputs = true;
    dtake__inputs_start(&job->inputs);
}

static void cancel_run(dtake__post *post)
{
    dtake_job *job = DTAKE__CONTAINER(post, dtake_job, cancel_post);
    pthread_mutex_lock(&job->lock);
    job->cancel_posted = false;
    pthread_mutex_unlock(&job->lock);
    if (job->ended) {
        settle(job);
        return;
    }
    if (job->processes != NULL) {
        dtake__processes_cancel(job->processes);
        return;
    }
    if (job->reading_inputs)
        dtake__inputs_cancel(&job->inputs);
    job->pumping = true; /* the list of active takes shrinks under this loop, but the job stays */
    for (dtake__take *take = job->first_active; take != NULL;) {
        dtake__take *next = take->next_active;
        dtake__take_cancel(take);
        take = next;
    }
    job->pumping = false;
    dtake__job_pump(job);
}

void dtake_job_cancel(dtake_job *job)
{
    atomic_store(&job->cancelled, true);
    pthread_mutex_lock(&job->lock);
    bool post = !job->finished && !job->cancel_posted;
    job->cancel_posted = job->cancel_posted || post;
    pthread_mutex_unlock(&job->lock);
    if (post)
        dtake__loop_post(job->runtime, &job->cancel_post);
}

static void notify_run(dtake__post *post)
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

static dtake_status start_mode(dtake_job *job, dtake_error *err)
{
    const dtake_get_options *o = &job->options.value;
    if (o->mode == DTAKE_MODE_PROCESSES && !o->explain_only && o->shard_count == 0)
        return dtake__processes_start(job, err);
    job->start_post.run = start_run;
    dtake__loop_post(job->runtime, &job->start_post);
    return DTAKE_OK;
}

static void free_job(dtake_job *job)
{
    dtake__processes_free(job->processes);
    dtake__inputs_dispose(&job->inputs);
    dtake__images_dispose(&job->images);
    dtake__sheet_free(job->sheet);
    for (size_t i = 0; i < job->plan_places; i++)
        dtake__free(job->plan_of[i]);
    dtake__free(job->plan_of);
    dtake__buf_dispose(&job->plan);
    dtake__shelf_dispose(&job->results);
    dtake__image_free(job->shown);
    dtake__free(job->first_message);
    dtake__free(job->remote_href);
    dtake__options_dispose(&job->options);
    dtake__latch_free(job->over);
    dtake__latch_free(job->notified);
    pthread_mutex_destroy(&job->lock);
    dtake__free(job);
}

/* Not started yet; the caller's to free. */
static dtake_status new_job(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                            dtake_error *err)
{
    dtake_job *job = dtake__calloc(1, sizeof *job);
    if (job == NULL)
        return dtake__fail_nomem(err, "a job");
    pthread_mutex_init(&job->lock, NULL);
    job->runtime = runtime;
    job->start_us = dtake__now_us();
    job->plan = DTAKE_BUF_INIT((size_t)1 << 30);
    job->cancel_post.run = cancel_run;
    job->notify_post.run = notify_run;
    job->over = dtake__latch_new();
    job->notified = dtake__latch_new();
    job->inputs = (dtake__inputs){ .runtime = runtime,
                                   .options = &job->options.value,
                                   .tally = &job->tally,
                                   .cancelled = &job->cancelled,
                                   .done = inputs_read };
    dtake__cost_open(job);
    dtake_status st = job->over == NULL || job->notified == NULL ? dtake__fail_nomem(err, "a job") : DTAKE_OK;
    if (st == DTAKE_OK)
        st = dtake__options_copy(&job->options, options, err);
    if (st == DTAKE_OK)
        *out = job;
    else
        free_job(job);
    return st;
}

dtake_status dtake_get_start(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                             dtake_error *err)
{
    dtake_job *job;
    *out = NULL;
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st == DTAKE_OK)
        st = dtake__options_check(options, err);
    if (st == DTAKE_OK && options->path_template != NULL)
        st = dtake__template_check(options->path_template, err);
    if (st == DTAKE_OK)
        st = new_job(&job, runtime, options, err);
    if (st != DTAKE_OK)
        return st;
    st = start_mode(job, err);
    if (st == DTAKE_OK)
        *out = job;
    else
        free_job(job);
    return st;
}

dtake_status dtake__get_start_one(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                                  dtake__image *image, dtake_error *err)
{
    dtake_job *job;
    *out = NULL;
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st == DTAKE_OK)
        st = new_job(&job, runtime, options, err);
    if (st != DTAKE_OK) {
        dtake__image_free(image);
        return st;
    }
    st = dtake__images_add(&job->images, image, err);
    if (st != DTAKE_OK) {
        free_job(job);
        return st;
    }
    job->start_post.run = start_one_run;
    dtake__loop_post(job->runtime, &job->start_post);
    *out = job;
    return DTAKE_OK;
}

bool dtake_job_wait(dtake_job *job, int64_t timeout_ms)
{
    return dtake__latch_wait(job->over, timeout_ms);
}

bool dtake_job_result(const dtake_job *const_job, size_t index, dtake_result *out)
{
    dtake_job *job = (dtake_job *)const_job; /* for its lock only */
    pthread_mutex_lock(&job->lock);
    dtake__image *image =
        index < job->results.count ? dtake__image_get(&job->results, (uint32_t)index) : NULL;
    if (image != NULL) {
        dtake__image_free(job->shown);
        job->shown = image;
        bool written = image->status == DTAKE_OK;
        *out = (dtake_result){ .id = image->id,
                               .asset = image->asset,
                               .path = written ? image->path : "",
                               .sha256 = image->sha256,
                               .message = image->message != NULL ? image->message : "",
                               .href = image->source_count > 0 ? image->source[0].href : "",
                               .again = image->again != NULL ? image->again : "",
                               .status = image->status,
                               .skipped = image->skipped,
                               .bytes = image->bytes,
                               .wire_bytes = image->wire_bytes,
                               .requests = image->requests,
                               .retries = image->retries,
                               .width = image->width,
                               .height = image->height,
                               .seconds = image->seconds };
    }
    pthread_mutex_unlock(&job->lock);
    return image != NULL;
}

dtake_status dtake_job_status(const dtake_job *const_job, dtake_error *err)
{
    dtake_job *job = (dtake_job *)const_job;
    pthread_mutex_lock(&job->lock);
    dtake_status st =
        job->finished ? job->status : dtake__fail(err, DTAKE_E_STATE, "the job has not finished");
    if (job->finished && st != DTAKE_OK)
        dtake__error_copy(err, &job->err);
    pthread_mutex_unlock(&job->lock);
    return st;
}

const char *dtake_job_plan_json(const dtake_job *job)
{
    return dtake__buf_str(&job->plan);
}

void dtake_job_free(dtake_job *job)
{
    if (job == NULL)
        return;
    pthread_mutex_lock(&job->lock);
    bool inside = job->gone != NULL && dtake__on_loop(job->runtime), late = job->notify_posted;
    pthread_mutex_unlock(&job->lock);
    if (inside) {
        *job->gone = true;
    } else {
        dtake_job_cancel(job);
        dtake__latch_wait(job->over, -1);
        if (late)
            dtake__latch_wait(job->notified, -1);
    }
    free_job(job);
}
