/* What is asked of Earth Engine for a query: never less than the query lets pass, and as much of it as can be
 * said. */
#include <check.h>

#include "sources/earthengine/filter.h"
#include "sources/earthengine/question.h"

#include <jansson.h>
#include <stdlib.h>

static dtake_error err;

static dtake_schema *schema(void)
{
    static const dtake_field fields[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = "name", .type = DTAKE_FIELD_STRING, .role = DTAKE_ROLE_NAME },
        { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
        { .name = "eo:cloud_cover", .type = DTAKE_FIELD_FLOAT64 },
        { .name = "ORBIT", .type = DTAKE_FIELD_INT64 },
        { .name = "MGRS_TILE", .type = DTAKE_FIELD_STRING },
        { .name = "platform", .type = DTAKE_FIELD_STRING },
        { .name = "day", .type = DTAKE_FIELD_TIMESTAMP },
        { .name = "many", .type = DTAKE_FIELD_INT64, .repeated = true },
    };
    dtake_schema *out;
    CHECK_OK(dtake_schema_new(&out, fields, sizeof fields / sizeof fields[0], &err));
    return out;
}

/* A call as NAME(argument=value, ...), a list as [a, b], a constant as JSON writes it. */
static void put(const json_t *node, char *out, size_t size)
{
    const json_t *call = json_object_get(node, "functionInvocationValue"), *value;
    const json_t *list = json_object_get(json_object_get(node, "arrayValue"), "values");
    const char *key, *between = "";
    size_t at;
    if (call != NULL) {
        snprintf(out + strlen(out), size - strlen(out), "%s(",
                 json_string_value(json_object_get(call, "functionName")));
        json_object_foreach(json_object_get(call, "arguments"), key, value)
        {
            snprintf(out + strlen(out), size - strlen(out), "%s%s=", between, key);
            put(value, out, size);
            between = ", ";
        }
        snprintf(out + strlen(out), size - strlen(out), ")");
        return;
    }
    if (list == NULL) {
        char *text = json_dumps(json_object_get(node, "constantValue"),
                                JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
        CHECK(text != NULL);
        snprintf(out + strlen(out), size - strlen(out), "%s", text);
        free(text);
        return;
    }
    snprintf(out + strlen(out), size - strlen(out), "[");
    json_array_foreach(list, at, value)
    {
        snprintf(out + strlen(out), size - strlen(out), "%s", between);
        put(value, out, size);
        between = ", ";
    }
    snprintf(out + strlen(out), size - strlen(out), "]");
}

static char said[16384];

/* The expression of a question. */
static const char *read_question(const dtake_buf *question)
{
    json_error_t why;
    json_t *document = json_loads(dtake__buf_str(question), JSON_REJECT_DUPLICATES, &why);
    if (document == NULL)
        fail_msg("%s in %s", why.text, dtake__buf_str(question));
    const json_t *expression = json_object_get(document, "expression");
    CHECK_STR(json_string_value(json_object_get(expression, "result")), "0");
    said[0] = '\0';
    put(json_object_get(json_object_get(expression, "values"), "0"), said, sizeof said);
    json_decref(document);
    return said;
}

/* The filters that are asked for: what stands between the dates and the end. */
static const char *filters_of(const dtake_query *query, const dtake__ee_names *names)
{
    const dtake__ee_wish wish = {
        .dataset = "A/B", .query = query, .names = names, .start_ms = 1, .end_ms = 2, .rows = 3
    };
    static const char dates[] = "rightField=\"system:time_start\")",
                      tail[] = "])), limit=3, key=\"system:time_start\")";
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    CHECK_OK(dtake__ee_ask_images(&wish, &out, &err));
    read_question(&out);
    dtake__buf_dispose(&out);
    char *start = strstr(said, dates), *end = strstr(said, tail);
    if (start == NULL || end == NULL)
        fail_msg("%s", said);
    *end = '\0';
    start += strlen(dates);
    return strncmp(start, ", ", 2) == 0 ? start + 2 : start;
}

static void conditions_are_said_in_earth_engines_words(void **state)
{
    static const struct {
        const char *cql2, *filters;
        bool all;
    } known[] = {
        { "eo:cloud_cover < 85", "Filter.lessThan(leftField=\"CLOUDY\", rightValue=85)", true },
        { "85 > eo:cloud_cover", "Filter.lessThan(leftField=\"CLOUDY\", rightValue=85)", true },
        { "ORBIT = 8", "Filter.equals(leftField=\"ORBIT\", rightValue=8)", true },
        { "MGRS_TILE = '33TWL'", "Filter.equals(leftField=\"MGRS_TILE\", rightValue=\"33TWL\")", true },
        { "name = 'x'", "Filter.equals(leftField=\"system:index\", rightValue=\"x\")", true },
        { "ORBIT <= 8",
          "Filter.and(filters=[Filter.notNull(properties=[\"ORBIT\"]), "
          "Filter.not(filter=Filter.greaterThan(leftField=\"ORBIT\", rightValue=8))])",
          true },
        { "ORBIT <> 8",
          "Filter.and(filters=[Filter.notNull(properties=[\"ORBIT\"]), "
          "Filter.not(filter=Filter.equals(leftField=\"ORBIT\", rightValue=8))])",
          true },
        { "MGRS_TILE IN ('a', 'b')",
          "Filter.listContains(leftValue=[\"a\", \"b\"], rightField=\"MGRS_TILE\")", true },
        { "ORBIT > 1 AND eo:cloud_cover < 2",
          "Filter.and(filters=[Filter.greaterThan(leftField=\"ORBIT\", rightValue=1), "
          "Filter.lessThan(leftField=\"CLOUDY\", rightValue=2)])",
          true },
        { "ORBIT > 1 OR ORBIT < -1",
          "Filter.or(filters=[Filter.greaterThan(leftField=\"ORBIT\", rightValue=1), "
          "Filter.lessThan(leftField=\"ORBIT\", rightValue=-1)])",
          true },
        /* part of it: more comes than passes */
        { "ORBIT > 1 AND MGRS_TILE LIKE '33%'",
          "Filter.and(filters=[Filter.greaterThan(leftField=\"ORBIT\", rightValue=1)])", false },
        /* nothing of it: an alternative that cannot be said would be lost */
        { "ORBIT > 1 OR MGRS_TILE LIKE '33%'", "", false },
        { "NOT (ORBIT > 1)", "", false },
        { "MGRS_TILE < 'b'", "", false },
        { "platform = 'sentinel-2a'", "", false },
        { "day > TIMESTAMP('2024-01-01T00:00:00Z')", "", false },
        { "ORBIT IS NULL", "", false },
        { "ORBIT + 1 > 3", "", false },
        { "ORBIT = 9007199254740995", "", false },
    };
    dtake_schema *s = schema();
    const dtake__ee_names names = { s, "CLOUDY" };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dtake_query *query;
        CHECK_OK(dtake_query_new(&query, &err));
        CHECK_OK(dtake_query_filter(query, known[i].cql2, &err));
        CHECK_STR(filters_of(query, &names), known[i].filters);
        CHECK_EQ(dtake__ee_says_all(query, &names), known[i].all);
        dtake_query_free(query);
    }
    dtake_schema_release(s);
    (void)state;
}

