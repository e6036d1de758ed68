/* The budget of bytes in flight of the whole runtime. First come first served within an order; nothing
 * overtakes a request that does not fit yet. A request larger than the whole budget is let in when nothing
 * else is. Ask for all that a piece of work needs at once: who holds a part while waiting for more can wait
 * for ever.
 *
 * So that the line is not silent while pixels are decoded, one that fetches is let in beyond the limit when
 * all that fetch have what they asked for: at most one more than fit, or two where none fits. */
#ifndef DTAKE_IO_BUDGET_H
#define DTAKE_IO_BUDGET_H

#include <datatake/runtime.h>

#include "io/heap.h"

typedef struct dtake__budget_wait {
    int64_t bytes;
    uint64_t order;                                   /* smaller goes first */
    void (*granted)(struct dtake__budget_wait *wait); /* on the loop thread, never from inside acquire */
    bool fetches;                                     /* and tells dtake__budget_fetched and _ended */
    bool fetching, counted;                           /* the budget's own, like the node */
    dtake__heap_node node;
} dtake__budget_wait;

void dtake__budget_acquire(dtake_runtime *runtime, dtake__budget_wait *wait); /* any thread */
bool dtake__budget_withdraw(
    dtake_runtime *runtime,
    dtake__budget_wait *wait); /* loop thread; false: already granted (or about to be) */
void dtake__budget_release(dtake_runtime *runtime, int64_t bytes); /* any thread */

/* Loop thread; harmless when told already, or never granted. `ended` before the last release. */
void dtake__budget_fetched(dtake_runtime *runtime, dtake__budget_wait *wait);
void dtake__budget_ended(dtake_runtime *runtime, dtake__budget_wait *wait);

size_t dtake__budget_waiting(dtake_runtime *runtime); /* how many; any thread */

#endif
