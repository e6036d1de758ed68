/* Areas of interest on a grid: boxes and GeoJSON geometries to windows and masks. */
#ifndef DTAKE_GEO_AREA_H
#define DTAKE_GEO_AREA_H

#include <datatake/grid.h>

/* A ring of (x, y) pairs in grid CRS, densified; closed implicitly. */
typedef struct dtake__outline {
    double *xy;
    size_t points;
    size_t *ring_end; /* index behind each ring's last point; even-odd rule over all rings */
    size_t rings;
} dtake__outline;

/* The box's edges (parallels and meridians) densified and projected so that the outline is nowhere more than
 * `tolerance` CRS units off. west > east crosses the antimeridian. CPU work of a worker. */
dtake_status dtake__outline_of_box(dtake_box box, const char *crs, double tolerance, dtake__outline *out,
                                   dtake_error *err);

/* A GeoJSON Geometry, Feature or FeatureCollection of polygons (limits on depth and points); edges densified
 * the same way, straight in longitude and latitude. */
dtake_status dtake__outline_of_geojson(const char *geojson, size_t len, const char *crs, double tolerance,
                                       dtake__outline *out, dtake_error *err);
void dtake__outline_dispose(dtake__outline *outline);

/* The part of the box that can matter to a width x height grid (its surroundings in longitude and latitude),
 * so that whatever is far off, where the projection ends, need not be projected. False: none of it. */
bool dtake__box_near_grid(dtake_box box, const char *crs, const dtake_affine *grid, int64_t width,
                          int64_t height, dtake_box *out);

/* The smallest window holding every pixel of a width x height grid whose centre lies inside. DTAKE_E_EMPTY:
 * none. */
dtake_status dtake__outline_window(const dtake__outline *outline, const dtake_affine *grid, int64_t width,
                                   int64_t height, dtake_window *out, dtake_error *err);

/* Sets mask bytes (window.width * window.height) to 0 where the pixel's centre is outside. DTAKE_E_NOMEM
 * leaves it half done. */
dtake_status dtake__outline_mask(const dtake__outline *outline, const dtake_affine *grid, dtake_window window,
                                 uint8_t *mask);

/* Two GeoJSON geometries (or a geometry and a box): do they share a point? As dtake__prepared_test, planar.
 */
dtake_status dtake__geojson_intersects(const char *a, const char *b, bool *out, dtake_error *err);
dtake_status dtake__geojson_intersects_box(const char *geometry, dtake_box box, bool *out, dtake_error *err);

dtake_affine dtake__affine_shift(const dtake_affine *affine, double col,
                                 double row); /* origin moved by pixels */
dtake_affine dtake__affine_scale(const dtake_affine *affine, double cols,
                                 double rows); /* pixel made that many times larger */
void dtake__affine_apply(const dtake_affine *affine, double col, double row, double *x, double *y);
double dtake__affine_side(const dtake_affine *affine); /* of a square as large as a pixel */
bool dtake__affine_invert(const dtake_affine *affine, dtake_affine *out); /* false: singular */

#endif
