/* One band of an image of Earth Engine, by a href that holds its grid, so that to open it costs no request:
 *
 *     ee://PROJECT/COPERNICUS/S2_SR/2024..._T33TWL#B8;uint16;EPSG:32633;10980x10980;10,0,499980,0,-10,5200020
 *     ee+http://HOST:PORT/COPERNICUS/S2_SR/2024..._T33TWL?project=P#B8;...
 *
 * What follows the band may be missing, when a person wrote it. A sixth part is the version of the asset, or
 * 0; a seventh the value that what is masked has, and nothing else.
 */
#ifndef DTAKE_SOURCES_EARTHENGINE_BAND_H
#define DTAKE_SOURCES_EARTHENGINE_BAND_H

#include <datatake/raster.h>

#include "core/buf.h"

typedef struct dtake__ee_band {
    char *source; /* "ee://PROJECT", "ee+http://HOST:PORT/?project=P" */
    char *asset;  /* "COPERNICUS/S2_SR/2024..._T33TWL" */
    char *band;
    bool has_grid; /* what follows is known */
    dtake_type type;
    char *crs; /* "EPSG:32633", or WKT */
    int64_t width, height;
    dtake_affine transform;
    int64_t version; /* of the asset; 0: not known */
    bool has_nodata; /* what is masked, and only that, has this value */
    double nodata;
} dtake__ee_band;

bool dtake__ee_is_band(const char *href);

/* DTAKE_E_USAGE: it is no such href. `out` is the caller's to dispose of, also on failure. */
dtake_status dtake__ee_band_read(dtake__ee_band *out, const char *href, dtake_error *err);
void dtake__ee_band_dispose(dtake__ee_band *band);

/* Appends. DTAKE_E_NOMEM, DTAKE_E_LIMIT of the buffer. */
dtake_status dtake__ee_band_write(const dtake__ee_band *band, dtake_buf *href);

#endif
