/* Puts an outline together ring by ring: edges straight in longitude and latitude, densified and projected.
 */
#ifndef DTAKE_GEO_OUTLINE_H
#define DTAKE_GEO_OUTLINE_H

#include "geo/area.h"

typedef struct dtake__outliner {
    const char *crs;
    double tolerance; /* CRS units, > 0 */
    bool geographic;  /* x is a longitude: rings are repeated 360 degrees to both sides */
    bool seam;        /* the projection is torn at 180 degrees */
    dtake__outline outline;
    size_t point_cap, ring_cap;
} dtake__outliner;

dtake_status dtake__outliner_begin(dtake__outliner *outliner, const char *crs, double tolerance,
                                   dtake_error *err);

/* `lonlat`: `points` pairs, closed implicitly; a repeated last point is dropped. */
dtake_status dtake__outliner_ring(dtake__outliner *outliner, const double *lonlat, size_t points,
                                  dtake_error *err);

/* Moves the result out. */
void dtake__outliner_finish(dtake__outliner *outliner, dtake__outline *out);
void dtake__outliner_dispose(dtake__outliner *outliner);

#endif
