/* CQL2 JSON to a tree. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "format/json.h"
#include "query/literal.h"
#include "query/operands.h"

#include <stdio.h>
#include <string.h>

typedef struct reading {
    dtake__json_in in;
    size_t nodes;
    dtake_status status; /* of the first failure that is not the JSON reader's own */
    dtake_error *err;
} reading;

static dtake__filter *read_value(reading *r);

/* --- failures: told once, NULL is returned on --- */

static dtake__filter *fail_at(reading *r, const char *at, const char *what)
{
    if (r->status == DTAKE_OK && r->in.wrong == NULL)
        r->status = dtake__fail(r->err, DTAKE_E_USAGE, "filter: column %zu: %s",
                                (size_t)(at - r->in.start) + 1, what);
    return NULL;
}

static dtake__filter *no_memory(reading *r)
{
    if (r->status == DTAKE_OK)
        r->status = dtake__fail_nomem(r->err, "filter");
    return NULL;
}

static dtake__filter *rejected(reading *r, const char *at, const char *wanted)
{
    dtake__json_reject(&r->in, at, wanted);
    return NULL;
}

static dtake__filter *new_node(reading *r, dtake__filter_op op, const char *at)
{
    dtake__filter *node = dtake__filter_new(op);
    if (node == NULL)
        return no_memory(r);
    node->column = (uint32_t)(at - r->in.start) + 1;
    if (++r->nodes <= DTAKE__FILTER_MAX_NODES)
        return node;
    dtake__filter_free(node);
    return fail_at(r, at, "too many parts");
}

/* Takes both. */
static dtake__filter *with(reading *r, dtake__filter *node, dtake__filter *arg)
{
    if (node == NULL || arg == NULL) {
        dtake__filter_free(node);
        dtake__filter_free(arg);
        return NULL;
    }
    const char *at = r->in.start + arg->column - 1;
    dtake_status st = dtake__filter_add_arg(node, arg);
    const char *wants = st == DTAKE_OK ? dtake__filter_wants(node, node->arg_count - 1) : NULL;
    if (st == DTAKE_OK && wants == NULL)
        return node;
    char what[128];
    snprintf(what, sizeof what, "%s needs %s here", dtake__filter_op_name(node->op),
             wants != NULL ? wants : "");
    dtake__filter_free(node);
    if (st == DTAKE_E_NOMEM)
        return no_memory(r);
    return fail_at(r, at, st == DTAKE_OK ? what : "nested too deeply");
}

/* A text of its own, without escapes. NULL: told. */
static char *read_text(reading *r)
{
    dtake__json_quoted quoted;
    const char *at = r->in.at;
    if (!dtake__json_read_text(&r->in, &quoted))
        return NULL;
    char *text = dtake__alloc(quoted.raw.len + 1);
    if (text == NULL) {
        no_memory(r);
        return NULL;
    }
    size_t len = dtake__json_unescape(quoted, text);
    text[len] = '\0';
    if (memchr(text, '\0', len) == NULL)
        return text;
    dtake__free(text);
    fail_at(r, at, "a text with a zero character in it");
    return NULL;
}

/* --- literals --- */

static dtake__filter *read_string(reading *r, dtake__filter_op op)
{
    dtake__filter *node = new_node(r, op, r->in.at);
    if (node == NULL)
        return NULL;
    const char *at = r->in.at;
    node->text = read_text(r);
    bool empty = node->text != NULL && op == DTAKE__FILTER_FIELD && node->text[0] == '\0';
    if (node->text != NULL && !empty)
        return node;
    dtake__filter_free(node);
    return empty ? fail_at(r, at, "the name is empty") : NULL;
}

static dtake__filter *read_number(reading *r)
{
    const char *at = r->in.at;
    dtake__decimal number;
    if (!dtake__json_read_number(&r->in, &number))
        return NULL;
    dtake__filter *node = new_node(r, DTAKE__FILTER_INT, at);
    if (node == NULL)
        return NULL;
    if (!dtake__literal_set_number(node, &number)) {
        dtake__filter_free(node);
        return rejected(r, at, "a number that is not so large");
    }
    return node;
}

static dtake__filter *read_bool(reading *r)
{
    dtake__filter *node = new_node(r, DTAKE__FILTER_BOOL, r->in.at);
    if (node == NULL || dtake__json_read_bool(&r->in, &node->truth))
        return node;
    dtake__filter_free(node);
    return NULL;
}

