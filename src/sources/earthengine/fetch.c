/* Windows on their way. Reads that begin in one turn of the loop and want the same window of one grid of one
 * image become one fetch; a fetch is cut into tiles, a request each, of which as many are under way as may be
 * held. A tile that is too much for the service is halved, and those that begin later are smaller. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/npy.h"
#include "geo/area.h"
#include "io/workers.h"
#include "raster/rows.h"
#include "sources/earthengine/pixels.h"

#include <stdio.h>
#include <string.h>

enum {
    BANDS_AT_ONCE = 256,    /* with their masks well below DTAKE__EE_MOST_BANDS */
    HELD_BYTES = 48 << 20,  /* of answers a fetch waits for at once, unless one tile is more */
    TILE_BYTES = 16 << 20,  /* as the service counts: a third of what it takes is computed sooner */
    LEAST_PX = 32 * 32,     /* smaller tiles are not halved */
    MOST_TRIES = 6,         /* of a tile that comes back broken, or was one too many */
    FIRST_BYTE_MS = 330000, /* the service itself ends a computation after five minutes */
    DEADLINE_MS = 900000,   /* of one call with its repetitions */
    RETRIES = 8,            /* of one call: 429 and 5xx, with the rests of io/http.h */
    GOOD_TILES = 32,        /* after so many tiles are twice as large again */
    BODY_BYTES = 10 << 20,
    ANSWER_BYTES = 64 << 20,
};

typedef struct fetch fetch;

typedef struct tile {
    fetch *of;
    dtake_window window; /* as the fetch's */
    dtake__ee_call call;
    bool calls;
    int tries;
    dtake__timer *timer; /* while it rests */
    dtake__work work;
    dtake_status status;
    dtake_error err;
    struct tile *prev, *next; /* of those under way; `next` also of those that wait */
} tile;

struct fetch {
    dtake__ee_service *service;
    dtake__foreign_read *reads;
    const dtake__ee_band *band; /* the first read's: image and grid */
    int32_t overview;
    dtake_window window; /* in its pixels */
    const char *names[BANDS_AT_ONCE];
    bool masked[BANDS_AT_ONCE];
    size_t count;
    int64_t pixel_bytes; /* as the service counts */
    tile *waiting, *active;
    int64_t held;
    dtake_status status; /* the first failure */
    dtake_error err;
};

static dtake__ee_pixels *pixels_of(const dtake__foreign_read *read)
{
    return (dtake__ee_pixels *)read->foreign;
}

static void go_on(fetch *f);

/* --- the end --- */

static void end_fetch(fetch *f)
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

static void free_tile(tile *t)
{
    dtake__timer_free(t->timer);
    dtake__buf_dispose(&t->call.body);
    dtake__free(t);
}

static void stop_active(fetch *f)
{
    for (tile *t = f->active; t != NULL; t = t->next)
        if (t->calls)
            dtake__ee_call_cancel(&t->call);
        else if (t->timer != NULL)
            dtake__timer_start(t->timer, 0);
}

static void fail_fetch(fetch *f, dtake_status status, const dtake_error *err)
{
    if (f->status != DTAKE_OK)
        return;
    f->status = status;
    f->err = *err;
    stop_active(f);
}

static int64_t tile_bytes(const fetch *f, dtake_window w)
{
    return w.width * w.height * f->pixel_bytes;
}

/* No more of those under way. */
static void drop_tile(tile *t)
{
    fetch *f = t->of;
    *(t->prev != NULL ? &t->prev->next : &f->active) = t->next;
    if (t->next != NULL)
        t->next->prev = t->prev;
    f->held -= tile_bytes(f, t->window);
    free_tile(t);
}

static void end_tile(tile *t)
{
    fetch *f = t->of;
    drop_tile(t);
    go_on(f);
}

/* --- an answer --- */

static bool same_name(const dtake__npy_field *field, const char *name, const char *suffix)
{
    size_t len = strlen(name), more = strlen(suffix);
    return field->name_len == len + more && memcmp(field->name, name, len) == 0 &&
           memcmp(field->name + len, suffix, more) == 0;
}

