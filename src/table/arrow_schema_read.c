/* Schemas of ours from foreign ones. */
#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"
#include "table/arrow_kind.h"
#include "table/schema.h"

static dtake_status unsupported(const struct ArrowSchema *arrow, const char *format, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_UNSUPPORTED, "Arrow field %s: columns of format \"%s\" are not taken",
                       arrow->name ? arrow->name : "", format ? format : "");
}

static bool is_code(dtake__json_in *in, dtake__span code)
{
    dtake__json_quoted text;
    dtake__span raw;
    if (dtake__json_peek(in) == DTAKE__JSON_TEXT)
        return dtake__json_read_text(in, &text) && dtake__json_text_equal(text, code);
    return dtake__json_read_raw(in, &raw) && dtake__span_equal(raw, code);
}

/* The "id" of a CRS in PROJJSON: {"authority": "EPSG", "code": 4326}. */
static bool is_lonlat_id(dtake__json_in *in)
{
    dtake__json_quoted key;
    bool found = false;
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key)) {
        dtake__json_in again = *in;
        if (dtake__json_key_is(key, "code"))
            found = is_code(in, DTAKE__SPAN("4326")) || is_code(&again, DTAKE__SPAN("CRS84"));
        else
            dtake__json_skip(in);
    }
    return found;
}

/* The metadata of geoarrow.wkb; without a CRS nothing is known against it. */
static bool is_lonlat(dtake__span metadata)
{
    static const char *const names[] = { "OGC:CRS84", "EPSG:4326" };
    dtake__json_in in;
    dtake__json_quoted key, text;
    bool lonlat = true;
    dtake__json_start(&in, metadata.text, metadata.len);
    if (metadata.len == 0 || !dtake__json_enter_object(&in))
        return true;
    while (dtake__json_next_key(&in, &key)) {
        if (!dtake__json_key_is(key, "crs") || dtake__json_peek(&in) == DTAKE__JSON_NULL) {
            dtake__json_skip(&in);
        } else if (dtake__json_peek(&in) == DTAKE__JSON_TEXT) {
            lonlat = dtake__json_read_text(&in, &text) &&
                     (dtake__json_text_equal(text, dtake__span_of(names[0])) ||
                      dtake__json_text_equal(text, dtake__span_of(names[1])));
        } else {
            lonlat = false;
            dtake__json_enter_object(&in);
            while (dtake__json_next_key(&in, &key))
                if (dtake__json_key_is(key, "id"))
                    lonlat = is_lonlat_id(&in);
                else
                    dtake__json_skip(&in);
        }
    }
    return lonlat;
}

static bool is_extension(const struct ArrowSchema *arrow, const char *name)
{
    dtake__span found;
    return dtake__arrow_metadata_find(arrow->metadata, DTAKE__ARROW_EXTENSION_NAME, &found) &&
           dtake__span_equal(found, dtake__span_of(name));
}

static dtake_status read_binary(const struct ArrowSchema *arrow, dtake_field *field, dtake_error *err)
{
    dtake__span metadata = { 0 };
    field->type = DTAKE_FIELD_BYTES;
    if (!is_extension(arrow, "geoarrow.wkb") && !is_extension(arrow, "ogc.wkb"))
        return DTAKE_OK;
    field->type = DTAKE_FIELD_GEOMETRY;
    dtake__arrow_metadata_find(arrow->metadata, DTAKE__ARROW_EXTENSION_METADATA, &metadata);
    if (is_lonlat(metadata))
        return DTAKE_OK;
    return dtake__fail(
        err, DTAKE_E_UNSUPPORTED,
        "Arrow field %s: geometries must be in longitude and latitude (OGC:CRS84), not in %.*s",
        arrow->name ? arrow->name : "", (int)(metadata.len < 200 ? metadata.len : 200), metadata.text);
}

/* The type that one value has by itself. */
static dtake_status read_value(const struct ArrowSchema *arrow, dtake_field *field, dtake_error *err)
{
    dtake__arrow_kind kind = dtake__arrow_kind_of(arrow->format);
    field->type = DTAKE_FIELD_STRING;
    if (arrow->dictionary)
        return kind.form == DTAKE__ARROW_WHOLE && kind.multiplier == 1 &&
                       dtake__arrow_kind_of(arrow->dictionary->format).form == DTAKE__ARROW_TEXT
                   ? DTAKE_OK
                   : unsupported(arrow, arrow->dictionary->format, err);
    switch (kind.form) {
    case DTAKE__ARROW_NULL:
        return DTAKE_OK;
    case DTAKE__ARROW_BOOL:
        field->type = DTAKE_FIELD_BOOL;
        return DTAKE_OK;
    case DTAKE__ARROW_WHOLE:
        field->type = kind.type;
        return DTAKE_OK;
    case DTAKE__ARROW_FLOAT:
        field->type = DTAKE_FIELD_FLOAT64;
        return DTAKE_OK;
    case DTAKE__ARROW_TEXT:
        field->type = is_extension(arrow, "arrow.json") ? DTAKE_FIELD_JSON : DTAKE_FIELD_STRING;
        return DTAKE_OK;
    case DTAKE__ARROW_BINARY:
        return read_binary(arrow, field, err);
    case DTAKE__ARROW_FIXED_BINARY:
        field->type =
            kind.bytes == 16 && is_extension(arrow, "arrow.uuid") ? DTAKE_FIELD_UUID : DTAKE_FIELD_BYTES;
        return DTAKE_OK;
    default:
        return unsupported(arrow, arrow->format, err);
    }
}

