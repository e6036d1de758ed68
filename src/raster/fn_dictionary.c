/* Dictionaries. Their members are in the order of their keys. */
#include "raster/eval_assets.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

typedef struct member {
    const char *key;
    dtake__value value;
} member;

static int by_key(const void *a, const void *b)
{
    return strcmp(((const member *)a)->key, ((const member *)b)->key);
}

/* Sorted; of equal keys the last. NULL: told. */
static member *members_of(dtake__call *call, const dtake__value *dict, size_t *count, dtake_error *err)
{
    member *m = dtake__call_alloc(call, dict->list.count + 1, sizeof *m, err);
    size_t kept = 0;
    for (size_t i = 0; m != NULL && i < dict->list.count; i++)
        m[i] = (member){ dict->list.key[i], dict->list.item[i] };
    if (m == NULL)
        return NULL;
    qsort(m, dict->list.count, sizeof *m, by_key); /* glibc's keeps the order of equal ones */
    for (size_t i = 0; i < dict->list.count; i++) {
        if (kept > 0 && strcmp(m[kept - 1].key, m[i].key) == 0)
            kept--;
        m[kept++] = m[i];
    }
    *count = kept;
    return m;
}

static dtake_status give_members(dtake__call *call, const member *m, size_t count, dtake_error *err)
{
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    const char **key = dtake__call_alloc(call, count + 1, sizeof *key, err);
    if (item == NULL || key == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        item[i] = m[i].value;
        key[i] = m[i].key;
    }
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__DICTIONARY, .list = { item, key, count } });
}

static dtake_status give_list(dtake__call *call, dtake__value *item, size_t count)
{
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__LIST, .list = { item, NULL, count } });
}

static const dtake__value *find(const dtake__value *dict, const char *key)
{
    for (size_t i = dict->list.count; i > 0; i--)
        if (strcmp(dict->list.key[i - 1], key) == 0)
            return &dict->list.item[i - 1];
    return NULL;
}

static bool is_named(const dtake__value *list, const char *name)
{
    for (size_t i = 0; i < list->list.count; i++)
        if (!list->list.item[i].null && list->list.item[i].kind == DTAKE__STRING &&
            strcmp(list->list.item[i].text, name) == 0)
            return true;
    return false;
}

static dtake_status no_key(const char *key, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no key '%.60s' in the dictionary", key);
}

/* Of a dictionary, or of a list of keys and values in turn. */
static dtake_status dictionary(dtake__call *call, dtake_error *err)
{
    const dtake__value *from = &call->arg[0];
    dtake__value out;
    if (from->null)
        return dtake__call_give(call, (dtake__value){ .kind = DTAKE__DICTIONARY });
    if (from->kind == DTAKE__LIST) {
        member *m = dtake__call_alloc(call, from->list.count + 1, sizeof *m, err);
        if (m == NULL)
            return DTAKE_E_NOMEM;
        for (size_t i = 0; i + 1 < from->list.count; i += 2) {
            if (from->list.item[i].null || from->list.item[i].kind != DTAKE__STRING)
                return dtake__fail(err, DTAKE_E_USAGE, "keys must be strings");
            m[i / 2] = (member){ from->list.item[i].text, from->list.item[i + 1] };
        }
        return give_members(call, m, from->list.count / 2, err);
    }
    dtake_status st = dtake__eval_cast(call->eval, from, DTAKE__DICTIONARY, &out, err);
    return st == DTAKE_OK ? dtake__call_give(call, out) : st;
}
DTAKE__FUNCTION(dictionary, "Dictionary", DICTIONARY, dictionary, { "input", DTAKE__OBJECT, "null" });

