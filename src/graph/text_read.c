#include "graph/text.h"

#include "core/alloc.h"
#include "core/number.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NAME = DTAKE__GRAPH_MAX_NAME, MAX_NESTING = 400, BUCKETS = 8192 };

/* A name that stands for a node (or, node 0, for an argument of the function around it). */
typedef struct bound {
    char name[MAX_NAME];
    dtake__node node;
    size_t before; /* 1 + the one before in its bucket */
} bound;

typedef struct list {
    dtake__named *at;
    char (*name)[MAX_NAME]; /* that of each; "": none */
    size_t count, cap;
} list;

typedef struct reader {
    dtake__graph *graph;
    const char *at, *end, *line_start;
    uint32_t line;
    int depth;
    bound *bound;
    size_t count, cap;
    size_t *bucket; /* 1 + the newest bound name of each */
} reader;

static dtake__node read_expression(reader *in);

static void here(reader *in)
{
    dtake__graph_at(in->graph, in->line, (uint32_t)(in->at - in->line_start) + 1);
}

static bool failed(const reader *in)
{
    return dtake__graph_status(in->graph, NULL) != DTAKE_OK;
}

static void skip_blanks(reader *in)
{
    for (; in->at < in->end; in->at++) {
        if (*in->at == '\n') {
            in->line++;
            in->line_start = in->at + 1;
        } else if (*in->at == '#') {
            while (in->at + 1 < in->end && in->at[1] != '\n')
                in->at++;
        } else if (*in->at != ' ' && *in->at != '\t' && *in->at != '\r') {
            break;
        }
    }
    here(in);
}

static char peek(reader *in)
{
    skip_blanks(in);
    return in->at < in->end ? *in->at : '\0';
}

static bool take(reader *in, char c)
{
    if (peek(in) != c || failed(in))
        return false;
    in->at++;
    return true;
}

static bool want(reader *in, char c)
{
    if (take(in, c))
        return true;
    if (in->at == in->end)
        dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "'%c' is missing at the end", c);
    else
        dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "'%c' is expected here, not '%.*s'", c,
                          (int)(in->end - in->at < 12 ? in->end - in->at : 12), in->at);
    return false;
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '.';
}

static bool read_name(reader *in, char out[MAX_NAME])
{
    size_t len = 0;
    if (!is_name_start(peek(in))) {
        dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "a name is expected here");
        return false;
    }
    while (in->at + len < in->end && is_name(in->at[len]))
        len++;
    if (len >= MAX_NAME) {
        dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "a name of %zu characters: at most %d are allowed", len,
                          MAX_NAME - 1);
        return false;
    }
    memcpy(out, in->at, len);
    out[len] = '\0';
    in->at += len;
    return true;
}

/* --- names --- */

static size_t bucket_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return (hash ^ hash >> 15) % BUCKETS;
}

static const bound *find(const reader *in, const char *name)
{
    for (size_t i = in->bucket[bucket_of(name)]; i > 0; i = in->bound[i - 1].before)
        if (strcmp(in->bound[i - 1].name, name) == 0)
            return &in->bound[i - 1];
    return NULL;
}

static bool bind(reader *in, const char *name, dtake__node node)
{
    bound *grown = dtake__room_for_one(in->bound, in->count, &in->cap, sizeof *grown);
    if (grown == NULL) {
        dtake__graph_fail(in->graph, DTAKE_E_NOMEM, "out of memory");
        return false;
    }
    in->bound = grown;
    size_t *bucket = &in->bucket[bucket_of(name)];
    bound *b = &in->bound[in->count++];
    snprintf(b->name, sizeof b->name, "%s", name);
    b->node = node;
    b->before = *bucket;
    *bucket = in->count;
    return true;
}

/* Names bound since then mean nothing any more. */
static void unbind(reader *in, size_t count)
{
    for (; in->count > count; in->count--)
        in->bucket[bucket_of(in->bound[in->count - 1].name)] = in->bound[in->count - 1].before;
}

static dtake__node node_of(reader *in, const bound *b)
{
    return b->node != 0 ? b->node : dtake__graph_argument(in->graph, b->name);
}

/* --- lists of arguments and members --- */

