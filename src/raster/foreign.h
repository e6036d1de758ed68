/* Rasters whose pixels come from elsewhere than from a file: windows that a service is asked for. Who knows
 * the service fills this interface; opening a raster is told of it (raster/reader.h). */
#ifndef DTAKE_RASTER_FOREIGN_H
#define DTAKE_RASTER_FOREIGN_H

#include <datatake/raster.h>

#include <stdatomic.h>

#include "io/tally.h"

typedef struct dtake__foreign_kind dtake__foreign_kind;

/* One raster that is open; begins the struct of who made it. */
typedef struct dtake__foreign {
    const dtake__foreign_kind *kind;
} dtake__foreign;

/* A struct says what is wanted and is the caller's until `done`, which is called once, on the loop thread. */
typedef struct dtake__foreign_open {
    const char *href; /* borrowed until `done`, like all that is pointed to */
    dtake__tally *tally;
    uint64_t order;
    void (*done)(struct dtake__foreign_open *open);

    dtake_status status;
    dtake_error err;
    dtake__foreign *foreign; /* the asker's to close, from `done` on */
    dtake_raster_info info;  /* its pointers live as long as `foreign` */

    void *own; /* of the kind */
} dtake__foreign_open;

typedef struct dtake__foreign_read {
    dtake__foreign *foreign;
    int32_t overview;       /* as in dtake_read */
    dtake_window window;    /* in pixels of `overview`, in which it lies; not empty */
    const int32_t *bands;   /* one a band of `pixels` */
    dtake_pixels *pixels;   /* of the raster's type, with no mask or one a band; all 0 */
    int64_t to_col, to_row; /* where the window lies in them */
    dtake__tally *tally;
    uint64_t order;
    atomic_int_least64_t *bytes_done; /* bytes arrived, for progress; NULL: none */
    void (*done)(struct dtake__foreign_read *read);

    dtake_status status;
    dtake_error err;

    struct dtake__foreign_read *next; /* of the kind */
    void *own;
    size_t band;
    bool cancelled;
} dtake__foreign_read;

struct dtake__foreign_kind {
    bool (*takes)(const char *href);
    /* What tells one state of the raster from another, as far as the href says: "" when it does not. */
    void (*version)(const char *href, char *out, size_t size);
    void (*open)(dtake_runtime *runtime, dtake__foreign_open *open); /* this and what follows: loop thread */
    void (*cancel_open)(dtake__foreign_open *open);
    void (*read)(dtake__foreign_read *read);
    void (*cancel)(dtake__foreign_read *read);
    int64_t (*bytes)(const dtake__foreign *foreign, int64_t pixels); /* that arrive for so many; any thread */
    void (*close)(dtake__foreign *foreign);                          /* any thread; no read is under way */
};

#endif
