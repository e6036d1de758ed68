/* Rows of pixel centres through an outline: which columns are inside. */
#ifndef DTAKE_GEO_SCAN_H
#define DTAKE_GEO_SCAN_H

#include "geo/area.h"

typedef struct dtake__scan_edge {
    double u0, v0, u1, v1; /* in pixels, v0 < v1 */
} dtake__scan_edge;

typedef struct dtake__scan {
    dtake__scan_edge *edge; /* by v0 */
    size_t edges, next;
    size_t *active;
    size_t active_count;
    double *cross; /* columns where the row last asked for crosses the outline, sorted */
    size_t cross_count;
    double first_v, end_v; /* rows outside of these cross nothing */
} dtake__scan;

dtake_status dtake__scan_init(dtake__scan *scan, const dtake__outline *outline, const dtake_affine *grid,
                              dtake_error *err);
void dtake__scan_dispose(dtake__scan *scan);

/* Rows must be asked for in rising order. Pixels [first[i], end[i]) with first from cross[2i], end from
 * cross[2i + 1] by dtake__scan_column are inside. */
void dtake__scan_row(dtake__scan *scan, int64_t row);

/* First column whose centre is at or right of `u`, within 0..width. A centre on the line belongs to the area
 * right of it: neighbours share no pixel. */
int64_t dtake__scan_column(double u, int64_t width);

#endif
