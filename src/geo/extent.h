/* How far areas and rasters reach in another CRS. CPU work of a worker. */
#ifndef DTAKE_GEO_EXTENT_H
#define DTAKE_GEO_EXTENT_H

#include "geo/area.h"
#include "geo/output_grid.h"

/* x_min, y_min, x_max, y_max of the whole of `source` in `crs`. What cannot be projected is left out;
 * DTAKE_E_EMPTY when nothing can. Across the antimeridian longitudes go on beyond 180; a raster that holds a
 * pole reaches around the globe. */
dtake_status dtake__source_extent(const dtake__raster_grid *source, const char *crs, double extent[4],
                                  dtake_error *err);

/* The side of a square pixel that keeps the count of pixels along the diagonal of `source`, as gdalwarp
 * chooses it. */
dtake_status dtake__natural_step(const dtake__raster_grid *source, const char *crs, double *step,
                                 dtake_error *err);

/* The outline of the request's box or GeoJSON in its CRS, and what it spans. A box across the antimeridian is
 * one piece, beyond the projection's edge, where the projection allows that. `tolerance` in units of the CRS;
 * 0: a hundred thousandth of the extent. */
dtake_status dtake__area_outline(const dtake__grid_request *request, double tolerance,
                                 dtake__outline *outline, double extent[4], dtake_error *err);

/* Around all polygons of the text. */
dtake_status dtake__geojson_box(const char *geojson, dtake_box *out, dtake_error *err);

#endif
