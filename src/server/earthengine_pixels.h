/* From an image of a graph to the bytes of a file: its grid, the service's limits, its formats. */
#ifndef DTAKE_SERVER_EARTHENGINE_PIXELS_H
#define DTAKE_SERVER_EARTHENGINE_PIXELS_H

#include "access/evaluate.h"
#include "server/earthengine_flights.h"
#include "server/earthengine_request.h"

typedef struct dtake__ee_image_request {
    const dtake__ee_request *request;
    const dtake__raster_grid *grid; /* of a map's tile; NULL: the request's, or the image's own */
    int64_t side_max;               /* pixels */
    int64_t max_pixels;             /* in all; 0: no limit of its own */
} dtake__ee_image_request;

/* The image that `node` is, as the request has it. DTAKE_E_USAGE, DTAKE_E_LIMIT as the service says it. */
dtake_status dtake__ee_pixels(dtake__evaluation *evaluation, dtake__node node,
                              const dtake__ee_image_request *request, dtake__ee_landed *out,
                              dtake_error *err);

#endif
