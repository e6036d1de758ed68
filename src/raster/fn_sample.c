/* Pixels as features. */
#include "raster/eval_element.h"
#include "raster/eval_function.h"
#include "raster/eval_run.h"
#include "raster/eval_projection.h"
#include "raster/eval_shape.h"
#include "raster/eval_window.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

enum { MAX_SAMPLES = 8000000, MAX_FEATURES = 100000 };

/* Pixels of all bands of a window, which is the whole grid. */
typedef struct pixels {
    dtake__raster_grid grid;
    size_t bands, count;
    double *value; /* band by band */
    uint8_t *mask, *inside;
} pixels;

static void dispose(pixels *p)
{
    dtake__free(p->value);
    dtake__free(p->mask);
    dtake__free(p->inside);
    p->value = NULL;
    p->mask = p->inside = NULL;
}

/* scale and projection of the arguments from `first` on. */
static dtake_status find_grid(dtake__call *call, int first, dtake__raster_grid *out, dtake_error *err)
{
    const dtake__raster_grid *own = call->arg[0].image->band[0].grid;
    const dtake__value *scale = &call->arg[first], *projection = &call->arg[first + 1];
    const dtake__raster_grid *base = projection->null ? own : projection->grid;
    if (base == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "an image without a projection needs projection and scale");
    *out = (dtake__raster_grid){ base->crs, base->transform, 0, 0 };
    return scale->null ? DTAKE_OK : dtake__grid_scale(out, scale->number, err);
}

static dtake_status run(dtake__call *call, const dtake__program *program, pixels *p, dtake_error *err)
{
    const dtake_window whole = { 0, 0, p->grid.width, p->grid.height };
    dtake__kernel_out *out = dtake__calloc(p->bands + 1, sizeof *out);
    if (out == NULL)
        return dtake__fail_nomem(err, "samples");
    for (size_t b = 0; b < p->bands; b++)
        out[b] =
            (dtake__kernel_out){ DTAKE_F64, p->value + b * p->count, p->mask + b * p->count, p->grid.width };
    dtake_status st = dtake__eval_run(call->eval, program, whole, out, err);
    dtake__free(out);
    return st;
}

static dtake_status read_pixels(dtake__call *call, pixels *p, dtake_window window, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__program *program = NULL;
    double samples = (double)window.width * (double)window.height * (double)image->count;
    if (!(samples <= MAX_SAMPLES))
        return dtake__fail(err, DTAKE_E_LIMIT, "%.0f samples: at most %d are taken, set a larger scale",
                           samples, MAX_SAMPLES);
    p->grid.transform = dtake__affine_shift(&p->grid.transform, (double)window.col, (double)window.row);
    p->grid.width = window.width;
    p->grid.height = window.height;
    p->bands = image->count;
    p->count = (size_t)(window.width * window.height);
    p->value = dtake__calloc(p->count * p->bands + 1, sizeof *p->value);
    p->mask = dtake__calloc(p->count * p->bands + 1, 1);
    p->inside = dtake__calloc(p->count + 1, 1);
    dtake__px *root = dtake__call_alloc(call, p->bands, sizeof *root, err);
    if (p->value == NULL || p->mask == NULL || p->inside == NULL || root == NULL)
        return dtake__fail_nomem(err, "samples");
    memset(p->inside, 255, p->count);
    for (size_t b = 0; b < p->bands; b++)
        root[b] = image->band[b].px;
    if (p->count == 0)
        return DTAKE_OK;
    dtake_status st =
        dtake__program_new(&program, dtake__eval_expressions(call->eval), root, p->bands, &p->grid, err);
    if (st == DTAKE_OK)
        st = run(call, program, p, err);
    dtake__program_free(program);
    return st;
}

/* The pixels whose centre is inside of an area, or the one under a point. */
static dtake_status read_shape(dtake__call *call, const dtake__figure *shape, pixels *p, dtake_error *err)
{
    dtake_window window = { 0, 0, 0, 0 };
    if (!shape->closed) {
        dtake_affine inverse;
        double xy[2] = { shape->xy[0], shape->xy[1] }, col, row;
        if (shape->points != 1)
            return dtake__fail(err, DTAKE_E_UNSUPPORTED, "samples are taken of areas and of single points");
        dtake_status st =
            dtake__crs_transform(shape->crs != NULL ? shape->crs : "EPSG:4326", p->grid.crs, xy, 1, err);
        if (st != DTAKE_OK || !dtake__affine_invert(&p->grid.transform, &inverse))
            return st != DTAKE_OK ? st : dtake__fail(err, DTAKE_E_USAGE, "a grid whose pixels have no area");
        dtake__affine_apply(&inverse, xy[0], xy[1], &col, &row);
        if (!(fabs(col) < 1e15 && fabs(row) < 1e15))
            return dtake__fail(err, DTAKE_E_RANGE, "a point lies where the projection ends");
        window = (dtake_window){ (int64_t)floor(col), (int64_t)floor(row), 1, 1 };
        return read_pixels(call, p, window, err);
    }
    dtake__outline outline = { 0 };
    dtake_status st = dtake__shape_window(shape, &p->grid, &window, err);
    if (st == DTAKE_OK)
        st = read_pixels(call, p, window, err);
    if (st == DTAKE_OK && p->count > 0)
        st = dtake__figure_outline(shape, &p->grid, &outline, err);
    const dtake_window whole = { 0, 0, p->grid.width, p->grid.height };
    if (st == DTAKE_OK && p->count > 0 &&
        dtake__outline_mask(&outline, &p->grid.transform, whole, p->inside) != DTAKE_OK)
        st = dtake__fail_nomem(err, "samples");
    dtake__outline_dispose(&outline);
    return st;
}

