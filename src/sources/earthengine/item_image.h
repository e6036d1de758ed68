/* Between the files that make an item: an image as the service describes it, and where it lies. */
#ifndef DTAKE_SOURCES_EARTHENGINE_ITEM_IMAGE_H
#define DTAKE_SOURCES_EARTHENGINE_ITEM_IMAGE_H

#include "format/json.h"
#include "sources/earthengine/item_bands.h"

/* What is read of an image in one pass; all of it lies in the text. */
typedef struct dtake__ee_told_image {
    dtake__ee_image_facts facts;
    dtake__json_quoted id, index, datetime, spacecraft;
    dtake__span bands, properties, footprint;
    bool has_end, has_start_datetime, has_end_datetime, has_cloud, has_platform, has_crs;
    int64_t end_ms;
    size_t cloud; /* of dtake__ee_cloud_names, the number of them: none */
} dtake__ee_told_image;

dtake_status dtake__ee_image_read(dtake__ee_told_image *m, dtake__span text, dtake_error *err);
/* A text; anything else is passed over. */
bool dtake__ee_read_quoted(dtake__json_in *in, dtake__json_quoted *out);

/* item_place.c: the members "geometry" and "bbox"; an image without bounds, as those that are computed, has
 * none. */
dtake_status dtake__ee_geometry_write(const dtake__ee_told_image *m, const dtake__ee_bands *bands,
                                      dtake__json *json, dtake_error *err);

#endif
