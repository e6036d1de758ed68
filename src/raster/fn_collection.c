/* Collections and lists, as far as pixels need them. */
#include "raster/eval_function.h"

#include "core/error.h"

static dtake_status map_items(dtake__call *call, dtake_error *err)
{
    const dtake__value *from = &call->arg[0];
    dtake__value *item = dtake__call_alloc(call, from->list.count + 1, sizeof *item, err);
    dtake_status st = item != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < from->list.count && st == DTAKE_OK; i++) {
        st = dtake__eval_apply(call->eval, call->arg[1].closure, &from->list.item[i], 1, &item[count], err);
        count += !(item[count].null && call->arg[2].boolean);
    }
    return st == DTAKE_OK
               ? dtake__call_give(call, (dtake__value){ .kind = from->kind, .list = { item, NULL, count } })
               : st;
}
DTAKE__FUNCTION(collection_map, "Collection.map", FEATURE_COLLECTION, map_items,
                { "collection", DTAKE__FEATURE_COLLECTION }, { "baseAlgorithm", DTAKE__ALGORITHM },
                { "dropNulls", DTAKE__BOOLEAN, "false" });
DTAKE__FUNCTION(list_map, "List.map", LIST, map_items, { "list", DTAKE__LIST },
                { "baseAlgorithm", DTAKE__ALGORITHM }, { "dropNulls", DTAKE__BOOLEAN, "false" });

static dtake_status iterate(dtake__call *call, dtake_error *err)
{
    dtake__value pair[2] = { { .null = true }, call->arg[2] };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < call->arg[0].list.count && st == DTAKE_OK; i++) {
        dtake__value next;
        pair[0] = call->arg[0].list.item[i];
        st = dtake__eval_apply(call->eval, call->arg[1].closure, pair, 2, &next, err);
        pair[1] = next;
    }
    return st == DTAKE_OK ? dtake__call_give(call, pair[1]) : st;
}
DTAKE__FUNCTION(collection_iterate, "Collection.iterate", OBJECT, iterate,
                { "collection", DTAKE__FEATURE_COLLECTION }, { "function", DTAKE__ALGORITHM },
                { "first", DTAKE__OBJECT, "null" });
DTAKE__FUNCTION(list_iterate, "List.iterate", OBJECT, iterate, { "list", DTAKE__LIST },
                { "function", DTAKE__ALGORITHM }, { "first", DTAKE__OBJECT });

static dtake_status first(dtake__call *call, dtake_error *err)
{
    return call->arg[0].list.count > 0 ? dtake__call_give(call, call->arg[0].list.item[0])
                                       : dtake__fail(err, DTAKE_E_EMPTY, "the collection is empty");
}
DTAKE__FUNCTION(collection_first, "Collection.first", OBJECT, first,
                { "collection", DTAKE__FEATURE_COLLECTION });

static dtake_status size(dtake__call *call, dtake_error *err)
{
    (void)err;
    return dtake__call_give(call, dtake__value_of_number((double)call->arg[0].list.count));
}
DTAKE__FUNCTION(collection_size, "Collection.size", NUMBER, size,
                { "collection", DTAKE__FEATURE_COLLECTION });
DTAKE__FUNCTION(list_size, "List.size", NUMBER, size, { "list", DTAKE__LIST });

static dtake_status get(dtake__call *call, dtake_error *err)
{
    double count = (double)call->arg[0].list.count, at = call->arg[1].number;
    at = at < 0 ? at + count : at;
    if (!(at >= 0) || at >= count)
        return dtake__fail(err, DTAKE_E_RANGE, "there is no item %g of %g", call->arg[1].number, count);
    return dtake__call_give(call, call->arg[0].list.item[(size_t)at]);
}
DTAKE__FUNCTION(list_get, "List.get", OBJECT, get, { "list", DTAKE__LIST }, { "index", DTAKE__NUMBER });
