/* Datum, ellipsoid and prime meridian of user-defined CRS. Only what PROJ strings can say: codes that PROJ
 * has no name for are reduced to their ellipsoid. */
#include "format/geokeys_read.h"

#include "core/error.h"

#include <inttypes.h>

enum { GREENWICH = 8901 };

typedef struct named_code {
    int32_t code;
    const char *proj;
} named_code;

/* Geographic CRS and, 2000 higher, their datums. */
static const named_code geographic[] = {
    { 4326, "datum=WGS84" },
    { 4269, "datum=NAD83" },
    { 4267, "datum=NAD27" },
    { 4258, "ellps=GRS80" },
    { 4283, "ellps=GRS80" },
    { 4167, "ellps=GRS80" },
    { 4612, "ellps=GRS80" },
    { 4674, "ellps=GRS80" },
    { 4617, "ellps=GRS80" },
    { 4171, "ellps=GRS80" },
    { 4152, "ellps=GRS80" },
    { 4019, "ellps=GRS80" },
    { 4490, "a=6378137 +rf=298.257222101" },
    { 4148, "ellps=WGS84" },
    { 4030, "ellps=WGS84" },
    { 4322, "ellps=WGS72" },
    { 4230, "ellps=intl" },
    { 4022, "ellps=intl" },
    { 4618, "ellps=aust_SA" },
    { 4277, "ellps=airy" },
    { 4284, "ellps=krass" },
    { 4314, "ellps=bessel" },
    { 4313, "ellps=intl" },
    { 4008, "ellps=clrk66" },
    { 4047, "R=6371007" },
    { 4035, "R=6371000" },
    { 4055, "R=6378137" },
};

static const named_code ellipsoids[] = {
    { 7001, "ellps=airy" },   { 7002, "ellps=mod_airy" }, { 7003, "ellps=aust_SA" },
    { 7004, "ellps=bessel" }, { 7008, "ellps=clrk66" },   { 7012, "ellps=clrk80" },
    { 7019, "ellps=GRS80" },  { 7022, "ellps=intl" },     { 7024, "ellps=krass" },
    { 7030, "ellps=WGS84" },  { 7035, "R=6371000" },      { 7043, "ellps=WGS72" },
    { 7048, "R=6371007" },    { 7059, "R=6378137" },      { 1024, "a=6378137 +rf=298.257222101" },
};

static const named_code meridians[] = {
    { 8902, "lisbon" },   { 8903, "paris" },     { 8904, "bogota" },  { 8905, "madrid" },
    { 8906, "rome" },     { 8907, "bern" },      { 8908, "jakarta" }, { 8909, "ferro" },
    { 8910, "brussels" }, { 8911, "stockholm" }, { 8912, "athens" },  { 8913, "oslo" },
};

static const char *name_of(const named_code *table, size_t count, int32_t code)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].code == code)
            return table[i].proj;
    return NULL;
}

#define NAME_OF(table, code) name_of(table, sizeof(table) / sizeof((table)[0]), code)

static dtake_status put_axes(const dtake__tiff *tiff, double a, dtake_buf *out)
{
    double b, rf;
    dtake_status st = dtake__proj_put(out, "a", a);
    if (st != DTAKE_OK)
        return st;
    if (dtake__geokey_number(tiff, DTAKE__KEY_INVERSE_FLATTENING, &rf) && rf > 1)
        return dtake__proj_put(out, "rf", rf);
    if (dtake__geokey_number(tiff, DTAKE__KEY_SEMI_MINOR_AXIS, &b) && b > 0)
        return dtake__proj_put(out, "b", b);
    return dtake__proj_put(out, "b", a);
}

static dtake_status put_ellipsoid(const dtake__tiff *tiff, dtake_buf *out, dtake_error *err)
{
    double a;
    int32_t code = dtake__geokey_code(tiff, DTAKE__KEY_GEOGRAPHIC_TYPE),
            datum = dtake__geokey_code(tiff, DTAKE__KEY_DATUM);
    int32_t ellipsoid = dtake__geokey_code(tiff, DTAKE__KEY_ELLIPSOID);
    const char *name = NAME_OF(geographic, code);
    if (name == NULL && datum != DTAKE__USER_DEFINED)
        name = NAME_OF(geographic, datum - 2000);
    if (name == NULL && dtake__geokey_number(tiff, DTAKE__KEY_SEMI_MAJOR_AXIS, &a) && a > 0)
        return put_axes(tiff, a, out);
    if (name == NULL)
        name = NAME_OF(ellipsoids, ellipsoid);
    if (name != NULL)
        return dtake__buf_printf(out, " +%s", name);
    return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                       "GeoTIFF: no ellipsoid known for geographic CRS %" PRId32 ", datum %" PRId32
                       ", ellipsoid %" PRId32,
                       code, datum, ellipsoid);
}

dtake_status dtake__geokeys_datum(const dtake__tiff *tiff, dtake_buf *out, dtake_error *err)
{
    double longitude;
    int32_t meridian = dtake__geokey_code(tiff, DTAKE__KEY_PRIME_MERIDIAN);
    dtake_status st = put_ellipsoid(tiff, out, err);
    if (st != DTAKE_OK || meridian == GREENWICH)
        return st;
    if (dtake__geokey_number(tiff, DTAKE__KEY_PRIME_MERIDIAN_LONGITUDE, &longitude) && longitude != 0)
        return dtake__proj_put(out, "pm", longitude);
    const char *name = NAME_OF(meridians, meridian);
    return name != NULL ? dtake__buf_printf(out, " +pm=%s", name) : DTAKE_OK;
}
