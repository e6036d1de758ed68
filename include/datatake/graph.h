/* The functions that graphs are made of (docs/graph.md), for those who build graphs. */
#ifndef DATATAKE_GRAPH_H
#define DATATAKE_GRAPH_H

#include <datatake/api.h>

enum { DTAKE_GRAPH_PARAMETERS = 10 };

typedef struct dtake_graph_parameter {
    const char *name;
    const char *kind;    /* "Image", "Number", "Object" (anything) ... */
    const char *initial; /* the default as text: "true", "1.5", "circle", "null"; NULL: must be given */
} dtake_graph_parameter;

typedef struct dtake_graph_function {
    const char *name; /* "Image.clip" */
    const char *returns;
    size_t count; /* of parameters, in their order */
    dtake_graph_parameter parameter[DTAKE_GRAPH_PARAMETERS];
} dtake_graph_function;

/* In the order of names; all texts are static. False: there are no more. */
DTAKE_API bool dtake_graph_function_at(size_t index, dtake_graph_function *out);

#endif
