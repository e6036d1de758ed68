#include "server/earthengine_request.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json.h"
#include "raster/colors.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    dtake__ee_format format;
} formats[] = {
    { "AUTO_JPEG_PNG", DTAKE__EE_AUTO },
    { "IMAGE_FILE_FORMAT_UNSPECIFIED", DTAKE__EE_AUTO },
    { "JPEG", DTAKE__EE_JPEG },
    { "PNG", DTAKE__EE_PNG },
    { "NPY", DTAKE__EE_NPY },
    { "GEO_TIFF", DTAKE__EE_GEO_TIFF },
    { "ZIPPED_GEO_TIFF", DTAKE__EE_ZIPPED },
    { "ZIPPED_GEO_TIFF_PER_BAND", DTAKE__EE_ZIPPED_PER_BAND },
    { "CSV", DTAKE__EE_CSV },
    { "JSON", DTAKE__EE_JSON },
    { "GEO_JSON", DTAKE__EE_GEO_JSON },
};

void dtake__ee_request_dispose(dtake__ee_request *request)
{
    dtake__strings_dispose(&request->bands);
    dtake__strings_dispose(&request->selectors);
    dtake__free(request->crs);
    *request = (dtake__ee_request){ 0 };
}

static dtake_status read_format(dtake__ee_request *r, const json_t *json, dtake_error *err)
{
    const char *name = json_string_value(json);
    for (size_t i = 0; name != NULL && i < sizeof formats / sizeof formats[0]; i++)
        if (dtake__equal_nocase(formats[i].name, name)) {
            r->format = formats[i].format;
            return DTAKE_OK;
        }
    return dtake__fail(err, DTAKE_E_USAGE, "File format '%.60s' is not supported.", name != NULL ? name : "");
}

static dtake_status read_texts(dtake__strings *out, const json_t *json, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < json_array_size(json) && st == DTAKE_OK; i++) {
        const json_t *item = json_array_get(json, i);
        st = json_is_string(item) ? dtake__strings_add(out, json_string_value(item), json_string_length(item))
                                  : DTAKE_E_USAGE;
    }
    return st == DTAKE_OK ? st : dtake__fail(err, DTAKE_E_USAGE, "A list of names was expected.");
}

/* --- the grid --- */

/* Whole numbers come as text, too: they may be larger than a double holds. */
static int64_t read_count(const json_t *json)
{
    int64_t value = 0;
    if (json_is_string(json))
        return dtake__parse_i64(json_string_value(json), &value) ? value : -1;
    double number = json_is_number(json) ? json_number_value(json) : 0;
    return number >= 0 && number < 9e15 ? (int64_t)number : -1;
}

static dtake_status read_grid(dtake__ee_request *r, const json_t *json, dtake_error *err)
{
    const json_t *size = json_object_get(json, "dimensions");
    const json_t *t = json_object_get(json, "affineTransform");
    const char *crs = json_string_value(json_object_get(json, "crsCode"));
    if (crs == NULL)
        crs = json_string_value(json_object_get(json, "crsWkt"));
    if (crs != NULL && (r->crs = dtake__strdup(crs)) == NULL)
        return dtake__fail_nomem(err, "a grid");
    r->has_size = json_is_object(size);
    r->width = read_count(json_object_get(size, "width"));
    r->height = read_count(json_object_get(size, "height"));
    if (r->has_size && (r->width < 1 || r->height < 1))
        return dtake__fail(err, DTAKE_E_USAGE, "Pixel grid dimensions must be positive.");
    r->has_transform = json_is_object(t);
    if (!r->has_transform)
        return DTAKE_OK;
    r->transform = (dtake_affine){ .x0 = json_number_value(json_object_get(t, "translateX")),
                                   .col_x = json_number_value(json_object_get(t, "scaleX")),
                                   .row_x = json_number_value(json_object_get(t, "shearX")),
                                   .y0 = json_number_value(json_object_get(t, "translateY")),
                                   .col_y = json_number_value(json_object_get(t, "shearY")),
                                   .row_y = json_number_value(json_object_get(t, "scaleY")) };
    double det = r->transform.col_x * r->transform.row_y - r->transform.row_x * r->transform.col_y;
    if (det == 0 || !isfinite(det))
        return dtake__fail(err, DTAKE_E_USAGE, "The affine transform of the pixel grid cannot be inverted.");
    return DTAKE_OK;
}

/* --- colours --- */

