/* GeoJSON text to GEOS geometries, within limits. */
#ifndef DTAKE_GEO_GEOJSON_H
#define DTAKE_GEO_GEOJSON_H

#include <datatake/status.h>

#include <geos_c.h>

enum {
    DTAKE__GEOJSON_MAX_BYTES = 32 << 20,
    DTAKE__GEOJSON_MAX_POINTS = 1 << 20,
    DTAKE__GEOJSON_MAX_DEPTH = 8, /* collections within collections */
};

/* A Geometry, Feature or FeatureCollection (features without geometry are skipped). Third coordinates are
 * left out, open rings closed. `geos` is the caller's context with messages silenced; so is the geometry. */
dtake_status dtake__geojson_parse(GEOSContextHandle_t geos, const char *text, size_t len, GEOSGeometry **out,
                                  dtake_error *err);

#endif
