/* One GeoTIFF or COG: tiles compressed in any order, then laid out and stored. Every call is work of a
 * worker. */
#ifndef DTAKE_OUTPUT_GEOTIFF_H
#define DTAKE_OUTPUT_GEOTIFF_H

#include "output/output.h"

typedef struct dtake__geotiff dtake__geotiff;

/* Takes output->pixels (also on failure), makes the overviews and reads the CRS. `output` stays until close.
 */
dtake_status dtake__geotiff_open(dtake__geotiff **out, dtake__output *output, dtake_error *err);
int64_t dtake__geotiff_tiles(const dtake__geotiff *tiff); /* of all levels and masks */

/* Each tile once, from any worker. */
dtake_status dtake__geotiff_encode(dtake__geotiff *tiff, int64_t tile, dtake_error *err);

/* When all tiles are encoded. The pixels are freed first. */
dtake_status dtake__geotiff_store(dtake__geotiff *tiff, dtake__written *written, dtake_error *err);
/* The same into memory; without the digest of a receipt. */
dtake_status dtake__geotiff_append(dtake__geotiff *tiff, dtake_buf *out, dtake_error *err);
void dtake__geotiff_close(dtake__geotiff *tiff); /* NULL is fine */

#endif
