/* Datapoints of strangers, of a type with all kinds of fields. Whatever the bytes: rows or an error; and the
 * rows that were read, written and read again, are written as the same bytes. */
#include "protocol/tilebox/datapoints.h"

#include <stdlib.h>

static const dtake_enum_value colours[] = { { "RED", 1 }, { "BLUE", 70 } };
static const dtake_field fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "flag", .type = DTAKE_FIELD_BOOL },
    { .name = "i", .type = DTAKE_FIELD_INT64 },
    { .name = "f", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "s", .type = DTAKE_FIELD_STRING },
    { .name = "b", .type = DTAKE_FIELD_BYTES },
    { .name = "d", .type = DTAKE_FIELD_DURATION },
    { .name = "colour", .type = DTAKE_FIELD_ENUM, .enum_values = colours, .enum_count = 2 },
    { .name = "v", .type = DTAKE_FIELD_VECTOR, .width = 3 },
    { .name = "w", .type = DTAKE_FIELD_VECTOR, .width = 5 },
    { .name = "json", .type = DTAKE_FIELD_JSON },
    { .name = "numbers", .type = DTAKE_FIELD_INT64, .repeated = true },
    { .name = "reals", .type = DTAKE_FIELD_FLOAT64, .repeated = true },
    { .name = "words", .type = DTAKE_FIELD_STRING, .repeated = true },
    { .name = "ids", .type = DTAKE_FIELD_UUID, .repeated = true },
    { .name = "places", .type = DTAKE_FIELD_GEOMETRY, .repeated = true },
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

/* The datapoints of `bytes` in `out`; false when they are none. */
static bool through(const dtake__tilebox_type *type, const dtake_schema *schema, const uint8_t *bytes,
                    size_t len, dtake_buf *out)
{
    dtake__datapoints_decoder *decoder;
    dtake__datapoints_encoder *encoder;
    dtake_batch *batch;
    dtake_error err;
    if (dtake__datapoints_decoder_new(&decoder, type, schema, &err) != DTAKE_OK)
        abort();
    bool whole = dtake__datapoints_read_all(decoder, bytes, len, 2, &err) == DTAKE_OK;
    if (dtake__datapoints_take(decoder, &batch, &err) != DTAKE_OK ||
        dtake__datapoints_encoder_new(&encoder, type, schema, DTAKE__DATAPOINTS_FULL, &err) != DTAKE_OK)
        abort();
    if (dtake__datapoints_write(encoder, batch, 0, dtake_batch_rows(batch), 2, out, &err) != DTAKE_OK)
        abort();
    dtake_batch_release(batch);
    dtake__datapoints_decoder_free(decoder);
    dtake__datapoints_encoder_free(encoder);
    return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static dtake_schema *schema;
    static dtake__tilebox_type *types[2];
    dtake_error err;
    for (int i = 0; i < 2 && types[i] == NULL; i++) {
        dtake__tilebox_naming naming = { { (uint8_t)i }, "kinds", i == 1 };
        if ((schema == NULL && dtake_schema_new(&schema, fields, FIELDS, &err) != DTAKE_OK) ||
            dtake__tilebox_type_new(&types[i], schema, DTAKE_SPATIOTEMPORAL, &naming, &err) != DTAKE_OK)
            abort();
    }
    if (size == 0)
        return 0;
    const dtake__tilebox_type *type = types[data[0] & 1];
    dtake_buf once = DTAKE_BUF_INIT(64 << 20), twice = DTAKE_BUF_INIT(64 << 20);
    through(type, schema, data + 1, size - 1, &once);
    if (!through(type, schema, once.data, once.len, &twice) || once.len != twice.len ||
        (once.len > 0 && memcmp(once.data, twice.data, once.len) != 0))
        abort();
    dtake__buf_dispose(&once);
    dtake__buf_dispose(&twice);
    return 0;
}
