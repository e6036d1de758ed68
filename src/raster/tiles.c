#include "raster/tiles.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/tile.h"
#include "io/workers.h"
#include "raster/rows.h"

#include <math.h>
#include <string.h>

/* Kept by a thread between tiles: more than this is given back. */
static const size_t KEPT_SCRATCH_BYTES = 8 << 20;

typedef struct scratch {
    dtake__decoder *decoder;
    uint8_t *bytes;
    size_t cap;
} scratch;

static void *make_scratch(void)
{
    scratch *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->decoder = dtake__decoder_new();
    if (s->decoder == NULL) {
        dtake__free(s);
        return NULL;
    }
    return s;
}

static void destroy_scratch(void *arg)
{
    scratch *s = arg;
    dtake__decoder_free(s->decoder);
    dtake__free(s->bytes);
    dtake__free(s);
}

static scratch *this_thread(void)
{
    static const char key;
    return dtake__thread_scratch(&key, make_scratch, destroy_scratch);
}

static uint8_t *scratch_bytes(scratch *s, size_t bytes)
{
    if (bytes <= s->cap && (s->cap <= KEPT_SCRATCH_BYTES || bytes > KEPT_SCRATCH_BYTES))
        return s->bytes;
    dtake__free(s->bytes);
    s->bytes = dtake__alloc(bytes);
    s->cap = s->bytes != NULL ? bytes : 0;
    return s->bytes;
}

/* The part of a tile that is in the image and in the window. */
typedef struct overlap {
    int64_t plane;
    int64_t skip_cols, skip_rows; /* in the tile */
    int64_t col, row;             /* in the window */
    int64_t width, height;        /* 0: none */
} overlap;

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static overlap overlap_of(const dtake__tiff_dir *dir, dtake_window window, int64_t index)
{
    int64_t a_plane = (int64_t)dir->across * dir->down, in_plane = index % a_plane;
    int64_t left = in_plane % dir->across * dir->tile_width, top = in_plane / dir->across * dir->tile_height;
    int64_t first_col = larger(left, window.col), first_row = larger(top, window.row);
    int64_t end_col = smaller(smaller(left + dir->tile_width, dir->width), window.col + window.width);
    int64_t end_row = smaller(smaller(top + dir->tile_height, dir->height), window.row + window.height);
    return (overlap){ .plane = index / a_plane,
                      .skip_cols = first_col - left,
                      .skip_rows = first_row - top,
                      .col = first_col - window.col,
                      .row = first_row - window.row,
                      .width = larger(end_col - first_col, 0),
                      .height = larger(end_row - first_row, 0) };
}

static uint8_t *data_at(const dtake__canvas *canvas, int32_t band, int64_t col, int64_t row)
{
    const dtake_pixels *pixels = &canvas->pixels;
    int64_t at = (band * pixels->height + row) * pixels->width + col;
    return (uint8_t *)pixels->data + (size_t)at * dtake_type_bytes(pixels->type);
}

static uint8_t *mask_at(const dtake__canvas *canvas, int32_t band, int64_t col, int64_t row)
{
    const dtake_pixels *pixels = &canvas->pixels;
    return pixels->mask + (band * pixels->height + row) * pixels->width + col;
}

/* Is output band `band` (counted from 0) in the tiles of this plane? */
static bool in_plane(const dtake__canvas *canvas, int64_t plane, int32_t band)
{
    return !canvas->dir->planar || canvas->bands[band] - 1 == plane;
}

static bool alpha_in_plane(const dtake__canvas *canvas, int64_t plane)
{
    return canvas->mask_source == DTAKE__MASK_ALPHA &&
           (!canvas->dir->planar || canvas->dir->extra_alpha_band - 1 == plane);
}

static void mask_rows_by_nodata(const dtake__canvas *canvas, const overlap *patch, int32_t band)
{
    for (int64_t row = 0; row < patch->height; row++)
        dtake__row_mask(mask_at(canvas, band, patch->col, patch->row + row),
                        data_at(canvas, band, patch->col, patch->row + row), patch->width,
                        canvas->pixels.type, canvas->fill);
}

