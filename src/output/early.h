/* Tiles of a GeoTIFF (no COG, no alpha) compressed while the image's other pixels still come. */
#ifndef DTAKE_OUTPUT_EARLY_H
#define DTAKE_OUTPUT_EARLY_H

#include "core/buf.h"
#include "output/encoder.h"

#include <datatake/raster.h>

typedef struct dtake__early dtake__early;

/* Of the size, type and bands of `like`. Masked samples become the nodata, when the type can hold it. NULL:
 * no memory. */
dtake__early *dtake__early_new(const dtake_pixels *like, bool has_nodata, double nodata);
void dtake__early_free(dtake__early *early); /* NULL is fine */

int32_t dtake__early_tile_side(int64_t width, int64_t height);
int64_t dtake__early_across(const dtake__early *early); /* tiles in a row of them */

/* Each tile once, from any worker. `pixels` are the whole image, of which this tile's are final. When a row
 * of tiles is through its samples are gone: their memory is given back. */
dtake_status dtake__early_encode(dtake__early *early, const dtake_pixels *pixels, int64_t tile,
                                 dtake_error *err);

/* For geotiff.c: whether such a file's tiles are these; one of them, moved (empty: it was not encoded). */
bool dtake__early_is(const dtake__early *early, const dtake__tiff_spec *spec, const dtake_pixels *like);
dtake_buf dtake__early_take(dtake__early *early, int64_t tile);

#endif
