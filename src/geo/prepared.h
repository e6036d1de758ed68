/* An area made ready to be compared with many geometries. */
#ifndef DTAKE_GEO_PREPARED_H
#define DTAKE_GEO_PREPARED_H

#include "geo/geometry.h"

typedef enum dtake__relation { /* of the area to the geometry, as OGC Simple Features define them */
                               DTAKE__INTERSECTS,
                               DTAKE__DISJOINT,
                               DTAKE__CONTAINS, /* the area contains the geometry; what lies on its edge alone
                                                   is not contained */
                               DTAKE__WITHIN,   /* the area lies within the geometry */
                               DTAKE__EQUALS,
                               DTAKE__TOUCHES,
                               DTAKE__CROSSES,
                               DTAKE__OVERLAPS,
} dtake__relation;

/* Spherical edges are replaced by chords in longitude and latitude that stay this near the great circle, or
 * within this share of the edge's length where that is more. */
#define DTAKE__SPHERE_TOLERANCE_M 0.1
#define DTAKE__SPHERE_TOLERANCE   1e-7

typedef struct dtake__prepared dtake__prepared;

/* `area` may be gone afterwards. Planar: edges are straight in longitude and latitude, as written; an area
 * with points on both -180 and 180, or beyond, is closed there. Spherical: great circles on the sphere; a
 * ring's inside is its smaller side. Z and M are ignored. Invalid areas are mended. */
dtake_status dtake__prepared_new(dtake__prepared **out, const dtake__geometry *area, dtake_edges edges,
                                 dtake_error *err);
/* A box is bounded by parallels and meridians in both readings. */
dtake_status dtake__prepared_new_box(dtake__prepared **out, dtake_box box, dtake_edges edges,
                                     dtake_error *err);
void dtake__prepared_free(dtake__prepared *prepared);

/* Holds the area: geometries whose dtake__geometry_box does not meet it are disjoint. */
dtake_box dtake__prepared_box(const dtake__prepared *prepared);

/* Does the relation hold? An empty geometry is disjoint from all. By one thread at a time. */
dtake_status dtake__prepared_test(dtake__prepared *prepared, dtake__relation relation,
                                  const dtake__geometry *geometry, bool *out, dtake_error *err);

#endif
