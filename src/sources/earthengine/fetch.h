/* Between the files that fetch pixels (pixels.h): a fetch, its tiles. Loop thread but where it says so. */
#ifndef DTAKE_SOURCES_EARTHENGINE_FETCH_H
#define DTAKE_SOURCES_EARTHENGINE_FETCH_H

#include "format/npy.h"
#include "io/workers.h"
#include "sources/earthengine/pixels.h"

enum {
    DTAKE__EE_BANDS_AT_ONCE = 256,   /* with their masks well below DTAKE__EE_MOST_BANDS */
    DTAKE__EE_TILE_BYTES = 32 << 20, /* as the service counts, which takes half as much again */
};

typedef struct dtake__ee_fetch dtake__ee_fetch;

/* A part of the window: one request. */
typedef struct dtake__ee_tile {
    dtake__ee_fetch *of;
    dtake_window window; /* as the fetch's */
    dtake__ee_call call;
    bool calls;
    int tries;
    dtake__timer *timer; /* while it rests */
    dtake__work work;
    dtake_status status;
    dtake_error err;
    struct dtake__ee_tile *prev, *next; /* of those under way; `next` also of those that wait */
} dtake__ee_tile;

struct dtake__ee_fetch {
    dtake__ee_service *service;
    dtake__foreign_read *reads;
    const dtake__ee_band *band; /* the first read's: image and grid */
    int32_t overview;
    dtake_window window; /* in its pixels */
    const char *names[DTAKE__EE_BANDS_AT_ONCE];
    bool masked[DTAKE__EE_BANDS_AT_ONCE];
    size_t count;
    int64_t pixel_bytes; /* as the service counts */
    dtake__ee_tile *waiting, *active;
    int64_t held;
    dtake_status status; /* the first failure */
    dtake_error err;
};

static inline dtake__ee_pixels *dtake__ee_pixels_of(const dtake__foreign_read *read)
{
    return (dtake__ee_pixels *)read->foreign;
}

/* fetch.c: adds a tile to those that wait (false: no memory, the fetch has failed); begins what may be under
 * way, and ends the fetch when nothing is; the first failure. */
bool dtake__ee_fetch_add(dtake__ee_fetch *fetch, dtake_window window);
void dtake__ee_fetch_go_on(dtake__ee_fetch *fetch);
void dtake__ee_fetch_fail(dtake__ee_fetch *fetch, dtake_status status, const dtake_error *err);

/* fetch_put.c: where the mask of band `band` is in an answer: behind all bands; of `count` how many fields
 * there are. */
size_t dtake__ee_mask_field(const dtake__ee_fetch *fetch, size_t band);
/* The answer into the pixels of all reads. Worker. DTAKE_E_FORMAT: it is not what was asked for. */
dtake_status dtake__ee_fetch_put(const dtake__ee_fetch *fetch, dtake_window window, const dtake_buf *body,
                                 dtake_error *err);

#endif
