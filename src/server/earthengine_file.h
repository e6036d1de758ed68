/* Between the files that answer a request for pixels: where they lie, and what file they become. */
#ifndef DTAKE_SERVER_EARTHENGINE_FILE_H
#define DTAKE_SERVER_EARTHENGINE_FILE_H

#include "server/earthengine_pixels.h"

/* What the request says of the grid, and what it does not from the image's first band; `request` and `band`
 * must stay. */
dtake_status dtake__ee_grid_find(const dtake__ee_request *request, const dtake__band_value *band,
                                 dtake__raster_grid *out, dtake_error *err);

/* Bytes of one or three bands, as the request's visualization says, else over the range of the type. */
dtake_status dtake__ee_picture_make(const dtake__ee_request *request, dtake_pixels *pixels, dtake_error *err);

/* Takes the pixels; one name for each band. */
dtake_status dtake__ee_file_write(const dtake__ee_request *request, const dtake__raster_grid *grid,
                                  dtake_pixels *pixels, const char *const *names, dtake__ee_landed *out,
                                  dtake_error *err);

#endif
