/* What a raster's header says, for people and for programs. */
#ifndef DTAKE_CLI_INFO_H
#define DTAKE_CLI_INFO_H

#include "core/buf.h"

#include <datatake/raster.h>

dtake_status dtake__info_text(dtake_buf *out, const dtake_raster_info *info);

/* One line. "transform" is in GDAL's order: x0, col_x, row_x, y0, col_y, row_y; null without one. */
dtake_status dtake__info_json(dtake_buf *out, const dtake_raster_info *info);

#endif
