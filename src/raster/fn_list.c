/* Lists. */
#include "raster/eval_filter.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LIST = 1000000 };

static dtake_status give_list(dtake__call *call, dtake__value *item, size_t count)
{
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, count } });
}

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
    return st == DTAKE_OK ? give_list(call, item, count) : st;
}
DTAKE__FUNCTION(list_map, "List.map", LIST, map_items, { "list", DTAKE__LIST },
                { "baseAlgorithm", DTAKE__ALGORITHM }, { "dropNulls", DTAKE__BOOLEAN, "false" });

/* Which item: counted from the end when negative. */
static dtake_status place_of(double index, size_t count, size_t *out, dtake_error *err)
{
    double at = index < 0 ? index + (double)count : index;
    *out = 0;
    if (!(at >= 0) || at >= (double)count)
        return dtake__fail(err, DTAKE_E_RANGE, "there is no item %g of %zu", index, count);
    *out = (size_t)at;
    return DTAKE_OK;
}

static dtake_status get(dtake__call *call, dtake_error *err)
{
    size_t at = 0;
    dtake_status st = place_of(call->arg[1].number, call->arg[0].list.count, &at, err);
    return st == DTAKE_OK ? dtake__call_give(call, call->arg[0].list.item[at]) : st;
}
DTAKE__FUNCTION(list_get, "List.get", OBJECT, get, { "list", DTAKE__LIST }, { "index", DTAKE__NUMBER });

static dtake_status set(dtake__call *call, dtake_error *err)
{
    size_t at = 0, count = call->arg[0].list.count;
    dtake_status st = place_of(call->arg[1].number, count, &at, err);
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    if (st != DTAKE_OK || item == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_NOMEM;
    memcpy(item, call->arg[0].list.item, count * sizeof *item);
    item[at] = call->arg[2];
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_set, "List.set", LIST, set, { "list", DTAKE__LIST }, { "index", DTAKE__NUMBER },
                { "element", DTAKE__OBJECT, "null" });

static dtake_status join(dtake__call *call, const dtake__value *more, size_t count, dtake_error *err)
{
    size_t before = call->arg[0].list.count;
    dtake__value *item = dtake__call_alloc(call, before + count + 1, sizeof *item, err);
    if (item == NULL)
        return DTAKE_E_NOMEM;
    if (before > 0)
        memcpy(item, call->arg[0].list.item, before * sizeof *item);
    if (count > 0)
        memcpy(item + before, more, count * sizeof *item);
    return give_list(call, item, before + count);
}

static dtake_status add(dtake__call *call, dtake_error *err)
{
    return join(call, &call->arg[1], 1, err);
}
DTAKE__FUNCTION(list_add, "List.add", LIST, add, { "list", DTAKE__LIST },
                { "element", DTAKE__OBJECT, "null" });

static dtake_status cat(dtake__call *call, dtake_error *err)
{
    return join(call, call->arg[1].list.item, call->arg[1].list.count, err);
}
DTAKE__FUNCTION(list_cat, "List.cat", LIST, cat, { "list", DTAKE__LIST }, { "other", DTAKE__LIST });

static bool holds(dtake__call *call, const dtake__value *list, size_t count, const dtake__value *value)
{
    for (size_t i = 0; i < count; i++)
        if (dtake__value_equal(call->eval, &list[i], value))
            return true;
    return false;
}

static dtake_status contains(dtake__call *call, dtake_error *err)
{
    const dtake__value *list = &call->arg[0];
    dtake_status st = dtake__eval_compare(call->eval, list->list.count, 1, err);
    bool found = st == DTAKE_OK && holds(call, list->list.item, list->list.count, &call->arg[1]);
    return st == DTAKE_OK ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = found })
                          : st;
}
DTAKE__FUNCTION(list_contains, "List.contains", BOOLEAN, contains, { "list", DTAKE__LIST },
                { "element", DTAKE__OBJECT, "null" });

static dtake_status index_of(dtake__call *call, dtake_error *err)
{
    double at = -1;
    dtake_status st = dtake__eval_compare(call->eval, call->arg[0].list.count, 1, err);
    for (size_t i = 0; st == DTAKE_OK && i < call->arg[0].list.count && at < 0; i++)
        if (dtake__value_equal(call->eval, &call->arg[0].list.item[i], &call->arg[1]))
            at = (double)i;
    return st == DTAKE_OK ? dtake__call_give(call, dtake__value_of_number(at)) : st;
}
DTAKE__FUNCTION(list_index_of, "List.indexOf", NUMBER, index_of, { "list", DTAKE__LIST },
                { "element", DTAKE__OBJECT, "null" });

/* Without the first item that equals it. */
static dtake_status remove_one(dtake__call *call, dtake_error *err)
{
    const dtake__value *list = &call->arg[0];
    dtake__value *item = dtake__call_alloc(call, list->list.count + 1, sizeof *item, err);
    size_t count = 0;
    bool gone = false;
    if (item == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < list->list.count; i++)
        if (!gone && dtake__value_equal(call->eval, &list->list.item[i], &call->arg[1]))
            gone = true;
        else
            item[count++] = list->list.item[i];
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_remove, "List.remove", LIST, remove_one, { "list", DTAKE__LIST },
                { "element", DTAKE__OBJECT, "null" });