static dtake_status get(dtake__call *call, dtake_error *err)
{
    const dtake__value *found = find(&call->arg[0], call->arg[1].text);
    if (found != NULL && !(found->null && !call->arg[2].null))
        return dtake__call_give(call, *found);
    return call->arg[2].null ? no_key(call->arg[1].text, err) : dtake__call_give(call, call->arg[2]);
}
DTAKE__FUNCTION(dictionary_get, "Dictionary.get", OBJECT, get, { "dictionary", DTAKE__DICTIONARY },
                { "key", DTAKE__STRING }, { "defaultValue", DTAKE__OBJECT, "null" });

static dtake_status get_as(dtake__call *call, dtake__kind kind, dtake_error *err)
{
    dtake_status st = get(call, err);
    dtake__value out;
    if (st == DTAKE_OK)
        st = dtake__eval_cast(call->eval, &call->out, kind, &out, err);
    return st == DTAKE_OK ? dtake__call_give(call, out) : st;
}

static dtake_status get_number(dtake__call *call, dtake_error *err)
{
    return get_as(call, DTAKE__NUMBER, err);
}
DTAKE__FUNCTION(dictionary_get_number, "Dictionary.getNumber", NUMBER, get_number,
                { "dictionary", DTAKE__DICTIONARY }, { "key", DTAKE__STRING },
                { "defaultValue", DTAKE__OBJECT, "null" });

static dtake_status get_string(dtake__call *call, dtake_error *err)
{
    return get_as(call, DTAKE__STRING, err);
}
DTAKE__FUNCTION(dictionary_get_string, "Dictionary.getString", STRING, get_string,
                { "dictionary", DTAKE__DICTIONARY }, { "key", DTAKE__STRING },
                { "defaultValue", DTAKE__OBJECT, "null" });

static dtake_status contains(dtake__call *call, dtake_error *err)
{
    (void)err;
    return dtake__call_give(
        call,
        (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = find(&call->arg[0], call->arg[1].text) != NULL });
}
DTAKE__FUNCTION(dictionary_contains, "Dictionary.contains", BOOLEAN, contains,
                { "dictionary", DTAKE__DICTIONARY }, { "key", DTAKE__STRING });

static dtake_status keys(dtake__call *call, dtake_error *err)
{
    size_t count;
    const member *m = members_of(call, &call->arg[0], &count, err);
    dtake__value *item = m != NULL ? dtake__call_alloc(call, count + 1, sizeof *item, err) : NULL;
    for (size_t i = 0; item != NULL && i < count; i++)
        item[i] = dtake__value_of_text(m[i].key);
    return item != NULL ? give_list(call, item, count) : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(dictionary_keys, "Dictionary.keys", LIST, keys, { "dictionary", DTAKE__DICTIONARY });

static dtake_status values(dtake__call *call, dtake_error *err)
{
    size_t count;
    const dtake__value *names = &call->arg[1];
    const member *m = members_of(call, &call->arg[0], &count, err);
    size_t wanted = names->null ? count : names->list.count;
    dtake__value *item = m != NULL ? dtake__call_alloc(call, wanted + 1, sizeof *item, err) : NULL;
    if (item == NULL)
        return DTAKE_E_NOMEM;
    dtake_status st = dtake__eval_compare(call->eval, names->null ? 0 : wanted, count, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < wanted; i++) {
        const dtake__value *name = names->null ? NULL : &names->list.item[i];
        if (name != NULL && (name->null || name->kind != DTAKE__STRING))
            return dtake__fail(err, DTAKE_E_USAGE, "keys must be strings");
        const dtake__value *found = name == NULL ? &m[i].value : find(&call->arg[0], name->text);
        if (found == NULL)
            return no_key(name->text, err);
        item[i] = *found;
    }
    return give_list(call, item, wanted);
}
DTAKE__FUNCTION(dictionary_values, "Dictionary.values", LIST, values, { "dictionary", DTAKE__DICTIONARY },
                { "keys", DTAKE__LIST, "null" });

static dtake_status size(dtake__call *call, dtake_error *err)
{
    size_t count;
    return members_of(call, &call->arg[0], &count, err) != NULL
               ? dtake__call_give(call, dtake__value_of_number((double)count))
               : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(dictionary_size, "Dictionary.size", NUMBER, size, { "dictionary", DTAKE__DICTIONARY });

static dtake_status map_members(dtake__call *call, dtake_error *err)
{
    size_t count;
    member *m = members_of(call, &call->arg[0], &count, err);
    dtake_status st = m != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        const dtake__value pair[2] = { dtake__value_of_text(m[i].key), m[i].value };
        st = dtake__eval_apply(call->eval, call->arg[1].closure, pair, 2, &m[i].value, err);
    }
    return st == DTAKE_OK ? give_members(call, m, count, err) : st;
}
DTAKE__FUNCTION(dictionary_map, "Dictionary.map", DICTIONARY, map_members,
                { "dictionary", DTAKE__DICTIONARY }, { "baseAlgorithm", DTAKE__ALGORITHM });

/* Those that are named, or the others. */
static dtake_status pick(dtake__call *call, bool named, dtake_error *err)
{
    size_t count, kept = 0;
    member *m = members_of(call, &call->arg[0], &count, err);
    const dtake__value *names = &call->arg[1];
    dtake_status st =
        m != NULL ? dtake__eval_compare(call->eval, names->list.count, count, err) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < names->list.count && !call->arg[2].boolean; i++) {
        const dtake__value *name = &names->list.item[i];
        if (name->null || name->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "selectors must be strings");
        if (find(&call->arg[0], name->text) == NULL)
            return no_key(name->text, err);
    }
    for (size_t i = 0; i < count; i++)
        if (is_named(names, m[i].key) == named)
            m[kept++] = m[i];
    return give_members(call, m, kept, err);
}

