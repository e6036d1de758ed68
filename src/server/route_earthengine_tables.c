/* Collections page by page, and tables as files. */
#include "server/earthengine.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "raster/eval_json.h"
#include "server/earthengine_request.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 1000, TEXT_BYTES = 256 << 20 };

/* --- the collection as JSON --- */

static dtake_status show(dtake__eval *eval, const dtake__value *value, void *ctx, dtake_buf *out,
                         dtake_error *err)
{
    (void)ctx;
    return dtake__value_to_json(eval, value, out, err);
}

/* The elements that the expression comes to. *out is the caller's. */
static dtake_status elements(dtake__ee_asked *asked, const dtake__ee_patience *patience,
                             dtake__span expression, json_t **out, dtake_error *err)
{
    dtake__ee_graph graph = { 0 };
    dtake_buf text = DTAKE_BUF_INIT(TEXT_BYTES);
    dtake_status st = dtake__ee_graph_read(&graph, asked->service, patience, expression, err);
    if (st == DTAKE_OK)
        st = dtake__evaluation_value(graph.evaluation, graph.node, show, NULL, &text, err);
    dtake__ee_graph_dispose(&graph);
    json_t *all = st == DTAKE_OK ? json_loadb(dtake__buf_str(&text), text.len, 0, NULL) : NULL;
    dtake__buf_dispose(&text);
    if (st != DTAKE_OK)
        return st;
    *out = json_incref(json_object_get(all, "features"));
    json_decref(all);
    return json_is_array(*out) ? DTAKE_OK
                               : dtake__fail(err, DTAKE_E_USAGE, "The expression is no collection.");
}

/* --- pages --- */

/* Cut to the page; *next is the token of the one behind it, 0 without. */
static dtake_status cut_page(const dtake__ee_request *r, json_t *list, int64_t *next, dtake_error *err)
{
    int64_t first = 0, count = (int64_t)json_array_size(list);
    int64_t most = r->page_size > 0 && r->page_size < PAGE ? r->page_size : PAGE;
    if (r->page_token[0] != '\0' && (!dtake__parse_i64(r->page_token, &first) || first < 0))
        return dtake__fail(err, DTAKE_E_USAGE, "Invalid page token.");
    first = first < count ? first : count;
    *next = first + most < count ? first + most : 0;
    while ((int64_t)json_array_size(list) > first + most)
        json_array_remove(list, json_array_size(list) - 1);
    json_t *kept = json_array();
    for (int64_t i = first; i < (int64_t)json_array_size(list); i++)
        json_array_append(kept, json_array_get(list, (size_t)i));
    json_array_clear(list);
    json_array_extend(list, kept);
    json_decref(kept);
    return DTAKE_OK;
}

/* Takes `document`. */
static dtake_status answer(dtake__ee_asked *asked, json_t *document, int64_t next, dtake_error *err)
{
    char token[32];
    snprintf(token, sizeof token, "%lld", (long long)next);
    if (next > 0)
        json_object_set_new(document, "nextPageToken", json_string(token));
    char *text = json_dumps(document, JSON_COMPACT);
    dtake_status st = text != NULL ? dtake__buf_puts(&asked->answer, text) : DTAKE_E_NOMEM;
    free(text);
    json_decref(document);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "an answer");
}

static dtake_status page_of(dtake__ee_asked *asked, json_t **list, int64_t *next, dtake_error *err)
{
    dtake__ee_request request = { 0 };
    dtake_status st = dtake__ee_request_read(&request, asked->body, err);
    if (st == DTAKE_OK)
        st = elements(asked, &asked->patience, request.expression, list, err);
    if (st == DTAKE_OK)
        st = cut_page(&request, *list, next, err);
    dtake__ee_request_dispose(&request);
    return st;
}

