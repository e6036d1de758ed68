/* Rasters that no file holds, but a source: their hrefs are in its items. */
#ifndef DTAKE_SOURCES_RASTERS_H
#define DTAKE_SOURCES_RASTERS_H

#include "raster/foreign.h"

/* Takes the bands of Earth Engine: "ee://...", "ee+http://...". */
const dtake__foreign_kind *dtake__source_rasters(void);

#endif
