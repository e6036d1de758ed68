#include "sources/earthengine/item_bands.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json.h"

#include <math.h>
#include <string.h>

enum { MAX_CRS = 16 * 1024, MAX_HREF = 64 * 1024, MAX_NAME = 1000 };

/* --- read --- */

/* A text of at most so many bytes without what would end it early; NULL: it is none, or no memory (then *no
 * is set). */
static char *read_text(dtake__json_in *in, size_t most, bool *no_memory)
{
    dtake__json_quoted quoted;
    if (dtake__json_peek(in) != DTAKE__JSON_TEXT) {
        dtake__json_skip(in);
        return NULL;
    }
    if (!dtake__json_read_text(in, &quoted) || quoted.raw.len == 0 || quoted.raw.len > most)
        return NULL;
    char *text = dtake__alloc(quoted.raw.len + 1);
    *no_memory |= text == NULL;
    if (text == NULL)
        return NULL;
    size_t len = dtake__json_unescape(quoted, text);
    text[len] = '\0';
    if (strlen(text) == len)
        return text;
    dtake__free(text);
    return NULL;
}

static size_t read_numbers(dtake__json_in *in, double *out, size_t most)
{
    size_t count = 0;
    if (dtake__json_peek(in) != DTAKE__JSON_ARRAY) {
        dtake__json_skip(in);
        return 0;
    }
    dtake__json_enter_array(in);
    while (dtake__json_next_element(in))
        if (dtake__json_peek(in) == DTAKE__JSON_NUMBER && count < most)
            count += dtake__json_read_f64(in, &out[count]);
        else
            dtake__json_skip(in);
    return count;
}

/* The smallest that holds what the service says; whole numbers of any size are doubles. */
static dtake_type type_of(bool whole, bool single, bool has_range, double min, double max)
{
    static const struct {
        double min, max;
        dtake_type type;
    } known[] = { { 0, 255, DTAKE_U8 },         { -128, 127, DTAKE_I8 },
                  { 0, 65535, DTAKE_U16 },      { -32768, 32767, DTAKE_I16 },
                  { 0, 4294967295, DTAKE_U32 }, { -2147483648.0, 2147483647, DTAKE_I32 } };
    if (!whole)
        return single ? DTAKE_F32 : DTAKE_F64;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && has_range; i++)
        if (min >= known[i].min && max <= known[i].max)
            return known[i].type;
    return has_range ? DTAKE_F64 : DTAKE_I32;
}

static dtake_type read_type(dtake__json_in *in)
{
    dtake__json_quoted key, precision;
    double min = 0, max = 0;
    bool whole = true, single = false, has_min = false, has_max = false;
    if (dtake__json_peek(in) != DTAKE__JSON_OBJECT) {
        dtake__json_skip(in);
        return DTAKE_F64;
    }
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key)) {
        dtake__json_kind kind = dtake__json_peek(in);
        if (dtake__json_key_is(key, "precision") && kind == DTAKE__JSON_TEXT) {
            if (dtake__json_read_text(in, &precision)) {
                whole = dtake__json_text_equal(precision, DTAKE__SPAN("int"));
                single = dtake__json_text_equal(precision, DTAKE__SPAN("float"));
            }
        } else if (dtake__json_key_is(key, "min") && kind == DTAKE__JSON_NUMBER) {
            has_min = dtake__json_read_f64(in, &min);
        } else if (dtake__json_key_is(key, "max") && kind == DTAKE__JSON_NUMBER) {
            has_max = dtake__json_read_f64(in, &max);
        } else {
            dtake__json_skip(in);
        }
    }
    return type_of(whole, single, has_min && has_max, min, max);
}

static bool is_side(double pixels)
{
    return pixels >= 1 && pixels <= INT32_MAX && pixels == floor(pixels);
}

/* crs_transform is that of the grid which `origin` (columns, rows) is counted on. */
static void set_grid(dtake__ee_band *band, const double side[2], const double origin[2], const double t[6])
{
    bool fits = band->crs != NULL && is_side(side[0]) && is_side(side[1]) && isfinite(origin[0]) &&
                isfinite(origin[1]) && t[0] * t[4] - t[1] * t[3] != 0;
    for (int i = 0; i < 6; i++)
        fits = fits && isfinite(t[i]);
    if (!fits)
        return;
    band->has_grid = true;
    band->width = (int64_t)side[0];
    band->height = (int64_t)side[1];
    band->transform = (dtake_affine){ .x0 = t[2] + origin[0] * t[0] + origin[1] * t[1],
                                      .col_x = t[0],
                                      .row_x = t[1],
                                      .y0 = t[5] + origin[0] * t[3] + origin[1] * t[4],
                                      .col_y = t[3],
                                      .row_y = t[4] };
}