static dtake_status read_visualization(dtake__ee_request *r, const json_t *json, dtake_error *err)
{
    dtake_visualize *v = &r->visualize;
    const json_t *ranges = json_object_get(json, "ranges"), *colors = json_object_get(json, "paletteColors");
    const json_t *gamma = json_object_get(json, "gamma"), *opacity = json_object_get(json, "opacity");
    r->visualizes = json_object_size(json) > 0;
    v->enabled = r->visualizes;
    v->opacity = json_is_number(opacity) ? json_number_value(opacity) : 1;
    if (json_array_size(ranges) > 8 || json_array_size(colors) > DTAKE_MAX_PALETTE)
        return dtake__fail(err, DTAKE_E_LIMIT, "More ranges or colours than there can be bands.");
    for (size_t i = 0; i < json_array_size(ranges) && i < sizeof v->min / sizeof v->min[0]; i++) {
        v->min[v->min_count++] = json_number_value(json_object_get(json_array_get(ranges, i), "min"));
        v->max[v->max_count++] = json_number_value(json_object_get(json_array_get(ranges, i), "max"));
    }
    if (json_is_number(json_object_get(gamma, "value")))
        v->gamma[v->gamma_count++] = json_number_value(json_object_get(gamma, "value"));
    for (size_t i = 0; i < json_array_size(colors); i++) {
        const char *text = json_string_value(json_array_get(colors, i)), *near;
        if (text == NULL || !dtake__color_parse(text, v->palette[v->palette_count++], &near))
            return dtake__fail(err, DTAKE_E_USAGE, "'%.40s' is no colour.", text != NULL ? text : "");
    }
    return DTAKE_OK;
}

/* --- all of it --- */

static void copy_text(char *to, size_t size, const json_t *json)
{
    snprintf(to, size, "%s", json_is_string(json) ? json_string_value(json) : "");
}

static dtake_status read_member(dtake__ee_request *r, const char *name, const json_t *json, dtake_error *err)
{
    if (json_is_null(json))
        return DTAKE_OK;
    if (strcmp(name, "fileFormat") == 0)
        return read_format(r, json, err);
    if (strcmp(name, "bandIds") == 0)
        return read_texts(&r->bands, json, err);
    if (strcmp(name, "selectors") == 0)
        return read_texts(&r->selectors, json, err);
    if (strcmp(name, "grid") == 0)
        return read_grid(r, json, err);
    if (strcmp(name, "visualizationOptions") == 0)
        return read_visualization(r, json, err);
    if (strcmp(name, "filenamePrefix") == 0 || strcmp(name, "filename") == 0)
        copy_text(r->prefix, sizeof r->prefix, json);
    if (strcmp(name, "pageToken") == 0)
        copy_text(r->page_token, sizeof r->page_token, json);
    if (strcmp(name, "pageSize") == 0)
        r->page_size = read_count(json);
    return DTAKE_OK;
}

static dtake_status read_small(dtake__ee_request *r, dtake__json_quoted key, dtake__json_in *in,
                               dtake_error *err)
{
    static const char *const names[] = { "fileFormat",     "bandIds",  "grid",      "visualizationOptions",
                                         "filenamePrefix", "filename", "selectors", "pageSize",
                                         "pageToken" };
    dtake__span raw;
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && !dtake__json_text_equal(key, dtake__span_of(names[i])))
        i++;
    if (i == sizeof names / sizeof names[0]) {
        dtake__json_skip(in);
        return DTAKE_OK;
    }
    if (!dtake__json_read_raw(in, &raw))
        return DTAKE_OK;
    json_t *json = json_loadb(raw.text, raw.len, JSON_DECODE_ANY, NULL);
    dtake_status st = json != NULL
                          ? read_member(r, names[i], json, err)
                          : dtake__fail(err, DTAKE_E_FORMAT, "Invalid JSON payload: '%s'.", names[i]);
    json_decref(json);
    return st;
}

dtake_status dtake__ee_request_read(dtake__ee_request *out, dtake__span body, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    dtake_status st = DTAKE_OK;
    dtake__json_start(&in, body.text, body.len);
    dtake__json_enter_object(&in);
    while (st == DTAKE_OK && dtake__json_next_key(&in, &key)) {
        if (dtake__json_key_is(key, "expression"))
            dtake__json_read_raw(&in, &out->expression);
        else if (dtake__json_key_is(key, "region"))
            dtake__json_read_raw(&in, &out->region);
        else
            st = read_small(out, key, &in, err);
    }
    if (st == DTAKE_OK && (st = dtake__json_finish(&in, err)) != DTAKE_OK)
        dtake__error_prefix(err, "Invalid JSON payload received");
    return st;
}
