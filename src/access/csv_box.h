/* Boxes of another CRS as polygons in longitude and latitude, and what they are made of. */
#ifndef DTAKE_ACCESS_CSV_BOX_H
#define DTAKE_ACCESS_CSV_BOX_H

#include "core/buf.h"
#include "core/span.h"

#define DTAKE__CSV_LON_LAT "EPSG:4326"

typedef struct dtake__csv_boxes dtake__csv_boxes;

/* `crs` must live as long. */
dtake_status dtake__csv_boxes_new(dtake__csv_boxes **out, const char *crs, dtake_error *err);
void dtake__csv_boxes_free(dtake__csv_boxes *boxes); /* NULL is fine */

/* The outline of min x, min y, max x, max y as WKB, with as many points on each edge as it takes. *out is
 * good until the next call. */
dtake_status dtake__csv_boxes_make(dtake__csv_boxes *boxes, const double box[4], dtake__span *out,
                                   dtake_error *err);

/* Points to longitude and latitude, in place. DTAKE_E_FORMAT: one lies outside of the CRS. */
dtake_status dtake__csv_transform(dtake__csv_boxes *boxes, double *xy, int points, dtake_error *err);

#endif
