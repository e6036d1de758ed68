/* GeoTIFF's coordinate transformation codes (key 3075) as PROJ projections. */
#include "format/geokeys_read.h"

#include "core/error.h"

#include <inttypes.h>
#include <math.h>

enum { METRES = 9001, FEET = 9002, US_FEET = 9003, RADIANS = 9101, DEGREES = 9102, GRADS = 9105 };

/* Bits of what a method takes; every parameter may come by several keys, of which writers pick one. */
enum {
    LAT_0 = 1,
    LON_0 = 2,
    SCALE = 4,
    LAT_1 = 8,
    LAT_2 = 16,
    LAT_TS = 32,     /* from the first standard parallel */
    LAT_1_IS_0 = 64, /* one standard parallel: the origin's */
    LONC = 128,      /* the centre of an oblique cylinder, with azimuth */
};

typedef struct method {
    int32_t code;
    const char *proj;
    int takes;
} method;

static const method methods[] = {
    { 1, "tmerc", LAT_0 | LON_0 | SCALE },
    { 3, "omerc +no_uoff", LAT_0 | LONC | SCALE },
    { 7, "merc", LON_0 | LAT_TS | SCALE },
    { 8, "lcc", LAT_0 | LON_0 | LAT_1 | LAT_2 },
    { 9, "lcc", LAT_0 | LON_0 | LAT_1_IS_0 | SCALE },
    { 10, "laea", LAT_0 | LON_0 },
    { 11, "aea", LAT_0 | LON_0 | LAT_1 | LAT_2 },
    { 12, "aeqd", LAT_0 | LON_0 },
    { 13, "eqdc", LAT_0 | LON_0 | LAT_1 | LAT_2 },
    { 14, "stere", LAT_0 | LON_0 | SCALE },
    { 15, "stere", LON_0 },
    { 16, "sterea", LAT_0 | LON_0 | SCALE },
    { 17, "eqc", LAT_0 | LON_0 | LAT_TS },
    { 18, "cass", LAT_0 | LON_0 },
    { 19, "gnom", LAT_0 | LON_0 },
    { 20, "mill", LON_0 },
    { 21, "ortho", LAT_0 | LON_0 },
    { 22, "poly", LAT_0 | LON_0 },
    { 23, "robin", LON_0 },
    { 24, "sinu", LON_0 },
    { 25, "vandg", LON_0 },
    { 26, "nzmg", LAT_0 | LON_0 },
    { 27, "tmerc +axis=wsu", LAT_0 | LON_0 | SCALE },
    { 28, "cea", LON_0 | LAT_TS },
    { 9815, "omerc", LAT_0 | LONC | SCALE },
};
enum { POLAR_STEREOGRAPHIC = 15 };

static const dtake__geokey lats[] = { DTAKE__KEY_ORIGIN_LAT, DTAKE__KEY_FALSE_ORIGIN_LAT,
                                      DTAKE__KEY_CENTER_LAT, 0 };
static const dtake__geokey lons[] = { DTAKE__KEY_ORIGIN_LON, DTAKE__KEY_FALSE_ORIGIN_LON,
                                      DTAKE__KEY_CENTER_LON, DTAKE__KEY_POLE_LON, 0 };
static const dtake__geokey scales[] = { DTAKE__KEY_ORIGIN_SCALE, DTAKE__KEY_CENTER_SCALE, 0 };
static const dtake__geokey eastings[] = { DTAKE__KEY_FALSE_EASTING, DTAKE__KEY_FALSE_ORIGIN_EASTING,
                                          DTAKE__KEY_CENTER_EASTING, 0 };
static const dtake__geokey northings[] = { DTAKE__KEY_FALSE_NORTHING, DTAKE__KEY_FALSE_ORIGIN_NORTHING,
                                           DTAKE__KEY_CENTER_NORTHING, 0 };

static double first_of(const dtake__tiff *tiff, const dtake__geokey *keys, double otherwise)
{
    double value;
    for (; *keys != 0; keys++)
        if (dtake__geokey_number(tiff, *keys, &value))
            return value;
    return otherwise;
}

static double degrees_per_unit(const dtake__tiff *tiff)
{
    double radians;
    switch (dtake__geokey_code(tiff, DTAKE__KEY_ANGULAR_UNITS)) {
    case RADIANS:
        return 180 / M_PI;
    case GRADS:
        return 0.9;
    case DTAKE__USER_DEFINED:
        return dtake__geokey_number(tiff, DTAKE__KEY_ANGULAR_UNIT_SIZE, &radians) ? radians * (180 / M_PI)
                                                                                  : 1;
    default:
        return 1;
    }
}

