/* Pixels of files onto the grids where a program wants them, and of the program onto the output's. */
#include "access/evaluating.h"
#include "access/render.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "raster/eval_run.h"
#include "raster/kernels.h"

#include <string.h>

enum { BLOCK_BYTES = 192 << 20, MAX_SECONDS = 300 /* as the service */ };

/* --- sources --- */

typedef struct placed {
    dtake__layer layer;
    dtake__part part;
    int32_t band;
    dtake_window window; /* as it was asked for */
} placed;

/* A file that was not open yet, because only a value that is made of pixels needs it. */
static dtake_status open_late(dtake__evaluation *e, const dtake__ee_source *source, dtake_error *err)
{
    dtake__ee_source *late = (dtake__ee_source *)(uintptr_t)source;
    if (source->file != NULL)
        return DTAKE_OK;
    dtake_status st = dtake__evaluation_open_files(e, &late, 1, true, err);
    if (st == DTAKE_OK && e->wrong)
        st = dtake__fail(err, DTAKE_E_CHANGED, "%.150s: band %.60s is not as its item says",
                         source->image->id, source->band->id);
    return st;
}

static dtake_status place(dtake__evaluation *e, placed *p, const dtake__program_source *want,
                          dtake_window window, dtake__ee_read *read, dtake_error *err)
{
    const dtake__ee_source *source = want->node->data;
    dtake_window in_layer;
    dtake_status st = open_late(e, source, err);
    if (st != DTAKE_OK)
        return st;
    p->band = source->band->band;
    p->window = window;
    p->layer = (dtake__layer){
        .href = source->band->href, .raster = source->file->raster, .band = &p->band, .band_count = 1
    };
    st = dtake__layer_place(&p->layer, want->grid, window, &in_layer, err);
    if (st != DTAKE_OK)
        return st;
    p->part = dtake__part_of(&p->layer, in_layer);
    *read = (dtake__ee_read){ .raster = p->layer.raster,
                              .read = { .window = p->part.source,
                                        .bands = &p->band,
                                        .band_count = 1,
                                        .overview = p->layer.overview,
                                        .want_mask = true } };
    return DTAKE_OK;
}

static dtake_status onto_plane(placed *p, dtake_pixels *pixels, dtake__px_plane *out, dtake_error *err)
{
    p->part.pixels = dtake_pixels_take(pixels);
    dtake_status st = dtake__part_onto_grid(&p->layer, &p->part, err);
    dtake_pixels *made = &p->part.pixels;
    if (st == DTAKE_OK) {
        *out = (dtake__px_plane){ p->window, made->type, made->data, made->mask, made->data, made->mask };
        made->data = NULL;
        made->mask = NULL;
    }
    dtake_pixels_dispose(made);
    return st;
}

/* The layer borrows its raster and its band. */
static void leave(placed *p)
{
    p->layer.raster = NULL;
    p->layer.band = NULL;
    dtake__layer_dispose(&p->layer);
}

/* All windows at once; those of width 0 are not wanted. */
static dtake_status read_sources(dtake__evaluation *e, const dtake__program_source *want,
                                 const dtake_window *window, size_t count, dtake__px_plane *out,
                                 dtake_error *err)
{
    placed *p = dtake__calloc(count + 1, sizeof *p);
    dtake__ee_read *read = dtake__calloc(count + 1, sizeof *read);
    size_t *of = dtake__calloc(count + 1, sizeof *of), reads = 0;
    dtake_status st =
        p != NULL && read != NULL && of != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a block of pixels");
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        if (window[i].width == 0)
            continue;
        st = place(e, &p[i], &want[i], window[i], &read[reads], err);
        if (st == DTAKE_OK && p[i].part.source.width > 0)
            of[reads++] = i;
    }
    if (st == DTAKE_OK && reads > 0)
        st = dtake__ee_read_all(read, reads, e->patience, err);
    if (st == DTAKE_E_CHANGED) /* whoever asks again opens them anew */
        for (size_t i = 0; i < e->held_count; i++)
            dtake__ee_files_drop(e->evaluator->files, e->held[i]);
    for (size_t i = 0, k = 0; i < count && st == DTAKE_OK; i++) {
        dtake_pixels none = { 0 };
        bool was_read = k < reads && of[k] == i;
        if (window[i].width > 0)
            st = onto_plane(&p[i], was_read ? &read[k].pixels : &none, &out[i], err);
        k += was_read;
    }
    for (size_t i = 0; read != NULL && i < reads; i++)
        dtake_pixels_dispose(&read[i].pixels);
    for (size_t i = 0; p != NULL && i < count; i++)
        leave(&p[i]);
    dtake__free(p);
    dtake__free(read);
    dtake__free(of);
    return st;
}

dtake_status dtake__evaluation_read(void *ctx, const dtake__program_source *source, dtake_window window,
                                    dtake__px_plane *out, dtake_error *err)
{
    return read_sources(ctx, source, &window, 1, out, err);
}