static dtake_status remove_members(dtake__call *call, dtake_error *err)
{
    return pick(call, false, err);
}
DTAKE__FUNCTION(dictionary_remove, "Dictionary.remove", DICTIONARY, remove_members,
                { "dictionary", DTAKE__DICTIONARY }, { "selectors", DTAKE__LIST },
                { "ignoreMissing", DTAKE__BOOLEAN, "false" });

static dtake_status select_members(dtake__call *call, dtake_error *err)
{
    return pick(call, true, err);
}
DTAKE__FUNCTION(dictionary_select, "Dictionary.select", DICTIONARY, select_members,
                { "dictionary", DTAKE__DICTIONARY }, { "selectors", DTAKE__LIST },
                { "ignoreMissing", DTAKE__BOOLEAN, "false" });

static dtake_status set(dtake__call *call, dtake_error *err)
{
    const dtake__value *dict = &call->arg[0];
    dtake_status st = dtake__properties_set(call->eval, &dict, call->arg[1].text, call->arg[2], err);
    return st == DTAKE_OK ? dtake__call_give(call, *dict) : st;
}
DTAKE__FUNCTION(dictionary_set, "Dictionary.set", DICTIONARY, set, { "dictionary", DTAKE__DICTIONARY },
                { "key", DTAKE__STRING }, { "value", DTAKE__OBJECT, "null" });

static dtake_status combine(dtake__call *call, dtake_error *err)
{
    const dtake__value *first = &call->arg[call->arg[2].boolean ? 0 : 1];
    const dtake__value *last = &call->arg[call->arg[2].boolean ? 1 : 0];
    size_t before = first->list.count, count = before + last->list.count;
    dtake__value *item = dtake__call_alloc(call, count + 1, sizeof *item, err);
    const char **key = dtake__call_alloc(call, count + 1, sizeof *key, err);
    if (item == NULL || key == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        item[i] = i < before ? first->list.item[i] : last->list.item[i - before];
        key[i] = i < before ? first->list.key[i] : last->list.key[i - before];
    }
    const dtake__value both = { .kind = DTAKE__DICTIONARY, .list = { item, key, count } };
    const member *m = members_of(call, &both, &count, err);
    return m != NULL ? give_members(call, m, count, err) : DTAKE_E_NOMEM;
}
DTAKE__FUNCTION(dictionary_combine, "Dictionary.combine", DICTIONARY, combine, { "first", DTAKE__DICTIONARY },
                { "second", DTAKE__DICTIONARY }, { "overwrite", DTAKE__BOOLEAN, "true" });

