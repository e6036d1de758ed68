#include "access/finished.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/cache.h"

#include <string.h>

enum { MOST_RESTARTS = 2 };

void dtake__take_set_state(dtake__take *take, dtake_item_state state)
{
    atomic_store_explicit(&take->state, state, memory_order_relaxed);
}

static void cancel_ops(dtake__take *take)
{
    for (size_t i = 0; i < DTAKE_MAX_BANDS; i++) /* layer_count may be being made on a worker */
        if (take->op[i] != NULL)
            dtake__raster_op_cancel(take->op[i]);
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
static void drop_attempt(dtake__take *take)
{
    if (take->held > 0)
        dtake__budget_release(take->job->runtime, take->held);
    take->held = 0;
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
    drop_attempt(take);
    dtake_pixels_dispose(&take->pixels);
    dtake__raw_free(take->raw);
    dtake__finished_free(take->finished);
    json_decref(take->receipt);
    dtake__free(take->receipt_text);
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

static const char *name_of_layer(const dtake__take *take, const dtake__layer *layer)
{
    for (size_t i = 0; i < take->image->source_count; i++)
        if (strcmp(take->image->source[i].href, layer->href) == 0)
            return take->image->source[i].name;
    return "";
}

/* "S2A_X: band B8: read https://...: HTTP 403": item, band, URL, what came back. */
static void note_layer(dtake__take *take, size_t index, dtake_status status, const dtake_error *err)
{
    dtake_error why = { .status = status };
    const dtake__layer *layer = &take->layer[index];
    const char *band = name_of_layer(take, layer);
    if (err != NULL)
        why = *err;
    if (strstr(why.message, layer->href) == NULL)
        dtake__error_prefix(&why, "%.300s", layer->href);
    if (band[0] != '\0')
        dtake__error_prefix(&why, "band %.60s", band);
    dtake__error_prefix(&why, "%.100s", take->image->id);
    dtake__take_note(take, status, &why);
}

static void note_item(dtake__take *take, dtake_status status, dtake_error *why)
{
    if (strstr(why->message, take->image->id) == NULL)
        dtake__error_prefix(why, "%.100s", take->image->id);
    dtake__take_note(take, status, why);
}

static void on_written(dtake_status status, const dtake__written *written, const dtake_error *err, void *ctx)
{
    dtake__take *take = ctx;
    if (status == DTAKE_OK) {
        take->image->bytes = written->bytes;
        memcpy(take->image->sha256, written->sha256, sizeof take->image->sha256);
    } else {
        dtake_error why = { .status = status };
        dtake__error_copy(&why, err);
        note_item(take, status, &why);
    }
    dtake__take_finish(take);
}

/* The nodata value the files share; masked pixels become it. What was unmasked or visualised has none left.
 */
static bool shared_nodata(const dtake__take *take, double *out)
{
    const dtake_get_options *o = &take->job->options.value;
    for (size_t i = 0; i < take->layer_count; i++) {
        const dtake_raster_info *info = dtake_raster_get_info(take->layer[i].raster);
        if (!info->has_nodata || (i > 0 && memcmp(&info->nodata, out, sizeof *out) != 0))
            return false;
        *out = info->nodata;
    }
    return !o->has_unmask && !o->visualize.enabled;
}

/* The versions of the files as their pixels were read. */
static char *make_receipt(const dtake__take *take)
{
    const dtake__image *image = take->image;
    dtake__version version[DTAKE_MAX_BANDS] = { 0 };
    for (size_t i = 0; i < image->source_count && i < DTAKE_MAX_BANDS; i++)
        for (size_t k = 0; k < take->layer_count; k++)
            if (strcmp(take->layer[k].href, image->source[i].href) == 0)
                version[i] = dtake__version_of_raster(take->layer[k].raster, take->layer[k].href);
    return dtake__receipt_make(&take->job->options.value, image, version, take->layer, take->layer_count);
}

static void write_file(dtake__take *take)
{
    static const char *const drawn[] = { "vis-red", "vis-green", "vis-blue" };
    static const char *const gray[] = { "vis-gray" };
    const dtake_get_options *o = &take->job->options.value;
    bool visual = o->visualize.enabled;
    dtake__output *out = &take->output;
    dtake_error err = { 0 };
    *out = (dtake__output){ .path = take->image->path,
                            .format = o->format,
                            .has_transform = take->grid.has_transform,
                            .transform = take->grid.transform,
                            .crs = take->grid.crs,
                            .time_ns = take->image->time_ns,
                            .replace = o->overwrite,
                            .order = take->image->place,
                            .tally = &take->tally,
                            .receipt = take->receipt_text };
    out->pixels = dtake_pixels_take(&take->pixels);
    out->has_nodata = shared_nodata(take, &out->nodata);
    out->rgb = out->pixels.bands == 3 && out->pixels.type == DTAKE_U8;
    out->band_names = !visual                  ? (const char *const *)take->band_name
                      : out->pixels.bands == 3 ? drawn
                      : out->pixels.bands == 1 ? gray
                                               : NULL;
    take->image->width = out->pixels.width;
    take->image->height = out->pixels.height;
    dtake__take_set_state(take, DTAKE_ITEM_WRITING);
    dtake_status st = dtake__output_start(take->job->runtime, out, &err, on_written, take);
    if (st == DTAKE_OK)
        return;
    dtake_pixels_dispose(&out->pixels);
    note_item(take, st, &err);
    dtake__take_finish(take);
}

static bool stopped(dtake__take *take)
{
    if (take->status == DTAKE_OK && atomic_load(&take->job->cancelled))
        dtake__take_note(take, DTAKE_E_CANCELLED, &(dtake_error){ DTAKE_E_CANCELLED, "cancelled" });
    return take->status != DTAKE_OK;
}

static void caption_of(const dtake__image *image, char *out, size_t size)
{
    char time[40];
    if (image->time_ns == INT64_MIN) {
        snprintf(out, size, "%s", image->id);
        return;
    }
    dtake__time_format(image->time_ns, time, sizeof time);
    snprintf(out, size, "%.10s", time);
}

static void render_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake_job *job = take->job;
    char caption[DTAKE_NAME_BYTES];
    dtake_error err = { 0 };
    int64_t start_us = dtake__now_us();
    dtake_status st = dtake__render(&take->pixels, &job->options.value, &take->grid, take->layer,
                                    take->layer_count, take->place, take->place_count, &err);
    if (st == DTAKE_OK && job->sheet != NULL) {
        caption_of(take->image, caption, sizeof caption);
        st = dtake__sheet_put(job->sheet, take->image->place, caption, &take->pixels, &err);
    }
    if (st == DTAKE_OK && !take->drawn_only && (take->receipt_text = make_receipt(take)) == NULL)
        st = dtake__fail_nomem(&err, "a receipt");
    if (st != DTAKE_OK)
        note_item(take, st, &err);
    DTAKE__TALLY(&take->tally, cpu_us, dtake__now_us() - start_us);
}

static void rendered(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    take->skipped = take->drawn_only && take->status == DTAKE_OK;
    if (stopped(take) || take->skipped)
        dtake__take_finish(take);
    else
        write_file(take);
}

static void work_on(dtake__take *take, void (*run)(dtake__work *), void (*done)(dtake__work *))
{
    take->work.run = run;
    take->work.done = done;
    take->work.order = take->image->place;
    dtake__workers_run(take->job->runtime, &take->work);
}

/* What was held for compressed bytes and whole tiles goes back as soon as only the pixels are left. */
static void give_back(dtake__take *take)
{
    int64_t read = 0, left = 0;
    for (size_t i = 0; i < take->layer_count; i++) {
        const dtake_pixels *p = &take->layer[i].pixels;
        dtake_read request = dtake__take_read(&take->layer[i]);
        read += dtake__raster_read_bytes(take->layer[i].raster, &request);
        left += p->width * p->height * (p->bands * (int64_t)dtake_type_bytes(p->type) + p->mask_bands);
    }
    if (read > left && read - left < take->held) {
        dtake__budget_release(take->job->runtime, read - left);
        take->held -= read - left;
    }
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

static void forget_headers_run(dtake__work *work)
{
    const dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    for (size_t i = 0; i < take->layer_count && !take->job->options.value.no_cache; i++)
        dtake__cache_drop(take->job->runtime, take->layer[i].href);
}

static void start_opens(dtake__take *take);

static void headers_forgotten(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    drop_attempt(take);
    take->facts = (dtake__facts){ .files = (int64_t)take->layer_count };
    take->status = DTAKE_OK;
    take->err = (dtake_error){ 0 };
    if (stopped(take))
        dtake__take_finish(take);
    else
        start_opens(take);
}

/* Finishes a take that failed; one whose file has changed under way begins again, header and plan. */
static bool gave_up(dtake__take *take)
{
    if (!stopped(take))
        return false;
    if (dtake__take_begins_again(take, take->status))
        work_on(take, forget_headers_run, headers_forgotten);
    else
        dtake__take_finish(take);
    return true;
}

typedef struct layer_ctx {
    dtake__take *take;
    size_t index;
} layer_ctx;

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    layer_ctx at = *(layer_ctx *)ctx;
    dtake__take *take = at.take;
    dtake__free(ctx);
    take->op[at.index] = NULL;
    if (status == DTAKE_OK)
        take->layer[at.index].pixels = dtake_pixels_take(pixels);
    else
        note_layer(take, at.index, status, err);
    if (--take->pending > 0 || gave_up(take))
        return;
    give_back(take);
    dtake__take_set_state(take, DTAKE_ITEM_ENCODING);
    work_on(take, render_run, rendered);
}

static layer_ctx *new_ctx(dtake__take *take, size_t index)
{
    layer_ctx *ctx = dtake__alloc(sizeof *ctx);
    if (ctx != NULL)
        *ctx = (layer_ctx){ take, index };
    return ctx;
}

static void start_reads(dtake__take *take)
{
    dtake__raster_job job = dtake__take_raster_job(take);
    dtake__take_set_state(take, DTAKE_ITEM_FETCHING);
    take->pending = 1; /* this function's own, so that nothing ends before all are started */
    for (size_t i = 0; i < take->layer_count && take->status == DTAKE_OK; i++) {
        dtake_read read = dtake__take_read(&take->layer[i]);
        dtake_error err = { 0 };
        layer_ctx *ctx = new_ctx(take, i);
        dtake_status st = ctx == NULL ? dtake__fail_nomem(&err, "a read")
                                      : dtake__raster_read_start(take->layer[i].raster, &read, &job,
                                                                 &take->op[i], &err, on_pixels, ctx);
        if (st == DTAKE_OK) {
            take->pending++;
            continue;
        }
        take->op[i] = NULL;
        dtake__free(ctx);
        note_layer(take, i, st, &err);
    }
    if (--take->pending == 0)
        dtake__take_finish(take);
}

static void granted(dtake__budget_wait *wait)
{
    dtake__take *take = DTAKE__CONTAINER(wait, dtake__take, budget);
    take->waiting = false;
    take->held = wait->bytes;
    if (stopped(take))
        dtake__take_finish(take);
    else
        start_reads(take);
}

static void plan_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake_error err = { 0 };
    int64_t start_us = dtake__now_us();
    dtake_status st = dtake__take_resolve_bands(take, &err);
    if (st == DTAKE_OK)
        st = dtake__take_plan(take, &err);
    if (st == DTAKE_E_EMPTY)
        take->skipped = true;
    if (st != DTAKE_OK)
        note_item(take, st, &err);
    DTAKE__TALLY(&take->tally, cpu_us, dtake__now_us() - start_us);
}

