#include "sources/earthengine/shared.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/kept.h"

#include <pthread.h>
#include <string.h>

typedef struct shared {
    dtake__ee_service service;
    char *source, *token; /* as asked for; token NULL: looked for */
    struct shared *next;
} shared;

typedef struct services {
    pthread_mutex_t lock;
    shared *newest;
} services;

static const char KEY = 0;

static void *make(dtake_runtime *runtime)
{
    (void)runtime;
    services *all = dtake__calloc(1, sizeof *all);
    if (all != NULL)
        pthread_mutex_init(&all->lock, NULL);
    return all;
}

static void free_shared(shared *one)
{
    dtake__ee_service_dispose(&one->service);
    if (one->token != NULL)
        explicit_bzero(one->token, strlen(one->token));
    dtake__free(one->source);
    dtake__free(one->token);
    dtake__free(one);
}

static void drop(void *thing)
{
    services *all = thing;
    while (all->newest != NULL) {
        shared *one = all->newest;
        all->newest = one->next;
        free_shared(one);
    }
    pthread_mutex_destroy(&all->lock);
    dtake__free(all);
}

static dtake_status add(services *all, dtake_runtime *runtime, const char *source, const char *token,
                        shared **out, dtake_error *err)
{
    shared *one = dtake__calloc(1, sizeof *one);
    if (one == NULL)
        return dtake__fail_nomem(err, "a source");
    one->source = dtake__strdup(source);
    one->token = token != NULL ? dtake__strdup(token) : NULL;
    dtake_status st = one->source == NULL || (token != NULL && one->token == NULL)
                          ? dtake__fail_nomem(err, "a source")
                          : dtake__ee_service_init(&one->service, runtime, source, token, err);
    if (st != DTAKE_OK) {
        free_shared(one);
        return st;
    }
    one->next = all->newest;
    *out = all->newest = one;
    return DTAKE_OK;
}

/* "HOST/?x", "HOST?x" and "HOST//?x" are one, as are "ee://P" and "ee://P/". */
static bool same_source(const char *a, const char *b)
{
    size_t n = strcspn(a, "?"), m = strcspn(b, "?");
    const char *rest_a = a + n, *rest_b = b + m;
    while (n > 0 && a[n - 1] == '/')
        n--;
    while (m > 0 && b[m - 1] == '/')
        m--;
    return n == m && memcmp(a, b, n) == 0 && strcmp(rest_a, rest_b) == 0;
}

/* Who names no token takes what there is. */
static bool serves(const shared *one, const char *source, const char *token)
{
    return same_source(one->source, source) &&
           (token == NULL || (one->token != NULL && strcmp(one->token, token) == 0));
}

dtake_status dtake__ee_shared(dtake__ee_service **out, dtake_runtime *runtime, const char *source,
                              const char *token, dtake_error *err)
{
    services *all = dtake__kept(runtime, &KEY, make, drop);
    dtake_status st = DTAKE_OK;
    if (all == NULL)
        return dtake__fail_nomem(err, "a source");
    pthread_mutex_lock(&all->lock);
    shared *one = all->newest;
    while (one != NULL && !same_source(one->source, source))
        one = one->next;
    if (one == NULL || !serves(one, source, token))
        st = add(all, runtime, source, token, &one, err);
    pthread_mutex_unlock(&all->lock);
    *out = st == DTAKE_OK ? &one->service : NULL;
    return st;
}
