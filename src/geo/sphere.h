/* Edges of geometries as great circles, which go the short way. Angles in degrees. */
#ifndef DTAKE_GEO_SPHERE_H
#define DTAKE_GEO_SPHERE_H

#include "geo/geometry.h"

typedef struct dtake__sphere_edge {
    double turn;         /* of longitude, -180..180 */
    double north, south; /* the latitudes it reaches */
    bool over_pole;      /* its ends lie on opposite meridians: it goes over the nearer pole */
    double area;         /* between it and the equator, steradians: east and north count positive */
} dtake__sphere_edge;

dtake__sphere_edge dtake__sphere_edge_of(const double from[2], const double to[2]);

/* A ring written as a box around the globe, 360 degrees wide, means the box: as edges its sides would vanish.
 */
bool dtake__sphere_is_band(const uint8_t *positions, int dims, uint32_t count);

/* What a ring encloses: its smaller side. */
typedef struct dtake__sphere_side {
    bool north_pole, south_pole; /* lie inside; both: it is what lies outside of the ring as it is drawn */
} dtake__sphere_side;

/* From the sums of turns and areas over its edges. */
dtake__sphere_side dtake__sphere_side_of(double turns, double area);

#endif
