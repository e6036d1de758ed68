#include "io/tally.h"

void dtake__tally_add(dtake__tally *tally, size_t counter_offset, int64_t amount)
{
    for (; tally != NULL; tally = tally->parent)
        atomic_fetch_add_explicit((atomic_int_least64_t *)((char *)tally + counter_offset), amount,
                                  memory_order_relaxed);
}
