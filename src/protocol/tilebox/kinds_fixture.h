/* Tests: a schema with fields of all kinds, those that are lists behind the others, and rows of it. */
#ifndef DTAKE_PROTOCOL_TILEBOX_KINDS_FIXTURE_H
#define DTAKE_PROTOCOL_TILEBOX_KINDS_FIXTURE_H

#include "check.h"
#include "protocol/tilebox/datapoints.h"
#include "table/batch.h"
#include "table/builder.h"

static dtake_error err;

static inline dtake__tilebox_type *type_for(const dtake_schema *schema, bool as_of_2024)
{
    dtake__tilebox_type *type = NULL;
    dtake__tilebox_naming naming = { { 7 }, "all_kinds", as_of_2024 };
    if (dtake__tilebox_type_new(&type, schema, DTAKE_SPATIOTEMPORAL, &naming, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return type;
}

static const dtake_enum_value moods[] = { { "so so", 300 }, { "fine", -1 } };
static const dtake_field kinds[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "arrived", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
    { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    { .name = "flag", .type = DTAKE_FIELD_BOOL },
    { .name = "i", .type = DTAKE_FIELD_INT64 },
    { .name = "u", .type = DTAKE_FIELD_UINT64 },
    { .name = "f", .type = DTAKE_FIELD_FLOAT64 },
    { .name = "s", .type = DTAKE_FIELD_STRING },
    { .name = "b", .type = DTAKE_FIELD_BYTES },
    { .name = "d", .type = DTAKE_FIELD_DURATION },
    { .name = "mood", .type = DTAKE_FIELD_ENUM, .enum_values = moods, .enum_count = 2 },
    { .name = "v3", .type = DTAKE_FIELD_VECTOR, .width = 3 },
    { .name = "v5", .type = DTAKE_FIELD_VECTOR, .width = 5 },
    { .name = "ll", .type = DTAKE_FIELD_VECTOR, .width = 2, .unit = "lat_lon" },
    { .name = "json", .type = DTAKE_FIELD_JSON },
    { .name = "numbers", .type = DTAKE_FIELD_INT64, .repeated = true },
    { .name = "words", .type = DTAKE_FIELD_STRING, .repeated = true },
    { .name = "times", .type = DTAKE_FIELD_TIMESTAMP, .repeated = true },
    { .name = "flags", .type = DTAKE_FIELD_BOOL, .repeated = true },
    { .name = "places", .type = DTAKE_FIELD_GEOMETRY, .repeated = true },
};
enum { KINDS = sizeof kinds / sizeof kinds[0], KINDS_FLAT = 16 /* those that are no lists */ };

static const uint8_t kinds_point[] = { 1,    1,    0, 0, 0, 0, 0, 0, 0,    0,   0,
                                       0x24, 0x40, 0, 0, 0, 0, 0, 0, 0x34, 0x40 };
/* a point with Z, as ISO has it */
static const uint8_t kinds_high[] = { 1, 0xe9, 3, 0, 0,    0,    0, 0, 0, 0, 0, 0x24, 0x40, 0,   0,
                                      0, 0,    0, 0, 0x34, 0x40, 0, 0, 0, 0, 0, 0,    0xf0, 0x3f };

/* The first `fields` of the kinds; lists only all of them. */
static inline void put_a_row(dtake__builder *b, size_t fields, int64_t time, uint64_t u, double f,
                             const char *text, bool is_high)
{
    static const double v[] = { 0, -0.5, 1e300, 4, 5 };
    uint8_t id[16] = { (uint8_t)time, 9 };
    CHECK_OK(dtake__put_i64(b, 0, time));
    CHECK_OK(dtake__put_bytes(b, 1, id, 16));
    CHECK_OK(dtake__put_i64(b, 2, time + 1));
    CHECK_OK(dtake__put_bytes(b, 3, is_high ? kinds_high : kinds_point,
                              is_high ? sizeof kinds_high : sizeof kinds_point));
    CHECK_OK(dtake__put_bool(b, 4, time > 0));
    CHECK_OK(dtake__put_i64(b, 5, time));
    CHECK_OK(dtake__put_u64(b, 6, u));
    CHECK_OK(dtake__put_f64(b, 7, f));
    CHECK_OK(dtake__put_bytes(b, 8, text, strlen(text)));
    CHECK_OK(dtake__put_bytes(b, 9, id, 16));
    CHECK_OK(dtake__put_i64(b, 10, -time));
    CHECK_OK(dtake__put_i64(b, 11, is_high ? 300 : -1));
    CHECK_OK(dtake__put_vector(b, 12, v));
    CHECK_OK(dtake__put_vector(b, 13, v));
    CHECK_OK(dtake__put_vector(b, 14, v));
    CHECK_OK(dtake__put_bytes(b, 15, "{\"a\":[1]}", 9));
    if (fields < KINDS) {
        CHECK_OK(dtake__builder_end_row(b));
        return;
    }
    for (size_t f_list = KINDS_FLAT; f_list < KINDS; f_list++)
        CHECK_OK(dtake__put_list(b, f_list));
    for (int64_t i = -1; i < 40; i++)
        CHECK_OK(dtake__put_i64(b, 16, i * INT64_C(1000000007)));
    CHECK_OK(dtake__put_bytes(b, 17, "", 0));
    CHECK_OK(dtake__put_bytes(b, 17, text, strlen(text)));
    CHECK_OK(dtake__put_i64(b, 18, -1));
    CHECK_OK(dtake__put_i64(b, 18, time));
    CHECK_OK(dtake__put_bool(b, 19, true));
    CHECK_OK(dtake__put_bool(b, 19, false));
    CHECK_OK(dtake__put_bytes(b, 20, kinds_point, sizeof kinds_point));
    CHECK_OK(dtake__put_bytes(b, 20, kinds_high, sizeof kinds_high));
    CHECK_OK(dtake__builder_end_row(b));
}

static inline dtake_batch *batch_of_kinds(size_t fields, dtake_schema **schema)
{
    static char long_text[5000];
    dtake__builder *b;
    dtake_batch *batch;
    memset(long_text, 'q', sizeof long_text - 1);
    CHECK_OK(dtake_schema_new(schema, kinds, fields, &err));
    CHECK_OK(dtake__builder_new(&b, *schema, &err));
    put_a_row(b, fields, INT64_MAX - 1, UINT64_MAX, 0.1, "zwölf", false);
    CHECK_OK(dtake__put_i64(b, 0, 5)); /* and nothing else */
    CHECK_OK(dtake__builder_end_row(b));
    put_a_row(b, fields, 0, 0, 0, "", true);
    put_a_row(b, fields, -1, 1, -0.0, long_text, true);
    put_a_row(b, fields, INT64_MIN + 2, 1, 1e-310, "x", false);
    CHECK_OK(dtake__builder_take(b, &batch, &err));
    dtake__builder_free(b);
    return batch;
}

#endif