static dtake_status remove_all(dtake__call *call, dtake_error *err)
{
    const dtake__value *list = &call->arg[0], *gone = &call->arg[1];
    dtake__value *item = dtake__call_alloc(call, list->list.count + 1, sizeof *item, err);
    size_t count = 0;
    if (item == NULL)
        return DTAKE_E_NOMEM;
    dtake_status st = dtake__eval_compare(call->eval, list->list.count, gone->list.count, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < list->list.count; i++)
        if (!holds(call, gone->list.item, gone->list.count, &list->list.item[i]))
            item[count++] = list->list.item[i];
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_remove_all, "List.removeAll", LIST, remove_all, { "list", DTAKE__LIST },
                { "other", DTAKE__LIST });

static dtake_status distinct(dtake__call *call, dtake_error *err)
{
    const dtake__value *list = &call->arg[0];
    dtake__value *item = dtake__call_alloc(call, list->list.count + 1, sizeof *item, err);
    size_t count = 0;
    if (item == NULL)
        return DTAKE_E_NOMEM;
    if (list->list.count > 10000)
        return dtake__fail(err, DTAKE_E_LIMIT, "a list of %zu: at most 10000 are compared with one another",
                           list->list.count);
    dtake_status st = dtake__eval_compare(call->eval, list->list.count, list->list.count / 2, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < list->list.count; i++)
        if (!holds(call, item, count, &list->list.item[i]))
            item[count++] = list->list.item[i];
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_distinct, "List.distinct", LIST, distinct, { "list", DTAKE__LIST });