static void copy_image(const dtake__canvas *canvas, const overlap *patch, const uint8_t *tile)
{
    const dtake__tiff_dir *dir = canvas->dir;
    int32_t samples = dtake__tile_samples(dir);
    size_t bytes = dtake_type_bytes(dir->type), pixel = (size_t)samples * bytes,
           line = (size_t)dir->tile_width * pixel;
    const uint8_t *from = tile + (size_t)patch->skip_rows * line + (size_t)patch->skip_cols * pixel;
    for (int32_t band = 0; band < canvas->pixels.bands; band++) {
        if (!in_plane(canvas, patch->plane, band))
            continue;
        size_t sample = dir->planar ? 0 : (size_t)(canvas->bands[band] - 1);
        for (int64_t row = 0; row < patch->height; row++)
            dtake__row_pick(data_at(canvas, band, patch->col, patch->row + row),
                            from + (size_t)row * line + sample * bytes, patch->width, samples, bytes);
        if (canvas->mask_source == DTAKE__MASK_NODATA)
            mask_rows_by_nodata(canvas, patch, band);
    }
    if (!alpha_in_plane(canvas, patch->plane))
        return;
    size_t sample = dir->planar ? 0 : (size_t)(dir->extra_alpha_band - 1);
    for (int64_t row = 0; row < patch->height; row++)
        dtake__row_mask_nonzero(mask_at(canvas, 0, patch->col, patch->row + row),
                                from + (size_t)row * line + sample * bytes, patch->width, samples, bytes);
}

static void copy_mask(const dtake__canvas *canvas, const overlap *patch, const uint8_t *tile)
{
    const dtake__tiff_dir *dir = canvas->mask_dir;
    size_t pixel = (size_t)dtake__tile_samples(dir) * dtake_type_bytes(dir->type),
           line = (size_t)dir->tile_width * pixel;
    const uint8_t *from = tile + (size_t)patch->skip_rows * line + (size_t)patch->skip_cols * pixel;
    for (int64_t row = 0; row < patch->height; row++)
        dtake__row_mask_nonzero(mask_at(canvas, 0, patch->col, patch->row + row), from + (size_t)row * line,
                                patch->width, dtake__tile_samples(dir), dtake_type_bytes(dir->type));
}

/* A tile of one band that fills whole lines of the window is decoded where it belongs, without a copy. */
static uint8_t *in_place(const dtake__canvas *canvas, const dtake__tiff_dir *dir, const overlap *patch,
                         int64_t index)
{
    if (dir != canvas->dir || dtake__tile_samples(dir) != 1 || canvas->pixels.bands != 1 || dir->planar ||
        canvas->mask_source == DTAKE__MASK_ALPHA)
        return NULL;
    bool whole_lines =
        patch->col == 0 && patch->width == dir->tile_width && patch->width == canvas->pixels.width;
    bool all_rows = patch->skip_rows == 0 && patch->height == dtake__tile_rows(dir, index);
    return whole_lines && all_rows ? data_at(canvas, 0, 0, patch->row) : NULL;
}

dtake_status dtake__canvas_tile(const dtake__canvas *canvas, const dtake__planned_tile *tile,
                                const uint8_t *bytes, size_t len, dtake_error *err)
{
    const dtake__tiff_dir *dir = tile->mask ? canvas->mask_dir : canvas->dir;
    overlap patch = overlap_of(dir, canvas->window, tile->index);
    scratch *s = this_thread();
    if (s == NULL)
        return dtake__fail_nomem(err, "decode a tile");
    uint8_t *place = in_place(canvas, dir, &patch, tile->index), *out = place;
    if (out == NULL)
        out = scratch_bytes(s, dtake__tile_decoded_bytes(dir, tile->index));
    if (out == NULL)
        return dtake__fail_nomem(err, "decode a tile");
    dtake_status st = dtake__tile_decode(s->decoder, dir, tile->index, bytes, len, out, err);
    if (st != DTAKE_OK)
        return st;
    if (tile->mask)
        copy_mask(canvas, &patch, out);
    else if (place == NULL)
        copy_image(canvas, &patch, out);
    else if (canvas->mask_source == DTAKE__MASK_NODATA)
        mask_rows_by_nodata(canvas, &patch, 0);
    return DTAKE_OK;
}

