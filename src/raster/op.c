#include "raster/op.h"

static void release(dtake__raster_op *op)
{
    if (atomic_fetch_sub_explicit(&op->refs, 1, memory_order_acq_rel) == 1)
        op->destroy(op);
}

static void run_cancel(dtake__post *post)
{
    dtake__raster_op *op = (dtake__raster_op *)((char *)post - offsetof(dtake__raster_op, cancel_post));
    if (!op->ended)
        op->cancel(op);
    release(op);
}

void dtake__raster_op_init(dtake__raster_op *op, dtake_runtime *runtime, bool keeps,
                           void (*cancel)(dtake__raster_op *), void (*destroy)(dtake__raster_op *))
{
    op->runtime = runtime;
    op->cancel = cancel;
    op->destroy = destroy;
    atomic_init(&op->cancelled, false);
    atomic_init(&op->refs, keeps ? 2 : 1);
    op->cancel_post.run = run_cancel;
}

bool dtake__raster_op_cancelled(const dtake__raster_op *op)
{
    return atomic_load_explicit(&op->cancelled, memory_order_relaxed);
}

void dtake__raster_op_end(dtake__raster_op *op)
{
    op->ended = true;
    release(op);
}

void dtake__raster_op_cancel(dtake__raster_op *op)
{
    if (atomic_exchange(&op->cancelled, true))
        return;
    atomic_fetch_add_explicit(&op->refs, 1, memory_order_relaxed);
    dtake__loop_post(op->runtime, &op->cancel_post);
}

void dtake_transfer_cancel(dtake_transfer *transfer)
{
    if (transfer != NULL)
        dtake__raster_op_cancel(transfer);
}

void dtake_transfer_release(dtake_transfer *transfer)
{
    if (transfer != NULL)
        release(transfer);
}
