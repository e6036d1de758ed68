/* Images as pixels in memory instead of files: the get job without its last step. */
#ifndef DATATAKE_PICTURE_H
#define DATATAKE_PICTURE_H

#include <datatake/get.h>
#include <datatake/raster.h>

/* What became of one image. All pointers belong to it. */
typedef struct dtake_picture {
    size_t place;    /* in the order of the images: by time, then as the inputs name them */
    int64_t time_ns; /* INT64_MIN: not known */
    char *crs;       /* "EPSG:32633", else WKT; "" if there is none */
    char *crs_wkt;   /* the same as WKT 2; "" */
    bool geographic; /* the CRS counts in degrees */
    bool has_transform;
    dtake_affine transform; /* of the pixels below */
    bool has_nodata;
    double nodata; /* what masked samples are; NaN with floating point when the files name no value */
    char **name;   /* one a band; "" without */
    char *item;    /* a STAC Item of one line that, as an input with the same options, is this image again */
    /* Masked samples are nodata, without one 0. With explain_only there are neither data nor mask, the rest
     * is as it would be. */
    dtake_pixels pixels;
} dtake_picture;

/* A job whose images are kept in memory until they are taken. Of `options` what says where and how files are
 * written is not looked at; raw, per_band, sheet_path, quicklook_px and DTAKE_MODE_PROCESSES are
 * DTAKE_E_USAGE. With explain_only only headers are read. All functions of jobs (get.h) may be used; `path`
 * and `sha256` of results are "". */
DTAKE_API dtake_status dtake_pictures_start(dtake_job **out, dtake_runtime *runtime,
                                            const dtake_get_options *options, dtake_error *err);

/* The picture of result `index`, once: it is the caller's to dispose of. Before the job is freed; any thread.
 * DTAKE_E_NOT_FOUND: the result has none (it failed, or there is no such result), or it was taken. */
DTAKE_API dtake_status dtake_picture_take(dtake_job *job, size_t index, dtake_picture *out, dtake_error *err);
DTAKE_API void dtake_picture_dispose(dtake_picture *picture);

#endif
