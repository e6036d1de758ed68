/* Values as those of another kind, as Earth Engine's clients and functions expect it. */
#include "raster/eval_assets.h"
#include "raster/eval_closure.h"
#include "raster/eval_date.h"
#include "raster/eval_element.h"
#include "raster/eval_filter.h"
#include "raster/eval_shape.h"

#include "core/error.h"

#include <string.h>

static bool is_list(dtake__kind kind)
{
    return kind == DTAKE__LIST || kind == DTAKE__IMAGE_COLLECTION || kind == DTAKE__FEATURE_COLLECTION;
}

static dtake_status one_item(dtake__eval *eval, dtake__value item, dtake__kind kind, dtake__value *out,
                             dtake_error *err)
{
    dtake__value *kept = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *kept);
    if (kept == NULL)
        return dtake__fail_nomem(err, "an evaluation");
    *kept = item;
    *out = (dtake__value){ .kind = kind, .list = { kept, NULL, 1 } };
    return DTAKE_OK;
}

static dtake_status constant_image(dtake__eval *eval, double number, dtake__value *out, dtake_error *err)
{
    dtake__image_value *image = dtake__eval_image_new(eval, 1, err);
    if (image == NULL)
        return DTAKE_E_NOMEM;
    image->band[0] = (dtake__band_value){ .name = "constant",
                                          .px = dtake__px_constant(dtake__eval_expressions(eval), number) };
    *out = dtake__value_of_image(image);
    return dtake__expressions_status(dtake__eval_expressions(eval), err);
}

/* ee.Image([...]): the bands of all; a name that was there before gets a number. */
static dtake_status image_of_list(dtake__eval *eval, const dtake__value *from, dtake__value *out,
                                  dtake_error *err)
{
    dtake_status st = dtake__eval_spend(eval, 1, err); /* lists may hold one another many times over */
    size_t bands = 0;
    if (from->list.count > DTAKE__MAX_IMAGE_BANDS)
        return dtake__fail(err, DTAKE_E_LIMIT, "an image of a list of %zu: at most %d bands are allowed",
                           from->list.count, DTAKE__MAX_IMAGE_BANDS);
    dtake__value *images = dtake__slab_alloc(dtake__eval_slab(eval), from->list.count + 1, sizeof *images);
    if (images == NULL)
        return dtake__fail_nomem(err, "an image");
    for (size_t i = 0; i < from->list.count && st == DTAKE_OK; i++) {
        st = dtake__eval_cast(eval, &from->list.item[i], DTAKE__IMAGE, &images[i], err);
        bands += st == DTAKE_OK ? images[i].image->count : 0;
    }
    if (st != DTAKE_OK)
        return st;
    dtake__image_value *image = dtake__eval_image_new(eval, bands, err);
    if (image == NULL)
        return DTAKE_E_NOMEM;
    image->count = 0;
    for (size_t i = 0; i < from->list.count && st == DTAKE_OK; i++)
        st = dtake__image_append(eval, image, images[i].image, err);
    *out = dtake__value_of_image(image);
    return st;
}

static dtake_status to_image(dtake__eval *eval, const dtake__value *from, dtake__value *out, dtake_error *err)
{
    if (from->kind == DTAKE__NUMBER || from->kind == DTAKE__BOOLEAN)
        return constant_image(eval, from->kind == DTAKE__NUMBER ? from->number : from->boolean, out, err);
    if (from->kind == DTAKE__LIST)
        return image_of_list(eval, from, out, err);
    if (from->kind != DTAKE__STRING)
        return DTAKE_E_UNSUPPORTED;
    dtake__image_value *image = dtake__eval_image_new(eval, 0, err);
    if (image == NULL)
        return DTAKE_E_NOMEM;
    *out = dtake__value_of_image(image);
    return dtake__eval_load(eval, from->text, image, err);
}

static const dtake__value *member(const dtake__value *dict, const char *name)
{
    for (size_t i = 0; i < dict->list.count; i++)
        if (strcmp(dict->list.key[i], name) == 0)
            return &dict->list.item[i];
    return NULL;
}

static bool is_collection(dtake__kind kind)
{
    return kind == DTAKE__IMAGE_COLLECTION || kind == DTAKE__FEATURE_COLLECTION;
}

