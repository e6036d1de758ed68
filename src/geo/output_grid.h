/* The grid of an output that has been asked for in words: any CRS, resolution, extent. CPU work of a worker.
 */
#ifndef DTAKE_GEO_OUTPUT_GRID_H
#define DTAKE_GEO_OUTPUT_GRID_H

#include <datatake/grid.h>

typedef struct dtake__raster_grid {
    const char *crs; /* borrowed */
    dtake_affine transform;
    int64_t width, height;
} dtake__raster_grid;

/* Zero-initialise; pointers are borrowed. */
typedef struct dtake__grid_request {
    const char *crs;       /* anything PROJ reads; not "utm", see dtake__crs_utm */
    double scale_m;        /* metres a pixel (along the equator in degrees); 0: not given */
    double res_x, res_y;   /* units of the CRS; 0: not given */
    int64_t width, height; /* pixels; 0: not given, one of them follows from the other */
    bool has_extent;       /* x_min, y_min, x_max, y_max in units of the CRS: the outer edges of pixels */
    double extent[4];
    bool align; /* the extent is widened to whole multiples of the resolution (GDAL's -tap) */
    bool has_box;
    dtake_box box;       /* without an extent: longitude and latitude */
    const char *geojson; /* or the area of this */
} dtake__grid_request;

/* With an extent, its pixels begin at (x_min, y_max) and there are as many as fit best, as gdalwarp counts.
 * With a box or an area, and a resolution, pixel edges lie on multiples of it: the same pixels whatever the
 * box; the grid holds those whose centre lies inside. With neither, it covers `source`, from its corner.
 * Without resolution and size, pixels are such that the diagonal of `source` keeps its count of them.
 * DTAKE_E_USAGE, DTAKE_E_EMPTY (no pixel), DTAKE_E_LIMIT (more than 2^31 a side). */
dtake_status dtake__output_grid_make(dtake__raster_grid *out, const dtake__grid_request *request,
                                     const dtake__raster_grid *source, dtake_error *err);

/* "EPSG:326nn" or "EPSG:327nn", the zone of a place, Norway's and Svalbard's wider ones included. */
enum { DTAKE__UTM_BYTES = 16 };
void dtake__crs_utm(char out[DTAKE__UTM_BYTES], double lon, double lat);

/* The longitude and latitude of the middle of what is asked for: box, area, extent's grid, else the source.
 */
dtake_status dtake__output_grid_middle(const dtake__grid_request *request, const dtake__raster_grid *source,
                                       double *lon, double *lat, dtake_error *err);

#endif
