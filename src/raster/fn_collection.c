/* Collections: which elements, in which order, and what becomes of each. */
#include "raster/eval_element.h"
#include "raster/eval_filter.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dtake_status load_images(dtake__call *call, dtake_error *err)
{
    return dtake__collection_load(call->eval, call->arg[0].text, &call->out, err);
}
DTAKE__FUNCTION(image_collection_load, "ImageCollection.load", IMAGE_COLLECTION, load_images,
                { "id", DTAKE__STRING }, { "version", DTAKE__NUMBER, "null" });

static dtake_status load_table(dtake__call *call, dtake_error *err)
{
    return dtake__table_load(call->eval, call->arg[0].text, &call->out, err);
}
DTAKE__FUNCTION(collection_load_table, "Collection.loadTable", FEATURE_COLLECTION, load_table,
                { "tableId", DTAKE__STRING }, { "geometryColumn", DTAKE__STRING, "null" },
                { "version", DTAKE__NUMBER, "null" });

/* Those to which a filter applies are looked at when somebody asks for them. */
static dtake_status filter(dtake__call *call, dtake_error *err)
{
    dtake__value f;
    dtake_status st = dtake__eval_cast(call->eval, &call->arg[1], DTAKE__FILTER, &f, err);
    return st == DTAKE_OK ? dtake__collection_filter(call->eval, &call->arg[0], f.filter, &call->out, err)
                          : st;
}
DTAKE__FUNCTION(collection_filter, "Collection.filter", ANY_COLLECTION, filter,
                { "collection", DTAKE__ANY_COLLECTION }, { "filter", DTAKE__OBJECT });
DTAKE__FUNCTION(list_filter, "List.filter", LIST, filter, { "list", DTAKE__LIST },
                { "filter", DTAKE__FILTER });

static dtake_status map_elements(dtake__call *call, dtake_error *err)
{
    return dtake__collection_map(call->eval, &call->arg[0], call->arg[1].closure, call->arg[2].boolean,
                                 &call->out, err);
}
DTAKE__FUNCTION(collection_map, "Collection.map", ANY_COLLECTION, map_elements,
                { "collection", DTAKE__ANY_COLLECTION }, { "baseAlgorithm", DTAKE__ALGORITHM },
                { "dropNulls", DTAKE__BOOLEAN, "false" });

static dtake_status iterate(dtake__call *call, dtake_error *err)
{
    dtake__value pair[2] = { { .null = true }, call->arg[2] }, all = call->arg[0];
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    for (size_t i = 0; st == DTAKE_OK && i < all.list.count; i++) {
        dtake__value next;
        pair[0] = all.list.item[i];
        st = dtake__eval_apply(call->eval, call->arg[1].closure, pair, 2, &next, err);
        pair[1] = next;
    }
    return st == DTAKE_OK ? dtake__call_give(call, pair[1]) : st;
}
DTAKE__FUNCTION(collection_iterate, "Collection.iterate", OBJECT, iterate,
                { "collection", DTAKE__ANY_COLLECTION }, { "function", DTAKE__ALGORITHM },
                { "first", DTAKE__OBJECT, "null" });
DTAKE__FUNCTION(list_iterate, "List.iterate", OBJECT, iterate, { "list", DTAKE__LIST },
                { "function", DTAKE__ALGORITHM }, { "first", DTAKE__OBJECT });

static dtake_status first(dtake__call *call, dtake_error *err)
{
    dtake__value one;
    dtake_status st = dtake__collection_first(call->eval, &call->arg[0], 1, &one, err);
    if (st == DTAKE_OK)
        st = dtake__collection_need(call->eval, &one, err);
    if (st != DTAKE_OK)
        return st;
    return one.list.count > 0 ? dtake__call_give(call, one.list.item[0])
                              : dtake__fail(err, DTAKE_E_EMPTY, "the collection is empty");
}
DTAKE__FUNCTION(collection_first, "Collection.first", ELEMENT, first,
                { "collection", DTAKE__ANY_COLLECTION });

static dtake_status size(dtake__call *call, dtake_error *err)
{
    dtake__value all = call->arg[0];
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number((double)all.list.count)) : st;
}
DTAKE__FUNCTION(collection_size, "Collection.size", NUMBER, size, { "collection", DTAKE__ANY_COLLECTION });
DTAKE__FUNCTION(list_size, "List.size", NUMBER, size, { "list", DTAKE__LIST });