static void a_deep_filter_is_asked_for_as_far_as_it_goes(void **state)
{
    dtake_buf text = DTAKE_BUF_INIT(1 << 16);
    dtake_schema *s = schema();
    const dtake__ee_names names = { s, NULL };
    dtake_query *query;
    for (int i = 0; i < 40; i++)
        CHECK_OK(dtake__buf_puts(&text, i % 2 == 0 ? "(ORBIT > 1 AND " : "(ORBIT < 1 OR "));
    CHECK_OK(dtake__buf_puts(&text, "ORBIT = 1"));
    for (int i = 0; i < 40; i++)
        CHECK_OK(dtake__buf_puts(&text, ")"));
    CHECK_OK(dtake_query_new(&query, &err));
    CHECK_OK(dtake_query_filter(query, dtake__buf_str(&text), &err));
    const char *filters = filters_of(query, &names);
    CHECK(strstr(filters,
                 "Filter.and(filters=[Filter.greaterThan(leftField=\"ORBIT\", rightValue=1), Filter.or(") ==
          filters);
    CHECK(strlen(filters) < 1000);
    CHECK(!dtake__ee_says_all(query, &names));
    dtake_query_free(query);
    dtake_schema_release(s);
    dtake__buf_dispose(&text);
    (void)state;
}

