/* Reading a window from beginning to end: budget, deadline, cancelling, one more try after a stale header. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "raster/reading.h"

#include <stdio.h>

typedef dtake__reading reading;

static void destroy(dtake__raster_op *op)
{
    reading *r = (reading *)op;
    dtake_pixels_dispose(&r->canvas.pixels);
    dtake__plan_dispose(&r->plan);
    dtake__request_dispose(&r->request);
    dtake__free(r->piece);
    dtake__raster_release(r->raster);
    pthread_mutex_destroy(&r->lock);
    dtake__free(r);
}

/* "read bands 1, 2 of", for messages. */
static void name_read(const reading *r, char *out, size_t size)
{
    int len = snprintf(out, size, "read band%s ", r->request.band_count > 1 ? "s" : "");
    for (int32_t i = 0; i < r->request.band_count && i < 4; i++)
        len += snprintf(out + len, size - (size_t)len, "%s%d", i > 0 ? ", " : "", (int)r->request.bands[i]);
    snprintf(out + len, size - (size_t)len, "%s of", r->request.band_count > 4 ? " ..." : "");
}

void dtake__reading_fail(reading *r, dtake_status st, const char *fmt, ...)
{
    char what[DTAKE_ERROR_BYTES], name[96];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    name_read(r, name, sizeof name);
    pthread_mutex_lock(&r->lock);
    if (!atomic_load(&r->failed)) {
        r->status = dtake__fail(&r->err, st, "%s %s", name, what);
        atomic_store(&r->failed, true);
    }
    pthread_mutex_unlock(&r->lock);
}

void dtake__reading_fail_all(reading *r, dtake_status st, const char *why)
{
    dtake__reading_fail(r, st, "%s: %s", r->header->shown, why);
    dtake__pieces_cancel(r);
}

static void finish(reading *r)
{
    dtake__timer_free(r->timer);
    r->timer = NULL;
    if (r->status == DTAKE_OK && dtake__raster_op_cancelled(&r->op))
        dtake__reading_fail_all(r, DTAKE_E_CANCELLED, "cancelled");
    bool good = r->status == DTAKE_OK;
    r->done(r->status, good ? &r->canvas.pixels : NULL, good ? NULL : &r->err, r->ctx);
    dtake__budget_ended(r->op.runtime, &r->budget);
    if (r->budget_held > 0)
        dtake__budget_release(r->op.runtime, r->budget_held);
    dtake__raster_op_end(&r->op);
}

static void plan_and_fetch(reading *r);

/* Between the two attempts nothing of the first is left. */
static void start_again(reading *r, dtake__header *header)
{
    r->header = header;
    r->status = DTAKE_OK;
    atomic_store(&r->failed, false);
    dtake__plan_dispose(&r->plan);
    dtake_pixels_dispose(&r->canvas.pixels);
    dtake__free(r->piece);
    r->piece = NULL;
    r->next_piece = 0;
    plan_and_fetch(r);
}

static void tell_instead(reading *r, dtake_status st, const char *why)
{
    atomic_store(&r->failed, false);
    dtake__reading_fail_all(r, st, why);
}

static void reopened(dtake_status st, dtake__header *header, const dtake_error *err, void *ctx)
{
    reading *r = ctx;
    r->open = NULL;
    r->pending--;
    if (st != DTAKE_OK) {
        if (st != DTAKE_E_CANCELLED)
            tell_instead(r, st, err->message);
    } else if (dtake__header_same_grid(r->header, header)) {
        dtake__raster_replace_header(r->raster, header);
        start_again(r, header);
    } else {
        dtake__header_free(header);
        tell_instead(r, DTAKE_E_CHANGED,
                     "the file has another grid now than the header kept from an earlier run says; that has "
                     "been replaced: open the file again");
    }
    if (r->pending == 0)
        finish(r);
}

/* True: the header was old, and a new one is on its way (or there already). */
static bool open_again(reading *r)
{
    bool stale = r->status == DTAKE_E_CHANGED || r->status == DTAKE_E_RANGE;
    if (!stale || r->opened_again || !r->header->from_cache || dtake__raster_op_cancelled(&r->op))
        return false;
    r->opened_again = true;
    dtake__header *newest = dtake__raster_header(r->raster);
    if (newest != r->header) { /* another reading was first; only headers of the same grid get there */
        start_again(r, newest);
        return r->pending > 0;
    }
    dtake__raster_open open = {
        r->raster->header->href, r->raster->signer, r->job.tally, r->job.order, r->raster->no_cache, NULL,
        r->job.windows_waiting
    };
    if (dtake__header_start(r->op.runtime, &open, true, &r->open, NULL, reopened, r) != DTAKE_OK)
        return false;
    r->pending++;
    return true;
}

void dtake__reading_settle(reading *r)
{
    if (r->pending > 0 || open_again(r))
        return;
    finish(r);
}

bool dtake__reading_should_stop(const reading *r)
{
    return atomic_load_explicit(&r->failed, memory_order_relaxed) || dtake__raster_op_cancelled(&r->op);
}

