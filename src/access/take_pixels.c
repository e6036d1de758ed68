/* The files of a take to its pixels: opened, planned, read when the budget allows. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/cache.h"
#include "sources/rasters.h"

#include <string.h>

static const char *name_of_layer(const dtake__take *take, const dtake__layer *layer)
{
    for (size_t i = 0; i < take->image->source_count; i++)
        if (strcmp(take->image->source[i].href, layer->href) == 0)
            return take->image->source[i].name;
    return "";
}

/* "S2A_X: band B8: read https://...: HTTP 403": item, band, URL, what came back. */
void dtake__take_note_layer(dtake__take *take, size_t index, dtake_status status, const dtake_error *err)
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

/* Whose file it is that opens. */
typedef struct layer_ctx {
    dtake__take *take;
    size_t index;
} layer_ctx;

static layer_ctx came_back(layer_ctx *ctx)
{
    layer_ctx at = *ctx;
    dtake__free(ctx);
    at.take->op[at.index] = NULL;
    return at;
}

static void forget_headers_run(dtake__work *work)
{
    const dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    for (size_t i = 0; i < take->layer_count && !take->options.no_cache; i++)
        dtake__cache_drop(take->job->runtime, take->layer[i].href);
}

static void headers_forgotten(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake__take_drop_attempt(take);
    take->facts = (dtake__facts){ .files = (int64_t)take->layer_count };
    take->status = DTAKE_OK;
    take->err = (dtake_error){ 0 };
    if (dtake__take_stopped(take))
        dtake__take_finish(take);
    else
        dtake__take_open(take);
}

/* Finishes a take that failed; one whose file has changed under way begins again, header and plan. */
static bool gave_up(dtake__take *take)
{
    if (!dtake__take_stopped(take))
        return false;
    if (dtake__take_begins_again(take, take->status))
        dtake__take_work(take, forget_headers_run, headers_forgotten);
    else
        dtake__take_finish(take);
    return true;
}

void dtake__take_pixels_ended(dtake__take *take)
{
    if (gave_up(take))
        return;
    dtake__budget_fetched(take->job->runtime, &take->budget);
    dtake__take_make_file(take);
}

static void granted(dtake__budget_wait *wait)
{
    dtake__take *take = DTAKE__CONTAINER(wait, dtake__take, budget);
    take->waiting = false;
    take->held = wait->bytes;
    if (dtake__take_stopped(take))
        dtake__take_finish(take);
    else
        dtake__blocks_start(take);
}

static void plan_run(dtake__work *work)
{
    dtake__take *take = DTAKE__CONTAINER(work, dtake__take, work);
    dtake_error err = { 0 };
    int64_t start_us = dtake__now_us();
    dtake_status st = dtake__take_resolve_bands(take, &err);
    if (st == DTAKE_OK)
        st = dtake__take_plan(take, &err);
    if (st == DTAKE_OK && take->job->keeps_pictures && take->options.explain_only)
        st = dtake__picture_make(take, &err);
    if (st == DTAKE_E_EMPTY)
        take->skipped = true;
    if (st != DTAKE_OK)
        dtake__take_note_item(take, st, &err);
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
    if (dtake__take_stopped(take) || job->options.value.explain_only) {
        dtake__take_finish(take);
        return;
    }
    take->waiting = true;
    take->budget.order = take->image->place;
    take->budget.granted = granted;
    take->budget.fetches = true;
    dtake__budget_acquire(job->runtime, &take->budget);
}

static void on_open(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    layer_ctx at = came_back(ctx);
    dtake__take *take = at.take;
    if (status == DTAKE_OK)
        take->layer[at.index].raster = raster;
    else
        dtake__take_note_layer(take, at.index, status, err);
    if (--take->pending > 0 || gave_up(take))
        return;
    bool reads =
        dtake__shade_reads(&take->options) && (!take->options.explain_only || take->job->keeps_pictures);
    dtake__take_work_on(take, reads ? dtake__aside_run : dtake__workers_run, plan_run, planned);
}

static dtake_status start_open(dtake__take *take, size_t index, layer_ctx *ctx, dtake_error *err)
{
    dtake__raster_open open = { .href = take->layer[index].href,
                                .tally = &take->tally,
                                .order = take->image->place,
                                .no_cache = take->options.no_cache,
                                .foreign = dtake__source_rasters(),
                                .windows_waiting = dtake__take_raster_job(take).windows_waiting };
    return dtake__raster_open_start(take->job->runtime, &open, &take->op[index], err, on_open, ctx);
}

static void open_one(dtake__take *take, size_t index)
{
    dtake_error err = { 0 };
    layer_ctx *ctx = dtake__alloc(sizeof *ctx);
    dtake_status st = ctx != NULL ? DTAKE_OK : dtake__fail_nomem(&err, "a read");
    if (st == DTAKE_OK) {
        *ctx = (layer_ctx){ take, index };
        st = start_open(take, index, ctx, &err);
    }
    if (st == DTAKE_OK) {
        take->pending++;
        return;
    }
    take->op[index] = NULL;
    dtake__free(ctx);
    dtake__take_note_layer(take, index, st, &err);
}

void dtake__take_open(dtake__take *take)
{
    dtake__take_set_state(take, DTAKE_ITEM_OPENING);
    take->pending = 1; /* this function's own, so that nothing ends before all are started */
    for (size_t i = 0; i < take->layer_count && take->status == DTAKE_OK; i++)
        open_one(take, i);
    if (--take->pending == 0)
        dtake__take_finish(take);
}
