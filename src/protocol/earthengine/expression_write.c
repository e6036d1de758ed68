#include "core/alloc.h"
#include "core/error.h"
#include "format/json_write.h"
#include "protocol/earthengine/expression.h"

#include <stdio.h>

/* The service takes 100 levels, and what is used more than once stands by itself. */
enum { MAX_INLINE = 15 };

typedef struct writer {
    const dtake__graph *graph;
    dtake__json json;
    uint8_t *apart; /* of each node: it stands in `values` */
} writer;

static void write_node(writer *w, const char *key, dtake__node node);

static bool is_constant(const writer *w, dtake__node node)
{
    size_t count;
    dtake__node_op op = dtake__node_op_of(w->graph, node);
    const dtake__node *child = dtake__node_children(w->graph, node, &count);
    bool constant = op <= DTAKE__NODE_DICT;
    for (size_t i = 0; constant && i < count; i++)
        constant = dtake__node_op_of(w->graph, child[i]) <= DTAKE__NODE_TEXT;
    return constant;
}

static void write_scalar(writer *w, const char *key, dtake__node node)
{
    switch (dtake__node_op_of(w->graph, node)) {
    case DTAKE__NODE_NULL:
        dtake__json_null(&w->json, key);
        break;
    case DTAKE__NODE_BOOL:
        dtake__json_bool(&w->json, key, dtake__node_number(w->graph, node) != 0);
        break;
    case DTAKE__NODE_NUMBER:
        dtake__json_f64(&w->json, key, dtake__node_number(w->graph, node));
        break;
    default:
        dtake__json_span(&w->json, key, dtake__node_text(w->graph, node));
        break;
    }
}

static void write_constant(writer *w, const char *key, dtake__node node)
{
    size_t count;
    dtake__node_op op = dtake__node_op_of(w->graph, node);
    const dtake__node *child = dtake__node_children(w->graph, node, &count);
    if (op == DTAKE__NODE_LIST) {
        dtake__json_array(&w->json, key);
        for (size_t i = 0; i < count; i++)
            write_scalar(w, NULL, child[i]);
        dtake__json_end(&w->json, ']');
    } else if (op == DTAKE__NODE_DICT) {
        dtake__json_object(&w->json, key);
        for (size_t i = 0; i + 1 < count; i += 2)
            write_scalar(w, dtake__node_text(w->graph, child[i]).text, child[i + 1]);
        dtake__json_end(&w->json, '}');
    } else {
        write_scalar(w, key, node);
    }
}

static void write_reference(writer *w, const char *key, dtake__node node)
{
    char number[16];
    snprintf(number, sizeof number, "%u", node);
    dtake__json_text(&w->json, key, number);
}

static void write_pairs(writer *w, const char *key, const dtake__node *child, size_t count)
{
    dtake__json_object(&w->json, key);
    for (size_t i = 0; i + 1 < count; i += 2)
        write_node(w, dtake__node_text(w->graph, child[i]).text, child[i + 1]);
    dtake__json_end(&w->json, '}');
}

static void write_call(writer *w, dtake__node node, const dtake__node *child, size_t count)
{
    const dtake__function *f = dtake__node_function(w->graph, node);
    dtake__json_object(&w->json, "functionInvocationValue");
    dtake__json_text(&w->json, "functionName", f->name);
    dtake__json_object(&w->json, "arguments");
    for (size_t i = 0; i < count; i++)
        if (child[i] != 0)
            write_node(w, f->param[i].name, child[i]);
    dtake__json_end(&w->json, '}');
    dtake__json_end(&w->json, '}');
}

static void write_function(writer *w, const dtake__node *child, size_t count)
{
    dtake__json_object(&w->json, "functionDefinitionValue");
    dtake__json_array(&w->json, "argumentNames");
    for (size_t i = 0; i + 1 < count; i++)
        write_scalar(w, NULL, child[i]);
    dtake__json_end(&w->json, ']');
    write_reference(w, "body", child[count - 1]);
    dtake__json_end(&w->json, '}');
}

