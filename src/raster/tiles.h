/* Decoded tiles into the pixels of a window. Pure CPU work; different tiles on different threads at once. */
#ifndef DTAKE_RASTER_TILES_H
#define DTAKE_RASTER_TILES_H

#include "format/tiff.h"
#include "raster/plan.h"

/* Where validity comes from: the first that a raster has. */
typedef enum dtake__mask_source {
    DTAKE__MASK_NONE,
    DTAKE__MASK_DIRECTORY,
    DTAKE__MASK_NODATA,
    DTAKE__MASK_ALPHA,
} dtake__mask_source;

typedef struct dtake__canvas {
    const dtake__tiff_dir *dir, *mask_dir; /* mask_dir: only with DTAKE__MASK_DIRECTORY */
    dtake_window window;
    const int32_t *bands; /* of the file, from 1; as many as pixels.bands */
    dtake_pixels pixels;  /* allocated */
    dtake__mask_source mask_source;
    double fill; /* of pixels that are not in the file: nodata, or 0 */
} dtake__canvas;

/* Decodes on the thread's scratch and copies what lies in the window. */
dtake_status dtake__canvas_tile(const dtake__canvas *canvas, const dtake__planned_tile *tile,
                                const uint8_t *bytes, size_t len, dtake_error *err);

/* A tile the file leaves out. */
void dtake__canvas_sparse(const dtake__canvas *canvas, const dtake__planned_tile *tile);

/* What lies past the edge of the image. */
void dtake__canvas_outside(const dtake__canvas *canvas);
bool dtake__canvas_has_outside(const dtake__tiff_dir *dir, dtake_window window);

/* Whether `nodata` can occur in samples of the type. */
bool dtake__nodata_fits(dtake_type type, double nodata);

#endif
