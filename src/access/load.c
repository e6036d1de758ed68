/* A load: pulls batches out of a source ahead of whoever takes them.
 *
 * How far ahead: until the batches that wait in all loads of the client together fill the runtime's budget of
 * bytes. A load whose own queue is empty pulls in any case, so that a consumer of several loads at once never
 * waits for one because of what lies in another.
 */
#include "access/client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "io/loop.h"
#include "table/batch.h"

#include <pthread.h>
#include <string.h>

typedef struct ready {
    struct ready *next;
    dtake_batch *batch;
    int64_t bytes;
} ready;

struct dtake_load {
    dtake_client *client;
    dtake__stream *stream;
    dtake__pull pull;
    dtake__post told; /* a notification that is on its way */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    ready *first, *last; /* pulled, not yet taken */
    const dtake_schema *schema;
    bool pulling;       /* a pull is under way */
    bool ended;         /* nothing more comes: status says why */
    bool cancelled;     /* asked to end */
    bool telling;       /* `told` is posted */
    bool orphan;        /* freed on the loop thread: the pull that is under way frees the rest */
    bool *gone;         /* set when it is freed from inside its notification */
    dtake_load_fn done; /* to be told; NULL: nobody asked */
    void *done_ctx;
    dtake_status status;
    dtake_error err;
    int64_t datapoints, bytes, start_us, end_us;
};

/* --- pulling: with the lock held unless said otherwise --- */

static int64_t budget_of(const dtake_load *load)
{
    return dtake__runtime_options_of(load->client->runtime)->bytes_in_flight;
}

static bool may_pull(const dtake_load *load)
{
    return !load->pulling && !load->ended &&
           (load->first == NULL || load->cancelled ||
            atomic_load(&load->client->ahead_bytes) < budget_of(load));
}

static void end(dtake_load *load, dtake_status status, const dtake_error *err)
{
    load->ended = true;
    load->status = status;
    load->end_us = dtake__now_us();
    if (status != DTAKE_OK)
        dtake__error_copy(&load->err, err);
    load->err.status = status;
}

static void keep(dtake_load *load, dtake_batch *batch)
{
    ready *r = dtake__alloc(sizeof *r);
    if (r == NULL) {
        dtake_batch_release(batch);
        dtake_error err = { 0 };
        end(load, dtake__fail_nomem(&err, "a batch"), &err);
        return;
    }
    *r = (ready){ .batch = batch, .bytes = dtake__batch_bytes(batch) };
    if (load->last != NULL)
        load->last->next = r;
    else
        load->first = r;
    load->last = r;
    load->datapoints += dtake_batch_rows(batch);
    load->bytes += r->bytes;
    atomic_fetch_add(&load->client->ahead_bytes, r->bytes);
}

static dtake_batch *take_first(dtake_load *load)
{
    ready *r = load->first;
    dtake_batch *batch = r->batch;
    load->first = r->next;
    if (load->first == NULL)
        load->last = NULL;
    atomic_fetch_sub(&load->client->ahead_bytes, r->bytes);
    dtake__free(r);
    return batch;
}

static bool is_ready(const dtake_load *load)
{
    return load->first != NULL || load->ended;
}

static void dispose(dtake_load *load)
{
    while (load->first != NULL)
        dtake_batch_release(take_first(load));
    load->client->source->kind->stream_close(load->stream);
    pthread_cond_destroy(&load->changed);
    pthread_mutex_destroy(&load->lock);
    dtake__free(load);
}

static void post_told(dtake_load *load);

/* A pull came back, on the loop thread. */
static void pulled(dtake__pull *pull)
{
    dtake_load *load = DTAKE__CONTAINER(pull, dtake_load, pull);
    const dtake__source_kind *kind = load->client->source->kind;
    pthread_mutex_lock(&load->lock);
    load->pulling = false;
    if (load->schema == NULL && pull->status == DTAKE_OK)
        load->schema = kind->stream_schema(load->stream);
    if (pull->status != DTAKE_OK)
        end(load, pull->status, &pull->err);
    else if (pull->batch == NULL)
        end(load, DTAKE_OK, NULL);
    else
        keep(load, pull->batch);
    if (load->orphan && !load->telling && load->done == NULL) {
        pthread_mutex_unlock(&load->lock);
        dispose(load);
        return;
    }
    bool more = may_pull(load) && !load->orphan;
    load->pulling = more;
    post_told(load);
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    if (more)
        kind->stream_pull(load->stream, &load->pull);
}

/* Without the lock. */
static void pump(dtake_load *load)
{
    pthread_mutex_lock(&load->lock);
    bool more = may_pull(load);
    load->pulling = load->pulling || more;
    pthread_mutex_unlock(&load->lock);
    if (more)
        load->client->source->kind->stream_pull(load->stream, &load->pull);
}