static dtake_status reverse(dtake__call *call, dtake_error *err)
{
    size_t count = call->arg[0].list.count;
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    for (size_t i = 0; i < count && item != NULL; i++)
        item[i] = call->arg[0].list.item[count - 1 - i];
    return item != NULL ? give_list(call, item, count) : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(list_reverse, "List.reverse", LIST, reverse, { "list", DTAKE__LIST });

static size_t within(double at, size_t count)
{
    at = at < 0 ? at + (double)count : at;
    return at <= 0 ? 0 : at >= (double)count ? count : (size_t)at;
}

static dtake_status slice(dtake__call *call, dtake_error *err)
{
    size_t count = call->arg[0].list.count, kept = 0;
    size_t start = within(call->arg[1].number, count);
    size_t end = call->arg[2].null ? count : within(call->arg[2].number, count);
    double step = call->arg[3].null ? 1 : call->arg[3].number;
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    if (item == NULL)
        return DTAKE_E_NOMEM;
    if (!(step >= 1 && step < MAX_LIST))
        return dtake__fail(err, DTAKE_E_USAGE, "step %g must be 1 or more", step);
    for (size_t i = start; i < end; i += (size_t)step)
        item[kept++] = call->arg[0].list.item[i];
    return give_list(call, item, kept);
}
DTAKE__FUNCTION(list_slice, "List.slice", LIST, slice, { "list", DTAKE__LIST }, { "start", DTAKE__NUMBER },
                { "end", DTAKE__NUMBER, "null" }, { "step", DTAKE__NUMBER, "null" });

static dtake_status sequence(dtake__call *call, dtake_error *err)
{
    double start = call->arg[0].number, step = call->arg[2].number, count;
    if (call->arg[1].null && call->arg[3].null)
        return dtake__fail(err, DTAKE_E_USAGE, "an end or a count is needed");
    if (!call->arg[3].null) {
        count = floor(call->arg[3].number);
        if (!call->arg[1].null)
            step = count > 1 ? (call->arg[1].number - start) / (count - 1) : 0;
    } else {
        if (step == 0)
            return dtake__fail(err, DTAKE_E_USAGE, "a step of 0");
        count = floor((call->arg[1].number - start) / step + 1e-9) + 1;
    }
    if (!(count <= MAX_LIST))
        return dtake__fail(err, DTAKE_E_LIMIT, "a list of %g: at most %d are allowed", count, MAX_LIST);
    size_t n = count > 0 ? (size_t)count : 0;
    dtake__value *item = dtake__call_alloc(call, n + 1, sizeof *item, err);
    for (size_t i = 0; i < n && item != NULL; i++)
        item[i] = dtake__value_of_number(start + (double)i * step);
    return item != NULL ? give_list(call, item, n) : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(list_sequence, "List.sequence", LIST, sequence, { "start", DTAKE__NUMBER },
                { "end", DTAKE__NUMBER, "null" }, { "step", DTAKE__NUMBER, "1" },
                { "count", DTAKE__NUMBER, "null" });

static dtake_status repeat(dtake__call *call, dtake_error *err)
{
    double count = call->arg[1].number;
    if (!(count >= 0 && count <= MAX_LIST))
        return dtake__fail(err, DTAKE_E_LIMIT, "a list of %g: 0 to %d are allowed", count, MAX_LIST);
    dtake__value *item = dtake__call_alloc(call, (size_t)count + 1, sizeof *item, err);
    for (size_t i = 0; i < (size_t)count && item != NULL; i++)
        item[i] = call->arg[0];
    return item != NULL ? give_list(call, item, (size_t)count) : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(list_repeat, "List.repeat", LIST, repeat, { "value", DTAKE__OBJECT, "null" },
                { "count", DTAKE__NUMBER });

/* --- order --- */

typedef struct keyed {
    const dtake__value *key, *item;
    size_t place;
} keyed;

/* Numbers before strings before all else; equal ones stay as they were. */
static int rank(const dtake__value *value)
{
    return value->null                                                                                   ? 3
           : value->kind == DTAKE__STRING                                                                ? 1
           : value->kind == DTAKE__NUMBER || value->kind == DTAKE__DATE || value->kind == DTAKE__BOOLEAN ? 0
                                                                                                         : 2;
}

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    int order = 0;
    if (rank(x->key) != rank(y->key))
        return rank(x->key) - rank(y->key);
    if (dtake__value_compare(x->key, y->key, &order) && order != 0)
        return order;
    return (x->place > y->place) - (x->place < y->place);
}

static dtake_status sort(dtake__call *call, dtake_error *err)
{
    const dtake__value *list = &call->arg[0], *keys = call->arg[1].null ? list : &call->arg[1];
    size_t count = list->list.count;
    keyed *order = dtake__call_alloc(call, count + 1, sizeof *order, err);
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    if (order == NULL || item == NULL)
        return DTAKE_E_NOMEM;
    if (keys->list.count != count)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu keys for a list of %zu", keys->list.count, count);
    for (size_t i = 0; i < count; i++)
        order[i] = (keyed){ &keys->list.item[i], &list->list.item[i], i };
    qsort(order, count, sizeof *order, by_key);
    for (size_t i = 0; i < count; i++)
        item[i] = *order[i].item;
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_sort, "List.sort", LIST, sort, { "list", DTAKE__LIST }, { "keys", DTAKE__LIST, "null" });

/* --- of several lists --- */

/* `visits` ends it, too: empty lists may hold one another many times over. */
static size_t leaves(const dtake__value *value, int depth, size_t *visits)
{
    size_t count = 0;
    if (value->null || value->kind != DTAKE__LIST || depth > 100)
        return 1;
    if (++*visits > MAX_LIST)
        return (size_t)MAX_LIST + 1;
    for (size_t i = 0; i < value->list.count && count <= MAX_LIST; i++)
        count += leaves(&value->list.item[i], depth + 1, visits);
    return count;
}

static void pour(const dtake__value *value, int depth, dtake__value *item, size_t *count)
{
    if (value->null || value->kind != DTAKE__LIST || depth > 100) {
        item[(*count)++] = *value;
        return;
    }
    for (size_t i = 0; i < value->list.count; i++)
        pour(&value->list.item[i], depth + 1, item, count);
}

static dtake_status flatten(dtake__call *call, dtake_error *err)
{
    size_t visits = 0, room = leaves(&call->arg[0], 0, &visits), count = 0;
    if (room > MAX_LIST)
        return dtake__fail(err, DTAKE_E_LIMIT, "a list of more than %d", MAX_LIST);
    dtake__value *item = dtake__call_alloc(call, room + 1, sizeof *item, err);
    if (item == NULL)
        return DTAKE_E_NOMEM;
    pour(&call->arg[0], 0, item, &count);
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_flatten, "List.flatten", LIST, flatten, { "list", DTAKE__LIST });

static dtake_status zip(dtake__call *call, dtake_error *err)
{
    size_t a = call->arg[0].list.count, b = call->arg[1].list.count, count = a < b ? a : b;
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    dtake__value *pair = dtake__call_alloc(call, count + 1, 2 * sizeof *pair, err);
    if (item == NULL || pair == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        pair[2 * i] = call->arg[0].list.item[i];
        pair[2 * i + 1] = call->arg[1].list.item[i];
        item[i] = (dtake__value){ .kind = DTAKE__LIST, .list = { pair + 2 * i, NULL, 2 } };
    }
    return give_list(call, item, count);
}
DTAKE__FUNCTION(list_zip, "List.zip", LIST, zip, { "list", DTAKE__LIST }, { "other", DTAKE__LIST });

static dtake_status join_text(dtake__call *call, dtake_error *err)
{
    const char *separator = call->arg[1].text, *text = "";
    for (size_t i = 0; i < call->arg[0].list.count && text != NULL; i++) {
        const dtake__value *item = &call->arg[0].list.item[i];
        dtake__value word;
        dtake_status st = dtake__eval_call(call->eval, "String", item, 1, &word, err);
        if (st != DTAKE_OK)
            return st;
        text = i == 0 ? word.text : dtake__call_text(call, err, "%s%s%s", text, separator, word.text);
    }
    return text != NULL ? dtake__call_give(call, dtake__value_of_text(text)) : DTAKE_E_LIMIT;
}
DTAKE__FUNCTION(list_join, "List.join", STRING, join_text, { "list", DTAKE__LIST },
                { "separator", DTAKE__STRING, "" });
