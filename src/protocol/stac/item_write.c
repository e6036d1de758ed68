#include "protocol/stac/item_write.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "format/json.h"
#include "format/json_write.h"
#include "geo/geometry.h"
#include "protocol/stac/item_fields.h"
#include "table/column.h"
#include "table/value.h"

#include <string.h>

enum { MAX_KEPT = 1024 };

struct dtake__item_writer {
    dtake_schema *schema;
    dtake__item_layout layout;
    int collection_at;
    char *collection;
    dtake__span kept[MAX_KEPT]; /* names in the row's own JSON, which count more than fields */
    size_t kept_count;
    dtake__geometry_facts facts;
    bool has_geometry;
};

dtake_status dtake__item_writer_new(dtake__item_writer **out, const dtake_schema *schema,
                                    const char *collection, dtake_error *err)
{
    *out = NULL;
    dtake__item_writer *w = dtake__calloc(1, sizeof *w);
    if (w == NULL)
        return dtake__fail_nomem(err, "items");
    w->schema = dtake_schema_retain(schema);
    w->collection_at = dtake_schema_find_role(schema, DTAKE_ROLE_COLLECTION);
    dtake_status st = dtake__item_layout_init(&w->layout, schema, err);
    if (st == DTAKE_OK && collection != NULL && (w->collection = dtake__strdup(collection)) == NULL)
        st = dtake__fail_nomem(err, "items");
    if (st != DTAKE_OK) {
        dtake__item_writer_free(w);
        return st;
    }
    *out = w;
    return DTAKE_OK;
}

void dtake__item_writer_free(dtake__item_writer *writer)
{
    if (writer == NULL)
        return;
    dtake__item_layout_dispose(&writer->layout);
    dtake_schema_release(writer->schema);
    dtake__free(writer->collection);
    dtake__free(writer);
}

/* The bytes of a system field; false: the row has none. */
static bool bytes_of(const dtake__item_writer *w, const dtake_batch *batch, int64_t row,
                     dtake__item_field field, dtake__span *out)
{
    if (w->layout.at[field] < 0)
        return false;
    const dtake_column *column = dtake_batch_column(batch, (size_t)w->layout.at[field]);
    if (!dtake__has_value(column, row))
        return false;
    out->text = dtake__get_bytes(column, row, &out->len);
    return true;
}

static bool is_kept(const dtake__item_writer *w, const char *name)
{
    for (size_t i = 0; i < w->kept_count; i++)
        if (dtake__span_equal(w->kept[i], dtake__span_of(name)))
            return true;
    return false;
}

/* A member whose name is JSON already: what stood between the quotes. The writer would escape it once more.
 */
static void raw_member(dtake__json *json, dtake__span key, dtake__span value)
{
    bool escaped = memchr(key.text, '\\', key.len) != NULL;
    dtake__json_key(json, escaped ? DTAKE__SPAN("") : key);
    if (escaped && json->status == DTAKE_OK) {
        json->out->len -= strlen("\":");
        json->status = dtake__buf_append(json->out, key.text, key.len);
        if (json->status == DTAKE_OK)
            json->status = dtake__buf_puts(json->out, "\":");
    }
    dtake__json_raw_span(json, NULL, value);
}

/* Copies the members of an object that the row has as JSON, and remembers their names. */
static void copy_members(dtake__item_writer *w, dtake__json *json, dtake__span object)
{
    dtake__json_in in;
    dtake__json_quoted key;
    dtake__span value;
    dtake__json_start(&in, object.text, object.len);
    if (dtake__json_peek(&in) != DTAKE__JSON_OBJECT || !dtake__json_enter_object(&in))
        return;
    while (dtake__json_next_key(&in, &key) && dtake__json_read_raw(&in, &value)) {
        if (w->kept_count < MAX_KEPT)
            w->kept[w->kept_count++] = key.raw;
        raw_member(json, key.raw, value);
    }
}

static void write_id(const dtake__item_writer *w, dtake__json *json, const dtake_batch *batch, int64_t row)
{
    dtake__span name;
    if (bytes_of(w, batch, row, DTAKE__ITEM_NAME, &name)) {
        dtake__json_span(json, "id", name);
    } else if (w->layout.at[DTAKE__ITEM_ID] >= 0) {
        size_t at = (size_t)w->layout.at[DTAKE__ITEM_ID];
        dtake__json_key(json, DTAKE__SPAN("id"));
        dtake__value_json(json, w->schema, at, dtake_batch_column(batch, at), row);
    }
}

static void write_collection(const dtake__item_writer *w, dtake__json *json, const dtake_batch *batch,
                             int64_t row)
{
    if (w->collection_at >= 0) {
        const dtake_column *column = dtake_batch_column(batch, (size_t)w->collection_at);
        dtake__span name;
        name.text = dtake__get_bytes(column, row, &name.len);
        dtake__json_span(json, "collection", name);
    } else if (w->collection != NULL) {
        dtake__json_text(json, "collection", w->collection);
    }
}