static dtake_status read_field(const struct ArrowSchema *arrow, dtake_field *field, dtake_error *err)
{
    dtake__arrow_kind kind = dtake__arrow_kind_of(arrow->format);
    *field = (dtake_field){ .name = arrow->name };
    if (arrow->dictionary || (kind.form != DTAKE__ARROW_LIST && kind.form != DTAKE__ARROW_FIXED_LIST))
        return read_value(arrow, field, err);
    if (arrow->n_children != 1 || !arrow->children || !arrow->children[0])
        return dtake__fail(err, DTAKE_E_FORMAT, "Arrow field %s: a list of %lld types",
                           arrow->name ? arrow->name : "", (long long)arrow->n_children);
    const struct ArrowSchema *item = arrow->children[0];
    if (kind.form == DTAKE__ARROW_FIXED_LIST && !item->dictionary && kind.bytes >= 1 &&
        kind.bytes <= DTAKE_MAX_VECTOR_WIDTH &&
        dtake__arrow_kind_of(item->format).form == DTAKE__ARROW_FLOAT) {
        field->type = DTAKE_FIELD_VECTOR;
        field->width = (int32_t)kind.bytes;
        return DTAKE_OK;
    }
    field->repeated = true;
    return read_value(item, field, err);
}

/* Whether what was a field of ours (the hint) still is one after its way through other programs. */
static bool can_be(const struct ArrowSchema *arrow, const dtake_field *field, const dtake_field *hint)
{
    if (hint->repeated != field->repeated || hint->width != field->width)
        return false;
    const struct ArrowSchema *value = field->repeated ? arrow->children[0] : arrow;
    dtake__arrow_kind kind = dtake__arrow_kind_of(value->format);
    switch (hint->type) {
    case DTAKE_FIELD_ENUM:
        return value->dictionary != NULL;
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        return field->type == DTAKE_FIELD_STRING || field->type == DTAKE_FIELD_JSON;
    case DTAKE_FIELD_GEOMETRY:
        return field->type == DTAKE_FIELD_GEOMETRY || field->type == DTAKE_FIELD_BYTES;
    case DTAKE_FIELD_UUID:
        return kind.form == DTAKE__ARROW_FIXED_BINARY && kind.bytes == 16;
    default:
        return hint->type == field->type;
    }
}

static void take_hints(const struct ArrowSchema *arrow, const dtake_schema *hints, dtake_field *fields)
{
    for (int64_t i = 0; i < arrow->n_children; i++) {
        int index = fields[i].name ? dtake_schema_find(hints, fields[i].name) : -1;
        const dtake_field *hint = index >= 0 ? dtake_schema_field(hints, (size_t)index) : NULL;
        if (hint && can_be(arrow->children[i], &fields[i], hint))
            fields[i] = *hint;
    }
}

dtake_status dtake_schema_from_arrow(dtake_schema **out, const struct ArrowSchema *arrow, dtake_error *err)
{
    if (!arrow->release || dtake__arrow_kind_of(arrow->format).form != DTAKE__ARROW_STRUCT ||
        arrow->n_children < 0 || (arrow->n_children > 0 && !arrow->children))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "Arrow: a table is a struct of its columns (\"+s\"), not \"%s\"",
                           arrow->release && arrow->format ? arrow->format : "");
    if (arrow->n_children > DTAKE_MAX_FIELDS)
        return dtake__fail(err, DTAKE_E_LIMIT, "Arrow: %lld fields are more than %d",
                           (long long)arrow->n_children, DTAKE_MAX_FIELDS);
    dtake_field *fields = dtake__calloc((size_t)arrow->n_children, sizeof *fields);
    dtake_status st = fields ? DTAKE_OK : dtake__fail_nomem(err, "a schema from Arrow");
    for (int64_t i = 0; i < arrow->n_children && st == DTAKE_OK; i++)
        st = arrow->children[i]
                 ? read_field(arrow->children[i], &fields[i], err)
                 : dtake__fail(err, DTAKE_E_FORMAT, "Arrow: field %lld is missing", (long long)i + 1);
    dtake_schema *hints = NULL;
    dtake__span text;
    if (st == DTAKE_OK && dtake__arrow_metadata_find(arrow->metadata, DTAKE__ARROW_SCHEMA_KEY, &text) &&
        dtake__schema_from_json(&hints, text.text, text.len, NULL) == DTAKE_OK)
        take_hints(arrow, hints, fields);
    if (st == DTAKE_OK)
        st = dtake_schema_new(out, fields, (size_t)arrow->n_children, err);
    dtake_schema_release(hints);
    dtake__free(fields);
    return st;
}
