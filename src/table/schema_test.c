#include "table/schema.h"

#include "check.h"
#include "core/alloc.h"
#include "table/table_fixture.h"

static dtake_status try_fields(const dtake_field *fields, size_t count, dtake_error *err)
{
    dtake_schema *schema = NULL;
    dtake_status st = dtake_schema_new(&schema, fields, count, err);
    dtake_schema_release(schema);
    return st;
}

static void a_schema_is_a_copy_and_finds_fields_by_name_and_role(void **state)
{
    char name[] = "cloud_cover", unit[] = "percent";
    dtake_field fields[] = { { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
                             { .name = name, .type = DTAKE_FIELD_FLOAT64, .unit = unit } };
    dtake_schema *schema;
    (void)state;
    CHECK_OK(dtake_schema_new(&schema, fields, 2, NULL));
    name[0] = unit[0] = 'X';
    CHECK_EQ(dtake_schema_find(schema, "cloud_cover"), 1);
    CHECK_EQ(dtake__schema_find(schema, "cloud_cover_max", 11), 1);
    CHECK_EQ(dtake_schema_find(schema, "cloud"), -1);
    CHECK_EQ(dtake_schema_find(schema, ""), -1);
    CHECK_EQ(dtake_schema_find_role(schema, DTAKE_ROLE_TIME), 0);
    CHECK_EQ(dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY), -1);
    CHECK_EQ(dtake_schema_find_role(schema, DTAKE_ROLE_NONE), -1);
    CHECK_STR(dtake_schema_field(schema, 1)->unit, "percent");
    CHECK_STR(dtake_schema_field(schema, 0)->description, "");
    CHECK(dtake_schema_field(schema, 2) == NULL);
    dtake_schema_release(schema);
}

static void a_thousand_fields_are_all_found(void **state)
{
    static char names[DTAKE_MAX_FIELDS][8];
    static dtake_field fields[DTAKE_MAX_FIELDS + 1];
    dtake_schema *schema;
    (void)state;
    for (int i = 0; i < DTAKE_MAX_FIELDS; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        fields[i] = (dtake_field){ .name = names[i], .type = DTAKE_FIELD_INT64 };
    }
    CHECK_OK(dtake_schema_new(&schema, fields, DTAKE_MAX_FIELDS, NULL));
    for (int i = 0; i < DTAKE_MAX_FIELDS; i++)
        CHECK_EQ(dtake_schema_find(schema, names[i]), i);
    dtake_schema_release(schema);
    fields[DTAKE_MAX_FIELDS] = (dtake_field){ .name = "more", .type = DTAKE_FIELD_INT64 };
    CHECK_STATUS(try_fields(fields, DTAKE_MAX_FIELDS + 1, NULL), DTAKE_E_LIMIT);
}

