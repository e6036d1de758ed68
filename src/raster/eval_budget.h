/* How much a graph may ask for: so many steps, and so much time of the processor beside its pixels. */
#ifndef DTAKE_RASTER_EVAL_BUDGET_H
#define DTAKE_RASTER_EVAL_BUDGET_H

#include <datatake/status.h>

typedef struct dtake__budget {
    int64_t steps;
    int64_t compared;        /* values within values: they may hold one another many times over */
    int64_t began_ns, calls; /* of the thread's processor time; 0: not yet */
} dtake__budget;

/* Steps beside those of the evaluator's own: some 100 ns each. */
dtake_status dtake__budget_spend(dtake__budget *budget, int64_t steps, dtake_error *err);
/* Before a function's own part; looks at the clock now and then. */
dtake_status dtake__budget_check(dtake__budget *budget, dtake_error *err);

/* Of values that are compared; false: no more. The next who spends is told. */
bool dtake__budget_compare(dtake__budget *budget, int64_t values);

/* What pixels take does not count: between the two. */
int64_t dtake__budget_stop(void);
void dtake__budget_go_on(dtake__budget *budget, int64_t stopped);

#endif