/* The mask of band `band` comes behind the bands. */
static size_t mask_field(const fetch *f, size_t band)
{
    size_t at = f->count;
    for (size_t i = 0; i < band; i++)
        at += f->masked[i];
    return at;
}

static dtake_status check_answer(const fetch *f, dtake_window w, const dtake__npy *npy, dtake_error *err)
{
    size_t expected = mask_field(f, f->count);
    if (npy->width != w.width || npy->height != w.height)
        return dtake__fail(err, DTAKE_E_FORMAT, "%lld x %lld pixels came where %lld x %lld were asked for",
                           (long long)npy->width, (long long)npy->height, (long long)w.width,
                           (long long)w.height);
    if (npy->field_count != expected)
        return dtake__fail(err, DTAKE_E_FORMAT, "%zu bands came where %zu were asked for", npy->field_count,
                           expected);
    for (size_t i = 0; i < f->count; i++)
        if (!same_name(&npy->field[i], f->names[i], "") ||
            (f->masked[i] && !same_name(&npy->field[mask_field(f, i)], f->names[i], "_mask")))
            return dtake__fail(err, DTAKE_E_FORMAT, "band %zu came as '%.*s', not as '%.100s'", i + 1,
                               (int)(npy->field[i].name_len < 100 ? npy->field[i].name_len : 100),
                               npy->field[i].name, f->names[i]);
    return DTAKE_OK;
}

/* Row `row` of the tile into band `to` of the read's pixels. */
static bool put_row(const fetch *f, const dtake__foreign_read *read, int32_t to, const dtake__npy *npy,
                    dtake_window w, int64_t row)
{
    const dtake_pixels *p = read->pixels;
    const dtake__ee_band *band = &pixels_of(read)->band;
    int64_t at = (to * p->height + read->to_row + w.row - read->window.row + row) * p->width + read->to_col +
                 w.col - read->window.col;
    uint8_t *data = (uint8_t *)p->data + (size_t)at * dtake_type_bytes(p->type), *mask = p->mask;
    if (!dtake__npy_row(npy, read->band, row * w.width, w.width, p->type, data))
        return false;
    if (mask == NULL)
        return true;
    mask += at;
    if (band->has_nodata) {
        dtake__row_mask(mask, data, w.width, p->type, band->nodata);
        return true;
    }
    if (!dtake__npy_row(npy, mask_field(f, read->band), row * w.width, w.width, DTAKE_U8, mask))
        return false;
    for (int64_t i = 0; i < w.width; i++)
        mask[i] = mask[i] != 0 ? 255 : 0;
    return true;
}

static dtake_status put_tile(const fetch *f, const dtake__npy *npy, dtake_window w, dtake_error *err)
{
    for (const dtake__foreign_read *read = f->reads; read != NULL; read = read->next)
        for (int32_t band = 0; band < read->pixels->bands; band++)
            for (int64_t row = 0; row < w.height; row++)
                if (!put_row(f, read, band, npy, w, row))
                    return dtake__fail(err, DTAKE_E_FORMAT, "band '%.100s' holds numbers that are no %s",
                                       f->names[read->band], dtake_type_name(read->pixels->type));
    return DTAKE_OK;
}

static void decode_run(dtake__work *work)
{
    tile *t = DTAKE__CONTAINER(work, tile, work);
    const dtake_buf *body = &t->call.body;
    dtake__npy *npy = dtake__alloc(sizeof *npy);
    t->status = npy != NULL ? dtake__npy_read(npy, body->data, body->len, &t->err)
                            : dtake__fail_nomem(&t->err, "a window");
    if (t->status == DTAKE_OK)
        t->status = check_answer(t->of, t->window, npy, &t->err);
    if (t->status == DTAKE_OK)
        t->status = put_tile(t->of, npy, t->window, &t->err);
    dtake__free(npy);
}

static bool start_tile(tile *t);

static void rested(void *ctx)
{
    tile *t = ctx;
    dtake__timer_free(t->timer);
    t->timer = NULL;
    if (t->of->status != DTAKE_OK || !start_tile(t))
        end_tile(t);
}

