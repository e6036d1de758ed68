#include "raster/eval_element.h"

#include "core/error.h"
#include "raster/eval_geos.h"

#include <stdlib.h>
#include <string.h>

/* Functions whose result has all properties of its first argument, in the order of their names. */
static const char *const keeping[] = {
    "Image.addBands",
    "Image.byte",
    "Image.clip",
    "Image.clipToBoundsAndScale",
    "Image.clipToCollection",
    "Image.double",
    "Image.float",
    "Image.int",
    "Image.int16",
    "Image.int32",
    "Image.int8",
    "Image.long",
    "Image.mask",
    "Image.paint",
    "Image.reduceResolution",
    "Image.rename",
    "Image.reproject",
    "Image.resample",
    "Image.select",
    "Image.selfMask",
    "Image.setDefaultProjection",
    "Image.short",
    "Image.slice",
    "Image.toByte",
    "Image.toDouble",
    "Image.toFloat",
    "Image.toInt",
    "Image.toInt16",
    "Image.toInt32",
    "Image.toInt8",
    "Image.toLong",
    "Image.toShort",
    "Image.toUint16",
    "Image.toUint32",
    "Image.toUint8",
    "Image.uint16",
    "Image.uint32",
    "Image.uint8",
    "Image.unmask",
    "Image.updateMask",
    "Image.where",
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

const dtake__value *dtake__properties_get(const dtake__value *properties, const char *name)
{
    for (size_t i = 0; properties != NULL && i < properties->list.count; i++)
        if (strcmp(properties->list.key[i], name) == 0)
            return properties->list.item[i].null ? NULL : &properties->list.item[i];
    return NULL;
}

dtake_status dtake__properties_set(dtake__eval *eval, const dtake__value **properties, const char *name,
                                   dtake__value value, dtake_error *err)
{
    dtake__slab *slab = dtake__eval_slab(eval);
    size_t count = *properties != NULL ? (*properties)->list.count : 0, at = 0;
    dtake__value *dict = dtake__slab_alloc(slab, 1, sizeof *dict);
    dtake__value *item = dtake__slab_alloc(slab, count + 1, sizeof *item);
    const char **key = dtake__slab_alloc(slab, count + 1, sizeof *key);
    const char *kept = dtake__slab_text(slab, name, strlen(name));
    if (dict == NULL || item == NULL || key == NULL || kept == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "more values than fit into memory");
    if (count > 0) {
        memcpy(item, (*properties)->list.item, count * sizeof *item);
        memcpy(key, (*properties)->list.key, count * sizeof *key);
    }
    while (at < count && strcmp(key[at], name) != 0)
        at++;
    item[at] = value;
    key[at] = kept;
    *dict =
        (dtake__value){ .kind = DTAKE__DICTIONARY, .list = { item, key, at == count ? count + 1 : count } };
    *properties = dict;
    return DTAKE_OK;
}

const dtake__value *dtake__element_properties(const dtake__value *element)
{
    if (element->null)
        return NULL;
    switch (element->kind) {
    case DTAKE__IMAGE:
        return element->image->properties;
    case DTAKE__FEATURE:
        return element->feature->properties;
    case DTAKE__IMAGE_COLLECTION:
    case DTAKE__FEATURE_COLLECTION:
        return element->collection != NULL ? element->collection->properties : NULL;
    case DTAKE__DICTIONARY:
        return element;
    default:
        return NULL;
    }
}

dtake__value dtake__element_get(const dtake__value *element, const char *name)
{
    const dtake__value *value = dtake__properties_get(dtake__element_properties(element), name);
    if (value != NULL)
        return *value;
    if (!element->null && element->kind == DTAKE__IMAGE && element->image->asset != NULL) {
        if (strcmp(name, "system:id") == 0)
            return dtake__value_of_text(element->image->asset);
        if (strcmp(name, "system:version") == 0)
            return dtake__value_of_number((double)element->image->version);
    }
    return (dtake__value){ .null = true };
}

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_LIMIT, "more values than fit into memory");
}

dtake_status dtake__element_with(dtake__eval *eval, const dtake__value *element,
                                 const dtake__value *properties, dtake__value *out, dtake_error *err)
{
    dtake__slab *slab = dtake__eval_slab(eval);
    *out = *element;
    if (element->kind == DTAKE__IMAGE) {
        dtake__image_value *image = dtake__slab_alloc(slab, 1, sizeof *image);
        if (image == NULL)
            return no_memory(err);
        *image = *element->image;
        image->properties = properties;
        out->image = image;
        return DTAKE_OK;
    }
    if (element->kind == DTAKE__FEATURE) {
        dtake__feature_value *feature = dtake__slab_alloc(slab, 1, sizeof *feature);
        if (feature == NULL)
            return no_memory(err);
        *feature = *element->feature;
        feature->properties = properties;
        out->feature = feature;
        return DTAKE_OK;
    }
    if (element->kind != DTAKE__IMAGE_COLLECTION && element->kind != DTAKE__FEATURE_COLLECTION)
        return dtake__fail(err, DTAKE_E_USAGE, "a %s has no properties", dtake__kind_name(element->kind));
    dtake__collection_value *collection = dtake__slab_alloc(slab, 1, sizeof *collection);
    if (collection == NULL)
        return no_memory(err);
    if (element->collection != NULL)
        *collection = *element->collection;
    collection->properties = properties;
    out->collection = collection;
    return DTAKE_OK;
}