static dtake_status to_collection(dtake__eval *eval, const dtake__value *from, dtake__kind kind,
                                  dtake__value *out, dtake_error *err)
{
    dtake__kind of = kind == DTAKE__IMAGE_COLLECTION ? DTAKE__IMAGE : DTAKE__FEATURE;
    const dtake__value *features = from->kind == DTAKE__DICTIONARY ? member(from, "features") : NULL;
    if (features != NULL && !features->null &&
        features->kind == DTAKE__LIST) /* a GeoJSON FeatureCollection */
        from = features;
    dtake__value item;
    if (kind == DTAKE__FEATURE_COLLECTION && from->kind == DTAKE__IMAGE_COLLECTION) {
        *out = *from; /* the functions of collections serve both kinds */
        return dtake__collection_need(eval, out, err);
    }
    dtake__value loaded = *from;
    dtake_status st = dtake__collection_need(eval, &loaded, err);
    if (st != DTAKE_OK)
        return st;
    from = &loaded;
    if (!is_list(from->kind)) {
        st = dtake__eval_cast(eval, from, of, &item, err);
        return st == DTAKE_OK ? one_item(eval, item, kind, out, err) : st;
    }
    dtake__value *items = dtake__slab_alloc(dtake__eval_slab(eval), from->list.count + 1, sizeof *items);
    st = items != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a collection");
    for (size_t i = 0; i < from->list.count && st == DTAKE_OK; i++) {
        const dtake__value *one = &from->list.item[i];
        items[i] = *one;
        bool many =
            !one->null && of == DTAKE__FEATURE && is_collection(one->kind); /* for Collection.flatten */
        if (!many && (one->null || one->kind != of))                        /* images without bands stay so */
            st = dtake__eval_cast(eval, one, of, &items[i], err);
    }
    *out = (dtake__value){ .kind = kind, .list = { items, NULL, from->list.count } };
    return st;
}

static dtake_status to_feature(dtake__eval *eval, const dtake__value *from, dtake__value *out,
                               dtake_error *err)
{
    if (from->kind == DTAKE__IMAGE) { /* an element as well */
        *out = *from;
        return DTAKE_OK;
    }
    dtake__value shape;
    dtake_status st = dtake__eval_cast(eval, from, DTAKE__GEOMETRY, &shape, err);
    dtake__feature_value *feature = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *feature);
    if (st == DTAKE_OK && feature == NULL)
        st = dtake__fail_nomem(err, "a feature");
    if (st != DTAKE_OK)
        return st;
    feature->shape = shape.shape;
    if (from->kind == DTAKE__DICTIONARY)
        feature->properties = member(from, "properties");
    if (feature->properties != NULL &&
        (feature->properties->null || feature->properties->kind != DTAKE__DICTIONARY))
        feature->properties = NULL;
    *out = (dtake__value){ .kind = DTAKE__FEATURE, .feature = feature };
    return DTAKE_OK;
}

static dtake_status to_geometry(dtake__eval *eval, const dtake__value *from, dtake__value *out,
                                dtake_error *err)
{
    const dtake__figure *shape = NULL;
    dtake_status st = DTAKE_E_UNSUPPORTED;
    if (from->kind == DTAKE__FEATURE) {
        shape = from->feature->shape;
        st = shape != NULL ? DTAKE_OK : dtake__fail(err, DTAKE_E_EMPTY, "a feature has no geometry");
    } else if (from->kind == DTAKE__IMAGE) {
        shape = dtake__element_shape(from);
        st = shape != NULL ? DTAKE_OK : dtake__fail(err, DTAKE_E_EMPTY, "an image has no footprint");
    } else if (is_collection(from->kind)) {
        dtake__value all = *from;
        st = dtake__eval_spend(eval, 1, err); /* collections may hold one another many times over */
        if (st == DTAKE_OK)
            st = dtake__collection_need(eval, &all, err);
        if (st == DTAKE_OK)
            st = dtake__figure_join(eval, &all, &shape, err);
    } else if (from->kind == DTAKE__DICTIONARY) {
        st = dtake__figure_of_geojson(eval, from, &shape, err);
    }
    *out = (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = shape };
    return st;
}

static dtake_status to_projection(dtake__eval *eval, const dtake__value *from, dtake__value *out,
                                  dtake_error *err)
{
    dtake__raster_grid *grid = dtake__slab_alloc(dtake__eval_slab(eval), 1, sizeof *grid);
    if (from->kind != DTAKE__STRING)
        return DTAKE_E_UNSUPPORTED;
    if (grid == NULL)
        return dtake__fail_nomem(err, "a projection");
    *grid = (dtake__raster_grid){ .crs = from->text, .transform = { 0, 1, 0, 0, 0, 1 } };
    *out = (dtake__value){ .kind = DTAKE__PROJECTION, .grid = grid };
    return DTAKE_OK;
}

static dtake_status to_element(dtake__eval *eval, const dtake__value *from, dtake__value *out,
                               dtake_error *err)
{
    *out = *from;
    return from->kind == DTAKE__IMAGE || from->kind == DTAKE__FEATURE || is_collection(from->kind)
               ? DTAKE_OK
               : to_feature(eval, from, out, err);
}

