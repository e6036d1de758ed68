/* Values of CSV for a schema of all types: the first byte chooses the field, the rest is its text. What is
 * taken is written, read again, and is the same. */
#include "access/csv_value.h"
#include "core/buf.h"
#include "table/batch.h"
#include "table/value.h"

#include <stdlib.h>

static const dtake_enum_value levels[] = { { "RAW", -1 }, { "COOKED", 7 } };
static const dtake_field fields[] = {
    { .name = "uuid", .type = DTAKE_FIELD_UUID },
    { .name = "enum", .type = DTAKE_FIELD_ENUM, .enum_values = levels, .enum_count = 2 },
    { .name = "duration", .type = DTAKE_FIELD_DURATION },
    { .name = "bytes", .type = DTAKE_FIELD_BYTES },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY },
    { .name = "vector", .type = DTAKE_FIELD_VECTOR, .width = 3 },
    { .name = "ints", .type = DTAKE_FIELD_INT64, .repeated = true },
    { .name = "uints", .type = DTAKE_FIELD_UINT64, .repeated = true },
    { .name = "floats", .type = DTAKE_FIELD_FLOAT64, .repeated = true },
    { .name = "bools", .type = DTAKE_FIELD_BOOL, .repeated = true },
    { .name = "texts", .type = DTAKE_FIELD_STRING, .repeated = true },
    { .name = "times", .type = DTAKE_FIELD_TIMESTAMP, .repeated = true },
    { .name = "enums", .type = DTAKE_FIELD_ENUM, .enum_values = levels, .enum_count = 2, .repeated = true },
    { .name = "durations", .type = DTAKE_FIELD_DURATION, .repeated = true },
    { .name = "uuids", .type = DTAKE_FIELD_UUID, .repeated = true },
    { .name = "blobs", .type = DTAKE_FIELD_BYTES, .repeated = true },
    { .name = "geometries", .type = DTAKE_FIELD_GEOMETRY, .repeated = true },
    { .name = "documents", .type = DTAKE_FIELD_JSON, .repeated = true },
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* The row as a batch; NULL when the text is refused. */
static dtake_batch *batch_of(dtake__builder *builder, size_t field, dtake__span text)
{
    dtake_batch *batch = NULL;
    if (dtake__csv_put_text(builder, field, text) != DTAKE_OK) {
        dtake__builder_drop_row(builder);
        return NULL;
    }
    if (dtake__builder_end_row(builder) != DTAKE_OK || dtake__builder_take(builder, &batch, NULL) != DTAKE_OK)
        abort();
    return batch;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dtake_schema *schema;
    dtake__builder *builder;
    if (size == 0 || dtake_schema_new(&schema, fields, FIELDS, NULL) != DTAKE_OK)
        return 0;
    if (dtake__builder_new(&builder, schema, NULL) != DTAKE_OK)
        abort();
    size_t field = data[0] % FIELDS;
    dtake_batch *batch = batch_of(builder, field, (dtake__span){ (const char *)data + 1, size - 1 });
    if (batch != NULL) {
        dtake_buf text = DTAKE_BUF_INIT(64 << 20);
        if (dtake__value_text(schema, field, dtake_batch_column(batch, field), 0, &text) == DTAKE_OK) {
            dtake_batch *again = batch_of(builder, field, (dtake__span){ dtake__buf_str(&text), text.len });
            /* In lists geometries are written as GeoJSON, which knows neither M nor numbers of any size, and
             * documents that span lines on one. */
            dtake_field_type type = fields[field].type;
            bool exact =
                type != DTAKE_FIELD_JSON && !(type == DTAKE_FIELD_GEOMETRY && fields[field].repeated);
            if (exact && (again == NULL || dtake__batch_compare(again, batch, NULL) != DTAKE_OK))
                abort();
            dtake_batch_release(again);
        }
        dtake__buf_dispose(&text);
        dtake_batch_release(batch);
    }
    dtake__builder_free(builder);
    dtake_schema_release(schema);
    return 0;
}
