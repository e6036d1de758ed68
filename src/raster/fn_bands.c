/* Images out of nothing, and which bands an image has. */
#include "raster/eval_array.h"
#include "raster/eval_closure.h"
#include "raster/eval_function.h"
#include "raster/eval_shape.h"

#include "core/error.h"

#include <math.h>
#include <regex.h>
#include <string.h>

static dtake_status load(dtake__call *call, dtake_error *err)
{
    dtake__image_value *image = dtake__call_image(call, 0, err);
    return image != NULL ? dtake__eval_load(call->eval, call->arg[0].text, image, err) : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(image_load, "Image.load", IMAGE, load, { "id", DTAKE__STRING },
                { "version", DTAKE__NUMBER, "-1" });

static dtake_status constant_array(dtake__call *call, dtake_error *err)
{
    dtake__array array;
    dtake_status st = dtake__array_constant(call, &call->arg[0], &array, err);
    dtake__image_value *image = st == DTAKE_OK ? dtake__call_image(call, 1, err) : NULL;
    if (image == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    image->band[0] = (dtake__band_value){ .name = "constant", .px = dtake__array_px(call, &array) };
    return DTAKE_OK;
}

static dtake_status constant(dtake__call *call, dtake_error *err)
{
    size_t count;
    if (!call->arg[0].null && call->arg[0].kind == DTAKE__ARRAY)
        return constant_array(call, err);
    const double *value = dtake__call_numbers(call, &call->arg[0], &count, err);
    dtake__image_value *image = value != NULL ? dtake__call_image(call, count, err) : NULL;
    if (image == NULL)
        return DTAKE_E_USAGE;
    for (size_t i = 0; i < count; i++) {
        const char *name = count == 1 ? "constant" : dtake__call_text(call, err, "constant_%zu", i);
        if (name == NULL)
            return DTAKE_E_NOMEM;
        image->band[i] =
            (dtake__band_value){ .name = name,
                                 .px = dtake__px_constant(dtake__eval_expressions(call->eval), value[i]) };
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_constant, "Image.constant", IMAGE, constant, { "value", DTAKE__OBJECT });

/* --- select --- */

typedef struct picked {
    size_t *index;
    size_t count, room;
} picked;

static dtake_status pick(dtake__call *call, picked *list, size_t index, dtake_error *err)
{
    size_t *grown = dtake__call_room(call, list->index, list->count, &list->room, sizeof *grown, err);
    if (grown == NULL)
        return DTAKE_E_NOMEM;
    list->index = grown;
    list->index[list->count++] = index;
    return DTAKE_OK;
}

/* All bands whose whole name the regular expression matches. */
static dtake_status pick_matching(dtake__call *call, const dtake__image_value *image, const char *pattern,
                                  picked *list, dtake_error *err)
{
    regex_t regex;
    size_t before = list->count;
    dtake_status st = DTAKE_OK;
    if (strpbrk(pattern, "[].*+?|()^$") == NULL || strlen(pattern) > 100)
        return dtake__fail_no_band(image, pattern, err);
    const char *whole = dtake__call_text(call, err, "^(%s)$", pattern);
    if (whole == NULL)
        return DTAKE_E_NOMEM;
    if (regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB) != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "'%.60s' is neither a band nor a regular expression", pattern);
    for (size_t i = 0; i < image->count && st == DTAKE_OK; i++)
        if (regexec(&regex, image->band[i].name, 0, NULL, 0) == 0)
            st = pick(call, list, i, err);
    regfree(&regex);
    return st == DTAKE_OK && list->count == before ? dtake__fail_no_band(image, pattern, err) : st;
}

static dtake_status pick_selector(dtake__call *call, const dtake__image_value *image,
                                  const dtake__value *selector, picked *list, dtake_error *err)
{
    if (!selector->null && selector->kind == DTAKE__NUMBER) {
        double at = selector->number < 0 ? selector->number + (double)image->count : selector->number;
        if (!(at >= 0) || at >= (double)image->count || at != floor(at))
            return dtake__fail(err, DTAKE_E_RANGE, "there is no band %g among %zu", selector->number,
                               image->count);
        return pick(call, list, (size_t)at, err);
    }
    if (selector->null || selector->kind != DTAKE__STRING)
        return dtake__fail(err, DTAKE_E_USAGE, "bands are chosen by name or number");
    int64_t band = dtake__image_band(image, selector->text);
    return band >= 0 ? pick(call, list, (size_t)band, err)
                     : pick_matching(call, image, selector->text, list, err);
}

static dtake_status rename_bands(const dtake__value *names, dtake__image_value *image, dtake_error *err)
{
    if (names->list.count != image->count)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu names for %zu bands", names->list.count, image->count);
    for (size_t i = 0; i < image->count; i++) {
        const dtake__value *name = &names->list.item[i];
        if (name->null || name->kind != DTAKE__STRING || name->text[0] == '\0')
            return dtake__fail(err, DTAKE_E_USAGE, "a band's name must be a string");
        image->band[i].name = name->text;
    }
    return DTAKE_OK;
}

static dtake_status give_bands(dtake__call *call, const dtake__image_value *image, const size_t *index,
                               size_t count, const dtake__value *names, dtake_error *err)
{
    dtake__image_value *out = dtake__call_image(call, count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = image->id;
    for (size_t i = 0; i < count; i++)
        out->band[i] = image->band[index[i]];
    return names->null ? DTAKE_OK : rename_bands(names, out, err);
}

static dtake_status select_bands(dtake__call *call, dtake_error *err)
{
    picked list = { 0 };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < call->arg[1].list.count && st == DTAKE_OK; i++)
        st = pick_selector(call, call->arg[0].image, &call->arg[1].list.item[i], &list, err);
    return st == DTAKE_OK ? give_bands(call, call->arg[0].image, list.index, list.count, &call->arg[2], err)
                          : st;
}
DTAKE__FUNCTION(image_select, "Image.select", IMAGE, select_bands, { "input", DTAKE__IMAGE },
                { "bandSelectors", DTAKE__LIST }, { "newNames", DTAKE__LIST, "null" });

static dtake_status rename_all(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    size_t *index = dtake__call_alloc(call, image->count + 1, sizeof *index, err);
    if (index == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < image->count; i++)
        index[i] = i;
    return give_bands(call, image, index, image->count, &call->arg[1], err);
}
DTAKE__FUNCTION(image_rename, "Image.rename", IMAGE, rename_all, { "input", DTAKE__IMAGE },
                { "names", DTAKE__LIST });

/* Counted from the end when negative; beyond the ends nothing more is taken. */
static size_t place_in(double at, size_t count)
{
    at = at < 0 ? at + (double)count : at;
    return at <= 0 ? 0 : at >= (double)count ? count : (size_t)at;
}

static dtake_status slice(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    size_t first = place_in(call->arg[1].number, image->count);
    size_t end = call->arg[2].null ? image->count : place_in(call->arg[2].number, image->count);
    size_t *index = dtake__call_alloc(call, image->count + 1, sizeof *index, err), count = 0;
    if (index == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = first; i < end; i++)
        index[count++] = i;
    const dtake__value none = { .null = true };
    return give_bands(call, image, index, count, &none, err);
}
DTAKE__FUNCTION(image_slice, "Image.slice", IMAGE, slice, { "image", DTAKE__IMAGE },
                { "start", DTAKE__NUMBER }, { "end", DTAKE__NUMBER, "null" });

/* --- several images as one --- */

static dtake_status add_bands(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *to = call->arg[0].image;
    dtake__image_value more = *call->arg[1].image;
    picked list = { 0 };
    dtake_status st = DTAKE_OK;
    if (!call->arg[2].null) {
        for (size_t i = 0; i < call->arg[2].list.count && st == DTAKE_OK; i++)
            st = pick_selector(call, &more, &call->arg[2].list.item[i], &list, err);
        dtake__band_value *band = dtake__call_alloc(call, list.count + 1, sizeof *band, err);
        if (st != DTAKE_OK || band == NULL)
            return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
        for (size_t i = 0; i < list.count; i++)
            band[i] = more.band[list.index[i]];
        more.band = band;
        more.count = list.count;
    }
    dtake__image_value *out = dtake__call_image(call, to->count + more.count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    out->id = to->id;
    out->count = to->count;
    memcpy(out->band, to->band, to->count * sizeof *out->band);
    if (!call->arg[3].boolean)
        return dtake__image_append(call->eval, out, &more, err);
    for (size_t i = 0; i < more.count; i++) {
        int64_t at = dtake__image_band(out, more.band[i].name);
        out->band[at >= 0 ? (size_t)at : out->count++] = more.band[i];
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(image_add_bands, "Image.addBands", IMAGE, add_bands, { "dstImg", DTAKE__IMAGE },
                { "srcImg", DTAKE__IMAGE }, { "names", DTAKE__LIST, "null" },
                { "overwrite", DTAKE__BOOLEAN, "false" });

static dtake_status cat(dtake__call *call, dtake_error *err)
{
    dtake__value image;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[0], DTAKE__IMAGE, &image, err);
    return st == DTAKE_OK ? dtake__call_give(call, image) : st;
}
DTAKE__FUNCTION(image_cat, "Image.cat", IMAGE, cat, { "images", DTAKE__LIST });

static dtake_status band_names(dtake__call *call, dtake_error *err)
{
    const dtake__image_value *image = call->arg[0].image;
    dtake__value *item = dtake__call_alloc(call, image->count + 1, sizeof *item, err);
    for (size_t i = 0; i < image->count && item != NULL; i++)
        item[i] = dtake__value_of_text(image->band[i].name);
    return item != NULL ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__LIST,
                                                                 .list = { item, NULL, image->count } })
                        : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(image_band_names, "Image.bandNames", LIST, band_names, { "image", DTAKE__IMAGE });