static dtake_status to_date(const dtake__value *from, dtake__value *out, dtake_error *err)
{
    *out = (dtake__value){ .kind = DTAKE__DATE };
    return from->kind == DTAKE__NUMBER || from->kind == DTAKE__STRING
               ? dtake__date_of(from, NULL, &out->number, err)
               : DTAKE_E_UNSUPPORTED;
}

static dtake_status to_filter(dtake__eval *eval, const dtake__value *from, dtake__value *out,
                              dtake_error *err)
{
    *out = (dtake__value){ .kind = DTAKE__FILTER };
    return from->kind == DTAKE__LIST ? dtake__filter_all(eval, from, &out->filter, err) : DTAKE_E_UNSUPPORTED;
}

static dtake_status to_dictionary(const dtake__value *from, dtake__value *out)
{
    const dtake__value *properties = dtake__element_properties(from);
    if (properties == NULL && from->kind != DTAKE__IMAGE && from->kind != DTAKE__FEATURE)
        return DTAKE_E_UNSUPPORTED;
    *out = properties != NULL ? *properties : (dtake__value){ .kind = DTAKE__DICTIONARY };
    return DTAKE_OK;
}

static dtake_status try_cast(dtake__eval *eval, const dtake__value *from, dtake__kind kind, dtake__value *out,
                             dtake_error *err)
{
    switch (kind) {
    case DTAKE__IMAGE:
        return to_image(eval, from, out, err);
    case DTAKE__IMAGE_COLLECTION:
    case DTAKE__FEATURE_COLLECTION:
        return to_collection(eval, from, kind, out, err);
    case DTAKE__FEATURE:
        return to_feature(eval, from, out, err);
    case DTAKE__GEOMETRY:
        return to_geometry(eval, from, out, err);
    case DTAKE__PROJECTION:
        return to_projection(eval, from, out, err);
    case DTAKE__ANY_COLLECTION:
        return from->kind == DTAKE__LIST || !is_list(from->kind)
                   ? to_collection(eval, from, DTAKE__FEATURE_COLLECTION, out, err)
                   : (*out = *from, DTAKE_OK);
    case DTAKE__ELEMENT:
        return to_element(eval, from, out, err);
    case DTAKE__DATE:
        return to_date(from, out, err);
    case DTAKE__FILTER:
        return to_filter(eval, from, out, err);
    case DTAKE__DICTIONARY:
        return to_dictionary(from, out);
    case DTAKE__LIST:
        if (is_list(from->kind)) {
            *out = *from;
            dtake_status st = dtake__collection_need(eval, out, err);
            out->kind = DTAKE__LIST;
            out->collection = NULL;
            return st;
        }
        return from->kind == DTAKE__STRING || from->kind == DTAKE__NUMBER
                   ? one_item(eval, *from, DTAKE__LIST, out, err)
                   : DTAKE_E_UNSUPPORTED;
    case DTAKE__NUMBER:
        if (from->kind != DTAKE__BOOLEAN)
            return DTAKE_E_UNSUPPORTED;
        *out = dtake__value_of_number(from->boolean);
        return DTAKE_OK;
    case DTAKE__BOOLEAN:
        if (from->kind != DTAKE__NUMBER)
            return DTAKE_E_UNSUPPORTED;
        *out = (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = from->number != 0 };
        return DTAKE_OK;
    default:
        return DTAKE_E_UNSUPPORTED;
    }
}

dtake_status dtake__eval_cast(dtake__eval *eval, const dtake__value *from, dtake__kind kind,
                              dtake__value *out, dtake_error *err)
{
    if (from->null)
        return dtake__fail(err, DTAKE_E_USAGE, "a value is null and must be %s", dtake__kind_name(kind));
    if (kind == DTAKE__OBJECT || kind == from->kind) {
        *out = *from;
        return kind == DTAKE__IMAGE ? dtake__image_need(eval, from->image, err)
               : is_list(kind)      ? dtake__collection_need(eval, out, err)
                                    : DTAKE_OK;
    }
    dtake_error why = { 0 };
    dtake_status st = try_cast(eval, from, kind, out, &why);
    if (st == DTAKE_E_UNSUPPORTED && why.message[0] == '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "a value is of kind %s and must be %s",
                           dtake__kind_name(from->kind), dtake__kind_name(kind));
    if (st == DTAKE_OK && kind == DTAKE__IMAGE)
        st = dtake__image_need(eval, out->image, &why);
    if (st != DTAKE_OK)
        dtake__error_copy(err, &why);
    return st;
}
