/* A STAC Item as an image of Earth Engine: what its bands and properties are called there, which file each
 * band is in. */
#ifndef DTAKE_ACCESS_EE_ITEM_H
#define DTAKE_ACCESS_EE_ITEM_H

#include "access/ee_map.h"

#include <datatake/raster.h>

typedef struct dtake__ee_band {
    char *id; /* "B8" */
    char *href;
    int32_t band; /* of the file, from 1 */
    double add;   /* to every valid sample, which stays at or above 0 */
    /* What the item says of the file. The file itself counts more, once it is open. */
    bool described;
    dtake_type type;
    char crs[24]; /* "EPSG:32633" */
    dtake_affine transform;
    int64_t width, height;
} dtake__ee_band;

/* One image: shared, never changed once made. */
typedef struct dtake__ee_image {
    char *id;          /* "COPERNICUS/S2_SR/S2A_..." */
    const char *index; /* behind the last '/' of the id */
    int64_t time_ns, end_ns;
    json_t *properties; /* with system:index, system:time_start and system:time_end (ms) */
    char *footprint;    /* GeoJSON, "" without */
    dtake__ee_band *band;
    size_t band_count;
} dtake__ee_image;

/* One row of a batch of items. *out is the caller's. */
dtake_status dtake__ee_image_new(dtake__ee_image **out, const dtake__ee_collection *collection,
                                 const char *item, size_t len, dtake_error *err);
void dtake__ee_image_free(dtake__ee_image *image); /* NULL is fine */

#endif