static dtake_status write_geometry(dtake__item_writer *w, dtake__json *json, const dtake_batch *batch,
                                   int64_t row, dtake_error *err)
{
    dtake__span wkb;
    w->has_geometry = bytes_of(w, batch, row, DTAKE__ITEM_GEOMETRY, &wkb);
    if (!w->has_geometry) {
        dtake__json_null(json, "geometry");
        return DTAKE_OK;
    }
    const dtake__geometry geometry = dtake__geometry_view(wkb.text, wkb.len);
    dtake_status st = dtake__geometry_facts_of(&geometry, &w->facts, err);
    dtake__json_raw(json, "geometry", ""); /* the value follows */
    if (st == DTAKE_OK && json->status == DTAKE_OK)
        st = dtake__geometry_to_geojson(&geometry, json->out, err);
    return st;
}

static void write_bbox(const dtake__item_writer *w, dtake__json *json, const dtake_batch *batch, int64_t row)
{
    dtake__span text;
    if (bytes_of(w, batch, row, DTAKE__ITEM_BBOX, &text)) {
        if (!dtake__span_equal(text, DTAKE__SPAN("null")))
            dtake__json_raw_span(json, "bbox", text);
    } else if (w->has_geometry && w->facts.points > 0) {
        dtake__json_array(json, "bbox");
        dtake__json_f64(json, NULL, w->facts.min_x);
        dtake__json_f64(json, NULL, w->facts.min_y);
        dtake__json_f64(json, NULL, w->facts.max_x);
        dtake__json_f64(json, NULL, w->facts.max_y);
        dtake__json_end(json, ']');
    }
}

static void write_properties(dtake__item_writer *w, dtake__json *json, const dtake_batch *batch, int64_t row)
{
    dtake__span rest;
    char time[40];
    dtake__json_object(json, "properties");
    if (bytes_of(w, batch, row, DTAKE__ITEM_PROPERTIES, &rest))
        copy_members(w, json, rest);
    int time_at = w->layout.at[DTAKE__ITEM_TIME];
    if (time_at >= 0 && !is_kept(w, "datetime")) {
        dtake__time_format(dtake__get_i64(dtake_batch_column(batch, (size_t)time_at), row), time,
                           sizeof time);
        dtake__json_text(json, "datetime", time);
    }
    for (size_t i = 0; i < dtake_schema_count(w->schema); i++) {
        const dtake_column *column = dtake_batch_column(batch, i);
        const dtake_field *field = dtake_schema_field(w->schema, i);
        if (!w->layout.is_property[i] || !dtake__has_value(column, row) || is_kept(w, field->name))
            continue;
        dtake__json_key(json, dtake__span_of(field->name));
        dtake__value_json(json, w->schema, i, column, row);
    }
    dtake__json_end(json, '}');
    w->kept_count = 0;
}

static void write_raw(const dtake__item_writer *w, dtake__json *json, const dtake_batch *batch, int64_t row,
                      dtake__item_field field, const char *key, const char *otherwise)
{
    dtake__span text;
    if (bytes_of(w, batch, row, field, &text))
        dtake__json_raw_span(json, key, text);
    else if (otherwise != NULL)
        dtake__json_raw(json, key, otherwise);
}

dtake_status dtake__item_write(dtake__item_writer *w, const dtake_batch *batch, int64_t row, dtake_buf *out,
                               dtake_error *err)
{
    dtake__json json = { .out = out };
    dtake__span text;
    w->kept_count = 0;
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "type", "Feature");
    if (bytes_of(w, batch, row, DTAKE__ITEM_STAC_VERSION, &text))
        dtake__json_span(&json, "stac_version", text);
    else
        dtake__json_text(&json, "stac_version", "1.0.0");
    write_raw(w, &json, batch, row, DTAKE__ITEM_STAC_EXTENSIONS, "stac_extensions", NULL);
    write_id(w, &json, batch, row);
    write_collection(w, &json, batch, row);
    dtake_status st = write_geometry(w, &json, batch, row, err);
    if (st != DTAKE_OK)
        return st;
    write_bbox(w, &json, batch, row);
    write_properties(w, &json, batch, row);
    write_raw(w, &json, batch, row, DTAKE__ITEM_LINKS, "links", "[]");
    write_raw(w, &json, batch, row, DTAKE__ITEM_ASSETS, "assets", "{}");
    if (bytes_of(w, batch, row, DTAKE__ITEM_OTHER, &text))
        copy_members(w, &json, text);
    dtake__json_end(&json, '}');
    return json.status == DTAKE_OK
               ? DTAKE_OK
               : dtake__fail(err, json.status, "write an item: %s", dtake_status_text(json.status));
}
