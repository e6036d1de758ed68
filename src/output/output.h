/* Writers of rasters: pixels in, a finished file out. */
#ifndef DTAKE_OUTPUT_OUTPUT_H
#define DTAKE_OUTPUT_OUTPUT_H

#include <datatake/get.h>
#include <datatake/raster.h>

#include "core/buf.h"
#include "io/checksum.h"
#include "io/tally.h"

/* Zero-initialise. Pointers are borrowed until `done`, but pixels are taken. */
typedef struct dtake__output {
    const char *path;
    dtake_file_format format;
    dtake_pixels pixels; /* taken when dtake__output_start returns DTAKE_OK, freed before `done` */
    bool has_transform;
    dtake_affine transform;
    const char *crs; /* "EPSG:n", WKT or "" */
    bool has_nodata; /* the source's; masked pixels are written as it. Without: a mask band, alpha for RGB and
                        PNG; JPEG: black, NPY: 0 */
    double nodata;
    bool rgb;        /* three bands are red, green, blue */
    bool visualized; /* one band of uint8 is a picture, not classes: overviews are means, not nearest */
    const char *const *band_names; /* one a band; NULL: none */
    const char *metadata;          /* key=value lines; NULL: none */
    const char *receipt; /* with DTAKE__STAMP_END (output/stamp.h): into a TIFF, beside a PNG; NULL: none */
    int64_t time_ns;     /* of acquisition, for TIFFTAG_DATETIME; INT64_MIN or 0: none */
    int jpeg_quality;    /* 1 to 100; 0: the default, 90 */
    int deflate_level;   /* of GeoTIFF and COG: 1 (fast) to 12 (small); 0: the default, which is fast */
    struct dtake__early
        *early; /* the image's tiles (output/early.h), taken like the pixels, whose samples may
                   then be gone; only a GeoTIFF of the default level without alpha. NULL: none */
    bool replace;
    uint64_t order;
    dtake__tally *tally; /* cpu_us is added */
} dtake__output;

typedef struct dtake__written {
    int64_t bytes;
    char sha256[DTAKE__SHA256_HEX];
} dtake__written;

typedef void (*dtake__output_fn)(dtake_status status, const dtake__written *written, const dtake_error *err,
                                 void *ctx);

/* GeoTIFF, COG and NPY take any type and number of bands; PNG takes 1 or 3 bands of uint8, or 1 of uint16,
 * JPEG 1 or 3 bands of uint8, else DTAKE_E_USAGE. A nodata the type cannot hold counts as none. Failures name
 * the path. Tiles are compressed on the workers, all at once; then part file, fsync, rename. The same pixels
 * give the same bytes on every machine, however many workers there are. `done` on the loop thread. */
dtake_status dtake__output_start(dtake_runtime *runtime, dtake__output *output, dtake_error *err,
                                 dtake__output_fn done, void *ctx);

/* Bytes the writer holds at most besides the pixels, for the budget. */
int64_t dtake__output_bytes(const dtake__output *output);

/* A whole file in memory, in place of `path`, which only names it in messages; no receipt. Takes the pixels
 * in any case; `out` states its limit. CPU work of the calling thread. */
dtake_status dtake__output_encode(dtake__output *output, dtake_buf *out, dtake_error *err);

/* "tif", "png", "jpg" or "npy". */
const char *dtake__output_extension(dtake_file_format format);

#endif
