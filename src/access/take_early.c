/* Rows of tiles that are complete are compressed while the blocks below them are still fetched: what is left
 * at the end is little, and their pixels give their memory back. */
#include "access/take.h"

#include "core/alloc.h"
#include "core/error.h"
#include "output/early.h"

typedef struct tile_work {
    dtake__work work;
    dtake__take *take;
    int64_t tile;
    dtake_pixels pixels; /* borrowed from the frame */
    dtake_status status;
    dtake_error err;
} tile_work;

/* Nobody else wants the samples, and what a tile holds does not depend on pixels that are still to come: in
 * a picture of red, green and blue masks would be alpha. */
static bool is_wanted(const dtake__take *take)
{
    const dtake_get_options *o = &take->options;
    return take->blocks.count > 1 && o->format == DTAKE_GEOTIFF && take->job->sheet == NULL &&
           o->quicklook_px == 0 && !take->drawn_only && !take->job->keeps_pictures;
}

static void rows_of(const dtake__take *take, dtake_window window, int64_t *first, int64_t *end)
{
    int64_t side = dtake__early_tile_side(take->grid.width, take->grid.height);
    *first = window.row / side;
    *end = (window.row + window.height + side - 1) / side;
}

/* How many blocks lie in each row of tiles. */
dtake_status dtake__take_early_plan(dtake__take *take, dtake_error *err)
{
    dtake__early_rows *rows = &take->blocks.early;
    const dtake_window all = { 0, 0, take->grid.width, take->grid.height };
    int64_t first, end;
    if (!is_wanted(take))
        return DTAKE_OK;
    rows_of(take, all, &first, &end);
    rows->left = dtake__calloc((size_t)end, sizeof *rows->left);
    if (rows->left == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < take->blocks.count; i++) {
        rows_of(take, dtake__cut_block(&take->blocks.cut, i / take->blocks.groups), &first, &end);
        for (int64_t row = first; row < end; row++)
            rows->left[row]++;
    }
    return DTAKE_OK;
}

static void tile_run(dtake__work *work)
{
    tile_work *t = DTAKE__CONTAINER(work, tile_work, work);
    t->status = dtake__early_encode(t->take->blocks.early.tiles, &t->pixels, t->tile, &t->err);
}

static void tile_done(dtake__work *work)
{
    tile_work *t = DTAKE__CONTAINER(work, tile_work, work);
    dtake__take *take = t->take;
    if (t->status != DTAKE_OK)
        dtake__take_note_item(take, t->status, &t->err);
    dtake__free(t);
    take->blocks.early.under_way--;
    dtake__blocks_go_on(take);
}

static dtake_status start_tile(dtake__take *take, const dtake_pixels *pixels, int64_t tile)
{
    tile_work *t = dtake__calloc(1, sizeof *t);
    if (t == NULL)
        return DTAKE_E_NOMEM;
    *t = (tile_work){ .work = { .run = tile_run, .done = tile_done, .order = take->image->place },
                      .take = take,
                      .tile = tile,
                      .pixels = *pixels };
    take->blocks.early.under_way++;
    dtake__workers_run(take->job->runtime, &t->work);
    return DTAKE_OK;
}

static dtake_status start_row(dtake__take *take, int64_t row)
{
    dtake__early_rows *rows = &take->blocks.early;
    const dtake_pixels pixels = dtake__frame_view(&take->blocks.frame);
    double nodata = 0;
    bool has_nodata = dtake__take_nodata(take, &nodata);
    if (rows->left != NULL && pixels.bands == 3 && pixels.type == DTAKE_U8) {
        dtake__free(rows->left);
        rows->left = NULL;
        return DTAKE_OK;
    }
    if (rows->tiles == NULL && (rows->tiles = dtake__early_new(&pixels, has_nodata, nodata)) == NULL)
        return DTAKE_E_NOMEM;
    int64_t across = dtake__early_across(rows->tiles);
    dtake_status st = DTAKE_OK;
    for (int64_t i = 0; i < across && st == DTAKE_OK; i++)
        st = start_tile(take, &pixels, row * across + i);
    return st;
}

void dtake__take_early_put(dtake__take *take, dtake_window window)
{
    dtake__early_rows *rows = &take->blocks.early;
    int64_t first, end;
    dtake_error err = { 0 };
    dtake_status st = DTAKE_OK;
    rows_of(take, window, &first, &end);
    for (int64_t row = first; row < end && rows->left != NULL && st == DTAKE_OK; row++)
        if (--rows->left[row] == 0)
            st = start_row(take, row);
    if (st != DTAKE_OK)
        dtake__take_note_item(take, dtake__fail_nomem(&err, "a tile"), &err);
}

void dtake__take_early_dispose(dtake__early_rows *rows)
{
    dtake__early_free(rows->tiles);
    dtake__free(rows->left);
    *rows = (dtake__early_rows){ 0 };
}
