/* Properties of images, features and collections. */
#include "raster/eval_element.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

static dtake_status get(dtake__call *call, dtake_error *err)
{
    (void)err;
    return dtake__call_give(call, dtake__element_get(&call->arg[0], call->arg[1].text));
}
DTAKE__FUNCTION(element_get, "Element.get", OBJECT, get, { "object", DTAKE__ELEMENT },
                { "property", DTAKE__STRING });

static dtake_status get_text(dtake__call *call, dtake_error *err)
{
    const dtake__value value = dtake__element_get(&call->arg[0], call->arg[1].text);
    return value.null ? dtake__call_give(call, value)
                      : dtake__eval_call(call->eval, "String", &value, 1, &call->out, err);
}
DTAKE__FUNCTION(element_get_string, "Element.getString", STRING, get_text, { "object", DTAKE__ELEMENT },
                { "property", DTAKE__STRING });

static dtake_status get_number(dtake__call *call, dtake_error *err)
{
    const dtake__value value = dtake__element_get(&call->arg[0], call->arg[1].text);
    if (value.null)
        return dtake__call_give(call, value);
    return dtake__eval_cast(call->eval, &value, DTAKE__NUMBER, &call->out, err);
}
DTAKE__FUNCTION(element_get_number, "Element.getNumber", NUMBER, get_number, { "object", DTAKE__ELEMENT },
                { "property", DTAKE__STRING });

static dtake_status set(dtake__call *call, dtake_error *err)
{
    return dtake__element_set(call->eval, &call->arg[0], call->arg[1].text, call->arg[2], &call->out, err);
}
DTAKE__FUNCTION(element_set, "Element.set", ELEMENT, set, { "object", DTAKE__ELEMENT },
                { "key", DTAKE__STRING }, { "value", DTAKE__OBJECT, "null" });

static dtake_status set_multi(dtake__call *call, dtake_error *err)
{
    const dtake__value *properties = dtake__element_properties(&call->arg[0]), *more = &call->arg[1];
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < more->list.count && st == DTAKE_OK; i++)
        st = dtake__properties_set(call->eval, &properties, more->list.key[i], more->list.item[i], err);
    return st == DTAKE_OK ? dtake__element_with(call->eval, &call->arg[0], properties, &call->out, err) : st;
}
DTAKE__FUNCTION(element_set_multi, "Element.setMulti", ELEMENT, set_multi, { "object", DTAKE__ELEMENT },
                { "properties", DTAKE__DICTIONARY });

static bool is_named(const dtake__value *list, const char *name)
{
    for (size_t i = 0; i < list->list.count; i++)
        if (!list->list.item[i].null && list->list.item[i].kind == DTAKE__STRING &&
            strcmp(list->list.item[i].text, name) == 0)
            return true;
    return false;
}

/* Properties of the system are copied only when they are named. */
static dtake_status copy_properties(dtake__call *call, dtake_error *err)
{
    const dtake__value *to = dtake__element_properties(&call->arg[0]);
    const dtake__value *from = call->arg[1].null ? NULL : dtake__element_properties(&call->arg[1]);
    dtake_status st = DTAKE_OK;
    if (call->arg[0].null)
        return dtake__fail(err, DTAKE_E_USAGE, "there is no destination");
    for (size_t i = 0; from != NULL && i < from->list.count && st == DTAKE_OK; i++) {
        const char *name = from->list.key[i];
        bool wanted = call->arg[2].null ? strncmp(name, "system:", 7) != 0 : is_named(&call->arg[2], name);
        if (wanted && (call->arg[3].null || !is_named(&call->arg[3], name)))
            st = dtake__properties_set(call->eval, &to, name, from->list.item[i], err);
    }
    return st == DTAKE_OK ? dtake__element_with(call->eval, &call->arg[0], to, &call->out, err) : st;
}
DTAKE__FUNCTION(element_copy_properties, "Element.copyProperties", ELEMENT, copy_properties,
                { "destination", DTAKE__ELEMENT, "null" }, { "source", DTAKE__ELEMENT, "null" },
                { "properties", DTAKE__LIST, "null" }, { "exclude", DTAKE__LIST, "null" });

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of the alphabet; what every element has among them. */
static dtake_status names_of(dtake__call *call, const dtake__value *element, const char ***out, size_t *count,
                             dtake_error *err)
{
    static const char *const own[] = { "system:id", "system:version", "system:bands", "system:band_names" };
    const dtake__value *properties = dtake__element_properties(element);
    size_t room = (properties != NULL ? properties->list.count : 0) + 4, used = 0;
    const char **name = dtake__call_alloc(call, room, sizeof *name, err);
    if (name == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; properties != NULL && i < properties->list.count; i++)
        if (!properties->list.item[i].null)
            name[used++] = properties->list.key[i];
    bool asset = element->kind == DTAKE__IMAGE && element->image->asset != NULL;
    for (size_t i = 0; element->kind == DTAKE__IMAGE && i < 4; i++)
        if ((i >= 2 || asset) && dtake__properties_get(properties, own[i]) == NULL)
            name[used++] = own[i];
    qsort(name, used, sizeof *name, by_text);
    *out = name;
    *count = used;
    return DTAKE_OK;
}

