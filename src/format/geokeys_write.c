#include "format/geokeys.h"

#include "core/error.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_DOUBLES = 34736, TAG_ASCII = 34737, MAX_TEXT = 64 << 10, PIXEL_IS_AREA = 1, DEGREES = 9102 };

/* Keys come in ascending order. */
static void put(dtake__geokeys *keys, dtake__geokey key, size_t location, size_t count, size_t value)
{
    uint16_t *at = keys->directory + keys->directory_count;
    at[0] = (uint16_t)key;
    at[1] = (uint16_t)location;
    at[2] = (uint16_t)count;
    at[3] = (uint16_t)value;
    keys->directory_count += 4;
    keys->directory[3]++;
}

static void put_short(dtake__geokeys *keys, dtake__geokey key, int value)
{
    put(keys, key, 0, 1, (size_t)value);
}

static void put_double(dtake__geokeys *keys, dtake__geokey key, double value)
{
    put(keys, key, TAG_DOUBLES, 1, keys->double_count);
    keys->doubles[keys->double_count++] = value;
}

/* The mark '|' ends a text; one inside would end it early. */
static dtake_status put_text(dtake__geokeys *keys, dtake__geokey key, const char *prefix, const char *text,
                             size_t len)
{
    size_t first = keys->ascii.len;
    dtake_status st = dtake__buf_puts(&keys->ascii, prefix);
    if (st == DTAKE_OK)
        st = dtake__buf_append(&keys->ascii, text, len);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&keys->ascii, "|");
    if (st != DTAKE_OK)
        return st;
    for (size_t i = first; i + 1 < keys->ascii.len; i++)
        if (keys->ascii.data[i] == '|')
            keys->ascii.data[i] = '/';
    put(keys, key, TAG_ASCII, keys->ascii.len - first, first);
    return DTAKE_OK;
}

/* Behind the name of a WKT element, `skip` commas further; NULL when not there. Quoted commas do not occur in
 * the elements that are asked for but in names: those are stepped over. */
static const char *wkt_value(const char *wkt, const char *element, int skip)
{
    const char *at = strstr(wkt, element);
    if (at == NULL)
        return NULL;
    at += strlen(element);
    bool quoted = false;
    for (; skip > 0 && *at != '\0'; at++) {
        quoted ^= *at == '"';
        skip -= *at == ',' && !quoted;
    }
    return *at != '\0' ? at : NULL;
}

static bool wkt_number(const char *wkt, const char *element, int skip, double *out)
{
    const char *at = wkt_value(wkt, element, skip);
    char number[64];
    if (at == NULL)
        return false;
    size_t len = strspn(at, "+-.0123456789eE");
    if (len >= sizeof number)
        return false;
    memcpy(number, at, len);
    number[len] = '\0';
    return dtake__parse_f64(number, out);
}

/* No key holds WKT for a geographic CRS: its ellipsoid and prime meridian are written. */
static dtake_status put_geographic(dtake__geokeys *keys, const char *wkt, dtake_error *err)
{
    double major, flattening, meridian = 0;
    bool spheroid = wkt_number(wkt, "SPHEROID[", 1, &major) && wkt_number(wkt, "SPHEROID[", 2, &flattening);
    if (!spheroid &&
        !(wkt_number(wkt, "ELLIPSOID[", 1, &major) && wkt_number(wkt, "ELLIPSOID[", 2, &flattening)))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "write GeoTIFF: no ellipsoid in the CRS %.60s", wkt);
    wkt_number(wkt, "PRIMEM[", 1, &meridian);
    const char *name = strchr(wkt, '"'), *name_end = name != NULL ? strchr(name + 1, '"') : NULL;
    put_short(keys, DTAKE__KEY_GEOGRAPHIC_TYPE, DTAKE__USER_DEFINED);
    dtake_status st = name_end != NULL ? put_text(keys, DTAKE__KEY_GEOGRAPHIC_CITATION, "", name + 1,
                                                  (size_t)(name_end - name - 1))
                                       : DTAKE_OK;
    put_short(keys, DTAKE__KEY_DATUM, DTAKE__USER_DEFINED);
    put_short(keys, DTAKE__KEY_PRIME_MERIDIAN, meridian == 0 ? 8901 : DTAKE__USER_DEFINED);
    put_short(keys, DTAKE__KEY_ANGULAR_UNITS, DEGREES);
    put_short(keys, DTAKE__KEY_ELLIPSOID, DTAKE__USER_DEFINED);
    put_double(keys, DTAKE__KEY_SEMI_MAJOR_AXIS, major);
    if (flattening == 0)
        put_double(keys, DTAKE__KEY_SEMI_MINOR_AXIS, major);
    else
        put_double(keys, DTAKE__KEY_INVERSE_FLATTENING, flattening);
    if (meridian != 0)
        put_double(keys, DTAKE__KEY_PRIME_MERIDIAN_LONGITUDE, meridian);
    return st;
}

dtake_status dtake__geokeys_make(dtake__geokeys *out, const dtake__tiff_spec *spec, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = (dtake__geokeys){ .ascii = DTAKE_BUF_INIT(MAX_TEXT) };
    bool by_code = spec->epsg > 0 && spec->epsg < DTAKE__USER_DEFINED;
    bool any = by_code || (spec->crs_wkt != NULL && spec->crs_wkt[0] != '\0');
    if (!any && spec->epsg < DTAKE__USER_DEFINED)
        return DTAKE_OK; /* a raster type alone would be read as a local CRS */
    if (spec->epsg >= DTAKE__USER_DEFINED && spec->crs_wkt == NULL)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "write GeoTIFF: EPSG:%d is over what a GeoKey can hold",
                           spec->epsg);
    memcpy(out->directory, (uint16_t[4]){ 1, 1, 0, 0 }, 4 * sizeof(uint16_t));
    out->directory_count = 4;
    int model = spec->geographic ? DTAKE__MODEL_GEOGRAPHIC
                : by_code        ? DTAKE__MODEL_PROJECTED
                                 : DTAKE__USER_DEFINED;
    if (any)
        put_short(out, DTAKE__KEY_MODEL_TYPE, model);
    put_short(out, DTAKE__KEY_RASTER_TYPE, PIXEL_IS_AREA);
    if (model == DTAKE__USER_DEFINED && any)
        st = put_text(out, DTAKE__KEY_CITATION, "", "unknown", strlen("unknown")); /* GDAL wants one */
    if (st != DTAKE_OK)
        goto done;
    if (by_code) {
        put_short(out, spec->geographic ? DTAKE__KEY_GEOGRAPHIC_TYPE : DTAKE__KEY_PROJECTED_TYPE, spec->epsg);
    } else if (any && spec->geographic) {
        st = put_geographic(out, spec->crs_wkt, err);
    } else if (any) {
        st = put_text(out, DTAKE__KEY_PROJECTED_CITATION, DTAKE__PE_STRING, spec->crs_wkt,
                      strlen(spec->crs_wkt));
    }
done:
    if (st == DTAKE_E_NOMEM || st == DTAKE_E_LIMIT)
        return dtake__fail(err, st, "write GeoTIFF: the text of the CRS");
    return st;
}
