/* Numbers of all pixels of a region: the one function whose value is made of pixels. */
#include "raster/eval_function.h"
#include "raster/eval_run.h"
#include "raster/eval_projection.h"
#include "raster/eval_shape.h"
#include "raster/eval_share.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

enum {
    BLOCK_PX = 1 << 16,
    FINE = 8,                /* a pixel's share of the region is that of its 8 x 8 parts */
    MAX_KEPT = 20000000,     /* samples that percentiles and mode hold at once */
    MAX_REGION_PX = 1 << 30, /* whatever maxPixels says */
};

typedef struct region {
    dtake__raster_grid grid; /* from the region's corner, as large as it */
    dtake__outline outline;
    bool whole; /* all of the grid is the region */
    dtake__program *program;
    size_t bands;
    dtake__shares *shares; /* one a band */
    uint8_t *inside, *parts;
    double *value;
    uint8_t *mask;
} region;

/* --- the grid --- */

static bool pixel_bounds(const dtake__outline *outline, const dtake_affine *transform, double out[4])
{
    dtake_affine inverse;
    out[0] = out[1] = HUGE_VAL;
    out[2] = out[3] = -HUGE_VAL;
    if (!dtake__affine_invert(transform, &inverse))
        return false;
    for (size_t i = 0; i < outline->points; i++) {
        double col, row;
        dtake__affine_apply(&inverse, outline->xy[2 * i], outline->xy[2 * i + 1], &col, &row);
        if (!isfinite(col) || !isfinite(row))
            continue;
        out[0] = fmin(out[0], col);
        out[1] = fmin(out[1], row);
        out[2] = fmax(out[2], col);
        out[3] = fmax(out[3], row);
    }
    return out[0] <= out[2];
}

static dtake_status fit_grid(dtake__call *call, region *r, const dtake__raster_grid *want, dtake_error *err)
{
    double at[4], most = fmin(call->arg[7].number, MAX_REGION_PX);
    r->grid = *want;
    for (;; r->grid.transform = dtake__affine_scale(&r->grid.transform, 2, 2)) {
        if (!pixel_bounds(&r->outline, &r->grid.transform, at))
            return dtake__fail(err, DTAKE_E_EMPTY, "the region has no pixels on the grid");
        double cols = ceil(at[2]) - floor(at[0]), rows = ceil(at[3]) - floor(at[1]);
        if (cols * rows <= most)
            break;
        if (!call->arg[6].boolean)
            return dtake__fail(err, DTAKE_E_LIMIT,
                               "the region has %.0f pixels, maxPixels is %.0f: set a larger scale, or "
                               "maxPixels, or bestEffort",
                               cols * rows, most);
    }
    r->grid.transform = dtake__affine_shift(&r->grid.transform, floor(at[0]), floor(at[1]));
    r->grid.width = (int64_t)fmax(ceil(at[2]) - floor(at[0]), 1);
    r->grid.height = (int64_t)fmax(ceil(at[3]) - floor(at[1]), 1);
    return DTAKE_OK;
}

/* The image's own corners, when no region is given. */
static dtake_status outline_of_grid(const dtake__raster_grid *grid, dtake__outline *out, dtake_error *err)
{
    out->xy = dtake__calloc(4, 2 * sizeof *out->xy);
    out->ring_end = dtake__calloc(1, sizeof *out->ring_end);
    if (out->xy == NULL || out->ring_end == NULL)
        return dtake__fail_nomem(err, "a region");
    for (int i = 0; i < 4; i++)
        dtake__affine_apply(&grid->transform, i == 1 || i == 2 ? (double)grid->width : 0,
                            i >= 2 ? (double)grid->height : 0, &out->xy[2 * i], &out->xy[2 * i + 1]);
    out->points = out->ring_end[0] = 4;
    out->rings = 1;
    return DTAKE_OK;
}

