/* Random numbers that are the same each time. */
#include "raster/eval_element.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* From 0 to 1, of the seed and the row's keys: not of its place, so that a filter changes no other row. */
static double uniform_of(uint64_t seed, const char *key, uint64_t salt)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (seed * UINT64_C(0x9e3779b97f4a7c15) + salt);
    for (; *key != '\0'; key++)
        hash = (hash ^ (uint8_t)*key) * UINT64_C(0x100000001b3);
    hash ^= hash >> 30;
    hash *= UINT64_C(0xbf58476d1ce4e5b9);
    hash ^= hash >> 27;
    hash *= UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return (double)(hash >> 11) / 9007199254740992.;
}

static dtake_status random_column(dtake__call *call, dtake_error *err)
{
    dtake__value all = call->arg[0];
    bool normal = strcmp(call->arg[3].text, "normal") == 0;
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    if (st == DTAKE_OK && !normal && strcmp(call->arg[3].text, "uniform") != 0)
        st = dtake__fail(err, DTAKE_E_USAGE, "distribution '%.40s' is neither uniform nor normal",
                         call->arg[3].text);
    dtake__value *item =
        st == DTAKE_OK ? dtake__call_alloc(call, all.list.count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    uint64_t seed = (uint64_t)(int64_t)fmin(fmax(call->arg[2].number, -9e15), 9e15);
    for (size_t i = 0; i < all.list.count && st == DTAKE_OK; i++) {
        const dtake__value index = dtake__element_get(&all.list.item[i], "system:index");
        const char *key =
            !index.null && index.kind == DTAKE__STRING ? index.text : dtake__call_text(call, err, "%zu", i);
        if (key == NULL)
            return DTAKE_E_LIMIT;
        double number = uniform_of(seed, key, 1);
        if (normal)
            number = sqrt(-2 * log(1 - number)) * cos(2 * acos(-1) * uniform_of(seed, key, 2));
        st = dtake__element_set(call->eval, &all.list.item[i], call->arg[1].text,
                                dtake__value_of_number(number), &item[i], err);
    }
    call->out = all;
    call->out.list.item = item;
    return st;
}
DTAKE__FUNCTION(collection_random_column, "Collection.randomColumn", ANY_COLLECTION, random_column,
                { "collection", DTAKE__ANY_COLLECTION }, { "columnName", DTAKE__STRING, "random" },
                { "seed", DTAKE__NUMBER, "0" }, { "distribution", DTAKE__STRING, "uniform" },
                { "rowKeys", DTAKE__OBJECT, "null" });

/* --- a band for each of all images' bands --- */

static dtake_status to_bands(dtake__call *call, dtake_error *err)
{
    const dtake__value *all = &call->arg[0];
    size_t bands = 0;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < all->list.count && st == DTAKE_OK; i++) {
        const dtake__value *one = &all->list.item[i];
        if (one->null || one->kind != DTAKE__IMAGE)
            return dtake__fail(err, DTAKE_E_USAGE, "item %zu of the collection is no image", i);
        st = dtake__image_need(call->eval, one->image, err);
        bands += st == DTAKE_OK ? one->image->count : 0;
    }
    dtake__image_value *out = st == DTAKE_OK ? dtake__call_image(call, bands, err) : NULL;
    if (out == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    bands = 0;
    for (size_t i = 0; i < all->list.count; i++) {
        const dtake__image_value *image = all->list.item[i].image;
        const dtake__value index = dtake__element_get(&all->list.item[i], "system:index");
        for (size_t b = 0; b < image->count; b++, bands++) {
            out->band[bands] = image->band[b];
            out->band[bands].name =
                !index.null && index.kind == DTAKE__STRING
                    ? dtake__call_text(call, err, "%.300s_%.100s", index.text, image->band[b].name)
                    : dtake__call_text(call, err, "%zu_%.100s", i, image->band[b].name);
            if (out->band[bands].name == NULL)
                return DTAKE_E_LIMIT;
        }
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_collection_to_bands, "ImageCollection.toBands", IMAGE, to_bands,
                { "collection", DTAKE__IMAGE_COLLECTION });
