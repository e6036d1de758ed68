/* Making the cells of a way. */
#ifndef DTAKE_RASTER_WAY_BUILD_H
#define DTAKE_RASTER_WAY_BUILD_H

#include "raster/way.h"

/* Points (x, y) in output pixels become source pixels; HUGE_VAL what has no source. Longitudes are near those
 * of the first point that has any. */
void dtake__way_points(const dtake__way *way, double *xy, size_t count);

/* Fills and divides cell `index`, whose corner is output pixel (col, row). */
dtake_status dtake__way_fill(dtake__way *way, size_t index, int64_t col, int64_t row, int64_t size,
                             dtake_error *err);

#endif
