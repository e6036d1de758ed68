/* A fetch under way: tiles, a request each, of which as many are under way as may be held. One that is too
 * much for the service is halved, and those that begin later are smaller; one that was too many, or came back
 * broken, rests. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "geo/area.h"
#include "sources/earthengine/fetch.h"

#include <string.h>

enum {
    HELD_BYTES = 48 << 20, /* of answers a fetch waits for at once, unless one tile is more */
    LEAST_PX = 32 * 32,    /* smaller tiles are not halved */
    MOST_TRIES = 6,        /* of a tile that comes back broken, or was one too many */
    RETRIES = 8,           /* of one call: 429 and 5xx, with the rests of io/http.h */
    GOOD_TILES = 32,       /* after so many tiles are twice as large again */
    BODY_BYTES = 10 << 20,
    ANSWER_BYTES = 64 << 20,
};

/* --- the end --- */

static void end_fetch(dtake__ee_fetch *f)
{
    dtake__foreign_read *read = f->reads;
    while (read != NULL) {
        dtake__foreign_read *next = read->next;
        read->status = f->status;
        if (f->status != DTAKE_OK)
            read->err = f->err;
        if (read->cancelled)
            read->status = dtake__fail(&read->err, DTAKE_E_CANCELLED, "cancelled");
        read->own = NULL;
        read->done(read);
        read = next;
    }
    dtake__free(f);
}

static void free_tile(dtake__ee_tile *t)
{
    dtake__timer_free(t->timer);
    dtake__buf_dispose(&t->call.body);
    dtake__free(t);
}

static void stop_active(dtake__ee_fetch *f)
{
    for (dtake__ee_tile *t = f->active; t != NULL; t = t->next)
        if (t->calls)
            dtake__ee_call_cancel(&t->call);
        else if (t->timer != NULL)
            dtake__timer_start(t->timer, 0);
}

void dtake__ee_fetch_fail(dtake__ee_fetch *f, dtake_status status, const dtake_error *err)
{
    if (f->status != DTAKE_OK)
        return;
    f->status = status;
    f->err = *err;
    stop_active(f);
}

static int64_t tile_bytes(const dtake__ee_fetch *f, dtake_window w)
{
    return w.width * w.height * f->pixel_bytes;
}

/* No more of those under way. */
static void drop_tile(dtake__ee_tile *t)
{
    dtake__ee_fetch *f = t->of;
    *(t->prev != NULL ? &t->prev->next : &f->active) = t->next;
    if (t->next != NULL)
        t->next->prev = t->prev;
    f->held -= tile_bytes(f, t->window);
    free_tile(t);
}

static void end_tile(dtake__ee_tile *t)
{
    dtake__ee_fetch *f = t->of;
    drop_tile(t);
    dtake__ee_fetch_go_on(f);
}

/* --- an answer --- */

static void decode_run(dtake__work *work)
{
    dtake__ee_tile *t = DTAKE__CONTAINER(work, dtake__ee_tile, work);
    t->status = dtake__ee_fetch_put(t->of, t->window, &t->call.body, &t->err);
}

static bool start_tile(dtake__ee_tile *t);

static void rested(void *ctx)
{
    dtake__ee_tile *t = ctx;
    dtake__timer_free(t->timer);
    t->timer = NULL;
    if (t->of->status != DTAKE_OK || !start_tile(t))
        end_tile(t);
}

/* Longer each time: it was one too many, or came back broken. */
static bool rests(dtake__ee_tile *t)
{
    if (++t->tries >= MOST_TRIES || t->of->status != DTAKE_OK)
        return false;
    t->timer = dtake__timer_new(t->of->service->runtime, rested, t);
    if (t->timer != NULL)
        dtake__timer_start(t->timer, t->of->service->rest_ms << t->tries);
    return t->timer != NULL;
}

static void count_again(const dtake__ee_tile *t)
{
    if (t->call.how.tally != NULL)
        DTAKE__TALLY(t->call.how.tally, retries, 1);
}

/* What was too much once need not be for ever. */
static void allow_more(dtake__ee_service *service)
{
    if (service->tile_bytes >= DTAKE__EE_TILE_BYTES || ++service->good_tiles < GOOD_TILES)
        return;
    service->good_tiles = 0;
    service->tile_bytes *= 2;
}

static void decoded(dtake__work *work)
{
    dtake__ee_tile *t = DTAKE__CONTAINER(work, dtake__ee_tile, work);
    dtake__buf_dispose(&t->call.body);
    if (t->status == DTAKE_OK)
        allow_more(t->of->service);
    if (t->status == DTAKE_E_FORMAT && t->of->status == DTAKE_OK && rests(t)) {
        count_again(t);
        return;
    }
    if (t->status != DTAKE_OK) {
        dtake__error_prefix(&t->err, "computePixels of %.120s", t->of->service->base);
        dtake__ee_fetch_fail(t->of, t->status, &t->err);
    }
    end_tile(t);
}

/* --- what was too much --- */

bool dtake__ee_fetch_add(dtake__ee_fetch *f, dtake_window w)
{
    dtake__ee_tile *t = dtake__calloc(1, sizeof *t);
    if (t == NULL) {
        dtake_error err;
        dtake__ee_fetch_fail(f, dtake__fail_nomem(&err, "a window"), &err);
        return false;
    }
    t->of = f;
    t->window = w;
    t->next = f->waiting;
    f->waiting = t;
    return true;
}