/* What is in the object of a node. */
static void write_inside(writer *w, dtake__node node)
{
    size_t count;
    const dtake__node *child = dtake__node_children(w->graph, node, &count);
    switch (dtake__node_op_of(w->graph, node)) {
    case DTAKE__NODE_LIST:
        dtake__json_object(&w->json, "arrayValue");
        dtake__json_array(&w->json, "values");
        for (size_t i = 0; i < count; i++)
            write_node(w, NULL, child[i]);
        dtake__json_end(&w->json, ']');
        dtake__json_end(&w->json, '}');
        break;
    case DTAKE__NODE_DICT:
        dtake__json_object(&w->json, "dictionaryValue");
        write_pairs(w, "values", child, count);
        dtake__json_end(&w->json, '}');
        break;
    case DTAKE__NODE_CALL:
        write_call(w, node, child, count);
        break;
    case DTAKE__NODE_FUNCTION:
        write_function(w, child, count);
        break;
    case DTAKE__NODE_ARGUMENT:
        dtake__json_span(&w->json, "argumentReference", dtake__node_text(w->graph, node));
        break;
    case DTAKE__NODE_APPLY:
        dtake__json_object(&w->json, "functionInvocationValue");
        write_reference(w, "functionReference", child[0]);
        write_pairs(w, "arguments", child + 1, count - 1);
        dtake__json_end(&w->json, '}');
        break;
    default:
        break;
    }
}

static void write_whole(writer *w, const char *key, dtake__node node)
{
    dtake__json_object(&w->json, key);
    if (is_constant(w, node))
        write_constant(w, "constantValue", node);
    else
        write_inside(w, node);
    dtake__json_end(&w->json, '}');
}

static void write_node(writer *w, const char *key, dtake__node node)
{
    if (!w->apart[node]) {
        write_whole(w, key, node);
        return;
    }
    dtake__json_object(&w->json, key);
    write_reference(w, "valueReference", node);
    dtake__json_end(&w->json, '}');
}

/* Marks what stands by itself: the result, bodies and functions that are called (bare keys refer to them),
 * what is used twice, and what would nest too deep. Children have smaller numbers than their parents. */
static dtake_status mark(writer *w, dtake__node result)
{
    uint8_t *used = dtake__calloc((size_t)result + 1, 1), *height = dtake__calloc((size_t)result + 1, 1);
    if (used != NULL && height != NULL)
        used[result] = w->apart[result] = 1;
    for (dtake__node node = result; used != NULL && height != NULL && node > 0; node--) {
        size_t count;
        dtake__node_op op = dtake__node_op_of(w->graph, node);
        const dtake__node *child = dtake__node_children(w->graph, node, &count);
        for (size_t i = 0; used[node] != 0 && i < count; i++) {
            if (child[i] == 0)
                continue;
            bool bare = (op == DTAKE__NODE_FUNCTION && i + 1 == count) || (op == DTAKE__NODE_APPLY && i == 0);
            bool twice = used[child[i]] != 0 && dtake__node_op_of(w->graph, child[i]) > DTAKE__NODE_TEXT;
            if (bare || twice)
                w->apart[child[i]] = 1;
            used[child[i]] = 1;
        }
    }
    for (dtake__node node = 1; used != NULL && height != NULL && node <= result; node++) {
        size_t count;
        const dtake__node *child = dtake__node_children(w->graph, node, &count);
        for (size_t i = 0; used[node] != 0 && i < count; i++)
            if (child[i] != 0 && !w->apart[child[i]] && height[child[i]] >= height[node])
                height[node] = (uint8_t)(height[child[i]] + 1);
        if (height[node] >= MAX_INLINE) {
            w->apart[node] = 1;
            height[node] = 0;
        }
    }
    /* What is not used at all is not written. */
    for (dtake__node node = 1; used != NULL && node <= result; node++)
        w->apart[node] = w->apart[node] && used[node] != 0;
    bool made = used != NULL && height != NULL;
    dtake__free(used);
    dtake__free(height);
    return made ? DTAKE_OK : DTAKE_E_NOMEM;
}

dtake_status dtake__ee_write_expression(const dtake__graph *graph, dtake__node result, dtake_buf *out,
                                        dtake_error *err)
{
    writer w = { .graph = graph, .json = { .out = out } };
    w.apart = dtake__calloc((size_t)result + 1, 1);
    dtake_status st = w.apart != NULL ? mark(&w, result) : DTAKE_E_NOMEM;
    if (st != DTAKE_OK) {
        dtake__free(w.apart);
        return dtake__fail_nomem(err, "an expression");
    }
    dtake__json_object(&w.json, NULL);
    write_reference(&w, "result", result);
    dtake__json_object(&w.json, "values");
    for (dtake__node node = 1; node <= result; node++) {
        char key[16];
        snprintf(key, sizeof key, "%u", node);
        if (w.apart[node])
            write_whole(&w, key, node);
    }
    dtake__json_end(&w.json, '}');
    dtake__json_end(&w.json, '}');
    dtake__free(w.apart);
    return w.json.status == DTAKE_OK
               ? DTAKE_OK
               : dtake__fail(err, w.json.status, "expression: it is too large to be sent");
}
