/* CQL2 JSON to a tree. */
#include "query/cql2_json.h"

#include "core/alloc.h"
#include "core/error.h"
#include "query/operands.h"

#include <stdio.h>

static dtake__filter_op find_op(const char *name)
{
    dtake__filter_op op = dtake__filter_op_find(name);
    return op < DTAKE__FILTER_FIELD ? op : DTAKE__FILTER_OPS;
}

/* The values that `in` gives as an array are operands of ours. */
static dtake__filter *unpack_in(dtake__cql2_json *r, dtake__filter *node)
{
    if (node == NULL || node->arg_count != 2 || node->args[1]->op != DTAKE__FILTER_ARRAY)
        return node;
    dtake__filter *list = node->args[1];
    const char *at = r->in.start + list->column - 1;
    node->arg_count = 1;
    for (size_t i = 0; i < list->arg_count; i++) {
        dtake__filter *value = list->args[i];
        list->args[i] = NULL;
        node = dtake__cql2_json_with(r, node, value);
        if (node == NULL)
            break;
    }
    bool empty = list->arg_count == 0;
    dtake__filter_free(list);
    if (node == NULL || !empty)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_json_fail(r, at, "in needs a list of values");
}

static dtake__filter *read_args(dtake__cql2_json *r, dtake__filter_op op, const char *at)
{
    dtake__filter *node = dtake__cql2_json_node(r, op, at);
    if (!dtake__json_enter_array(&r->in)) {
        dtake__filter_free(node);
        return NULL;
    }
    while (node != NULL && dtake__json_next_element(&r->in)) {
        bool list = op == DTAKE__FILTER_IN && node->arg_count == 1;
        dtake__filter *arg = dtake__cql2_json_value(r);
        if (!list || arg == NULL || arg->op != DTAKE__FILTER_ARRAY)
            node = dtake__cql2_json_with(r, node, arg);
        else if (dtake__filter_add_arg(node, arg) != DTAKE_OK)
            node = (dtake__filter_free(node), dtake__cql2_json_no_memory(r));
    }
    if (op == DTAKE__FILTER_IN)
        node = unpack_in(r, node);
    if (node == NULL || r->in.wrong != NULL) {
        dtake__filter_free(node);
        return NULL;
    }
    const char *wants = dtake__filter_wants_count(node);
    if (wants == NULL)
        return node;
    char what[96];
    snprintf(what, sizeof what, "%s takes %s", dtake__filter_op_name(op), wants);
    dtake__filter_free(node);
    return dtake__cql2_json_fail(r, at, what);
}

