/* Reducing the bands of an image, and stacks of images: composites. */
#include "raster/eval_assets.h"
#include "raster/eval_function.h"
#include "raster/eval_reduce.h"

#include "core/error.h"

#include <string.h>

/* --- the bands of an image --- */

static dtake_status reduce_bands(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    const dtake__reducer *reducer = call->arg[1].reducer;
    dtake_status st = dtake__reducer_check(reducer, err);
    if (st != DTAKE_OK)
        return st;
    if (image->count == 0 || image->count > DTAKE__REDUCE_MAX_INPUTS)
        return dtake__fail(err, DTAKE_E_USAGE, "an image of %zu bands cannot be reduced", image->count);
    dtake__px *in = dtake__call_alloc(call, image->count, sizeof *in, err);
    dtake__image_value *out = in != NULL ? dtake__call_image(call, reducer->count, err) : NULL;
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < image->count; i++)
        in[i] = image->band[i].px;
    for (size_t i = 0; i < reducer->count; i++)
        out->band[i] = (dtake__band_value){ .name = reducer->output[i].name,
                                            .px = dtake__reduce(dtake__eval_expressions(call->eval),
                                                                &reducer->output[i], in, image->count),
                                            .grid = image->band[0].grid };
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_reduce, "Image.reduce", IMAGE, reduce_bands, { "image", DTAKE__IMAGE },
                { "reducer", DTAKE__REDUCER });

/* --- stacks --- */

/* The images of a collection: all have the bands of the first. */
static dtake_status check_stack(dtake__eval *eval, const dtake__value *collection, dtake_error *err)
{
    size_t count = collection->list.count;
    if (count == 0 || count > DTAKE__REDUCE_MAX_INPUTS)
        return dtake__fail(err, count == 0 ? DTAKE_E_EMPTY : DTAKE_E_LIMIT,
                           "a collection of %zu images cannot be reduced: 1 to %d are needed", count,
                           DTAKE__REDUCE_MAX_INPUTS);
    for (size_t i = 0; i < count; i++) {
        const dtake__value *item = &collection->list.item[i];
        if (item->null || item->kind != DTAKE__IMAGE)
            return dtake__fail(err, DTAKE_E_USAGE, "item %zu of the collection is no image", i);
        dtake_status there = dtake__image_need(eval, item->image, err);
        if (there != DTAKE_OK)
            return there;
        const dtake__image_value *first = collection->list.item[0].image;
        for (size_t b = 0; b < first->count; b++)
            if (dtake__image_band(item->image, first->band[b].name) < 0) {
                dtake_status st = dtake__fail_no_band(item->image, first->band[b].name, err);
                dtake__error_prefix(err, "image %zu of %zu", i + 1, count);
                return st;
            }
    }
    return DTAKE_OK;
}

/* One band of all images. */
static dtake__px *stack_of(dtake__call *call, const dtake__value *collection, const char *band, size_t before,
                           dtake_error *err)
{
    dtake__px *in = dtake__call_alloc(call, collection->list.count + before, sizeof *in, err);
    for (size_t i = 0; in != NULL && i < collection->list.count; i++) {
        const dtake__image_value *image = collection->list.item[i].image;
        in[before + i] = image->band[dtake__image_band(image, band)].px;
    }
    return in;
}

