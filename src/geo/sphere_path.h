/* Great circles as chords in longitude and latitude: longitudes run on beyond +-180 instead of jumping. */
#ifndef DTAKE_GEO_SPHERE_PATH_H
#define DTAKE_GEO_SPHERE_PATH_H

#include "geo/wkb.h"

typedef struct dtake__sphere_path { /* zero-initialise */
    double *xy;
    size_t points, cap;
    double turns; /* of longitude from the first point to the last; of a ring 0 or about +-360 */
    double area;  /* sum of dtake__sphere_edge.area */
} dtake__sphere_path;

/* Replaces what the path held. The first point is at its own longitude. */
dtake_status dtake__sphere_path_of(dtake__sphere_path *path, const dtake__wkb_head *head,
                                   const uint8_t *positions, uint32_t count, dtake_error *err);
dtake_status dtake__sphere_path_add(dtake__sphere_path *path, double lon, double lat, dtake_error *err);
void dtake__sphere_path_dispose(dtake__sphere_path *path);

#endif