static void planned(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake_job *job = take->job;
    if (take->status == DTAKE_OK) {
        dtake__facts_add(&job->facts, &take->facts);
        atomic_fetch_add(&job->planned_bytes, take->facts.bytes);
    }
    if (stopped(take) || job->options.value.explain_only) {
        dtake__take_finish(take);
        return;
    }
    take->waiting = true;
    take->budget.order = take->image->place;
    take->budget.granted = granted;
    dtake__budget_acquire(job->runtime, &take->budget);
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    layer_ctx at = *(layer_ctx *)ctx;
    dtake__take *take = at.take;
    dtake__free(ctx);
    take->op[at.index] = NULL;
    if (status == DTAKE_OK)
        take->layer[at.index].raster = raster;
    else
        note_layer(take, at.index, status, err);
    if (--take->pending == 0 && !gave_up(take))
        work_on(take, plan_run, planned);
}

static void start_opens(dtake__take *take)
{
    dtake__take_set_state(take, DTAKE_ITEM_OPENING);
    take->pending = 1;
    for (size_t i = 0; i < take->layer_count && take->status == DTAKE_OK; i++) {
        dtake__raster_open open = { .href = take->layer[i].href,
                                    .tally = &take->tally,
                                    .order = take->image->place,
                                    .no_cache = take->job->options.value.no_cache,
                                    .windows_waiting = dtake__take_raster_job(take).windows_waiting };
        dtake_error err = { 0 };
        layer_ctx *ctx = new_ctx(take, i);
        dtake_status st = ctx == NULL ? dtake__fail_nomem(&err, "an open")
                                      : dtake__raster_open_start(take->job->runtime, &open, &take->op[i],
                                                                 &err, on_open, ctx);
        if (st == DTAKE_OK) {
            take->pending++;
            continue;
        }
        take->op[i] = NULL;
        dtake__free(ctx);
        note_layer(take, i, st, &err);
    }
    if (--take->pending == 0)
        dtake__take_finish(take);
}

static void check_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    const dtake_get_options *o = &take->job->options.value;
    dtake_error err = { 0 };
    dtake_status st = dtake__finished_look(take, &err);
    if (st == DTAKE_OK && !take->skipped && !o->raw)
        st = dtake__take_make_layers(take, &err);
    if (st != DTAKE_OK)
        note_item(take, st, &err);
}

static void go_on(dtake__take *take)
{
    if (stopped(take) || take->skipped)
        dtake__take_finish(take);
    else if (take->job->options.value.raw)
        dtake__raw_start(take);
    else
        start_opens(take);
}

static void checked(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    if (take->receipt != NULL && !stopped(take))
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
        work_on(take, check_run, checked);
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
    (void)stopped(take);
    dtake__take_finish(take);
}
