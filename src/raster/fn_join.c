/* Elements of one collection with those of another that match them. */
#include "raster/eval_element.h"
#include "raster/eval_filter.h"
#include "raster/eval_function.h"
#include "raster/eval_join.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PAIRS = 25000000 };

static dtake_status give_join(dtake__call *call, dtake__join join, dtake_error *err)
{
    dtake__join *kept = dtake__call_alloc(call, 1, sizeof *kept, err);
    if (kept == NULL)
        return DTAKE_E_NOMEM;
    *kept = join;
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__JOIN, .join = kept });
}

static dtake_status simple(dtake__call *call, dtake_error *err)
{
    return give_join(call, (dtake__join){ .kind = DTAKE__JOIN_SIMPLE }, err);
}
DTAKE__FUNCTION(join_simple, "Join.simple", JOIN, simple, { NULL });

static dtake_status inverted(dtake__call *call, dtake_error *err)
{
    return give_join(call, (dtake__join){ .kind = DTAKE__JOIN_INVERTED }, err);
}
DTAKE__FUNCTION(join_inverted, "Join.inverted", JOIN, inverted, { NULL });

static dtake_status inner(dtake__call *call, dtake_error *err)
{
    return give_join(
        call,
        (dtake__join){ .kind = DTAKE__JOIN_INNER, .key = call->arg[0].text, .right_key = call->arg[1].text },
        err);
}
DTAKE__FUNCTION(join_inner, "Join.inner", JOIN, inner, { "primaryKey", DTAKE__STRING, "primary" },
                { "secondaryKey", DTAKE__STRING, "secondary" }, { "measureKey", DTAKE__STRING, "null" });

static dtake_status save_all(dtake__call *call, dtake_error *err)
{
    return give_join(call,
                     (dtake__join){ .kind = DTAKE__JOIN_ALL,
                                    .key = call->arg[0].text,
                                    .ordering = call->arg[1].null ? NULL : call->arg[1].text,
                                    .descending = !call->arg[2].boolean,
                                    .outer = call->arg[4].boolean },
                     err);
}
DTAKE__FUNCTION(join_save_all, "Join.saveAll", JOIN, save_all, { "matchesKey", DTAKE__STRING },
                { "ordering", DTAKE__STRING, "null" }, { "ascending", DTAKE__BOOLEAN, "true" },
                { "measureKey", DTAKE__STRING, "null" }, { "outer", DTAKE__BOOLEAN, "false" });

static dtake_status save_first(dtake__call *call, dtake_error *err)
{
    return give_join(call,
                     (dtake__join){ .kind = DTAKE__JOIN_FIRST,
                                    .key = call->arg[0].text,
                                    .ordering = call->arg[1].null ? NULL : call->arg[1].text,
                                    .descending = !call->arg[2].boolean,
                                    .outer = call->arg[4].boolean },
                     err);
}
DTAKE__FUNCTION(join_save_first, "Join.saveFirst", JOIN, save_first, { "matchKey", DTAKE__STRING },
                { "ordering", DTAKE__STRING, "null" }, { "ascending", DTAKE__BOOLEAN, "true" },
                { "measureKey", DTAKE__STRING, "null" }, { "outer", DTAKE__BOOLEAN, "false" });

typedef struct match {
    dtake__value element, key;
    bool descending;
    size_t place;
} match;

static int by_key(const void *a, const void *b)
{
    const match *x = a, *y = b;
    int order = 0;
    if (dtake__value_compare(&x->key, &y->key, &order) && order != 0)
        return x->descending ? -order : order;
    return (x->place > y->place) - (x->place < y->place);
}

/* Items on their way into a collection. */
typedef struct items {
    dtake__value *item;
    size_t count, room;
} items;

static dtake_status add(dtake__call *call, items *to, dtake__value value, dtake_error *err)
{
    dtake__value *grown = dtake__call_room(call, to->item, to->count, &to->room, sizeof *grown, err);
    if (grown == NULL)
        return DTAKE_E_NOMEM;
    to->item = grown;
    to->item[to->count++] = value;
    return DTAKE_OK;
}