/* --- as features --- */

typedef struct intake {
    dtake__value *item;
    size_t count, room;
    bool geometries, drop;
    double share; /* of the pixels that are taken */
    uint64_t seed;
    const dtake__value *properties; /* that all of them have; NULL: none */
    const char *prefix;             /* of their index */
} intake;

static double chance(uint64_t seed, uint64_t at)
{
    uint64_t hash = seed * UINT64_C(0x9e3779b97f4a7c15) + at * UINT64_C(0xbf58476d1ce4e5b9);
    hash ^= hash >> 31;
    hash *= UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 29;
    return (double)(hash >> 11) / 9007199254740992.;
}

static dtake_status point_of(dtake__call *call, const pixels *p, size_t at, const dtake__figure **out,
                             dtake_error *err)
{
    double xy[2];
    const size_t end = 1;
    dtake__affine_apply(&p->grid.transform, (double)((int64_t)at % p->grid.width) + 0.5,
                        (double)((int64_t)at / p->grid.width) + 0.5, &xy[0], &xy[1]);
    dtake_status st = dtake__crs_transform(p->grid.crs, "EPSG:4326", xy, 1, err);
    return st == DTAKE_OK ? dtake__figure_make(call->eval, NULL, false, false, xy, &end, 1, out, err) : st;
}

static dtake_status add_pixel(dtake__call *call, const pixels *p, size_t at, intake *to, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__feature_value *feature = dtake__call_alloc(call, 1, sizeof *feature, err);
    const char *index = dtake__call_text(call, err, "%s%zu", to->prefix, to->count);
    dtake_status st = feature != NULL && index != NULL ? DTAKE_OK : DTAKE_E_LIMIT;
    if (st == DTAKE_OK && to->count == MAX_FEATURES)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d samples", MAX_FEATURES);
    if (st == DTAKE_OK && to->count == to->room) {
        size_t room = to->room == 0 ? 64 : to->room * 2;
        dtake__value *grown = dtake__call_alloc(call, room, sizeof *grown, err);
        if (grown == NULL)
            return DTAKE_E_NOMEM;
        if (to->count > 0)
            memcpy(grown, to->item, to->count * sizeof *grown);
        to->item = grown;
        to->room = room;
    }
    if (st == DTAKE_OK) {
        feature->properties = to->properties;
        st = dtake__properties_set(call->eval, &feature->properties, "system:index",
                                   dtake__value_of_text(index), err);
    }
    for (size_t b = 0; b < p->bands && st == DTAKE_OK; b++)
        if (p->mask[b * p->count + at] != 0)
            st = dtake__properties_set(call->eval, &feature->properties, image->band[b].name,
                                       dtake__value_of_number(p->value[b * p->count + at]), err);
    if (st == DTAKE_OK && to->geometries)
        st = point_of(call, p, at, &feature->shape, err);
    if (st == DTAKE_OK)
        to->item[to->count++] = (dtake__value){ .kind = DTAKE__FEATURE, .feature = feature };
    return st;
}

static dtake_status add_pixels(dtake__call *call, const pixels *p, intake *to, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < p->count && st == DTAKE_OK; i++) {
        bool wanted = p->inside[i] != 0 && (to->share >= 1 || chance(to->seed, i) < to->share);
        for (size_t b = 0; b < p->bands && wanted && to->drop; b++)
            wanted = p->mask[b * p->count + i] != 0;
        if (wanted)
            st = add_pixel(call, p, i, to, err);
    }
    return st;
}

static dtake_status give(dtake__call *call, dtake_status st, const intake *from)
{
    return st == DTAKE_OK
               ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__FEATURE_COLLECTION,
                                                        .list = { from->item, NULL, from->count } })
               : st;
}

