#include "access/take_region.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "geo/window.h"
#include "raster/samples.h"

#include <string.h>

enum { HELD_PX = 1 << 22 }; /* read at once: a region is asked for in strips, tiles are higher than these */

/* A band on a grid, and the pixels of it that were read last. */
typedef struct strip {
    size_t band;
    char *crs;
    dtake__raster_grid grid;
    dtake__layer layer;
    dtake__part part;
} strip;

struct dtake__region_reader {
    dtake__take *take;
    strip **strip;
    size_t count;
};

dtake__region_reader *dtake__region_reader_new(dtake__take *take)
{
    dtake__region_reader *r = dtake__calloc(1, sizeof *r);
    if (r != NULL)
        r->take = take;
    return r;
}

static void free_strip(strip *s)
{
    s->layer.raster = NULL; /* the take's */
    dtake__layer_dispose(&s->layer);
    dtake_pixels_dispose(&s->part.pixels);
    dtake__free(s->crs);
    dtake__free(s);
}

void dtake__region_reader_free(dtake__region_reader *r)
{
    for (size_t i = 0; r != NULL && i < r->count; i++)
        free_strip(r->strip[i]);
    if (r != NULL)
        dtake__free(r->strip);
    dtake__free(r);
}

static dtake_status new_strip(dtake__region_reader *r, size_t band, const dtake__raster_grid *grid,
                              strip **out, dtake_error *err)
{
    dtake__place place = r->take->place[band];
    const dtake__layer *file = &r->take->layer[place.layer];
    strip **grown = dtake__realloc_array(r->strip, r->count + 1, sizeof(*grown));
    r->strip = grown != NULL ? grown : r->strip;
    strip *s = grown != NULL ? dtake__calloc(1, sizeof *s) : NULL;
    if (s == NULL)
        return dtake__fail_nomem(err, "a region");
    r->strip[r->count++] = *out = s;
    s->band = band;
    s->crs = dtake__strdup(grid->crs);
    s->layer = (dtake__layer){ .href = file->href, .raster = file->raster };
    s->layer.band = dtake__calloc(1, sizeof *s->layer.band);
    if (s->crs == NULL || s->layer.band == NULL)
        return dtake__fail_nomem(err, "a region");
    s->grid = *grid;
    s->grid.crs = s->crs;
    s->layer.band[s->layer.band_count++] = file->band[place.band];
    return dtake__layer_plan_on(&s->layer, &s->grid, err);
}

static dtake_status find_strip(dtake__region_reader *r, size_t band, const dtake__raster_grid *grid,
                               strip **out, dtake_error *err)
{
    for (size_t i = 0; i < r->count; i++) {
        const dtake__raster_grid *have = &r->strip[i]->grid;
        *out = r->strip[i];
        if (r->strip[i]->band == band && strcmp(have->crs, grid->crs) == 0 && have->width == grid->width &&
            have->height == grid->height &&
            memcmp(&have->transform, &grid->transform, sizeof have->transform) == 0)
            return DTAKE_OK;
    }
    return new_strip(r, band, grid, out, err);
}

/* --- reading --- */

typedef struct answer {
    dtake__latch *latch;
    dtake_pixels *pixels;
    dtake_status status;
    dtake_error err;
} answer;

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    answer *a = ctx;
    a->status = status;
    if (status == DTAKE_OK)
        *a->pixels = dtake_pixels_take(pixels);
    else
        dtake__error_copy(&a->err, err);
    dtake__latch_open(a->latch);
}

static dtake_status read_source(dtake__take *take, strip *s, dtake_error *err)
{
    dtake__raster_job job = dtake__take_raster_job(take);
    dtake_read read = dtake__take_read(&s->layer, s->part.source);
    answer a = { dtake__latch_new(), &s->part.pixels, DTAKE_OK, { 0 } };
    if (a.latch == NULL)
        return dtake__fail_nomem(err, "a region");
    job.in_budget = false; /* the take has none yet */
    dtake_status st = atomic_load(&take->job->cancelled)
                          ? dtake__fail(err, DTAKE_E_CANCELLED, "cancelled")
                          : dtake__raster_read_start(s->layer.raster, &read, &job, NULL, err, on_pixels, &a);
    if (st == DTAKE_OK) {
        dtake__latch_wait(a.latch, -1);
        st = a.status;
        dtake__error_copy(err, &a.err);
    }
    dtake__latch_free(a.latch);
    return st;
}

/* As wide as the grid and as high as fits, from the window's top. */
static dtake_window strip_for(const dtake__raster_grid *grid, dtake_window w)
{
    int64_t rows = grid->width <= HELD_PX ? HELD_PX / grid->width : 0;
    if (rows < w.height)
        return w;
    const dtake_window wide = { 0, w.row, grid->width, rows }, all = { 0, 0, grid->width, grid->height };
    return dtake__window_meet(wide, all);
}

static dtake_status fill(dtake__take *take, strip *s, dtake_window window, dtake_error *err)
{
    dtake_pixels_dispose(&s->part.pixels);
    s->part = dtake__part_of(&s->layer, strip_for(&s->grid, window));
    dtake_status st = s->part.source.width > 0 ? read_source(take, s, err) : DTAKE_OK;
    return st == DTAKE_OK ? dtake__part_onto_grid(&s->layer, &s->part, err) : st;
}

static dtake_status copy_out(const strip *s, dtake_window window, dtake__px_plane *out, dtake_error *err)
{
    const dtake_pixels *p = &s->part.pixels;
    size_t bytes = dtake_type_bytes(p->type);
    dtake_status st = dtake__px_plane_init(out, window, p->type, true, p->mask != NULL, err);
    for (int64_t row = 0; row < window.height && st == DTAKE_OK; row++) {
        size_t from = (size_t)((window.row + row - s->part.window.row) * s->part.window.width + window.col -
                               s->part.window.col);
        size_t to = (size_t)(row * window.width), count = (size_t)window.width;
        memcpy((char *)out->owned_data + to * bytes, (const char *)p->data + from * bytes, count * bytes);
        if (p->mask != NULL)
            memcpy((uint8_t *)out->owned_mask + to, p->mask + from, count);
    }
    return st;
}

static dtake_status read_band(void *ctx, size_t band, const dtake__raster_grid *grid, dtake_window window,
                              dtake__px_plane *out, dtake_error *err)
{
    dtake__region_reader *r = ctx;
    const dtake_window all = { 0, 0, grid->width, grid->height };
    strip *s = NULL;
    *out = (dtake__px_plane){ .type = DTAKE_U8 };
    window = dtake__window_meet(window, all);
    if (window.width == 0) /* what is not held is masked */
        return DTAKE_OK;
    dtake_status st = find_strip(r, band, grid, &s, err);
    if (st == DTAKE_OK && !dtake__window_holds(s->part.window, window))
        st = fill(r->take, s, window, err);
    return st == DTAKE_OK ? copy_out(s, window, out, err) : st;
}

dtake__shade_reader dtake__region_reader_of(dtake__region_reader *reader)
{
    return (dtake__shade_reader){ read_band, reader };
}
