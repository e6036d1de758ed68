/* The inside of a dtake_runtime, for src/io only. */
#ifndef DTAKE_IO_ENGINE_H
#define DTAKE_IO_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "io/budget.h"
#include "io/heap.h"
#include "io/loop.h"
#include "io/workers.h"

typedef struct dtake__http_client dtake__http_client;
typedef struct dtake__kept_thing dtake__kept_thing;

typedef struct dtake__pool {
    dtake_runtime *runtime;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    dtake__heap queue;
    bool stop;
    const char *name;
    int count, idle; /* threads that run, and of them those that wait */
    int most;        /* so many may be started */
    pthread_t *threads;
} dtake__pool;

typedef struct dtake__budget {
    pthread_mutex_t lock;
    dtake__heap waiting;
    int64_t limit, used;
    int fetchers, fetching; /* granted and not ended; those that still wait for bytes */
    dtake__post pump;
    bool pump_posted;
} dtake__budget;

struct dtake_runtime {
    dtake_runtime_options options; /* with the defaults filled in; its strings are the runtime's */
    unsigned process;              /* which process, counted in forks, opened it */
    uv_loop_t loop;
    uv_async_t wake;
    bool loop_over; /* the loop thread's */
    pthread_t loop_thread;
    _Atomic(dtake__post *) posts; /* newest first */
    atomic_bool closing;
    /* What must still come back before the loop may end: posts, work, requests. */
    atomic_long active;
    dtake__pool pool, files, aside; /* workers; what waits for the file system; what waits for these */
    dtake__budget budget;
    dtake__http_client *http;
    pthread_mutex_t kept_lock;
    dtake__kept_thing *kept; /* io/kept.h */
};

void dtake__active_enter(dtake_runtime *runtime);
void dtake__active_leave(dtake_runtime *runtime);
/* Enters, unless the runtime is not usable: asked in this order nothing slips in behind a close. */
dtake_status dtake__begin(dtake_runtime *runtime, dtake_error *err);
bool dtake__is_closing(const dtake_runtime *runtime);
bool dtake__is_forked(const dtake_runtime *runtime);
unsigned dtake__process_number(void); /* changes in a forked child */

dtake_status dtake__loop_open(dtake_runtime *runtime, dtake_error *err);
void dtake__loop_run(dtake_runtime *runtime); /* on the loop thread, until closing and nothing is active */
/* How long the sockets are left alone after a round of so long: when many bodies come over a long way, each
 * time a few packets, looking once a millisecond takes a tenth of the processor time away, for a small part
 * of the way. */
int64_t dtake__loop_rest_us(int bodies, int64_t rtt_us, int64_t round_us);
/* Long requests under way at the host that has most of them; loop thread. */
int dtake__http_long_bodies(const dtake__http_client *client, int64_t *rtt_us);
void dtake__loop_close(dtake_runtime *runtime); /* after the loop thread has ended */

dtake_status dtake__workers_open(dtake_runtime *runtime, int count, dtake_error *err); /* all pools */
void dtake__workers_close(dtake_runtime *runtime); /* the queues must be empty */

void dtake__kept_open(dtake_runtime *runtime);
void dtake__kept_close(dtake_runtime *runtime); /* nothing runs any more */

void dtake__budget_open(dtake_runtime *runtime, int64_t limit);
void dtake__budget_close(dtake_runtime *runtime);

dtake_status dtake__thread_start(pthread_t *thread, const char *name, void *(*run)(void *),
                                 void *ctx); /* signals blocked */

#endif
