#include "check.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "query/bounds.h"
#include "query/literal.h"
#include "query/match.h"

static dtake__filter *filter_of(const char *text)
{
    dtake_error err = { 0 };
    dtake__filter *filter;
    if (dtake__filter_parse_text(text, &filter, &err) != DTAKE_OK)
        fail_msg("%s: %s", text, err.message);
    return filter;
}

static void literal_text(const dtake__filter *value, char *out)
{
    if (value->op == DTAKE__FILTER_STRING)
        snprintf(out, DTAKE__LITERAL_BYTES, "%s", value->text);
    else if (value->op == DTAKE__FILTER_BOOL)
        strcpy(out, value->truth ? "true" : "false");
    else if (value->op == DTAKE__FILTER_TIMESTAMP || value->op == DTAKE__FILTER_DATE)
        dtake__literal_time(value, out);
    else
        dtake__literal_number(value, out);
}

/* "[1,5)", with nothing where it is open; "never". */
static const char *range_text(const char *text)
{
    static char out[200];
    char min[DTAKE__LITERAL_BYTES] = "", max[DTAKE__LITERAL_BYTES] = "";
    dtake__filter *filter = filter_of(text);
    dtake__filter_range range;
    dtake__filter_bounds(filter, "a", &range);
    if (range.min.value != NULL)
        literal_text(range.min.value, min);
    if (range.max.value != NULL)
        literal_text(range.max.value, max);
    snprintf(out, sizeof out, "%c%s,%s%c", range.min.exclusive ? '(' : '[', min, max,
             range.max.exclusive ? ')' : ']');
    if (range.never)
        strcpy(out, "never");
    dtake__filter_free(filter);
    return out;
}

static void a_field_lies_between_what_the_filter_says(void **state)
{
    (void)state;
    CHECK_STR(range_text("a >= 1 and a < 5"), "[1,5)");
    CHECK_STR(range_text("1 < a and b = 7 and 5 >= a"), "(1,5]");
    CHECK_STR(range_text("a between 2 and 3.5"), "[2,3.5]");
    CHECK_STR(range_text("a = 4"), "[4,4]");
    CHECK_STR(range_text("a in (4, 2, 9)"), "[2,9]");
    CHECK_STR(range_text("a < 5 or a = 7"), "[,7]");
    CHECK_STR(range_text("a < 5 or b = 7"), "[,]");
    CHECK_STR(range_text("(a = 1 or a = 3) and (a = 2 or a = 9)"), "[2,3]");
    CHECK_STR(range_text("not (a < 5 or a > 7)"), "[5,7]");
    CHECK_STR(range_text("not (a < 5 and b = 1)"), "[,]");
    CHECK_STR(range_text("not not a <> 3 and not a <> 4"), "[4,4]");
    CHECK_STR(range_text("a <> 3"), "[,]");
    CHECK_STR(range_text("a not in (1, 2)"), "[,]");
    CHECK_STR(range_text("a is null"), "[,]");
    CHECK_STR(range_text("a + 1 < 3"), "[,]");
    CHECK_STR(range_text("a < b"), "[,]");
    CHECK_STR(range_text("casei(a) = 'x'"), "[,]");
    CHECK_STR(range_text("a > 'm' and a <= 'q'"), "(m,q]");
    CHECK_STR(range_text("a > 5 and a < 5"), "never");
    CHECK_STR(range_text("a > 5 and a <= 5"), "never");
    CHECK_STR(range_text("a > 6 and a < 5 or a = 1"), "[1,1]");
    CHECK_STR(range_text("b = 1 and false"), "never");
    CHECK_STR(range_text("b = 1 or not true"), "[,]");
    CHECK_STR(range_text("a < TIMESTAMP('2024-01-01T00:00:00Z')"), "[,2024-01-01T00:00:00Z)");
    CHECK_STR(range_text("a = TRUE"), "[true,true]");
}

static void numbers_are_compared_exactly(void **state)
{
    (void)state;
    CHECK_STR(range_text("a >= 9007199254740993 and a > 9007199254740992.0"), "[9007199254740993,]");
    CHECK_STR(range_text("a <= 18446744073709551615 and a < 1.8446744073709552e19"),
              "[,18446744073709551615]");
    CHECK_STR(range_text("a >= 9223372036854775807 and a >= 9223372036854775808"), "[9223372036854775808,]");
    CHECK_STR(range_text("a >= -0.5 and a >= 0"), "[0,]");
    CHECK_STR(range_text("a >= -1.5 and a >= -2"), "[-1.5,]");
}