/* Longer each time: it was one too many, or came back broken. */
static bool rests(tile *t)
{
    if (++t->tries >= MOST_TRIES || t->of->status != DTAKE_OK)
        return false;
    t->timer = dtake__timer_new(t->of->service->runtime, rested, t);
    if (t->timer != NULL)
        dtake__timer_start(t->timer, t->of->service->rest_ms << t->tries);
    return t->timer != NULL;
}

static void count_again(const tile *t)
{
    if (t->call.how.tally != NULL)
        DTAKE__TALLY(t->call.how.tally, retries, 1);
}

/* What was too much once need not be for ever. */
static void allow_more(dtake__ee_service *service)
{
    if (service->tile_bytes >= TILE_BYTES || ++service->good_tiles < GOOD_TILES)
        return;
    service->good_tiles = 0;
    service->tile_bytes *= 2;
}

static void decoded(dtake__work *work)
{
    tile *t = DTAKE__CONTAINER(work, tile, work);
    dtake__buf_dispose(&t->call.body);
    if (t->status == DTAKE_OK)
        allow_more(t->of->service);
    if (t->status == DTAKE_E_FORMAT && t->of->status == DTAKE_OK && rests(t)) {
        count_again(t);
        return;
    }
    if (t->status != DTAKE_OK) {
        dtake__error_prefix(&t->err, "computePixels of %.120s", t->of->service->base);
        fail_fetch(t->of, t->status, &t->err);
    }
    end_tile(t);
}

/* --- what was too much --- */

static tile *new_tile(fetch *f, dtake_window w)
{
    tile *t = dtake__calloc(1, sizeof *t);
    if (t == NULL) {
        dtake_error err;
        fail_fetch(f, dtake__fail_nomem(&err, "a window"), &err);
        return NULL;
    }
    t->of = f;
    t->window = w;
    t->next = f->waiting;
    f->waiting = t;
    return t;
}

/* Two of its size, or two where it was; false: it is as small as they get. */
static bool halve(tile *t)
{
    fetch *f = t->of;
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
    return new_tile(f, b) != NULL && new_tile(f, a) != NULL;
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
    tile *t = DTAKE__CONTAINER(call, tile, call);
    fetch *f = t->of;
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
        fail_fetch(f, call->status, &call->err);
    end_tile(t);
}

/* --- a request --- */

