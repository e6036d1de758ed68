/* Where two batches differ, for tests and checks. */
#include "table/batch.h"

#include "core/error.h"
#include "table/column.h"
#include "table/schema.h"

#include <stdio.h>

enum { SHOWN_BYTES = 60 };

static bool same_value(const dtake_column *a, int64_t i, const dtake_column *b, int64_t k,
                       const dtake_field *field)
{
    if (dtake__has_value(a, i) != dtake__has_value(b, k))
        return false;
    if (!dtake__has_value(a, i))
        return true;
    size_t size = dtake__value_bytes(field), other;
    switch (dtake__layout_of(field->type)) {
    case DTAKE__BITS:
        return dtake__get_bool(a, i) == dtake__get_bool(b, k);
    case DTAKE__VARIABLE: {
        const char *x = dtake__get_bytes(a, i, &size), *y = dtake__get_bytes(b, k, &other);
        return size == other && (size == 0 || memcmp(x, y, size) == 0);
    }
    default:
        return memcmp((const uint8_t *)a->values + (size_t)i * size,
                      (const uint8_t *)b->values + (size_t)k * size, size) == 0;
    }
}

static bool same_row(const dtake_column *a, const dtake_column *b, int64_t row, const dtake_field *field)
{
    if (!field->repeated)
        return same_value(a, row, b, row, field);
    if (!dtake__has_value(a, row) || !dtake__has_value(b, row))
        return dtake__has_value(a, row) == dtake__has_value(b, row);
    int32_t count = a->offsets[row + 1] - a->offsets[row];
    if (count != b->offsets[row + 1] - b->offsets[row])
        return false;
    for (int32_t i = 0; i < count; i++)
        if (!same_value(a->items, a->offsets[row] + i, b->items, b->offsets[row] + i, field))
            return false;
    return true;
}

/* Enough for a person to see what it is about. */
static const char *show(const dtake_column *column, int64_t row, const dtake_field *field, char *out,
                        size_t room)
{
    size_t len;
    if (!dtake__has_value(column, row))
        return "null";
    if (field->repeated)
        snprintf(out, room, "a list of %d", (int)(column->offsets[row + 1] - column->offsets[row]));
    else if (field->type == DTAKE_FIELD_BOOL)
        return dtake__get_bool(column, row) ? "true" : "false";
    else if (field->type == DTAKE_FIELD_FLOAT64 || field->type == DTAKE_FIELD_VECTOR)
        snprintf(out, room, "%.17g",
                 ((const double *)column->values)[row * (field->width ? field->width : 1)]);
    else if (field->type == DTAKE_FIELD_ENUM)
        snprintf(out, room, "%d", (int)dtake__get_enum(column, row));
    else if (field->type == DTAKE_FIELD_UUID)
        snprintf(out, room, "UUID %02x%02x%02x%02x...", dtake__get_uuid(column, row)[0],
                 dtake__get_uuid(column, row)[1], dtake__get_uuid(column, row)[2],
                 dtake__get_uuid(column, row)[3]);
    else if (dtake__layout_of(field->type) == DTAKE__FIXED)
        snprintf(out, room, "%lld", (long long)dtake__get_i64(column, row));
    else {
        const char *text = dtake__get_bytes(column, row, &len);
        snprintf(out, room, "'%.*s' (%zu bytes)", (int)(len < SHOWN_BYTES ? len : SHOWN_BYTES), text, len);
    }
    return out;
}

dtake_status dtake__batch_compare(const dtake_batch *batch, const dtake_batch *expected, dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch), *other = dtake_batch_schema(expected);
    if (!dtake__schema_same(schema, other)) {
        dtake_status st = dtake__schema_grows(other, schema, err);
        return st != DTAKE_OK ? st
                              : dtake__fail(err, DTAKE_E_STATE, "%zu fields, expected %zu",
                                            dtake_schema_count(schema), dtake_schema_count(other));
    }
    if (dtake_batch_rows(batch) != dtake_batch_rows(expected))
        return dtake__fail(err, DTAKE_E_STATE, "%lld rows, expected %lld", (long long)dtake_batch_rows(batch),
                           (long long)dtake_batch_rows(expected));
    for (size_t i = 0; i < dtake_schema_count(schema); i++) {
        const dtake_field *field = dtake_schema_field(schema, i);
        const dtake_column *a = dtake_batch_column(batch, i), *b = dtake_batch_column(expected, i);
        for (int64_t row = 0; row < dtake_batch_rows(batch); row++) {
            char x[SHOWN_BYTES + 40], y[SHOWN_BYTES + 40];
            if (!same_row(a, b, row, field))
                return dtake__fail(err, DTAKE_E_STATE, "row %lld, %s: %s, expected %s", (long long)row,
                                   field->name, show(a, row, field, x, sizeof x),
                                   show(b, row, field, y, sizeof y));
        }
    }
    return DTAKE_OK;
}
