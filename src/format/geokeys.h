/* GeoTIFF 1.1 keys by number. */
#ifndef DTAKE_FORMAT_GEOKEYS_H
#define DTAKE_FORMAT_GEOKEYS_H

#include "format/tiff_write.h"

typedef enum dtake__geokey {
    DTAKE__KEY_MODEL_TYPE = 1024,
    DTAKE__KEY_RASTER_TYPE = 1025,
    DTAKE__KEY_CITATION = 1026,
    DTAKE__KEY_GEOGRAPHIC_TYPE = 2048,
    DTAKE__KEY_GEOGRAPHIC_CITATION = 2049,
    DTAKE__KEY_DATUM = 2050,
    DTAKE__KEY_PRIME_MERIDIAN = 2051,
    DTAKE__KEY_ANGULAR_UNITS = 2054,
    DTAKE__KEY_ANGULAR_UNIT_SIZE = 2055,
    DTAKE__KEY_ELLIPSOID = 2056,
    DTAKE__KEY_SEMI_MAJOR_AXIS = 2057,
    DTAKE__KEY_SEMI_MINOR_AXIS = 2058,
    DTAKE__KEY_INVERSE_FLATTENING = 2059,
    DTAKE__KEY_PRIME_MERIDIAN_LONGITUDE = 2061,
    DTAKE__KEY_PROJECTED_TYPE = 3072,
    DTAKE__KEY_PROJECTED_CITATION = 3073,
    DTAKE__KEY_PROJECTION = 3074,
    DTAKE__KEY_METHOD = 3075,
    DTAKE__KEY_LINEAR_UNITS = 3076,
    DTAKE__KEY_LINEAR_UNIT_SIZE = 3077,
    DTAKE__KEY_PARALLEL_1 = 3078,
    DTAKE__KEY_PARALLEL_2 = 3079,
    DTAKE__KEY_ORIGIN_LON = 3080,
    DTAKE__KEY_ORIGIN_LAT = 3081,
    DTAKE__KEY_FALSE_EASTING = 3082,
    DTAKE__KEY_FALSE_NORTHING = 3083,
    DTAKE__KEY_FALSE_ORIGIN_LON = 3084,
    DTAKE__KEY_FALSE_ORIGIN_LAT = 3085,
    DTAKE__KEY_FALSE_ORIGIN_EASTING = 3086,
    DTAKE__KEY_FALSE_ORIGIN_NORTHING = 3087,
    DTAKE__KEY_CENTER_LON = 3088,
    DTAKE__KEY_CENTER_LAT = 3089,
    DTAKE__KEY_CENTER_EASTING = 3090,
    DTAKE__KEY_CENTER_NORTHING = 3091,
    DTAKE__KEY_ORIGIN_SCALE = 3092,
    DTAKE__KEY_CENTER_SCALE = 3093,
    DTAKE__KEY_AZIMUTH = 3094,
    DTAKE__KEY_POLE_LON = 3095,
    DTAKE__KEY_GAMMA = 3096,
} dtake__geokey;

enum {
    DTAKE__MODEL_PROJECTED = 1,
    DTAKE__MODEL_GEOGRAPHIC = 2,
    DTAKE__MODEL_GEOCENTRIC = 3,
    DTAKE__USER_DEFINED = 32767,
};

/* What ESRI and GDAL put before a WKT text in a citation. */
#define DTAKE__PE_STRING "ESRI PE String = "

/* Keys being written; `limit`s are set by dtake__geokeys_make. */
typedef struct dtake__geokeys {
    uint16_t directory[4 + 4 * 16];
    size_t directory_count;
    double doubles[8];
    size_t double_count;
    dtake_buf ascii;
} dtake__geokeys;

/* The keys of the spec's CRS; none (directory_count 0) without. The caller disposes ascii. */
dtake_status dtake__geokeys_make(dtake__geokeys *out, const dtake__tiff_spec *spec, dtake_error *err);

#endif
