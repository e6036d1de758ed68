/* Plain values about where pixels are: boxes, windows, affine transforms. */
#ifndef DATATAKE_GRID_H
#define DATATAKE_GRID_H

#include <datatake/status.h>

/* Longitude and latitude in degrees (WGS 84). west > east crosses the antimeridian. */
typedef struct dtake_box {
    double west, south, east, north;
} dtake_box;

/* How the edge between two points of a geometry runs. */
typedef enum dtake_edges {
    DTAKE_EDGES_PLANAR,    /* straight in longitude and latitude */
    DTAKE_EDGES_SPHERICAL, /* the great circle, the short way */
} dtake_edges;

/* Columns and rows count from the top-left pixel, starting at 0. */
typedef struct dtake_window {
    int64_t col, row;      /* top-left corner, pixels */
    int64_t width, height; /* pixels, both > 0 */
} dtake_window;

/* x = x0 + col * col_x + row * row_x;  y = y0 + col * col_y + row * row_y.
 * (col, row) = (0, 0) is the outer corner of the top-left pixel; its centre is at (0.5, 0.5). CRS units. */
typedef struct dtake_affine {
    double x0, col_x, row_x;
    double y0, col_y, row_y;
} dtake_affine;

/* How pixels of one grid become pixels of another. Names as GDAL's; DTAKE_NEAREST is 0. */
#define DTAKE_RESAMPLING_MAP(X)                                                                              \
    X(NEAREST, "nearest")                                                                                    \
    X(BILINEAR, "bilinear")                                                                                  \
    X(CUBIC, "cubic")                                                                                        \
    X(AVERAGE, "average")                                                                                    \
    X(LANCZOS, "lanczos")                                                                                    \
    X(MODE, "mode")

typedef enum dtake_resampling {
#define DTAKE_RESAMPLING_ENUM(name, text) DTAKE_##name,
    DTAKE_RESAMPLING_MAP(DTAKE_RESAMPLING_ENUM)
#undef DTAKE_RESAMPLING_ENUM
} dtake_resampling;

DTAKE_API const char *dtake_resampling_name(dtake_resampling resampling);

/* Also "near" and "bicubic". DTAKE_E_USAGE lists the names. */
DTAKE_API dtake_status dtake_resampling_parse(const char *text, dtake_resampling *out, dtake_error *err);

/* Reads "W,S,E,N" (also with spaces). DTAKE_E_USAGE names what is wrong: four numbers, |lon| <= 180,
 * |lat| <= 90, south < north. */
DTAKE_API dtake_status dtake_box_parse(const char *text, dtake_box *out, dtake_error *err);

#endif
