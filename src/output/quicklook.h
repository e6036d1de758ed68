/* A small picture of an image. */
#ifndef DTAKE_OUTPUT_QUICKLOOK_H
#define DTAKE_OUTPUT_QUICKLOOK_H

#include "core/buf.h"
#include <datatake/raster.h>

/* The image within side x side as PNG, as output/thumb.h makes it; black where all is masked. */
dtake_status dtake__quicklook_png(const dtake_pixels *pixels, int32_t side, dtake_buf *out, dtake_error *err);

/* "out/S2A.tif": "out/S2A.quicklook.png"; the caller's. NULL: no memory. */
char *dtake__quicklook_path(const char *path);

#endif
