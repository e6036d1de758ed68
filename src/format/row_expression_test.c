#include "check.h"

#include "core/clock.h"
#include "format/row_expression.h"
#include "format/time_pattern.h"

#include <stdlib.h>

static const dtake__span swisseo_columns[] = { { "scene_id", 8 }, { "date", 4 },  { "min_x", 5 },
                                               { "min_y", 5 },    { "max_x", 5 }, { "max_y", 5 },
                                               { "a-b", 3 },      { "note", 4 } };
static const dtake__span swisseo_row[] = { { "2025-01-01t104441", 17 },
                                           { "2025-01-01", 10 },
                                           { "2566220", 7 },
                                           { "1266390", 7 },
                                           { "2567220", 7 },
                                           { "1267390", 7 },
                                           { " In_Between ", 12 },
                                           { "", 0 } };
enum { COLUMNS = sizeof swisseo_row / sizeof swisseo_row[0] };

static dtake__row_scratch scratch;

static dtake_status evaluate(const char *text, dtake__row_value *out, dtake_error *err)
{
    dtake__row_expression *e;
    dtake_status st = dtake__row_expression_new(&e, text, swisseo_columns, COLUMNS, err);
    if (st != DTAKE_OK)
        return st;
    scratch.used = 0;
    st = dtake__row_expression_evaluate(e, swisseo_row, COLUMNS, &scratch, out, err);
    if (st == DTAKE_OK && out->kind != DTAKE__ROW_NULL)
        CHECK_EQ(out->kind, dtake__row_expression_kind(e));
    if (out->kind == DTAKE__ROW_TEXT) { /* it may point into the expression */
        static char copy[4096];
        CHECK(out->text.len < sizeof copy);
        memcpy(copy, out->text.text, out->text.len);
        out->text.text = copy;
    }
    dtake__row_expression_free(e);
    return st;
}

