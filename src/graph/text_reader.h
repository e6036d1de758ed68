/* The text of a graph: its signs and names, before it is known what they mean. */
#ifndef DTAKE_GRAPH_TEXT_READER_H
#define DTAKE_GRAPH_TEXT_READER_H

#include "graph/graph.h"

/* A name that stands for a node (or, node 0, for an argument of the function around it). */
typedef struct dtake__text_bound {
    char name[DTAKE__GRAPH_MAX_NAME];
    dtake__node node;
    size_t before; /* 1 + the one before in its bucket */
} dtake__text_bound;

typedef struct dtake__text_reader {
    dtake__graph *graph;
    const char *at, *end, *line_start;
    uint32_t line;
    int depth;
    dtake__text_bound *bound;
    size_t count, cap;
    size_t *bucket; /* 1 + the newest bound name of each */
} dtake__text_reader;

dtake_status dtake__text_begin(dtake__text_reader *in, dtake__graph *graph, const char *text, size_t len);
void dtake__text_end(dtake__text_reader *in);

/* Has the graph failed? All others do nothing then. */
bool dtake__text_failed(const dtake__text_reader *in);
void dtake__text_skip(dtake__text_reader *in);         /* blanks and comments */
char dtake__text_peek(dtake__text_reader *in);         /* the next sign; '\0': the end */
bool dtake__text_take(dtake__text_reader *in, char c); /* false: it is another */
bool dtake__text_want(dtake__text_reader *in, char c); /* false: told */
bool dtake__text_is_name_start(char c);
bool dtake__text_name(dtake__text_reader *in, char out[DTAKE__GRAPH_MAX_NAME]); /* false: told */

/* Names, the newest of equal ones. */
const dtake__text_bound *dtake__text_find(const dtake__text_reader *in, const char *name); /* NULL: none */
bool dtake__text_bind(dtake__text_reader *in, const char *name, dtake__node node);
void dtake__text_unbind(dtake__text_reader *in, size_t count); /* those bound since there were so many */

#endif