/* A feature of both. */
static dtake_status add_pair(dtake__call *call, const dtake__join *join, const dtake__value *left,
                             const dtake__value *right, items *out, dtake_error *err)
{
    dtake__feature_value *feature = dtake__call_alloc(call, 1, sizeof *feature, err);
    dtake_status st = feature != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    if (st == DTAKE_OK)
        st = dtake__properties_set(call->eval, &feature->properties, join->key, *left, err);
    if (st == DTAKE_OK)
        st = dtake__properties_set(call->eval, &feature->properties, join->right_key, *right, err);
    return st == DTAKE_OK ? add(call, out, (dtake__value){ .kind = DTAKE__FEATURE, .feature = feature }, err)
                          : st;
}

/* What becomes of one element and all that match it. */
static dtake_status add_element(dtake__call *call, const dtake__join *join, const dtake__value *left,
                                match *found, size_t count, items *out, dtake_error *err)
{
    dtake__value with, list = { .kind = DTAKE__LIST };
    dtake_status st = DTAKE_OK;
    switch (join->kind) {
    case DTAKE__JOIN_SIMPLE:
        return count > 0 ? add(call, out, *left, err) : DTAKE_OK;
    case DTAKE__JOIN_INVERTED:
        return count == 0 ? add(call, out, *left, err) : DTAKE_OK;
    case DTAKE__JOIN_INNER:
        for (size_t i = 0; i < count && st == DTAKE_OK; i++)
            st = add_pair(call, join, left, &found[i].element, out, err);
        return st;
    default:
        break;
    }
    if (count == 0 && !join->outer)
        return DTAKE_OK;
    if (join->ordering != NULL)
        qsort(found, count, sizeof *found, by_key);
    if (join->kind == DTAKE__JOIN_FIRST) {
        list = count > 0 ? found[0].element : (dtake__value){ .null = true };
    } else {
        list.list.item = dtake__call_alloc(call, count + 1, sizeof *list.list.item, err);
        if (list.list.item == NULL)
            return DTAKE_E_NOMEM;
        for (; list.list.count < count; list.list.count++)
            list.list.item[list.list.count] = found[list.list.count].element;
    }
    st = dtake__element_set(call->eval, left, join->key, list, &with, err);
    return st == DTAKE_OK ? add(call, out, with, err) : st;
}

static dtake_status apply(dtake__call *call, dtake_error *err)
{
    const dtake__join *join = call->arg[0].join;
    dtake__value left = call->arg[1], right = call->arg[2];
    items out = { 0 };
    dtake_status st = dtake__collection_need(call->eval, &left, err);
    if (st == DTAKE_OK)
        st = dtake__collection_need(call->eval, &right, err);
    if (st != DTAKE_OK)
        return st;
    if (left.list.count * right.list.count > MAX_PAIRS)
        return dtake__fail(err, DTAKE_E_LIMIT, "%zu and %zu elements: at most %d pairs are compared",
                           left.list.count, right.list.count, MAX_PAIRS);
    match *found = dtake__call_alloc(call, right.list.count + 1, sizeof *found, err);
    if (found == NULL)
        return DTAKE_E_NOMEM;
    st = dtake__eval_compare(call->eval, left.list.count, right.list.count, err);
    for (size_t i = 0; i < left.list.count && st == DTAKE_OK; i++) {
        size_t count = 0;
        for (size_t k = 0; k < right.list.count && st == DTAKE_OK; k++) {
            const dtake__value *other = &right.list.item[k];
            bool passes = false;
            st = dtake__filter_passes(call->eval, call->arg[3].filter, &left.list.item[i], other, &passes,
                                      err);
            if (passes)
                found[count++] = (match){ *other,
                                          join->ordering != NULL ? dtake__element_get(other, join->ordering)
                                                                 : (dtake__value){ .null = true },
                                          join->descending, k };
        }
        if (st == DTAKE_OK)
            st = add_element(call, join, &left.list.item[i], found, count, &out, err);
    }
    call->out = left;
    if (join->kind == DTAKE__JOIN_INNER)
        call->out = (dtake__value){ .kind = DTAKE__FEATURE_COLLECTION };
    call->out.list.item = out.item;
    call->out.list.count = out.count;
    return st;
}
DTAKE__FUNCTION(join_apply, "Join.apply", ANY_COLLECTION, apply, { "join", DTAKE__JOIN },
                { "primary", DTAKE__ANY_COLLECTION }, { "secondary", DTAKE__ANY_COLLECTION },
                { "condition", DTAKE__FILTER });
