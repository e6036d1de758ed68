/* What value:compute answers: {"result": ...}. Texts of strangers: everything has limits, and what does not
 * look like Earth Engine is DTAKE_E_REMOTE. */
#ifndef DTAKE_SOURCES_EARTHENGINE_ANSWER_H
#define DTAKE_SOURCES_EARTHENGINE_ANSWER_H

#include <datatake/table.h>

#include "core/buf.h"
#include "sources/earthengine/item.h"

enum { DTAKE__EE_MAX_IMAGES = 5000 }; /* of one answer: the service's own limit */

/* *result points into the body. */
dtake_status dtake__ee_answer_result(const dtake_buf *body, dtake__span *result, dtake_error *err);
/* Numbers of a list; what is none is NAN. *count: up to `most`. */
dtake_status dtake__ee_answer_numbers(dtake__span result, double *out, size_t most, size_t *count,
                                      dtake_error *err);

/* The images of a collection; `features` points into the result. */
typedef struct dtake__ee_image {
    dtake__span text;
    dtake__ee_image_facts facts;
} dtake__ee_image;

typedef struct dtake__ee_images {
    dtake__ee_image *at;
    size_t count;
    char title[200];
} dtake__ee_images;

/* *out is the caller's to dispose of on success. One image by itself is a list of one. */
dtake_status dtake__ee_images_read(dtake__ee_images *out, dtake__span result, dtake_error *err);
void dtake__ee_images_dispose(dtake__ee_images *images);

/* The schema that items of these images have: as the embedded catalogue would make it. *cloud: see
 * dtake__ee_names. */
dtake_status dtake__ee_schema_make(const dtake__ee_origin *from, const dtake__ee_images *images,
                                   dtake_schema **schema, const char **cloud, dtake_error *err);

/* Rows of images [first, end) under that schema, with ids, in the order of time, then id (or backwards).
 * NULL: there are none. */
dtake_status dtake__ee_rows_make(const dtake__ee_origin *from, const dtake__ee_images *images, size_t first,
                                 size_t end, const dtake_schema *schema, bool descending, dtake_batch **out,
                                 dtake_error *err);

#endif
