#include "protocol/stac/item_table.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json.h"
#include "geo/geometry.h"
#include "protocol/stac/item_fields.h"
#include "protocol/stac/item_row.h"
#include "protocol/stac/item_time.h"
#include "table/schema.h"

#include <string.h>

static const size_t MAX_ITEM_BYTES = (size_t)64 << 20;

static const char *property_name(const char *text)
{
    if (text == NULL)
        return NULL;
    return dtake__starts_with(text, "properties.") ? text + strlen("properties.") : text;
}

dtake_status dtake__item_reader_new(dtake__item_reader **out, const dtake_schema *schema,
                                    const dtake__item_reading *reading, dtake_error *err)
{
    dtake__item_reader *r = dtake__calloc(1, sizeof *r);
    *out = NULL;
    if (r == NULL)
        return dtake__fail_nomem(err, "a reader of items");
    r->rest = r->other = r->text = r->collection = r->assets = DTAKE_BUF_INIT(MAX_ITEM_BYTES);
    r->schema = dtake_schema_retain(schema);
    const char *time = reading != NULL ? property_name(reading->time) : NULL;
    const char *name = reading != NULL ? property_name(reading->name) : NULL;
    dtake_status st = dtake__item_layout_init(&r->layout, schema, err);
    if (st == DTAKE_OK && ((time != NULL && (r->time_name = dtake__strdup(time)) == NULL) ||
                           (name != NULL && (r->name_name = dtake__strdup(name)) == NULL)))
        st = dtake__fail_nomem(err, "a reader of items");
    if (st != DTAKE_OK) {
        dtake__item_reader_free(r);
        return st;
    }
    *out = r;
    return DTAKE_OK;
}

void dtake__item_reader_free(dtake__item_reader *reader)
{
    if (reader == NULL)
        return;
    dtake__item_layout_dispose(&reader->layout);
    dtake_schema_release(reader->schema);
    dtake__buf_dispose(&reader->rest);
    dtake__buf_dispose(&reader->other);
    dtake__buf_dispose(&reader->text);
    dtake__buf_dispose(&reader->collection);
    dtake__buf_dispose(&reader->assets);
    dtake__free(reader->base);
    dtake__free(reader->time_name);
    dtake__free(reader->name_name);
    dtake__free(reader);
}

dtake_status dtake__item_text(dtake__item_reader *r, dtake__json_quoted quoted, dtake__span *out)
{
    *out = quoted.raw;
    if (!quoted.escaped)
        return DTAKE_OK;
    dtake__buf_clear(&r->text);
    dtake_status st = dtake__buf_reserve(&r->text, quoted.raw.len);
    if (st == DTAKE_OK)
        *out =
            (dtake__span){ (const char *)r->text.data, dtake__json_unescape(quoted, (char *)r->text.data) };
    return st;
}

/* What spans lines is kept on one, so that rows can be written a line each. */
dtake_status dtake__item_raw(dtake__item_reader *r, dtake__json_in *in, dtake__span *out)
{
    if (!dtake__json_read_raw(in, out))
        return DTAKE_E_FORMAT;
    if (memchr(out->text, '\n', out->len) == NULL && memchr(out->text, '\r', out->len) == NULL)
        return DTAKE_OK;
    dtake__buf_clear(&r->text);
    dtake_status st = dtake__buf_reserve(&r->text, out->len);
    if (st == DTAKE_OK)
        *out = (dtake__span){ (const char *)r->text.data, dtake__json_compact(*out, (char *)r->text.data) };
    return st;
}

/* Adds `"key":value` to an object that is being written. */
dtake_status dtake__item_keep(dtake_buf *object, dtake__json_quoted key, dtake__span value)
{
    dtake_status st = dtake__buf_puts(object, object->len == 0 ? "{\"" : ",\"");
    if (st == DTAKE_OK)
        st = dtake__buf_append(object, key.raw.text, key.raw.len);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(object, "\":");
    return st == DTAKE_OK ? dtake__buf_append(object, value.text, value.len) : st;
}

static dtake_status put_text(dtake__item_reader *r, dtake__item_field field, dtake__span text)
{
    int at = r->layout.at[field];
    return at < 0 ? DTAKE_OK : dtake__put_bytes(r->builder, (size_t)at, text.text, text.len);
}

/* --- members --- */

static dtake_status read_id(dtake__item_reader *r, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    dtake__span text;
    if (dtake__json_peek(in) == DTAKE__JSON_NULL)
        return dtake__json_read_null(in) ? DTAKE_OK : DTAKE_E_FORMAT;
    if (dtake__json_peek(in) == DTAKE__JSON_NUMBER) { /* GeoJSON allows it */
        if (!dtake__json_read_raw(in, &text))
            return DTAKE_E_FORMAT;
    } else {
        const char *start = in->at;
        if (!dtake__json_read_text(in, &quoted))
            return DTAKE_E_FORMAT;
        if (quoted.raw.len == 0) {
            dtake__json_reject(in, start, "an id");
            return DTAKE_E_FORMAT;
        }
        dtake_status st = dtake__item_text(r, quoted, &text);
        if (st != DTAKE_OK)
            return st;
    }
    r->row.has_name = r->row.has_id = true;
    return put_text(r, DTAKE__ITEM_NAME, text);
}

