/* Tests: a schema with a field of every type, lists of them too, and batches of made-up rows. */
#ifndef DTAKE_TABLE_TABLE_FIXTURE_H
#define DTAKE_TABLE_TABLE_FIXTURE_H

#include "check.h"
#include "table/batch.h"
#include "table/column.h"
#include "table/schema.h"

static const dtake_enum_value fixture_values[] = { { "UNKNOWN", 0 },
                                                   { "ASCENDING", 1 },
                                                   { "DESCENDING", 4 } };

static const dtake_field fixture_fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "ingestion_time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "granule_name", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME, .example = "S2A_31TFJ" },
    { .name = "cloudy", .type = DTAKE_FIELD_BOOL },
    { .name = "orbit", .type = DTAKE_FIELD_INT64 },
    { .name = "bytes", .type = DTAKE_FIELD_UINT64, .unit = "byte" },
    { .name = "eo:cloud_cover", .type = DTAKE_FIELD_FLOAT64, .unit = "percent", .description = "0 to 100" },
    { .name = "checksum", .type = DTAKE_FIELD_BYTES, .not_queryable = true },
    { .name = "exposure", .type = DTAKE_FIELD_DURATION },
    { .name = "flight_direction", .type = DTAKE_FIELD_ENUM, .enum_values = fixture_values, .enum_count = 3 },
    { .name = "position", .type = DTAKE_FIELD_VECTOR, .width = 3 },
    { .name = "properties", .type = DTAKE_FIELD_JSON },
    { .name = "assets", .type = DTAKE_FIELD_ASSETS },
    { .name = "flags", .type = DTAKE_FIELD_BOOL, .repeated = true },
    { .name = "counts", .type = DTAKE_FIELD_INT64, .repeated = true },
    { .name = "instruments", .type = DTAKE_FIELD_STRING, .repeated = true },
    { .name = "directions",
      .type = DTAKE_FIELD_ENUM,
      .repeated = true,
      .enum_values = fixture_values,
      .enum_count = 3 },
    { .name = "parents", .type = DTAKE_FIELD_UUID, .repeated = true },
    { .name = "passes", .type = DTAKE_FIELD_TIMESTAMP, .repeated = true },
};
enum { FIXTURE_FIELDS = sizeof fixture_fields / sizeof fixture_fields[0] };

static inline dtake_schema *fixture_schema(void)
{
    dtake_schema *schema;
    dtake_error err;
    if (dtake_schema_new(&schema, fixture_fields, FIXTURE_FIELDS, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return schema;
}

static inline uint32_t fixture_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* A point, as ISO WKB. */
static inline void fixture_point(double lon, double lat, uint8_t out[21])
{
    static const uint8_t head[5] = { 1, 1, 0, 0, 0 };
    memcpy(out, head, 5);
    memcpy(out + 5, &lon, 8);
    memcpy(out + 13, &lat, 8);
}

static inline void fixture_put(dtake__builder *builder, size_t field, const dtake_field *f, uint32_t *seed)
{
    static const int32_t enums[] = { 0, 1, 4 };
    static const char *const texts[] = { "", "S2A", "Z\xc3\xbcrich, \"a\"\nb", "LC08_L1TP_013032" };
    uint32_t r = fixture_random(seed);
    uint8_t bytes[21];
    double numbers[3] = { r / 7.0, -(double)r, 0.5 };
    const char *text = texts[r % 4];
    char json[64];
    switch (f->type) {
    case DTAKE_FIELD_BOOL:
        CHECK_OK(dtake__put_bool(builder, field, r & 1));
        break;
    case DTAKE_FIELD_UINT64:
        CHECK_OK(dtake__put_u64(builder, field, UINT64_MAX - r));
        break;
    case DTAKE_FIELD_FLOAT64:
        CHECK_OK(dtake__put_f64(builder, field, (r % 10000) / 100.0));
        break;
    case DTAKE_FIELD_VECTOR:
        CHECK_OK(dtake__put_vector(builder, field, numbers));
        break;
    case DTAKE_FIELD_ENUM:
        CHECK_OK(dtake__put_i64(builder, field, enums[r % 3]));
        break;
    case DTAKE_FIELD_UUID:
        memset(bytes, (int)(r & 0xff), sizeof bytes);
        memcpy(bytes, &r, sizeof r);
        CHECK_OK(dtake__put_bytes(builder, field, bytes, 16));
        break;
    case DTAKE_FIELD_GEOMETRY:
        fixture_point(r % 360 - 180.0, r % 180 - 90.0, bytes);
        CHECK_OK(dtake__put_bytes(builder, field, bytes, sizeof bytes));
        break;
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        snprintf(json, sizeof json, "{\"n\":%u,\"s\":[null,\"\\u00e9\"]}", (unsigned)r);
        CHECK_OK(dtake__put_bytes(builder, field, json, strlen(json)));
        break;
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_BYTES:
        CHECK_OK(dtake__put_bytes(builder, field, text, strlen(text)));
        break;
    default: /* whole numbers and times, about the year 2020 */
        CHECK_OK(dtake__put_i64(builder, field, 1577836800000000000 + (int64_t)r * 1000000007));
    }
}

/* Every eighth value or so is null, also within lists; time and id never are. */
static inline void fixture_row(dtake__builder *builder, uint32_t *seed)
{
    for (size_t i = 0; i < dtake_schema_count(dtake__builder_schema(builder)); i++) {
        const dtake_field *field = dtake_schema_field(dtake__builder_schema(builder), i);
        bool needed = field->role == DTAKE_ROLE_TIME || field->role == DTAKE_ROLE_ID;
        if (!needed && fixture_random(seed) % 8 == 0)
            continue;
        if (!field->repeated) {
            fixture_put(builder, i, field, seed);
            continue;
        }
        CHECK_OK(dtake__put_list(builder, i));
        for (uint32_t k = fixture_random(seed) % 4; k > 0; k--)
            if (fixture_random(seed) % 8 == 0)
                CHECK_OK(dtake__put_null(builder, i));
            else
                fixture_put(builder, i, field, seed);
    }
    CHECK_OK(dtake__builder_end_row(builder));
}

static inline dtake_batch *fixture_batch(const dtake_schema *schema, uint32_t seed, int64_t rows)
{
    dtake__builder *builder;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&builder, schema, NULL));
    for (int64_t i = 0; i < rows; i++)
        fixture_row(builder, &seed);
    CHECK_OK(dtake__builder_take(builder, &batch, NULL));
    dtake__builder_free(builder);
    return batch;
}

static inline void fixture_same(const dtake_batch *batch, const dtake_batch *expected)
{
    dtake_error err;
    if (dtake__batch_compare(batch, expected, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
}

#endif