static dtake_status property_names(dtake__call *call, dtake_error *err)
{
    const char **name;
    size_t count;
    dtake_status st = names_of(call, &call->arg[0], &name, &count, err);
    dtake__value *item = st == DTAKE_OK ? dtake__call_alloc(call, count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        item[i] = dtake__value_of_text(name[i]);
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, count } });
}
DTAKE__FUNCTION(element_property_names, "Element.propertyNames", LIST, property_names,
                { "element", DTAKE__ELEMENT });

/* Those of the system are left out, unless they are asked for. */
static dtake_status to_dictionary(dtake__call *call, dtake_error *err)
{
    const dtake__value *properties = dtake__element_properties(&call->arg[0]), *out = NULL;
    dtake_status st = DTAKE_OK;
    if (!call->arg[1].null) {
        for (size_t i = 0; i < call->arg[1].list.count && st == DTAKE_OK; i++) {
            const dtake__value *name = &call->arg[1].list.item[i];
            if (name->null || name->kind != DTAKE__STRING)
                return dtake__fail(err, DTAKE_E_USAGE, "properties must be strings");
            st = dtake__properties_set(call->eval, &out, name->text,
                                       dtake__element_get(&call->arg[0], name->text), err);
        }
    } else {
        for (size_t i = 0; properties != NULL && i < properties->list.count && st == DTAKE_OK; i++)
            if (strncmp(properties->list.key[i], "system:", 7) != 0)
                st = dtake__properties_set(call->eval, &out, properties->list.key[i],
                                           properties->list.item[i], err);
    }
    return st == DTAKE_OK
               ? dtake__call_give(call, out != NULL ? *out : (dtake__value){ .kind = DTAKE__DICTIONARY })
               : st;
}
DTAKE__FUNCTION(element_to_dictionary, "Element.toDictionary", DICTIONARY, to_dictionary,
                { "element", DTAKE__ELEMENT }, { "properties", DTAKE__LIST, "null" });

static dtake_status geometry_of(dtake__call *call, dtake_error *err)
{
    dtake__value shape;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[0], DTAKE__GEOMETRY, &shape, err);
    return st == DTAKE_OK ? dtake__call_give(call, shape) : st;
}
#define SHAPE_OF                                                                                             \
    { "feature", DTAKE__ELEMENT }, { "maxError", DTAKE__OBJECT, "null" },                                    \
        { "proj", DTAKE__PROJECTION, "null" },                                                               \
    {                                                                                                        \
        "geodesics", DTAKE__BOOLEAN, "null"                                                                  \
    }
DTAKE__FUNCTION(element_geometry, "Element.geometry", GEOMETRY, geometry_of, SHAPE_OF);
DTAKE__FUNCTION(feature_geometry, "Feature.geometry", GEOMETRY, geometry_of, SHAPE_OF);
DTAKE__FUNCTION(image_geometry, "Image.geometry", GEOMETRY, geometry_of, SHAPE_OF);

static dtake_status set_geometry(dtake__call *call, dtake_error *err)
{
    dtake__feature_value *feature = dtake__call_alloc(call, 1, sizeof *feature, err);
    if (feature == NULL)
        return DTAKE_E_NOMEM;
    feature->properties = dtake__element_properties(&call->arg[0]);
    feature->shape = call->arg[1].null ? NULL : call->arg[1].shape;
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__FEATURE, .feature = feature });
}
DTAKE__FUNCTION(feature_set_geometry, "Feature.setGeometry", FEATURE, set_geometry,
                { "feature", DTAKE__ELEMENT }, { "geometry", DTAKE__GEOMETRY, "null" });

static dtake_status id_of(dtake__call *call, dtake_error *err)
{
    (void)err;
    const dtake__value *e = &call->arg[0];
    return dtake__call_give(call, e->kind == DTAKE__IMAGE && e->image->asset != NULL
                                      ? dtake__value_of_text(e->image->asset)
                                      : dtake__element_get(e, "system:index"));
}
DTAKE__FUNCTION(element_id, "Element.id", STRING, id_of, { "element", DTAKE__ELEMENT });
DTAKE__FUNCTION(image_id, "Image.id", STRING, id_of, { "image", DTAKE__ELEMENT });
DTAKE__FUNCTION(feature_id, "Feature.id", STRING, id_of, { "feature", DTAKE__ELEMENT });

/* --- columns of collections --- */

static dtake_status column(dtake__call *call, dtake__value **out, size_t *count, dtake_error *err)
{
    dtake__value all = call->arg[0];
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    dtake__value *item =
        st == DTAKE_OK ? dtake__call_alloc(call, all.list.count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    *count = 0;
    for (size_t i = 0; i < all.list.count; i++) {
        const dtake__value value = dtake__element_get(&all.list.item[i], call->arg[1].text);
        if (!value.null)
            item[(*count)++] = value;
    }
    *out = item;
    return DTAKE_OK;
}

static dtake_status aggregate_array(dtake__call *call, dtake_error *err)
{
    dtake__value *item;
    size_t count;
    dtake_status st = column(call, &item, &count, err);
    return st == DTAKE_OK
               ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, count } })
               : st;
}
DTAKE__FUNCTION(aggregate_array, "AggregateFeatureCollection.array", LIST, aggregate_array,
                { "collection", DTAKE__ANY_COLLECTION }, { "property", DTAKE__STRING });