static dtake_status read_collection(dtake__item_reader *r, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    dtake__span text;
    if (dtake__json_peek(in) == DTAKE__JSON_NULL)
        return dtake__json_read_null(in) ? DTAKE_OK : DTAKE_E_FORMAT;
    if (!dtake__json_read_text(in, &quoted))
        return DTAKE_E_FORMAT;
    dtake_status st = dtake__item_text(r, quoted, &text);
    dtake__buf_clear(&r->collection);
    return st == DTAKE_OK ? dtake__buf_append(&r->collection, text.text, text.len) : st;
}

/* "Feature" is what it is; a collection or catalogue that lies beside items is none. */
static dtake_status read_type(dtake__json_in *in)
{
    dtake__json_quoted type;
    dtake__json_peek(in);
    const char *start = in->at;
    if (!dtake__json_read_text(in, &type))
        return DTAKE_E_FORMAT;
    if (dtake__json_text_equal(type, DTAKE__SPAN("Feature")))
        return DTAKE_OK;
    dtake__json_reject(in, start, "\"Feature\"");
    return DTAKE_E_FORMAT;
}

static dtake_status read_geometry(dtake__item_reader *r, dtake__json_in *in)
{
    dtake__span raw;
    dtake__geometry geometry;
    dtake_error why = { 0 };
    if (dtake__json_peek(in) == DTAKE__JSON_NULL)
        return dtake__json_read_null(in) ? DTAKE_OK : DTAKE_E_FORMAT;
    if (!dtake__json_read_raw(in, &raw))
        return DTAKE_E_FORMAT;
    dtake_status st = dtake__geometry_from_geojson(raw.text, raw.len, &geometry, &why);
    if (st != DTAKE_OK) {
        dtake__error_copy(r->err, &why);
        dtake__error_prefix(r->err, "geometry");
        return st;
    }
    int at = r->layout.at[DTAKE__ITEM_GEOMETRY];
    if (at >= 0)
        st = dtake__put_bytes(r->builder, (size_t)at, geometry.wkb, geometry.bytes);
    if (st == DTAKE_OK)
        st = dtake__geometry_facts_of(&geometry, &r->row.facts, r->err);
    r->row.has_geometry = st == DTAKE_OK;
    dtake__geometry_dispose(&geometry);
    return st;
}

static dtake_status keep_verbatim(dtake__item_reader *r, dtake__item_field field, dtake__json_quoted key,
                                  dtake__json_in *in)
{
    dtake__span raw;
    dtake_status st =
        field == DTAKE__ITEM_ASSETS ? dtake__item_read_assets(r, in, &raw) : dtake__item_raw(r, in, &raw);
    if (st != DTAKE_OK)
        return st;
    return r->layout.at[field] >= 0 ? put_text(r, field, raw) : dtake__item_keep(&r->other, key, raw);
}

static dtake_status read_version(dtake__item_reader *r, dtake__json_quoted key, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    dtake__span text;
    if (dtake__json_peek(in) != DTAKE__JSON_TEXT || r->layout.at[DTAKE__ITEM_STAC_VERSION] < 0)
        return keep_verbatim(r, DTAKE__ITEM_OTHER, key, in);
    if (!dtake__json_read_text(in, &quoted))
        return DTAKE_E_FORMAT;
    dtake_status st = dtake__item_text(r, quoted, &text);
    return st == DTAKE_OK ? put_text(r, DTAKE__ITEM_STAC_VERSION, text) : st;
}

static dtake_status keep_other(dtake__item_reader *r, dtake__json_quoted key, dtake__json_in *in)
{
    dtake__span raw;
    dtake_status st = dtake__item_raw(r, in, &raw);
    return st == DTAKE_OK ? dtake__item_keep(&r->other, key, raw) : st;
}

static dtake_status read_member(dtake__item_reader *r, dtake__json_in *in, dtake__json_quoted key)
{
    if (dtake__json_key_is(key, "properties"))
        return dtake__item_read_properties(r, in);
    if (dtake__json_key_is(key, "geometry"))
        return read_geometry(r, in);
    if (dtake__json_key_is(key, "assets"))
        return keep_verbatim(r, DTAKE__ITEM_ASSETS, key, in);
    if (dtake__json_key_is(key, "links"))
        return keep_verbatim(r, DTAKE__ITEM_LINKS, key, in);
    if (dtake__json_key_is(key, "bbox"))
        return dtake__json_read_raw(in, &r->row.bbox) ? DTAKE_OK : DTAKE_E_FORMAT;
    if (dtake__json_key_is(key, "id"))
        return read_id(r, in);
    if (dtake__json_key_is(key, "type"))
        return read_type(in);
    if (dtake__json_key_is(key, "collection"))
        return read_collection(r, in);
    if (dtake__json_key_is(key, "stac_version"))
        return read_version(r, key, in);
    if (dtake__json_key_is(key, "stac_extensions"))
        return keep_verbatim(r, DTAKE__ITEM_STAC_EXTENSIONS, key, in);
    return keep_other(r, key, in);
}

