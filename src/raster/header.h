/* What is known of a raster before its pixels are read: from the file, the header cache, or GDAL. */
#ifndef DTAKE_RASTER_HEADER_H
#define DTAKE_RASTER_HEADER_H

#include "format/tiff.h"
#include "io/object.h"
#include "raster/gdal_plugin.h"
#include "raster/op.h"

typedef struct dtake__raster_level {
    const dtake__tiff_dir *dir;
    const dtake__tiff_dir *mask; /* NULL: none */
} dtake__raster_level;

typedef struct dtake__header dtake__header;
struct dtake__header {
    char *href, *shown;    /* shown: for messages, without password */
    dtake__object *object; /* NULL: it is foreign */
    dtake__tiff tiff;
    dtake__raster_level *level; /* [0] full resolution, then overviews from large to small */
    size_t level_count;
    const dtake__tiff_dir *unread; /* a directory whose codec we have not; NULL: none */
    dtake__gdal *gdal;
    dtake__foreign *foreign;
    dtake_raster_info info;
    char *crs, *gcp_crs, *etag;
    dtake_overview *overview;
    dtake_buf whole; /* all the file's bytes when the first read held them, else empty */
    bool from_cache;
    dtake__header *older; /* of the same raster: what callers point to stays valid */
};

/* What the reader of bytes said ("read NAME: ...", "NAME: ..."), without its verb. */
const char *dtake__after_verb(const char *message);

dtake__header *dtake__header_new(const char *href); /* NULL: no memory */
void dtake__header_free(dtake__header *header);     /* and the older ones */
void dtake__header_clear(dtake__header *header);    /* as it was before it was filled; the object stays */

/* Levels and info out of header->tiff; CRS work by PROJ, on a worker. */
dtake_status dtake__header_fill(dtake__header *header, dtake_error *err);

/* Its pixels do not come out of a TIFF of ours. */
bool dtake__header_is_other(const dtake__header *header);

/* Same grid, bands and values: a read planned on one is right on the other. */
bool dtake__header_same_grid(const dtake__header *a, const dtake__header *b);

/* `header` is the callee's to take. On the loop thread. */
typedef void (*dtake__header_fn)(dtake_status status, dtake__header *header, const dtake_error *err,
                                 void *ctx);

/* `skip_cache`: what the cache holds is known to be old: it is dropped and written anew. */
dtake_status dtake__header_start(dtake_runtime *runtime, const dtake__raster_open *open, bool skip_cache,
                                 dtake__raster_op **out, dtake_error *err, dtake__header_fn done, void *ctx);

/* The fetched parts of a file as one blob for the cache, and back. */
typedef struct dtake__parts {
    dtake__segment *segment; /* bytes owned */
    size_t count;
    int64_t total; /* bytes in all segments */
} dtake__parts;

/* Takes the bytes; joins what touches. */
dtake_status dtake__parts_add(dtake__parts *parts, int64_t first, dtake_buf *bytes, dtake_error *err);
void dtake__parts_dispose(dtake__parts *parts);
dtake_status dtake__parts_write(const dtake__parts *parts, int64_t file_bytes, const char *etag,
                                dtake_buf *out);
bool dtake__parts_read(dtake__parts *parts, int64_t *file_bytes, char *etag, size_t etag_size,
                       const dtake_buf *in);

enum {
    DTAKE__HEADER_FIRST_BYTES =
        13 << 10, /* with the answer's own header no more than TCP sends at once on a cold connection; holds
                     most COG headers. 16 KiB cost a round trip more (docs/benchmarks.md). */
    DTAKE__HEADER_MAX_BYTES = 160 << 20, /* tables of 8 million tiles */
    DTAKE__HEADER_MAX_ROUNDS = 200,      /* directories strewn over the file: two or three reads each */
    DTAKE__ETAG_BYTES = 256,
};

#endif
