#include "output/pyramid.h"

#include "core/alloc.h"
#include "core/error.h"
#include "raster/kernels.h"

#include <string.h>

enum { TILE_SIDE = 512, SMALL_TILE_SIDE = 256 };

static size_t plane_of(const dtake_pixels *pixels)
{
    return (size_t)pixels->width * (size_t)pixels->height;
}

int32_t dtake__pyramid_side(int64_t width, int64_t height)
{
    return width < TILE_SIDE && height < TILE_SIDE ? SMALL_TILE_SIDE : TILE_SIDE;
}

static int64_t longest_side(const dtake_pixels *pixels)
{
    return pixels->width > pixels->height ? pixels->width : pixels->height;
}

/* Samples keep their masks until the overviews are made, so that nodata never gets into a mean. */
static void burn_nodata(dtake_pixels *pixels, double nodata)
{
    size_t plane = plane_of(pixels), bytes = dtake_type_bytes(pixels->type);
    for (int32_t band = 0; pixels->mask && band < pixels->bands; band++)
        dtake__samples_fill_masked(pixels->type, (uint8_t *)pixels->data + plane * (size_t)band * bytes,
                                   pixels->mask + (pixels->mask_bands > 1 ? plane * (size_t)band : 0), plane,
                                   nodata);
    dtake__free(pixels->mask);
    pixels->mask = NULL;
    pixels->mask_bands = 0;
}

/* A file has one mask for all bands: nothing that is masked in some band may look valid. */
static void unite_masks(dtake_pixels *pixels)
{
    size_t plane = plane_of(pixels);
    for (int32_t band = 1; band < pixels->mask_bands; band++)
        for (size_t i = 0; i < plane; i++) {
            uint8_t other = pixels->mask[plane * (size_t)band + i];
            pixels->mask[i] = other < pixels->mask[i] ? other : pixels->mask[i];
        }
    if (pixels->mask_bands > 1)
        pixels->mask_bands = 1;
}

dtake_status dtake__pyramid_init(dtake__pyramid *out, dtake_pixels *pixels, bool has_nodata, double nodata,
                                 bool alpha, bool overviews, bool nearest, dtake_error *err)
{
    *out = (dtake__pyramid){ .levels = 1 };
    out->level[0] = dtake_pixels_take(pixels);
    dtake_pixels *full = &out->level[0];
    bool burn = has_nodata && full->mask;
    out->alpha = alpha && full->mask && !burn;
    out->mask = full->mask && !burn && !out->alpha;
    out->bands = full->bands + (out->alpha ? 1 : 0);
    out->tile_side = dtake__pyramid_side(full->width, full->height);
    if (!burn)
        unite_masks(full);
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && overviews && longest_side(&out->level[out->levels - 1]) > TILE_SIDE) {
        st = dtake__pixels_halve(&out->level[out->levels - 1], nearest, &out->level[out->levels], err);
        out->levels += st == DTAKE_OK;
    }
    if (st != DTAKE_OK) {
        dtake__pyramid_dispose(out);
        return st;
    }
    for (size_t i = 0; burn && i < out->levels; i++)
        burn_nodata(&out->level[i], nodata);
    return DTAKE_OK;
}

void dtake__pyramid_dispose(dtake__pyramid *pyramid)
{
    for (size_t i = 0; i < pyramid->levels; i++)
        dtake_pixels_dispose(&pyramid->level[i]);
    pyramid->levels = 0;
}

int32_t dtake__pyramid_across(const dtake__pyramid *pyramid, size_t level)
{
    return (int32_t)((pyramid->level[level].width + pyramid->tile_side - 1) / pyramid->tile_side);
}

int32_t dtake__pyramid_down(const dtake__pyramid *pyramid, size_t level)
{
    return (int32_t)((pyramid->level[level].height + pyramid->tile_side - 1) / pyramid->tile_side);
}