dtake_status dtake_load_start(dtake_load **out, dtake_client *client, const dtake_query *query,
                              dtake_error *err)
{
    *out = NULL;
    dtake_status st = dtake__runtime_usable(client->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    dtake_load *load = dtake__calloc(1, sizeof *load);
    if (load == NULL)
        return dtake__fail_nomem(err, "a load");
    st = client->source->kind->stream_open(&load->stream, client->source, query, err);
    if (st != DTAKE_OK) {
        dtake__free(load);
        return st;
    }
    load->client = client;
    load->start_us = dtake__now_us();
    load->pull.done = pulled;
    pthread_mutex_init(&load->lock, NULL);
    pthread_cond_init(&load->changed, NULL);
    *out = load;
    pump(load);
    return DTAKE_OK;
}

/* --- taking --- */

const dtake_schema *dtake_load_schema(dtake_load *load)
{
    if (dtake__runtime_usable(load->client->runtime, true, NULL) != DTAKE_OK)
        return load->schema;
    pthread_mutex_lock(&load->lock);
    while (load->schema == NULL && !load->ended)
        pthread_cond_wait(&load->changed, &load->lock);
    const dtake_schema *schema = load->schema;
    pthread_mutex_unlock(&load->lock);
    return schema;
}

/* On the loop thread nobody may wait, but what is there already can be taken. In a forked child the lock must
 * be left alone: a thread that is not there may hold it. */
static dtake_status may_wait(dtake_load *load, dtake_error *err)
{
    dtake_status st = dtake__runtime_usable(load->client->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    pthread_mutex_lock(&load->lock);
    bool waits = !is_ready(load);
    pthread_mutex_unlock(&load->lock);
    return dtake__runtime_usable(load->client->runtime, waits, err);
}

/* With the lock held: what came after a cancel is not given any more. */
static bool gives_nothing_more(const dtake_load *load)
{
    return load->first == NULL || (load->cancelled && load->ended && load->status == DTAKE_E_CANCELLED);
}

dtake_status dtake_load_next(dtake_load *load, dtake_batch **out, dtake_error *err)
{
    *out = NULL;
    dtake_status st = may_wait(load, err);
    if (st != DTAKE_OK)
        return st;
    pthread_mutex_lock(&load->lock);
    while (!is_ready(load))
        pthread_cond_wait(&load->changed, &load->lock);
    if (!gives_nothing_more(load)) {
        *out = take_first(load);
    } else if (load->status != DTAKE_OK) {
        st = load->status;
        dtake__error_copy(err, &load->err);
    }
    pthread_mutex_unlock(&load->lock);
    pump(load);
    return st;
}

/* --- being told --- */

/* On the loop thread. */
static void tell(dtake__post *post)
{
    dtake_load *load = DTAKE__CONTAINER(post, dtake_load, told);
    bool gone = false;
    pthread_mutex_lock(&load->lock);
    dtake_load_fn done = load->done;
    void *ctx = load->done_ctx;
    dtake_status st = gives_nothing_more(load) ? load->status : DTAKE_OK;
    load->done = NULL;
    load->gone = &gone;
    pthread_mutex_unlock(&load->lock);
    done(st, load, ctx);
    if (gone)
        return;
    pthread_mutex_lock(&load->lock);
    load->gone = NULL;
    load->telling = false;
    post_told(load); /* `done` may have asked to be told again */
    bool last = load->orphan && !load->pulling && load->done == NULL;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    if (last)
        dispose(load);
}

/* With the lock held. */
static void post_told(dtake_load *load)
{
    if (load->done == NULL || load->telling || !is_ready(load))
        return;
    load->telling = true;
    load->told.run = tell;
    dtake__loop_post(load->client->runtime, &load->told);
}

dtake_status dtake_load_notify(dtake_load *load, dtake_error *err, dtake_load_fn done, void *ctx)
{
    dtake_status st = dtake__runtime_usable(load->client->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    pthread_mutex_lock(&load->lock);
    if (load->done != NULL) {
        st = dtake__fail(err, DTAKE_E_STATE, "somebody is to be told of this load's next batch already");
    } else {
        load->done = done;
        load->done_ctx = ctx;
        post_told(load);
    }
    pthread_mutex_unlock(&load->lock);
    return st;
}

void dtake_load_progress_get(const dtake_load *load, dtake_load_progress *out)
{
    dtake_load *l = (dtake_load *)load; /* the lock is not part of what is promised to stay */
    *out = (dtake_load_progress){ 0 };
    if (dtake__runtime_usable(l->client->runtime, false, NULL) != DTAKE_OK)
        return;
    l->client->source->kind->stream_progress(l->stream, out);
    pthread_mutex_lock(&l->lock);
    out->finished = l->ended;
    out->datapoints = l->datapoints;
    out->bytes = l->bytes;
    out->seconds = (double)((l->ended ? l->end_us : dtake__now_us()) - l->start_us) / 1e6;
    if (l->ended && l->status == DTAKE_OK)
        out->fraction = 1;
    pthread_mutex_unlock(&l->lock);
}

void dtake_load_cancel(dtake_load *load)
{
    if (dtake__runtime_usable(load->client->runtime, false, NULL) != DTAKE_OK)
        return;
    pthread_mutex_lock(&load->lock);
    load->cancelled = true;
    pthread_mutex_unlock(&load->lock);
    load->client->source->kind->stream_cancel(load->stream);
    /* a load that rests because its queue is full learns of it by its next pull */
    pump(load);
}

/* On the loop thread waiting would be for ever: what is still to come back frees the load then. */
static void free_on_loop(dtake_load *load)
{
    pthread_mutex_lock(&load->lock);
    if (load->gone != NULL) {
        *load->gone = true;
        load->gone = NULL;
        load->telling = false;
    }
    post_told(load);
    load->orphan = load->pulling || load->telling || load->done != NULL;
    bool now = !load->orphan;
    pthread_mutex_unlock(&load->lock);
    if (now)
        dispose(load);
}

void dtake_load_free(dtake_load *load)
{
    if (load == NULL || dtake__runtime_usable(load->client->runtime, false, NULL) != DTAKE_OK)
        return;
    dtake_load_cancel(load);
    if (dtake__on_loop(load->client->runtime)) {
        free_on_loop(load);
        return;
    }
    pthread_mutex_lock(&load->lock);
    while (load->pulling || load->telling || load->done != NULL)
        pthread_cond_wait(&load->changed, &load->lock);
    pthread_mutex_unlock(&load->lock);
    dispose(load);
}
