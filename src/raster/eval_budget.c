#include "raster/eval_budget.h"

#include "core/error.h"

#include <time.h>

enum {
    MAX_STEPS = 1200000,
    MAX_COMPARED = 32000000,
    MAX_SECONDS = 10, /* what is worth its steps takes a tenth of that */
    LOOK_EVERY = 16,  /* calls; one takes some milliseconds at most */
};

static int64_t thread_ns(void)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

dtake_status dtake__budget_spend(dtake__budget *b, int64_t steps, dtake_error *err)
{
    b->steps += steps;
    if (b->compared > MAX_COMPARED)
        return dtake__fail(err, DTAKE_E_LIMIT, "the graph compares more than %d values", MAX_COMPARED);
    return b->steps <= MAX_STEPS
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_LIMIT, "the graph takes more than %d steps", MAX_STEPS);
}

bool dtake__budget_compare(dtake__budget *b, int64_t values)
{
    b->compared += values;
    return b->compared <= MAX_COMPARED;
}

dtake_status dtake__budget_check(dtake__budget *b, dtake_error *err)
{
    if (b->calls++ % LOOK_EVERY != 0)
        return DTAKE_OK;
    int64_t now = thread_ns();
    if (b->began_ns == 0)
        b->began_ns = now;
    return now - b->began_ns <= MAX_SECONDS * INT64_C(1000000000)
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_LIMIT,
                             "Computation timed out: the graph takes more than %d seconds of the processor "
                             "beside its pixels",
                             MAX_SECONDS);
}

int64_t dtake__budget_stop(void)
{
    return thread_ns();
}

void dtake__budget_go_on(dtake__budget *b, int64_t stopped)
{
    if (b->began_ns != 0)
        b->began_ns += thread_ns() - stopped;
}