dtake_status dtake__ee_compute_features(dtake__ee_asked *asked, dtake_error *err)
{
    json_t *list = NULL;
    int64_t next = 0;
    dtake_status st = page_of(asked, &list, &next, err);
    if (st == DTAKE_OK)
        st = answer(asked, json_pack("{s:s, s:O}", "type", "FeatureCollection", "features", list), next, err);
    json_decref(list);
    return st;
}

/* --- images as assets --- */

static json_t *type_of(const json_t *type)
{
    const char *precision = json_string_value(json_object_get(type, "precision"));
    json_t *out = json_object(), *min = json_object_get(type, "min"), *max = json_object_get(type, "max");
    json_object_set_new(out, "precision",
                        json_string(precision == NULL                  ? "FLOAT"
                                    : strcmp(precision, "int") == 0    ? "INT"
                                    : strcmp(precision, "double") == 0 ? "DOUBLE"
                                                                       : "FLOAT"));
    if (min != NULL && max != NULL)
        json_object_set_new(out, "range", json_pack("{s:O, s:O}", "min", min, "max", max));
    return out;
}

static json_t *band_of(const json_t *band)
{
    static const char *const names[6] = {
        "scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY"
    };
    json_t *out = json_object(), *grid = json_object(), *affine = json_object();
    const json_t *t = json_object_get(band, "crs_transform"), *size = json_object_get(band, "dimensions");
    json_object_set(out, "id", json_object_get(band, "id"));
    json_object_set_new(out, "dataType", type_of(json_object_get(band, "data_type")));
    json_object_set(grid, "crsCode", json_object_get(band, "crs"));
    for (size_t i = 0; i < 6; i++)
        json_object_set(affine, names[i], json_array_get(t, i));
    json_object_set_new(grid, "affineTransform", affine);
    if (json_array_size(size) == 2)
        json_object_set_new(
            grid, "dimensions",
            json_pack("{s:O, s:O}", "width", json_array_get(size, 0), "height", json_array_get(size, 1)));
    json_object_set_new(out, "grid", grid);
    return out;
}

static json_t *asset_of(const json_t *image)
{
    json_t *out = json_object(), *bands = json_array(), *band;
    size_t i;
    const char *id = json_string_value(json_object_get(image, "id"));
    json_object_set_new(out, "type", json_string("IMAGE"));
    if (id != NULL) {
        json_object_set_new(out, "name", json_sprintf("projects/earthengine-public/assets/%s", id));
        json_object_set_new(out, "id", json_string(id));
    }
    if (json_object_get(image, "properties") != NULL)
        json_object_set(out, "properties", json_object_get(image, "properties"));
    json_array_foreach(json_object_get(image, "bands"), i, band) json_array_append_new(bands, band_of(band));
    json_object_set_new(out, "bands", bands);
    return out;
}

dtake_status dtake__ee_compute_images(dtake__ee_asked *asked, dtake_error *err)
{
    json_t *list = NULL, *images = json_array(), *image;
    int64_t next = 0;
    size_t i;
    dtake_status st = page_of(asked, &list, &next, err);
    json_array_foreach(list, i, image) json_array_append_new(images, asset_of(image));
    if (st == DTAKE_OK)
        st = answer(asked, json_pack("{s:O}", "images", images), next, err);
    json_decref(images);
    json_decref(list);
    return st;
}

/* --- files --- */

dtake_status dtake__ee_make_table(dtake__ee_asked *asked, dtake_error *err)
{
    dtake__ee_request request = { 0 };
    dtake_status st = dtake__ee_request_read(&request, asked->body, err);
    dtake__ee_request_dispose(&request);
    return st == DTAKE_OK ? dtake__ee_answer_name(asked, "tables", asked->body, err) : st;
}