static dtake_status write_body(const tile *t, dtake_buf *body, dtake_error *err)
{
    const fetch *f = t->of;
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
static bool start_tile(tile *t)
{
    fetch *f = t->of;
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
        fail_fetch(f, st, &t->call.err);
    return st == DTAKE_OK;
}

/* Begins what may be under way; ends when nothing is. */
static void go_on(fetch *f)
{
    while (f->waiting != NULL && (f->status != DTAKE_OK || f->active == NULL ||
                                  f->held + tile_bytes(f, f->waiting->window) <= HELD_BYTES)) {
        tile *t = f->waiting;
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

/* --- the beginning --- */

dtake__ee_tiling dtake__ee_tiling_of(int64_t width, int64_t height, int64_t pixel_bytes, int64_t most_bytes)
{
    int64_t most_px = most_bytes / pixel_bytes > 1 ? most_bytes / pixel_bytes : 1;
    int64_t columns = 1, rows = 1;
    while ((width + columns - 1) / columns > DTAKE__EE_MOST_SIDE)
        columns++;
    while ((height + rows - 1) / rows > DTAKE__EE_MOST_SIDE)
        rows++;
    for (;;) {
        int64_t w = (width + columns - 1) / columns, h = (height + rows - 1) / rows;
        if (w * h <= most_px || (w == 1 && h == 1))
            return (dtake__ee_tiling){ w, h };
        *(w >= h ? &columns : &rows) += 1;
    }
}

static void cut_up(fetch *f)
{
    dtake_window w = f->window;
    dtake__ee_tiling most = dtake__ee_tiling_of(w.width, w.height, f->pixel_bytes, f->service->tile_bytes);
    /* the last first: they are taken from the front of what waits */
    for (int64_t row = (w.height - 1) / most.height * most.height; row >= 0; row -= most.height)
        for (int64_t col = (w.width - 1) / most.width * most.width; col >= 0; col -= most.width) {
            const dtake_window one = { w.col + col, w.row + row,
                                       most.width < w.width - col ? most.width : w.width - col,
                                       most.height < w.height - row ? most.height : w.height - row };
            if (new_tile(f, one) == NULL)
                return;
        }
}

/* Of one image, on one grid, the same window; and there is room for another band. */
static bool belongs(const fetch *f, const dtake__foreign_read *read)
{
    const dtake__ee_band *a = f->band, *b = &pixels_of(read)->band;
    return f->count < BANDS_AT_ONCE && f->overview == read->overview &&
           memcmp(&f->window, &read->window, sizeof f->window) == 0 && strcmp(a->asset, b->asset) == 0 &&
           a->version == b->version && strcmp(a->crs, b->crs) == 0 &&
           memcmp(&a->transform, &b->transform, sizeof a->transform) == 0;
}

static void add_read(fetch *f, dtake__foreign_read *read)
{
    const dtake__ee_band *band = &pixels_of(read)->band;
    size_t i = 0;
    while (i < f->count && strcmp(f->names[i], band->band) != 0)
        i++;
    if (i == f->count)
        f->names[f->count++] = band->band;
    f->masked[i] = f->masked[i] || (!band->has_nodata && read->pixels->mask != NULL);
    read->band = i;
    read->own = f;
    read->next = f->reads;
    f->reads = read;
}

/* All bands of an answer may be of their common type, the masks too. */
static int64_t count_bytes(const fetch *f)
{
    int64_t widest = 1, bands = (int64_t)mask_field(f, f->count);
    for (const dtake__foreign_read *read = f->reads; read != NULL; read = read->next) {
        int64_t bytes = (int64_t)dtake_type_bytes(read->pixels->type);
        widest = bytes > widest ? bytes : widest;
    }
    return bands * (widest + 1);
}

static bool begin_fetch(dtake__foreign_read **rest)
{
    dtake__foreign_read *first = *rest, *read, **link = rest;
    fetch *f = dtake__calloc(1, sizeof *f);
    if (f == NULL)
        return false;
    f->service = pixels_of(first)->service;
    f->band = &pixels_of(first)->band;
    f->overview = first->overview;
    f->window = first->window;
    while ((read = *link) != NULL)
        if (belongs(f, read)) {
            *link = read->next;
            add_read(f, read);
        } else {
            link = &read->next;
        }
    f->pixel_bytes = count_bytes(f);
    bool wanted = false;
    for (read = f->reads; read != NULL; read = read->next)
        wanted = wanted || !read->cancelled;
    if (wanted)
        cut_up(f);
    go_on(f);
    return true;
}

static void join(dtake__post *post)
{
    dtake__ee_service *service = DTAKE__CONTAINER(post, dtake__ee_service, join);
    dtake__foreign_read *rest = NULL, *read;
    while ((read = service->reads) != NULL) { /* in the order in which they came */
        service->reads = read->next;
        read->next = rest;
        rest = read;
    }
    while (rest != NULL && begin_fetch(&rest))
        ;
    while ((read = rest) != NULL) {
        rest = read->next;
        read->status = dtake__fail_nomem(&read->err, "a window");
        read->done(read);
    }
}

void dtake__ee_fetch_read(dtake__foreign_read *read)
{
    dtake__ee_service *service = pixels_of(read)->service;
    if (service->tile_bytes == 0) {
        service->tile_bytes = TILE_BYTES;
        service->first_byte_ms = FIRST_BYTE_MS;
        service->deadline_ms = DEADLINE_MS;
        service->rest_ms = 1000;
    }
    read->own = NULL;
    read->cancelled = false;
    bool first = service->reads == NULL;
    read->next = service->reads;
    service->reads = read;
    if (!first)
        return;
    service->join = (dtake__post){ .run = join };
    dtake__loop_post(service->runtime, &service->join);
}

void dtake__ee_fetch_cancel(dtake__foreign_read *read)
{
    fetch *f = read->own;
    dtake_error err;
    read->cancelled = true;
    if (f == NULL) /* it is not begun yet, and will not be */
        return;
    for (const dtake__foreign_read *other = f->reads; other != NULL; other = other->next)
        if (!other->cancelled)
            return;
    fail_fetch(f, dtake__fail(&err, DTAKE_E_CANCELLED, "cancelled"), &err);
}
