#include "access/csv_value.h"

#include <datatake/id.h>

#include "core/text.h"
#include "format/json.h"
#include "geo/geometry.h"
#include "protocol/stac/item_time.h"
#include "table/schema.h"

enum { NS_DIGITS = 9 };

static dtake_status put_uuid(dtake__builder *builder, size_t at, dtake__span text)
{
    char ended[DTAKE_ID_TEXT];
    dtake_id id;
    if (text.len >= sizeof ended)
        return DTAKE_E_FORMAT;
    memcpy(ended, text.text, text.len);
    ended[text.len] = '\0';
    return dtake_id_parse(ended, &id, NULL) == DTAKE_OK
               ? dtake__put_bytes(builder, at, id.bytes, sizeof id.bytes)
               : DTAKE_E_FORMAT;
}

static dtake_status put_enum(dtake__builder *builder, size_t at, dtake__span text)
{
    const dtake_schema *schema = dtake__builder_schema(builder);
    const dtake_enum_value *value = dtake__enum_by_name(schema, at, text.text, text.len);
    int64_t number;
    if (value == NULL && dtake__parse_i64_span(text, &number))
        value = dtake__enum_by_value(schema, at, number);
    return value != NULL ? dtake__put_i64(builder, at, value->value) : DTAKE_E_FORMAT;
}

/* Seconds, exactly: "-1.5" is -1500000000. */
static bool read_duration(dtake__span text, int64_t *ns)
{
    const char *end = text.text + text.len;
    dtake__decimal number;
    if (!dtake__decimal_scan(text.text, end, &number) || number.end != end || number.truncated)
        return false;
    int shift = number.exponent + NS_DIGITS;
    uint64_t size = number.mantissa;
    for (; shift > 0 && size != 0; shift--)
        if (__builtin_mul_overflow(size, 10, &size))
            return false;
    for (; shift < 0 && size % 10 == 0 && size != 0; shift++)
        size /= 10;
    if (size > INT64_MAX || (shift < 0 && size != 0))
        return false;
    *ns = number.negative ? -(int64_t)size : (int64_t)size;
    return true;
}

static dtake_status put_duration(dtake__builder *builder, size_t at, dtake__span text)
{
    int64_t ns;
    return read_duration(text, &ns) ? dtake__put_i64(builder, at, ns) : DTAKE_E_FORMAT;
}

static dtake_status put_hex(dtake__builder *builder, size_t at, dtake__span text)
{
    dtake_buf bytes = DTAKE_BUF_INIT(text.len / 2 + 1);
    dtake_status st = text.len % 2 == 0 ? dtake__buf_reserve(&bytes, text.len / 2) : DTAKE_E_FORMAT;
    for (size_t i = 0; st == DTAKE_OK && i < text.len; i += 2) {
        int high = dtake__hex_digit(text.text[i]), low = dtake__hex_digit(text.text[i + 1]);
        if (high < 0 || low < 0)
            st = DTAKE_E_FORMAT;
        else
            bytes.data[bytes.len++] = (uint8_t)(high << 4 | low);
    }
    if (st == DTAKE_OK)
        st = dtake__put_bytes(builder, at, bytes.data, bytes.len);
    dtake__buf_dispose(&bytes);
    return st;
}

static dtake_status put_geometry(dtake__builder *builder, size_t at, dtake__span text)
{
    dtake__geometry geometry;
    dtake_status st = dtake__geometry_from_text(text.text, text.len, &geometry, NULL);
    if (st == DTAKE_OK)
        st = dtake__put_bytes(builder, at, geometry.wkb, geometry.bytes);
    dtake__geometry_dispose(&geometry);
    return st;
}

static dtake_status put_vector(dtake__builder *builder, size_t at, dtake__span text, int32_t width)
{
    double values[DTAKE_MAX_VECTOR_WIDTH];
    dtake__json_in in;
    int32_t count = 0;
    dtake__json_start(&in, text.text, text.len);
    bool ok = dtake__json_enter_array(&in);
    while (ok && dtake__json_next_element(&in))
        ok = count < width && dtake__json_read_f64(&in, &values[count++]);
    return ok && count == width && dtake__json_finish(&in, NULL) == DTAKE_OK
               ? dtake__put_vector(builder, at, values)
               : DTAKE_E_FORMAT;
}

/* --- lists: JSON, whose texts are read as the values of a column are --- */

static dtake_status put_time(dtake__builder *builder, size_t at, dtake__span text)
{
    int64_t time_ns;
    bool same;
    return dtake__item_time_read(text, &time_ns, &same) ? dtake__put_i64(builder, at, time_ns)
                                                        : DTAKE_E_FORMAT;
}