static dtake__row_value value_of(const char *text)
{
    dtake__row_value value = { 0 };
    dtake_error err;
    if (evaluate(text, &value, &err) != DTAKE_OK)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void check_text(const char *expression, const char *expected)
{
    dtake__row_value value = value_of(expression);
    if (value.kind != DTAKE__ROW_TEXT || !dtake__span_equal(value.text, dtake__span_of(expected)))
        fail_msg("%s: kind %d, '%.*s'", expression, value.kind, (int)value.text.len, value.text.text);
}

static void check_number(const char *expression, double expected)
{
    dtake__row_value value = value_of(expression);
    if (value.kind != DTAKE__ROW_NUMBER || value.number[0] != expected)
        fail_msg("%s: kind %d, %.17g", expression, value.kind, value.number[0]);
}

static void check_time(const char *expression, const char *expected)
{
    char text[32] = "null";
    dtake__row_value value = value_of(expression);
    if (value.kind == DTAKE__ROW_TIME)
        dtake__time_format(value.time_ns, text, sizeof text);
    CHECK_STR(text, expected);
}

static void the_overpass_of_swisseo_is_in_its_scene_id(void **state)
{
    (void)state;
    check_time("strptime(scene_id, '%Y-%m-%dt%H%M%S')", "2025-01-01T10:44:41Z");
    check_time("strptime(concat(date, ' ', substr(scene_id, 12)), '%Y-%m-%d %H%M%S')",
               "2025-01-01T10:44:41Z");
    check_time("strptime(substr(scene_id, -6, 4), '%H%M')", "1970-01-01T10:44:00Z");
    check_time("time(date)", "2025-01-01T00:00:00Z");
    check_time("epoch(1735728281.25)", "2025-01-01T10:44:41.25Z");
    check_time("epoch(-0.5)", "1969-12-31T23:59:59.5Z");
    check_time("strptime(note, '%Y')", "null");
}

static void boxes_and_points_are_made_of_numbers(void **state)
{
    (void)state;
    dtake__row_value box = value_of("box(min_x, min_y, max_x, max_y)");
    CHECK_EQ(box.kind, DTAKE__ROW_BOX);
    CHECK(box.number[0] == 2566220 && box.number[1] == 1266390 && box.number[2] == 2567220 &&
          box.number[3] == 1267390);
    dtake__row_value point = value_of("point((min_x + max_x) / 2, -min_y)");
    CHECK_EQ(point.kind, DTAKE__ROW_POINT);
    CHECK(point.number[0] == 2566720 && point.number[1] == -1266390);
    CHECK_EQ(value_of("point(note, 1)").kind, DTAKE__ROW_NULL);
    CHECK_EQ(value_of("wkt('POINT (1 2)')").kind, DTAKE__ROW_WKT);
    CHECK_EQ(value_of("wkt(note)").kind, DTAKE__ROW_NULL);
}

static void texts_are_cut_and_joined(void **state)
{
    (void)state;
    check_text("substr('abcdef', 2, 3)", "bcd");
    check_text("substr('abcdef', -2)", "ef");
    check_text("substr('abcdef', 5, 100)", "ef");
    check_text("split('LC08_L1TP_183067', '_', 2)", "L1TP");
    check_text("split('LC08_L1TP_183067', '_', -1)", "183067");
    check_text("between(scene_id, '2025-', 't')", "01-01");
    check_text("replace(date, '-', '')", "20250101");
    check_text("replace('aaa', 'a', 'bc')", "bcbcbc");
    check_text("upper(trim(\"a-b\"))", "IN_BETWEEN");
    check_text("lower('ÄB')", "Äb");
    check_text("concat('it''s', note, '!')", "it's!");
    check_text("coalesce(note, 'none')", "none");
}

static void what_is_not_there_is_null(void **state)
{
    (void)state;
    static const char *const nulls[] = { "note",
                                         "note + 1",
                                         "substr(date, 100)",
                                         "split(date, '-', 4)",
                                         "split(date, '-', -4)",
                                         "between(date, 'x', 'y')",
                                         "concat(note, note)",
                                         "coalesce(note, note)",
                                         "upper(note)",
                                         "''",
                                         "number('nan')",
                                         "-note",
                                         "1 - number(note)" };
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        if (value_of(nulls[i]).kind != DTAKE__ROW_NULL)
            fail_msg("%s is something", nulls[i]);
    dtake__row_expression *e;
    dtake__row_value value;
    CHECK_OK(dtake__row_expression_new(&e, "max_y", swisseo_columns, COLUMNS, NULL));
    CHECK_OK(dtake__row_expression_evaluate(e, swisseo_row, 2, &scratch, &value, NULL)); /* a short row */
    CHECK_EQ(value.kind, DTAKE__ROW_NULL);
    dtake__row_expression_free(e);
}

static void arithmetic_binds_as_it_does_everywhere(void **state)
{
    (void)state;
    check_number("1 + 2 * 3 - 4 / 2", 5);
    check_number("(1 + 2) * -3", -9);
    check_number("10 - 2 - 3", 5);
    check_number("- - 2", 2);
    check_number("1e3*.5", 500);
    check_number("max_x - min_x", 1000);
    check_number("number('0.25')", 0.25);
}

static void mistakes_are_found_before_the_first_row(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = { { "", "column 1" },
                  { "1 +", "column 4" },
                  { "strptime(scene_id, '%Q')", "pattern in single quotes" },
                  { "strptime(scene_id, date)", "column 20" },
                  { "box(1, 2, 3)", "takes 4 to 4" },
                  { "point(1, time(date))", "a number as argument 2" },
                  { "concat(1)", "text as argument 1" },
                  { "coalesce(date, 1)", "one kind" },
                  { "scene", "there are: scene_id, date" },
                  { "scene_ids", "did you mean 'scene_id'" },
                  { "sqrt(2)", "no such function" },
                  { "'open", "not closed" },
                  { "(1", "expected ')'" },
                  { "1 2", "nothing more" },
                  { "time(date) + 1", "expected a number" },
                  { "concat('a' 'b')", "expected ','" },
                  { "concat()", "1 to 16" },
                  { "a$", "no column 'a'" } };
    dtake__row_value value;
    dtake_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_STATUS(evaluate(cases[i].text, &value, &err), DTAKE_E_USAGE);
        if (strstr(err.message, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].text, err.message);
    }
}

static void a_row_that_does_not_fit_says_why(void **state)
{
    (void)state;
    dtake__row_value value;
    dtake_error err;
    CHECK_STATUS(evaluate("scene_id * 2", &value, &err), DTAKE_E_FORMAT);
    CHECK_STR(err.message, "column 'scene_id': '2025-01-01t104441' is not a number");
    CHECK_STATUS(evaluate("strptime(date, '%Y%m%d')", &value, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "'2025-01-01' is not a time of the pattern '%Y%m%d'") != NULL);
    CHECK_STATUS(evaluate("1 / 0", &value, &err), DTAKE_E_FORMAT);
    CHECK_STATUS(evaluate("time(scene_id)", &value, &err), DTAKE_E_FORMAT);
    CHECK_STATUS(evaluate("substr(date, 0)", &value, &err), DTAKE_E_FORMAT);
    CHECK_STATUS(evaluate("number('inf')", &value, &err), DTAKE_E_FORMAT);
    CHECK_STATUS(evaluate("epoch(1e11)", &value, &err), DTAKE_E_FORMAT);
}

/* Three times three replacements of a letter by forty: the scratch of 16 KiB meets its end. */
static void texts_that_grow_meet_the_end_of_the_scratch(void **state)
{
    (void)state;
    dtake__row_value value;
    dtake_error err;
    const char *grow = "replace(replace(replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'a', "
                       "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'), "
                       "'b', 'cccccccccccccccccccccccccccccccccccccccc'), 'c', 'd')";
    CHECK_STATUS(evaluate(grow, &value, &err), DTAKE_E_LIMIT);
}