static void every_wrong_field_is_named(void **state)
{
    static const dtake_enum_value twice[] = { { "A", 1 }, { "B", 1 } }, again[] = { { "A", 1 }, { "A", 2 } };
    static const struct {
        dtake_field field;
        const char *words;
    } wrong[] = {
        { { .name = "", .type = DTAKE_FIELD_BOOL }, "field 2 has no name" },
        { { .name = "time", .type = DTAKE_FIELD_BOOL }, "two fields are named time" },
        { { .name = "x" }, "x: there is no type 0" },
        { { .name = "x", .type = DTAKE_FIELD_ASSETS + 1 }, "x: there is no type 15" },
        { { .name = "x", .type = DTAKE_FIELD_BOOL, .role = (dtake_field_role)7 }, "x: there is no role 7" },
        { { .name = "x", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
          "time and x have the same" },
        { { .name = "x", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_ID },
          "x: in its role it must be one uuid" },
        { { .name = "x", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME, .repeated = true },
          "must be one string" },
        { { .name = "x", .type = DTAKE_FIELD_ENUM }, "x: an enum needs values" },
        { { .name = "x", .type = DTAKE_FIELD_BOOL, .enum_values = twice, .enum_count = 2 },
          "a bool has no enum values" },
        { { .name = "x", .type = DTAKE_FIELD_ENUM, .enum_values = twice, .enum_count = 2 },
          "B = 1 is there twice" },
        { { .name = "x", .type = DTAKE_FIELD_ENUM, .enum_values = again, .enum_count = 2 },
          "A = 2 is there twice" },
        { { .name = "x", .type = DTAKE_FIELD_VECTOR }, "x: a vector cannot be 0 wide" },
        { { .name = "x", .type = DTAKE_FIELD_VECTOR, .width = 65 }, "x: a vector cannot be 65 wide" },
        { { .name = "x", .type = DTAKE_FIELD_INT64, .width = 3 }, "x: a int64 cannot be 3 wide" },
        { { .name = "x", .type = DTAKE_FIELD_VECTOR, .width = 3, .repeated = true }, "no lists of vectors" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dtake_error err = { 0 };
        dtake_field fields[] = { fixture_fields[0], wrong[i].field };
        CHECK_STATUS(try_fields(fields, 2, &err), DTAKE_E_USAGE);
        if (!strstr(err.message, wrong[i].words))
            fail_msg("'%s' does not say '%s'", err.message, wrong[i].words);
    }
}

static void types_have_names_both_ways(void **state)
{
    (void)state;
    for (int type = DTAKE_FIELD_BOOL; type <= DTAKE_FIELD_ASSETS; type++)
        CHECK_EQ(dtake_field_type_find(dtake_field_type_name((dtake_field_type)type)), type);
    CHECK_EQ(dtake_field_type_find("none"), DTAKE_FIELD_NONE);
    CHECK_EQ(dtake_field_type_find("float32"), DTAKE_FIELD_NONE);
}

static void enum_values_are_found_by_number_and_name(void **state)
{
    dtake_schema *schema = fixture_schema();
    size_t field = (size_t)dtake_schema_find(schema, "flight_direction");
    (void)state;
    CHECK_STR(dtake__enum_by_value(schema, field, 4)->name, "DESCENDING");
    CHECK(dtake__enum_by_value(schema, field, 3) == NULL);
    CHECK(dtake__enum_by_value(schema, field, (int64_t)4 + (1LL << 32)) == NULL);
    CHECK_EQ(dtake__enum_by_name(schema, field, "ASCENDING!", 9)->value, 1);
    CHECK(dtake__enum_by_name(schema, field, "ASCEND", 6) == NULL);
    static const char with_zeros[4096] = "ASCENDING"; /* text of a file may hold any byte */
    CHECK(dtake__enum_by_name(schema, field, with_zeros, sizeof with_zeros) == NULL);
    dtake_schema_release(schema);
}

static void a_schema_grows_only_at_its_end(void **state)
{
    dtake_schema *all = fixture_schema(), *less, *other;
    dtake_field fields[FIXTURE_FIELDS];
    dtake_error err;
    (void)state;
    memcpy(fields, fixture_fields, sizeof fields);
    CHECK_OK(dtake_schema_new(&less, fields, FIXTURE_FIELDS - 2, NULL));
    CHECK_OK(dtake__schema_grows(less, all, &err));
    CHECK(!dtake__schema_same(less, all));
    CHECK_STATUS(dtake__schema_grows(all, less, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "parents (number 20 of the schema)"));

    fields[6].type = DTAKE_FIELD_FLOAT64;
    CHECK_OK(dtake_schema_new(&other, fields, FIXTURE_FIELDS, NULL));
    CHECK_STATUS(dtake__schema_grows(all, other, &err), DTAKE_E_STATE);
    CHECK(strstr(err.message, "orbit is another float64"));
    dtake_schema_release(other);

    fields[6] = fixture_fields[6];
    fields[6].description = "relative orbit";
    CHECK_OK(dtake_schema_new(&other, fields, FIXTURE_FIELDS, NULL));
    CHECK(dtake__schema_same(all, other));
    dtake_schema_release(other);
    dtake_schema_release(less);
    dtake_schema_release(all);
}

static dtake_schema *read_schema(const char *text)
{
    dtake_schema *schema = NULL;
    dtake_error err;
    if (dtake__schema_from_json(&schema, text, strlen(text), &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return schema;
}

static void a_schema_goes_through_json_unchanged(void **state)
{
    dtake_schema *schema = fixture_schema(), *again;
    dtake_buf text = DTAKE_BUF_INIT(100000), second = DTAKE_BUF_INIT(100000);
    (void)state;
    CHECK_OK(dtake__schema_to_json(schema, &text, NULL));
    again = read_schema(dtake__buf_str(&text));
    CHECK(dtake__schema_same(schema, again));
    CHECK_STR(dtake_schema_field(again, 8)->description, "0 to 100");
    CHECK_STR(dtake_schema_field(again, 4)->example, "S2A_31TFJ");
    CHECK(dtake_schema_field(again, 9)->not_queryable);
    CHECK_OK(dtake__schema_to_json(again, &second, NULL));
    CHECK_STR(dtake__buf_str(&text), dtake__buf_str(&second));
    dtake__buf_dispose(&text);
    dtake__buf_dispose(&second);
    dtake_schema_release(schema);
    dtake_schema_release(again);
}

static void a_person_may_write_a_schema(void **state)
{
    dtake_schema *schema =
        read_schema("\n{ \"fields\": [\n"
                    "  { \"name\": \"z\\u00fcrich\", \"type\": \"enum\", \"repeated\": true,\n"
                    "    \"values\": { \"NONE\": 0, \"A\\\"B\": -7 } },\n"
                    "  { \"type\": \"vector\", \"name\": \"sun\", \"width\": 2 }\n] }");
    (void)state;
    CHECK_EQ(dtake_schema_find(schema, "z\xc3\xbcrich"), 0);
    CHECK_STR(dtake__enum_by_value(schema, 0, -7)->name, "A\"B");
    CHECK_EQ(dtake_schema_field(schema, 1)->width, 2);
    dtake_schema_release(schema);
}

static void mistakes_in_a_schema_are_shown_where_they_are(void **state)
{
    static const struct {
        const char *text, *words;
        dtake_status status;
    } wrong[] = {
        { "", "line 1, column 1", DTAKE_E_FORMAT },
        { "[]", "line 1, column 1", DTAKE_E_FORMAT },
        { "{}", "an object with \"fields\"", DTAKE_E_FORMAT },
        { "{\"fields\":[],\"fields\":[]}", "\"fields\" only once", DTAKE_E_FORMAT },
        { "{\"fields\":[{\"name\":\"a\",\"type\":\"float32\"}]}", "expected a type, as \"float64\"",
          DTAKE_E_FORMAT },
        { "{\"fields\":[\n{\"name\":\"a\",\"tpye\":\"int64\"}]}", "line 2, column 14", DTAKE_E_FORMAT },
        { "{\"fields\":[{\"name\":\"a\",\"role\":\"tyme\"}]}", "expected a role", DTAKE_E_FORMAT },
        { "{\"fields\":[{\"name\":\"a\\u0000b\"}]}", "without the character 0", DTAKE_E_FORMAT },
        { "{\"fields\":[{\"name\":\"a\",\"width\":4294967296}]}", "a number of 32 bits", DTAKE_E_FORMAT },
        { "{\"fields\":[{\"name\":\"a\"}]}", "a: there is no type", DTAKE_E_USAGE },
        { "{\"fields\":[{\"name\":\"a\",\"type\":\"enum\",\"values\":{\"A\":1,\"A\":2}}]}", "A = 2",
          DTAKE_E_USAGE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dtake_schema *schema;
        dtake_error err = { 0 };
        CHECK_EQ(dtake__schema_from_json(&schema, wrong[i].text, strlen(wrong[i].text), &err),
                 wrong[i].status);
        if (!strstr(err.message, wrong[i].words))
            fail_msg("'%s' does not say '%s'", err.message, wrong[i].words);
    }
}

static void a_schema_of_some_fields_keeps_their_order(void **state)
{
    static const char *const names[] = { "eo:cloud_cover", "time" }, *const unknown[] = { "time", "flag" },
                             *const far[] = { "sun_elevation" };
    dtake_schema *schema = fixture_schema(), *some;
    dtake_error err;
    (void)state;
    CHECK_OK(dtake__schema_project(&some, schema, names, 2, NULL));
    CHECK_STR(dtake_schema_field(some, 0)->unit, "percent");
    CHECK_EQ(dtake_schema_find_role(some, DTAKE_ROLE_TIME), 1);
    dtake_schema_release(some);
    CHECK_STATUS(dtake__schema_project(&some, schema, unknown, 2, &err), DTAKE_E_NOT_FOUND);
    CHECK_STR(err.message, "there is no field flag; did you mean flags?");
    CHECK_STATUS(dtake__schema_project(&some, schema, far, 1, &err), DTAKE_E_NOT_FOUND);
    CHECK_STR(err.message, "there is no field sun_elevation");
    dtake_schema_release(schema);
}

static void a_union_joins_fields_by_role_and_name(void **state)
{
    dtake_schema *schemas[2], *all;
    (void)state;
    schemas[0] = read_schema("{\"fields\":[{\"name\":\"time\",\"type\":\"timestamp\",\"role\":\"time\"},"
                             "{\"name\":\"granule\",\"type\":\"string\",\"role\":\"name\"},"
                             "{\"name\":\"gsd\",\"type\":\"int64\"},"
                             "{\"name\":\"pass\",\"type\":\"enum\",\"values\":{\"UP\":1}}]}");
    schemas[1] = read_schema("{\"fields\":[{\"name\":\"gsd\",\"type\":\"float64\"},"
                             "{\"name\":\"item\",\"type\":\"string\",\"role\":\"name\"},"
                             "{\"name\":\"pass\",\"type\":\"enum\",\"values\":{\"DOWN\":2,\"UP\":1}},"
                             "{\"name\":\"new\",\"type\":\"bool\"}]}");
    CHECK_OK(dtake__schema_union(&all, (const dtake_schema *const *)schemas, 2, NULL));
    CHECK_EQ(dtake_schema_count(all), 5);
    CHECK_EQ(dtake_schema_find_role(all, DTAKE_ROLE_NAME), 1);
    CHECK_EQ(dtake_schema_find(all, "item"), -1);
    CHECK_EQ(dtake_schema_field(all, 2)->type, DTAKE_FIELD_FLOAT64);
    CHECK_EQ(dtake_schema_field(all, 3)->enum_count, 2);
    CHECK_EQ(dtake_schema_find(all, "new"), 4);
    for (int i = 0; i < 2; i++)
        dtake_schema_release(schemas[i]);
    dtake_schema_release(all);
}

static void what_does_not_fit_together_is_named(void **state)
{
    static const char *const pairs[][3] = {
        { "\"type\":\"string\"", "\"type\":\"int64\"", "field x is a string here and a int64 there" },
        { "\"type\":\"int64\"", "\"type\":\"uint64\"", "field x is a int64 here and a uint64 there" },
        { "\"type\":\"bool\"", "\"type\":\"bool\",\"repeated\":true",
          "a bool here and a list of bool there" },
        { "\"type\":\"enum\",\"values\":{\"A\":1}", "\"type\":\"enum\",\"values\":{\"A\":2}",
          "A = 2 is another" },
        { "\"type\":\"enum\",\"values\":{\"A\":1}", "\"type\":\"enum\",\"values\":{\"B\":1}",
          "B = 1 is another" },
        { "\"type\":\"timestamp\",\"role\":\"time\"", "\"type\":\"timestamp\",\"role\":\"ingestion_time\"",
          "x has another role" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        dtake_schema *schemas[2], *all;
        dtake_error err;
        for (int k = 0; k < 2; k++) {
            char text[200];
            snprintf(text, sizeof text, "{\"fields\":[{\"name\":\"x\",%s}]}", pairs[i][k]);
            schemas[k] = read_schema(text);
        }
        CHECK_STATUS(dtake__schema_union(&all, (const dtake_schema *const *)schemas, 2, &err), DTAKE_E_STATE);
        if (!strstr(err.message, pairs[i][2]))
            fail_msg("'%s' does not say '%s'", err.message, pairs[i][2]);
        dtake_schema_release(schemas[0]);
        dtake_schema_release(schemas[1]);
    }
}

static void each_allocation_of_a_schema_may_fail(void **state)
{
    dtake_schema *schema = fixture_schema();
    dtake_buf text = DTAKE_BUF_INIT(100000);
    (void)state;
    CHECK_OK(dtake__schema_to_json(schema, &text, NULL));
    for (int kind = 0; kind < 2; kind++) {
        dtake_status st = DTAKE_E_NOMEM;
        for (long n = 0; st != DTAKE_OK; n++) {
            dtake_schema *made = NULL, *two[] = { schema, schema };
            dtake__alloc_fail_after(n, false);
            st = kind == 0 ? dtake__schema_from_json(&made, dtake__buf_str(&text), text.len, NULL)
                           : dtake__schema_union(&made, (const dtake_schema *const *)two, 2, NULL);
            dtake__alloc_fail_after(-1, false);
            CHECK(st == DTAKE_OK || (st == DTAKE_E_NOMEM && !made));
            dtake_schema_release(made);
        }
    }
    dtake__buf_dispose(&text);
    dtake_schema_release(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_goes_through_json_unchanged),
        cmocka_unit_test(a_person_may_write_a_schema),
        cmocka_unit_test(mistakes_in_a_schema_are_shown_where_they_are),
        cmocka_unit_test(a_schema_of_some_fields_keeps_their_order),
        cmocka_unit_test(a_union_joins_fields_by_role_and_name),
        cmocka_unit_test(what_does_not_fit_together_is_named),
        cmocka_unit_test(each_allocation_of_a_schema_may_fail),
        cmocka_unit_test(a_schema_is_a_copy_and_finds_fields_by_name_and_role),
        cmocka_unit_test(a_thousand_fields_are_all_found),
        cmocka_unit_test(every_wrong_field_is_named),
        cmocka_unit_test(types_have_names_both_ways),
        cmocka_unit_test(enum_values_are_found_by_number_and_name),
        cmocka_unit_test(a_schema_grows_only_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