static dtake_status put_text(dtake__builder *builder, size_t at, dtake_field_type type, dtake__span text)
{
    switch (type) {
    case DTAKE_FIELD_UUID:
        return put_uuid(builder, at, text);
    case DTAKE_FIELD_ENUM:
        return put_enum(builder, at, text);
    case DTAKE_FIELD_DURATION:
        return put_duration(builder, at, text);
    case DTAKE_FIELD_BYTES:
        return put_hex(builder, at, text);
    case DTAKE_FIELD_GEOMETRY:
        return put_geometry(builder, at, text);
    case DTAKE_FIELD_TIMESTAMP:
        return put_time(builder, at, text);
    case DTAKE_FIELD_STRING:
        return dtake__put_bytes(builder, at, text.text, text.len);
    default:
        return DTAKE_E_FORMAT;
    }
}

static dtake_status put_quoted(dtake__builder *builder, size_t at, dtake_field_type type, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    if (!dtake__json_read_text(in, &quoted))
        return DTAKE_E_FORMAT;
    if (!quoted.escaped)
        return put_text(builder, at, type, quoted.raw);
    dtake_buf text = DTAKE_BUF_INIT(quoted.raw.len + 1);
    dtake_status st = dtake__buf_reserve(&text, quoted.raw.len);
    if (st == DTAKE_OK) {
        text.len = dtake__json_unescape(quoted, (char *)text.data);
        st = put_text(builder, at, type, (dtake__span){ (const char *)text.data, text.len });
    }
    dtake__buf_dispose(&text);
    return st;
}

static dtake_status put_number(dtake__builder *builder, size_t at, dtake_field_type type, dtake__json_in *in)
{
    dtake__decimal number;
    int64_t i64;
    uint64_t u64;
    double f64;
    if (!dtake__json_read_number(in, &number))
        return DTAKE_E_FORMAT;
    if (type == DTAKE_FIELD_INT64 && dtake__decimal_i64(&number, &i64))
        return dtake__put_i64(builder, at, i64);
    if (type == DTAKE_FIELD_UINT64 && dtake__decimal_u64(&number, &u64))
        return dtake__put_u64(builder, at, u64);
    if (type == DTAKE_FIELD_FLOAT64 && dtake__decimal_f64(&number, &f64))
        return dtake__put_f64(builder, at, f64);
    return type == DTAKE_FIELD_ENUM || type == DTAKE_FIELD_DURATION
               ? put_text(builder, at, type, (dtake__span){ number.text, (size_t)(number.end - number.text) })
               : DTAKE_E_FORMAT;
}

static dtake_status put_item(dtake__builder *builder, size_t at, dtake_field_type type, dtake__json_in *in)
{
    dtake__span raw;
    bool truth;
    dtake__json_kind kind = dtake__json_peek(in);
    if (kind == DTAKE__JSON_NULL)
        return dtake__json_read_null(in) ? dtake__put_null(builder, at) : DTAKE_E_FORMAT;
    if (type == DTAKE_FIELD_JSON || type == DTAKE_FIELD_ASSETS)
        return dtake__json_read_raw(in, &raw) ? dtake__put_bytes(builder, at, raw.text, raw.len)
                                              : DTAKE_E_FORMAT;
    switch (kind) {
    case DTAKE__JSON_OBJECT:
        return type == DTAKE_FIELD_GEOMETRY && dtake__json_read_raw(in, &raw) ? put_geometry(builder, at, raw)
                                                                              : DTAKE_E_FORMAT;
    case DTAKE__JSON_BOOL:
        return type == DTAKE_FIELD_BOOL && dtake__json_read_bool(in, &truth)
                   ? dtake__put_bool(builder, at, truth)
                   : DTAKE_E_FORMAT;
    case DTAKE__JSON_NUMBER:
        return put_number(builder, at, type, in);
    case DTAKE__JSON_TEXT:
        return put_quoted(builder, at, type, in);
    default:
        return DTAKE_E_FORMAT;
    }
}

static dtake_status put_list(dtake__builder *builder, size_t at, dtake_field_type type, dtake__span text)
{
    dtake__json_in in;
    dtake__json_start(&in, text.text, text.len);
    dtake_status st = dtake__json_enter_array(&in) ? dtake__put_list(builder, at) : DTAKE_E_FORMAT;
    while (st == DTAKE_OK && dtake__json_next_element(&in))
        st = put_item(builder, at, type, &in);
    return st == DTAKE_OK ? dtake__json_finish(&in, NULL) : st;
}

dtake_status dtake__csv_put_text(dtake__builder *builder, size_t at, dtake__span text)
{
    const dtake_field *field = dtake_schema_field(dtake__builder_schema(builder), at);
    if (field->repeated)
        return put_list(builder, at, field->type, text);
    if (field->type == DTAKE_FIELD_VECTOR)
        return put_vector(builder, at, text, field->width);
    return put_text(builder, at, field->type, text);
}
