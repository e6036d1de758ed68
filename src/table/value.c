#include "table/value.h"

#include <datatake/id.h>

#include "core/clock.h"
#include "core/text.h"
#include "geo/geometry.h"
#include "table/column.h"
#include "table/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHORT_TEXT = 48 };

static size_t uuid_text(const uint8_t *bytes, char *out)
{
    dtake_id id;
    memcpy(id.bytes, bytes, sizeof id.bytes);
    dtake_id_format(id, out);
    return DTAKE_ID_TEXT - 1;
}

/* Seconds, exactly: "-1.5", "90". */
static size_t duration_text(int64_t ns, char *out)
{
    uint64_t size = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    int len = snprintf(out, SHORT_TEXT, "%s%llu.%09llu", ns < 0 ? "-" : "",
                       (unsigned long long)(size / 1000000000), (unsigned long long)(size % 1000000000));
    while (out[len - 1] == '0')
        len--;
    if (out[len - 1] == '.')
        len--;
    out[len] = '\0';
    return (size_t)len;
}

static size_t enum_text(const dtake_schema *schema, size_t field, int32_t number, const char **text,
                        char *out)
{
    const dtake_enum_value *value = dtake__enum_by_value(schema, field, number);
    *text = value ? value->name : out;
    return value ? strlen(value->name) : dtake__format_i64(number, out);
}

/* The text of a value that fits into `room` (SHORT_TEXT bytes) or lies elsewhere; 0 and *text NULL for the
 * others. */
static size_t short_text(const dtake_schema *schema, size_t field, const dtake_column *column, int64_t row,
                         char *room, const char **text)
{
    *text = room;
    switch (dtake_schema_field(schema, field)->type) {
    case DTAKE_FIELD_BOOL:
        *text = dtake__get_bool(column, row) ? "true" : "false";
        return strlen(*text);
    case DTAKE_FIELD_INT64:
        return dtake__format_i64(dtake__get_i64(column, row), room);
    case DTAKE_FIELD_UINT64:
        return dtake__format_u64(dtake__get_u64(column, row), room);
    case DTAKE_FIELD_FLOAT64:
        dtake__format_f64(dtake__get_f64(column, row), room, SHORT_TEXT);
        return strlen(room);
    case DTAKE_FIELD_TIMESTAMP:
        dtake__time_format(dtake__get_i64(column, row), room, SHORT_TEXT);
        return strlen(room);
    case DTAKE_FIELD_DURATION:
        return duration_text(dtake__get_i64(column, row), room);
    case DTAKE_FIELD_UUID:
        return uuid_text(dtake__get_uuid(column, row), room);
    case DTAKE_FIELD_ENUM:
        return enum_text(schema, field, dtake__get_enum(column, row), text, room);
    default:
        *text = NULL;
        return 0;
    }
}

static dtake_status append_hex(dtake_buf *out, const char *bytes, size_t len)
{
    dtake_status st = dtake__buf_reserve(out, 2 * len);
    if (st != DTAKE_OK)
        return st;
    dtake__hex_write((char *)out->data + out->len, bytes, len);
    out->len += 2 * len;
    return DTAKE_OK;
}

/* --- JSON --- */

/* On one line: line ends of JSON stand between its values, where they mean no more than a blank. */
static void json_document(dtake__json *json, dtake__span document)
{
    size_t start = json->out->len;
    dtake__json_raw_span(json, NULL, document);
    if (json->status != DTAKE_OK ||
        (!memchr(document.text, '\n', document.len) && !memchr(document.text, '\r', document.len)))
        return;
    for (size_t i = start; i < json->out->len; i++)
        if (json->out->data[i] == '\n' || json->out->data[i] == '\r')
            json->out->data[i] = ' ';
}

