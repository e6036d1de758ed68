#include "io/loop.h"

#include "core/alloc.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

struct dtake__latch {
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool open;
};

dtake__latch *dtake__latch_new(void)
{
    dtake__latch *latch = dtake__calloc(1, sizeof *latch);
    if (latch == NULL)
        return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&latch->opened, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&latch->lock, NULL);
    return latch;
}

/* The waiter may free the latch as soon as it has the lock, so everything happens under it. */
void dtake__latch_open(dtake__latch *latch)
{
    pthread_mutex_lock(&latch->lock);
    latch->open = true;
    pthread_cond_broadcast(&latch->opened);
    pthread_mutex_unlock(&latch->lock);
}

bool dtake__latch_wait(dtake__latch *latch, int64_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (timeout_ms > 0) {
        int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
        until.tv_sec += (time_t)(timeout_ms / 1000 + ns / 1000000000);
        until.tv_nsec = (long)(ns % 1000000000);
    }
    pthread_mutex_lock(&latch->lock);
    int waited = 0;
    while (!latch->open && waited != ETIMEDOUT)
        waited = timeout_ms < 0 ? pthread_cond_wait(&latch->opened, &latch->lock)
                                : pthread_cond_timedwait(&latch->opened, &latch->lock, &until);
    bool open = latch->open;
    pthread_mutex_unlock(&latch->lock);
    return open;
}

void dtake__latch_free(dtake__latch *latch)
{
    if (latch == NULL)
        return;
    /* whoever opened it may still hold the lock */
    pthread_mutex_lock(&latch->lock);
    pthread_mutex_unlock(&latch->lock);
    pthread_cond_destroy(&latch->opened);
    pthread_mutex_destroy(&latch->lock);
    dtake__free(latch);
}
