/* Opening and closing the engine, and who may use it. */
#include "io/engine.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/cache.h"
#include "io/http_client.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Threads do not live on in a forked child, so a runtime of the parent can do nothing there. The number is
 * changed by the child itself: comparing it is cheaper than asking the system for the process id. */
static atomic_uint process_number;
static pthread_once_t watch_forks_once = PTHREAD_ONCE_INIT;

static void after_fork_in_child(void)
{
    atomic_fetch_add(&process_number, 1);
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, after_fork_in_child);
}

unsigned dtake__process_number(void)
{
    pthread_once(&watch_forks_once, watch_forks);
    return atomic_load_explicit(&process_number, memory_order_relaxed);
}

bool dtake__is_forked(const dtake_runtime *runtime)
{
    return runtime->process != dtake__process_number();
}

bool dtake__is_closing(const dtake_runtime *runtime)
{
    return atomic_load(&runtime->closing);
}

void dtake__active_enter(dtake_runtime *runtime)
{
    atomic_fetch_add(&runtime->active, 1);
}

void dtake__active_leave(dtake_runtime *runtime)
{
    if (atomic_fetch_sub(&runtime->active, 1) == 1 && dtake__is_closing(runtime))
        uv_async_send(&runtime->wake);
}

const dtake_runtime_options *dtake__runtime_options_of(const dtake_runtime *runtime)
{
    return &runtime->options;
}

dtake_status dtake__runtime_usable(const dtake_runtime *runtime, bool blocking, dtake_error *err)
{
    if (dtake__is_forked(runtime))
        return dtake__fail(err, DTAKE_E_STATE,
                           "this runtime was opened before fork() and has no threads in the child process: "
                           "open a new one with dtake_runtime_open");
    if (dtake__is_closing(runtime))
        return dtake__fail(err, DTAKE_E_STATE, "the runtime is being closed");
    if (blocking && dtake__on_loop(runtime))
        return dtake__fail(
            err, DTAKE_E_STATE,
            "a blocking call from inside a callback would wait for itself: use the _start form");
    return DTAKE_OK;
}

dtake_status dtake__begin(dtake_runtime *runtime, dtake_error *err)
{
    dtake__active_enter(runtime);
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st != DTAKE_OK)
        dtake__active_leave(runtime);
    return st;
}

dtake_status dtake__thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *ctx)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(thread, NULL, run, ctx);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0)
        return DTAKE_E_OTHER;
    pthread_setname_np(*thread, name);
    return DTAKE_OK;
}

static void default_to(int64_t *value, int64_t fallback)
{
    if (*value == 0)
        *value = fallback;
}

static int cores(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 256 ? 256 : (int)online;
}

static dtake_status fill_options(dtake_runtime_options *to, const dtake_runtime_options *from,
                                 dtake_error *err)
{
    if (from != NULL)
        *to = *from;
    const char *cache_dir = to->cache_dir, *user_agent = to->user_agent;
    to->cache_dir = to->user_agent = NULL;
    if (to->workers < 0 || to->workers > 1024 || to->connections_per_host < 0 ||
        to->connections_per_host > 4096 || to->retries < -1 || to->bytes_in_flight < 0 ||
        to->connect_timeout_ms < 0 || to->first_byte_ms < 0 || to->low_speed_ms < 0 ||
        to->low_speed_bytes_s < 0 || to->max_bytes_s < 0)
        return dtake__fail(
            err, DTAKE_E_USAGE,
            "runtime options: a value is out of range (workers 0-1024, connections_per_host 0-4096, "
            "retries from -1, the others not negative)");
    if (to->workers == 0)
        to->workers = cores();
    if (to->connections_per_host == 0)
        to->connections_per_host = 256;
    to->retries = to->retries == 0 ? 5 : to->retries < 0 ? 0 : to->retries;
    default_to(&to->bytes_in_flight, INT64_C(96) << 20);
    default_to(&to->connect_timeout_ms, 10000);
    default_to(&to->first_byte_ms, 30000);
    default_to(&to->low_speed_ms, 30000);
    default_to(&to->low_speed_bytes_s, 1000);
    to->cache_dir = dtake__cache_dir_new(cache_dir);
    to->user_agent = dtake__strdup(user_agent != NULL ? user_agent : "datatake/" DTAKE_VERSION);
    if (to->cache_dir == NULL || to->user_agent == NULL)
        return dtake__fail_nomem(err, "open a runtime");
    return DTAKE_OK;
}

static void free_options(dtake_runtime_options *options)
{
    dtake__free((char *)options->cache_dir);
    dtake__free((char *)options->user_agent);
}

static void *loop_main(void *ctx)
{
    dtake_runtime *runtime = ctx;
    dtake__loop_run(runtime);
    return NULL;
}

dtake_status dtake_runtime_open(dtake_runtime **out, const dtake_runtime_options *options, dtake_error *err)
{
    *out = NULL;
    dtake_runtime *runtime = dtake__calloc(1, sizeof *runtime);
    if (runtime == NULL)
        return dtake__fail_nomem(err, "open a runtime");
    runtime->process = dtake__process_number();
    dtake_status st = fill_options(&runtime->options, options, err);
    if (st != DTAKE_OK)
        goto no_loop;
    st = dtake__loop_open(runtime, err);
    if (st != DTAKE_OK)
        goto no_loop;
    dtake__budget_open(runtime, runtime->options.bytes_in_flight);
    dtake__kept_open(runtime);
    st = dtake__http_client_open(runtime, err);
    if (st != DTAKE_OK)
        goto no_http;
    st = dtake__workers_open(runtime, runtime->options.workers, err);
    if (st != DTAKE_OK)
        goto no_workers;
    if (dtake__thread_start(&runtime->loop_thread, "dtake-loop", loop_main, runtime) != DTAKE_OK) {
        st = dtake__fail(err, DTAKE_E_OTHER, "open a runtime: the system starts no more threads");
        goto no_thread;
    }
    *out = runtime;
    return DTAKE_OK;
no_thread:
    dtake__workers_close(runtime);
no_workers:
    dtake__http_client_close(runtime);
no_http:
    dtake__kept_close(runtime);
    dtake__loop_close(runtime);
    dtake__budget_close(runtime);
no_loop:
    free_options(&runtime->options);
    dtake__free(runtime);
    return st;
}

typedef struct closing {
    dtake__post post;
    dtake_runtime *runtime;
} closing;

static void cancel_everything(dtake__post *post)
{
    dtake__http_client_cancel_all(((closing *)post)->runtime);
}

void dtake_runtime_close(dtake_runtime *runtime)
{
    /* In a forked child nothing can be waited for, and on the loop thread it would be waiting for itself. */
    if (runtime == NULL || dtake__is_forked(runtime) || dtake__on_loop(runtime))
        return;
    closing last = { { cancel_everything, NULL }, runtime };
    atomic_store(&runtime->closing, true);
    dtake__loop_post(runtime, &last.post);
    pthread_join(runtime->loop_thread, NULL);
    dtake__workers_close(runtime);
    dtake__http_client_close(runtime);
    dtake__kept_close(runtime);
    dtake__loop_close(runtime);
    dtake__budget_close(runtime);
    free_options(&runtime->options);
    dtake__free(runtime);
}
