/* Values to TIFF bytes: tiles compressed one by one, directories laid out around them. No I/O. */
#ifndef DTAKE_FORMAT_TIFF_WRITE_H
#define DTAKE_FORMAT_TIFF_WRITE_H

#include "core/buf.h"
#include "format/tiff.h"

/* GDAL's COG readers find a tile's size before it and its last bytes once more behind it. dtake__tile_encode
 * writes both, dtake__tiff_layout leaves them out of what the directory says. */
enum { DTAKE__COG_LEADER_BYTES = 4, DTAKE__COG_TRAILER_BYTES = 4 };

typedef struct dtake__tiff_level {
    int64_t width, height;
    uint64_t *tile_bytes; /* of each tile as dtake__tile_encode appended it, row by row; the caller's */
    int64_t tile_count;
    uint64_t *tile_first; /* where those bytes go; filled by the layout; the caller's */
    bool is_mask;         /* 1 sample of 8 bits, subfile type mask */
} dtake__tiff_level;

/* What is the same on all levels. */
typedef struct dtake__tiff_spec {
    int32_t tile_side; /* pixels, multiple of 16 */
    int32_t bands;
    dtake_type type;
    int32_t compression; /* DTAKE__TIFF_NONE, DEFLATE or ZSTD */
    int32_t predictor;   /* 1, 2 (integers), 3 (floats) */
    bool rgb;            /* photometric RGB (3 or 4 bands of uint8 or uint16), else black is zero */
    bool alpha;          /* the last band is alpha */
    bool has_transform;
    dtake_affine transform; /* north up is written as scale and tie point, else as a matrix */
    int32_t epsg;           /* 0: see crs_wkt */
    const char *crs_wkt; /* used when epsg is 0: written as user-defined citation with ESRI-style PE string;
                            NULL: no CRS */
    bool geographic;     /* model type of the CRS */
    bool has_nodata;
    double nodata;
    const char *const *band_names; /* NULL: none */
    const char *description;       /* ImageDescription; NULL: none */
    const char *datetime;          /* "YYYY:MM:DD HH:MM:SS"; NULL: none */
    const char *software;          /* NULL: "datatake VERSION" */
    const char *metadata;          /* key=value lines for GDAL_METADATA; NULL: none */
    bool cog; /* directories first, overview data before full resolution data, ghost area */
} dtake__tiff_spec;

/* Level 0 is full resolution, then overviews from large to small, masks after the level they belong to.
 * Writes the header (magic, directories, offsets) into `header` and each level's tile_first: tiles of a level
 * lie one after another in index order, levels in the order the layout chose. *file_bytes: the whole file.
 * BigTIFF when over 4 GiB. */
dtake_status dtake__tiff_layout(const dtake__tiff_spec *spec, dtake__tiff_level *level, size_t level_count,
                                dtake_buf *header, int64_t *file_bytes, dtake_error *err);

/* Applies the predictor in place to a tile_side x tile_side tile (edge tiles padded by the caller),
 * compresses, appends. */
typedef struct dtake__encoder dtake__encoder;
dtake__encoder *dtake__encoder_new(int level); /* deflate level 1..12; NULL: no memory */
void dtake__encoder_free(dtake__encoder *encoder);
dtake_status dtake__tile_encode(dtake__encoder *encoder, const dtake__tiff_spec *spec, void *pixels,
                                bool is_mask, dtake_buf *out, dtake_error *err);

#endif