/* Two of its size, or two where it was; false: it is as small as they get. */
static bool halve(dtake__ee_tile *t)
{
    dtake__ee_fetch *f = t->of;
    dtake_window a = t->window, b = a;
    if (a.width * a.height <= LEAST_PX || f->status != DTAKE_OK)
        return false;
    if (a.width >= a.height) {
        a.width /= 2;
        b.col += a.width;
        b.width -= a.width;
    } else {
        a.height /= 2;
        b.row += a.height;
        b.height -= a.height;
    }
    int64_t bytes = tile_bytes(f, b);
    if (bytes < f->service->tile_bytes)
        f->service->tile_bytes = bytes;
    return dtake__ee_fetch_add(f, b) && dtake__ee_fetch_add(f, a);
}

static bool says(const dtake__ee_call *call, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasestr(call->err.message, *words) != NULL)
            return true;
    return false;
}

/* The rows of section 1.7: what 429 and 5xx are has been tried again by io/http.h before. */
dtake__ee_next dtake__ee_next_of(const dtake__ee_call *call)
{
    static const char *const too_much[] = { "memory limit",          "request size",
                                            "grid dimensions",       "timed out",
                                            "too many pixels",       "too large",
                                            "less than or equal to", NULL };
    static const char *const too_often[] = { "rate limit", "quota", "too many requests", NULL };
    if (call->status == DTAKE_E_CANCELLED || call->status == DTAKE_E_NOMEM)
        return DTAKE__EE_GIVE_UP;
    if (call->status == DTAKE_E_TIMEOUT || call->http_status == 504 || call->http_status == 413 ||
        (call->http_status == 400 && says(call, too_much)))
        return DTAKE__EE_SPLIT;
    if (call->http_status == 429 || (call->http_status == 403 && says(call, too_often)))
        return DTAKE__EE_REST;
    return DTAKE__EE_GIVE_UP;
}

static void answered(dtake__ee_call *call)
{
    dtake__ee_tile *t = DTAKE__CONTAINER(call, dtake__ee_tile, call);
    dtake__ee_fetch *f = t->of;
    t->calls = false;
    if (call->status == DTAKE_OK && f->status == DTAKE_OK) {
        if (f->reads->bytes_done != NULL)
            atomic_fetch_add_explicit(f->reads->bytes_done, (int_least64_t)call->body.len,
                                      memory_order_relaxed);
        t->work = (dtake__work){ .run = decode_run, .done = decoded, .order = f->reads->order };
        dtake__workers_run(f->service->runtime, &t->work);
        return;
    }
    dtake__ee_next next = call->status == DTAKE_OK ? DTAKE__EE_GIVE_UP : dtake__ee_next_of(call);
    if (next == DTAKE__EE_REST && rests(t)) {
        count_again(t);
        return;
    }
    bool halved = next == DTAKE__EE_SPLIT && halve(t);
    if (halved)
        count_again(t);
    else if (call->status != DTAKE_OK)
        dtake__ee_fetch_fail(f, call->status, &call->err);
    end_tile(t);
}

/* --- a request --- */

static dtake_status write_body(const dtake__ee_tile *t, dtake_buf *body, dtake_error *err)
{
    const dtake__ee_fetch *f = t->of;
    double pixels = (double)(1 << f->overview); /* of the image, a side of one */
    const dtake_affine grid = dtake__affine_scale(&f->band->transform, pixels, pixels);
    const dtake__ee_ask ask = {
        .asset = f->band->asset,
        .crs = f->band->crs,
        .transform = dtake__affine_shift(&grid, (double)t->window.col, (double)t->window.row),
        .width = t->window.width,
        .height = t->window.height,
        .names = f->names,
        .count = f->count,
        .masked = f->masked,
    };
    return dtake__ee_ask_write(&ask, body) == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "a request");
}

/* False: the fetch has failed. */
static bool start_tile(dtake__ee_tile *t)
{
    dtake__ee_fetch *f = t->of;
    dtake_buf body = DTAKE_BUF_INIT(BODY_BYTES);
    dtake_status st = write_body(t, &body, &t->call.err);
    t->call.done = answered;
    t->call.how = (dtake__ee_how){ .accept = "application/octet-stream",
                                   .max_body = ANSWER_BYTES,
                                   .first_byte_ms = f->service->first_byte_ms,
                                   .deadline_ms = f->service->deadline_ms,
                                   .retries = RETRIES,
                                   .order = f->reads->order,
                                   .tally = f->reads->tally };
    if (st == DTAKE_OK)
        st = dtake__ee_call_start(&t->call, f->service, "/image:computePixels", &body);
    dtake__buf_dispose(&body);
    t->calls = st == DTAKE_OK;
    if (st != DTAKE_OK)
        dtake__ee_fetch_fail(f, st, &t->call.err);
    return st == DTAKE_OK;
}

/* Begins what may be under way; ends when nothing is. */
void dtake__ee_fetch_go_on(dtake__ee_fetch *f)
{
    while (f->waiting != NULL && (f->status != DTAKE_OK || f->active == NULL ||
                                  f->held + tile_bytes(f, f->waiting->window) <= HELD_BYTES)) {
        dtake__ee_tile *t = f->waiting;
        f->waiting = t->next;
        if (f->status != DTAKE_OK) {
            free_tile(t);
            continue;
        }
        t->next = f->active;
        t->prev = NULL;
        if (t->next != NULL)
            t->next->prev = t;
        f->active = t;
        f->held += tile_bytes(f, t->window);
        if (!start_tile(t))
            drop_tile(t);
    }
    if (f->active == NULL)
        end_fetch(f);
}