static dtake_status from_lists(dtake__call *call, dtake_error *err)
{
    const dtake__value *names = &call->arg[0], *items = &call->arg[1];
    member *m = dtake__call_alloc(call, names->list.count + 1, sizeof *m, err);
    if (m == NULL)
        return DTAKE_E_NOMEM;
    if (names->list.count != items->list.count)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu keys for %zu values", names->list.count,
                           items->list.count);
    for (size_t i = 0; i < names->list.count; i++) {
        const dtake__value *name = &names->list.item[i];
        if (name->null || name->kind != DTAKE__STRING)
            return dtake__fail(err, DTAKE_E_USAGE, "keys must be strings");
        m[i] = (member){ name->text, items->list.item[i] };
    }
    return give_members(call, m, names->list.count, err);
}
DTAKE__FUNCTION(dictionary_from_lists, "Dictionary.fromLists", DICTIONARY, from_lists,
                { "keys", DTAKE__LIST }, { "values", DTAKE__LIST });

static dtake_status rename_members(dtake__call *call, dtake_error *err)
{
    const dtake__value *from = &call->arg[1], *to = &call->arg[2];
    size_t count;
    member *m = members_of(call, &call->arg[0], &count, err);
    if (m == NULL)
        return DTAKE_E_NOMEM;
    if (from->list.count != to->list.count)
        return dtake__fail(err, DTAKE_E_USAGE, "%zu names become %zu", from->list.count, to->list.count);
    dtake_status st = dtake__eval_compare(call->eval, count, from->list.count, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < count; i++) {
        const char *key = m[i].key;
        for (size_t k = 0; k < from->list.count; k++)
            if (!from->list.item[k].null && from->list.item[k].kind == DTAKE__STRING &&
                !to->list.item[k].null && to->list.item[k].kind == DTAKE__STRING &&
                strcmp(from->list.item[k].text, key) == 0)
                m[i].key = to->list.item[k].text;
    }
    return give_members(call, m, count, err);
}
DTAKE__FUNCTION(dictionary_rename, "Dictionary.rename", DICTIONARY, rename_members,
                { "dictionary", DTAKE__DICTIONARY }, { "from", DTAKE__LIST }, { "to", DTAKE__LIST },
                { "overwrite", DTAKE__BOOLEAN, "false" });

/* A band of constants a number; what is null is masked. */
static dtake_status to_image(dtake__call *call, dtake_error *err)
{
    const dtake__value *dictionary = &call->arg[0];
    dtake__expressions *e = dtake__eval_expressions(call->eval);
    dtake__image_value *out = dtake__call_image(call, dictionary->list.count, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < out->count; i++) {
        const dtake__value *item = &dictionary->list.item[i];
        if (!item->null && item->kind != DTAKE__NUMBER)
            return dtake__fail(err, DTAKE_E_USAGE, "the value of '%.60s' is no number",
                               dictionary->list.key[i]);
        dtake__px px = dtake__px_constant(e, item->null ? 0 : item->number);
        if (item->null) {
            dtake__px_node masked = *dtake__px_node_of(e, px);
            masked.param[1] = 0;
            px = dtake__px_add(e, &masked);
        }
        out->band[i] = (dtake__band_value){ .name = dictionary->list.key[i], .px = px };
    }
    return DTAKE_OK;
}
DTAKE__FUNCTION(dictionary_to_image, "Dictionary.toImage", IMAGE, to_image,
                { "dictionary", DTAKE__DICTIONARY }, { "names", DTAKE__OBJECT, "null" });