/* --- the whole --- */

/* Four numbers that are those of the geometry's points need not be kept. */
static bool bbox_is_of_geometry(const dtake__item_reader *r)
{
    const dtake__geometry_facts *f = &r->row.facts;
    const double expected[4] = { f->min_x, f->min_y, f->max_x, f->max_y };
    dtake__json_in in;
    int count = 0;
    dtake__json_start(&in, r->row.bbox.text, r->row.bbox.len);
    if (!r->row.has_geometry || f->points == 0 || !dtake__json_enter_array(&in))
        return false;
    while (dtake__json_next_element(&in)) {
        double value;
        if (count == 4 || !dtake__json_read_f64(&in, &value) || value != expected[count++])
            return false;
    }
    return count == 4 && dtake__json_finish(&in, NULL) == DTAKE_OK;
}

static dtake_status put_bbox(dtake__item_reader *r)
{
    if (r->row.bbox.text == NULL) {
        /* without a geometry none is expected */
        return r->row.has_geometry ? put_text(r, DTAKE__ITEM_BBOX, DTAKE__SPAN("null")) : DTAKE_OK;
    }
    if (bbox_is_of_geometry(r))
        return DTAKE_OK;
    dtake__json_in in;
    dtake__span raw;
    dtake__json_start(&in, r->row.bbox.text, r->row.bbox.len);
    dtake_status st = dtake__item_raw(r, &in, &raw);
    return st == DTAKE_OK ? put_text(r, DTAKE__ITEM_BBOX, raw) : st;
}

static dtake_status put_object(dtake__item_reader *r, dtake__item_field field, dtake_buf *object)
{
    if (object->len == 0)
        return DTAKE_OK;
    dtake_status st = dtake__buf_puts(object, "}");
    return st == DTAKE_OK ? put_text(r, field, (dtake__span){ dtake__buf_str(object), object->len }) : st;
}

static dtake_status put_time(dtake__item_reader *r)
{
    int at = r->layout.at[DTAKE__ITEM_TIME];
    for (int i = 0; i < DTAKE__ITEM_TIMES; i++)
        if (r->row.has_time[i])
            return at < 0 ? DTAKE_OK : dtake__put_i64(r->builder, (size_t)at, r->row.time_ns[i]);
    if (r->time_name != NULL)
        return dtake__fail(r->err, DTAKE_E_FORMAT, "no property '%.100s' that is a time", r->time_name);
    return dtake__fail(r->err, DTAKE_E_FORMAT,
                       "neither datetime nor start_datetime is a time (name another property with --time)");
}

static dtake_status finish_row(dtake__item_reader *r)
{
    dtake_status st = put_time(r);
    if (st == DTAKE_OK && !r->row.has_name && r->layout.at[DTAKE__ITEM_NAME] >= 0)
        st = dtake__fail(r->err, DTAKE_E_FORMAT, "no id (name a property with --name)");
    if (st == DTAKE_OK)
        st = put_bbox(r);
    if (st == DTAKE_OK)
        st = put_object(r, DTAKE__ITEM_PROPERTIES, &r->rest);
    if (st == DTAKE_OK)
        st = put_object(r, DTAKE__ITEM_OTHER, &r->other);
    return st == DTAKE_OK ? dtake__builder_end_row(r->builder) : st;
}

static void begin_row(dtake__item_reader *r, dtake__builder *builder, dtake_error *err)
{
    r->builder = builder;
    r->err = err;
    r->row = (dtake__item_row){ 0 };
    r->next_property = 0;
    dtake__buf_clear(&r->rest);
    dtake__buf_clear(&r->other);
    dtake__buf_clear(&r->collection);
}

static dtake_status fail_row(dtake__item_reader *r, const dtake__json_in *in, dtake_status st)
{
    dtake__builder_drop_row(r->builder);
    if (in->wrong != NULL)
        return dtake__json_status(in, r->err);
    if (r->err != NULL && r->err->status != st)
        dtake__fail(r->err, st, "an item: %s", dtake_status_text(st));
    return st;
}

dtake_status dtake__item_put(dtake__item_reader *r, dtake__builder *builder, dtake__span text,
                             dtake__span *collection, dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__json_in in;
    dtake__json_quoted key;
    dtake_status st = DTAKE_OK;
    begin_row(r, builder, &why);
    dtake__json_start(&in, text.text, text.len);
    dtake__json_enter_object(&in);
    while (st == DTAKE_OK && dtake__json_next_key(&in, &key))
        st = read_member(r, &in, key);
    if (st == DTAKE_OK)
        st = dtake__json_finish(&in, &why);
    if (st == DTAKE_OK)
        st = finish_row(r);
    *collection = (dtake__span){ dtake__buf_str(&r->collection), r->collection.len };
    if (st == DTAKE_OK)
        return DTAKE_OK;
    st = fail_row(r, &in, st);
    dtake__error_copy(err, &why);
    return st;
}