/* Copies `count` samples to every `step`th place, then repeats the last up to `side`. */
static void spread_row(const void *in, size_t bytes, int64_t count, int64_t side, int32_t step, void *out)
{
    switch (bytes) {
#define WIDTH(size, ctype)                                                                                   \
    case size:                                                                                               \
        for (int64_t i = 0; i < count; i++)                                                                  \
            ((ctype *)out)[i * step] = ((const ctype *)in)[i];                                               \
        for (int64_t i = count; i < side; i++)                                                               \
            ((ctype *)out)[i * step] = ((const ctype *)in)[count - 1];                                       \
        break;
        WIDTH(1, uint8_t)
        WIDTH(2, uint16_t)
        WIDTH(4, uint32_t)
        WIDTH(8, uint64_t)
#undef WIDTH
    }
}

/* Alpha of uint16 images runs to 65535. */
static void spread_alpha(const uint8_t *mask, size_t bytes, int64_t count, int64_t side, int32_t step,
                         void *out)
{
    for (int64_t i = 0; i < side; i++) {
        uint8_t alpha = mask[i < count ? i : count - 1];
        if (bytes == 1)
            ((uint8_t *)out)[i * step] = alpha;
        else
            ((uint16_t *)out)[i * step] = (uint16_t)(alpha * 257);
    }
}

/* Where a tile lies in its level: pixels [col, col + cols) and [row, row + rows). */
typedef struct place {
    int64_t col, row, cols, rows;
} place;

static place place_of(const dtake__pyramid *pyramid, size_t level, int64_t tile)
{
    const dtake_pixels *pixels = &pyramid->level[level];
    int64_t side = pyramid->tile_side, across = dtake__pyramid_across(pyramid, level);
    place p = { .col = tile % across * side, .row = tile / across * side };
    p.cols = pixels->width - p.col < side ? pixels->width - p.col : side;
    p.rows = pixels->height - p.row < side ? pixels->height - p.row : side;
    return p;
}

void dtake__pyramid_tile(const dtake__pyramid *pyramid, size_t level, int64_t tile, void *out)
{
    const dtake_pixels *pixels = &pyramid->level[level];
    place p = place_of(pyramid, level, tile);
    size_t bytes = dtake_type_bytes(pixels->type), plane = plane_of(pixels);
    size_t line = (size_t)pyramid->tile_side * (size_t)pyramid->bands * bytes;
    for (int64_t r = 0; r < pyramid->tile_side; r++) {
        uint8_t *to = (uint8_t *)out + (size_t)r * line;
        if (r >= p.rows) {
            memcpy(to, to - line, line);
            continue;
        }
        size_t first = (size_t)((p.row + r) * pixels->width + p.col);
        for (int32_t band = 0; band < pixels->bands; band++)
            spread_row((const uint8_t *)pixels->data + (plane * (size_t)band + first) * bytes, bytes, p.cols,
                       pyramid->tile_side, pyramid->bands, to + (size_t)band * bytes);
        if (pyramid->alpha)
            spread_alpha(pixels->mask + first, bytes, p.cols, pyramid->tile_side, pyramid->bands,
                         to + (size_t)pixels->bands * bytes);
    }
}

void dtake__pyramid_mask_tile(const dtake__pyramid *pyramid, size_t level, int64_t tile, uint8_t *out)
{
    const dtake_pixels *pixels = &pyramid->level[level];
    place p = place_of(pyramid, level, tile);
    int64_t side = pyramid->tile_side;
    for (int64_t r = 0; r < side; r++) {
        int64_t row = r < p.rows ? r : p.rows - 1;
        const uint8_t *from = pixels->mask + (p.row + row) * pixels->width + p.col;
        for (int64_t c = 0; c < side; c++)
            out[r * side + c] = from[c < p.cols ? c : p.cols - 1] ? 255 : 0;
    }
}

void dtake__pyramid_forget(const dtake__pyramid *pyramid, size_t level, bool mask, int64_t tile_row)
{
    const dtake_pixels *pixels = &pyramid->level[level];
    int64_t row = tile_row * pyramid->tile_side, rows = pixels->height - row;
    rows = rows < pyramid->tile_side ? rows : pyramid->tile_side;
    size_t bytes = mask ? 1 : dtake_type_bytes(pixels->type), line = (size_t)pixels->width * bytes;
    for (int32_t band = 0; band < (mask ? pixels->mask_bands : pixels->bands); band++)
        dtake__forget((uint8_t *)(mask ? pixels->mask : pixels->data) +
                          ((size_t)band * (size_t)pixels->height + (size_t)row) * line,
                      (size_t)rows * line);
}
