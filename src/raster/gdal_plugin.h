/* What is no TIFF of ours is read by GDAL, if it is installed: opened at run time, never on the hot path. */
#ifndef DTAKE_RASTER_GDAL_PLUGIN_H
#define DTAKE_RASTER_GDAL_PLUGIN_H

#include <datatake/raster.h>

typedef struct dtake__gdal dtake__gdal; /* one raster; any thread */

/* Blocking; on workers. `what`: the reason we do not read it ourselves, for messages ("JPEG 2000"). The
 * info's pointers live as long as the handle. DTAKE_E_UNSUPPORTED: no GDAL, or GDAL does not read it either.
 */
dtake_status dtake__gdal_open(dtake__gdal **out, const char *href, const char *what, dtake_raster_info *info,
                              dtake_error *err);
void dtake__gdal_close(dtake__gdal *gdal);

/* `read` has been checked: its window may reach past the edge, and what lies out there is left as it is.
 * `pixels` is allocated; its mask (of mask_bands) too if wanted. */
dtake_status dtake__gdal_read(dtake__gdal *gdal, const dtake_read *read, const int32_t *bands,
                              dtake_pixels *pixels, dtake_error *err);

/* Whether masks may say more than "all valid". */
bool dtake__gdal_has_mask(const dtake__gdal *gdal);

#endif
