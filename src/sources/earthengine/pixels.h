/* Windows of an image of Earth Engine, fetched from its service: reads of bands on one grid that begin
 * together travel in one request, cut to fit the service's limits. Loop thread. */
#ifndef DTAKE_SOURCES_EARTHENGINE_PIXELS_H
#define DTAKE_SOURCES_EARTHENGINE_PIXELS_H

#include "raster/foreign.h"
#include "sources/earthengine/band.h"
#include "sources/earthengine/service.h"

/* What the service takes in one request (spec 4.6). */
enum {
    DTAKE__EE_MOST_BYTES = 48 << 20, /* uncompressed, and a byte of mask a sample */
    DTAKE__EE_MOST_SIDE = 32768,
    DTAKE__EE_MOST_BANDS = 1024,
    DTAKE__EE_MOST_LEVELS = 16,
};

/* An open band. */
typedef struct dtake__ee_pixels {
    dtake__foreign foreign;
    dtake__ee_band band;
    dtake__ee_service *service;
    dtake_band named; /* for the info */
    dtake_overview level[DTAKE__EE_MOST_LEVELS];
    char *crs; /* "EPSG:32633" where it is one */
} dtake__ee_pixels;

/* A band in a request. */
typedef struct dtake__ee_ask {
    const char *asset;
    const char *crs;
    dtake_affine transform; /* of the window's upper left corner */
    int64_t width, height;
    const char *const *names; /* of the bands */
    size_t count;
    const bool *masked; /* the mask of which is wanted too: it comes behind the bands, 0 or 1 */
} dtake__ee_ask;

/* The body of image:computePixels. DTAKE_E_NOMEM, DTAKE_E_LIMIT of the buffer. */
dtake_status dtake__ee_ask_write(const dtake__ee_ask *ask, dtake_buf *out);

/* fetch_join.c */
void dtake__ee_fetch_read(dtake__foreign_read *read);
void dtake__ee_fetch_cancel(dtake__foreign_read *read);
int64_t dtake__ee_sample_bytes(const dtake__ee_band *band); /* of a pixel, as the service counts */

/* How a window is cut into requests. */
typedef struct dtake__ee_tiling {
    int64_t width, height; /* of a tile at most */
} dtake__ee_tiling;
dtake__ee_tiling dtake__ee_tiling_of(int64_t width, int64_t height, int64_t pixel_bytes, int64_t most_bytes);

/* What to do after a call that failed. */
typedef enum dtake__ee_next { DTAKE__EE_GIVE_UP, DTAKE__EE_SPLIT, DTAKE__EE_REST } dtake__ee_next;
dtake__ee_next dtake__ee_next_of(const dtake__ee_call *call);

#endif
