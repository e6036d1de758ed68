#include "graph/store.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FREE = 64 };

dtake__graph *dtake__graph_new(const dtake__registry *registry)
{
    dtake__graph *graph = dtake__calloc(1, sizeof *graph);
    if (graph == NULL)
        return NULL;
    graph->registry = registry;
    graph->slab = DTAKE__SLAB_INIT(DTAKE__GRAPH_MAX_BYTES);
    return graph;
}

void dtake__graph_free(dtake__graph *graph)
{
    if (graph == NULL)
        return;
    dtake__slab_dispose(&graph->slab);
    dtake__free(graph->entry);
    dtake__free(graph->bucket);
    dtake__free(graph);
}

dtake_status dtake__graph_status(const dtake__graph *graph, dtake_error *err)
{
    if (graph->status != DTAKE_OK)
        dtake__error_copy(err, &graph->err);
    return graph->status;
}

const dtake__registry *dtake__graph_registry(const dtake__graph *graph)
{
    return graph->registry;
}

void dtake__graph_at(dtake__graph *graph, uint32_t line, uint32_t column)
{
    graph->line = line;
    graph->column = column;
}

dtake__node dtake__graph_fail(dtake__graph *graph, dtake_status status, const char *fmt, ...)
{
    char what[DTAKE_ERROR_BYTES];
    va_list args;
    if (graph->status != DTAKE_OK)
        return 0;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    graph->status = graph->line > 0 ? dtake__fail(&graph->err, status, "graph, line %u, column %u: %s",
                                                  graph->line, graph->column, what)
                                    : dtake__fail(&graph->err, status, "graph: %s", what);
    return 0;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_of(const dtake__entry *e)
{
    uint64_t hash = mix(UINT64_C(0xcbf29ce484222325), &e->op, 1);
    switch ((dtake__node_op)e->op) {
    case DTAKE__NODE_BOOL:
    case DTAKE__NODE_NUMBER:
        hash = mix(hash, &e->number, sizeof e->number);
        break;
    case DTAKE__NODE_TEXT:
    case DTAKE__NODE_ARGUMENT:
        hash = mix(hash, e->text.text, e->text.len);
        break;
    case DTAKE__NODE_CALL:
        hash = mix(hash, &e->function, sizeof e->function);
        break;
    default:
        break;
    }
    hash = mix(hash, e->child, e->count * sizeof *e->child);
    return hash ^ hash >> 29;
}

static bool same(const dtake__entry *a, const dtake__entry *b)
{
    if (a->op != b->op || a->count != b->count ||
        (a->count > 0 && memcmp(a->child, b->child, a->count * sizeof *a->child) != 0))
        return false;
    switch ((dtake__node_op)a->op) {
    case DTAKE__NODE_BOOL:
    case DTAKE__NODE_NUMBER:
        return memcmp(&a->number, &b->number, sizeof a->number) == 0;
    case DTAKE__NODE_TEXT:
    case DTAKE__NODE_ARGUMENT:
        return dtake__span_equal(a->text, b->text);
    case DTAKE__NODE_CALL:
        return a->function == b->function;
    default:
        return true;
    }
}

static bool has_text(const dtake__entry *e)
{
    return e->op == DTAKE__NODE_TEXT || e->op == DTAKE__NODE_ARGUMENT;
}

/* A power of two, at least half of it empty. */
static bool grow(dtake__graph *graph)
{
    if (graph->count + 2 > graph->cap) {
        size_t cap = graph->cap == 0 ? 64 : graph->cap * 2;
        dtake__entry *entry = dtake__realloc_array(graph->entry, cap, sizeof *entry);
        if (entry == NULL)
            return false;
        graph->entry = entry;
        graph->cap = cap;
    }
    if (2 * (graph->count + 2) <= graph->buckets)
        return true;
    size_t buckets = graph->buckets == 0 ? 256 : graph->buckets * 2;
    uint32_t *bucket = dtake__calloc(buckets, sizeof *bucket);
    if (bucket == NULL)
        return false;
    for (size_t i = 1; i <= graph->count; i++) {
        size_t at = hash_of(&graph->entry[i]) & (buckets - 1);
        while (bucket[at] != 0)
            at = (at + 1) & (buckets - 1);
        bucket[at] = (uint32_t)i;
    }
    dtake__free(graph->bucket);
    graph->bucket = bucket;
    graph->buckets = buckets;
    return true;
}

static bool is_bound(const dtake__graph *graph, const dtake__entry *function, dtake__node argument)
{
    for (size_t i = 0; i + 1 < function->count; i++)
        if (dtake__span_equal(graph->entry[function->child[i]].text, graph->entry[argument].text))
            return true;
    return false;
}

/* Adds what is free in a child; false: too much. */
static bool add_free(const dtake__graph *graph, const dtake__entry *e, dtake__node child,
                     dtake__node free[MAX_FREE], uint16_t *count)
{
    const dtake__entry *c = &graph->entry[child];
    for (uint16_t i = 0; i < c->free_count; i++) {
        bool known = e->op == DTAKE__NODE_FUNCTION && is_bound(graph, e, c->free[i]);
        for (uint16_t k = 0; k < *count; k++)
            known = known || free[k] == c->free[i];
        if (known)
            continue;
        if (*count == MAX_FREE)
            return false;
        free[(*count)++] = c->free[i];
    }
    return true;
}

/* Depth, and what is free below. An argument's own number is `self`. */
static bool measure(dtake__graph *graph, dtake__entry *e, dtake__node self)
{
    dtake__node free[MAX_FREE] = { self };
    uint16_t count = e->op == DTAKE__NODE_ARGUMENT ? 1 : 0;
    bool fits = true;
    e->depth = 1;
    for (size_t i = 0; i < e->count; i++) {
        if (e->child[i] == 0)
            continue;
        uint16_t depth = graph->entry[e->child[i]].depth;
        e->depth = depth >= e->depth ? (uint16_t)(depth + 1) : e->depth;
        fits = fits && add_free(graph, e, e->child[i], free, &count);
    }
    if (count == 0)
        return true;
    dtake__node *kept = dtake__slab_alloc(&graph->slab, count, sizeof *kept);
    if (kept == NULL || !fits)
        return false;
    memcpy(kept, free, count * sizeof *kept);
    e->free = kept;
    e->free_count = count;
    return true;
}

static bool keep(dtake__graph *graph, dtake__entry *e)
{
    if (e->count > 0) {
        dtake__node *child = dtake__slab_alloc(&graph->slab, e->count, sizeof *child);
        if (child == NULL)
            return false;
        memcpy(child, e->child, e->count * sizeof *child);
        e->child = child;
    }
    if (has_text(e))
        e->text.text = dtake__slab_text(&graph->slab, e->text.text, e->text.len);
    return !has_text(e) || e->text.text != NULL;
}

dtake__node dtake__graph_store(dtake__graph *graph, const dtake__entry *entry)
{
    dtake__entry e = *entry;
    if (graph->status != DTAKE_OK)
        return 0;
    if (!grow(graph))
        return dtake__graph_fail(graph, DTAKE_E_NOMEM, "out of memory");
    size_t at = hash_of(&e) & (graph->buckets - 1);
    for (; graph->bucket[at] != 0; at = (at + 1) & (graph->buckets - 1))
        if (same(&graph->entry[graph->bucket[at]], &e))
            return graph->bucket[at];
    const char *what = e.op == DTAKE__NODE_CALL ? e.function->name : "a value";
    if (graph->count == DTAKE__GRAPH_MAX_NODES)
        return dtake__graph_fail(graph, DTAKE_E_LIMIT, "%s is node %d: at most %d are allowed", what,
                                 DTAKE__GRAPH_MAX_NODES + 1, DTAKE__GRAPH_MAX_NODES);
    if (!measure(graph, &e, (dtake__node)(graph->count + 1)))
        return dtake__graph_fail(graph, DTAKE_E_LIMIT, "%s depends on more than %d arguments", what,
                                 MAX_FREE);
    if (e.depth > DTAKE__GRAPH_MAX_DEPTH)
        return dtake__graph_fail(graph, DTAKE_E_LIMIT, "%s lies %d levels deep: at most %d are allowed", what,
                                 e.depth, DTAKE__GRAPH_MAX_DEPTH);
    if (!keep(graph, &e))
        return dtake__graph_fail(graph, DTAKE_E_LIMIT, "%s does not fit any more: at most %d MB are allowed",
                                 what, DTAKE__GRAPH_MAX_BYTES >> 20);
    e.line = graph->line;
    e.column = graph->column;
    graph->entry[++graph->count] = e;
    graph->bucket[at] = (uint32_t)graph->count;
    return (dtake__node)graph->count;
}

/* --- looking --- */

size_t dtake__graph_count(const dtake__graph *graph)
{
    return graph->count;
}

dtake__node_op dtake__node_op_of(const dtake__graph *graph, dtake__node node)
{
    return (dtake__node_op)graph->entry[node].op;
}

dtake__kind dtake__node_kind(const dtake__graph *graph, dtake__node node)
{
    return (dtake__kind)graph->entry[node].kind;
}

const dtake__node *dtake__node_children(const dtake__graph *graph, dtake__node node, size_t *count)
{
    *count = graph->entry[node].count;
    return graph->entry[node].child;
}

double dtake__node_number(const dtake__graph *graph, dtake__node node)
{
    return graph->entry[node].number;
}

dtake__span dtake__node_text(const dtake__graph *graph, dtake__node node)
{
    return graph->entry[node].text;
}

const dtake__function *dtake__node_function(const dtake__graph *graph, dtake__node node)
{
    return graph->entry[node].function;
}

bool dtake__node_is_open(const dtake__graph *graph, dtake__node node)
{
    return graph->entry[node].free_count > 0;
}

void dtake__node_describe(const dtake__graph *graph, dtake__node node, char *out, size_t size)
{
    static const char *const words[] = { "null",        "a boolean",     "a number", "a string",
                                         "a list",      "a dictionary",  "",         "fn",
                                         "an argument", "an application" };
    const dtake__entry *e = &graph->entry[node];
    const char *what = e->op == DTAKE__NODE_CALL ? e->function->name : words[e->op];
    if (e->line > 0)
        snprintf(out, size, "%s (line %u, column %u)", what, e->line, e->column);
    else
        snprintf(out, size, "%s", what);
}
