#include "cli/catalog_text.h"

#include "core/clock.h"
#include "core/text.h"
#include "format/field_json.h"

#include <datatake/id.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void dtake__format_count(int64_t count, char *out, size_t size)
{
    char plain[32];
    int len = snprintf(plain, sizeof plain, "%" PRId64, count);
    size_t at = 0;
    for (int i = 0; i < len && at + 2 < size; i++) {
        if (i > 0 && (len - i) % 3 == 0 && plain[i - 1] != '-')
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
}

/* --- JSON --- */

static void id_json(dtake__json *json, const uint8_t *bytes)
{
    dtake_id id;
    char text[DTAKE_ID_TEXT];
    memcpy(id.bytes, bytes, sizeof id.bytes);
    dtake_id_format(id, text);
    dtake__json_text(json, "id", text);
}

void dtake__dataset_json(dtake__json *json, const dtake_dataset_info *info, bool fields)
{
    dtake__json_object(json, NULL);
    dtake__json_i64(json, "v", 1);
    dtake__json_text(json, "dataset", info->slug);
    dtake__json_text(json, "name", info->name);
    if (info->description[0] != '\0')
        dtake__json_text(json, "description", info->description);
    id_json(json, info->id);
    dtake__json_text(json, "kind", info->kind == DTAKE_TEMPORAL ? "temporal" : "spatiotemporal");
    dtake__json_i64(json, "collections", info->collections);
    dtake__json_i64(json, "datapoints", info->datapoints);
    if (info->alias_count > 0) {
        dtake__json_array(json, "aliases");
        for (size_t i = 0; i < info->alias_count; i++)
            dtake__json_text(json, NULL, info->aliases[i]);
        dtake__json_end(json, ']');
    }
    if (fields) {
        dtake__json_array(json, "fields");
        for (size_t i = 0; i < dtake_schema_count(info->schema); i++)
            dtake__json_field(json, dtake_schema_field(info->schema, i));
        dtake__json_end(json, ']');
    }
    dtake__json_end(json, '}');
}

void dtake__collection_json(dtake__json *json, const dtake_collection_info *info)
{
    char time[40];
    dtake__json_object(json, NULL);
    dtake__json_i64(json, "v", 1);
    dtake__json_text(json, "dataset", info->dataset);
    dtake__json_text(json, "name", info->name);
    if (info->description[0] != '\0')
        dtake__json_text(json, "description", info->description);
    id_json(json, info->id);
    dtake__json_i64(json, "datapoints", info->datapoints);
    if (info->datapoints > 0) {
        dtake__time_format(info->start_ns, time, sizeof time);
        dtake__json_text(json, "start", time);
        dtake__time_format(info->end_ns, time, sizeof time);
        dtake__json_text(json, "end", time);
    }
    if (info->datapoints > 0 && info->has_box) {
        dtake__json_array(json, "bbox");
        dtake__json_f64(json, NULL, info->box.west);
        dtake__json_f64(json, NULL, info->box.south);
        dtake__json_f64(json, NULL, info->box.east);
        dtake__json_f64(json, NULL, info->box.north);
        dtake__json_end(json, ']');
    }
    dtake__json_end(json, '}');
}

/* --- text --- */

static dtake_status add_time(dtake__columns *columns, bool there, int64_t time_ns)
{
    char text[40] = "";
    if (there)
        dtake__time_format(time_ns - (time_ns % 1000000000 + 1000000000) % 1000000000, text, sizeof text);
    return dtake__columns_add(columns, text);
}

static dtake_status add_box(dtake__columns *columns, const dtake_collection_info *info)
{
    char text[128] = "";
    if (info->has_box && info->datapoints > 0)
        snprintf(text, sizeof text, "%.4g,%.4g,%.4g,%.4g", info->box.west, info->box.south, info->box.east,
                 info->box.north);
    return dtake__columns_add(columns, text);
}

dtake_status dtake__collections_table(dtake_buf *out, const dtake_collection_list *list, int width)
{
    static const char *const heads[] = { "COLLECTION", "DATAPOINTS", "FIRST", "LAST", "BOX" };
    dtake__columns columns = { .count = 5, .right = { [1] = true } };
    dtake_status st = DTAKE_OK;
    char count[32];
    for (size_t i = 0; i < 5 && st == DTAKE_OK; i++)
        st = dtake__columns_add(&columns, heads[i]);
    for (size_t i = 0; i < dtake_collection_list_count(list) && st == DTAKE_OK; i++) {
        const dtake_collection_info *info = dtake_collection_list_at(list, i);
        dtake__format_count(info->datapoints, count, sizeof count);
        st = dtake__columns_add(&columns, info->name);
        if (st == DTAKE_OK)
            st = dtake__columns_add(&columns, count);
        if (st == DTAKE_OK)
            st = add_time(&columns, info->datapoints > 0, info->start_ns);
        if (st == DTAKE_OK)
            st = add_time(&columns, info->datapoints > 0, info->end_ns);
        if (st == DTAKE_OK)
            st = add_box(&columns, info);
    }
    if (st == DTAKE_OK)
        st = dtake__columns_print(&columns, width, out);
    dtake__columns_dispose(&columns);
    return st;
}

static dtake_status add_field(dtake__columns *columns, const dtake_field *field)
{
    char type[64], what[1024];
    snprintf(type, sizeof type, "%s%s", field->repeated ? "list of " : "",
             dtake_field_type_name(field->type));
    snprintf(what, sizeof what, "%s%s%s%s%s", field->role == DTAKE_ROLE_NAME ? "unique name" : "",
             field->role == DTAKE_ROLE_NAME && field->description[0] != '\0' ? ": " : "", field->description,
             field->unit[0] != '\0' ? " in " : "", field->unit);
    size_t len = strlen(what);
    for (size_t i = 0; i < field->enum_count && len + 2 < sizeof what; i++)
        len += (size_t)snprintf(what + len, sizeof what - len, "%s%s", len > 0 ? ", " : "",
                                field->enum_values[i].name);
    dtake_status st = dtake__columns_add(columns, field->name);
    if (st == DTAKE_OK)
        st = dtake__columns_add(columns, type);
    return st == DTAKE_OK ? dtake__columns_add(columns, what) : st;
}

static dtake_status fields_table(dtake_buf *out, const dtake_schema *schema, int width)
{
    static const char *const heads[] = { "FIELD", "TYPE", "" };
    dtake__columns columns = { .count = 3 };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < 3 && st == DTAKE_OK; i++)
        st = dtake__columns_add(&columns, heads[i]);
    for (size_t i = 0; i < dtake_schema_count(schema) && st == DTAKE_OK; i++)
        st = add_field(&columns, dtake_schema_field(schema, i));
    if (st == DTAKE_OK)
        st = dtake__columns_print(&columns, width, out);
    dtake__columns_dispose(&columns);
    return st;
}