static dtake__filter *no_such_op(dtake__cql2_json *r, const char *at, const char *name)
{
    char what[160];
    const char *near = dtake__filter_op_near(name, true);
    near = near != NULL ? near : dtake__filter_op_near(name, false);
    snprintf(what, sizeof what, "there is no operator '%.40s'%s%s%s", name,
             near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
    return dtake__cql2_json_fail(r, at, what);
}

/* `args` were passed over when they came first. */
static dtake__filter *finish_op(dtake__cql2_json *r, const char *at, const char *op_at, const char *name,
                                const dtake__json_in *args)
{
    dtake__filter_op op = find_op(name);
    if (op == DTAKE__FILTER_OPS)
        return no_such_op(r, op_at, name);
    if (args == NULL)
        return dtake__cql2_json_fail(r, at, "an operator without \"args\"");
    dtake__json_in behind = r->in;
    r->in = *args;
    dtake__filter *node = read_args(r, op, at);
    if (r->in.wrong == NULL)
        r->in = behind;
    return node;
}

static dtake__filter *read_op(dtake__cql2_json *r, const char *at)
{
    dtake__json_quoted key;
    dtake__json_in args;
    bool has_args = false;
    char *name = NULL;
    const char *op_at = at;
    while (dtake__json_next_key(&r->in, &key)) {
        if (dtake__json_key_is(key, "op") && name == NULL) {
            op_at = r->in.at;
            name = dtake__cql2_json_text(r);
        } else if (dtake__json_key_is(key, "args")) {
            args = r->in;
            has_args = true;
            dtake__json_skip(&r->in);
        } else {
            dtake__json_skip(&r->in);
        }
        if (r->status != DTAKE_OK)
            break;
    }
    dtake__filter *node = NULL;
    if (name != NULL && r->status == DTAKE_OK && r->in.wrong == NULL)
        node = finish_op(r, at, op_at, name, has_args ? &args : NULL);
    dtake__free(name);
    return node;
}

static dtake__filter *read_single(dtake__cql2_json *r, dtake__json_quoted key)
{
    if (dtake__json_key_is(key, "property"))
        return dtake__cql2_json_string(r, DTAKE__FILTER_FIELD);
    if (dtake__json_key_is(key, "timestamp"))
        return dtake__cql2_json_instant(r, DTAKE__FILTER_TIMESTAMP);
    if (dtake__json_key_is(key, "date"))
        return dtake__cql2_json_instant(r, DTAKE__FILTER_DATE);
    if (dtake__json_key_is(key, "interval"))
        return dtake__cql2_json_interval(r);
    return dtake__cql2_json_bbox(r);
}

static bool is_single(dtake__json_quoted key)
{
    return dtake__json_key_is(key, "property") || dtake__json_key_is(key, "timestamp") ||
           dtake__json_key_is(key, "date") || dtake__json_key_is(key, "interval") ||
           dtake__json_key_is(key, "bbox");
}

/* By the first member that tells what it is: GeoJSON may have a bbox too, so "type" and "op" come first. */
static dtake__filter *read_object(dtake__cql2_json *r)
{
    dtake__json_in before = r->in;
    const char *at = r->in.at;
    dtake__json_quoted key;
    bool op = false, geometry = false, single = false;
    if (!dtake__json_enter_object(&r->in))
        return NULL;
    while (dtake__json_next_key(&r->in, &key)) {
        op |= dtake__json_key_is(key, "op");
        geometry |= dtake__json_key_is(key, "type");
        single |= is_single(key);
        dtake__json_skip(&r->in);
    }
    if (r->in.wrong != NULL)
        return NULL;
    if (geometry)
        return dtake__cql2_json_geometry(r, before, at);
    if (!op && !single)
        return dtake__cql2_json_fail(
            r, at,
            "expected \"op\", \"property\", \"timestamp\", \"date\", \"interval\", \"bbox\" or a geometry");
    r->in = before;
    dtake__json_enter_object(&r->in);
    if (op)
        return read_op(r, at);
    dtake__filter *node = NULL;
    while (dtake__json_next_key(&r->in, &key))
        if (node != NULL || !is_single(key))
            dtake__json_skip(&r->in);
        else if ((node = read_single(r, key)) == NULL)
            return NULL;
    return node;
}

dtake__filter *dtake__cql2_json_value(dtake__cql2_json *r)
{
    const char *at = r->in.at;
    switch (dtake__json_peek(&r->in)) {
    case DTAKE__JSON_BOOL:
        return dtake__cql2_json_bool(r);
    case DTAKE__JSON_NUMBER:
        return dtake__cql2_json_number(r);
    case DTAKE__JSON_TEXT:
        return dtake__cql2_json_string(r, DTAKE__FILTER_STRING);
    case DTAKE__JSON_ARRAY:
        return dtake__cql2_json_list(r, dtake__cql2_json_node(r, DTAKE__FILTER_ARRAY, at),
                                     dtake__cql2_json_value);
    case DTAKE__JSON_OBJECT:
        return read_object(r);
    default:
        return dtake__cql2_json_rejected(r, at, "a value of a filter");
    }
}

dtake_status dtake__filter_parse_json(const char *cql2, size_t len, dtake__filter **out, dtake_error *err)
{
    *out = NULL;
    if (len > DTAKE__FILTER_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "filter of %zu bytes: at most %d are read", len,
                           DTAKE__FILTER_MAX_BYTES);
    dtake__cql2_json r = { .err = err };
    dtake__json_start(&r.in, cql2, len);
    dtake__filter *node = dtake__cql2_json_value(&r);
    if (r.status == DTAKE_OK && dtake__json_finish(&r.in, err) != DTAKE_OK) {
        dtake__error_prefix(err, "filter");
        r.status = DTAKE_E_USAGE;
        if (err != NULL)
            err->status = DTAKE_E_USAGE;
    }
    if (r.status == DTAKE_OK && node != NULL && !dtake__filter_op_is_test(node->op) &&
        node->op != DTAKE__FILTER_BOOL)
        dtake__cql2_json_fail(&r, cql2, "expected a comparison, found a value");
    if (r.status != DTAKE_OK)
        dtake__filter_free(node);
    else
        *out = node;
    return r.status;
}