/* Edges run otherwise there: 0.2 degrees more are asked for, and looked at here. */
static void an_area_is_asked_for_with_room_around_it(void **state)
{
    static const struct {
        const char *bbox, *ring;
    } known[] = {
        { "10,45,11,46", "[[[9.8,46.2],[9.8,44.8],[11.2,44.8],[11.2,46.2]]]" },
        { "170,0,-170,10", NULL }, /* across the antimeridian */
        { "-180,-90,180,90", NULL },
        { "10,80,11,86", NULL }, /* near a pole */
    };
    dtake_schema *s = schema();
    const dtake__ee_names names = { s, NULL };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dtake_query *query;
        CHECK_OK(dtake_query_new(&query, &err));
        CHECK_OK(dtake_query_bbox(query, known[i].bbox, &err));
        const char *filters = filters_of(query, &names);
        if (known[i].ring == NULL)
            CHECK_STR(filters, "");
        else if (strstr(filters, "Filter.intersects(leftField=\".all\"") != filters ||
                 strstr(filters, known[i].ring) == NULL || strstr(filters, "geodesic=false") == NULL)
            fail_msg("%s", filters);
        CHECK(!dtake__ee_says_all(query, &names));
        dtake_query_free(query);
    }
    dtake_schema_release(s);
    (void)state;
}

static void the_interval_is_in_whole_milliseconds_and_half_open(void **state)
{
    static const struct {
        dtake_interval time;
        int64_t start_ms, end_ms;
        bool some, exact;
    } known[] = {
        { { 0, 5000000, false, true }, 0, 5, true, true },
        { { 0, 5000000, false, false }, 0, 6, true, false },
        { { 1, 5000001, false, true }, 0, 6, true, false },
        { { -1, 0, false, true }, -1, 0, true, false },
        { { 0, 5000000, true, true }, 0, 5, true, false },
        { { INT64_MIN, 0, false, true }, DTAKE__EE_FIRST_MS, 0, true, true },
        { { 0, INT64_MAX, false, false }, 0, DTAKE__EE_END_MS, true, true },
        { { 7000000, 5000000, false, true }, 7, 5, false, true },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        dtake_query query = { .has_time = true, .time = known[i].time };
        int64_t start, end;
        bool exact;
        CHECK_EQ(dtake__ee_interval(&query, &start, &end, &exact), known[i].some);
        CHECK_EQ(start, known[i].start_ms);
        CHECK_EQ(end, known[i].end_ms);
        CHECK_EQ(exact, known[i].exact);
    }
    (void)state;
}

static void questions_are_what_they_should_be(void **state)
{
    dtake__ee_wish wish = { .dataset = "A/B", .start_ms = 1, .end_ms = 2, .rows = 3, .after = "x\"y" };
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    CHECK_OK(dtake__ee_ask_images(&wish, &out, &err));
    CHECK_STR(read_question(&out),
              "Collection.limit(collection=Collection.filter(collection=ImageCollection.load(id=\"A/B\"), "
              "filter=Filter.and(filters=[Filter.dateRangeContains(leftValue=DateRange(start=1, end=2), "
              "rightField=\"system:time_start\"), Filter.greaterThan(leftField=\"system:index\", "
              "rightValue=\"x\\\"y\")])), limit=3, key=\"system:index\")");
    dtake__buf_clear(&out);
    wish.after = NULL;
    wish.descending = true;
    CHECK_OK(dtake__ee_ask_images(&wish, &out, &err));
    CHECK(strstr(read_question(&out), "limit=3, key=\"system:time_start\", ascending=false)") != NULL);
    dtake__buf_clear(&out);
    CHECK_OK(dtake__ee_ask_image("A/B/c", &out, &err));
    CHECK_STR(read_question(&out), "Image.load(id=\"A/B/c\")");
    dtake__buf_clear(&out);
    CHECK_OK(dtake__ee_ask_extent("A/B", &out, &err));
#define FIRST "collection=Collection.limit(collection=ImageCollection.load(id=\"A/B\"), limit=10001)"
    CHECK_STR(read_question(&out),
              "[Collection.size(" FIRST "), AggregateFeatureCollection.min(" FIRST
              ", property=\"system:time_start\"), "
              "AggregateFeatureCollection.max(" FIRST ", property=\"system:time_start\")]");
#undef FIRST
    dtake__buf_dispose(&out);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_said_in_earth_engines_words),
        cmocka_unit_test(a_deep_filter_is_asked_for_as_far_as_it_goes),
        cmocka_unit_test(an_area_is_asked_for_with_room_around_it),
        cmocka_unit_test(the_interval_is_in_whole_milliseconds_and_half_open),
        cmocka_unit_test(questions_are_what_they_should_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
