#include "format/geokeys_read.h"

#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    TAG_DOUBLES = 34736,
    TAG_ASCII = 34737,
    MAX_WKT = 4096,
    FIRST_ESRI_CODE = 53000, /* codes above EPSG's range are ESRI's, as GDAL writes them */
    UTM_NORTH = 16000,       /* projection codes are these and the zone */
    UTM_SOUTH = 16100,
    GCS_WGS_84 = 4326,
};

static const uint16_t *find(const dtake__tiff *tiff, dtake__geokey key)
{
    for (size_t i = 4; i + 3 < tiff->geokey_directory_count; i += 4)
        if (tiff->geokey_directory[i] == key)
            return &tiff->geokey_directory[i];
    return NULL;
}

int32_t dtake__geokey_code(const dtake__tiff *tiff, dtake__geokey key)
{
    const uint16_t *at = find(tiff, key);
    return at != NULL && at[1] == 0 ? at[3] : 0;
}

bool dtake__geokey_number(const dtake__tiff *tiff, dtake__geokey key, double *out)
{
    const uint16_t *at = find(tiff, key);
    if (at == NULL || at[1] != TAG_DOUBLES || at[3] >= tiff->geokey_double_count)
        return false;
    *out = tiff->geokey_doubles[at[3]];
    return isfinite(*out);
}

void dtake__geokey_text(const dtake__tiff *tiff, dtake__geokey key, char *out, size_t size)
{
    const uint16_t *at = find(tiff, key);
    size_t all = tiff->geokey_ascii != NULL ? strlen(tiff->geokey_ascii) : 0;
    out[0] = '\0';
    if (at == NULL || at[1] != TAG_ASCII || at[3] >= all)
        return;
    size_t len = at[2] < all - at[3] ? at[2] : all - at[3];
    len = len < size - 1 ? len : size - 1;
    memcpy(out, tiff->geokey_ascii + at[3], len);
    while (len > 0 && (out[len - 1] == '|' || out[len - 1] == '\0'))
        len--;
    out[len] = '\0';
}

dtake_status dtake__proj_put(dtake_buf *out, const char *name, double value)
{
    char number[32];
    dtake__format_f64(value, number, sizeof number);
    return dtake__buf_printf(out, " +%s=%s", name, number);
}

static dtake_status put_code(int32_t code, int32_t *epsg, dtake_buf *out)
{
    if (code >= FIRST_ESRI_CODE)
        return dtake__buf_printf(out, "ESRI:%" PRId32, code);
    *epsg = code;
    return dtake__buf_printf(out, "EPSG:%" PRId32, code);
}

/* WKT that ESRI or GDAL left in a citation. True when there was one. */
static bool put_pe_string(const dtake__tiff *tiff, dtake_buf *out, dtake_status *st)
{
    static const dtake__geokey citations[] = { DTAKE__KEY_PROJECTED_CITATION, DTAKE__KEY_CITATION,
                                               DTAKE__KEY_GEOGRAPHIC_CITATION };
    char text[MAX_WKT];
    for (size_t i = 0; i < sizeof citations / sizeof citations[0]; i++) {
        dtake__geokey_text(tiff, citations[i], text, sizeof text);
        const char *at = strstr(text, DTAKE__PE_STRING);
        if (at != NULL) {
            *st = dtake__buf_puts(out, at + strlen(DTAKE__PE_STRING));
            return true;
        }
    }
    return false;
}

static bool is_utm(int32_t projection, int32_t *zone, bool *south)
{
    *south = projection > UTM_SOUTH;
    *zone = projection - (*south ? UTM_SOUTH : UTM_NORTH);
    return *zone >= 1 && *zone <= 60;
}

static dtake_status put_projected(const dtake__tiff *tiff, int32_t *epsg, dtake_buf *out, dtake_error *err)
{
    int32_t zone, projection = dtake__geokey_code(tiff, DTAKE__KEY_PROJECTION);
    bool south;
    dtake_status st;
    if (!is_utm(projection, &zone, &south))
        st = dtake__geokeys_projection(tiff, out, err);
    else if (dtake__geokey_code(tiff, DTAKE__KEY_GEOGRAPHIC_TYPE) == GCS_WGS_84)
        return put_code((south ? 32700 : 32600) + zone, epsg, out);
    else
        st = dtake__buf_printf(out, "+proj=utm +zone=%" PRId32 "%s", zone, south ? " +south" : "");
    if (st == DTAKE_OK)
        st = dtake__geokeys_datum(tiff, out, err);
    return st == DTAKE_OK ? dtake__buf_puts(out, " +no_defs +type=crs") : st;
}

static dtake_status put_geographic(const dtake__tiff *tiff, dtake_buf *out, dtake_error *err)
{
    dtake_status st = dtake__buf_puts(out, "+proj=longlat");
    if (st == DTAKE_OK)
        st = dtake__geokeys_datum(tiff, out, err);
    return st == DTAKE_OK ? dtake__buf_puts(out, " +no_defs +type=crs") : st;
}

static dtake_status put_crs(const dtake__tiff *tiff, int32_t *epsg, dtake_buf *out, dtake_error *err)
{
    int32_t model = dtake__geokey_code(tiff, DTAKE__KEY_MODEL_TYPE);
    int32_t projected = dtake__geokey_code(tiff, DTAKE__KEY_PROJECTED_TYPE);
    int32_t geographic = dtake__geokey_code(tiff, DTAKE__KEY_GEOGRAPHIC_TYPE);
    int32_t method = dtake__geokey_code(tiff, DTAKE__KEY_METHOD),
            projection = dtake__geokey_code(tiff, DTAKE__KEY_PROJECTION);
    dtake_status st = DTAKE_OK;
    bool known_projected = projected > 0 && projected != DTAKE__USER_DEFINED;
    if (known_projected && model != DTAKE__MODEL_GEOGRAPHIC)
        return put_code(projected, epsg, out);
    if (put_pe_string(tiff, out, &st))
        return st;
    if (model == DTAKE__MODEL_GEOCENTRIC)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "GeoTIFF: geocentric coordinates are not supported");
    if (model == DTAKE__MODEL_PROJECTED ||
        (model != DTAKE__MODEL_GEOGRAPHIC && (projected > 0 || method > 0 || projection > 0)))
        return put_projected(tiff, epsg, out, err);
    if (geographic > 0 && geographic != DTAKE__USER_DEFINED)
        return put_code(geographic, epsg, out);
    if (model == DTAKE__MODEL_GEOGRAPHIC || geographic > 0)
        return put_geographic(tiff, out, err);
    if (model == 0)
        return DTAKE_OK;
    char citation[128];
    dtake__geokey_text(tiff, DTAKE__KEY_CITATION, citation, sizeof citation);
    return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                       "GeoTIFF: CRS '%s' is of user-defined model type without parameters", citation);
}

dtake_status dtake__tiff_crs(const dtake__tiff *tiff, int32_t *epsg, dtake_buf *out, dtake_error *err)
{
    *epsg = 0;
    dtake__buf_clear(out);
    dtake_status st = put_crs(tiff, epsg, out, err);
    if (st == DTAKE_E_NOMEM || st == DTAKE_E_LIMIT)
        return dtake__fail(err, st, "GeoTIFF: no room for the text of the CRS");
    if (st != DTAKE_OK)
        dtake__buf_clear(out);
    return st;
}
