#include "graph/text.h"

#include "core/alloc.h"
#include "core/number.h"
#include "format/json.h"
#include "graph/text_reader.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NESTING = 400 };

typedef struct list {
    dtake__named *at;
    char (*name)[DTAKE__GRAPH_MAX_NAME]; /* that of each; "": none */
    size_t count, cap;
} list;

static dtake__node read_expression(dtake__text_reader *in);

static dtake__node node_of(dtake__text_reader *in, const dtake__text_bound *b)
{
    return b->node != 0 ? b->node : dtake__graph_argument(in->graph, b->name);
}

/* --- lists of arguments and members --- */

static bool add(dtake__text_reader *in, list *to, const char *name, dtake__node node)
{
    if (to->count == to->cap) {
        size_t cap = to->cap == 0 ? 8 : to->cap * 2;
        dtake__named *at = dtake__realloc_array(to->at, cap, sizeof *at);
        to->at = at != NULL ? at : to->at;
        char(*names)[DTAKE__GRAPH_MAX_NAME] = dtake__realloc_array(to->name, cap, sizeof *names);
        to->name = names != NULL ? names : to->name;
        if (at == NULL || names == NULL) {
            dtake__graph_fail(in->graph, DTAKE_E_NOMEM, "out of memory");
            return false;
        }
        to->cap = cap;
    }
    snprintf(to->name[to->count], DTAKE__GRAPH_MAX_NAME, "%s", name);
    to->at[to->count++].node = node;
    return node != 0;
}

/* The names moved while the list grew. */
static void settle(list *l)
{
    for (size_t i = 0; i < l->count; i++)
        l->at[i].name = l->name[i][0] != '\0' ? l->name[i] : NULL;
}

static void dispose(list *l)
{
    dtake__free(l->at);
    dtake__free(l->name);
}

/* "name=" before a value; the reader stands behind it then. */
static bool read_label(dtake__text_reader *in, char out[DTAKE__GRAPH_MAX_NAME])
{
    const char *start = in->at;
    out[0] = '\0';
    if (!dtake__text_is_name_start(dtake__text_peek(in)) || !dtake__text_name(in, out))
        return false;
    if (dtake__text_peek(in) == '=') {
        in->at++;
        return true;
    }
    in->at = start;
    out[0] = '\0';
    return false;
}

static bool read_arguments(dtake__text_reader *in, list *out)
{
    char label[DTAKE__GRAPH_MAX_NAME];
    if (!dtake__text_want(in, '('))
        return false;
    while (!dtake__text_failed(in) && !dtake__text_take(in, ')')) {
        uint32_t line = in->line;
        const char *line_start = in->line_start;
        if (!read_label(in, label)) {
            in->line = line;
            in->line_start = line_start;
        }
        if (!add(in, out, label, read_expression(in)))
            return false;
        if (dtake__text_peek(in) != ')' && !dtake__text_want(in, ','))
            return false;
    }
    settle(out);
    return !dtake__text_failed(in);
}

/* --- values --- */

static dtake__node read_text(dtake__text_reader *in)
{
    dtake__json_in json;
    dtake__json_quoted quoted;
    dtake__json_start(&json, in->at, (size_t)(in->end - in->at));
    if (!dtake__json_read_text(&json, &quoted))
        return dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "this string is not one of JSON");
    char *text = dtake__alloc(quoted.raw.len + 1);
    if (text == NULL)
        return dtake__graph_fail(in->graph, DTAKE_E_NOMEM, "out of memory");
    size_t len = dtake__json_unescape(quoted, text);
    dtake__node node = dtake__graph_span(in->graph, (dtake__span){ text, len });
    dtake__free(text);
    in->at = quoted.raw.text + quoted.raw.len + 1;
    return node;
}

static dtake__node read_number(dtake__text_reader *in)
{
    dtake__decimal number;
    double value;
    if (!dtake__decimal_scan(in->at, in->end, &number) || !dtake__decimal_f64(&number, &value))
        return dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "a value is expected here, not '%.*s'",
                                 (int)(in->end - in->at < 12 ? in->end - in->at : 12), in->at);
    in->at = number.end;
    return dtake__graph_number(in->graph, value);
}