static dtake_status find_grid(dtake__call *call, region *r, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    const dtake__raster_grid *own = image->band[0].grid, *want = NULL;
    const dtake__raster_grid *base = call->arg[4].null ? own : call->arg[4].grid;
    if (base == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "an image without a projection needs crs and scale");
    /* scale comes before crs and crsTransform; dtake__call_grid wants it behind. */
    dtake__value scale = call->arg[3], kept = call->arg[6];
    call->arg[6] = scale;
    dtake_status st = dtake__call_grid(call, base, 5, &want, err);
    call->arg[6] = kept;
    if (st != DTAKE_OK)
        return st;
    if (!call->arg[2].null)
        st = dtake__figure_outline(call->arg[2].shape, want, &r->outline, err);
    else if (own != NULL && own->width > 0 && strcmp(own->crs, want->crs) == 0)
        st = outline_of_grid(own, &r->outline, err);
    else
        st = dtake__fail(err, DTAKE_E_USAGE, "geometry: the image has no end, a region is needed");
    return st == DTAKE_OK ? fit_grid(call, r, want, err) : st;
}

/* --- the pixels --- */

static dtake_status find_shares(region *r, dtake_window w, dtake_error *err)
{
    dtake_affine fine = dtake__affine_scale(&r->grid.transform, 1.0 / FINE, 1.0 / FINE);
    const dtake_window parts = { w.col * FINE, w.row * FINE, w.width * FINE, w.height * FINE };
    memset(r->inside, 255, (size_t)(w.width * w.height));
    memset(r->parts, 255, (size_t)(parts.width * parts.height));
    dtake_status st = dtake__outline_mask(&r->outline, &r->grid.transform, w, r->inside);
    if (st == DTAKE_OK)
        st = dtake__outline_mask(&r->outline, &fine, parts, r->parts);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a region");
}

static double share_at(const region *r, dtake_window w, int64_t index)
{
    int64_t col = index % w.width, row = index / w.width, covered = 0;
    const uint8_t *part = r->parts + (row * FINE * w.width + col) * FINE;
    for (int64_t y = 0; y < FINE; y++)
        for (int64_t x = 0; x < FINE; x++)
            covered += part[y * w.width * FINE + x] != 0;
    return (double)covered / (FINE * FINE);
}

static dtake_status add_block(region *r, dtake_window w, dtake_error *err)
{
    int64_t count = w.width * w.height;
    for (int64_t i = 0; i < count; i++) {
        double weight = share_at(r, w, i);
        for (size_t b = 0; b < r->bands && weight > 0; b++) {
            size_t at = b * BLOCK_PX + (size_t)i;
            if (r->mask[at] == 0)
                continue;
            dtake__share share = { r->value[at], weight * r->mask[at] / 255, r->inside[i] != 0 };
            if (r->shares[b].kept == MAX_KEPT)
                return dtake__fail(err, DTAKE_E_LIMIT, "more than %d pixels to be put in order", MAX_KEPT);
            if (!dtake__shares_add(&r->shares[b], share))
                return dtake__fail_nomem(err, "a region");
        }
    }
    return DTAKE_OK;
}

static dtake_status run_block(dtake__eval *eval, region *r, dtake_window w, dtake_error *err)
{
    dtake__kernel_out *out = dtake__calloc(r->bands, sizeof *out);
    if (out == NULL)
        return dtake__fail_nomem(err, "a region");
    for (size_t b = 0; b < r->bands; b++)
        out[b] = (dtake__kernel_out){ DTAKE_F64, r->value + b * BLOCK_PX, r->mask + b * BLOCK_PX, w.width };
    dtake_status st = dtake__eval_run(eval, r->program, w, out, err);
    dtake__free(out);
    return st;
}

static dtake_status run_region(dtake__eval *eval, region *r, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    int64_t cols = r->grid.width < BLOCK_PX ? r->grid.width : BLOCK_PX, rows = BLOCK_PX / cols;
    for (int64_t row = 0; row < r->grid.height; row += rows)
        for (int64_t col = 0; col < r->grid.width && st == DTAKE_OK; col += cols) {
            const dtake_window w = { col, row, cols < r->grid.width - col ? cols : r->grid.width - col,
                                     rows < r->grid.height - row ? rows : r->grid.height - row };
            st = find_shares(r, w, err);
            if (st == DTAKE_OK)
                st = run_block(eval, r, w, err);
            if (st == DTAKE_OK)
                st = add_block(r, w, err);
        }
    return st;
}

/* --- the function --- */