int64_t dtake__reading_time_left_ms(const reading *r)
{
    if (r->deadline == 0)
        return 0;
    int64_t left = r->deadline - dtake__now_ms();
    return left > 0 ? left : 1;
}

static dtake_status prepare(reading *r, dtake_error *err)
{
    dtake_status st =
        dtake__request_plan(&r->request, r->header, r->op.runtime, r->job.windows_waiting, &r->plan, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__request_canvas(&r->request, r->header, &r->canvas, err);
    if (st != DTAKE_OK)
        return st;
    r->piece = dtake__calloc(r->plan.range_count + 1, sizeof *r->piece);
    return r->piece != NULL ? DTAKE_OK : dtake__fail_nomem(err, "read a window");
}

static void plan_and_fetch(reading *r)
{
    dtake_error err;
    dtake_status st = prepare(r, &err);
    if (st != DTAKE_OK)
        dtake__reading_fail(r, st, "%s: %s", r->header->shown, err.message);
    else
        dtake__pieces_start(r);
}

static void start_reading(reading *r)
{
    if (dtake__raster_op_cancelled(&r->op))
        dtake__reading_fail_all(r, DTAKE_E_CANCELLED, "cancelled");
    if (!atomic_load(&r->failed))
        plan_and_fetch(r);
    r->pending--;
    dtake__reading_settle(r);
}

static void granted(dtake__budget_wait *wait)
{
    reading *r = (reading *)((char *)wait - offsetof(reading, budget));
    r->budget_waiting = false;
    r->budget_held = wait->bytes;
    start_reading(r);
}

/* When the budget still has us in its queue, we leave it; else it is about to call. */
static void leave_budget(reading *r)
{
    if (!r->budget_waiting || !dtake__budget_withdraw(r->op.runtime, &r->budget))
        return;
    r->budget_waiting = false;
    r->pending--;
    dtake__reading_settle(r);
}

static void stop(reading *r, dtake_status st, const char *why)
{
    if (r->open != NULL) { /* until now the stale header was what had failed */
        tell_instead(r, st, why);
        dtake__raster_op_cancel(r->open);
        return;
    }
    dtake__reading_fail_all(r, st, why);
    leave_budget(r);
}

static void cancel(dtake__raster_op *op)
{
    stop((reading *)op, DTAKE_E_CANCELLED, "cancelled");
}

static void too_late(void *ctx)
{
    stop(ctx, DTAKE_E_TIMEOUT, "not done by its deadline");
}

static void begin(dtake__post *post)
{
    reading *r = (reading *)((char *)post - offsetof(reading, begin));
    r->pending = 1;
    if (r->deadline != 0) {
        r->timer = dtake__timer_new(r->op.runtime, too_late, r);
        if (r->timer == NULL)
            dtake__reading_fail_all(r, DTAKE_E_NOMEM, "out of memory");
        else
            dtake__timer_start(r->timer, dtake__reading_time_left_ms(r));
    }
    if (r->job.in_budget || atomic_load(&r->failed)) {
        start_reading(r);
        return;
    }
    r->budget = (dtake__budget_wait){ .order = r->job.order, .granted = granted, .fetches = true };
    r->budget.bytes = dtake__raster_read_bytes(r->raster, &r->request.read);
    r->budget_waiting = true;
    dtake__budget_acquire(r->op.runtime, &r->budget);
}

dtake_status dtake__raster_read_start(dtake_raster *raster, const dtake_read *read,
                                      const dtake__raster_job *job, dtake__raster_op **out, dtake_error *err,
                                      dtake_pixels_fn done, void *ctx)
{
    dtake_status st = dtake__runtime_usable(raster->runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    reading *r = dtake__calloc(1, sizeof *r);
    if (r == NULL)
        return dtake__fail_nomem(err, "read a window");
    r->header = dtake__raster_header(raster);
    st = dtake__request_init(&r->request, r->header, read, err);
    if (st != DTAKE_OK) {
        dtake__free(r);
        return st;
    }
    r->job = job != NULL ? *job : (dtake__raster_job){ .windows_waiting = -1 };
    r->raster = raster;
    dtake__raster_retain(raster);
    r->deadline = read->deadline_ms > 0 ? dtake__now_ms() + read->deadline_ms : 0;
    r->done = done;
    r->ctx = ctx;
    r->begin.run = begin;
    pthread_mutex_init(&r->lock, NULL);
    atomic_init(&r->failed, false);
    dtake__raster_op_init(&r->op, raster->runtime, r->job.keeps, cancel, destroy);
    if (out != NULL)
        *out = &r->op;
    dtake__loop_post(raster->runtime, &r->begin);
    return DTAKE_OK;
}

dtake_status dtake_raster_read_start(dtake_raster *raster, const dtake_read *read, dtake_transfer **transfer,
                                     dtake_error *err, dtake_pixels_fn done, void *ctx)
{
    const dtake__raster_job job = { .windows_waiting = -1, .keeps = transfer != NULL };
    return dtake__raster_read_start(raster, read, &job, transfer, err, done, ctx);
}
