/* An intrusive queue in order: smallest first, equals first come first served. Pushing never allocates. */
#ifndef DTAKE_IO_HEAP_H
#define DTAKE_IO_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise; inside the struct that queues. All fields are the heap's own. */
typedef struct dtake__heap_node {
    struct dtake__heap_node *child, *next;
    struct dtake__heap_node *prev; /* left sibling; of a leftmost child its parent */
    uint64_t order, serial;
    bool queued;
} dtake__heap_node;

typedef struct dtake__heap {
    dtake__heap_node *root; /* the first; NULL: empty */
    uint64_t serial;
    size_t count;
} dtake__heap;

void dtake__heap_push(dtake__heap *heap, dtake__heap_node *node, uint64_t order); /* not while queued */
dtake__heap_node *dtake__heap_pop(dtake__heap *heap);                             /* NULL: empty */
void dtake__heap_remove(dtake__heap *heap, dtake__heap_node *node); /* harmless when not queued */

#define DTAKE__CONTAINER(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

#endif