static int values_in(const char *text, bool *known)
{
    dtake__filter *filter = filter_of(text);
    const dtake__filter **values;
    size_t count;
    CHECK_OK(dtake__filter_values(filter, "a", &values, &count, NULL));
    *known = values != NULL;
    dtake__free(values);
    dtake__filter_free(filter);
    return (int)count;
}

static void a_field_has_one_of_few_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count; /* -1: any */
    } cases[] = {
        { "a = 'x'", 1 },
        { "a in ('x', 'y', 'z') and b > 3", 3 },
        { "a in ('x', 'y', 'z') and a in ('x', 'y')", 2 },
        { "a = 'x' or a = 'y'", 2 },
        { "a = 'x' or b = 'y'", -1 },
        { "not (a <> 'x' or b = 1)", 1 },
        { "not a = 'x'", -1 },
        { "a = b", -1 },
        { "a in (1, b)", -1 },
        { "a > 3", -1 },
        { "b = 1 and false", 0 },
        { "a = 1 or false", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool known;
        int count = values_in(cases[i].text, &known);
        if (known != (cases[i].count >= 0) || (known && count != cases[i].count))
            fail_msg("%s: %d values", cases[i].text, known ? count : -1);
    }
}

/* The interval, checked against what the operator itself says of instants in and around it. */
static const char *times_text(const char *text)
{
    static char out[100];
    char start[32] = "", end[32] = "";
    dtake__filter *filter = filter_of(text);
    dtake_interval times;
    bool some = dtake__filter_times(filter, "t", &times);
    if (some && times.start_ns != INT64_MIN)
        dtake__time_format(times.start_ns, start, sizeof start);
    if (some && times.end_ns != INT64_MAX)
        dtake__time_format(times.end_ns, end, sizeof end);
    snprintf(out, sizeof out, "%s/%s", start, end);
    dtake__filter_free(filter);
    return some ? out : "never";
}

static void times_come_from_comparisons_and_temporal_operators(void **state)
{
    (void)state;
    CHECK_STR(times_text("t >= TIMESTAMP('2024-01-01T00:00:00Z') and t < TIMESTAMP('2024-02-01T00:00:00Z')"),
              "2024-01-01T00:00:00Z/2024-01-31T23:59:59.999999999Z");
    CHECK_STR(times_text("t = DATE('2024-01-01')"), "2024-01-01T00:00:00Z/2024-01-01T23:59:59.999999999Z");
    CHECK_STR(times_text("t > DATE('2024-01-01')"), "2024-01-02T00:00:00Z/");
    CHECK_STR(times_text("t <= '2024-01-01'"), "/2024-01-01T23:59:59.999999999Z");
    CHECK_STR(times_text("t < 'soon'"), "/");
    CHECK_STR(times_text("t between DATE('2024-01-01') and DATE('2024-01-02')"),
              "2024-01-01T00:00:00Z/2024-01-02T23:59:59.999999999Z");
    CHECK_STR(times_text("t in (DATE('2024-01-05'), DATE('2024-01-02'))"),
              "2024-01-02T00:00:00Z/2024-01-05T23:59:59.999999999Z");
    CHECK_STR(times_text("T_AFTER(t, DATE('2024-01-01'))"), "2024-01-02T00:00:00Z/");
    CHECK_STR(times_text("T_AFTER(DATE('2024-01-01'), t)"), "/2023-12-31T23:59:59.999999999Z");
    CHECK_STR(times_text("T_DURING(t, INTERVAL('2024-01-01T00:00:00Z', '..'))"),
              "2024-01-01T00:00:00.000000001Z/");
    CHECK_STR(times_text("T_CONTAINS(INTERVAL('..', '2024-01-01T00:00:00Z'), t)"),
              "/2023-12-31T23:59:59.999999999Z");
    CHECK_STR(times_text("T_CONTAINS(t, INTERVAL('2024-01-01', '2024-02-01'))"), "never");
    CHECK_STR(
        times_text(
            "T_INTERSECTS(t, INTERVAL('2024-01-01', '2024-02-01')) and not T_BEFORE(t, DATE('2024-01-20'))"),
        "2024-01-20T00:00:00Z/2024-02-01T23:59:59.999999999Z");
    CHECK_STR(times_text("not T_DISJOINT(t, DATE('2024-01-01'))"),
              "2024-01-01T00:00:00Z/2024-01-01T23:59:59.999999999Z");
    CHECK_STR(times_text("t < DATE('2024-01-01') and t > DATE('2024-01-01')"), "never");
    CHECK_STR(times_text("t < DATE('2024-01-01') or a = 3"), "/");
}