dtake_status dtake__dataset_text(dtake_buf *out, const dtake_dataset_info *info,
                                 const dtake_collection_list *collections, int width)
{
    char count[32];
    dtake__format_count(info->datapoints, count, sizeof count);
    dtake_status st = dtake__buf_printf(out, "%s: %s%s, %s datapoints\n%s%s\n", info->slug,
                                        strcmp(info->name, info->slug) != 0 ? info->name : "",
                                        info->kind == DTAKE_TEMPORAL ? " temporal" : " spatiotemporal", count,
                                        info->description, info->description[0] != '\0' ? "\n" : "");
    if (st == DTAKE_OK)
        st = dtake__collections_table(out, collections, 0);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(out, "\n");
    return st == DTAKE_OK ? fields_table(out, info->schema, width) : st;
}

/* --- values --- */

static bool bit(const uint8_t *bits, int64_t at)
{
    return bits[at >> 3] >> (at & 7) & 1;
}

static dtake_status put_number(dtake_buf *out, double value)
{
    char text[32];
    dtake__format_f64(value, text, sizeof text);
    return dtake__buf_puts(out, text);
}

static dtake_status put_vector(dtake_buf *out, const double *values, int32_t width)
{
    dtake_status st = DTAKE_OK;
    for (int32_t i = 0; i < width && st == DTAKE_OK; i++) {
        st = i > 0 ? dtake__buf_puts(out, ", ") : DTAKE_OK;
        if (st == DTAKE_OK)
            st = put_number(out, values[i]);
    }
    return st;
}