/* As they are named, else all properties there are, in order, and the geometry. */
static dtake_status columns_of(const dtake__ee_request *r, const json_t *list, dtake__strings *out,
                               dtake_error *err)
{
    json_t *feature, *value;
    const char *key;
    size_t i;
    dtake_status st = DTAKE_OK;
    if (r->selectors.count > 0)
        return dtake__strings_copy(&r->selectors, out);
    st = dtake__strings_add(out, "system:index", 12);
    json_array_foreach((json_t *)(uintptr_t)list, i, feature)
        json_object_foreach(json_object_get(feature, "properties"), key,
                            value) if (st == DTAKE_OK && !dtake__strings_have(out, key)) st =
            dtake__strings_add(out, key, strlen(key));
    if (st == DTAKE_OK)
        st = dtake__strings_add(out, ".geo", 4);
    return st == DTAKE_OK ? st : dtake__fail_nomem(err, "a table");
}

static dtake_status put_cell(dtake_buf *out, const char *text)
{
    if (text[strcspn(text, ",\"\r\n")] == '\0')
        return dtake__buf_puts(out, text);
    dtake_status st = dtake__buf_puts(out, "\"");
    for (; *text != '\0' && st == DTAKE_OK; text++)
        st = dtake__buf_append(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
    return st == DTAKE_OK ? dtake__buf_puts(out, "\"") : st;
}

static const json_t *cell_of(const json_t *feature, const char *column)
{
    const json_t *value = json_object_get(json_object_get(feature, "properties"), column);
    if (value == NULL && strcmp(column, "system:index") == 0)
        return json_object_get(feature, "id");
    return value == NULL && strcmp(column, ".geo") == 0 ? json_object_get(feature, "geometry") : value;
}

static dtake_status put_row(dtake_buf *out, const json_t *feature, const dtake__strings *columns)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < columns->count && st == DTAKE_OK; i++) {
        const json_t *value = feature != NULL ? cell_of(feature, columns->at[i]) : NULL;
        char *text = value != NULL && !json_is_string(value) && !json_is_null(value)
                         ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY)
                         : NULL;
        if (i > 0)
            st = dtake__buf_puts(out, ",");
        if (st == DTAKE_OK)
            st = put_cell(out, feature == NULL         ? columns->at[i]
                               : text != NULL          ? text
                               : json_is_string(value) ? json_string_value(value)
                                                       : "");
        free(text);
    }
    return st == DTAKE_OK ? dtake__buf_puts(out, "\n") : st;
}

static dtake_status put_csv(dtake_buf *out, const dtake__ee_request *r, const json_t *list, dtake_error *err)
{
    dtake__strings columns = { 0 };
    dtake_status st = columns_of(r, list, &columns, err);
    if (st == DTAKE_OK)
        st = put_row(out, NULL, &columns);
    for (size_t i = 0; i < json_array_size(list) && st == DTAKE_OK; i++)
        st = put_row(out, json_array_get(list, i), &columns);
    dtake__strings_dispose(&columns);
    return st;
}

dtake_status dtake__ee_table_features(dtake__ee_asked *asked, dtake_error *err)
{
    dtake__ee_request request = { 0 };
    dtake_buf body;
    json_t *list = NULL;
    dtake_status st = dtake__ee_kept(asked, "tables", &body, err);
    if (st == DTAKE_OK)
        st = dtake__ee_request_read(&request, (dtake__span){ (const char *)body.data, body.len }, err);
    if (st == DTAKE_OK)
        st = elements(asked, &asked->patience, request.expression, &list, err);
    bool is_json = request.format == DTAKE__EE_JSON || request.format == DTAKE__EE_GEO_JSON;
    if (st == DTAKE_OK && !is_json) {
        dtake__rest_set_type(asked->call, "text/csv");
        st = put_csv(&asked->answer, &request, list, err);
    } else if (st == DTAKE_OK) {
        dtake__rest_set_type(asked->call, "application/json");
        st = answer(asked, json_pack("{s:s, s:O}", "type", "FeatureCollection", "features", list), 0, err);
    }
    json_decref(list);
    dtake__buf_dispose(&body);
    dtake__ee_request_dispose(&request);
    return st;
}