static void json_long(dtake__json *json, const dtake_field *field, const char *bytes, size_t len)
{
    if (field->type == DTAKE_FIELD_STRING) {
        dtake__json_span(json, NULL, (dtake__span){ bytes, len });
        return;
    }
    if (field->type == DTAKE_FIELD_JSON || field->type == DTAKE_FIELD_ASSETS) {
        json_document(json, (dtake__span){ bytes, len });
        return;
    }
    dtake__json_raw(json, NULL, field->type == DTAKE_FIELD_BYTES ? "\"" : ""); /* a comma when one is due */
    if (json->status != DTAKE_OK)
        return;
    if (field->type == DTAKE_FIELD_BYTES) {
        json->status = append_hex(json->out, bytes, len);
        if (json->status == DTAKE_OK)
            json->status = dtake__buf_append(json->out, "\"", 1);
    } else {
        const dtake__geometry geometry = dtake__geometry_view(bytes, len);
        json->status = dtake__geometry_to_geojson(&geometry, json->out, NULL);
    }
}

static void json_number(dtake__json *json, double value)
{
    if (isfinite(value))
        dtake__json_f64(json, NULL, value);
    else
        dtake__json_null(json, NULL);
}

static bool is_quoted(dtake_field_type type)
{
    return type == DTAKE_FIELD_TIMESTAMP || type == DTAKE_FIELD_UUID || type == DTAKE_FIELD_ENUM;
}

static void json_value(dtake__json *json, const dtake_schema *schema, size_t index,
                       const dtake_column *column, int64_t row)
{
    const dtake_field *field = dtake_schema_field(schema, index);
    char room[SHORT_TEXT];
    dtake__span text;
    if (!dtake__has_value(column, row)) {
        dtake__json_null(json, NULL);
    } else if (field->type == DTAKE_FIELD_FLOAT64) {
        json_number(json, dtake__get_f64(column, row));
    } else if (field->type == DTAKE_FIELD_VECTOR) {
        dtake__json_array(json, NULL);
        for (int32_t i = 0; i < field->width; i++)
            json_number(json, ((const double *)column->values)[row * field->width + i]);
        dtake__json_end(json, ']');
    } else if ((text.len = short_text(schema, index, column, row, room, &text.text), text.text)) {
        if (is_quoted(field->type))
            dtake__json_span(json, NULL, text);
        else
            dtake__json_raw_span(json, NULL, text);
    } else {
        text.text = dtake__get_bytes(column, row, &text.len);
        json_long(json, field, text.text, text.len);
    }
}

void dtake__value_json(dtake__json *json, const dtake_schema *schema, size_t field,
                       const dtake_column *column, int64_t row)
{
    if (!column->items) {
        json_value(json, schema, field, column, row);
    } else if (!dtake__has_value(column, row)) {
        dtake__json_null(json, NULL);
    } else {
        dtake__json_array(json, NULL);
        for (int32_t i = column->offsets[row]; i < column->offsets[row + 1]; i++)
            json_value(json, schema, field, column->items, i);
        dtake__json_end(json, ']');
    }
}

/* --- text --- */

dtake_status dtake__value_text(const dtake_schema *schema, size_t index, const dtake_column *column,
                               int64_t row, dtake_buf *out)
{
    const dtake_field *field = dtake_schema_field(schema, index);
    char room[SHORT_TEXT];
    const char *text;
    if (!dtake__has_value(column, row))
        return DTAKE_OK;
    if (column->items || field->type == DTAKE_FIELD_VECTOR) {
        dtake__json json = { .out = out };
        dtake__value_json(&json, schema, index, column, row);
        return json.status;
    }
    size_t len = short_text(schema, index, column, row, room, &text);
    if (text)
        return dtake__buf_append(out, text, len);
    text = dtake__get_bytes(column, row, &len);
    if (field->type == DTAKE_FIELD_BYTES)
        return append_hex(out, text, len);
    if (field->type != DTAKE_FIELD_GEOMETRY)
        return dtake__buf_append(out, text, len);
    const dtake__geometry geometry = dtake__geometry_view(text, len);
    return dtake__geometry_to_wkt(&geometry, out, NULL);
}