/* op OPS: an end of an interval, which a bare day, a time, ".." may be. */
static dtake__filter *read_time(reading *r, dtake__filter_op op)
{
    const char *at = r->in.at;
    char *text = read_text(r);
    dtake__filter *node = text != NULL ? new_node(r, op, at) : NULL;
    bool is_day = false, in_interval = op == DTAKE__FILTER_OPS;
    dtake_error why = { 0 };
    const char *wrong = NULL;
    if (node != NULL && in_interval && strcmp(text, "..") == 0)
        node->op = DTAKE__FILTER_OPEN;
    else if (node != NULL && dtake__time_parse(text, &node->time_ns, &is_day, &why) != DTAKE_OK)
        wrong = why.message;
    else if (node != NULL && in_interval)
        node->op = is_day ? DTAKE__FILTER_DATE : DTAKE__FILTER_TIMESTAMP;
    else if (node != NULL && is_day != (op == DTAKE__FILTER_DATE))
        wrong = is_day ? "a timestamp needs a time of day" : "a date has no time of day";
    dtake__free(text);
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return fail_at(r, at, wrong);
}

static dtake__filter *read_interval_end(reading *r)
{
    return dtake__json_peek(&r->in) == DTAKE__JSON_TEXT ? read_time(r, DTAKE__FILTER_OPS) : read_value(r);
}

static dtake__filter *read_elements(reading *r, dtake__filter *node, dtake__filter *(*read)(reading *))
{
    if (!dtake__json_enter_array(&r->in)) {
        dtake__filter_free(node);
        return NULL;
    }
    while (node != NULL && dtake__json_next_element(&r->in))
        node = with(r, node, read(r));
    return node;
}

static dtake__filter *read_interval(reading *r)
{
    const char *at = r->in.at;
    dtake__filter *node = read_elements(r, new_node(r, DTAKE__FILTER_INTERVAL, at), read_interval_end);
    const char *wrong = node == NULL ? NULL : dtake__filter_settle_interval(node);
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return fail_at(r, at, wrong);
}

static dtake__filter *read_bbox(reading *r)
{
    const char *at = r->in.at;
    double number[7];
    int count = 0;
    if (!dtake__json_enter_array(&r->in))
        return NULL;
    while (dtake__json_next_element(&r->in) && dtake__json_read_f64(&r->in, &number[count]))
        count += count < 6;
    dtake__filter *node = r->in.wrong == NULL ? new_node(r, DTAKE__FILTER_BBOX, at) : NULL;
    const char *wrong = node != NULL ? dtake__filter_settle_bbox(number, count, &node->box) : NULL;
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return fail_at(r, at, wrong);
}

/* --- objects --- */

static dtake__filter_op find_op(const char *name)
{
    dtake__filter_op op = dtake__filter_op_find(name);
    return op < DTAKE__FILTER_FIELD ? op : DTAKE__FILTER_OPS;
}

/* The values that `in` gives as an array are operands of ours. */
static dtake__filter *unpack_in(reading *r, dtake__filter *node)
{
    if (node == NULL || node->arg_count != 2 || node->args[1]->op != DTAKE__FILTER_ARRAY)
        return node;
    dtake__filter *list = node->args[1];
    const char *at = r->in.start + list->column - 1;
    node->arg_count = 1;
    for (size_t i = 0; i < list->arg_count; i++) {
        dtake__filter *value = list->args[i];
        list->args[i] = NULL;
        node = with(r, node, value);
        if (node == NULL)
            break;
    }
    bool empty = list->arg_count == 0;
    dtake__filter_free(list);
    if (node == NULL || !empty)
        return node;
    dtake__filter_free(node);
    return fail_at(r, at, "in needs a list of values");
}