static dtake_status to_list(dtake__call *call, dtake_error *err)
{
    double count = call->arg[1].number, offset = call->arg[2].number;
    dtake__value all;
    if (!(count >= 0 && offset >= 0 && count <= DTAKE__MAX_LOADED && offset <= DTAKE__MAX_LOADED))
        return dtake__fail(err, DTAKE_E_USAGE, "count %g and offset %g must be from 0 to %d", count, offset,
                           DTAKE__MAX_LOADED);
    dtake_status st =
        dtake__collection_first(call->eval, &call->arg[0], (size_t)count + (size_t)offset, &all, err);
    if (st == DTAKE_OK)
        st = dtake__collection_need(call->eval, &all, err);
    if (st != DTAKE_OK)
        return st;
    size_t skip = (size_t)offset < all.list.count ? (size_t)offset : all.list.count;
    return dtake__call_give(call,
                            (dtake__value){ .kind = DTAKE__LIST,
                                            .list = { all.list.count > skip ? all.list.item + skip : NULL,
                                                      NULL, all.list.count - skip } });
}
DTAKE__FUNCTION(collection_to_list, "Collection.toList", LIST, to_list,
                { "collection", DTAKE__ANY_COLLECTION }, { "count", DTAKE__NUMBER },
                { "offset", DTAKE__NUMBER, "0" });

/* --- order --- */

typedef struct keyed {
    dtake__value key;
    const dtake__value *element;
    size_t place;
    bool descending;
} keyed;

/* What has no such property comes last; equal ones stay as they were. */
static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    int order = 0;
    if (x->key.null != y->key.null)
        return x->key.null ? 1 : -1;
    if (dtake__value_compare(&x->key, &y->key, &order) && order != 0)
        return x->descending ? -order : order;
    return (x->place > y->place) - (x->place < y->place);
}

static dtake_status sort_elements(dtake__call *call, const dtake__value *from, const char *key,
                                  bool ascending, dtake__value *out, dtake_error *err)
{
    *out = *from;
    dtake_status st = dtake__collection_need(call->eval, out, err);
    size_t count = st == DTAKE_OK ? out->list.count : 0;
    keyed *list = dtake__call_alloc(call, count + 1, sizeof *list, err);
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    if (st != DTAKE_OK || list == NULL || item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++)
        list[i] = (keyed){ dtake__element_get(&out->list.item[i], key), &out->list.item[i], i, !ascending };
    qsort(list, count, sizeof *list, by_key);
    for (size_t i = 0; i < count; i++)
        item[i] = *list[i].element;
    out->list.item = item;
    return DTAKE_OK;
}

static dtake_status limit(dtake__call *call, dtake_error *err)
{
    dtake__value from = call->arg[0];
    double most = call->arg[1].null ? DTAKE__MAX_LOADED : call->arg[1].number;
    dtake_status st = DTAKE_OK;
    if (!(most >= 0))
        return dtake__fail(err, DTAKE_E_USAGE, "limit %g must be 0 or more", most);
    if (!call->arg[2].null)
        st = sort_elements(call, &call->arg[0], call->arg[2].text, call->arg[3].boolean, &from, err);
    if (st != DTAKE_OK || call->arg[1].null)
        return st == DTAKE_OK ? dtake__call_give(call, from) : st;
    return dtake__collection_first(call->eval, &from, most < DTAKE__MAX_LOADED ? (size_t)most : SIZE_MAX - 1,
                                   &call->out, err);
}
DTAKE__FUNCTION(collection_limit, "Collection.limit", ANY_COLLECTION, limit,
                { "collection", DTAKE__ANY_COLLECTION }, { "limit", DTAKE__NUMBER, "null" },
                { "key", DTAKE__STRING, "null" }, { "ascending", DTAKE__BOOLEAN, "true" });

