/* Geometries of a graph in GEOS's hands and back. */
#ifndef DTAKE_RASTER_EVAL_GEOS_H
#define DTAKE_RASTER_EVAL_GEOS_H

#include "geo/geos.h"
#include "raster/eval_value.h"

enum { DTAKE__GEOS_PLANE_BYTES = 96 };

/* A CRS whose distances from a place are true. */
void dtake__geos_plane(char *out, size_t size, double lon, double lat);
/* The middle of its box in longitude and latitude. */
dtake_status dtake__figure_middle(const dtake__figure *shape, double *lon, double *lat, dtake_error *err);

/* In the plane of a CRS, edges densified; "EPSG:4326": as longitude and latitude. To be destroyed. */
dtake_status dtake__figure_to_geos(dtake__eval *eval, const dtake__figure *shape, const char *crs,
                                   GEOSGeometry **out, dtake_error *err);
/* From the plane of a CRS to longitude and latitude. Takes the geometry; NULL is a failure of GEOS. */
dtake_status dtake__figure_of_geos(dtake__eval *eval, GEOSGeometry *geometry, const char *crs,
                                   const dtake__figure **out, dtake_error *err);

#endif