/* --- the output --- */

typedef struct drawing {
    dtake__evaluation *e;
    dtake__program *program;
    dtake__program_source *source;
    size_t sources;
    dtake_pixels *out;
    bool masked;
    int64_t until_ms;
} drawing;

static dtake_status go_on(void *ctx, dtake_error *err)
{
    const drawing *d = ctx;
    if (d->e->patience != NULL && d->e->patience->over(d->e->patience->ctx))
        return dtake__fail(err, DTAKE_E_CANCELLED, "nobody waits for the pixels any more");
    return dtake__now_ms() < d->until_ms
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_LIMIT, "Computation timed out after %d seconds.", MAX_SECONDS);
}

static dtake_status run_block(drawing *d, dtake_window block, const dtake_window *window, dtake_error *err)
{
    dtake__px_plane *plane = dtake__calloc(d->sources + 1, sizeof *plane);
    if (plane == NULL)
        return dtake__fail_nomem(err, "a block of pixels");
    dtake_status st = read_sources(d->e, d->source, window, d->sources, plane, err);
    const dtake__rows rows = {
        .program = d->program, .block = block, .source = plane, .out = d->out, .go_on = go_on, .ctx = d
    };
    if (st == DTAKE_OK)
        st = dtake__rows_run(&rows, &d->masked, err);
    for (size_t i = 0; i < d->sources; i++)
        dtake__px_plane_dispose(&plane[i]);
    dtake__free(plane);
    return st;
}

/* Bytes that a block's sources hold, as far as it is known without opening anything. */
static double bytes_of(const drawing *d, const dtake_window *window)
{
    double bytes = 0;
    for (size_t i = 0; i < d->sources; i++) {
        const dtake__ee_source *source = d->source[i].node->data;
        bytes += (double)window[i].width * (double)window[i].height *
                 (2 * (double)dtake_type_bytes(source->type) + 2);
    }
    return bytes;
}

/* In halves until what one needs is little enough. */
static dtake_status draw(drawing *d, dtake_window block, dtake_error *err)
{
    dtake_window *window = dtake__calloc(d->sources + 1, sizeof *window);
    dtake_status st = window != NULL ? dtake__program_windows(d->program, block, window) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK) {
        dtake__free(window);
        return dtake__fail_nomem(err, "a block of pixels");
    }
    bool fits = bytes_of(d, window) <= BLOCK_BYTES;
    if (fits)
        st = run_block(d, block, window, err);
    dtake__free(window);
    if (fits)
        return st;
    if (block.width == 1 && block.height == 1)
        return dtake__fail(err, DTAKE_E_LIMIT, "User memory limit exceeded.");
    dtake_window a = block, b = block;
    if (block.height > 1) {
        a.height = block.height / 2;
        b.row += a.height;
        b.height -= a.height;
    } else {
        a.width = block.width / 2;
        b.col += a.width;
        b.width -= a.width;
    }
    st = draw(d, a, err);
    return st == DTAKE_OK ? draw(d, b, err) : st;
}

static dtake_status list_sources(drawing *d, dtake_error *err)
{
    d->sources = dtake__program_sources(d->program);
    d->source = dtake__calloc(d->sources + 1, sizeof *d->source);
    if (d->source == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < d->sources; i++)
        d->source[i] = dtake__program_source_at(d->program, i);
    return DTAKE_OK;
}

dtake_status dtake__evaluation_pixels(dtake__evaluation *e, const dtake__image_value *image,
                                      const dtake__raster_grid *grid, dtake_pixels *out, dtake_error *err)
{
    drawing d = { .e = e, .out = out, .until_ms = dtake__now_ms() + MAX_SECONDS * INT64_C(1000) };
    int32_t bands = (int32_t)image->count;
    *out = (dtake_pixels){ 0 };
    dtake__px *root = dtake__calloc(image->count + 1, sizeof *root);
    if (root == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < image->count; i++)
        root[i] = image->band[i].px;
    dtake_status st =
        dtake__program_new(&d.program, dtake__eval_expressions(e->eval), root, image->count, grid, err);
    if (st == DTAKE_OK)
        st = list_sources(&d, err);
    if (st == DTAKE_OK)
        st = dtake__pixels_init(out, grid->width, grid->height, bands, dtake__evaluation_type(e, image),
                                bands, err);
    if (st == DTAKE_OK)
        st = draw(&d, (dtake_window){ 0, 0, grid->width, grid->height }, err);
    if (st == DTAKE_OK && !d.masked) {
        dtake__free(out->mask);
        out->mask = NULL;
        out->mask_bands = 0;
    }
    if (st != DTAKE_OK)
        dtake_pixels_dispose(out);
    dtake__program_free(d.program);
    dtake__free(d.source);
    dtake__free(root);
    return st;
}
