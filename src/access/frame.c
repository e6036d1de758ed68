#include "access/frame.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/kernels.h"
#include "raster/samples.h"

#include <string.h>

void dtake__frame_init(dtake__frame *frame, int64_t width, int64_t height, bool one_mask)
{
    *frame = (dtake__frame){ .width = width, .height = height, .one_mask = one_mask };
    pthread_mutex_init(&frame->lock, NULL);
}

void dtake__frame_dispose(dtake__frame *frame)
{
    dtake_pixels_dispose(&frame->pixels);
    pthread_mutex_destroy(&frame->lock);
}

/* With the lock held: room for all, and for masks as soon as one block has any. */
static dtake_status make_room(dtake__frame *frame, int32_t bands, const dtake_pixels *block, dtake_error *err)
{
    dtake_pixels *all = &frame->pixels;
    dtake_status st = DTAKE_OK;
    if (all->data == NULL)
        st = dtake__pixels_init(all, frame->width, frame->height, bands, block->type, 0, err);
    if (st != DTAKE_OK || block->mask == NULL || all->mask != NULL)
        return st;
    all->mask_bands = frame->one_mask ? 1 : bands;
    size_t bytes = dtake__plane(all) * (size_t)all->mask_bands;
    all->mask = dtake__alloc(bytes);
    if (all->mask == NULL)
        return dtake__fail_nomem(err, "a mask");
    memset(all->mask, 255, bytes);
    return DTAKE_OK;
}

dtake_pixels dtake__frame_view(dtake__frame *frame)
{
    pthread_mutex_lock(&frame->lock);
    dtake_pixels view = frame->pixels;
    pthread_mutex_unlock(&frame->lock);
    return view;
}

static void copy_rows(const void *from, dtake_window at, size_t bytes, int64_t width, void *to)
{
    for (int64_t row = 0; row < at.height; row++)
        memcpy((uint8_t *)to + (size_t)((at.row + row) * width + at.col) * bytes,
               (const uint8_t *)from + (size_t)(row * at.width) * bytes, (size_t)at.width * bytes);
}

/* Several groups of bands may come for the same block. */
static void unite_masks(dtake__frame *frame, dtake_window at, const dtake_pixels *block)
{
    pthread_mutex_lock(&frame->lock);
    for (int32_t band = 0; band < block->mask_bands; band++)
        for (int64_t row = 0; row < at.height; row++) {
            const uint8_t *from = dtake__band_mask(block, band) + row * at.width;
            uint8_t *to = frame->pixels.mask + (at.row + row) * frame->width + at.col;
            for (int64_t col = 0; col < at.width; col++)
                to[col] = from[col] < to[col] ? from[col] : to[col];
        }
    pthread_mutex_unlock(&frame->lock);
}

static void copy_bands(const dtake__frame *frame, dtake_window at, const int32_t *band,
                       const dtake_pixels *block)
{
    for (int32_t i = 0; i < block->bands; i++) {
        int32_t to = band != NULL ? band[i] : i;
        copy_rows(dtake__band_data(block, i), at, dtake_type_bytes(block->type), frame->width,
                  dtake__band_data(&frame->pixels, to));
        if (block->mask != NULL && !frame->one_mask)
            copy_rows(dtake__band_mask(block, i), at, 1, frame->width, dtake__band_mask(&frame->pixels, to));
    }
}

dtake_status dtake__frame_put(dtake__frame *frame, dtake_window at, const int32_t *band, int32_t bands,
                              dtake_pixels *block, dtake_error *err)
{
    if (at.width == frame->width && at.height == frame->height && block->bands == bands) {
        frame->pixels = dtake_pixels_take(block);
        return DTAKE_OK;
    }
    pthread_mutex_lock(&frame->lock);
    dtake_status st = make_room(frame, bands, block, err);
    pthread_mutex_unlock(&frame->lock);
    if (st == DTAKE_OK)
        copy_bands(frame, at, band, block);
    if (st == DTAKE_OK && block->mask != NULL && frame->one_mask)
        unite_masks(frame, at, block);
    dtake_pixels_dispose(block);
    return st;
}

dtake_pixels dtake__frame_take(dtake__frame *frame)
{
    dtake_pixels out = dtake_pixels_take(&frame->pixels);
    size_t plane = dtake__plane(&out);
    bool same = out.mask_bands > 1;
    for (int32_t b = 1; b < out.mask_bands && same; b++)
        same = memcmp(out.mask, out.mask + (size_t)b * plane, plane) == 0;
    if (same)
        out.mask_bands = 1;
    return out;
}
