#include "core/alloc.h"
#include "core/error.h"
#include "protocol/earthengine/expression.h"
#include "protocol/earthengine/expression_index.h"

enum { MAX_TEXT = 2 * DTAKE__EE_MAX_BYTES, MAX_MEMBERS = 1000000 };

/* A function that was called: by its name, or by reference to one of the document's own. */
typedef struct callee {
    const char *name;
    dtake__node function;
} callee;

typedef struct reader {
    dtake__graph *graph;
    dtake__ee_index index;
    dtake__slab slab;
    dtake__named *part; /* of lists, dictionaries and calls that are being read, one behind the other */
    size_t parts, room;
    int depth;
    dtake_status status; /* of the first failure that the graph did not find */
    dtake_error err;
} reader;

static dtake__node read_node(reader *r, dtake__json_in *in);
static dtake__node read_constant(reader *r, dtake__json_in *in);

static dtake__node fail(reader *r, dtake_status status, const char *fmt, const char *what, size_t len)
{
    if (r->status == DTAKE_OK)
        r->status = dtake__fail(&r->err, status, fmt, len < 80 ? (int)len : 80, what);
    return 0;
}

static bool good(const reader *r)
{
    return r->status == DTAKE_OK && dtake__graph_status(r->graph, NULL) == DTAKE_OK;
}

static const char *text_of(reader *r, dtake__json_quoted quoted)
{
    dtake__span span = dtake__ee_text(&r->slab, quoted);
    const char *text = span.text != NULL ? dtake__slab_text(&r->slab, span.text, span.len) : NULL;
    if (text == NULL)
        fail(r, DTAKE_E_LIMIT, "expression: more text than fits%.*s", "", 0);
    return text;
}

/* --- parts under way --- */

static bool push(reader *r, const char *name, dtake__node node)
{
    if (node == 0 || !good(r))
        return false;
    if (r->parts == MAX_MEMBERS) {
        fail(r, DTAKE_E_LIMIT, "expression: a list is too long%.*s", "", 0);
        return false;
    }
    dtake__named *part = dtake__room_for_one(r->part, r->parts, &r->room, sizeof *part);
    if (part == NULL) {
        fail(r, DTAKE_E_NOMEM, "out of memory for an expression%.*s", "", 0);
        return false;
    }
    r->part = part;
    part[r->parts++] = (dtake__named){ name, node };
    return true;
}

static dtake__node pop_list(reader *r, size_t first)
{
    size_t count = r->parts - first;
    dtake__node *item = dtake__calloc(count + 1, sizeof *item);
    if (item == NULL)
        return fail(r, DTAKE_E_NOMEM, "out of memory for an expression%.*s", "", 0);
    for (size_t i = 0; i < count; i++)
        item[i] = r->part[first + i].node;
    dtake__node list = dtake__graph_list(r->graph, item, count);
    dtake__free(item);
    return list;
}

/* Those from `first` on. */
static const dtake__named *parts_from(const reader *r, size_t first)
{
    return r->parts > first ? r->part + first : NULL;
}

typedef dtake__node element_fn(reader *r, dtake__json_in *in);

static dtake__node read_list(reader *r, dtake__json_in *in, element_fn *element)
{
    size_t first = r->parts;
    bool going = dtake__json_enter_array(in);
    while (going && dtake__json_next_element(in))
        going = push(r, NULL, element(r, in));
    dtake__node list = going ? pop_list(r, first) : 0;
    r->parts = first;
    return list;
}

/* Members of an object as parts; false: something failed. */
static bool read_members(reader *r, dtake__json_in *in, element_fn *element)
{
    dtake__json_quoted key;
    bool going = dtake__json_enter_object(in);
    while (going && dtake__json_next_key(in, &key)) {
        const char *name = text_of(r, key);
        going = name != NULL && push(r, name, element(r, in));
    }
    return going;
}

static dtake__node read_dict(reader *r, dtake__json_in *in, element_fn *element)
{
    size_t first = r->parts;
    bool going = read_members(r, in, element);
    dtake__node dict = going ? dtake__graph_dict(r->graph, parts_from(r, first), r->parts - first) : 0;
    r->parts = first;
    return dict;
}

/* --- constants --- */

static dtake__node read_scalar(reader *r, dtake__json_in *in, dtake__json_kind kind)
{
    bool truth = false;
    double number = 0;
    dtake__json_quoted quoted;
    switch (kind) {
    case DTAKE__JSON_NULL:
        return dtake__json_read_null(in) ? dtake__graph_null(r->graph) : 0;
    case DTAKE__JSON_BOOL:
        return dtake__json_read_bool(in, &truth) ? dtake__graph_bool(r->graph, truth) : 0;
    case DTAKE__JSON_NUMBER:
        return dtake__json_read_f64(in, &number) ? dtake__graph_number(r->graph, number) : 0;
    default:
        if (!dtake__json_read_text(in, &quoted))
            return 0;
        dtake__span span = dtake__ee_text(&r->slab, quoted);
        return span.text != NULL ? dtake__graph_span(r->graph, span)
                                 : fail(r, DTAKE_E_LIMIT, "expression: more text than fits%.*s", "", 0);
    }
}