static dtake__node read_list(dtake__text_reader *in)
{
    list items = { 0 };
    dtake__node *node = NULL, out = 0;
    in->at++;
    while (!dtake__text_failed(in) && !dtake__text_take(in, ']'))
        if (!add(in, &items, "", read_expression(in)) ||
            (dtake__text_peek(in) != ']' && !dtake__text_want(in, ',')))
            break;
    if (!dtake__text_failed(in)) {
        node = dtake__calloc(items.count + 1, sizeof *node);
        for (size_t i = 0; i < items.count && node != NULL; i++)
            node[i] = items.at[i].node;
        out = node != NULL ? dtake__graph_list(in->graph, node, items.count)
                           : dtake__graph_fail(in->graph, DTAKE_E_NOMEM, "out of memory");
    }
    dtake__free(node);
    dispose(&items);
    return out;
}

static dtake__node read_dict(dtake__text_reader *in)
{
    list members = { 0 };
    dtake__node out = 0;
    in->at++;
    while (!dtake__text_failed(in) && !dtake__text_take(in, '}')) {
        dtake__node key =
            dtake__text_peek(in) == '"'
                ? read_text(in)
                : dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "a member's name in quotes is expected here");
        if (key == 0 || !dtake__text_want(in, ':'))
            break;
        dtake__span name = dtake__node_text(in->graph, key);
        if (name.len >= DTAKE__GRAPH_MAX_NAME) {
            dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "a name of %zu characters: at most %d are allowed",
                              name.len, DTAKE__GRAPH_MAX_NAME - 1);
            break;
        }
        if (!add(in, &members, name.text, read_expression(in)) ||
            (dtake__text_peek(in) != '}' && !dtake__text_want(in, ',')))
            break;
    }
    for (size_t i = 0; i < members.count; i++)
        members.at[i].name = members.name[i];
    if (!dtake__text_failed(in))
        out = dtake__graph_dict(in->graph, members.at, members.count);
    dispose(&members);
    return out;
}

static dtake__node read_body(dtake__text_reader *in, char last);

static dtake__node read_function(dtake__text_reader *in)
{
    char name[DTAKE__MAX_PARAMS][DTAKE__GRAPH_MAX_NAME];
    const char *names[DTAKE__MAX_PARAMS];
    size_t count = 0, before = in->count;
    dtake__node body = 0;
    if (!dtake__text_want(in, '('))
        return 0;
    while (!dtake__text_failed(in) && !dtake__text_take(in, ')')) {
        if (count == DTAKE__MAX_PARAMS)
            return dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "a function has more than %d arguments",
                                     DTAKE__MAX_PARAMS);
        if (!dtake__text_name(in, name[count]) || !dtake__text_bind(in, name[count], 0) ||
            (dtake__text_peek(in) != ')' && !dtake__text_want(in, ',')))
            return 0;
        names[count] = name[count];
        count++;
    }
    if (dtake__text_want(in, '{'))
        body = read_body(in, '}');
    dtake__text_unbind(in, before);
    return dtake__text_failed(in) ? 0 : dtake__graph_function(in->graph, names, count, body);
}

static dtake__node read_call(dtake__text_reader *in, const char *name)
{
    list args = { 0 };
    dtake__node out = 0;
    uint32_t line = in->line, column = (uint32_t)(in->at - strlen(name) - in->line_start) + 1;
    if (dtake__registry_find(dtake__graph_registry(in->graph), name, strlen(name)) == NULL)
        return dtake__graph_call(in->graph, name, NULL, 0); /* tells so */
    if (read_arguments(in, &args)) {
        dtake__graph_at(in->graph, line, column);
        out = dtake__graph_call(in->graph, name, args.at, args.count);
    }
    dispose(&args);
    return out;
}

