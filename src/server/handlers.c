#include "server/handlers.h"

#include "core/alloc.h"
#include "core/error.h"

#include <pthread.h>
#include <signal.h>

struct dtake__handlers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    dtake__handling *first, **last; /* waiting */
    int idle, waiting;
    bool closing;
    pthread_t thread[DTAKE__HANDLERS_MAX];
    int threads;
};

static void *work(void *ctx)
{
    dtake__handlers *handlers = ctx;
    pthread_setname_np(pthread_self(), "dtake-handler");
    pthread_mutex_lock(&handlers->lock);
    for (;;) {
        while (handlers->first == NULL && !handlers->closing) {
            handlers->idle++;
            pthread_cond_wait(&handlers->wake, &handlers->lock);
            handlers->idle--;
        }
        dtake__handling *next = handlers->first;
        if (next == NULL)
            break;
        handlers->first = next->next;
        handlers->waiting--;
        if (handlers->first == NULL)
            handlers->last = &handlers->first;
        pthread_mutex_unlock(&handlers->lock);
        next->run(next);
        pthread_mutex_lock(&handlers->lock);
    }
    pthread_mutex_unlock(&handlers->lock);
    return NULL;
}

/* Signals are for the host program's threads. */
static bool add_thread(dtake__handlers *handlers)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_create(&handlers->thread[handlers->threads], NULL, work, handlers) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    handlers->threads += made;
    return made;
}

dtake_status dtake__handlers_open(dtake__handlers **out, dtake_error *err)
{
    dtake__handlers *handlers = dtake__calloc(1, sizeof *handlers);
    if (handlers == NULL)
        return dtake__fail_nomem(err, "server");
    pthread_mutex_init(&handlers->lock, NULL);
    pthread_cond_init(&handlers->wake, NULL);
    handlers->last = &handlers->first;
    *out = handlers;
    return DTAKE_OK;
}

bool dtake__handlers_run(dtake__handlers *handlers, dtake__handling *handling)
{
    bool taken = true;
    handling->next = NULL;
    pthread_mutex_lock(&handlers->lock);
    if (handlers->waiting >= handlers->idle && handlers->threads < DTAKE__HANDLERS_MAX)
        taken = add_thread(handlers) || handlers->threads > 0;
    if (taken) {
        *handlers->last = handling;
        handlers->last = &handling->next;
        handlers->waiting++;
        pthread_cond_signal(&handlers->wake);
    }
    pthread_mutex_unlock(&handlers->lock);
    return taken;
}

void dtake__handlers_close(dtake__handlers *handlers)
{
    if (handlers == NULL)
        return;
    pthread_mutex_lock(&handlers->lock);
    handlers->closing = true;
    pthread_cond_broadcast(&handlers->wake);
    pthread_mutex_unlock(&handlers->lock);
    for (int i = 0; i < handlers->threads; i++)
        pthread_join(handlers->thread[i], NULL);
    pthread_cond_destroy(&handlers->wake);
    pthread_mutex_destroy(&handlers->lock);
    dtake__free(handlers);
}
