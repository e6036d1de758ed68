/* A block on its way: what it needs is worked out and read, its pixels are rendered and go to the frame. As
 * many are under way as the budget was asked for, the next while those before are decoded and rendered. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "geo/window.h"

#include <string.h>

typedef struct block_read {
    dtake__block *block;
    size_t layer;
} block_read;

struct dtake__block {
    dtake__take *take;
    dtake__block *prev, *next;
    dtake_window window;
    size_t group;
    dtake__work work;
    dtake_status status; /* of the worker */
    dtake_error err;
    size_t pending;
    dtake__part *part; /* one a layer, like the others */
    dtake__raster_op **op;
    block_read *read;
};

static void free_block(dtake__block *b)
{
    for (size_t i = 0; i < b->take->blocks.layers && b->part != NULL; i++)
        dtake_pixels_dispose(&b->part[i].pixels);
    dtake__free(b->part);
    dtake__free(b->op);
    dtake__free(b->read);
    dtake__free(b);
}

static void end_block(dtake__block *b)
{
    dtake__take *take = b->take;
    dtake__blocks *blocks = &take->blocks;
    if (b->status != DTAKE_OK)
        dtake__take_note_item(take, b->status, &b->err);
    *(b->prev != NULL ? &b->prev->next : &blocks->first) = b->next;
    if (b->next != NULL)
        b->next->prev = b->prev;
    free_block(b);
    blocks->active--;
    dtake__blocks_go_on(take);
}

void dtake__blocks_cancel(dtake__take *take)
{
    for (dtake__block *b = take->blocks.first; b != NULL; b = b->next)
        for (size_t i = 0; i < take->blocks.layers && b->op != NULL; i++)
            if (b->op[i] != NULL)
                dtake__raster_op_cancel(b->op[i]);
    dtake__held_cancel(take);
}

static void hand_over(dtake__block *b, void (*run)(dtake__work *), void (*done)(dtake__work *))
{
    b->work.run = run;
    b->work.done = done;
    b->work.order = b->take->image->place;
    dtake__workers_run(b->take->job->runtime, &b->work);
}

/* --- rendered --- */

static void render_run(dtake__work *work)
{
    dtake__block *b = DTAKE__CONTAINER(work, dtake__block, work);
    dtake__take *take = b->take;
    dtake__blocks *blocks = &take->blocks;
    const dtake_get_options *o = &take->options;
    dtake_pixels pixels;
    const int32_t *bands = NULL;
    int32_t count = 0;
    int64_t start_us = dtake__now_us();
    if (blocks->shader != NULL) {
        b->status = dtake__render_graph(&pixels, blocks->shader, b->group, &take->grid, b->window,
                                        take->blocks.layer, b->part, take->blocks.layers, take->blocks.place,
                                        take->blocks.places, &b->err);
        bands = dtake__shader_group(blocks->shader, b->group, &count);
        count = dtake__shader_bands(blocks->shader);
    } else {
        b->status = dtake__render(&pixels, o, &take->grid, b->window, take->blocks.layer, b->part,
                                  take->blocks.layers, take->blocks.place, take->blocks.places, &b->err);
        count = pixels.bands;
    }
    if (b->status == DTAKE_OK)
        b->status = dtake__frame_put(&blocks->frame, b->window, bands, count, &pixels, &b->err);
    DTAKE__TALLY(&take->tally, cpu_us, dtake__now_us() - start_us);
}

static void rendered(dtake__work *work)
{
    dtake__block *b = DTAKE__CONTAINER(work, dtake__block, work);
    if (b->status == DTAKE_OK && !dtake__take_stopped(b->take))
        dtake__take_early_put(b->take, b->window);
    end_block(b);
}

/* --- read --- */

/* What was held for compressed bytes and whole tiles of an image in one piece goes back as soon as only the
 * pixels are left. */
static void give_back(dtake__take *take, const dtake__block *b)
{
    int64_t read = 0, left = 0;
    for (size_t i = 0; i < take->blocks.layers; i++) {
        const dtake_pixels *p = &b->part[i].pixels;
        dtake_read request = dtake__take_read(&take->blocks.layer[i], b->part[i].source);
        if (b->part[i].source.width > 0)
            read += dtake__raster_read_bytes(take->blocks.layer[i].raster, &request);
        left += p->width * p->height * (p->bands * (int64_t)dtake_type_bytes(p->type) + p->mask_bands);
    }
    if (read > left && read - left < take->held) {
        dtake__budget_release(take->job->runtime, read - left);
        take->held -= read - left;
    }
}

static void block_was_read(dtake__block *b)
{
    dtake__take *take = b->take;
    dtake__blocks *blocks = &take->blocks;
    blocks->reading--;
    if (dtake__take_stopped(take)) {
        end_block(b);
        return;
    }
    if (blocks->next == blocks->count && blocks->reading == 0)
        dtake__budget_fetched(take->job->runtime, &take->budget);
    if (blocks->count == 1) {
        give_back(take, b);
        dtake__take_set_state(take, DTAKE_ITEM_ENCODING);
    }
    hand_over(b, render_run, rendered);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    const block_read *read = ctx;
    dtake__block *b = read->block;
    b->op[read->layer] = NULL;
    if (status == DTAKE_OK)
        b->part[read->layer].pixels = dtake_pixels_take(pixels);
    else
        dtake__take_note_layer(b->take, dtake__blocks_file(b->take, read->layer), status, err);
    if (--b->pending == 0)
        block_was_read(b);
}

