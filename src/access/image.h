/* One image of a job: what to read, where to write, what became of it. */
#ifndef DTAKE_ACCESS_IMAGE_H
#define DTAKE_ACCESS_IMAGE_H

#include <datatake/get.h>

#include "io/checksum.h"

typedef struct dtake__source {
    char *href;
    char *name; /* the band as the user called it; "" with band 0 */
    int32_t
        band; /* from 1; 0: all bands of the file; -1: the file knows: `name` is a number or a description */
} dtake__source;

/* Small, since a job keeps one for every item: items themselves are forgotten once this is made of them. */
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

    /* What became of it; written once, under the job's lock. */
    dtake_status status;
    bool finished, skipped;
    char *message; /* NULL: none */
    char *again;   /* of a failure: dtake__again; NULL: none */
    char sha256[DTAKE__SHA256_HEX];
    int64_t bytes, wire_bytes, width, height;
    int32_t requests, retries;
    double seconds;
    char *plan; /* explain_only: its part of the plan, a JSON object; NULL: none */
} dtake__image;

typedef struct dtake__images {
    dtake__image **image; /* each allocated by itself: pointers stay */
    size_t count, capacity;
} dtake__images;

/* Takes `image` (also when it fails). */
dtake_status dtake__images_add(dtake__images *images, dtake__image *image, dtake_error *err);
void dtake__images_dispose(dtake__images *images);

/* "" texts, no sources. NULL: no memory. */
dtake__image *dtake__image_new(const char *id, const char *asset);
bool dtake__image_add_source(dtake__image *image, const char *href, const char *name, int32_t band);
void dtake__image_free(dtake__image *image);

#endif
