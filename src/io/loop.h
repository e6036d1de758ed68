/* The loop thread seen from inside: posting to it and timers. */
#ifndef DTAKE_IO_LOOP_H
#define DTAKE_IO_LOOP_H

#include <datatake/runtime.h>

/* Runs `run` once on the loop thread, soon, never from inside this call. Any thread. The struct is the
 * caller's and must live until `run` is called; it may be posted again from there. Posting cannot fail. */
typedef struct dtake__post {
    void (*run)(struct dtake__post *post);
    struct dtake__post *next; /* the loop's own */
} dtake__post;

void dtake__loop_post(dtake_runtime *runtime, dtake__post *post);
/* As opened, with the defaults filled in. */
const dtake_runtime_options *dtake__runtime_options_of(const dtake_runtime *runtime);
bool dtake__on_loop(const dtake_runtime *runtime);

/* DTAKE_E_STATE in a forked child, on a closing runtime, (if `blocking`) on the loop thread; else DTAKE_OK.
 */
dtake_status dtake__runtime_usable(const dtake_runtime *runtime, bool blocking, dtake_error *err);

/* One-shot timer. Loop thread only; start again to move it, stop is harmless when not running. */
typedef struct dtake__timer dtake__timer;
dtake__timer *dtake__timer_new(dtake_runtime *runtime, void (*fire)(void *ctx),
                               void *ctx); /* NULL: no memory */
void dtake__timer_start(dtake__timer *timer, int64_t delay_ms);
void dtake__timer_stop(dtake__timer *timer);
void dtake__timer_free(dtake__timer *timer);

/* A blocking call is the asynchronous one plus this: init, start with a `done` that opens it, wait. */
typedef struct dtake__latch dtake__latch;
dtake__latch *dtake__latch_new(void); /* NULL: no memory */
void dtake__latch_open(dtake__latch *latch);
bool dtake__latch_wait(dtake__latch *latch, int64_t timeout_ms); /* negative: for ever; true when open */
void dtake__latch_free(dtake__latch *latch);

#endif
