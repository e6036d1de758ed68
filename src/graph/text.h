/* A graph as text, for tests and messages:
 *
 *     scene = Image.load("S2A_...");                     # arguments by place or by name
 *     ndvi = Image.normalizedDifference(scene, bandNames=["B8", "B4"]);
 *     Image.addBands(scene, ndvi)                        # the last expression is the result
 *
 * Literals are those of JSON. fn(a, b) { x = ...; ... } is a function, f(...) calls one that has a name here.
 */
#ifndef DTAKE_GRAPH_TEXT_H
#define DTAKE_GRAPH_TEXT_H

#include "core/buf.h"
#include "graph/graph.h"

/* The result's node, 0 on failure (dtake__graph_status then names line and column). */
dtake__node dtake__graph_parse(dtake__graph *graph, const char *text, size_t len);

/* The same with names that stand for nodes made before. */
dtake__node dtake__graph_parse_with(dtake__graph *graph, const char *text, size_t len,
                                    const dtake__named *known, size_t count);

/* Text that reads back as the same graph. What is used more than once gets a name. */
dtake_status dtake__graph_write(const dtake__graph *graph, dtake__node result, dtake_buf *out);

#endif
