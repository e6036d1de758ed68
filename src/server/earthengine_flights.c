#include "server/earthengine_flights.h"

#include "core/alloc.h"
#include "core/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { LOOK_MS = 100 };
static const size_t MOST_BYTES = (size_t)512 << 20;

typedef struct flight {
    char *key;
    size_t key_len;
    atomic_int waiting; /* those who want it, the one who does it too */
    int refs;
    bool over;
    dtake_status status;
    dtake_error err;
    dtake__ee_landed landed;
    struct flight *next;
} flight;

struct dtake__ee_flights {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    flight *first; /* under way */
    int free_places;
};

dtake_status dtake__ee_flights_new(dtake__ee_flights **out, int at_once, dtake_error *err)
{
    pthread_condattr_t attributes;
    *out = dtake__calloc(1, sizeof(**out));
    if (*out == NULL)
        return dtake__fail_nomem(err, "the work under way");
    (*out)->free_places = at_once;
    pthread_mutex_init(&(*out)->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&(*out)->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return DTAKE_OK;
}

void dtake__ee_flights_free(dtake__ee_flights *flights)
{
    if (flights == NULL)
        return;
    pthread_cond_destroy(&flights->changed);
    pthread_mutex_destroy(&flights->lock);
    dtake__free(flights);
}

/* With the lock held. */
static void wait_a_little(dtake__ee_flights *flights)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&flights->changed, &flights->lock, &until);
}

static void release(flight *f)
{
    if (--f->refs > 0)
        return;
    dtake__buf_dispose(&f->landed.bytes);
    dtake__free(f->key);
    dtake__free(f);
}

static flight *find(const dtake__ee_flights *flights, dtake__span key)
{
    flight *f = flights->first;
    while (f != NULL && (f->key_len != key.len || memcmp(f->key, key.text, key.len) != 0))
        f = f->next;
    return f;
}

static flight *begin(dtake__ee_flights *flights, dtake__span key)
{
    flight *f = dtake__calloc(1, sizeof *f);
    char *copy = dtake__strndup(key.text, key.len);
    if (f == NULL || copy == NULL) {
        dtake__free(f);
        dtake__free(copy);
        return NULL;
    }
    f->key = copy;
    f->key_len = key.len;
    f->refs = 1;
    atomic_init(&f->waiting, 1);
    f->landed.bytes = DTAKE_BUF_INIT(MOST_BYTES);
    f->next = flights->first;
    flights->first = f;
    return f;
}

static void end(dtake__ee_flights *flights, flight *f)
{
    flight **at = &flights->first;
    while (*at != f)
        at = &(*at)->next;
    *at = f->next;
    f->over = true;
}

/* The bytes are copied for all but the last who takes them. */
static dtake_status take(flight *f, dtake__ee_landed *out, dtake_error *err)
{
    if (f->status != DTAKE_OK) {
        dtake__error_copy(err, &f->err);
        return f->status;
    }
    memcpy(out->type, f->landed.type, sizeof out->type);
    out->bytes = DTAKE_BUF_INIT(MOST_BYTES);
    if (f->refs == 1) {
        dtake__buf_move(&out->bytes, &f->landed.bytes);
        return DTAKE_OK;
    }
    dtake_status st = dtake__buf_append(&out->bytes, f->landed.bytes.data, f->landed.bytes.len);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "an answer");
}

/* --- who does it --- */

/* Does the one who does it still have to? */
typedef struct crew {
    flight *flight;
    const dtake__ee_patience *mine;
    bool gone; /* its own client */
} crew;

static bool nobody_waits(void *ctx)
{
    crew *c = ctx;
    if (!c->gone && c->mine != NULL && c->mine->over(c->mine->ctx)) {
        c->gone = true;
        atomic_fetch_sub(&c->flight->waiting, 1);
    }
    return atomic_load(&c->flight->waiting) <= 0;
}

static dtake_status do_it(dtake__ee_flights *flights, flight *f, const dtake__ee_patience *mine,
                          dtake__ee_work *work, void *ctx, dtake__ee_landed *out, dtake_error *err)
{
    crew c = { .flight = f, .mine = mine };
    const dtake__ee_patience all = { nobody_waits, &c };
    bool cancelled = false;
    while (flights->free_places == 0 && !(cancelled = nobody_waits(&c)))
        wait_a_little(flights);
    flights->free_places -= !cancelled;
    pthread_mutex_unlock(&flights->lock);
    dtake_error why = { .message = "" };
    dtake_status st = cancelled ? dtake__fail(&why, DTAKE_E_CANCELLED, "nobody waits for the pixels any more")
                                : work(ctx, &all, &f->landed, &why);
    pthread_mutex_lock(&flights->lock);
    flights->free_places += !cancelled;
    f->status = st;
    f->err = why;
    end(flights, f);
    pthread_cond_broadcast(&flights->changed);
    st = take(f, out, err);
    release(f);
    return st;
}

static dtake_status wait_for_it(dtake__ee_flights *flights, flight *f, const dtake__ee_patience *mine,
                                dtake__ee_landed *out, dtake_error *err)
{
    dtake_status st;
    bool gone = false;
    f->refs++;
    atomic_fetch_add(&f->waiting, 1);
    while (!f->over && !(gone = mine != NULL && mine->over(mine->ctx)))
        wait_a_little(flights);
    atomic_fetch_sub(&f->waiting, 1);
    st = f->over ? take(f, out, err)
                 : dtake__fail(err, DTAKE_E_CANCELLED, "nobody waits for the pixels any more");
    release(f);
    return st;
}

dtake_status dtake__ee_fly(dtake__ee_flights *flights, dtake__span key, const dtake__ee_patience *mine,
                           dtake__ee_work *work, void *ctx, dtake__ee_landed *out, dtake_error *err)
{
    dtake_status st;
    *out = (dtake__ee_landed){ .bytes = DTAKE_BUF_INIT(0) };
    pthread_mutex_lock(&flights->lock);
    flight *f = find(flights, key);
    /* One that is being given up is nobody's to wait for. */
    if (f != NULL && atomic_load(&f->waiting) > 0) {
        st = wait_for_it(flights, f, mine, out, err);
    } else {
        f = begin(flights, key);
        st = f != NULL ? do_it(flights, f, mine, work, ctx, out, err)
                       : dtake__fail_nomem(err, "the work under way");
    }
    pthread_mutex_unlock(&flights->lock);
    return st;
}

int dtake__ee_flights_waiting(dtake__ee_flights *flights)
{
    int count = 0;
    pthread_mutex_lock(&flights->lock);
    for (const flight *f = flights->first; f != NULL; f = f->next)
        count += f->refs;
    pthread_mutex_unlock(&flights->lock);
    return count;
}