static void take(char **to, char *text)
{
    dtake__free(*to);
    *to = text;
}

static bool read_band(dtake__ee_band *band, dtake__json_in *in)
{
    dtake__json_quoted key;
    double side[2] = { 0 }, origin[2] = { 0 }, transform[6] = { 0 };
    bool no_memory = false;
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key))
        if (dtake__json_key_is(key, "id"))
            take(&band->band, read_text(in, MAX_NAME, &no_memory));
        else if (dtake__json_key_is(key, "data_type"))
            band->type = read_type(in);
        else if (dtake__json_key_is(key, "dimensions"))
            read_numbers(in, side, 2);
        else if (dtake__json_key_is(key, "origin"))
            read_numbers(in, origin, 2);
        else if (dtake__json_key_is(key, "crs") || dtake__json_key_is(key, "crs_wkt"))
            take(&band->crs, read_text(in, MAX_CRS, &no_memory));
        else if (dtake__json_key_is(key, "crs_transform"))
            read_numbers(in, transform, 6);
        else
            dtake__json_skip(in);
    set_grid(band, side, origin, transform);
    return !no_memory;
}

static void band_dispose(dtake__ee_band *band)
{
    dtake__free(band->band);
    dtake__free(band->crs);
}

/* A later one of the same name is not another band. */
static bool is_new(const dtake__ee_bands *bands, const char *name)
{
    for (size_t i = 0; i < bands->count; i++)
        if (strcmp(bands->band[i].band, name) == 0)
            return false;
    return true;
}

dtake_status dtake__ee_bands_read(dtake__ee_bands *out, const char *source, const char *asset,
                                  dtake__span list, dtake_error *err)
{
    dtake__json_in in;
    *out = (dtake__ee_bands){ 0 };
    dtake__json_start(&in, list.text, list.len);
    dtake__json_enter_array(&in);
    while (dtake__json_next_element(&in)) {
        dtake__ee_band band = { .source = (char *)(uintptr_t)source, .asset = (char *)(uintptr_t)asset };
        if (dtake__json_peek(&in) != DTAKE__JSON_OBJECT) {
            dtake__json_skip(&in);
            continue;
        }
        bool read = read_band(&band, &in);
        void *grown = dtake__room_for_one(out->band, out->count, &out->room, sizeof band);
        if (grown != NULL)
            out->band = grown;
        if (read && grown != NULL && band.band != NULL && out->count < DTAKE__EE_MAX_BANDS &&
            is_new(out, band.band))
            out->band[out->count++] = band;
        else
            band_dispose(&band);
        if (!read || grown == NULL)
            return dtake__fail_nomem(err, "an image's bands");
    }
    return dtake__json_finish(&in, err);
}

void dtake__ee_bands_dispose(dtake__ee_bands *bands)
{
    for (size_t i = 0; i < bands->count; i++)
        band_dispose(&bands->band[i]);
    dtake__free(bands->band);
    *bands = (dtake__ee_bands){ 0 };
}

/* --- written --- */

/* What is known of bands by the names of Sentinel-2's and Landsat 8's and 9's collections: what STAC calls
 * them, and what a step of their numbers is worth. */
typedef struct known_band {
    const char *dataset, *band, *name;
    double scale, offset;
} known_band;