static bool add(reader *in, list *to, const char *name, dtake__node node)
{
    if (to->count == to->cap) {
        size_t cap = to->cap == 0 ? 8 : to->cap * 2;
        dtake__named *at = dtake__realloc_array(to->at, cap, sizeof *at);
        to->at = at != NULL ? at : to->at;
        char(*names)[MAX_NAME] = dtake__realloc_array(to->name, cap, sizeof *names);
        to->name = names != NULL ? names : to->name;
        if (at == NULL || names == NULL) {
            dtake__graph_fail(in->graph, DTAKE_E_NOMEM, "out of memory");
            return false;
        }
        to->cap = cap;
    }
    snprintf(to->name[to->count], MAX_NAME, "%s", name);
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
static bool read_label(reader *in, char out[MAX_NAME])
{
    const char *start = in->at;
    out[0] = '\0';
    if (!is_name_start(peek(in)) || !read_name(in, out))
        return false;
    if (peek(in) == '=') {
        in->at++;
        return true;
    }
    in->at = start;
    out[0] = '\0';
    return false;
}

static bool read_arguments(reader *in, list *out)
{
    char label[MAX_NAME];
    if (!want(in, '('))
        return false;
    while (!failed(in) && !take(in, ')')) {
        uint32_t line = in->line;
        const char *line_start = in->line_start;
        if (!read_label(in, label)) {
            in->line = line;
            in->line_start = line_start;
        }
        if (!add(in, out, label, read_expression(in)))
            return false;
        if (peek(in) != ')' && !want(in, ','))
            return false;
    }
    settle(out);
    return !failed(in);
}

/* --- values --- */

static dtake__node read_text(reader *in)
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

static dtake__node read_number(reader *in)
{
    dtake__decimal number;
    double value;
    if (!dtake__decimal_scan(in->at, in->end, &number) || !dtake__decimal_f64(&number, &value))
        return dtake__graph_fail(in->graph, DTAKE_E_FORMAT, "a value is expected here, not '%.*s'",
                                 (int)(in->end - in->at < 12 ? in->end - in->at : 12), in->at);
    in->at = number.end;
    return dtake__graph_number(in->graph, value);
}

static dtake__node read_list(reader *in)
{
    list items = { 0 };
    dtake__node *node = NULL, out = 0;
    in->at++;
    while (!failed(in) && !take(in, ']'))
        if (!add(in, &items, "", read_expression(in)) || (peek(in) != ']' && !want(in, ',')))
            break;
    if (!failed(in)) {
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

static dtake__node read_dict(reader *in)
{
    list members = { 0 };
    dtake__node out = 0;
    in->at++;
    while (!failed(in) && !take(in, '}')) {
        dtake__node key = peek(in) == '"' ? read_text(in)
                                          : dtake__graph_fail(in->graph, DTAKE_E_FORMAT,
                                                              "a member's name in quotes is expected here");
        if (key == 0 || !want(in, ':'))
            break;
        dtake__span name = dtake__node_text(in->graph, key);
        if (name.len >= MAX_NAME) {
            dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "a name of %zu characters: at most %d are allowed",
                              name.len, MAX_NAME - 1);
            break;
        }
        if (!add(in, &members, name.text, read_expression(in)) || (peek(in) != '}' && !want(in, ',')))
            break;
    }
    for (size_t i = 0; i < members.count; i++)
        members.at[i].name = members.name[i];
    if (!failed(in))
        out = dtake__graph_dict(in->graph, members.at, members.count);
    dispose(&members);
    return out;
}

static dtake__node read_body(reader *in, char last);

static dtake__node read_function(reader *in)
{
    char name[DTAKE__MAX_PARAMS][MAX_NAME];
    const char *names[DTAKE__MAX_PARAMS];
    size_t count = 0, before = in->count;
    dtake__node body = 0;
    if (!want(in, '('))
        return 0;
    while (!failed(in) && !take(in, ')')) {
        if (count == DTAKE__MAX_PARAMS)
            return dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "a function has more than %d arguments",
                                     DTAKE__MAX_PARAMS);
        if (!read_name(in, name[count]) || !bind(in, name[count], 0) || (peek(in) != ')' && !want(in, ',')))
            return 0;
        names[count] = name[count];
        count++;
    }
    if (want(in, '{'))
        body = read_body(in, '}');
    unbind(in, before);
    return failed(in) ? 0 : dtake__graph_function(in->graph, names, count, body);
}

static dtake__node read_call(reader *in, const char *name)
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
static dtake__node read_applied(reader *in, dtake__node function)
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

static dtake__node read_named(reader *in)
{
    char name[MAX_NAME];
    if (!read_name(in, name))
        return 0;
    const bound *own = find(in, name);
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

static dtake__node read_expression(reader *in)
{
    dtake__node out;
    if (failed(in))
        return 0;
    char c = peek(in);
    if (++in->depth > MAX_NESTING)
        return dtake__graph_fail(in->graph, DTAKE_E_LIMIT, "brackets nest more than %d deep", MAX_NESTING);
    if (c == '"')
        out = read_text(in);
    else if (c == '[')
        out = read_list(in);
    else if (c == '{')
        out = read_dict(in);
    else if (is_name_start(c))
        out = read_named(in);
    else
        out = read_number(in);
    while (out != 0 && peek(in) == '(')
        out = read_applied(in, out);
    in->depth--;
    return out;
}

/* name = expression; ... expression, up to `last`. */
static dtake__node read_body(reader *in, char last)
{
    char name[MAX_NAME];
    size_t before = in->count;
    dtake__node out = 0;
    while (!failed(in)) {
        skip_blanks(in);
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
        if (out == 0 || !want(in, ';') || !bind(in, name, out))
            return 0;
    }
    take(in, ';');
    if (last != '\0')
        want(in, last);
    unbind(in, before);
    return failed(in) ? 0 : out;
}

dtake__node dtake__graph_parse(dtake__graph *graph, const char *text, size_t len)
{
    return dtake__graph_parse_with(graph, text, len, NULL, 0);
}

dtake__node dtake__graph_parse_with(dtake__graph *graph, const char *text, size_t len,
                                    const dtake__named *known, size_t count)
{
    reader in = { .graph = graph, .at = text, .end = text + len, .line_start = text, .line = 1 };
    in.bucket = dtake__calloc(BUCKETS, sizeof *in.bucket);
    bool ready = in.bucket != NULL;
    for (size_t i = 0; i < count && ready; i++)
        ready = known[i].node != 0 && bind(&in, known[i].name, known[i].node);
    dtake__node out = ready ? read_body(&in, '\0') : dtake__graph_fail(graph, DTAKE_E_NOMEM, "out of memory");
    if (!failed(&in) && peek(&in) != '\0')
        out = dtake__graph_fail(graph, DTAKE_E_FORMAT, "the graph has ended before this");
    else if (!failed(&in) && in.at < in.end)
        out = dtake__graph_fail(graph, DTAKE_E_FORMAT, "there is a zero byte here");
    dtake__free(in.bound);
    dtake__free(in.bucket);
    dtake__graph_at(graph, 0, 0);
    return failed(&in) ? 0 : out;
}
