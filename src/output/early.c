#include "output/early.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/pyramid.h"
#include "raster/kernels.h"
#include "raster/samples.h"

#include <stdatomic.h>

struct dtake__early {
    int64_t width, height, across, down;
    bool has_nodata;
    double nodata;
    dtake__tiff_spec spec;
    dtake_buf *tile;
    atomic_int *row_left; /* tiles of each row of tiles that are not encoded */
};

int32_t dtake__early_tile_side(int64_t width, int64_t height)
{
    return dtake__pyramid_side(width, height);
}

dtake__early *dtake__early_new(const dtake_pixels *like, bool has_nodata, double nodata)
{
    dtake__early *early = dtake__calloc(1, sizeof *early);
    if (early == NULL)
        return NULL;
    int32_t side = dtake__pyramid_side(like->width, like->height);
    *early =
        (dtake__early){ .width = like->width,
                        .height = like->height,
                        .across = (like->width + side - 1) / side,
                        .down = (like->height + side - 1) / side,
                        .has_nodata = has_nodata && dtake__type_with_value(like->type, nodata) == like->type,
                        .nodata = nodata,
                        .spec = dtake__tile_spec(like->type, like->bands, side, false) };
    early->tile = dtake__calloc((size_t)(early->across * early->down), sizeof *early->tile);
    early->row_left = dtake__calloc((size_t)early->down, sizeof *early->row_left);
    if (early->tile == NULL || early->row_left == NULL) {
        dtake__early_free(early);
        return NULL;
    }
    for (int64_t row = 0; row < early->down; row++)
        atomic_init(&early->row_left[row], (int)early->across);
    return early;
}

void dtake__early_free(dtake__early *early)
{
    if (early == NULL)
        return;
    for (int64_t i = 0; early->tile != NULL && i < early->across * early->down; i++)
        dtake__buf_dispose(&early->tile[i]);
    dtake__free(early->tile);
    dtake__free(early->row_left);
    dtake__free(early);
}

int64_t dtake__early_across(const dtake__early *early)
{
    return early->across;
}

/* What dtake__pyramid_init does to the whole image, in this tile's part of it. */
static void burn_nodata(const dtake__early *early, const dtake_pixels *pixels, int64_t tile)
{
    int64_t side = early->spec.tile_side, col = tile % early->across * side,
            row = tile / early->across * side;
    int64_t cols = early->width - col < side ? early->width - col : side,
            end = early->height - row < side ? early->height : row + side;
    size_t bytes = dtake_type_bytes(pixels->type);
    for (int32_t band = 0; band < pixels->bands; band++)
        for (int64_t r = row; r < end; r++) {
            size_t at = (size_t)(r * early->width + col);
            dtake__samples_fill_masked(pixels->type, (uint8_t *)dtake__band_data(pixels, band) + at * bytes,
                                       dtake__band_mask(pixels, band) + at, (size_t)cols, early->nodata);
        }
}

dtake_status dtake__early_encode(dtake__early *early, const dtake_pixels *pixels, int64_t tile,
                                 dtake_error *err)
{
    const dtake__tiff_spec *spec = &early->spec;
    const dtake__pyramid whole = {
        .levels = 1, .level = { *pixels }, .tile_side = spec->tile_side, .bands = spec->bands
    };
    size_t raw = (size_t)spec->tile_side * (size_t)spec->tile_side * (size_t)spec->bands *
                 dtake_type_bytes(spec->type);
    dtake__encoder *encoder = dtake__encoder_of_thread(DTAKE__DEFLATE_LEVEL);
    void *samples = encoder != NULL ? dtake__alloc(raw) : NULL;
    if (samples == NULL)
        return dtake__fail_nomem(err, "a tile");
    if (early->has_nodata && pixels->mask != NULL)
        burn_nodata(early, pixels, tile);
    dtake__pyramid_tile(&whole, 0, tile, samples);
    if (atomic_fetch_sub(&early->row_left[tile / early->across], 1) == 1)
        dtake__pyramid_forget(&whole, 0, false, tile / early->across);
    dtake_buf *out = &early->tile[tile];
    *out = DTAKE_BUF_INIT(2 * raw + 65536);
    dtake_status st = dtake__tile_encode(encoder, spec, samples, false, out, err);
    dtake__free(samples);
    if (st == DTAKE_OK)
        dtake__buf_shrink(out);
    return st;
}

bool dtake__early_is(const dtake__early *early, const dtake__tiff_spec *spec, const dtake_pixels *like)
{
    const dtake__tiff_spec *own = &early->spec;
    return early->width == like->width && early->height == like->height &&
           own->tile_side == spec->tile_side && own->bands == spec->bands && own->type == spec->type &&
           own->compression == spec->compression && own->predictor == spec->predictor &&
           own->cog == spec->cog;
}

dtake_buf dtake__early_take(dtake__early *early, int64_t tile)
{
    dtake_buf out = DTAKE_BUF_INIT(0);
    dtake__buf_move(&out, &early->tile[tile]);
    return out;
}
