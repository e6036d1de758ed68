#include "graph/text.h"

#include "core/alloc.h"
#include "core/number.h"
#include "format/json_write.h"

#include <stdio.h>

/* Inside one function (or the whole graph) what is used more than once there gets a name. */
typedef struct writer {
    const dtake__graph *graph;
    dtake_buf *out;
    uint32_t *uses; /* within the scope being written */
    bool *named;
    dtake_status status;
} writer;

static void write_node(writer *w, dtake__node node, bool definition);

static void put(writer *w, const char *text)
{
    if (w->status == DTAKE_OK)
        w->status = dtake__buf_puts(w->out, text);
}

static void put_text(writer *w, dtake__span text)
{
    dtake__json json = { .out = w->out };
    if (w->status != DTAKE_OK)
        return;
    dtake__json_span(&json, NULL, text);
    w->status = json.status;
}

static bool is_small(const dtake__graph *graph, dtake__node node)
{
    dtake__node_op op = dtake__node_op_of(graph, node);
    size_t count;
    (void)dtake__node_children(graph, node, &count);
    return op <= DTAKE__NODE_TEXT || op == DTAKE__NODE_ARGUMENT ||
           ((op == DTAKE__NODE_LIST || op == DTAKE__NODE_DICT) && count == 0);
}

/* Does `node` belong to the scope? Outside of all functions: what depends on no argument. */
static bool in_scope(const writer *w, dtake__node node, bool top)
{
    return !top || !dtake__node_is_open(w->graph, node);
}

/* Counts uses from `root` down; children have smaller numbers, so one pass from above sees every parent
 * first. */
static void count_uses(writer *w, dtake__node root, bool top)
{
    for (dtake__node n = 0; n <= root; n++)
        w->uses[n] = 0;
    w->uses[root] = 1;
    for (dtake__node n = root; n > 0; n--) {
        size_t count;
        const dtake__node *child = dtake__node_children(w->graph, n, &count);
        if (w->uses[n] == 0 || (!top && w->named[n]))
            continue;
        if (!top && n != root && dtake__node_op_of(w->graph, n) == DTAKE__NODE_FUNCTION)
            continue; /* a scope of its own */
        for (size_t i = 0; i < count; i++)
            if (child[i] != 0)
                w->uses[child[i]]++;
    }
}

static void write_pairs(writer *w, const dtake__node *child, size_t count, bool quoted)
{
    for (size_t i = 0; i + 1 < count; i += 2) {
        dtake__span name = dtake__node_text(w->graph, child[i]);
        put(w, i > 0 ? ", " : "");
        if (quoted)
            put_text(w, name);
        else
            put(w, name.text);
        put(w, quoted ? ": " : "=");
        write_node(w, child[i + 1], false);
    }
}

static void write_call(writer *w, dtake__node node, const dtake__node *child, size_t count)
{
    const dtake__function *f = dtake__node_function(w->graph, node);
    bool first = true;
    put(w, f->name);
    put(w, "(");
    for (size_t i = 0; i < count; i++) {
        if (child[i] == 0)
            continue;
        put(w, first ? "" : ", ");
        put(w, f->param[i].name);
        put(w, "=");
        write_node(w, child[i], false);
        first = false;
    }
    put(w, ")");
}

static void write_scope(writer *w, dtake__node root, bool top, const char *indent)
{
    char name[32];
    size_t nodes = (size_t)root + 1;
    uint32_t *outer_uses = w->uses;
    bool *outer_named = w->named;
    w->uses = dtake__calloc(nodes, sizeof *w->uses);
    w->named = dtake__calloc(nodes, sizeof *w->named);
    if (w->uses == NULL || w->named == NULL) {
        w->status = DTAKE_E_NOMEM;
    } else {
        for (size_t i = 0; i < nodes && outer_named != NULL; i++)
            w->named[i] = outer_named[i];
        count_uses(w, root, top);
        for (dtake__node n = 1; n < root && w->status == DTAKE_OK; n++) {
            if (w->uses[n] < 2 || w->named[n] || is_small(w->graph, n) || !in_scope(w, n, top))
                continue;
            snprintf(name, sizeof name, "%s_%u = ", indent, (unsigned)n);
            put(w, name);
            write_node(w, n, true);
            put(w, ";\n");
            w->named[n] = true;
        }
        put(w, indent);
        write_node(w, root, true);
    }
    dtake__free(w->uses);
    dtake__free(w->named);
    w->uses = outer_uses;
    w->named = outer_named;
}

static void write_function(writer *w, const dtake__node *child, size_t count)
{
    put(w, "fn(");
    for (size_t i = 0; i + 1 < count; i++) {
        put(w, i > 0 ? ", " : "");
        put(w, dtake__node_text(w->graph, child[i]).text);
    }
    put(w, ") {\n");
    if (w->status == DTAKE_OK)
        write_scope(w, child[count - 1], false, "    ");
    put(w, "\n}");
}

static void write_node(writer *w, dtake__node node, bool definition)
{
    char text[40];
    size_t count;
    const dtake__node *child = dtake__node_children(w->graph, node, &count);
    if (w->status != DTAKE_OK)
        return;
    if (!definition && w->named[node]) {
        snprintf(text, sizeof text, "_%u", (unsigned)node);
        put(w, text);
        return;
    }
    switch (dtake__node_op_of(w->graph, node)) {
    case DTAKE__NODE_NULL:
        put(w, "null");
        break;
    case DTAKE__NODE_BOOL:
        put(w, dtake__node_number(w->graph, node) != 0 ? "true" : "false");
        break;
    case DTAKE__NODE_NUMBER:
        dtake__format_f64(dtake__node_number(w->graph, node), text, sizeof text);
        put(w, text);
        break;
    case DTAKE__NODE_TEXT:
        put_text(w, dtake__node_text(w->graph, node));
        break;
    case DTAKE__NODE_ARGUMENT:
        put(w, dtake__node_text(w->graph, node).text);
        break;
    case DTAKE__NODE_LIST:
        put(w, "[");
        for (size_t i = 0; i < count; i++) {
            put(w, i > 0 ? ", " : "");
            write_node(w, child[i], false);
        }
        put(w, "]");
        break;
    case DTAKE__NODE_DICT:
        put(w, "{");
        write_pairs(w, child, count, true);
        put(w, "}");
        break;
    case DTAKE__NODE_CALL:
        write_call(w, node, child, count);
        break;
    case DTAKE__NODE_FUNCTION:
        write_function(w, child, count);
        break;
    case DTAKE__NODE_APPLY:
        write_node(w, child[0], false);
        put(w, "(");
        write_pairs(w, child + 1, count - 1, false);
        put(w, ")");
        break;
    }
}

dtake_status dtake__graph_write(const dtake__graph *graph, dtake__node result, dtake_buf *out)
{
    writer w = { .graph = graph, .out = out };
    write_scope(&w, result, true, "");
    put(&w, "\n");
    return w.status;
}