static dtake__filter *read_args(reading *r, dtake__filter_op op, const char *at)
{
    dtake__filter *node = new_node(r, op, at);
    if (!dtake__json_enter_array(&r->in)) {
        dtake__filter_free(node);
        return NULL;
    }
    while (node != NULL && dtake__json_next_element(&r->in)) {
        bool list = op == DTAKE__FILTER_IN && node->arg_count == 1;
        dtake__filter *arg = read_value(r);
        if (!list || arg == NULL || arg->op != DTAKE__FILTER_ARRAY)
            node = with(r, node, arg);
        else if (dtake__filter_add_arg(node, arg) != DTAKE_OK)
            node = (dtake__filter_free(node), no_memory(r));
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
    return fail_at(r, at, what);
}

static dtake__filter *no_such_op(reading *r, const char *at, const char *name)
{
    char what[160];
    const char *near = dtake__filter_op_near(name, true);
    near = near != NULL ? near : dtake__filter_op_near(name, false);
    snprintf(what, sizeof what, "there is no operator '%.40s'%s%s%s", name,
             near != NULL ? "; did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
    return fail_at(r, at, what);
}

/* `args` were passed over when they came first. */
static dtake__filter *finish_op(reading *r, const char *at, const char *op_at, const char *name,
                                const dtake__json_in *args)
{
    dtake__filter_op op = find_op(name);
    if (op == DTAKE__FILTER_OPS)
        return no_such_op(r, op_at, name);
    if (args == NULL)
        return fail_at(r, at, "an operator without \"args\"");
    dtake__json_in behind = r->in;
    r->in = *args;
    dtake__filter *node = read_args(r, op, at);
    if (r->in.wrong == NULL)
        r->in = behind;
    return node;
}

static dtake__filter *read_op(reading *r, const char *at)
{
    dtake__json_quoted key;
    dtake__json_in args;
    bool has_args = false;
    char *name = NULL;
    const char *op_at = at;
    while (dtake__json_next_key(&r->in, &key)) {
        if (dtake__json_key_is(key, "op") && name == NULL) {
            op_at = r->in.at;
            name = read_text(r);
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

static dtake__filter *read_geometry(reading *r, dtake__json_in before, const char *at)
{
    dtake__span raw;
    r->in = before;
    if (!dtake__json_read_raw(&r->in, &raw))
        return NULL;
    dtake__filter *node = new_node(r, DTAKE__FILTER_GEOMETRY, at);
    if (node == NULL)
        return NULL;
    dtake_error why = { 0 };
    dtake_status st = dtake__geometry_from_geojson(raw.text, raw.len, &node->geometry, &why);
    if (st == DTAKE_OK)
        st = dtake__filter_settle_geometry(&node->geometry, &why);
    if (st == DTAKE_OK)
        return node;
    dtake__filter_free(node);
    return st == DTAKE_E_NOMEM ? no_memory(r) : fail_at(r, at, why.message);
}

static dtake__filter *read_single(reading *r, dtake__json_quoted key)
{
    if (dtake__json_key_is(key, "property"))
        return read_string(r, DTAKE__FILTER_FIELD);
    if (dtake__json_key_is(key, "timestamp"))
        return read_time(r, DTAKE__FILTER_TIMESTAMP);
    if (dtake__json_key_is(key, "date"))
        return read_time(r, DTAKE__FILTER_DATE);
    if (dtake__json_key_is(key, "interval"))
        return read_interval(r);
    return read_bbox(r);
}

static bool is_single(dtake__json_quoted key)
{
    return dtake__json_key_is(key, "property") || dtake__json_key_is(key, "timestamp") ||
           dtake__json_key_is(key, "date") || dtake__json_key_is(key, "interval") ||
           dtake__json_key_is(key, "bbox");
}

/* By the first member that tells what it is: GeoJSON may have a bbox too, so "type" and "op" come first. */
static dtake__filter *read_object(reading *r)
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
        return read_geometry(r, before, at);
    if (!op && !single)
        return fail_at(
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

static dtake__filter *read_value(reading *r)
{
    const char *at = r->in.at;
    switch (dtake__json_peek(&r->in)) {
    case DTAKE__JSON_BOOL:
        return read_bool(r);
    case DTAKE__JSON_NUMBER:
        return read_number(r);
    case DTAKE__JSON_TEXT:
        return read_string(r, DTAKE__FILTER_STRING);
    case DTAKE__JSON_ARRAY:
        return read_elements(r, new_node(r, DTAKE__FILTER_ARRAY, at), read_value);
    case DTAKE__JSON_OBJECT:
        return read_object(r);
    default:
        return rejected(r, at, "a value of a filter");
    }
}

dtake_status dtake__filter_parse_json(const char *cql2, size_t len, dtake__filter **out, dtake_error *err)
{
    *out = NULL;
    if (len > DTAKE__FILTER_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "filter of %zu bytes: at most %d are read", len,
                           DTAKE__FILTER_MAX_BYTES);
    reading r = { .err = err };
    dtake__json_start(&r.in, cql2, len);
    dtake__filter *node = read_value(&r);
    if (r.status == DTAKE_OK && dtake__json_finish(&r.in, err) != DTAKE_OK) {
        dtake__error_prefix(err, "filter");
        r.status = DTAKE_E_USAGE;
        if (err != NULL)
            err->status = DTAKE_E_USAGE;
    }
    if (r.status == DTAKE_OK && node != NULL && !dtake__filter_op_is_test(node->op) &&
        node->op != DTAKE__FILTER_BOOL)
        fail_at(&r, cql2, "expected a comparison, found a value");
    if (r.status != DTAKE_OK)
        dtake__filter_free(node);
    else
        *out = node;
    return r.status;
}