static dtake_status metres_per_unit(const dtake__tiff *tiff, double *out, dtake_error *err)
{
    int32_t code = dtake__geokey_code(tiff, DTAKE__KEY_LINEAR_UNITS);
    *out = 1;
    if (code == FEET)
        *out = 0.3048;
    else if (code == US_FEET)
        *out = 1200.0 / 3937;
    else if (code == DTAKE__USER_DEFINED &&
             !(dtake__geokey_number(tiff, DTAKE__KEY_LINEAR_UNIT_SIZE, out) && *out > 0))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "GeoTIFF: user-defined linear unit without a size");
    else if (code != 0 && code != METRES && code != DTAKE__USER_DEFINED)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "GeoTIFF: linear unit EPSG:%" PRId32 " is not supported",
                           code);
    return DTAKE_OK;
}

static const method *find_method(int32_t code)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i].code == code)
            return &methods[i];
    return NULL;
}

/* The latitude given is that of true scale; at a pole the scale there. */
static dtake_status put_polar(const dtake__tiff *tiff, double degrees, dtake_buf *out)
{
    double lat = first_of(tiff, lats, 90) * degrees;
    dtake_status st = dtake__proj_put(out, "lat_0", lat < 0 ? -90 : 90);
    if (st == DTAKE_OK && fabs(lat) < 90)
        return dtake__proj_put(out, "lat_ts", lat);
    return st == DTAKE_OK ? dtake__proj_put(out, "k", first_of(tiff, scales, 1)) : st;
}

static dtake_status put_angles(const dtake__tiff *tiff, const method *m, dtake_buf *out)
{
    double degrees = degrees_per_unit(tiff), lat_0 = first_of(tiff, lats, 0) * degrees, lat_1 = 0, lat_2 = 0,
           azimuth = 0, gamma;
    bool has_lat_1 = dtake__geokey_number(tiff, DTAKE__KEY_PARALLEL_1, &lat_1);
    dtake__geokey_number(tiff, DTAKE__KEY_PARALLEL_2, &lat_2);
    dtake_status st = DTAKE_OK;
    if (m->takes & LAT_0)
        st = dtake__proj_put(out, "lat_0", lat_0);
    if (st == DTAKE_OK && (m->takes & (LON_0 | LONC)))
        st = dtake__proj_put(out, m->takes & LONC ? "lonc" : "lon_0", first_of(tiff, lons, 0) * degrees);
    if (st == DTAKE_OK && (m->takes & (LAT_1 | LAT_1_IS_0)))
        st = dtake__proj_put(out, "lat_1", m->takes & LAT_1 ? lat_1 * degrees : lat_0);
    if (st == DTAKE_OK && (m->takes & LAT_2))
        st = dtake__proj_put(out, "lat_2", lat_2 * degrees);
    if (st == DTAKE_OK && (m->takes & LAT_TS) && has_lat_1)
        st = dtake__proj_put(out, "lat_ts", lat_1 * degrees);
    if (st == DTAKE_OK && (m->takes & SCALE) && !((m->takes & LAT_TS) && has_lat_1))
        st = dtake__proj_put(out, "k_0", first_of(tiff, scales, 1));
    if (st != DTAKE_OK || !(m->takes & LONC))
        return st;
    dtake__geokey_number(tiff, DTAKE__KEY_AZIMUTH, &azimuth);
    st = dtake__proj_put(out, "alpha", azimuth * degrees);
    if (st == DTAKE_OK && dtake__geokey_number(tiff, DTAKE__KEY_GAMMA, &gamma))
        st = dtake__proj_put(out, "gamma", gamma * degrees);
    return st;
}

dtake_status dtake__geokeys_projection(const dtake__tiff *tiff, dtake_buf *out, dtake_error *err)
{
    int32_t code = dtake__geokey_code(tiff, DTAKE__KEY_METHOD);
    const method *m = find_method(code);
    double metres;
    if (m == NULL) {
        char citation[128];
        dtake__geokey_text(tiff, DTAKE__KEY_PROJECTED_CITATION, citation, sizeof citation);
        if (citation[0] == '\0')
            dtake__geokey_text(tiff, DTAKE__KEY_CITATION, citation, sizeof citation);
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "GeoTIFF: projection '%s' (method %" PRId32 ", code %" PRId32 ") is not supported",
                           citation, code, dtake__geokey_code(tiff, DTAKE__KEY_PROJECTION));
    }
    dtake_status st = metres_per_unit(tiff, &metres, err);
    if (st == DTAKE_OK)
        st = dtake__buf_printf(out, "+proj=%s", m->proj);
    if (st == DTAKE_OK && code == POLAR_STEREOGRAPHIC)
        st = put_polar(tiff, degrees_per_unit(tiff), out);
    if (st == DTAKE_OK)
        st = put_angles(tiff, m, out);
    if (st == DTAKE_OK)
        st = dtake__proj_put(out, "x_0", first_of(tiff, eastings, 0) * metres);
    if (st == DTAKE_OK)
        st = dtake__proj_put(out, "y_0", first_of(tiff, northings, 0) * metres);
    if (st != DTAKE_OK)
        return st;
    return metres == 1 ? dtake__buf_puts(out, " +units=m") : dtake__proj_put(out, "to_meter", metres);
}
