#include "check.h"

#include "protocol/tilebox/query.h"

#include <stdlib.h>

static dtake_error err;
static dtake_schema *schema;
static dtake__tilebox_type *type;

static int set_up(void **state)
{
    static const dtake_enum_value levels[] = { { "L0", 12 }, { "L1C", 3 } };
    const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = "ingestion_time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
        { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
        { .name = "eo:cloud_cover", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "orbit", .type = DTAKE_FIELD_INT64 },
        { .name = "level", .type = DTAKE_FIELD_ENUM, .enum_values = levels, .enum_count = 2 },
        { .name = "platform", .type = DTAKE_FIELD_STRING },
        { .name = "online", .type = DTAKE_FIELD_BOOL },
        { .name = "stop", .type = DTAKE_FIELD_TIMESTAMP },
        { .name = "exposure", .type = DTAKE_FIELD_DURATION },
        { .name = "bands", .type = DTAKE_FIELD_STRING, .repeated = true },
        { .name = "key", .type = DTAKE_FIELD_UUID },
    };
    dtake__tilebox_naming naming = { .code_name = "scenes" };
    (void)state;
    CHECK_OK(dtake_schema_new(&schema, fields, sizeof fields / sizeof fields[0], &err));
    CHECK_OK(dtake__tilebox_type_new(&type, schema, DTAKE_SPATIOTEMPORAL, &naming, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dtake__tilebox_type_release(type);
    dtake_schema_release(schema);
    return 0;
}

/* --- time --- */

static dtake__tb_time ms(int64_t ms)
{
    return dtake__tb_time_of(ms * 1000000);
}

static dtake_interval read_interval(dtake__tb_time_interval in, bool *nothing)
{
    dtake_interval out;
    dtake__tb_interval_read(&in, &out, nothing);
    return out;
}

static void ends_of_intervals_count_to_the_millisecond(void **state)
{
    (void)state;
    bool nothing;
    dtake_interval i =
        read_interval((dtake__tb_time_interval){ .start_time = ms(10), .end_time = ms(20) }, &nothing);
    CHECK(!nothing && i.start_ns == 10000000 && i.end_ns == 20000000 && i.end_exclusive);
    i = read_interval(
        (dtake__tb_time_interval){
            .start_time = ms(10), .end_time = ms(20), .start_exclusive = true, .end_inclusive = true },
        &nothing);
    CHECK(!nothing && i.start_ns == 11000000 && i.end_ns == 21000000);
    /* one instant, asked for to the microsecond, is its whole millisecond; before 1970 too */
    dtake__tb_time t = dtake__tb_time_of(-1);
    i = read_interval((dtake__tb_time_interval){ .start_time = t, .end_time = t, .end_inclusive = true },
                      &nothing);
    CHECK(!nothing && i.start_ns == -1000000 && i.end_ns == 0 && i.end_exclusive);
}

static void empty_and_open_intervals_are_what_they_are(void **state)
{
    (void)state;
    bool nothing;
    read_interval((dtake__tb_time_interval){ .start_time = ms(10), .end_time = ms(10) }, &nothing);
    CHECK(nothing);
    read_interval((dtake__tb_time_interval){ .start_time = ms(20), .end_time = ms(10) }, &nothing);
    CHECK(nothing);
    dtake_interval i = read_interval((dtake__tb_time_interval){ .start_time = ms(10) }, &nothing);
    CHECK(!nothing && i.end_ns == INT64_MAX && !i.end_exclusive);
    i = read_interval((dtake__tb_time_interval){ .end_time = { true, 253402300799, 999999999 } }, &nothing);
    CHECK(!nothing && i.start_ns == INT64_MIN && i.end_ns >= INT64_MAX - 1000000);
}

/* --- expressions --- */

static dtake__tb_expression compare(const char *field, int operator, dtake__tb_literal value)
{
    value.set = true;
    return (dtake__tb_expression){ .comparison = { true, dtake__span_of(field), operator, value } };
}

static char *text_of(const dtake__tb_expression *e)
{
    static char text[1024];
    dtake__filter *filter;
    dtake_buf out = DTAKE_BUF_INIT(4096);
    dtake_status st = dtake__tb_expression_read(&filter, e, type, schema, &err);
    if (st != DTAKE_OK) {
        snprintf(text, sizeof text, "! %s", err.message);
        return text;
    }
    CHECK_OK(dtake__filter_write_text(filter, &out, &err));
    snprintf(text, sizeof text, "%s", dtake__buf_str(&out));
    dtake__buf_dispose(&out);
    dtake__filter_free(filter);
    return text;
}

#define IS(expected, field, op, ...)                                                                         \
    do {                                                                                                     \
        dtake__tb_expression e = compare(field, DTAKE__TB_##op, (dtake__tb_literal){ __VA_ARGS__ });         \
        CHECK_STR(text_of(&e), expected);                                                                    \
    } while (0)

static void every_literal_finds_its_field(void **state)
{
    (void)state;
    IS("eo:cloud_cover < 5.5", "eo_cloud_cover", LT, .has_double_value = true, .double_value = 5.5);
    IS("eo:cloud_cover >= 5", "eo_cloud_cover", GE, .has_int64_value = true, .int64_value = 5);
    IS("orbit <> 7", "orbit", NE, .has_uint64_value = true, .uint64_value = 7);
    IS("orbit = 18446744073709551615", "orbit", EQ, .has_uint64_value = true, .uint64_value = UINT64_MAX);
    IS("level = 3", "level", EQ, .has_enum_name = true, .enum_name = DTAKE__SPAN("L1C"));
    IS("level = 3", "level", EQ, .has_enum_name = true, .enum_name = DTAKE__SPAN("PROCESSING_LEVEL_L1C"));
    IS("platform = 'S2A'", "platform", EQ, .has_string_value = true, .string_value = DTAKE__SPAN("S2A"));
    IS("online = TRUE", "online", EQ, .has_bool_value = true, .bool_value = true);
    IS("stop > TIMESTAMP('1970-01-01T00:00:01Z')", "stop", GT, .timestamp_value = { true, 1, 0 });
    IS("exposure <= 1500000000", "exposure", LE, .duration_value = { true, 1, 500000000 });
    IS("key = '00010203-0405-0607-0809-0a0b0c0d0e0f'", "key", EQ, .has_bytes_value = true,
       .bytes_value = { "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16 });
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
    (void)state;
    IS("! filters.expressions: the dataset has no field 'cloud'", "cloud", LT, .has_int64_value = true);
    IS("! filters.expressions: field 'orbit' is int64: it cannot be compared with a text", "orbit", EQ,
       .has_string_value = true, .string_value = DTAKE__SPAN("x"));
    IS("! filters.expressions: field 'bands' is a list of string: it cannot be compared with a single value",
       "bands", EQ, .has_string_value = true, .string_value = DTAKE__SPAN("x"));
    IS("! filters.expressions: true and false can only be compared by == and !=", "online", LT,
       .has_bool_value = true);
    IS("! filters.expressions: field 'level' has no value 'L9'", "level", EQ, .has_enum_name = true,
       .enum_name = DTAKE__SPAN("L9"));
    IS("! filters.expressions: value: exactly one literal must be set", "orbit", EQ, .has_int64_value = true,
       .has_bool_value = true);
    IS("! filters.expressions: double_value: must be finite", "orbit", LT, .has_double_value = true,
       .double_value = strtod("inf", NULL));
}

static void logic_nests_eight_levels(void **state)
{
    (void)state;
    dtake__tb_expression leaf = { .is_null = { true, DTAKE__SPAN("platform") } }, nots[9];
    dtake__tb_expression both[2] = { leaf, compare("orbit", DTAKE__TB_EQ,
                                                   (dtake__tb_literal){ .has_int64_value = true }) };
    dtake__tb_expression or = { .logical = { true, DTAKE__TB_OR, { both, 2 } } };
    CHECK_STR(text_of(& or), "platform IS NULL OR orbit = 0");
    or.logical.operands.count = 1;
    CHECK_STR(text_of(& or), "! filters.expressions: operands: 'not' has one, 'and' and 'or' have 2 to 64");
    for (int i = 0; i < 9; i++)
        nots[i] = (dtake__tb_expression){ .logical = {
                                              true, DTAKE__TB_NOT, { i == 0 ? &leaf : &nots[i - 1], 1 } } };
    CHECK(text_of(&nots[6])[0] != '!');
    CHECK_STR(text_of(&nots[7]), "! filters.expressions: more than 256 nodes or 8 levels");
}

static void a_query_asks_for_times_or_for_ids(void **state)
{
    (void)state;
    bool nothing;
    dtake_query *query;
    dtake__tb_filters filters = { .set = true };
    CHECK_OK(dtake_query_new(&query, &err));
    CHECK_STATUS(dtake__tb_filters_read(query, &nothing, &filters, type, schema, &err), DTAKE_E_USAGE);
    filters.datapoint_interval = (dtake__tb_id_interval){
        .set = true,
        .start_id = dtake__tb_id_of((const uint8_t *)"\0\0\0\0\3\350aaaaaaaaaa"),
        .end_id = dtake__tb_id_of((const uint8_t *)"\0\0\0\0\7\320bbbbbbbbbb"),
        .end_inclusive = true,
    };
    CHECK_OK(dtake__tb_filters_read(query, &nothing, &filters, type, schema, &err));
    CHECK(!nothing && query->has_time);
    CHECK_EQ(query->time.start_ns, 1000000000);
    CHECK_EQ(query->time.end_ns, 2001000000);
    dtake_buf out = DTAKE_BUF_INIT(4096);
    CHECK_OK(dtake__filter_write_text(query->filter, &out, &err));
    CHECK_STR(dtake__buf_str(&out), "id >= '00000000-03e8-6161-6161-616161616161' AND "
                                    "id <= '00000000-07d0-6262-6262-626262626262'");
    dtake__buf_dispose(&out);
    filters.datapoint_interval.end_id = filters.datapoint_interval.start_id;
    filters.datapoint_interval.end_inclusive = false;
    CHECK_OK(dtake__tb_filters_read(query, &nothing, &filters, type, schema, &err));
    CHECK(nothing);
    dtake_query_free(query);
}

static void an_area_is_wkb_or_ewkb_and_says_what_it_wants(void **state)
{
    (void)state;
    static const char point[] = "\1\1\0\0\x20\xe6\x10\0\0\0\0\0\0\0\0\x1c\x40\0\0\0\0\0\0\x47\x40";
    bool nothing;
    dtake_query *query;
    dtake__tb_filters filters = { .set = true,
                                  .time_interval = { .set = true },
                                  .spatial_extent = { true, { true, { point, 25 } }, 3, 0 } };
    CHECK_OK(dtake_query_new(&query, &err));
    CHECK_OK(dtake__tb_filters_read(query, &nothing, &filters, type, schema, &err));
    CHECK_EQ(query->area.mode, DTAKE_AREA_WITHIN);
    CHECK_EQ(query->area.edges, DTAKE_EDGES_SPHERICAL);
    CHECK(query->area.box.west == 7 && query->area.box.south == 46);
    filters.spatial_extent.coordinate_system = 3;
    CHECK_STATUS(dtake__tb_filters_read(query, &nothing, &filters, type, schema, &err), DTAKE_E_USAGE);
    filters.spatial_extent.coordinate_system = 1;
    filters.spatial_extent.geometry.wkb.len = 20;
    CHECK_STATUS(dtake__tb_filters_read(query, &nothing, &filters, type, schema, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "filters.spatial_extent.geometry") != NULL);
    dtake_query_free(query);
}

/* --- and the other way: what a service is asked for --- */

/* A filter in CQL2, as it is left of it when a service has read what we ask it for. */
static void check_asked(const char *cql2, const char *names, const char *expected)
{
    dtake_query *query = NULL;
    dtake__tb_list list;
    dtake__filter *asked = NULL;
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    CHECK_OK(dtake_query_new(&query, &err));
    if (cql2 != NULL)
        CHECK_OK(dtake_query_filter(query, cql2, &err));
    if (names != NULL)
        CHECK_OK(dtake_query_name(query, names, &err));
    CHECK_OK(dtake__tb_expressions_write(&list, query, type, &err));
    const dtake__tb_expression *expressions = list.at;
    for (size_t i = 0; i < list.count; i++) {
        dtake__filter *each;
        CHECK_OK(dtake__tb_expression_read(&each, &expressions[i], type, schema, &err));
        CHECK_OK(dtake__filter_and(&asked, each));
    }
    if (asked != NULL)
        CHECK_OK(dtake__filter_write_text(asked, &out, &err));
    CHECK_STR(dtake__buf_str(&out), expected);
    dtake__buf_dispose(&out);
    dtake__filter_free(asked);
    dtake__tb_expressions_dispose(&list);
    dtake_query_free(query);
}

static void what_a_service_understands_alike_is_asked_of_it(void **state)
{
    (void)state;
    check_asked("eo_cloud_cover < 30", NULL, "eo:cloud_cover < 30.0");
    check_asked("orbit = 7 AND (platform = 'S2A' OR online = false)", NULL,
                "orbit = 7 AND (platform = 'S2A' OR online = FALSE)");
    check_asked("orbit BETWEEN 3 AND 5", NULL, "orbit >= 3 AND orbit <= 5");
    check_asked("platform IN ('S2A', 'S2B')", NULL, "platform = 'S2A' OR platform = 'S2B'");
    check_asked("platform IS NULL", NULL, "platform IS NULL");
    check_asked("platform IS NOT NULL", NULL, "NOT platform IS NULL");
    check_asked("stop >= TIMESTAMP('2024-01-01T00:00:00Z')", NULL,
                "stop >= TIMESTAMP('2024-01-01T00:00:00Z')");
}

static void what_it_might_mean_otherwise_is_not(void **state)
{
    (void)state;
    static const char *const filters[] = {
        "platform < 'S2B'",
        "platform LIKE 'S2%'",
        "NOT (orbit = 7)",
        "eo_cloud_cover <> 3",
        "orbit < 2.5",
        "orbit + 1 = 2",
        "level = 'L1C'",
        "stop > TIMESTAMP('2024-01-01T00:00:00Z')",
        "stop >= TIMESTAMP('2024-01-01T00:00:00.0000001Z')",
        "time >= TIMESTAMP('2024-01-01T00:00:00Z')",
        "orbit = 7 OR platform LIKE 'S2%'",
        "nothing = 1",
    };
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        check_asked(filters[i], NULL, "");
    check_asked("orbit = 7 AND platform LIKE 'S2%' AND online = true", NULL, "orbit = 7 AND online = TRUE");
}

static void filters_too_large_for_a_service_are_left_out_as_a_whole(void **state)
{
    (void)state;
    char text[4096], deep[2048] = "orbit = 1";
    size_t len = (size_t)snprintf(text, sizeof text, "orbit IN (0");
    for (int i = 1; i < 65; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, ", %d", i);
    snprintf(text + len, sizeof text - len, ")");
    check_asked(text, NULL, "");
    for (int i = 0; i < 8; i++) {
        snprintf(text, sizeof text, "(%s) %s orbit = %d", deep, i & 1 ? "AND" : "OR", i);
        snprintf(deep, sizeof deep, "%.2000s", text);
    }
    check_asked(deep, NULL, "orbit = 7"); /* all that lies beside the deep one */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_of_intervals_count_to_the_millisecond),
        cmocka_unit_test(empty_and_open_intervals_are_what_they_are),
        cmocka_unit_test(every_literal_finds_its_field),
        cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
        cmocka_unit_test(logic_nests_eight_levels),
        cmocka_unit_test(a_query_asks_for_times_or_for_ids),
        cmocka_unit_test(an_area_is_wkb_or_ewkb_and_says_what_it_wants),
        cmocka_unit_test(what_a_service_understands_alike_is_asked_of_it),
        cmocka_unit_test(what_it_might_mean_otherwise_is_not),
        cmocka_unit_test(filters_too_large_for_a_service_are_left_out_as_a_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