static void brackets_without_end_and_endless_texts_are_refused(void **state)
{
    (void)state;
    dtake__row_value value;
    char *text = calloc(1, 100001);
    memset(text, '(', 4000);
    CHECK_STATUS(evaluate(text, &value, NULL), DTAKE_E_USAGE);
    memset(text, '-', 4000);
    CHECK_STATUS(evaluate(text, &value, NULL), DTAKE_E_USAGE);
    for (int i = 0; i < 2000; i++)
        memcpy(text + 2 * i, i < 1999 ? "1+" : "1", 2);
    CHECK_STATUS(evaluate(text, &value, NULL), DTAKE_E_USAGE);
    memset(text, '1', 100000);
    CHECK_STATUS(evaluate(text, &value, NULL), DTAKE_E_USAGE);
    free(text);
}

static void a_pattern_reads_times_in_any_layout(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pattern, *expected;
    } cases[] = {
        { "20240731T155900", "%Y%m%dT%H%M%S", "2024-07-31T15:59:00Z" },
        { "31 Jul  2024", "%d %b %Y", "2024-07-31T00:00:00Z" },
        { "2024.060", "%Y.%j", "2024-02-29T00:00:00Z" },
        { "2024-07-31 15:59:00.123456+02:00", "%Y-%m-%d %H:%M:%S.%f%z", "2024-07-31T13:59:00.123456Z" },
        { "690101 -0130", "%y%m%d %z", "1969-01-01T01:30:00Z" },
        { "100% 2024", "100%% %Y", "2024-01-01T00:00:00Z" },
        { "2023-02-29", "%Y-%m-%d", NULL },
        { "2023.366", "%Y.%j", NULL },
        { "2024.000", "%Y.%j", NULL },
        { "20240731", "%Y%m%d%H", NULL },
        { "202407311", "%Y%m%d", NULL },
        { "0001", "%Y", NULL },
        { "2024-13", "%Y-%m", NULL },
        { "2016-12-31T23:59:60", "%Y-%m-%dT%H:%M:%S", NULL },
        { "Xyz", "%b", NULL },
        { "+2400", "%z", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns;
        char text[32];
        bool read = dtake__time_match(dtake__span_of(cases[i].text), dtake__span_of(cases[i].pattern), &ns);
        if (read != (cases[i].expected != NULL))
            fail_msg("%s by %s", cases[i].text, cases[i].pattern);
        if (read) {
            dtake__time_format(ns, text, sizeof text);
            CHECK_STR(text, cases[i].expected);
        }
    }
    CHECK(!dtake__time_pattern_valid(DTAKE__SPAN("%Y%")) && !dtake__time_pattern_valid(DTAKE__SPAN("%e")));
    CHECK(!dtake__time_pattern_valid((dtake__span){ "%\0", 2 }) &&
          !dtake__time_pattern_valid(DTAKE__SPAN("")));
}

static void an_expression_tells_which_columns_it_looks_at(void **state)
{
    dtake__row_expression *e;
    size_t at[4] = { 9, 9, 9, 9 };
    (void)state;
    CHECK_OK(
        dtake__row_expression_new(&e, "box(min_x, min_y, max_x, max_y)", swisseo_columns, COLUMNS, NULL));
    CHECK_EQ(dtake__row_expression_numbers(e, at), DTAKE__ROW_BOX);
    CHECK(at[0] == 2 && at[1] == 3 && at[2] == 4 && at[3] == 5);
    dtake__row_expression_free(e);
    CHECK_OK(dtake__row_expression_new(&e, "point(min_x + 1, min_y)", swisseo_columns, COLUMNS, NULL));
    CHECK_EQ(dtake__row_expression_numbers(e, at), DTAKE__ROW_NULL);
    CHECK_EQ(dtake__row_expression_columns(e, at, 1), 2);
    CHECK_EQ(at[0], 2);
    dtake__row_expression_free(e);
    CHECK_OK(
        dtake__row_expression_new(&e, "strptime(concat(date, date), '%Y')", swisseo_columns, COLUMNS, NULL));
    CHECK_EQ(dtake__row_expression_columns(e, at, 4), 1);
    CHECK_EQ(at[0], 1);
    dtake__row_expression_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_overpass_of_swisseo_is_in_its_scene_id),
        cmocka_unit_test(boxes_and_points_are_made_of_numbers),
        cmocka_unit_test(texts_are_cut_and_joined),
        cmocka_unit_test(what_is_not_there_is_null),
        cmocka_unit_test(arithmetic_binds_as_it_does_everywhere),
        cmocka_unit_test(mistakes_are_found_before_the_first_row),
        cmocka_unit_test(a_row_that_does_not_fit_says_why),
        cmocka_unit_test(texts_that_grow_meet_the_end_of_the_scratch),
        cmocka_unit_test(brackets_without_end_and_endless_texts_are_refused),
        cmocka_unit_test(an_expression_tells_which_columns_it_looks_at),
        cmocka_unit_test(a_pattern_reads_times_in_any_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
