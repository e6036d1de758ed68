/* Geometries of a graph. */
#ifndef DTAKE_RASTER_EVAL_SHAPE_H
#define DTAKE_RASTER_EVAL_SHAPE_H

#include "geo/area.h"
#include "geo/prepared.h"
#include "raster/eval_value.h"

/* A dictionary that is a GeoJSON geometry or feature; edges are straight in longitude and latitude. */
dtake_status dtake__figure_of_geojson(dtake__eval *eval, const dtake__value *dict, const dtake__figure **out,
                                      dtake_error *err);
/* Of GeoJSON text. */
dtake_status dtake__figure_of_text(dtake__eval *eval, const char *geojson, const dtake__figure **out,
                                   dtake_error *err);
/* All geometries of a collection as one. */
dtake_status dtake__figure_join(dtake__eval *eval, const dtake__value *collection, const dtake__figure **out,
                                dtake_error *err);

/* Rings (closed) or lines, each the pairs up to part_end. Copies; geodesic edges of longitude and latitude
 * are densified. `crs` NULL: longitude and latitude. */
dtake_status dtake__figure_make(dtake__eval *eval, const char *crs, bool geodesic, bool closed,
                                const double *xy, const size_t *part_end, size_t parts,
                                const dtake__figure **out, dtake_error *err);

/* The polygons' outline in a grid's CRS. DTAKE_E_EMPTY: no polygons. */
dtake_status dtake__figure_outline(const dtake__figure *shape, const dtake__raster_grid *grid,
                                   dtake__outline *out, dtake_error *err);

/* GeoJSON of the whole shape in longitude and latitude, edges densified; NULL: told. Made once. */
const char *dtake__figure_degrees(dtake__eval *eval, const dtake__figure *shape, dtake_error *err);

/* Does the relation of a to b hold? In longitude and latitude; a thousandth of a second for large ones. */
dtake_status dtake__figure_relate(dtake__eval *eval, const dtake__figure *a, const dtake__figure *b,
                                  dtake__relation relation, bool *out, dtake_error *err);
/* Metres on the ellipsoid, 0 where they meet. */
dtake_status dtake__figure_distance(dtake__eval *eval, const dtake__figure *a, const dtake__figure *b,
                                    double *out_m, dtake_error *err);

/* Appends the bands of `more` to an image that has room, names made different. */
dtake_status dtake__image_append(dtake__eval *eval, dtake__image_value *image, const dtake__image_value *more,
                                 dtake_error *err);

#endif
