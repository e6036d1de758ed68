#include "table/value.h"

#include "check.h"
#include "table/table_fixture.h"

typedef struct row {
    dtake__builder *builder;
    dtake_schema *schema;
} row;

static row new_row(void)
{
    row r = { .schema = fixture_schema() };
    CHECK_OK(dtake__builder_new(&r.builder, r.schema, NULL));
    return r;
}

static size_t at(const row *r, const char *name)
{
    int index = dtake_schema_find(r->schema, name);
    CHECK(index >= 0);
    return (size_t)index;
}

/* The row's values, as text and as JSON, against what they must be. */
static void check_row(row *r, const char *const (*expected)[3], size_t count)
{
    dtake_batch *batch;
    CHECK_OK(dtake__builder_end_row(r->builder));
    CHECK_OK(dtake__builder_take(r->builder, &batch, NULL));
    for (size_t i = 0; i < count; i++) {
        size_t field = at(r, expected[i][0]);
        dtake_buf text = DTAKE_BUF_INIT(1000), document = DTAKE_BUF_INIT(1000);
        dtake__json json = { .out = &document };
        CHECK_OK(dtake__value_text(r->schema, field, dtake_batch_column(batch, field), 0, &text));
        CHECK_STR(dtake__buf_str(&text), expected[i][1]);
        dtake__value_json(&json, r->schema, field, dtake_batch_column(batch, field), 0);
        CHECK_OK(json.status);
        CHECK_STR(dtake__buf_str(&document), expected[i][2]);
        dtake__buf_dispose(&text);
        dtake__buf_dispose(&document);
    }
    dtake_batch_release(batch);
    dtake__builder_free(r->builder);
    dtake_schema_release(r->schema);
}

static void each_type_has_one_text_and_one_json(void **state)
{
    static const char *const expected[][3] = {
        { "time", "2020-01-01T00:00:00.5Z", "\"2020-01-01T00:00:00.5Z\"" },
        { "id", "0197a491-1520-102f-48f4-f087d6ef8603", "\"0197a491-1520-102f-48f4-f087d6ef8603\"" },
        { "geometry", "POINT (8.5 47)", "{\"type\":\"Point\",\"coordinates\":[8.5,47]}" },
        { "granule_name", "a \"b\"", "\"a \\\"b\\\"\"" },
        { "cloudy", "true", "true" },
        { "orbit", "-9223372036854775808", "-9223372036854775808" },
        { "bytes", "18446744073709551615", "18446744073709551615" },
        { "eo:cloud_cover", "0.1", "0.1" },
        { "checksum", "00ff", "\"00ff\"" },
        { "exposure", "-1.5", "-1.5" },
        { "flight_direction", "DESCENDING", "\"DESCENDING\"" },
        { "position", "[1,null,-0.5]", "[1,null,-0.5]" },
        { "properties", "{\"a\":\n[1]}", "{\"a\": [1]}" },
        { "counts", "[1,null,3]", "[1,null,3]" },
        { "instruments", "[\"oli\",\"tirs\"]", "[\"oli\",\"tirs\"]" },
        { "passes", "[\"1970-01-01T00:00:00Z\"]", "[\"1970-01-01T00:00:00Z\"]" },
        { "flags", "[]", "[]" },
        { "parents", "", "null" },
        { "assets", "", "null" },
    };
    static const uint8_t id[] = { 0x01, 0x97, 0xa4, 0x91, 0x15, 0x20, 0x10, 0x2f,
                                  0x48, 0xf4, 0xf0, 0x87, 0xd6, 0xef, 0x86, 0x03 };
    uint8_t point[21];
    row r = new_row();
    (void)state;
    fixture_point(8.5, 47, point);
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "time"), 1577836800500000000));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "id"), id, 16));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "geometry"), point, 21));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "granule_name"), "a \"b\"", 5));
    CHECK_OK(dtake__put_bool(r.builder, at(&r, "cloudy"), true));
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "orbit"), INT64_MIN));
    CHECK_OK(dtake__put_u64(r.builder, at(&r, "bytes"), UINT64_MAX));
    CHECK_OK(dtake__put_f64(r.builder, at(&r, "eo:cloud_cover"), 0.1));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "checksum"), "\0\xff", 2));
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "exposure"), -1500000000));
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "flight_direction"), 4));
    CHECK_OK(dtake__put_vector(r.builder, at(&r, "position"), (double[]){ 1, 0.0 / 0.0, -0.5 }));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "properties"), "{\"a\":\n[1]}", 10));
    CHECK_OK(dtake__put_list(r.builder, at(&r, "counts")));
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "counts"), 1));
    CHECK_OK(dtake__put_null(r.builder, at(&r, "counts")));
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "counts"), 3));
    CHECK_OK(dtake__put_list(r.builder, at(&r, "instruments")));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "instruments"), "oli", 3));
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "instruments"), "tirs", 4));
    CHECK_OK(dtake__put_list(r.builder, at(&r, "passes")));
    CHECK_OK(dtake__put_i64(r.builder, at(&r, "passes"), 0));
    CHECK_OK(dtake__put_list(r.builder, at(&r, "flags")));
    check_row(&r, expected, sizeof expected / sizeof expected[0]);
}

static void durations_are_exact_seconds(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = { { 0, "0" },
                  { 90000000000, "90" },
                  { 1, "0.000000001" },
                  { -1, "-0.000000001" },
                  { 1000000007, "1.000000007" },
                  { INT64_MIN, "-9223372036.854775808" } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        row r = new_row();
        const char *const expected[][3] = { { "exposure", cases[i].text, cases[i].text } };
        CHECK_OK(dtake__put_i64(r.builder, at(&r, "exposure"), cases[i].ns));
        check_row(&r, expected, 1);
    }
}

static void numbers_that_json_does_not_know_are_null(void **state)
{
    static const char *const expected[][3] = { { "eo:cloud_cover", "inf", "null" } };
    row r = new_row();
    (void)state;
    CHECK_OK(dtake__put_f64(r.builder, at(&r, "eo:cloud_cover"), 1.0 / 0.0));
    check_row(&r, expected, 1);
}

static void bytes_that_are_no_geometry_are_refused(void **state)
{
    row r = new_row();
    dtake_batch *batch;
    dtake_buf text = DTAKE_BUF_INIT(1000);
    dtake__json json = { .out = &text };
    (void)state;
    CHECK_OK(dtake__put_bytes(r.builder, at(&r, "geometry"), "POINT(1 2)", 10));
    CHECK_OK(dtake__builder_end_row(r.builder));
    CHECK_OK(dtake__builder_take(r.builder, &batch, NULL));
    CHECK_STATUS(dtake__value_text(r.schema, 3, dtake_batch_column(batch, 3), 0, &text), DTAKE_E_FORMAT);
    dtake__value_json(&json, r.schema, 3, dtake_batch_column(batch, 3), 0);
    CHECK_EQ(json.status, DTAKE_E_FORMAT);
    dtake__buf_dispose(&text);
    dtake_batch_release(batch);
    dtake__builder_free(r.builder);
    dtake_schema_release(r.schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_one_text_and_one_json),
        cmocka_unit_test(durations_are_exact_seconds),
        cmocka_unit_test(numbers_that_json_does_not_know_are_null),
        cmocka_unit_test(bytes_that_are_no_geometry_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
