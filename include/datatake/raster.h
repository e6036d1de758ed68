/* One open raster: a GeoTIFF by path, file: or http(s): URL, or anything GDAL reads when GDAL is installed.
 */
#ifndef DATATAKE_RASTER_H
#define DATATAKE_RASTER_H

#include <datatake/grid.h>
#include <datatake/runtime.h>

typedef struct dtake_raster dtake_raster;

/* name, bytes a sample, name as GDAL and numpy users know it */
#define DTAKE_TYPE_MAP(X)                                                                                    \
    X(U8, 1, "uint8")                                                                                        \
    X(I8, 1, "int8")                                                                                         \
    X(U16, 2, "uint16")                                                                                      \
    X(I16, 2, "int16")                                                                                       \
    X(U32, 4, "uint32")                                                                                      \
    X(I32, 4, "int32")                                                                                       \
    X(F32, 4, "float32")                                                                                     \
    X(F64, 8, "float64")

typedef enum dtake_type {
#define DTAKE_TYPE_ENUM(name, bytes, text) DTAKE_##name,
    DTAKE_TYPE_MAP(DTAKE_TYPE_ENUM)
#undef DTAKE_TYPE_ENUM
} dtake_type;

DTAKE_API size_t dtake_type_bytes(dtake_type type);
DTAKE_API const char *dtake_type_name(dtake_type type);

typedef struct dtake_gcp {
    double col, row; /* pixels */
    double x, y, z;  /* in the CRS of the control points */
} dtake_gcp;

typedef struct dtake_overview {
    int64_t width, height;           /* pixels */
    int32_t tile_width, tile_height; /* pixels */
} dtake_overview;

typedef struct dtake_band {
    const char *name;     /* band description, "" if none */
    const char *color;    /* "gray", "red", "green", "blue", "alpha", "palette", "undefined" */
    double scale, offset; /* physical = stored * scale + offset; 1 and 0 if not given */
} dtake_band;

/* All pointers belong to the raster and live as long as it does. */
typedef struct dtake_raster_info {
    const char *href;
    const char *driver; /* "GTiff", or GDAL's short name ("JP2OpenJPEG") */
    int64_t width, height;
    int32_t bands;
    dtake_type type;                 /* of every band (their union through GDAL) */
    int32_t tile_width, tile_height; /* strips: the whole width by rows per strip */
    const char *compression;         /* "none", "deflate", "lzw", "zstd", "jpeg", ... */
    int32_t predictor;               /* 1, 2 or 3 */
    const char *layout;              /* "COG", "tiled", "strips" or "" */
    const char *interleave;          /* "pixel" or "band" */
    bool big_tiff, big_endian;
    int32_t epsg;    /* 0: not an EPSG code, or no CRS */
    const char *crs; /* "EPSG:32633", else WKT; "" if the file has none */
    bool has_transform;
    dtake_affine transform;
    bool has_nodata;
    double nodata;
    bool has_mask;          /* a mask directory or an alpha band */
    const dtake_band *band; /* `bands` of them */
    const dtake_overview *overview;
    size_t overview_count;
    const dtake_gcp *gcp;
    size_t gcp_count;
    const char *gcp_crs; /* "" without control points */
    int64_t file_bytes;
    const char *etag; /* as served; "" for local files */
} dtake_raster_info;

/* Pixels of one window: band after band, row after row, no padding, in host byte order. */
typedef struct dtake_pixels {
    int64_t width, height;
    int32_t bands;
    dtake_type type;
    void *data;         /* width * height * bands samples */
    uint8_t *mask;      /* width * height * mask_bands, 255 valid, 0 masked; NULL: all valid */
    int32_t mask_bands; /* 1, or `bands`; 0 without mask */
} dtake_pixels;

DTAKE_API void dtake_pixels_dispose(dtake_pixels *pixels); /* frees data and mask */

typedef struct dtake_read {
    dtake_window
        window; /* in pixels of `overview`; may reach past the edge: out there is nodata, or 0, masked */
    const int32_t *bands; /* counted from 1; NULL: all */
    size_t band_count;
    int32_t overview;    /* 0: full resolution; n: info->overview[n - 1] */
    bool want_mask;      /* fill pixels->mask from nodata, mask directory or alpha */
    int64_t deadline_ms; /* from now; 0: none */
} dtake_read;

typedef void (*dtake_raster_fn)(dtake_status status, dtake_raster *raster, const dtake_error *err, void *ctx);

/* `pixels` is borrowed until `done` returns; to keep it, copy the struct and clear the original
 * (dtake_pixels_take). */
typedef void (*dtake_pixels_fn)(dtake_status status, dtake_pixels *pixels, const dtake_error *err, void *ctx);

/* An opening or a read under way, for whoever may want to end it. The handle is the caller's, to be released,
 * before the runtime is closed; what is under way goes on without it. Cancelling is fine at any time until
 * then, also behind `done`. NULL is fine for both. */
typedef struct dtake_transfer dtake_transfer;
DTAKE_API void dtake_transfer_cancel(dtake_transfer *transfer);
DTAKE_API void dtake_transfer_release(dtake_transfer *transfer);

/* Reads the header only: one request for a COG. In `done`, `raster` is the caller's to close. `transfer` may
 * be NULL; else it is set before `done` can be called. */
DTAKE_API dtake_status dtake_raster_open(dtake_raster **out, dtake_runtime *runtime, const char *href,
                                         dtake_error *err);
DTAKE_API dtake_status dtake_raster_open_start(dtake_runtime *runtime, const char *href,
                                               dtake_transfer **transfer, dtake_error *err,
                                               dtake_raster_fn done, void *ctx);
DTAKE_API void dtake_raster_close(dtake_raster *raster);
DTAKE_API const dtake_raster_info *dtake_raster_get_info(const dtake_raster *raster);

/* DTAKE_E_RANGE (no such band or overview, empty window) is returned at once; errors of fetching and decoding
 * arrive through `done`. Several reads of one raster may be under way; `transfer` as above. Blocking form:
 * `out` is the caller's to dispose. */
DTAKE_API dtake_status dtake_raster_read(dtake_raster *raster, const dtake_read *read, dtake_pixels *out,
                                         dtake_error *err);
DTAKE_API dtake_status dtake_raster_read_start(dtake_raster *raster, const dtake_read *read,
                                               dtake_transfer **transfer, dtake_error *err,
                                               dtake_pixels_fn done, void *ctx);
DTAKE_API dtake_pixels dtake_pixels_take(dtake_pixels *pixels);

/* The window of pixels whose centre lies inside the box's outline, densified and projected to the raster's
 * CRS, cut to the raster. DTAKE_E_EMPTY when there is none, DTAKE_E_UNSUPPORTED without CRS or transform. */
DTAKE_API dtake_status dtake_raster_window(const dtake_raster *raster, dtake_box box, dtake_window *out,
                                           dtake_error *err);

#endif
