#include "access/ingest_remote.h"

#include "core/alloc.h"
#include "core/error.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

enum { PIECE_BYTES = 4 << 20, POLL_MS = 100 };

struct dtake__remote_input {
    dtake__object *object;
    const atomic_bool *cancelled;
    dtake_buf now; /* what is being looked at */
    size_t at;
    int64_t next_byte; /* where the next range begins */
    bool started;      /* a range was asked for and not taken yet */
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    /* under the lock */
    bool busy; /* from the start of a range until it has come */
    dtake__object_op *op;
    dtake_buf next;
    dtake_status status;
    dtake_error err;
};

static void on_range(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    dtake__remote_input *in = ctx;
    pthread_mutex_lock(&in->lock);
    in->status = status;
    if (status == DTAKE_OK)
        dtake__buf_move(&in->next, bytes);
    else
        dtake__error_copy(&in->err, err);
    in->busy = false;
    pthread_cond_signal(&in->arrived);
    pthread_mutex_unlock(&in->lock); /* from here on it may be gone */
}

static bool is_at_end(const dtake__remote_input *in)
{
    int64_t bytes = dtake__object_bytes(in->object);
    return bytes >= 0 && in->next_byte >= bytes;
}

static dtake_status start_range(dtake__remote_input *in, dtake_error *err)
{
    const dtake__object_read read = { .first = in->next_byte, .count = PIECE_BYTES };
    in->busy = true;
    dtake_status st = dtake__object_read_start(in->object, &read, &in->op, err, on_range, in);
    in->started = st == DTAKE_OK;
    if (st != DTAKE_OK)
        in->busy = false;
    return st;
}

/* Whoever reads inputs says which one it was. */
static void drop_name(const dtake__remote_input *in, dtake_error *err)
{
    const char *href = dtake__object_href(in->object);
    size_t len = strlen(href);
    if (err != NULL && strncmp(err->message, href, len) == 0 && strncmp(err->message + len, ": ", 2) == 0)
        memmove(err->message, err->message + len + 2, strlen(err->message + len + 2) + 1);
}

/* Now and then whoever waits looks whether anybody still wants it. */
static dtake_status wait_for_range(dtake__remote_input *in, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    pthread_mutex_lock(&in->lock);
    while (in->busy && st == DTAKE_OK) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&in->arrived, &in->lock, &until);
        if (in->busy && atomic_load(in->cancelled))
            st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
    }
    if (st == DTAKE_OK && in->status != DTAKE_OK) {
        st = in->status;
        dtake__error_copy(err, &in->err);
        drop_name(in, err);
    }
    pthread_mutex_unlock(&in->lock);
    return st;
}

static dtake_status take_range(dtake__remote_input *in, dtake_error *err)
{
    dtake_status st = in->started ? DTAKE_OK : start_range(in, err);
    if (st == DTAKE_OK)
        st = wait_for_range(in, err);
    if (st != DTAKE_OK)
        return st;
    in->started = false;
    dtake__buf_dispose(&in->now);
    dtake__buf_move(&in->now, &in->next);
    in->at = 0;
    in->next_byte += (int64_t)in->now.len;
    return in->now.len > 0 && !is_at_end(in) ? start_range(in, err) : DTAKE_OK;
}

dtake_status dtake__remote_input_open(dtake__remote_input **out, dtake_runtime *runtime, const char *url,
                                      const atomic_bool *cancelled, dtake_error *err)
{
    dtake__remote_input *in = dtake__calloc(1, sizeof *in);
    *out = NULL;
    if (in == NULL)
        return dtake__fail_nomem(err, "read an input");
    dtake_status st = dtake__object_new(&in->object, runtime, url, NULL, err);
    if (st != DTAKE_OK) {
        dtake__free(in);
        return st;
    }
    in->cancelled = cancelled;
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->arrived, NULL);
    *out = in;
    return DTAKE_OK;
}

dtake_status dtake__remote_input_read(dtake__remote_input *in, void *out, size_t room, size_t *got,
                                      dtake_error *err)
{
    *got = 0;
    while (in->at == in->now.len) {
        if (!in->started && is_at_end(in))
            return DTAKE_OK;
        dtake_status st = take_range(in, err);
        if (st != DTAKE_OK || in->now.len == 0)
            return st;
    }
    *got = in->now.len - in->at < room ? in->now.len - in->at : room;
    memcpy(out, in->now.data + in->at, *got);
    in->at += *got;
    return DTAKE_OK;
}

void dtake__remote_input_close(dtake__remote_input *in)
{
    if (in == NULL)
        return;
    pthread_mutex_lock(&in->lock);
    if (in->busy)
        dtake__object_cancel(in->op); /* its end waits for the lock */
    while (in->busy)
        pthread_cond_wait(&in->arrived, &in->lock);
    pthread_mutex_unlock(&in->lock);
    dtake__buf_dispose(&in->now);
    dtake__buf_dispose(&in->next);
    dtake__object_free(in->object); /* no read is under way */
    pthread_cond_destroy(&in->arrived);
    pthread_mutex_destroy(&in->lock);
    dtake__free(in);
}
