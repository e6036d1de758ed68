/* The budget of bytes in flight of the whole runtime. First come first served within an order; a request larger
 * than the whole budget is let in when nothing else is. */
#ifndef DTAKE_IO_BUDGET_H
#define DTAKE_IO_BUDGET_H

#include <datatake/runtime.h>

typedef struct dtake__budget_wait {
    int64_t bytes;
    uint64_t order; /* smaller goes first */
    void (*granted)(struct dtake__budget_wait *wait); /* on the loop thread, never from inside acquire */
    struct dtake__budget_wait *next;                  /* the budget's own */
} dtake__budget_wait;

void dtake__budget_acquire(dtake_runtime *runtime, dtake__budget_wait *wait); /* any thread */
bool dtake__budget_withdraw(dtake_runtime *runtime, dtake__budget_wait *wait); /* loop thread; false: already granted (or about to be) */
void dtake__budget_release(dtake_runtime *runtime, int64_t bytes);            /* any thread */

#endif
