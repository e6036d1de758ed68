/* GEOS with one context a thread, and our geometries as its own. */
#ifndef DTAKE_GEO_GEOS_H
#define DTAKE_GEO_GEOS_H

#include "geo/geometry.h"

#include <geos_c.h>

/* The thread's context, silent; ended with the thread. Geometries may go from thread to thread, each used
 * with the context of the thread it is on. NULL: no memory. */
GEOSContextHandle_t dtake__geos(void);

/* In two dimensions. Empty points are left out of multipoints. */
dtake_status dtake__geos_make(GEOSContextHandle_t geos, const dtake__geometry *geometry, GEOSGeometry **out,
                              dtake_error *err);

/* The same with edges on the sphere, as chords that stay near the great circles (DTAKE__SPHERE_TOLERANCE_M).
 * Each part begins at a longitude of -180 to 180 and goes on beyond 180 where it must; what holds a pole
 * reaches to latitude +-`pole_lat`. A point at a pole is the line of all longitudes there. */
dtake_status dtake__geos_make_spherical(GEOSContextHandle_t geos, const dtake__geometry *geometry,
                                        double pole_lat, GEOSGeometry **out, dtake_error *err);

/* The geometry itself when it is valid, else a mended one, NULL when that fails or its rings cross more than
 * a thousand times. Takes `geometry`. */
GEOSGeometry *dtake__geos_mend(GEOSContextHandle_t geos, GEOSGeometry *geometry);
/* Do the rings of both cross so often (100,000 times) that what they have in common takes GEOS more than
 * seconds? */
bool dtake__geos_cross_often(GEOSContextHandle_t geos, const GEOSGeometry *a, const GEOSGeometry *b);

#endif
