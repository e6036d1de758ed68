/* One tile: decompress, undo the predictor, host byte order. */
#ifndef DTAKE_FORMAT_TILE_H
#define DTAKE_FORMAT_TILE_H

#include "format/tiff.h"

/* Codec contexts for one thread at a time. */
typedef struct dtake__decoder dtake__decoder;
dtake__decoder *dtake__decoder_new(void); /* NULL: no memory */
void dtake__decoder_free(dtake__decoder *decoder);

/* Rows of tile `index` that hold image rows: tile_height, less in the last strip. */
int32_t dtake__tile_rows(const dtake__tiff_dir *dir, int64_t index);

/* Samples a pixel inside one tile: dir->bands, or 1 when planar. */
int32_t dtake__tile_samples(const dtake__tiff_dir *dir);

/* Bytes of a decoded tile: tile_width * rows * samples * bytes of dir->type (1-bit masks become bytes 0 and
 * 255). */
size_t dtake__tile_decoded_bytes(const dtake__tiff_dir *dir, int64_t index);

/* Whether it can be decoded here, whatever its bytes: DTAKE_E_UNSUPPORTED with the reason in words. */
dtake_status dtake__tile_supported(const dtake__tiff_dir *dir, dtake_error *err);

/* Decodes into out (dtake__tile_decoded_bytes of it, pixel-interleaved when chunky). The decoded size must be
 * exact: DTAKE_E_FORMAT otherwise; only a last strip may hold the rows of a whole one. What is not supported:
 * DTAKE_E_UNSUPPORTED. */
dtake_status dtake__tile_decode(dtake__decoder *decoder, const dtake__tiff_dir *dir, int64_t index,
                                const uint8_t *bytes, size_t len, void *out, dtake_error *err);

#endif