static dtake__node read_constant(reader *r, dtake__json_in *in)
{
    dtake__json_kind kind = dtake__json_peek(in);
    if (kind == DTAKE__JSON_ARRAY)
        return read_list(r, in, read_constant);
    if (kind == DTAKE__JSON_OBJECT)
        return read_dict(r, in, read_constant);
    return read_scalar(r, in, kind);
}

/* A whole number as text, because it may be larger than what a double holds. */
static dtake__node read_integer(reader *r, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    dtake__json_in number;
    int64_t value = 0;
    if (!dtake__json_read_text(in, &quoted))
        return 0;
    dtake__json_start(&number, quoted.raw.text, quoted.raw.len);
    if (!dtake__json_read_i64(&number, &value) || dtake__json_finish(&number, NULL) != DTAKE_OK)
        return fail(r, DTAKE_E_FORMAT, "expression: integerValue '%.*s' is no whole number", quoted.raw.text,
                    quoted.raw.len);
    if (value > INT64_C(1) << 53 || value < -(INT64_C(1) << 53))
        return fail(r, DTAKE_E_UNSUPPORTED, "expression: integerValue %.*s is beyond 2^53", quoted.raw.text,
                    quoted.raw.len);
    return dtake__graph_number(r->graph, (double)value);
}

/* --- references --- */

static dtake__node read_value(reader *r, dtake__span key)
{
    dtake__ee_value *value = dtake__ee_index_find(&r->index, key);
    dtake__json_in in;
    if (value == NULL)
        return fail(r, DTAKE_E_USAGE, "expression: there is no value '%.*s'", key.text, key.len);
    if (value->node != 0)
        return value->node;
    if (value->under_way)
        return fail(r, DTAKE_E_USAGE, "expression: the value '%.*s' refers to itself", key.text, key.len);
    value->under_way = true;
    dtake__json_start(&in, value->raw.text, value->raw.len);
    value->node = read_node(r, &in);
    value->under_way = false;
    return value->node;
}

static dtake__node read_reference(reader *r, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    if (!dtake__json_read_text(in, &quoted))
        return 0;
    const char *key = text_of(r, quoted);
    return key != NULL ? read_value(r, dtake__span_of(key)) : 0;
}

static dtake__node read_argument(reader *r, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    if (!dtake__json_read_text(in, &quoted))
        return 0;
    const char *name = text_of(r, quoted);
    return name != NULL ? dtake__graph_argument(r->graph, name) : 0;
}

/* --- functions --- */

static dtake__node call(reader *r, const callee *to, const dtake__named *arg, size_t count)
{
    if (to->name != NULL)
        return dtake__graph_call(r->graph, to->name, arg, count);
    if (to->function != 0)
        return dtake__graph_apply(r->graph, to->function, arg, count);
    return fail(r, DTAKE_E_FORMAT, "expression: a call has neither functionName nor functionReference%.*s",
                "", 0);
}

static dtake__node read_call(reader *r, dtake__json_in *in)
{
    size_t first = r->parts;
    callee to = { 0 };
    dtake__json_quoted key, name;
    bool going = dtake__json_enter_object(in);
    while (going && dtake__json_next_key(in, &key)) {
        if (dtake__json_key_is(key, "functionName"))
            going = dtake__json_read_text(in, &name) && (to.name = text_of(r, name)) != NULL;
        else if (dtake__json_key_is(key, "functionReference"))
            going = (to.function = read_reference(r, in)) != 0;
        else if (dtake__json_key_is(key, "arguments"))
            going = read_members(r, in, read_node);
        else
            going = dtake__json_skip(in);
    }
    dtake__node node = going && good(r) ? call(r, &to, parts_from(r, first), r->parts - first) : 0;
    r->parts = first;
    return node;
}

static dtake__node read_definition(reader *r, dtake__json_in *in)
{
    const char *name[DTAKE__MAX_PARAMS + 1];
    size_t count = 0;
    dtake__node body = 0;
    dtake__json_quoted key, quoted;
    bool going = dtake__json_enter_object(in);
    while (going && dtake__json_next_key(in, &key)) {
        if (dtake__json_key_is(key, "body")) {
            going = (body = read_reference(r, in)) != 0;
        } else if (dtake__json_key_is(key, "argumentNames")) {
            count = 0;
            going = dtake__json_enter_array(in);
            while (going && dtake__json_next_element(in)) {
                size_t at = count < DTAKE__MAX_PARAMS ? count++ : DTAKE__MAX_PARAMS;
                going = dtake__json_read_text(in, &quoted) && (name[at] = text_of(r, quoted)) != NULL;
                if (at == DTAKE__MAX_PARAMS)
                    return fail(r, DTAKE_E_LIMIT, "expression: a function of too many arguments: %.*s",
                                quoted.raw.text, quoted.raw.len);
            }
        } else {
            going = dtake__json_skip(in);
        }
    }
    if (going && body == 0)
        return fail(r, DTAKE_E_FORMAT, "expression: a function has no body%.*s", "", 0);
    return going ? dtake__graph_function(r->graph, name, count, body) : 0;
}

