/* Tests: a runtime, and calls made on its loop thread. */
#ifndef DTAKE_IO_RUNTIME_FIXTURE_H
#define DTAKE_IO_RUNTIME_FIXTURE_H

#include "check.h"
#include "io/engine.h"
#include "io/loop.h"

static inline dtake_runtime *open_runtime(int workers, int64_t budget)
{
    dtake_runtime *runtime;
    dtake_runtime_options options = { .workers = workers, .bytes_in_flight = budget, .cache_dir = "" };
    CHECK_OK(dtake_runtime_open(&runtime, &options, NULL));
    return runtime;
}

/* Runs `act` on the loop thread and waits for it. */
typedef struct on_loop {
    dtake__post post;
    void (*act)(void *ctx);
    void *ctx;
    dtake__latch *latch;
} on_loop;

static inline void run_on_loop(dtake__post *post)
{
    on_loop *call = (on_loop *)post;
    call->act(call->ctx);
    dtake__latch_open(call->latch);
}

static inline void call_on_loop(dtake_runtime *runtime, void (*act)(void *), void *ctx)
{
    on_loop call = { { run_on_loop, NULL }, act, ctx, dtake__latch_new() };
    dtake__loop_post(runtime, &call.post);
    CHECK(dtake__latch_wait(call.latch, 10000));
    dtake__latch_free(call.latch);
}

#endif
