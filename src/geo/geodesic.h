/* Measures on the ellipsoid, WGS 84. */
#ifndef DTAKE_GEO_GEODESIC_H
#define DTAKE_GEO_GEODESIC_H

#include <datatake/status.h>

typedef struct dtake__geodesic_measure {
    double area_m2;     /* of polygons, holes left out */
    double length_m;    /* of lines; of polygons 0 */
    double perimeter_m; /* of polygons, holes included */
} dtake__geodesic_measure;

/* Of a GeoJSON geometry, edges from point to point. */
dtake_status dtake__geodesic_measure_of(const char *geojson, dtake__geodesic_measure *out, dtake_error *err);

#endif
