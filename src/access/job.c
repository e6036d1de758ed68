/* The life of a job: started, pumped, cancelled, freed. */
#include "access/job.h"

#include "access/cost.h"
#include "access/paths.h"
#include "access/processes.h"
#include "access/take.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

/* Files that may be open at once: their headers are fetched ahead of the windows, their tile lists are
 * memory. */
enum { MAX_OPEN_FILES = 192 };

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

/* As many items as job->images; if wanted, `places` on the sheet. */
static dtake_status make_room(dtake_job *job, size_t places, dtake_error *err)
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
        st = make_room(job, inputs->selection.total, &err);
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
    dtake_status st = make_room(job, job->images.count, &err);
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
        dtake__job_settle(job);
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
    dtake__pictures_free(job);
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
    job->notify_post.run = dtake__job_notify_run;
    job->result_post.run = dtake__job_result_run;
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

dtake_status dtake__job_start(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                              bool pictures, dtake_error *err)
{
    dtake_job *job;
    dtake_get_options checked = *options;
    if (pictures)
        checked.out_dir = "."; /* nothing is written, so it has none */
    *out = NULL;
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st == DTAKE_OK)
        st = dtake__options_check(&checked, err);
    if (st == DTAKE_OK && options->path_template != NULL)
        st = dtake__template_check(options->path_template, err);
    if (st == DTAKE_OK)
        st = new_job(&job, runtime, options, err);
    if (st != DTAKE_OK)
        return st;
    job->keeps_pictures = pictures;
    st = start_mode(job, err);
    if (st == DTAKE_OK)
        *out = job;
    else
        free_job(job);
    return st;
}

dtake_status dtake_get_start(dtake_job **out, dtake_runtime *runtime, const dtake_get_options *options,
                             dtake_error *err)
{
    return dtake__job_start(out, runtime, options, false, err);
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