static dtake_status merge(dtake__call *call, dtake_error *err)
{
    dtake__value part[2] = { call->arg[0], call->arg[1] };
    dtake_status st = dtake__collection_need(call->eval, &part[0], err);
    if (st == DTAKE_OK)
        st = dtake__collection_need(call->eval, &part[1], err);
    if (st != DTAKE_OK)
        return st;
    dtake__value *item =
        dtake__call_alloc(call, part[0].list.count + part[1].list.count + 1, sizeof *item, err);
    size_t count = 0;
    if (item == NULL)
        return DTAKE_E_NOMEM;
    for (int p = 0; p < 2; p++)
        for (size_t i = 0; i < part[p].list.count && st == DTAKE_OK; i++) {
            const dtake__value *from = &part[p].list.item[i];
            const dtake__value index = dtake__element_get(from, "system:index");
            const char *name = dtake__call_text(call, err, "%d_%.400s", p + 1,
                                                !index.null && index.kind == DTAKE__STRING ? index.text : "");
            if (name == NULL)
                return DTAKE_E_NOMEM;
            st = dtake__element_set(call->eval, from, "system:index", dtake__value_of_text(name),
                                    &item[count++], err);
        }
    call->out = part[0];
    call->out.list.item = item;
    call->out.list.count = count;
    return st;
}
DTAKE__FUNCTION(collection_merge, "Collection.merge", ANY_COLLECTION, merge,
                { "collection1", DTAKE__ANY_COLLECTION }, { "collection2", DTAKE__ANY_COLLECTION });
DTAKE__FUNCTION(image_collection_merge, "ImageCollection.merge", IMAGE_COLLECTION, merge,
                { "collection1", DTAKE__ANY_COLLECTION }, { "collection2", DTAKE__ANY_COLLECTION });

/* All elements of the collections that a collection has. */
static dtake_status flatten(dtake__call *call, dtake_error *err)
{
    dtake__value all = call->arg[0];
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    size_t count = 0;
    for (size_t i = 0; st == DTAKE_OK && i < all.list.count; i++) {
        dtake__value *inner = &all.list.item[i];
        bool many = !inner->null &&
                    (inner->kind == DTAKE__FEATURE_COLLECTION || inner->kind == DTAKE__IMAGE_COLLECTION);
        if (many)
            st = dtake__collection_need(call->eval, inner, err);
        count += many && st == DTAKE_OK ? inner->list.count : 1;
    }
    dtake__value *item = st == DTAKE_OK ? dtake__call_alloc(call, count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    count = 0;
    for (size_t i = 0; i < all.list.count; i++) {
        const dtake__value *inner = &all.list.item[i];
        if (!inner->null &&
            (inner->kind == DTAKE__FEATURE_COLLECTION || inner->kind == DTAKE__IMAGE_COLLECTION))
            for (size_t k = 0; k < inner->list.count; k++)
                item[count++] = inner->list.item[k];
        else
            item[count++] = *inner;
    }
    return dtake__call_give(
        call, (dtake__value){ .kind = DTAKE__FEATURE_COLLECTION, .list = { item, NULL, count } });
}
DTAKE__FUNCTION(collection_flatten, "Collection.flatten", FEATURE_COLLECTION, flatten,
                { "collection", DTAKE__ANY_COLLECTION });

/* The first of those whose properties are all the same. */
static dtake_status distinct(dtake__call *call, dtake_error *err)
{
    dtake__value all = call->arg[0], names;
    dtake_status st = dtake__collection_need(call->eval, &all, err);
    if (st == DTAKE_OK)
        st = dtake__eval_cast(call->eval, &call->arg[1], DTAKE__LIST, &names, err);
    dtake__value *item =
        st == DTAKE_OK ? dtake__call_alloc(call, all.list.count + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    if (all.list.count > 2 * DTAKE__MAX_ELEMENTS)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d elements", 2 * DTAKE__MAX_ELEMENTS);
    st = dtake__eval_compare(call->eval, all.list.count * (all.list.count / 2), names.list.count, err);
    if (st != DTAKE_OK)
        return st;
    size_t count = 0;
    for (size_t i = 0; i < all.list.count; i++) {
        bool known = false;
        for (size_t k = 0; k < count && !known; k++) {
            known = true;
            for (size_t n = 0; n < names.list.count && known; n++) {
                const dtake__value *name = &names.list.item[n];
                if (name->null || name->kind != DTAKE__STRING)
                    return dtake__fail(err, DTAKE_E_USAGE, "properties must be strings");
                const dtake__value a = dtake__element_get(&all.list.item[i], name->text),
                                   b = dtake__element_get(&item[k], name->text);
                known = dtake__value_equal(call->eval, &a, &b);
            }
        }
        if (!known)
            item[count++] = all.list.item[i];
    }
    call->out = all;
    call->out.list.item = item;
    call->out.list.count = count;
    return DTAKE_OK;
}
DTAKE__FUNCTION(collection_distinct, "Collection.distinct", ANY_COLLECTION, distinct,
                { "collection", DTAKE__ANY_COLLECTION }, { "properties", DTAKE__OBJECT });