static void clear_mask(const dtake__canvas *canvas, int32_t band, int64_t col, int64_t row, int64_t width,
                       int64_t height)
{
    for (int64_t y = 0; y < height; y++)
        memset(mask_at(canvas, band, col, row + y), 0, (size_t)width);
}

static void fill_data(const dtake__canvas *canvas, int32_t band, int64_t col, int64_t row, int64_t width,
                      int64_t height)
{
    for (int64_t y = 0; y < height; y++)
        dtake__row_fill(data_at(canvas, band, col, row + y), width, canvas->pixels.type, canvas->fill);
}

void dtake__canvas_sparse(const dtake__canvas *canvas, const dtake__planned_tile *tile)
{
    const dtake__tiff_dir *dir = tile->mask ? canvas->mask_dir : canvas->dir;
    overlap p = overlap_of(dir, canvas->window, tile->index);
    if (tile->mask) {
        clear_mask(canvas, 0, p.col, p.row, p.width, p.height);
        return;
    }
    for (int32_t band = 0; band < canvas->pixels.bands; band++) {
        if (!in_plane(canvas, p.plane, band))
            continue;
        fill_data(canvas, band, p.col, p.row, p.width, p.height);
        if (canvas->mask_source == DTAKE__MASK_NODATA)
            clear_mask(canvas, band, p.col, p.row, p.width, p.height);
    }
    if (alpha_in_plane(canvas, p.plane))
        clear_mask(canvas, 0, p.col, p.row, p.width, p.height);
}

bool dtake__canvas_has_outside(const dtake__tiff_dir *dir, dtake_window window)
{
    return window.col < 0 || window.row < 0 || window.col + window.width > dir->width ||
           window.row + window.height > dir->height;
}

/* Up to four rectangles around the inside: above and below over the whole width, left and right between them.
 */
static void around(const dtake__canvas *canvas, int32_t band,
                   void (*act)(const dtake__canvas *, int32_t, int64_t, int64_t, int64_t, int64_t))
{
    dtake_window w = canvas->window;
    int64_t left = smaller(larger(-w.col, 0), w.width), top = smaller(larger(-w.row, 0), w.height);
    int64_t right = larger(smaller(canvas->dir->width - w.col, w.width), left);
    int64_t bottom = larger(smaller(canvas->dir->height - w.row, w.height), top);
    act(canvas, band, 0, 0, w.width, top);
    act(canvas, band, 0, bottom, w.width, w.height - bottom);
    act(canvas, band, 0, top, left, bottom - top);
    act(canvas, band, right, top, w.width - right, bottom - top);
}

void dtake__canvas_outside(const dtake__canvas *canvas)
{
    if (canvas->pixels.mask != NULL && canvas->mask_source == DTAKE__MASK_NONE)
        memset(canvas->pixels.mask, 255,
               (size_t)(canvas->window.width * canvas->window.height * canvas->pixels.mask_bands));
    for (int32_t band = 0; band < canvas->pixels.bands; band++)
        around(canvas, band, fill_data);
    for (int32_t band = 0; band < canvas->pixels.mask_bands; band++)
        around(canvas, band, clear_mask);
}

bool dtake__nodata_fits(dtake_type type, double nodata)
{
    static const struct {
        double low, high;
    } range[] = {
        [DTAKE_U8] = { 0, UINT8_MAX },   [DTAKE_I8] = { INT8_MIN, INT8_MAX },
        [DTAKE_U16] = { 0, UINT16_MAX }, [DTAKE_I16] = { INT16_MIN, INT16_MAX },
        [DTAKE_U32] = { 0, UINT32_MAX }, [DTAKE_I32] = { INT32_MIN, INT32_MAX },
    };
    if (type == DTAKE_F64)
        return true;
    if (type == DTAKE_F32) /* beyond the type's range the cast would be undefined */
        return !isfinite(nodata) || fabs(nodata) <= (double)3.402823466e+38F;
    return nodata >= range[type].low && nodata <= range[type].high && nodata == floor(nodata);
}
