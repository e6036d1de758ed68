/* What opening and reading have in common: alive until `done` was called, a cancel under way has arrived, and
 * who keeps it has released it. */
#ifndef DTAKE_RASTER_OP_H
#define DTAKE_RASTER_OP_H

#include <stdatomic.h>

#include "io/loop.h"
#include "raster/reader.h"

/* First member of every operation. All but `cancelled` and `refs` is touched on the loop thread only. */
struct dtake_transfer {
    dtake_runtime *runtime;
    void (*cancel)(dtake__raster_op *op); /* on the loop thread, at most once, never after the end */
    void (*destroy)(dtake__raster_op *op);
    atomic_bool cancelled;
    atomic_int refs;
    bool ended;
    dtake__post cancel_post;
};

/* `keeps`: the caller has a reference too. */
void dtake__raster_op_init(dtake__raster_op *op, dtake_runtime *runtime, bool keeps,
                           void (*cancel)(dtake__raster_op *), void (*destroy)(dtake__raster_op *));
bool dtake__raster_op_cancelled(const dtake__raster_op *op); /* any thread */
void dtake__raster_op_end(dtake__raster_op *op);             /* after `done` has returned */

#endif
