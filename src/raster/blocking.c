/* Blocking calls are the asynchronous ones plus a wait. */
#include "core/error.h"
#include "io/loop.h"
#include "raster/raster.h"

typedef struct waiter {
    dtake__latch *latch;
    dtake_status status;
    dtake_raster *raster;
    dtake_pixels pixels;
    dtake_error *err;
} waiter;

static dtake_status begin_wait(waiter *w, dtake_runtime *runtime, dtake_error *err)
{
    dtake_status st = dtake__runtime_usable(runtime, true, err);
    if (st != DTAKE_OK)
        return st;
    w->err = err;
    w->latch = dtake__latch_new();
    return w->latch != NULL ? DTAKE_OK : dtake__fail_nomem(err, "wait for a raster");
}

static dtake_status end_wait(waiter *w, dtake_status started)
{
    if (started == DTAKE_OK)
        dtake__latch_wait(w->latch, -1);
    dtake__latch_free(w->latch);
    return started == DTAKE_OK ? w->status : started;
}

static void opened(dtake_status st, dtake_raster *raster, const dtake_error *err, void *ctx)
{
    waiter *w = ctx;
    w->status = st;
    w->raster = raster;
    dtake__error_copy(w->err, err);
    dtake__latch_open(w->latch);
}

dtake_status dtake_raster_open(dtake_raster **out, dtake_runtime *runtime, const char *href, dtake_error *err)
{
    waiter w = { 0 };
    *out = NULL;
    dtake_status st = begin_wait(&w, runtime, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__raster_open open = { .href = href };
    st = end_wait(&w, dtake__raster_open_start(runtime, &open, NULL, err, opened, &w));
    *out = w.raster;
    return st;
}

static void read_done(dtake_status st, dtake_pixels *pixels, const dtake_error *err, void *ctx)
{
    waiter *w = ctx;
    w->status = st;
    if (st == DTAKE_OK)
        w->pixels = dtake_pixels_take(pixels);
    dtake__error_copy(w->err, err);
    dtake__latch_open(w->latch);
}

dtake_status dtake_raster_read(dtake_raster *raster, const dtake_read *read, dtake_pixels *out,
                               dtake_error *err)
{
    waiter w = { 0 };
    *out = (dtake_pixels){ 0 };
    dtake_status st = begin_wait(&w, raster->runtime, err);
    if (st != DTAKE_OK)
        return st;
    st = end_wait(&w, dtake_raster_read_start(raster, read, NULL, err, read_done, &w));
    *out = w.pixels;
    return st;
}