static dtake_status put_uuid(dtake_buf *out, const uint8_t *bytes)
{
    dtake_id id;
    char text[DTAKE_ID_TEXT];
    memcpy(id.bytes, bytes, sizeof id.bytes);
    dtake_id_format(id, text);
    return dtake__buf_puts(out, text);
}

static dtake_status put_enum(dtake_buf *out, const dtake_field *field, int32_t value)
{
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value == value)
            return dtake__buf_puts(out, field->enum_values[i].name);
    return dtake__buf_printf(out, "%d", (int)value);
}

static dtake_status put_geometry(dtake_buf *out, const uint8_t *wkb, size_t len)
{
    static const char *const types[] = {
        "",           "Point",           "LineString",   "Polygon",
        "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"
    };
    unsigned type = len >= 5 ? (wkb[1] | wkb[2] << 8) % 1000u : 0;
    return dtake__buf_puts(out, type < 8 ? types[type] : "");
}

static dtake_status put_one(dtake_buf *out, const dtake_field *field, const dtake_column *column, int64_t row)
{
    char time[40];
    if (column->validity != NULL && !bit(column->validity, row))
        return DTAKE_OK;
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        return dtake__buf_puts(out, bit(column->values, row) ? "true" : "false");
    case DTAKE_FIELD_INT64:
        return dtake__buf_printf(out, "%" PRId64, ((const int64_t *)column->values)[row]);
    case DTAKE_FIELD_UINT64:
        return dtake__buf_printf(out, "%" PRIu64, ((const uint64_t *)column->values)[row]);
    case DTAKE_FIELD_FLOAT64:
        return put_number(out, ((const double *)column->values)[row]);
    case DTAKE_FIELD_TIMESTAMP:
        dtake__time_format(((const int64_t *)column->values)[row], time, sizeof time);
        return dtake__buf_puts(out, time);
    case DTAKE_FIELD_DURATION:
        return put_number(out, (double)((const int64_t *)column->values)[row] / 1e9);
    case DTAKE_FIELD_UUID:
        return put_uuid(out, (const uint8_t *)column->values + 16 * row);
    case DTAKE_FIELD_ENUM:
        return put_enum(out, field, ((const int32_t *)column->values)[row]);
    case DTAKE_FIELD_VECTOR:
        return put_vector(out, (const double *)column->values + row * field->width, field->width);
    default:
        break;
    }
    const uint8_t *bytes = (const uint8_t *)column->values + column->offsets[row];
    size_t len = (size_t)(column->offsets[row + 1] - column->offsets[row]);
    if (field->type == DTAKE_FIELD_GEOMETRY)
        return put_geometry(out, bytes, len);
    if (field->type == DTAKE_FIELD_BYTES)
        return dtake__buf_printf(out, "(%zu bytes)", len);
    return dtake__buf_append(out, bytes, len);
}

dtake_status dtake__cell_text(const dtake_batch *batch, size_t at, int64_t row, dtake_buf *out)
{
    const dtake_field *field = dtake_schema_field(dtake_batch_schema(batch), at);
    const dtake_column *column = dtake_batch_column(batch, at);
    if (!field->repeated)
        return put_one(out, field, column, row);
    if (column->validity != NULL && !bit(column->validity, row))
        return DTAKE_OK;
    dtake_status st = DTAKE_OK;
    for (int32_t i = column->offsets[row]; i < column->offsets[row + 1] && st == DTAKE_OK; i++) {
        st = i > column->offsets[row] ? dtake__buf_puts(out, ", ") : DTAKE_OK;
        if (st == DTAKE_OK)
            st = put_one(out, field, column->items, i);
    }
    return st;
}
