/* One image of a job: what to read, where to write, what became of it. */
#ifndef DTAKE_ACCESS_IMAGE_H
#define DTAKE_ACCESS_IMAGE_H

#include <datatake/picture.h>

#include "access/shelf.h"
#include "io/checksum.h"

enum { DTAKE__MAX_SOURCES = 512 }; /* of one image */

typedef struct dtake__source {
    char *href;
    char *name; /* the band as the user called it; "" with band 0 */
    int32_t
        band; /* from 1; 0: all bands of the file; -1: the file knows: `name` is a number or a description */
} dtake__source;

/* One under way; those that wait, and what became of the others, are on shelves. */
typedef struct dtake__image {
    char *id;
    char *asset; /* with raw: its key; else "" */
    char *path;  /* of the output; "" when nothing will be written */
    int64_t time_ns;
    size_t place; /* in the order of the whole job, over all shards */
    dtake__source *source;
    size_t source_count;
    char *checksum;      /* raw: file:checksum, or "" */
    int64_t asset_bytes; /* raw: file:size, or -1 */
    bool has_cloud;
    double cloud_pct;

    /* What became of it. */
    dtake_status status;
    bool skipped;
    char *message; /* NULL: none */
    char *again;   /* of a failure: dtake__again; NULL: none */
    char sha256[DTAKE__SHA256_HEX];
    int64_t bytes, wire_bytes, width, height;
    int32_t requests, retries;
    double seconds;
    dtake_picture *picture; /* instead of a file; NULL: none */
    char *plan; /* explain_only: its part of the plan, a JSON object; NULL: none */
} dtake__image;

/* What a job knows of an image that waits, without taking it down. */
typedef struct dtake__image_key {
    int64_t time_ns;
    uint64_t path_hash; /* 0: no path */
    uint32_t record;    /* on the shelf */
    uint32_t place;
    uint16_t sources, files; /* the latter without those named twice in a row */
    bool remote;             /* its first source is */
} dtake__image_key;

typedef struct dtake__images {
    dtake__image_key *key; /* in the order in which they are taken */
    size_t count, capacity;
    dtake__shelf shelf;
} dtake__images;

/* Puts `image` away and frees it (also when it fails). */
dtake_status dtake__images_add(dtake__images *images, dtake__image *image, dtake_error *err);
/* The caller's. NULL: no memory. `last`: it will not be asked for again. */
dtake__image *dtake__images_take(dtake__images *images, size_t index, bool last);
void dtake__images_fit(dtake__images *images); /* gives back the room for more */
void dtake__images_dispose(dtake__images *images);

/* All of it but its plan; of the sources only the first when `result`. */
dtake_status dtake__image_put(dtake__shelf *shelf, const dtake__image *image, bool result);
dtake__image *dtake__image_get(dtake__shelf *shelf, uint32_t number); /* the caller's; NULL: no memory */

/* "" texts, no sources. NULL: no memory. */
dtake__image *dtake__image_new(const char *id, const char *asset);
bool dtake__image_add_source(dtake__image *image, const char *href, const char *name, int32_t band);
void dtake__image_free(dtake__image *image);

#endif
