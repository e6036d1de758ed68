/* A pairing heap: push is O(1), pop and remove O(log n) amortised. */
#include "io/heap.h"

static bool goes_before(const dtake__heap_node *a, const dtake__heap_node *b)
{
    return a->order != b->order ? a->order < b->order : a->serial < b->serial;
}

/* Joins two trees without siblings. */
static dtake__heap_node *meld(dtake__heap_node *a, dtake__heap_node *b)
{
    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (goes_before(b, a)) {
        dtake__heap_node *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child != NULL)
        a->child->prev = b;
    a->child = b;
    return a;
}

/* Joins a row of siblings: pairs from the left, then the pairs from the right. */
static dtake__heap_node *meld_row(dtake__heap_node *row)
{
    dtake__heap_node *pairs = NULL;
    while (row != NULL) {
        dtake__heap_node *a = row, *b = row->next;
        row = b != NULL ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b != NULL)
            b->next = b->prev = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    dtake__heap_node *root = NULL;
    while (pairs != NULL) {
        dtake__heap_node *next = pairs->next;
        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = next;
    }
    return root;
}

void dtake__heap_push(dtake__heap *heap, dtake__heap_node *node, uint64_t order)
{
    *node = (dtake__heap_node){ .order = order, .serial = heap->serial++, .queued = true };
    heap->root = meld(heap->root, node);
    heap->count++;
}

dtake__heap_node *dtake__heap_pop(dtake__heap *heap)
{
    dtake__heap_node *node = heap->root;
    if (node != NULL)
        dtake__heap_remove(heap, node);
    return node;
}

void dtake__heap_remove(dtake__heap *heap, dtake__heap_node *node)
{
    if (!node->queued)
        return;
    dtake__heap_node *below = meld_row(node->child);
    if (node == heap->root) {
        heap->root = below;
    } else {
        if (node->prev->child == node)
            node->prev->child = node->next;
        else
            node->prev->next = node->next;
        if (node->next != NULL)
            node->next->prev = node->prev;
        heap->root = meld(heap->root, below);
    }
    *node = (dtake__heap_node){ 0 };
    heap->count--;
}