/* --- nodes --- */

/* {"values": ...} */
static dtake__node read_values(reader *r, dtake__json_in *in, bool named)
{
    dtake__json_quoted key;
    dtake__node node = 0;
    bool going = dtake__json_enter_object(in);
    while (going && dtake__json_next_key(in, &key))
        if (dtake__json_key_is(key, "values"))
            going = (node = named ? read_dict(r, in, read_node) : read_list(r, in, read_node)) != 0;
        else
            going = dtake__json_skip(in);
    if (going && node == 0)
        node = named ? dtake__graph_dict(r->graph, NULL, 0) : dtake__graph_list(r->graph, NULL, 0);
    return going ? node : 0;
}

static dtake__node read_member(reader *r, dtake__json_in *in, dtake__json_quoted key)
{
    if (dtake__json_key_is(key, "constantValue"))
        return read_constant(r, in);
    if (dtake__json_key_is(key, "valueReference"))
        return read_reference(r, in);
    if (dtake__json_key_is(key, "argumentReference"))
        return read_argument(r, in);
    if (dtake__json_key_is(key, "functionInvocationValue"))
        return read_call(r, in);
    if (dtake__json_key_is(key, "functionDefinitionValue"))
        return read_definition(r, in);
    if (dtake__json_key_is(key, "arrayValue"))
        return read_values(r, in, false);
    if (dtake__json_key_is(key, "dictionaryValue"))
        return read_values(r, in, true);
    if (dtake__json_key_is(key, "integerValue"))
        return read_integer(r, in);
    return fail(r, DTAKE_E_UNSUPPORTED, "expression: values of kind '%.*s' are not known", key.raw.text,
                key.raw.len);
}

static dtake__node read_node(reader *r, dtake__json_in *in)
{
    dtake__json_quoted key;
    dtake__node node = 0;
    if (++r->depth > DTAKE__EE_MAX_DEPTH)
        return fail(r, DTAKE_E_LIMIT, "expression: values lie more than 1000 deep in one another%.*s", "", 0);
    bool going = dtake__json_enter_object(in);
    while (going && dtake__json_next_key(in, &key)) {
        if (node != 0)
            return fail(r, DTAKE_E_FORMAT, "expression: a value has a second kind '%.*s'", key.raw.text,
                        key.raw.len);
        going = (node = read_member(r, in, key)) != 0;
    }
    r->depth--;
    if (dtake__json_status(in, r->status == DTAKE_OK ? &r->err : NULL) != DTAKE_OK && r->status == DTAKE_OK) {
        r->status = DTAKE_E_FORMAT;
        dtake__error_prefix(&r->err, "expression");
    }
    if (node == 0 && good(r))
        return fail(r, DTAKE_E_FORMAT, "expression: a value is empty%.*s", "", 0);
    return good(r) ? node : 0;
}

static dtake_status read_document(reader *r, dtake__json_in *in, dtake__node *out, dtake_error *err)
{
    dtake__json_quoted key, quoted = { { NULL, 0 }, false };
    dtake_status st = DTAKE_OK;
    dtake__json_enter_object(in);
    while (st == DTAKE_OK && dtake__json_next_key(in, &key))
        if (dtake__json_key_is(key, "result"))
            dtake__json_read_text(in, &quoted);
        else if (dtake__json_key_is(key, "values"))
            st = dtake__ee_index_read(&r->index, &r->slab, in, err);
        else
            dtake__json_skip(in);
    if (st == DTAKE_OK && (st = dtake__json_finish(in, err)) != DTAKE_OK)
        dtake__error_prefix(err, "expression");
    if (st != DTAKE_OK)
        return st;
    if (quoted.raw.text == NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "expression: there is no result");
    const char *result = text_of(r, quoted);
    *out = result != NULL ? read_value(r, dtake__span_of(result)) : 0;
    if (r->status != DTAKE_OK) {
        dtake__error_copy(err, &r->err);
        return r->status;
    }
    return dtake__graph_status(r->graph, err);
}

dtake_status dtake__ee_read_expression(dtake__graph *graph, const char *json, size_t len, dtake__node *out,
                                       dtake_error *err)
{
    reader r = { .graph = graph, .slab = DTAKE__SLAB_INIT(MAX_TEXT) };
    dtake__json_in in;
    *out = 0;
    if (len > DTAKE__EE_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "expression: %zu bytes: at most %d are allowed", len,
                           DTAKE__EE_MAX_BYTES);
    dtake__json_start(&in, json, len);
    dtake_status st = read_document(&r, &in, out, err);
    dtake__ee_index_dispose(&r.index);
    dtake__slab_dispose(&r.slab);
    dtake__free(r.part);
    return st;
}