static dtake_status can_read(const dtake__call *call, dtake_error *err)
{
    if (!dtake__eval_reads(call->eval))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "no pixels can be read while this graph is evaluated");
    return call->arg[0].image->count > 0 ? DTAKE_OK
                                         : dtake__fail(err, DTAKE_E_EMPTY, "the image has no bands");
}

static dtake_status sample(dtake__call *call, dtake_error *err)
{
    pixels p = { 0 };
    intake to = {
        .geometries = call->arg[9].boolean, .drop = call->arg[7].boolean, .share = 1, .prefix = ""
    };
    dtake_window window;
    bool bounded = true;
    dtake_status st = can_read(call, err);
    if (st == DTAKE_OK)
        st = find_grid(call, 2, &p.grid, err);
    if (st == DTAKE_OK && call->arg[1].null) {
        st = dtake__window_on(&call->arg[0].image->band[0], &p.grid, &window, &bounded, err);
        if (st == DTAKE_OK && !bounded)
            st = dtake__fail(err, DTAKE_E_USAGE, "region: the image has no end, a region is needed");
        if (st == DTAKE_OK)
            st = read_pixels(call, &p, window, err);
    } else if (st == DTAKE_OK) {
        st = read_shape(call, call->arg[1].shape, &p, err);
    }
    if (st == DTAKE_OK) {
        to.seed = (uint64_t)(int64_t)fmin(fmax(call->arg[6].number, -9e15), 9e15);
        to.share = !call->arg[4].null   ? call->arg[4].number
                   : !call->arg[5].null ? call->arg[5].number / (double)(p.count > 0 ? p.count : 1)
                                        : 1;
        st = add_pixels(call, &p, &to, err);
    }
    dispose(&p);
    return give(call, st, &to);
}
DTAKE__FUNCTION(image_sample, "Image.sample", FEATURE_COLLECTION, sample, { "image", DTAKE__IMAGE },
                { "region", DTAKE__GEOMETRY, "null" }, { "scale", DTAKE__NUMBER, "null" },
                { "projection", DTAKE__PROJECTION, "null" }, { "factor", DTAKE__NUMBER, "null" },
                { "numPixels", DTAKE__NUMBER, "null" }, { "seed", DTAKE__NUMBER, "0" },
                { "dropNulls", DTAKE__BOOLEAN, "true" }, { "tileScale", DTAKE__NUMBER, "1" },
                { "geometries", DTAKE__BOOLEAN, "false" });

/* Those that are named, or all but the system's. */
static dtake_status copied(dtake__call *call, const dtake__value *feature, const dtake__value **out,
                           dtake_error *err)
{
    dtake__value bare = { .kind = DTAKE__FEATURE }, copy;
    dtake__feature_value *empty = dtake__call_alloc(call, 1, sizeof *empty, err);
    if (empty == NULL)
        return DTAKE_E_NOMEM;
    bare.feature = empty;
    const dtake__value arg[3] = { bare, *feature, call->arg[2] };
    dtake_status st = dtake__eval_call(call->eval, "Element.copyProperties", arg, 3, &copy, err);
    *out = st == DTAKE_OK ? dtake__element_properties(&copy) : NULL;
    return st;
}

static dtake_status sample_regions(dtake__call *call, dtake_error *err)
{
    dtake__value all = call->arg[1];
    intake to = { .geometries = call->arg[6].boolean, .drop = true, .share = 1 };
    dtake_status st = can_read(call, err);
    if (st == DTAKE_OK)
        st = dtake__collection_need(call->eval, &all, err);
    for (size_t i = 0; st == DTAKE_OK && i < all.list.count; i++) {
        pixels p = { 0 };
        const dtake__value *feature = &all.list.item[i];
        const dtake__figure *shape = dtake__element_shape(feature);
        if (shape == NULL || shape->points == 0)
            continue;
        to.prefix = dtake__call_text(call, err, "%zu_", i);
        st = to.prefix != NULL ? copied(call, feature, &to.properties, err) : DTAKE_E_LIMIT;
        if (st == DTAKE_OK)
            st = find_grid(call, 3, &p.grid, err);
        if (st == DTAKE_OK)
            st = read_shape(call, shape, &p, err);
        if (st == DTAKE_OK)
            st = add_pixels(call, &p, &to, err);
        dispose(&p);
    }
    return give(call, st, &to);
}
DTAKE__FUNCTION(image_sample_regions, "Image.sampleRegions", FEATURE_COLLECTION, sample_regions,
                { "image", DTAKE__IMAGE }, { "collection", DTAKE__ANY_COLLECTION },
                { "properties", DTAKE__LIST, "null" }, { "scale", DTAKE__NUMBER, "null" },
                { "projection", DTAKE__PROJECTION, "null" }, { "tileScale", DTAKE__NUMBER, "1" },
                { "geometries", DTAKE__BOOLEAN, "false" });