static const known_band *known_of(const char *dataset, const char *band)
{
    static const known_band known[] = {
        { "COPERNICUS/S2", "B1", "coastal", 0.0001, NAN },
        { "COPERNICUS/S2", "B2", "blue", 0.0001, NAN },
        { "COPERNICUS/S2", "B3", "green", 0.0001, NAN },
        { "COPERNICUS/S2", "B4", "red", 0.0001, NAN },
        { "COPERNICUS/S2", "B5", "rededge", 0.0001, NAN },
        { "COPERNICUS/S2", "B6", "rededge", 0.0001, NAN },
        { "COPERNICUS/S2", "B7", "rededge", 0.0001, NAN },
        { "COPERNICUS/S2", "B8", "nir", 0.0001, NAN },
        { "COPERNICUS/S2", "B8A", "nir08", 0.0001, NAN },
        { "COPERNICUS/S2", "B9", "nir09", 0.0001, NAN },
        { "COPERNICUS/S2", "B10", "cirrus", 0.0001, NAN },
        { "COPERNICUS/S2", "B11", "swir16", 0.0001, NAN },
        { "COPERNICUS/S2", "B12", "swir22", 0.0001, NAN },
        { "LANDSAT/LC0", "SR_B1", "coastal", 2.75e-5, -0.2 },
        { "LANDSAT/LC0", "SR_B2", "blue", 2.75e-5, -0.2 },
        { "LANDSAT/LC0", "SR_B3", "green", 2.75e-5, -0.2 },
        { "LANDSAT/LC0", "SR_B4", "red", 2.75e-5, -0.2 },
        { "LANDSAT/LC0", "SR_B5", "nir08", 2.75e-5, -0.2 },
        { "LANDSAT/LC0", "SR_B6", "swir16", 2.75e-5, -0.2 },
        { "LANDSAT/LC0", "SR_B7", "swir22", 2.75e-5, -0.2 },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (dtake__starts_with(dataset, known[i].dataset) && strcmp(band, known[i].band) == 0)
            return &known[i];
    return NULL;
}

void dtake__ee_crs_write(const char *crs, dtake__json *json)
{
    int64_t epsg;
    if (dtake__starts_with(crs, "EPSG:") && dtake__parse_i64(crs + 5, &epsg) && epsg > 0 && epsg < 1 << 30)
        dtake__json_i64(json, "proj:epsg", epsg);
    else
        dtake__json_text(json, strchr(crs, '[') != NULL ? "proj:wkt2" : "proj:code", crs);
}

static void write_grid(const dtake__ee_band *band, dtake__json *json)
{
    const dtake_affine *t = &band->transform;
    const double order[6] = { t->col_x, t->row_x, t->x0, t->col_y, t->row_y, t->y0 };
    dtake__ee_crs_write(band->crs, json);
    dtake__json_array(json, "proj:shape");
    dtake__json_i64(json, NULL, band->height);
    dtake__json_i64(json, NULL, band->width);
    dtake__json_end(json, ']');
    dtake__json_array(json, "proj:transform");
    for (int i = 0; i < 6; i++)
        dtake__json_f64(json, NULL, order[i]);
    dtake__json_end(json, ']');
}

static void write_facts(const dtake__ee_band *band, const char *dataset, dtake__json *json)
{
    const known_band *known = known_of(dataset, band->band);
    dtake__json_array(json, "eo:bands");
    dtake__json_object(json, NULL);
    dtake__json_text(json, "name", band->band);
    if (known != NULL)
        dtake__json_text(json, "common_name", known->name);
    dtake__json_end(json, '}');
    dtake__json_end(json, ']');
    dtake__json_array(json, "raster:bands");
    dtake__json_object(json, NULL);
    dtake__json_text(json, "data_type", dtake_type_name(band->type));
    if (known != NULL) {
        dtake__json_f64(json, "scale", known->scale);
        if (!isnan(known->offset))
            dtake__json_f64(json, "offset", known->offset);
    }
    if (band->has_grid && strcmp(band->crs, "EPSG:4326") != 0)
        dtake__json_f64(json, "spatial_resolution", hypot(band->transform.col_x, band->transform.col_y));
    dtake__json_end(json, '}');
    dtake__json_end(json, ']');
}

dtake_status dtake__ee_bands_write(const dtake__ee_bands *bands, const char *dataset, dtake__json *json)
{
    dtake_buf href = DTAKE_BUF_INIT(MAX_HREF);
    dtake_status st = DTAKE_OK;
    dtake__json_object(json, "assets");
    for (size_t i = 0; i < bands->count && st == DTAKE_OK; i++) {
        const dtake__ee_band *band = &bands->band[i];
        dtake__buf_clear(&href);
        st = dtake__ee_band_write(band, &href);
        dtake__json_object(json, band->band);
        dtake__json_text(json, "href", dtake__buf_str(&href));
        dtake__json_text(json, "type", "image/tiff; application=geotiff");
        dtake__json_array(json, "roles");
        dtake__json_text(json, NULL, "data");
        dtake__json_end(json, ']');
        write_facts(band, dataset, json);
        if (band->has_grid)
            write_grid(band, json);
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, '}');
    dtake__buf_dispose(&href);
    return st == DTAKE_OK ? json->status : st;
}
