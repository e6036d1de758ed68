#include "io/engine.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <time.h>

void dtake__loop_post(dtake_runtime *runtime, dtake__post *post)
{
    dtake__active_enter(runtime);
    dtake__post *head = atomic_load_explicit(&runtime->posts, memory_order_relaxed);
    do {
        post->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&runtime->posts, &head, post, memory_order_acq_rel,
                                                    memory_order_relaxed));
    if (head == NULL)
        uv_async_send(&runtime->wake);
}

/* Runs what was posted up to now in the order of posting; what those post waits for the next round. */
static void run_posts(dtake_runtime *runtime)
{
    dtake__post *newest = atomic_exchange_explicit(&runtime->posts, NULL, memory_order_acq_rel);
    dtake__post *oldest = NULL;
    while (newest != NULL) {
        dtake__post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        dtake__post *next = oldest->next;
        oldest->run(oldest);
        dtake__active_leave(runtime);
        oldest = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    dtake_runtime *runtime = wake->data;
    run_posts(runtime);
    if (dtake__is_closing(runtime) && atomic_load(&runtime->active) == 0)
        runtime->loop_over = true;
}

bool dtake__on_loop(const dtake_runtime *runtime)
{
    return pthread_equal(pthread_self(), runtime->loop_thread);
}

dtake_status dtake__loop_open(dtake_runtime *runtime, dtake_error *err)
{
    int failed = uv_loop_init(&runtime->loop);
    if (failed != 0)
        return dtake__fail(err, DTAKE_E_OTHER, "start the event loop: %s", uv_strerror(failed));
    failed = uv_async_init(&runtime->loop, &runtime->wake, on_wake);
    if (failed != 0) {
        uv_loop_close(&runtime->loop);
        return dtake__fail(err, DTAKE_E_OTHER, "start the event loop: %s", uv_strerror(failed));
    }
    runtime->wake.data = runtime;
    return DTAKE_OK;
}

void dtake__loop_run(dtake_runtime *runtime)
{
    while (!runtime->loop_over) {
        int64_t start_us = dtake__now_us(), rtt_us;
        uv_run(&runtime->loop, UV_RUN_ONCE);
        int bodies = dtake__http_long_bodies(runtime->http, &rtt_us);
        int64_t rest_us = dtake__loop_rest_us(bodies, rtt_us, dtake__now_us() - start_us);
        if (rest_us > 0) /* no wait for anything: why sockets rest is told at dtake__loop_rest_us, engine.h */
            nanosleep(&(struct timespec){ .tv_nsec = rest_us * 1000 }, NULL);
    }
}

int64_t dtake__loop_rest_us(int bodies, int64_t rtt_us, int64_t round_us)
{
    enum { MANY = 8, FAR_US = 5000, BATCH_US = 1000 };
    return bodies >= MANY && rtt_us >= FAR_US && round_us < BATCH_US ? BATCH_US - round_us : 0;
}

void dtake__loop_close(dtake_runtime *runtime)
{
    uv_close((uv_handle_t *)&runtime->wake, NULL);
    uv_run(&runtime->loop, UV_RUN_DEFAULT);
    uv_loop_close(&runtime->loop);
}

struct dtake__timer {
    uv_timer_t uv;
    void (*fire)(void *ctx);
    void *ctx;
};

static void on_timer(uv_timer_t *uv)
{
    dtake__timer *timer = uv->data;
    timer->fire(timer->ctx);
}

dtake__timer *dtake__timer_new(dtake_runtime *runtime, void (*fire)(void *ctx), void *ctx)
{
    dtake__timer *timer = dtake__calloc(1, sizeof *timer);
    if (timer == NULL)
        return NULL;
    timer->fire = fire;
    timer->ctx = ctx;
    uv_timer_init(&runtime->loop, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

void dtake__timer_start(dtake__timer *timer, int64_t delay_ms)
{
    uv_update_time(timer->uv.loop);
    uv_timer_start(&timer->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
}

void dtake__timer_stop(dtake__timer *timer)
{
    uv_timer_stop(&timer->uv);
}

static void on_timer_closed(uv_handle_t *handle)
{
    dtake__free(handle->data);
}

void dtake__timer_free(dtake__timer *timer)
{
    if (timer != NULL)
        uv_close((uv_handle_t *)&timer->uv, on_timer_closed);
}
