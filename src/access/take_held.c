/* What a service holds is asked for once, if it is small, although the image is made in blocks: a request
 * takes longer than the pixels do. The parts of all blocks are copied out of it. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/window.h"
#include "raster/kernels.h"

#include <string.h>

enum {
    A_LAYER = 8, /* a layer takes this part of the budget at most, */
    IN_ALL = 4,  /* and all of them this one */
};

struct dtake__held {
    dtake__take *take;
    size_t layer;
    bool wanted;
    dtake_window window;
    dtake_pixels pixels;
    dtake__raster_op *op; /* while it is read */
};

static int64_t bytes_of(const dtake__layer *layer)
{
    dtake_read read = dtake__take_read(layer, layer->window);
    return dtake__raster_read_bytes(layer->raster, &read);
}

static dtake_status choose(dtake__take *take, bool *needed, dtake_error *err)
{
    const dtake__blocks *blocks = &take->blocks;
    for (size_t i = 0; i < blocks->layers; i++)
        needed[i] = true;
    return blocks->shader != NULL ? dtake__blocks_need(take, needed, err) : DTAKE_OK;
}

dtake_status dtake__held_plan(dtake__take *take, int64_t limit, int64_t *bytes, dtake_error *err)
{
    dtake__blocks *blocks = &take->blocks;
    int64_t held = 0;
    *bytes = 0;
    bool *needed = dtake__calloc(blocks->layers + 1, sizeof *needed);
    blocks->held = dtake__calloc(blocks->layers + 1, sizeof *blocks->held);
    dtake_status st = needed != NULL && blocks->held != NULL ? choose(take, needed, err)
                                                             : dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < blocks->layers && st == DTAKE_OK; i++) {
        const dtake__layer *layer = &blocks->layer[i];
        if (!needed[i] || layer->window.width <= 0 || !dtake__raster_is_foreign(layer->raster))
            continue;
        int64_t one = bytes_of(layer);
        if (one > limit / A_LAYER || held + one > limit / IN_ALL)
            continue;
        held += one;
        blocks->held[i] = (dtake__held){ .take = take, .layer = i, .wanted = true, .window = layer->window };
    }
    dtake__free(needed);
    *bytes = held;
    return st;
}

void dtake__held_dispose(dtake__blocks *blocks)
{
    for (size_t i = 0; i < blocks->layers && blocks->held != NULL; i++)
        dtake_pixels_dispose(&blocks->held[i].pixels);
    dtake__free(blocks->held);
    blocks->held = NULL;
}

void dtake__held_cancel(dtake__take *take)
{
    for (size_t i = 0; i < take->blocks.layers && take->blocks.held != NULL; i++)
        if (take->blocks.held[i].op != NULL)
            dtake__raster_op_cancel(take->blocks.held[i].op);
}

/* --- read --- */

static void one_less(dtake__take *take)
{
    if (--take->blocks.reading == 0)
        dtake__blocks_go_on(take);
}

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    dtake__held *held = ctx;
    held->op = NULL;
    if (status == DTAKE_OK)
        held->pixels = dtake_pixels_take(pixels);
    else
        dtake__take_note_layer(held->take, dtake__blocks_file(held->take, held->layer), status, err);
    one_less(held->take);
}

void dtake__held_start(dtake__take *take)
{
    dtake__blocks *blocks = &take->blocks;
    dtake__raster_job job = dtake__take_raster_job(take);
    blocks->reading = 1; /* this function's own */
    for (size_t i = 0; i < blocks->layers && blocks->held != NULL && take->status == DTAKE_OK; i++) {
        dtake__held *held = &blocks->held[i];
        dtake_error err = { 0 };
        if (!held->wanted)
            continue;
        dtake_read read = dtake__take_read(&blocks->layer[i], held->window);
        dtake_status st =
            dtake__raster_read_start(blocks->layer[i].raster, &read, &job, &held->op, &err, on_pixels, held);
        if (st == DTAKE_OK) {
            blocks->reading++;
            continue;
        }
        held->op = NULL;
        dtake__take_note_layer(take, dtake__blocks_file(take, i), st, &err);
    }
    one_less(take);
}

/* --- taken from --- */

dtake_status dtake__held_take(const dtake__take *take, size_t layer, dtake__part *part, dtake_error *err)
{
    const dtake__held *held = take->blocks.held != NULL ? &take->blocks.held[layer] : NULL;
    dtake_window w = part->source;
    if (held == NULL || held->pixels.data == NULL || w.width == 0 || !dtake__window_holds(held->window, w))
        return DTAKE_OK;
    const dtake_pixels *from = &held->pixels;
    dtake_pixels *to = &part->pixels;
    dtake_status st =
        dtake__pixels_init(to, w.width, w.height, from->bands, from->type, from->mask_bands, err);
    size_t sample = dtake_type_bytes(from->type);
    size_t col = (size_t)(w.col - held->window.col), row = (size_t)(w.row - held->window.row);
    size_t width = (size_t)w.width, height = (size_t)w.height;
    for (size_t y = 0; y < height && st == DTAKE_OK; y++) {
        for (size_t b = 0; b < (size_t)from->bands; b++)
            memcpy((char *)to->data + (b * height + y) * width * sample,
                   (const char *)from->data +
                       ((b * (size_t)from->height + row + y) * (size_t)from->width + col) * sample,
                   width * sample);
        for (size_t b = 0; b < (size_t)from->mask_bands; b++)
            memcpy(to->mask + (b * height + y) * width,
                   from->mask + (b * (size_t)from->height + row + y) * (size_t)from->width + col, width);
    }
    return st;
}