static dtake_status make_program(dtake__call *call, region *r, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    const dtake__reducer *reducer = call->arg[1].reducer;
    r->bands = image->count;
    r->shares = dtake__calloc(r->bands, sizeof *r->shares);
    r->inside = dtake__calloc(BLOCK_PX, 1);
    r->parts = dtake__calloc(BLOCK_PX, FINE * FINE);
    r->value = dtake__calloc(r->bands * BLOCK_PX, sizeof *r->value);
    r->mask = dtake__calloc(r->bands, BLOCK_PX);
    dtake__px *root = dtake__call_alloc(call, r->bands, sizeof *root, err);
    if (r->shares == NULL || r->inside == NULL || r->parts == NULL || r->value == NULL || r->mask == NULL ||
        root == NULL)
        return dtake__fail_nomem(err, "a region");
    for (size_t b = 0; b < r->bands; b++) {
        root[b] = image->band[b].px;
        for (size_t n = 0; n < reducer->count; n++)
            r->shares[b].keeps = r->shares[b].keeps || dtake__shares_need(&reducer->output[n]);
    }
    dtake_status st = dtake__expressions_status(dtake__eval_expressions(call->eval), err);
    return st == DTAKE_OK ? dtake__program_new(&r->program, dtake__eval_expressions(call->eval), root,
                                               r->bands, &r->grid, err)
                          : st;
}

static dtake_status give(dtake__call *call, region *r, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    const dtake__reducer *reducer = call->arg[1].reducer;
    size_t count = r->bands * reducer->count;
    dtake__value *item = dtake__call_alloc(call, count, sizeof *item, err);
    const char **key = dtake__call_alloc(call, count, sizeof *key, err);
    if (item == NULL || key == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        double number;
        size_t band = i / reducer->count;
        const dtake__reducer_output *output = &reducer->output[i % reducer->count];
        key[i] = reducer->count == 1
                     ? image->band[band].name
                     : dtake__call_text(call, err, "%s_%s", image->band[band].name, output->name);
        if (key[i] == NULL)
            return DTAKE_E_NOMEM;
        item[i] = dtake__shares_reduce(&r->shares[band], output, &number) ? dtake__value_of_number(number)
                                                                          : (dtake__value){ .null = true };
    }
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__DICTIONARY, .list = { item, key, count } });
}

static void dispose(region *r)
{
    for (size_t b = 0; b < r->bands && r->shares != NULL; b++)
        dtake__shares_dispose(&r->shares[b]);
    dtake__program_free(r->program);
    dtake__outline_dispose(&r->outline);
    dtake__free(r->shares);
    dtake__free(r->inside);
    dtake__free(r->parts);
    dtake__free(r->value);
    dtake__free(r->mask);
}

static dtake_status reduce_region(dtake__call *call, dtake_error *err)
{
    region r = { 0 };
    if (!dtake__eval_reads(call->eval))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "no pixels can be read while this graph is evaluated");
    if (call->arg[0].image->count == 0)
        return dtake__fail(err, DTAKE_E_EMPTY, "the image has no bands");
    if (!(call->arg[7].number >= 1))
        return dtake__fail(err, DTAKE_E_USAGE, "maxPixels %g is less than 1", call->arg[7].number);
    dtake_status st = dtake__reducer_check(call->arg[1].reducer, err);
    if (st == DTAKE_OK)
        st = find_grid(call, &r, err);
    if (st == DTAKE_OK)
        st = make_program(call, &r, err);
    if (st == DTAKE_OK)
        st = run_region(call->eval, &r, err);
    if (st == DTAKE_OK)
        st = give(call, &r, err);
    dispose(&r);
    return st;
}
DTAKE__FUNCTION(image_reduce_region, "Image.reduceRegion", DICTIONARY, reduce_region,
                { "image", DTAKE__IMAGE }, { "reducer", DTAKE__REDUCER },
                { "geometry", DTAKE__GEOMETRY, "null" }, { "scale", DTAKE__NUMBER, "null" },
                { "crs", DTAKE__PROJECTION, "null" }, { "crsTransform", DTAKE__LIST, "null" },
                { "bestEffort", DTAKE__BOOLEAN, "false" }, { "maxPixels", DTAKE__NUMBER, "10000000" },
                { "tileScale", DTAKE__NUMBER, "1" });
