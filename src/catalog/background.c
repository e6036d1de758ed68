#include "catalog/background.h"

#include "core/alloc.h"
#include "core/error.h"

#include <pthread.h>
#include <time.h>

/* Outlives its catalogue when it still stands in the queue of the runtime then. */
struct dtake__background {
    dtake__work work;
    dtake_runtime *runtime;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t idle;
    dtake__background_fn *upkeep;
    dtake__catalog *catalog; /* NULL: it is gone */
    bool wanted, queued, active;
    int pauses;
};

static bool may_run(const dtake__background *b)
{
    return b->pauses == 0 && b->catalog != NULL;
}

static void destroy(dtake__background *b)
{
    pthread_cond_destroy(&b->idle);
    pthread_mutex_destroy(&b->lock);
    dtake__free(b);
}

static void run(dtake__work *work)
{
    dtake__background *b = DTAKE__CONTAINER(work, dtake__background, work);
    pthread_mutex_lock(&b->lock);
    b->queued = false;
    dtake__catalog *catalog = b->catalog;
    b->active = catalog != NULL;
    while (b->wanted && may_run(b)) {
        b->wanted = false;
        pthread_mutex_unlock(&b->lock);
        dtake_status st = b->upkeep(catalog);
        pthread_mutex_lock(&b->lock);
        b->wanted = b->wanted || st == DTAKE_E_CANCELLED;
    }
    b->active = false;
    pthread_cond_broadcast(&b->idle);
    pthread_mutex_unlock(&b->lock); /* from here on whoever waited may free it */
    if (catalog == NULL)
        destroy(b);
}

/* Under the lock. */
static void start(dtake__background *b)
{
    if (b->queued || b->active || !b->wanted || !may_run(b))
        return;
    b->queued = true;
    b->work = (dtake__work){ .run = run, .order = UINT64_MAX };
    dtake__files_run(b->runtime, &b->work);
}

dtake_status dtake__background_new(dtake__background **out, dtake__catalog *catalog,
                                   dtake__background_fn *upkeep, dtake_error *err)
{
    *out = NULL;
    if (catalog->runtime == NULL || catalog->mode.read_only)
        return DTAKE_OK;
    dtake__background *b = dtake__calloc(1, sizeof *b);
    if (b == NULL)
        return dtake__fail_nomem(err, "open a catalogue");
    b->runtime = catalog->runtime;
    b->upkeep = upkeep;
    b->catalog = catalog;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->idle, NULL);
    *out = b;
    return DTAKE_OK;
}

void dtake__background_wake(dtake__background *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->wanted = true;
    start(b);
    pthread_mutex_unlock(&b->lock);
}

/* One that is only queued is not waited for: the threads of the runtime may all be writers. */
void dtake__background_pause(dtake__background *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->pauses++;
    while (b->active)
        pthread_cond_wait(&b->idle, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

void dtake__background_resume(dtake__background *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->pauses--;
    start(b);
    pthread_mutex_unlock(&b->lock);
}

bool dtake__background_settle(dtake__background *b, int64_t wait_ms)
{
    if (b == NULL)
        return true;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&b->lock);
    int code = 0;
    while ((b->wanted || b->active) && code == 0)
        code = pthread_cond_timedwait(&b->idle, &b->lock, &until);
    bool settled = !b->wanted && !b->active;
    pthread_mutex_unlock(&b->lock);
    return settled;
}

void dtake__background_end(dtake__background *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->catalog = NULL;
    while (b->active)
        pthread_cond_wait(&b->idle, &b->lock);
    bool queued = b->queued;
    pthread_mutex_unlock(&b->lock);
    if (!queued)
        destroy(b);
}

bool dtake__background_gives_way(dtake__background *b)
{
    if (b == NULL)
        return false;
    pthread_mutex_lock(&b->lock);
    bool gives_way = !may_run(b);
    pthread_mutex_unlock(&b->lock);
    return gives_way;
}
