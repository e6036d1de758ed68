/* Numbers of many regions. */
#include "raster/eval_element.h"
#include "raster/eval_function.h"
#include "raster/eval_reduce.h"

#include "core/error.h"

/* The image's only band gives its numbers the names of the reducer's outputs. */
static dtake_status add_numbers(dtake__call *call, const dtake__value *numbers, const dtake__value *feature,
                                dtake__value *out, dtake_error *err)
{
    const dtake__reducer *reducer = call->arg[2].reducer;
    const dtake__value *properties = dtake__element_properties(feature);
    bool single = call->arg[0].image->count == 1;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < numbers->list.count && st == DTAKE_OK; i++)
        if (!numbers->list.item[i].null)
            st = dtake__properties_set(call->eval, &properties,
                                       single ? reducer->output[i].name : numbers->list.key[i],
                                       numbers->list.item[i], err);
    return st == DTAKE_OK ? dtake__element_with(call->eval, feature, properties, out, err) : st;
}

static dtake_status reduce_regions(dtake__call *call, dtake_error *err)
{
    dtake__value all = call->arg[1];
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    dtake__value *item =
        st == DTAKE_OK ? dtake__call_alloc(call, all.list.count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t i = 0; i < all.list.count && st == DTAKE_OK; i++) {
        const dtake__value none = { .null = true };
        const dtake__value arg[8] = { call->arg[0], call->arg[2], all.list.item[i],
                                      call->arg[3], call->arg[4], call->arg[5],
                                      none,         call->arg[7] };
        dtake__value numbers;
        st = dtake__eval_call(call->eval, "Image.reduceRegion", arg, 8, &numbers, err);
        if (st == DTAKE_OK)
            st = add_numbers(call, &numbers, &all.list.item[i], &item[i], err);
    }
    call->out = all;
    call->out.list.item = item;
    return st;
}
DTAKE__FUNCTION(image_reduce_regions, "Image.reduceRegions", FEATURE_COLLECTION, reduce_regions,
                { "image", DTAKE__IMAGE }, { "collection", DTAKE__ANY_COLLECTION },
                { "reducer", DTAKE__REDUCER }, { "scale", DTAKE__NUMBER, "null" },
                { "crs", DTAKE__PROJECTION, "null" }, { "crsTransform", DTAKE__LIST, "null" },
                { "tileScale", DTAKE__NUMBER, "1" }, { "maxPixelsPerRegion", DTAKE__NUMBER, "null" });
