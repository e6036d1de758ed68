/* What Earth Engine says of an image, as a STAC Item:
 *
 *     {"type": "Image", "id": "COPERNICUS/S2_SR/2024...", "version": 1704200000000000,
 *      "bands": [{"id": "B1", "data_type": {"precision": "int", "min": 0, "max": 65535}, "dimensions": [w,
 * h], "crs": "EPSG:32631", "crs_transform": [60, 0, 399960, 0, -60, 5500020]}, ...], "properties":
 * {"system:index": "2024...", "system:time_start": 1704106800000, ...}}
 *
 * The item's id is system:index, its time system:time_start, its geometry system:footprint (where there is
 * none, the corners of the first band), its assets the bands with the grid of each; all other properties keep
 * their names, and eo:cloud_cover and platform come along under STAC's. */
#ifndef DTAKE_SOURCES_EARTHENGINE_ITEM_H
#define DTAKE_SOURCES_EARTHENGINE_ITEM_H

#include "core/buf.h"
#include "core/span.h"

/* What is the same in all items of one collection. */
typedef struct dtake__ee_origin {
    const char *source;  /* "ee://PROJECT": where hrefs lead */
    const char *dataset; /* "COPERNICUS/S2_SR" */
} dtake__ee_origin;

/* By what images are put in order and told apart. */
typedef struct dtake__ee_image_facts {
    bool has_time;
    int64_t time_ms;   /* system:time_start */
    dtake__span index; /* system:index as it stands in the text, escapes and all; "" if there is none */
    int64_t version;   /* microseconds since 1970; 0: not said */
    dtake__span cloud; /* the property that is the cloud cover; "" if there is none */
} dtake__ee_image_facts;

/* A look at times and names only. DTAKE_E_FORMAT: it is no image. */
dtake_status dtake__ee_image_look(dtake__span image, dtake__ee_image_facts *out, dtake_error *err);

/* Appends the item. DTAKE_E_FORMAT: it is no image, or has no time. */
dtake_status dtake__ee_item_write(const dtake__ee_origin *from, dtake__span image, dtake_buf *out,
                                  dtake_error *err);

/* Names of Earth Engine's properties that say how much is cloud, in percent; NULL ends the list. */
extern const char *const dtake__ee_cloud_names[];

#endif
