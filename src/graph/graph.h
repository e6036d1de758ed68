/* The expression graph: which pixels. Nodes are values, calls of named functions, and functions of one's own
 * with lexically bound arguments. Equal nodes are one node, so what occurs twice is stored, and evaluated,
 * once. A node is made of nodes that were there before it: a graph has no cycles.
 *
 * After the first mistake (unknown function, wrong kind, too many nodes) every builder returns 0 and does
 * nothing; one look at dtake__graph_status at the end is enough. */
#ifndef DTAKE_GRAPH_GRAPH_H
#define DTAKE_GRAPH_GRAPH_H

#include "core/span.h"
#include "graph/function.h"

enum {
    DTAKE__GRAPH_MAX_NODES = 100000,
    DTAKE__GRAPH_MAX_DEPTH = 1000,
    DTAKE__GRAPH_MAX_NAME = 80,        /* characters of an argument's or a member's name, with the '\0' */
    DTAKE__GRAPH_MAX_BYTES = 64 << 20, /* of all of it */
};

typedef uint32_t dtake__node; /* 0: none */

typedef enum dtake__node_op {
    DTAKE__NODE_NULL,
    DTAKE__NODE_BOOL,
    DTAKE__NODE_NUMBER,
    DTAKE__NODE_TEXT,
    DTAKE__NODE_LIST,
    DTAKE__NODE_DICT,     /* children: key (text), value, key, value ... */
    DTAKE__NODE_CALL,     /* children: one a parameter of the function, 0: left out */
    DTAKE__NODE_FUNCTION, /* children: names (text), then the body */
    DTAKE__NODE_ARGUMENT, /* of the innermost function around it that has one of that name */
    DTAKE__NODE_APPLY,    /* children: what is called, then name (text), value, name, value ... */
} dtake__node_op;

typedef struct dtake__graph dtake__graph;

dtake__graph *dtake__graph_new(const dtake__registry *registry); /* NULL: no memory */
void dtake__graph_free(dtake__graph *graph);
dtake_status dtake__graph_status(const dtake__graph *graph, dtake_error *err);
const dtake__registry *dtake__graph_registry(const dtake__graph *graph);

dtake__node dtake__graph_null(dtake__graph *graph);
dtake__node dtake__graph_bool(dtake__graph *graph, bool value);
dtake__node dtake__graph_number(dtake__graph *graph, double value);
dtake__node dtake__graph_text(dtake__graph *graph, const char *text);
dtake__node dtake__graph_span(dtake__graph *graph, dtake__span text);
dtake__node dtake__graph_list(dtake__graph *graph, const dtake__node *item, size_t count);

typedef struct dtake__named {
    const char *name; /* NULL: the parameter that stands in this place */
    dtake__node node;
} dtake__named;

/* Later members of the same name win. */
dtake__node dtake__graph_dict(dtake__graph *graph, const dtake__named *member, size_t count);

/* Arguments are promoted by the declared kind as Earth Engine's clients do it: a number where an Image is
 * wanted becomes Image.constant of it, a Geometry for a FeatureCollection a Collection of one Feature, and so
 * on. */
dtake__node dtake__graph_call(dtake__graph *graph, const char *function, const dtake__named *arg,
                              size_t count);
dtake__node dtake__graph_function(dtake__graph *graph, const char *const *name, size_t count,
                                  dtake__node body);
dtake__node dtake__graph_argument(dtake__graph *graph, const char *name);
dtake__node dtake__graph_apply(dtake__graph *graph, dtake__node function, const dtake__named *arg,
                               size_t count);

/* Where the nodes made from now on stand in their text, for messages; 0: nowhere. */
void dtake__graph_at(dtake__graph *graph, uint32_t line, uint32_t column);

/* Ends the building with a mistake of the caller's own finding, unless there was one before. */
dtake__node dtake__graph_fail(dtake__graph *graph, dtake_status status, const char *fmt, ...)
    DTAKE_PRINTF(3, 4);

/* Looking at a graph. Nodes count from 1 to dtake__graph_count; children come before their parents. */
size_t dtake__graph_count(const dtake__graph *graph);
dtake__node_op dtake__node_op_of(const dtake__graph *graph, dtake__node node);
dtake__kind dtake__node_kind(const dtake__graph *graph, dtake__node node); /* as far as it is known */
const dtake__node *dtake__node_children(const dtake__graph *graph, dtake__node node, size_t *count);
double dtake__node_number(const dtake__graph *graph, dtake__node node); /* a Boolean's: 0 or 1 */
dtake__span dtake__node_text(const dtake__graph *graph,
                             dtake__node node); /* also an argument's name; ends with '\0' */
const dtake__function *dtake__node_function(const dtake__graph *graph, dtake__node node);
bool dtake__node_is_open(const dtake__graph *graph, dtake__node node); /* its value depends on an argument */

/* "Image.clip (line 2, column 5)", for messages. */
void dtake__node_describe(const dtake__graph *graph, dtake__node node, char *out, size_t size);

#endif
