/* What nodes came to: each is evaluated once for each set of arguments that it depends on. */
#ifndef DTAKE_RASTER_EVAL_MEMO_H
#define DTAKE_RASTER_EVAL_MEMO_H

#include "raster/eval_value.h"

typedef struct dtake__memo {
    struct dtake__memo_entry *entry;
    size_t count, buckets;
} dtake__memo;

/* `frame`: the call whose arguments it depends on; 0: on none. NULL: not known yet. */
const dtake__value *dtake__memo_find(const dtake__memo *memo, dtake__node node, uint64_t frame);
dtake_status dtake__memo_keep(dtake__memo *memo, dtake__node node, uint64_t frame, const dtake__value *value,
                              dtake_error *err);
void dtake__memo_dispose(dtake__memo *memo);

#endif