static void start_read(dtake__block *b, size_t layer, const dtake__raster_job *job)
{
    dtake__take *take = b->take;
    dtake_error err = { 0 };
    dtake_read read = dtake__take_read(&take->blocks.layer[layer], b->part[layer].source);
    b->read[layer] = (block_read){ b, layer };
    dtake_status st = dtake__raster_read_start(take->blocks.layer[layer].raster, &read, job, &b->op[layer],
                                               &err, on_pixels, &b->read[layer]);
    if (st == DTAKE_OK) {
        b->pending++;
        return;
    }
    b->op[layer] = NULL;
    dtake__take_note_layer(take, dtake__blocks_file(take, layer), st, &err);
}

/* --- planned --- */

/* The windows of the layers: of their bands all that is needed of any. */
static dtake_status find_windows(dtake__block *b, dtake_window *window, dtake_error *err)
{
    dtake__take *take = b->take;
    const dtake__shader *shader = take->blocks.shader;
    dtake_window *band = NULL;
    for (size_t i = 0; i < take->blocks.layers; i++)
        window[i] = shader == NULL ? b->window : (dtake_window){ 0 };
    if (shader == NULL)
        return DTAKE_OK;
    band = dtake__calloc(take->blocks.places, sizeof *band);
    dtake_status st = band != NULL ? dtake__shader_windows(shader, b->group, b->window, band, err)
                                   : dtake__fail_nomem(err, "a block of pixels");
    for (size_t i = 0; i < take->blocks.places && st == DTAKE_OK; i++)
        window[take->blocks.place[i].layer] =
            dtake__window_around(window[take->blocks.place[i].layer], band[i]);
    dtake__free(band);
    return st;
}

static void plan_run(dtake__work *work)
{
    dtake__block *b = DTAKE__CONTAINER(work, dtake__block, work);
    dtake__take *take = b->take;
    dtake_window *window = dtake__calloc(take->blocks.layers, sizeof *window);
    b->status =
        window != NULL ? find_windows(b, window, &b->err) : dtake__fail_nomem(&b->err, "a block of pixels");
    for (size_t i = 0; i < take->blocks.layers && b->status == DTAKE_OK; i++) {
        b->part[i] = dtake__part_of(&take->blocks.layer[i], window[i]);
        b->status = dtake__held_take(take, i, &b->part[i], &b->err);
    }
    dtake__free(window);
}

static void planned(dtake__work *work)
{
    dtake__block *b = DTAKE__CONTAINER(work, dtake__block, work);
    dtake__take *take = b->take;
    if (b->status != DTAKE_OK || dtake__take_stopped(take)) {
        take->blocks.reading--;
        end_block(b);
        return;
    }
    dtake__raster_job job = dtake__take_raster_job(take);
    int64_t reads = (int64_t)take->blocks.count * (int64_t)take->blocks.layers - 1;
    if (take->blocks.count > 1 && reads > job.windows_waiting)
        job.windows_waiting = (int32_t)(reads < INT32_MAX ? reads : INT32_MAX);
    b->pending = 1; /* this function's own, so that nothing ends before all are started */
    for (size_t i = 0; i < take->blocks.layers && take->status == DTAKE_OK; i++)
        if (b->part[i].source.width > 0 && b->part[i].pixels.data == NULL)
            start_read(b, i, &job);
    if (--b->pending == 0)
        block_was_read(b);
}

static bool begin(dtake__take *take, size_t index)
{
    dtake__blocks *blocks = &take->blocks;
    dtake__block *b = dtake__calloc(1, sizeof *b);
    if (b == NULL)
        return false;
    b->take = take;
    b->window = dtake__cut_block(&blocks->cut, index / blocks->groups);
    b->group = index % blocks->groups;
    b->part = dtake__calloc(take->blocks.layers, sizeof *b->part);
    b->op = dtake__calloc(take->blocks.layers, sizeof(*b->op));
    b->read = dtake__calloc(take->blocks.layers, sizeof *b->read);
    if (b->part == NULL || b->op == NULL || b->read == NULL) {
        free_block(b);
        return false;
    }
    b->next = blocks->first;
    if (b->next != NULL)
        b->next->prev = b;
    blocks->first = b;
    blocks->active++;
    blocks->reading++;
    hand_over(b, plan_run, planned);
    return true;
}

void dtake__blocks_go_on(dtake__take *take)
{
    dtake__blocks *blocks = &take->blocks;
    while (!dtake__take_stopped(take) && blocks->next < blocks->count && blocks->active < blocks->at_once) {
        dtake_error err;
        if (begin(take, blocks->next))
            blocks->next++;
        else
            dtake__take_note_item(take, dtake__fail_nomem(&err, "a block of pixels"), &err);
    }
    if (blocks->active == 0 && blocks->early.under_way == 0)
        dtake__take_pixels_ended(take);
}

void dtake__blocks_start(dtake__take *take)
{
    dtake__frame_init(&take->blocks.frame, take->grid.width, take->grid.height,
                      dtake__take_has_one_mask(take));
    take->blocks.has_frame = true;
    dtake_error err = { 0 };
    dtake_status st = dtake__take_early_plan(take, &err);
    if (st != DTAKE_OK)
        dtake__take_note_item(take, st, &err);
    dtake__take_set_state(take, DTAKE_ITEM_FETCHING);
    dtake__held_start(take);
}

void dtake__blocks_dispose(dtake__blocks *blocks)
{
    dtake__held_dispose(blocks); /* one a layer */
    dtake__blocks_drop_inputs(blocks);
    dtake__shader_free(blocks->shader);
    dtake__take_early_dispose(&blocks->early);
    if (blocks->has_frame)
        dtake__frame_dispose(&blocks->frame);
    *blocks = (dtake__blocks){ 0 };
}
