/* The geometry of a row: what an expression makes, in longitude and latitude, as WKB. */
#ifndef DTAKE_ACCESS_CSV_GEOMETRY_H
#define DTAKE_ACCESS_CSV_GEOMETRY_H

#include "core/buf.h"
#include "core/span.h"
#include "format/row_expression.h"

typedef struct dtake__csv_geometry dtake__csv_geometry;

/* `crs` NULL: longitude and latitude already. DTAKE_E_USAGE: there is no such CRS. */
dtake_status dtake__csv_geometry_new(dtake__csv_geometry **out, const char *crs, dtake_error *err);
void dtake__csv_geometry_free(dtake__csv_geometry *geometry); /* NULL is fine */

/* *out is the maker's until its next call; empty for a null. A box of another CRS becomes the polygon of its
 * outline, with as many points on each edge as it takes to stay within 0.00001 degrees (about a metre) of it.
 */
dtake_status dtake__csv_geometry_make(dtake__csv_geometry *geometry, const dtake__row_value *value,
                                      dtake__span *out, dtake_error *err);

#endif
