/* Between the files that make an item: the bands of an image. */
#ifndef DTAKE_SOURCES_EARTHENGINE_ITEM_BANDS_H
#define DTAKE_SOURCES_EARTHENGINE_ITEM_BANDS_H

#include "format/json_write.h"
#include "sources/earthengine/band.h"
#include "sources/earthengine/item.h"

enum { DTAKE__EE_MAX_BANDS = 2000 }; /* of an image; hyperspectral ones have some hundred */

/* As the service describes them; dtake__ee_bands_dispose in any case. */
typedef struct dtake__ee_bands {
    dtake__ee_band *band; /* source and asset are borrowed */
    size_t count, room;
} dtake__ee_bands;

dtake_status dtake__ee_bands_read(dtake__ee_bands *out, const char *source, const char *asset,
                                  dtake__span list, dtake_error *err);
void dtake__ee_bands_dispose(dtake__ee_bands *bands);

/* The member "assets": one a band. */
dtake_status dtake__ee_bands_write(const dtake__ee_bands *bands, const char *dataset, dtake__json *json);

/* "proj:epsg", or "proj:code", or "proj:wkt2". */
void dtake__ee_crs_write(const char *crs, dtake__json *json);

#endif
