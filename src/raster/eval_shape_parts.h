/* Rings and lines while a geometry is put together. */
#ifndef DTAKE_RASTER_EVAL_SHAPE_PARTS_H
#define DTAKE_RASTER_EVAL_SHAPE_PARTS_H

#include "format/json_write.h"
#include "raster/eval_value.h"

enum { DTAKE__SHAPE_MAX_TEXT = 64 << 20 };

typedef struct dtake__shape_parts {
    double *xy;
    size_t points, point_room;
    size_t *end, count, room;
    bool closed;
} dtake__shape_parts;

dtake_status dtake__shape_point(dtake__shape_parts *parts, double x, double y, dtake_error *err);
dtake_status dtake__shape_end_part(dtake__shape_parts *parts, dtake_error *err);
void dtake__shape_parts_dispose(dtake__shape_parts *parts);

/* A figure of copies; `crs` and `area` stay the caller's. */
dtake_status dtake__shape_keep(dtake__eval *eval, const dtake__shape_parts *parts, const char *crs,
                               const char *area, const dtake__figure **out, dtake_error *err);
void dtake__shape_write_rings(dtake__json *json, const dtake__shape_parts *parts);
/* A copy that lives as long as the evaluation; NULL: no memory. */
const char *dtake__shape_text(dtake__eval *eval, const dtake_buf *text);

#endif
