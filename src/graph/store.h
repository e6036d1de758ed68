/* The nodes of a graph, each stored once. For the files of src/graph. */
#ifndef DTAKE_GRAPH_STORE_H
#define DTAKE_GRAPH_STORE_H

#include "core/slab.h"
#include "graph/graph.h"

typedef struct dtake__entry {
    uint8_t op, kind;
    uint16_t depth;
    uint16_t free_count;
    const dtake__node *free; /* arguments that no function within binds */
    uint32_t line, column;
    size_t count;
    const dtake__node *child;
    union {
        double number;
        dtake__span text;
        const dtake__function *function;
    };
} dtake__entry;

struct dtake__graph {
    const dtake__registry *registry;
    dtake__slab slab;
    dtake__entry *entry; /* from 1 */
    size_t count, cap;
    uint32_t *bucket; /* node numbers; 0: empty */
    size_t buckets;
    uint32_t line, column; /* of what is being made */
    dtake_status status;
    dtake_error err;
};

/* The node that equals `entry` (its text and children are copied), 0 on failure. */
dtake__node dtake__graph_store(dtake__graph *graph, const dtake__entry *entry);

#endif