/* What is called has been read: fn(x) { x }(x=1). */
static dtake__node read_applied(dtake__text_reader *in, dtake__node function)
{
    list args = { 0 };
    dtake__node out = 0;
    if (read_arguments(in, &args)) {
        for (size_t i = 0; i < args.count; i++)
            if (args.at[i].name == NULL)
                dtake__graph_fail(in->graph, DTAKE_E_USAGE,
                                  "arguments of a function of one's own need their names");
        out = dtake__graph_apply(in->graph, function, args.at, args.count);
    }
    dispose(&args);
    return out;
}

static dtake__node read_named(dtake__text_reader *in)
{
    char name[DTAKE__GRAPH_MAX_NAME];
    if (!dtake__text_name(in, name))
        return 0;
    const dtake__text_bound *own = dtake__text_find(in, name);
    const char *behind = in->at;
    while (behind < in->end && (*behind == ' ' || *behind == '\t'))
        behind++;
    bool call = behind < in->end && *behind == '(';
    if (own == NULL && strcmp(name, "fn") == 0)
        return read_function(in);
    if (own != NULL)
        return node_of(in, own);
    if (call)
        return read_call(in, name);
    if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
        return dtake__graph_bool(in->graph, name[0] == 't');
    if (strcmp(name, "null") == 0)
        return dtake__graph_null(in->graph);
    return dtake__graph_fail(
        in->graph, DTAKE_E_USAGE,
        "'%s' is not defined before this: a node is made of earlier ones, without cycles", name);
}

static dtake__node read_expression(dtake__text_reader *in)
{
    dtake__node out;
    if (dtake__text_failed(in))
        return 0;
    char c = dtake__text_peek(in);
    if (++in->depth > MAX_NESTING)
        return dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "brackets nest more than %d deep", MAX_NESTING);
    if (c == '"')
        out = read_text(in);
    else if (c == '[')
        out = read_list(in);
    else if (c == '{')
        out = read_dict(in);
    else if (dtake__text_is_name_start(c))
        out = read_named(in);
    else
        out = read_number(in);
    while (out != 0 && dtake__text_peek(in) == '(')
        out = read_applied(in, out);
    in->depth--;
    return out;
}

/* name = expression; ... expression, up to `last`. */
static dtake__node read_body(dtake__text_reader *in, char last)
{
    char name[DTAKE__GRAPH_MAX_NAME];
    size_t before = in->count;
    dtake__node out = 0;
    while (!dtake__text_failed(in)) {
        dtake__text_skip(in);
        uint32_t line = in->line;
        const char *line_start = in->line_start;
        bool binding = read_label(in, name);
        if (!binding) {
            in->line = line;
            in->line_start = line_start;
        }
        out = read_expression(in);
        if (!binding)
            break;
        if (out == 0 || !dtake__text_want(in, ';') || !dtake__text_bind(in, name, out))
            return 0;
    }
    dtake__text_take(in, ';');
    if (last != '\0')
        dtake__text_want(in, last);
    dtake__text_unbind(in, before);
    return dtake__text_failed(in) ? 0 : out;
}

dtake__node dtake__graph_parse(dtake__graph *graph, const char *text, size_t len)
{
    return dtake__graph_parse_with(graph, text, len, NULL, 0);
}

dtake__node dtake__graph_parse_with(dtake__graph *graph, const char *text, size_t len,
                                    const dtake__named *known, size_t count)
{
    dtake__text_reader in;
    bool ready = dtake__text_begin(&in, graph, text, len) == DTAKE_OK;
    for (size_t i = 0; i < count && ready; i++)
        ready = known[i].node != 0 && dtake__text_bind(&in, known[i].name, known[i].node);
    dtake__node out = ready ? read_body(&in, '\0') : dtake__graph_fail(graph, DTAKE_E_NOMEM, "out of memory");
    if (!dtake__text_failed(&in) && dtake__text_peek(&in) != '\0')
        out = dtake__graph_fail(graph, DTAKE_E_FORMAT, "the graph has ended before this");
    else if (!dtake__text_failed(&in) && in.at < in.end)
        out = dtake__graph_fail(graph, DTAKE_E_FORMAT, "there is a zero byte here");
    dtake__text_end(&in);
    dtake__graph_at(graph, 0, 0);
    return dtake__text_failed(&in) ? 0 : out;
}
