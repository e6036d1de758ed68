/* Boxes around geometries, for leaving out what cannot meet an area. They hold under both readings of edges.
 */
#ifndef DTAKE_CATALOG_EXTENT_H
#define DTAKE_CATALOG_EXTENT_H

#include "geo/geometry.h"

#include <math.h>

/* Extents as written: min x, min y, max x, max y. */
typedef enum dtake__extent_kind {
    DTAKE__EXTENT_NONE,  /* no position */
    DTAKE__EXTENT_PLAIN, /* its cover follows from the numbers */
    DTAKE__EXTENT_ODD,   /* reaches around the globe, a pole or the antimeridian: ask src/geo */
} dtake__extent_kind;

/* A great circle between two points of at most 20 degrees of longitude apart bulges towards the pole by less
 * than distance^2 / 14 radians: atan(tan(lat) / cos(d / 2)) <= lat + (1 / cos(d / 2) - 1) / 2. */
static inline dtake__extent_kind dtake__extent_cover(const double extent[4], dtake_box *out)
{
    double width = extent[2] - extent[0], bulge = width * width * 0.00124665;
    if (!(extent[0] <= extent[2]))
        return DTAKE__EXTENT_NONE;
    if (!(width <= 20) || !(extent[0] > -180) || !(extent[2] < 180) || !(extent[1] > -89) ||
        !(extent[3] < 89))
        return width == 0 && fabs(extent[0]) < 180
                   ? (*out = (dtake_box){ extent[0], extent[1], extent[2], extent[3] }, DTAKE__EXTENT_PLAIN)
                   : DTAKE__EXTENT_ODD;
    *out = (dtake_box){ extent[0], extent[1] > 0 ? extent[1] : extent[1] - bulge, extent[2],
                        extent[3] < 0 ? extent[3] : extent[3] + bulge };
    return DTAKE__EXTENT_PLAIN;
}

/* Many boxes joined. */
typedef struct dtake__cover {
    bool any;
    dtake_box box;
} dtake__cover;

void dtake__cover_add(dtake__cover *cover, dtake_box box);

/* The box of one geometry; false: it has no position. */
bool dtake__cover_of(const uint8_t *wkb, size_t len, dtake_box *out);

/* Place along Hilbert's curve of order 16 over the globe. */
uint32_t dtake__hilbert(double lon, double lat);

#endif
