/* Reads become fetches: those that begin in one turn of the loop and want the same window of one grid of one
 * image are one, cut into tiles. */
#include "core/alloc.h"
#include "core/error.h"
#include "sources/earthengine/fetch.h"

#include <string.h>

enum {
    FIRST_BYTE_MS = 330000, /* the service itself ends a computation after five minutes */
    DEADLINE_MS = 900000,   /* of one call with its repetitions */
    REST_MS = 1000,
};

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

static void cut_up(dtake__ee_fetch *f)
{
    dtake_window w = f->window;
    dtake__ee_tiling most = dtake__ee_tiling_of(w.width, w.height, f->pixel_bytes, f->service->tile_bytes);
    /* the last first: they are taken from the front of what waits */
    for (int64_t row = (w.height - 1) / most.height * most.height; row >= 0; row -= most.height)
        for (int64_t col = (w.width - 1) / most.width * most.width; col >= 0; col -= most.width) {
            const dtake_window one = { w.col + col, w.row + row,
                                       most.width < w.width - col ? most.width : w.width - col,
                                       most.height < w.height - row ? most.height : w.height - row };
            if (!dtake__ee_fetch_add(f, one))
                return;
        }
}

/* Of one image, on one grid, the same window; and there is room for another band. */
static bool belongs(const dtake__ee_fetch *f, const dtake__foreign_read *read)
{
    const dtake__ee_band *a = f->band, *b = &dtake__ee_pixels_of(read)->band;
    return f->count < DTAKE__EE_BANDS_AT_ONCE && f->overview == read->overview &&
           memcmp(&f->window, &read->window, sizeof f->window) == 0 && strcmp(a->asset, b->asset) == 0 &&
           a->version == b->version && strcmp(a->crs, b->crs) == 0 &&
           memcmp(&a->transform, &b->transform, sizeof a->transform) == 0;
}

static void add_read(dtake__ee_fetch *f, dtake__foreign_read *read)
{
    const dtake__ee_band *band = &dtake__ee_pixels_of(read)->band;
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
static int64_t count_bytes(const dtake__ee_fetch *f)
{
    int64_t widest = 1, bands = (int64_t)dtake__ee_mask_field(f, f->count);
    for (const dtake__foreign_read *read = f->reads; read != NULL; read = read->next) {
        int64_t bytes = (int64_t)dtake_type_bytes(read->pixels->type);
        widest = bytes > widest ? bytes : widest;
    }
    return bands * (widest + 1);
}

static bool begin_fetch(dtake__foreign_read **rest)
{
    dtake__foreign_read *first = *rest, *read, **link = rest;
    dtake__ee_fetch *f = dtake__calloc(1, sizeof *f);
    if (f == NULL)
        return false;
    f->service = dtake__ee_pixels_of(first)->service;
    f->band = &dtake__ee_pixels_of(first)->band;
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
    dtake__ee_fetch_go_on(f);
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
    dtake__ee_service *service = dtake__ee_pixels_of(read)->service;
    if (service->tile_bytes == 0) {
        service->tile_bytes = DTAKE__EE_TILE_BYTES;
        service->first_byte_ms = FIRST_BYTE_MS;
        service->deadline_ms = DEADLINE_MS;
        service->rest_ms = REST_MS;
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
    dtake__ee_fetch *f = read->own;
    dtake_error err;
    read->cancelled = true;
    if (f == NULL) /* it is not begun yet, and will not be */
        return;
    for (const dtake__foreign_read *other = f->reads; other != NULL; other = other->next)
        if (!other->cancelled)
            return;
    dtake__ee_fetch_fail(f, dtake__fail(&err, DTAKE_E_CANCELLED, "cancelled"), &err);
}
