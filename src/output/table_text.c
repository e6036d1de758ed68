/* Tables as text: CSV, a JSON object a line, GeoJSON. */
#include "core/error.h"
#include "output/table_writer.h"
#include "table/column.h"
#include "table/value.h"

static dtake_status fail(const dtake__table_output *output, dtake_status st, int64_t row, size_t field,
                         dtake_error *err)
{
    return dtake__fail(err, st, "write row %lld, %s: %s", (long long)(output->rows + row),
                       dtake_schema_field(output->schema, field)->name,
                       st == DTAKE_E_FORMAT ? "the geometry is not WKB" : dtake_status_text(st));
}

static dtake_status put_rows(dtake__table_output *output, const dtake_batch *batch, dtake_error *err,
                             dtake_status (*put_row)(dtake__table_output *, const dtake_batch *, int64_t,
                                                     dtake_error *))
{
    dtake_status st = DTAKE_OK;
    for (int64_t row = 0; row < dtake_batch_rows(batch) && st == DTAKE_OK; row++) {
        st = put_row(output, batch, row, err);
        if (st == DTAKE_OK && output->text.len >= DTAKE__TABLE_FLUSH_BYTES)
            st = dtake__table_flush(output, err);
    }
    return st;
}

static dtake_status nothing(dtake__table_output *output, dtake_error *err)
{
    (void)output;
    (void)err;
    return DTAKE_OK;
}

static void dispose_nothing(dtake__table_output *output)
{
    (void)output;
}

/* --- CSV (RFC 4180, lines end with \n) --- */

static bool must_quote(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    return len == 0 || text[0] == ' ' || text[len - 1] == ' ';
}

/* Puts quotes around what stands behind `start`, and doubles those inside. */
static dtake_status quote(dtake_buf *text, size_t start)
{
    size_t quotes = 0, len = text->len - start;
    for (size_t i = start; i < text->len; i++)
        quotes += text->data[i] == '"';
    dtake_status st = dtake__buf_reserve(text, quotes + 2);
    if (st != DTAKE_OK)
        return st;
    uint8_t *from = text->data + start + len, *to = from + quotes + 2;
    *to = '\0';
    *--to = '"';
    while (from > text->data + start) {
        *--to = *--from;
        if (*from == '"')
            *--to = '"';
    }
    *--to = '"';
    text->len += quotes + 2;
    return DTAKE_OK;
}

static dtake_status csv_begin(dtake__table_output *output, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < dtake_schema_count(output->schema) && st == DTAKE_OK; i++) {
        if (i > 0)
            st = dtake__buf_append(&output->text, ",", 1);
        size_t start = output->text.len;
        if (st == DTAKE_OK)
            st = dtake__buf_puts(&output->text, dtake_schema_field(output->schema, i)->name);
        if (st == DTAKE_OK && must_quote(output->text.data + start, output->text.len - start))
            st = quote(&output->text, start);
    }
    if (st == DTAKE_OK)
        st = dtake__buf_append(&output->text, "\n", 1);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "write CSV");
}

static dtake_status csv_row(dtake__table_output *output, const dtake_batch *batch, int64_t row,
                            dtake_error *err)
{
    dtake_buf *text = &output->text;
    for (size_t i = 0; i < dtake_schema_count(output->schema); i++) {
        const dtake_column *column = dtake_batch_column(batch, i);
        dtake_status st = i > 0 ? dtake__buf_append(text, ",", 1) : DTAKE_OK;
        size_t start = text->len;
        if (st == DTAKE_OK && dtake__has_value(column, row)) {
            st = dtake__value_text(output->schema, i, column, row, text);
            if (st == DTAKE_OK && must_quote(text->data + start, text->len - start))
                st = quote(text, start);
        }
        if (st != DTAKE_OK)
            return fail(output, st, row, i, err);
    }
    /* A line of one empty value would be no line. */
    dtake_status st = text->len == 0 || text->data[text->len - 1] == '\n' ? dtake__buf_puts(text, "\"\"\n")
                                                                          : dtake__buf_append(text, "\n", 1);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "write CSV");
}

static dtake_status csv_put(dtake__table_output *output, const dtake_batch *batch, dtake_error *err)
{
    return put_rows(output, batch, err, csv_row);
}

const dtake__table_kind dtake__table_csv = { csv_begin, csv_put, nothing, dispose_nothing };