dtake_status dtake__element_set(dtake__eval *eval, const dtake__value *element, const char *name,
                                dtake__value value, dtake__value *out, dtake_error *err)
{
    const dtake__value *properties = dtake__element_properties(element);
    dtake_status st = dtake__properties_set(eval, &properties, name, value, err);
    return st == DTAKE_OK ? dtake__element_with(eval, element, properties, out, err) : st;
}

const dtake__figure *dtake__element_shape(const dtake__value *element)
{
    if (element->null)
        return NULL;
    if (element->kind == DTAKE__GEOMETRY)
        return element->shape;
    if (element->kind == DTAKE__FEATURE)
        return element->feature->shape;
    if (element->kind != DTAKE__IMAGE)
        return NULL;
    const dtake__value *footprint = dtake__properties_get(element->image->properties, "system:footprint");
    return footprint != NULL && footprint->kind == DTAKE__GEOMETRY ? footprint->shape : NULL;
}

/* What a function makes of an element of a collection is that element still, by its index. */
dtake_status dtake__element_map(dtake__eval *eval, const dtake__closure *function, const dtake__value *item,
                                dtake__value *out, dtake_error *err)
{
    const dtake__value index = dtake__element_get(item, "system:index");
    dtake__value made;
    dtake_status st = dtake__eval_apply(eval, function, item, 1, &made, err);
    if (st != DTAKE_OK)
        return st;
    *out = made;
    if (made.null)
        return DTAKE_OK;
    if (made.kind == DTAKE__GEOMETRY)
        st = dtake__eval_cast(eval, &made, DTAKE__FEATURE, out, err);
    if (st != DTAKE_OK || (out->kind != DTAKE__IMAGE && out->kind != DTAKE__FEATURE &&
                           out->kind != DTAKE__IMAGE_COLLECTION && out->kind != DTAKE__FEATURE_COLLECTION))
        return st != DTAKE_OK
                   ? st
                   : dtake__fail(err, DTAKE_E_USAGE,
                                 "a function mapped over a collection must give an Image or a Feature, "
                                 "not a %s",
                                 dtake__kind_name(out->kind));
    made = *out;
    return index.null || !dtake__element_get(&made, "system:index").null
               ? DTAKE_OK
               : dtake__element_set(eval, &made, "system:index", index, out, err);
}

/* The footprint alone, and the index. */
static dtake_status keep_few(dtake__call *call, const dtake__value *from, bool index,
                             const dtake__value **properties, dtake_error *err)
{
    const char *const names[] = { "system:footprint", "system:index" };
    dtake_status st = DTAKE_OK;
    for (int i = 0; i < (index ? 2 : 1) && st == DTAKE_OK; i++) {
        const dtake__value *value = dtake__properties_get(from, names[i]);
        if (value != NULL)
            st = dtake__properties_set(call->eval, properties, names[i], *value, err);
    }
    return st;
}

/* What both cover; where GEOS cannot tell, what it was clipped to. */
static const dtake__figure *common(dtake__eval *eval, const dtake__figure *footprint,
                                   const dtake__figure *area)
{
    GEOSGeometry *a = NULL, *b = NULL, *both = NULL;
    const dtake__figure *out = NULL;
    if (footprint == NULL || dtake__geos() == NULL)
        return area;
    if (dtake__figure_to_geos(eval, footprint, "EPSG:4326", &a, NULL) == DTAKE_OK &&
        dtake__figure_to_geos(eval, area, "EPSG:4326", &b, NULL) == DTAKE_OK)
        both = GEOSIntersection_r(dtake__geos(), a, b);
    if (a != NULL)
        GEOSGeom_destroy_r(dtake__geos(), a);
    if (b != NULL)
        GEOSGeom_destroy_r(dtake__geos(), b);
    return both != NULL && dtake__figure_of_geos(eval, both, "EPSG:4326", &out, NULL) == DTAKE_OK &&
                   out->points > 0
               ? out
               : area;
}

/* The footprint of a clipped image lies within what it was clipped to. */
static dtake_status clip_footprint(dtake__call *call, dtake__image_value *out, dtake_error *err)
{
    dtake__value area;
    if (dtake__eval_cast(call->eval, &call->arg[1], DTAKE__GEOMETRY, &area, NULL) != DTAKE_OK ||
        area.shape == NULL || !area.shape->closed)
        return DTAKE_OK;
    area.shape = common(call->eval, dtake__element_shape(&call->arg[0]), area.shape);
    return dtake__properties_set(call->eval, &out->properties, "system:footprint", area, err);
}

dtake_status dtake__image_inherit(dtake__call *call, dtake_error *err)
{
    const dtake__value *from = &call->arg[0];
    const char *name = call->function->name;
    if (call->out.null || call->out.kind != DTAKE__IMAGE || from->null || from->kind != DTAKE__IMAGE ||
        call->out.image == from->image || call->out.image->properties != NULL)
        return DTAKE_OK;
    dtake__image_value *out = (dtake__image_value *)(uintptr_t)call->out.image; /* new: nobody else's yet */
    if (bsearch(name, keeping, sizeof keeping / sizeof keeping[0], sizeof keeping[0], by_name) != NULL) {
        out->properties = from->image->properties;
        out->asset = from->image->asset;
        out->version = from->image->version;
        return strcmp(name, "Image.clip") == 0 && from->image->properties != NULL
                   ? clip_footprint(call, out, err)
                   : DTAKE_OK;
    }
    return from->image->properties == NULL
               ? DTAKE_OK
               : keep_few(call, from->image->properties, strcmp(name, "Image.visualize") != 0,
                          &out->properties, err);
}