/* No instant outside of the interval passes: what each operator says of instants around the borders. */
static void no_time_outside_of_the_interval_passes(void **state)
{
    (void)state;
    const dtake_interval b = { .start_ns = 1000, .end_ns = 2000 };
    for (dtake__filter_op op = DTAKE__FILTER_T_AFTER; op <= DTAKE__FILTER_T_STARTS; op++)
        for (int shape = 0; shape < 4; shape++) {
            dtake__filter *ends[2] = { dtake__filter_time(b.start_ns), dtake__filter_time(b.end_ns) };
            dtake__filter *interval = dtake__filter_of(DTAKE__FILTER_INTERVAL, ends, 2);
            bool turned = shape & 1, negated = shape & 2;
            dtake__filter *args[2] = { dtake__filter_field("t"), interval };
            if (turned) {
                args[1] = args[0];
                args[0] = interval;
            }
            dtake__filter *filter = dtake__filter_of(op, args, 2);
            if (negated)
                filter = dtake__filter_of(DTAKE__FILTER_NOT, &filter, 1);
            dtake_interval times;
            bool some = dtake__filter_times(filter, "t", &times);
            for (int64_t ns = 998; ns <= 2002; ns++) {
                dtake_interval t = { .start_ns = ns, .end_ns = ns };
                bool passes =
                    (turned ? dtake__times_related(op, &b, &t) : dtake__times_related(op, &t, &b)) != negated;
                if (passes && !(some && ns >= times.start_ns && ns <= times.end_ns))
                    fail_msg("%s, shape %d: %d passes", dtake__filter_op_name(op), shape, (int)ns);
            }
            dtake__filter_free(filter);
        }
}

static void places_come_from_spatial_operators(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool known;
        dtake_box box;
    } cases[] = {
        { "S_INTERSECTS(g, BBOX(1, 2, 3, 4))", true, { 1, 2, 3, 4 } },
        { "a = 1 and S_WITHIN(g, POLYGON((0 0, 5 0, 5 5, 0 0)))", true, { 0, 0, 5, 5 } },
        { "S_CONTAINS(POINT(7 8), g)", true, { 7, 8, 7, 8 } },
        { "S_INTERSECTS(g, BBOX(170, -1, -170, 1)) and S_INTERSECTS(g, BBOX(0, 0, 50, 50))",
          true,
          { 170, -1, -170, 1 } },
        { "S_INTERSECTS(g, BBOX(170, 0, 175, 1)) or S_INTERSECTS(g, BBOX(-175, 0, -170, 2))",
          true,
          { 170, 0, -170, 2 } },
        { "S_INTERSECTS(g, POINT(1 1)) or a = 1", false, { 0 } },
        { "not S_DISJOINT(g, POINT(1 1))", true, { 1, 1, 1, 1 } },
        { "S_DISJOINT(g, POINT(1 1))", false, { 0 } },
        { "not S_INTERSECTS(g, POINT(1 1))", false, { 0 } },
        { "S_INTERSECTS(other, POINT(1 1))", false, { 0 } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__filter *filter = filter_of(cases[i].text);
        dtake_box box = { 0 };
        if (dtake__filter_box(filter, "g", &box) != cases[i].known ||
            memcmp(&box, &cases[i].box, sizeof box) != 0)
            fail_msg("%s: %g,%g,%g,%g", cases[i].text, box.west, box.south, box.east, box.north);
        dtake__filter_free(filter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_lies_between_what_the_filter_says),
        cmocka_unit_test(numbers_are_compared_exactly),
        cmocka_unit_test(a_field_has_one_of_few_values),
        cmocka_unit_test(times_come_from_comparisons_and_temporal_operators),
        cmocka_unit_test(no_time_outside_of_the_interval_passes),
        cmocka_unit_test(places_come_from_spatial_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