static dtake_status reduce_stack(dtake__call *call, const dtake__reducer *reducer, bool named,
                                 dtake_error *err)
{
    const dtake__value *collection = &call->arg[0];
    dtake_status st = dtake__reducer_check(reducer, err);
    if (st == DTAKE_OK)
        st = check_stack(call->eval, collection, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__image_value *first = collection->list.item[0].image;
    dtake__image_value *out = dtake__call_image(call, first->count * reducer->count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t b = 0; b < first->count; b++) {
        dtake__px *in = stack_of(call, collection, first->band[b].name, 0, err);
        for (size_t r = 0; r < reducer->count && in != NULL; r++) {
            dtake__band_value *band = &out->band[b * reducer->count + r];
            *band = (dtake__band_value){ .name = first->band[b].name, .grid = first->band[b].grid };
            if (named)
                band->name =
                    dtake__call_text(call, err, "%s_%s", first->band[b].name, reducer->output[r].name);
            band->px = dtake__reduce(dtake__eval_expressions(call->eval), &reducer->output[r], in,
                                     collection->list.count);
            if (band->name == NULL)
                return DTAKE_E_NOMEM;
        }
        if (in == NULL)
            return DTAKE_E_NOMEM;
    }
    return DTAKE_OK;
}

static dtake_status reduce_images(dtake__call *call, dtake_error *err)
{
    return reduce_stack(call, call->arg[1].reducer, true, err);
}
DTAKE__FUNCTION(image_collection_reduce, "ImageCollection.reduce", IMAGE, reduce_images,
                { "collection", DTAKE__IMAGE_COLLECTION }, { "reducer", DTAKE__REDUCER },
                { "parallelScale", DTAKE__NUMBER, "1" });

#define STACK(id, title, reduction)                                                                          \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        static const dtake__reducer_output output = { reduction, 50, "" };                                   \
        static const dtake__reducer reducer = { &output, 1 };                                                \
        return reduce_stack(call, &reducer, false, err);                                                     \
    }                                                                                                        \
    DTAKE__FUNCTION(reduce_##id, title, IMAGE, fn_##id, { "collection", DTAKE__IMAGE_COLLECTION })

STACK(min, "reduce.min", DTAKE__REDUCE_MIN);
STACK(max, "reduce.max", DTAKE__REDUCE_MAX);
STACK(sum, "reduce.sum", DTAKE__REDUCE_SUM);
STACK(mean, "reduce.mean", DTAKE__REDUCE_MEAN);
STACK(median, "reduce.median", DTAKE__REDUCE_PERCENTILE);
STACK(mode, "reduce.mode", DTAKE__REDUCE_MODE);
STACK(count, "reduce.count", DTAKE__REDUCE_COUNT);
STACK(and, "reduce.and", DTAKE__REDUCE_ALL);
STACK(or, "reduce.or", DTAKE__REDUCE_ANY);

/* --- mosaics --- */

/* The last image on top, where it is not masked. */
static dtake_status mosaic(dtake__call *call, dtake_error *err)
{
    static const dtake__reducer_output output = { DTAKE__REDUCE_LAST, 0, "" };
    static const dtake__reducer reducer = { &output, 1 };
    return reduce_stack(call, &reducer, false, err);
}
DTAKE__FUNCTION(image_collection_mosaic, "ImageCollection.mosaic", IMAGE, mosaic,
                { "collection", DTAKE__IMAGE_COLLECTION });

/* All bands of the image whose quality is greatest. */
static dtake_status quality_mosaic(dtake__call *call, dtake_error *err)
{
    const dtake__value *collection = &call->arg[0];
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    dtake_status st = check_stack(call->eval, collection, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__image_value *first = collection->list.item[0].image;
    if (dtake__image_band(first, call->arg[1].text) < 0)
        return dtake__fail_no_band(first, call->arg[1].text, err);
    dtake__px *quality = stack_of(call, collection, call->arg[1].text, 0, err);
    dtake__image_value *out = quality != NULL ? dtake__call_image(call, first->count, err) : NULL;
    if (out == NULL)
        return DTAKE_E_NOMEM;
    dtake__px which = dtake__reduce_which(e, quality, collection->list.count);
    for (size_t b = 0; b < first->count; b++) {
        dtake__px *in = stack_of(call, collection, first->band[b].name, 1, err);
        if (in == NULL)
            return DTAKE_E_NOMEM;
        in[0] = which;
        out->band[b] = (dtake__band_value){ .name = first->band[b].name,
                                            .px = dtake__reduce_pick(e, in, collection->list.count + 1),
                                            .grid = first->band[b].grid };
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_collection_quality_mosaic, "ImageCollection.qualityMosaic", IMAGE, quality_mosaic,
                { "collection", DTAKE__IMAGE_COLLECTION }, { "qualityBand", DTAKE__STRING });
