/* The body of a request for pixels, tables or values: what is asked for, of which graph. */
#ifndef DTAKE_SERVER_EARTHENGINE_REQUEST_H
#define DTAKE_SERVER_EARTHENGINE_REQUEST_H

#include "core/span.h"
#include "core/strings.h"

#include <datatake/get.h>

typedef enum dtake__ee_format {
    DTAKE__EE_AUTO,
    DTAKE__EE_JPEG,
    DTAKE__EE_PNG,
    DTAKE__EE_NPY,
    DTAKE__EE_GEO_TIFF,
    DTAKE__EE_ZIPPED,
    DTAKE__EE_ZIPPED_PER_BAND,
    DTAKE__EE_CSV, /* of tables */
    DTAKE__EE_JSON,
    DTAKE__EE_GEO_JSON,
} dtake__ee_format;

/* Zero-initialise. Spans point into the body. */
typedef struct dtake__ee_request {
    dtake__span expression; /* JSON; empty: none */
    dtake__span region;     /* GeoJSON; likewise */
    dtake__ee_format format;
    dtake__strings bands; /* none: all */
    char prefix[128];     /* of files in archives; "" */
    bool has_size, has_transform;
    int64_t width, height;
    dtake_affine transform;
    char *crs; /* NULL: the image's own */
    bool visualizes;
    dtake_visualize visualize;
    int64_t page_size; /* 0: not given */
    char page_token[128];
    dtake__strings selectors;
} dtake__ee_request;

/* DTAKE_E_USAGE, DTAKE_E_FORMAT as the service says it. To be disposed of in any case. */
dtake_status dtake__ee_request_read(dtake__ee_request *out, dtake__span body, dtake_error *err);
void dtake__ee_request_dispose(dtake__ee_request *request);

#endif
