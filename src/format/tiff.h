/* TIFF and BigTIFF directories: bytes to values. No I/O: a parse that needs bytes which are not there says
 * which. */
#ifndef DTAKE_FORMAT_TIFF_H
#define DTAKE_FORMAT_TIFF_H

#include <datatake/raster.h>

#include "core/buf.h"
#include "format/segments.h"

/* Everything declared is checked against these before it is allocated. */
enum {
    DTAKE__TIFF_MAX_DIRECTORIES = 64,
    DTAKE__TIFF_MAX_ENTRIES = 512, /* tags in a directory */
    DTAKE__TIFF_MAX_BANDS = 1024,
    DTAKE__TIFF_MAX_TILES = 8 << 20, /* in a directory */
};
#define DTAKE__TIFF_MAX_TILE_BYTES ((int64_t)256 << 20) /* decoded; a strip counts as a tile */
#define DTAKE__TIFF_MAX_SIDE       ((int64_t)1 << 31)

typedef enum dtake__tiff_compression {
    DTAKE__TIFF_NONE = 1,
    DTAKE__TIFF_LZW = 5,
    DTAKE__TIFF_JPEG = 7,
    DTAKE__TIFF_DEFLATE = 8,
    DTAKE__TIFF_OLD_DEFLATE = 32946,
    DTAKE__TIFF_PACKBITS = 32773,
    DTAKE__TIFF_LERC = 34887,
    DTAKE__TIFF_ZSTD = 50000,
    DTAKE__TIFF_WEBP = 50001,
} dtake__tiff_compression;

typedef enum dtake__lerc_add {
    DTAKE__LERC_ADD_NONE = 0,
    DTAKE__LERC_ADD_DEFLATE = 1,
    DTAKE__LERC_ADD_ZSTD = 2,
} dtake__lerc_add;

typedef enum dtake__tiff_role {
    DTAKE__TIFF_MAIN,
    DTAKE__TIFF_OVERVIEW,
    DTAKE__TIFF_MASK, /* of the main image */
    DTAKE__TIFF_OVERVIEW_MASK,
    DTAKE__TIFF_OTHER, /* another page; not used */
} dtake__tiff_role;

/* One image. A strip is a tile as wide as the image. */
typedef struct dtake__tiff_dir {
    dtake__tiff_role role;
    int64_t width, height;
    int32_t bands; /* samples a pixel */
    dtake_type type;
    int32_t bits;        /* as stored: 1 (masks), 8, 16 (also of DTAKE_F32: halves), 32, 64 */
    bool strips, planar; /* planar: band after band, tiles of one band each */
    int32_t tile_width, tile_height;
    int32_t across, down; /* tiles in a row, in a column */
    int32_t compression;  /* as in the file; dtake__tiff_compression where we decode it */
    int32_t predictor;    /* 1, 2, 3 */
    int32_t photometric;
    int32_t ycbcr_h, ycbcr_v;
    int32_t lerc_add; /* LercParameters: what LERC blobs are packed in, dtake__lerc_add */
    bool big_endian;
    int64_t file_bytes;   /* 0: unknown */
    int64_t tile_count;   /* across * down, times bands when planar */
    uint64_t *tile_first; /* offset in the file, one a tile; 0 with tile_bytes 0: sparse, nodata */
    uint64_t *tile_bytes; /* both as the file says: see dtake__tiff_tile_check */
    uint8_t *jpeg_tables; /* tag 347, or NULL */
    size_t jpeg_tables_bytes;
    int32_t extra_alpha_band; /* band (from 1) that is alpha, 0: none */
} dtake__tiff_dir;

typedef struct dtake__tiff {
    bool big_tiff, big_endian,
        cog; /* cog: as GDAL's LAYOUT=COG ghost area, or headers before data with overviews after */
    dtake__tiff_dir *dir; /* dir[0] is the main image */
    size_t dir_count;
    bool has_transform;
    dtake_affine transform; /* from pixel scale + tie point, or the matrix; PixelIsPoint already shifted */
    dtake_gcp *gcp;         /* more than one tie point and no scale */
    size_t gcp_count;
    uint16_t *geokey_directory; /* tags 34735..34737, or NULL */
    size_t geokey_directory_count;
    double *geokey_doubles;
    size_t geokey_double_count;
    char *geokey_ascii;
    bool has_nodata;
    double nodata;                                /* GDAL_NODATA; may be nan */
    char *gdal_metadata;                          /* tag 42112, XML, or NULL */
    int64_t description_first, description_bytes; /* where the ImageDescription is, itself unread; 0: none */
    dtake_band *band;    /* bands of dir[0]: names, colours, scale, offset; names owned by the tiff */
    int32_t bands_named; /* length of band */
} dtake__tiff;

/* Parses all directories. Returns DTAKE_OK (the caller disposes), DTAKE_E_FORMAT, DTAKE_E_LIMIT,
 * DTAKE_E_UNSUPPORTED, DTAKE_E_NOMEM, or DTAKE_E_RANGE with *need_first, *need_count set to bytes of the file
 * that must be fetched before trying again: at least 16 KiB, cut at file_bytes when that is known, beginning
 * with a byte that is not there yet. A fetch that comes back short is the end of the file: set file_bytes
 * then, and what the file declares beyond it is DTAKE_E_FORMAT, but not the data of tiles. DTAKE_E_FORMAT
 * with a message beginning "not a TIFF" when the magic bytes are others. */
dtake_status dtake__tiff_parse(dtake__tiff *out, const dtake__segments *segments, int64_t *need_first,
                               int64_t *need_count, dtake_error *err);
void dtake__tiff_dispose(dtake__tiff *tiff);

/* Before tile `index` is read: DTAKE_E_FORMAT when it lies past the end of the file, DTAKE_E_LIMIT when it
 * has far more bytes than its pixels can need. */
dtake_status dtake__tiff_tile_check(const dtake__tiff_dir *dir, int64_t index, dtake_error *err);

/* CRS out of the GeoKeys: *epsg (0 if not a code), and WKT1/WKT2, PROJ string or "EPSG:n" text that PROJ
 * reads in `out`;
 * "" without CRS. User-defined projections are put together from their keys. */
dtake_status dtake__tiff_crs(const dtake__tiff *tiff, int32_t *epsg, dtake_buf *out, dtake_error *err);

#endif
