#include "io/engine.h"

#include "core/alloc.h"
#include "core/error.h"

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
    dtake_runtime *runtime = ctx;
    dtake__pool *pool = &runtime->pool;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        dtake__heap_node *node = dtake__heap_pop(&pool->queue);
        if (node != NULL) {
            pthread_mutex_unlock(&pool->lock);
            run_one(runtime, DTAKE__CONTAINER(node, dtake__work, node));
            pthread_mutex_lock(&pool->lock);
        } else if (pool->stop) {
            break;
        } else {
            pthread_cond_wait(&pool->wanted, &pool->lock);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

void dtake__workers_run(dtake_runtime *runtime, dtake__work *work)
{
    dtake__pool *pool = &runtime->pool;
    dtake__active_enter(runtime);
    pthread_mutex_lock(&pool->lock);
    dtake__heap_push(&pool->queue, &work->node, work->order);
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_signal(&pool->wanted);
}

int dtake__workers_count(const dtake_runtime *runtime)
{
    return runtime->pool.count;
}

dtake_status dtake__workers_open(dtake_runtime *runtime, int count, dtake_error *err)
{
    dtake__pool *pool = &runtime->pool;
    pool->threads = dtake__calloc((size_t)count, sizeof *pool->threads);
    if (pool->threads == NULL)
        return dtake__fail_nomem(err, "open a runtime");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wanted, NULL);
    while (pool->count < count &&
           dtake__thread_start(&pool->threads[pool->count], "dtake-work", worker_main, runtime) == DTAKE_OK)
        pool->count++;
    if (pool->count > 0)
        return DTAKE_OK;
    dtake__workers_close(runtime);
    return dtake__fail(err, DTAKE_E_OTHER, "open a runtime: the system starts no more threads");
}

void dtake__workers_close(dtake_runtime *runtime)
{
    dtake__pool *pool = &runtime->pool;
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