/* --- JSON --- */

/* The members of a row, without the field `but` (-1: with all). */
static dtake_status put_members(dtake__table_output *output, dtake__json *json, const dtake_batch *batch,
                                int64_t row, int but, dtake_error *err)
{
    for (size_t i = 0; i < dtake_schema_count(output->schema); i++) {
        if ((int)i == but)
            continue;
        dtake__json_key(json, dtake__span_of(dtake_schema_field(output->schema, i)->name));
        dtake__value_json(json, output->schema, i, dtake_batch_column(batch, i), row);
        if (json->status != DTAKE_OK)
            return fail(output, json->status, row, i, err);
    }
    return DTAKE_OK;
}

static dtake_status ndjson_row(dtake__table_output *output, const dtake_batch *batch, int64_t row,
                               dtake_error *err)
{
    dtake__json json = { .out = &output->text };
    dtake__json_object(&json, NULL);
    dtake_status st = put_members(output, &json, batch, row, -1, err);
    dtake__json_end(&json, '}');
    if (json.status == DTAKE_OK)
        json.status = dtake__buf_append(&output->text, "\n", 1);
    return st != DTAKE_OK || json.status == DTAKE_OK ? st : dtake__fail_nomem(err, "write NDJSON");
}

static dtake_status ndjson_put(dtake__table_output *output, const dtake_batch *batch, dtake_error *err)
{
    return put_rows(output, batch, err, ndjson_row);
}

const dtake__table_kind dtake__table_ndjson = { nothing, ndjson_put, nothing, dispose_nothing };

static dtake_status geojson_begin(dtake__table_output *output, dtake_error *err)
{
    return dtake__buf_puts(&output->text, "{\"type\":\"FeatureCollection\",\"features\":[") == DTAKE_OK
               ? DTAKE_OK
               : dtake__fail_nomem(err, "write GeoJSON");
}

/* The name if there is one, else the id. */
static void put_feature_id(const dtake__table_output *output, dtake__json *json, const dtake_batch *batch,
                           int64_t row)
{
    static const dtake_field_role roles[] = { DTAKE_ROLE_NAME, DTAKE_ROLE_ID };
    for (int i = 0; i < 2; i++) {
        int field = dtake_schema_find_role(output->schema, roles[i]);
        if (field < 0 || !dtake__has_value(dtake_batch_column(batch, (size_t)field), row))
            continue;
        dtake__json_key(json, DTAKE__SPAN("id"));
        dtake__value_json(json, output->schema, (size_t)field, dtake_batch_column(batch, (size_t)field), row);
        return;
    }
}

static dtake_status geojson_row(dtake__table_output *output, const dtake_batch *batch, int64_t row,
                                dtake_error *err)
{
    dtake__json json = { .out = &output->text };
    int geometry = dtake_schema_find_role(output->schema, DTAKE_ROLE_GEOMETRY);
    json.status = dtake__buf_puts(&output->text, output->rows + row > 0 ? ",\n" : "\n");
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "type", "Feature");
    put_feature_id(output, &json, batch, row);
    dtake__json_key(&json, DTAKE__SPAN("geometry"));
    dtake__value_json(&json, output->schema, (size_t)geometry, dtake_batch_column(batch, (size_t)geometry),
                      row);
    if (json.status != DTAKE_OK)
        return fail(output, json.status, row, (size_t)geometry, err);
    dtake__json_object(&json, "properties");
    dtake_status st = put_members(output, &json, batch, row, geometry, err);
    dtake__json_end(&json, '}');
    dtake__json_end(&json, '}');
    return st != DTAKE_OK || json.status == DTAKE_OK ? st : dtake__fail_nomem(err, "write GeoJSON");
}

static dtake_status geojson_put(dtake__table_output *output, const dtake_batch *batch, dtake_error *err)
{
    return put_rows(output, batch, err, geojson_row);
}

static dtake_status geojson_end(dtake__table_output *output, dtake_error *err)
{
    return dtake__buf_puts(&output->text, "\n]}\n") == DTAKE_OK ? DTAKE_OK
                                                                : dtake__fail_nomem(err, "write GeoJSON");
}

const dtake__table_kind dtake__table_geojson = { geojson_begin, geojson_put, geojson_end, dispose_nothing };
