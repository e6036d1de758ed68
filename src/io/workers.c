#include "io/engine.h"

#include "core/alloc.h"
#include "core/error.h"

enum {
    FILE_THREADS = 4, /* reads and syncs that may wait for a disk at the same time */
    ASIDE_THREADS = 1,
};

static void on_finished(dtake__post *post)
{
    dtake__work *work = DTAKE__CONTAINER(post, dtake__work, finished);
    work->done(work);
}

/* After `run` the struct may be gone when there is no `done`. */
static void run_one(dtake_runtime *runtime, dtake__work *work)
{
    bool has_done = work->done != NULL;
    work->run(work);
    if (has_done) {
        work->finished.run = on_finished;
        dtake__loop_post(runtime, &work->finished);
    }
    dtake__active_leave(runtime);
}

static void *worker_main(void *ctx)
{
    dtake__pool *pool = ctx;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        dtake__heap_node *node = dtake__heap_pop(&pool->queue);
        if (node != NULL) {
            pthread_mutex_unlock(&pool->lock);
            run_one(pool->runtime, DTAKE__CONTAINER(node, dtake__work, node));
            pthread_mutex_lock(&pool->lock);
        } else if (pool->stop) {
            break;
        } else {
            pool->idle++;
            pthread_cond_wait(&pool->wanted, &pool->lock);
            pool->idle--;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* One more thread, if the system has one; under the lock, or before others know the pool. */
static void start_one(dtake__pool *pool)
{
    if (dtake__thread_start(&pool->threads[pool->count], pool->name, worker_main, pool) == DTAKE_OK)
        pool->count++;
}

/* A thread that waits may have been woken already and not run yet: so the queue is compared with them. */
static void run_in(dtake__pool *pool, dtake__work *work)
{
    dtake__active_enter(pool->runtime);
    pthread_mutex_lock(&pool->lock);
    dtake__heap_push(&pool->queue, &work->node, work->order);
    if (pool->queue.count > (size_t)pool->idle && pool->count < pool->most)
        start_one(pool);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_signal(&pool->wanted);
}

void dtake__workers_run(dtake_runtime *runtime, dtake__work *work)
{
    run_in(&runtime->pool, work);
}

void dtake__files_run(dtake_runtime *runtime, dtake__work *work)
{
    run_in(&runtime->files, work);
}

void dtake__aside_run(dtake_runtime *runtime, dtake__work *work)
{
    run_in(&runtime->aside, work);
}

int dtake__workers_count(const dtake_runtime *runtime)
{
    return runtime->pool.count;
}

static void close_pool(dtake__pool *pool)
{
    if (pool->runtime == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->wanted);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wanted);
    pthread_mutex_destroy(&pool->lock);
    dtake__free(pool->threads);
}

/* `ready` threads at once, others when there is work for them: each takes 8 MB of stack, if not of memory. */
static dtake_status open_pool(dtake__pool *pool, dtake_runtime *runtime, const char *name, int ready,
                              int most, dtake_error *err)
{
    pool->threads = dtake__calloc((size_t)most, sizeof *pool->threads);
    if (pool->threads == NULL)
        return dtake__fail_nomem(err, "open a runtime");
    pool->runtime = runtime;
    pool->name = name;
    pool->most = most;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    pthread_mutex_lock(&pool->lock);
    for (int i = 0; i < ready; i++)
        start_one(pool);
    bool any = pool->count > 0;
    pthread_mutex_unlock(&pool->lock);
    return any ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_OTHER, "open a runtime: the system starts no more threads");
}

dtake_status dtake__workers_open(dtake_runtime *runtime, int count, dtake_error *err)
{
    dtake_status st = open_pool(&runtime->pool, runtime, "dtake-work", count, count, err);
    if (st == DTAKE_OK)
        st = open_pool(&runtime->files, runtime, "dtake-file", 1, FILE_THREADS, err);
    if (st == DTAKE_OK)
        st = open_pool(&runtime->aside, runtime, "dtake-aside", 1, ASIDE_THREADS, err);
    if (st != DTAKE_OK)
        dtake__workers_close(runtime);
    return st;
}

void dtake__workers_close(dtake_runtime *runtime)
{
    close_pool(&runtime->pool);
    close_pool(&runtime->files);
    close_pool(&runtime->aside);
}
