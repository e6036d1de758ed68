/* Earth Engine's Expression: a graph as JSON.
 *
 *     {"result": "0", "values": {"0": NODE, ...}}
 *
 * A NODE has one of constantValue, integerValue, arrayValue, dictionaryValue, functionInvocationValue,
 * functionDefinitionValue, valueReference and argumentReference. What `values` share is one node of the
 * graph. Arguments of functions are bound lexically, by name: clients give the same name to those of
 * unrelated functions. */
#ifndef DTAKE_PROTOCOL_EARTHENGINE_EXPRESSION_H
#define DTAKE_PROTOCOL_EARTHENGINE_EXPRESSION_H

#include "core/buf.h"
#include "graph/graph.h"

enum {
    DTAKE__EE_MAX_BYTES = 16 << 20, /* of a document */
    DTAKE__EE_MAX_VALUES = 1000000, /* entries of `values` */
    DTAKE__EE_MAX_DEPTH = DTAKE__GRAPH_MAX_DEPTH,
};

/* Builds the nodes into `graph`; *out is the result's. DTAKE_E_FORMAT: not JSON, or not that shape;
 * DTAKE_E_USAGE: an unknown function or argument, a value of the wrong kind, a reference that leads nowhere
 * or back to itself; DTAKE_E_LIMIT. Work is bounded whatever the document: each entry is read once. */
dtake_status dtake__ee_read_expression(dtake__graph *graph, const char *json, size_t len, dtake__node *out,
                                       dtake_error *err);

/* The way back, for sending a graph to the service: what is used more than once stands once in `values`.
 * Arguments that were left out stay out. */
dtake_status dtake__ee_write_expression(const dtake__graph *graph, dtake__node result, dtake_buf *out,
                                        dtake_error *err);

#endif
