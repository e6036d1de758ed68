#include "check.h"

#include "query/filter.h"

static void what_is_wrong_is_told_with_its_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "eo:cloud_cover <=", "column 18: expected a value after '<='" },
        { "eo:cloud_cover <= and a = 1", "column 19: expected a property or a value, found 'and'" },
        { "a = 1 andd b = 2", "column 7: expected an operator, found 'andd'; did you mean and?" },
        { "a lke 'x%'", "column 3: expected an operator, found 'lke'; did you mean like?" },
        { "s_intersect(geometry, POINT(1 2))",
          "column 1: there is no function 's_intersect'; did you mean s_intersects?" },
        { "within(geometry, POINT(1 2))", "column 1: there is no function 'within'; did you mean s_within?" },
        { "a == 1", "column 3: '==': did you mean '='?" },
        { "a = NULL", "column 5: nothing equals NULL; write IS NULL" },
        { "a = 1 && b = 2", "column 7: '&&': did you mean AND?" },
        { "name = 'abc", "column 8: the quote ' is not closed" },
        { "(a = 1", "column 7: expected ')' after '1'" },
        { "a in 1", "column 6: expected '(' and the values" },
        { "a between 1 or 2", "column 13: expected AND and the upper bound, found 'or'" },
        { "a and 3", "column 1: and needs something that is true or false here" },
        { "S_INTERSECTS(geometry)", "column 1: s_intersects takes two operands" },
        { "S_INTERSECTS(geometry, 3)", "column 24: s_intersects needs a geometry here" },
        { "S_INTERSECTS(geometry, POINT(1))", "column 31: expected a number" },
        { "S_INTERSECTS(geometry, POINT(500000 5200000))",
          "column 24: a geometry from 500000 5.2e+06 to 500000 5.2e+06 is not in longitude" },
        { "T_AFTER(datetime, '2024-01-01')", "column 19: t_after needs a time or an interval here" },
        { "datetime > TIMESTAMP('2024-01-01')", "column 22: TIMESTAMP takes a time" },
        { "datetime > TIMESTAMP('2016-12-31T23:59:60Z')", "column 22: '2016-12-31T23:59:60Z': leap seconds" },
        { "datetime > DATE('2024-02-30')", "column 17: '2024-02-30' is not a time" },
        { "T_DURING(datetime, INTERVAL('2024-02-01', '2024-01-01'))",
          "column 20: the interval's start is after" },
        { "BBOX(1,2,3) = 4", "column 1: BBOX: four numbers" },
        { "a + 'x' > 3", "column 5: + needs a number here" },
        { "name like 3", "column 11: like needs a pattern in single quotes here" },
        { "flag", "column 5: expected a comparison after 'flag'" },
        { "ö = 'ä' x", "column 9: expected an operator, found 'x'" },
        { "", "the text is empty" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_error err = { 0 };
        dtake__filter *filter;
        dtake_status st = dtake__filter_parse_text(cases[i].text, &filter, &err);
        if (st != DTAKE_E_USAGE || filter != NULL || strstr(err.message, cases[i].says) == NULL)
            fail_msg("%s: %s: %s", cases[i].text, dtake_status_name(st), err.message);
    }
}

/* Both forms of CQL2 lead back to the same tree. */
static void check_round_trip(const char *text, const dtake__filter *filter)
{
    dtake_error err = { 0 };
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    dtake__filter *back = NULL;
    CHECK_OK(dtake__filter_write_text(filter, &out, &err));
    if (dtake__filter_parse_text(dtake__buf_str(&out), &back, &err) != DTAKE_OK)
        fail_msg("%s -> %s: %s", text, dtake__buf_str(&out), err.message);
    if (!dtake__filter_equal(filter, back))
        fail_msg("%s -> %s: another tree", text, dtake__buf_str(&out));
    dtake__filter_free(back);
    dtake__buf_clear(&out);
    CHECK_OK(dtake__filter_write_json(filter, &out, &err));
    if (dtake__filter_parse_json(dtake__buf_str(&out), out.len, &back, &err) != DTAKE_OK)
        fail_msg("%s -> %s: %s", text, dtake__buf_str(&out), err.message);
    if (!dtake__filter_equal(filter, back))
        fail_msg("%s -> %s: another tree", text, dtake__buf_str(&out));
    dtake__filter_free(back);
    dtake__buf_dispose(&out);
}

static void what_is_written_reads_back_equal(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "eo:cloud_cover < 20",
        "eo:cloud_cover<=20.5 AND platform='sentinel-2a' OR NOT (a=1 AND b=2)",
        "(a = 1 or b = 2) and (c = 3 or d = 4)",
        "not a = 1 and not (not b = 2)",
        "name LIKE 'S2%\\_x' and not casei(name) like casei('l2a%') and name not like '%\\%%'",
        "CASEI(ACCENTI(city)) = casei(accenti('Besançon'))",
        "orbit between 1 and 99 and x not between -1.5 and +2e10",
        "level in ('L1T', 'it''s', 'a\\\\', 'b\\'c') and n not in (1, -2, 3.5, true)",
        "a is null or b is not null",
        "S_INTERSECTS(geometry, POLYGON((170 -10, 190 -10, 190 10, 170 10, 170 -10), (175 0, 176 0, 176 1, "
        "175 0)))",
        "s_within(geometry, BBOX(170, -10.25, -170, 10)) and S_DISJOINT(POINT(1 2), geometry)",
        "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1e-7 1), MULTIPOINT((0 1), (2 "
        "3))))",
        "S_TOUCHES(geometry, POINT EMPTY) or s_equals(geometry, MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0))))",
        "T_AFTER(datetime, TIMESTAMP('2024-01-01T00:00:00.123456789Z')) and t_before(datetime, "
        "DATE('2024-07-31'))",
        "T_DURING(INTERVAL(start_datetime, end_datetime), INTERVAL('2024-01-01', '..'))",
        "T_INTERSECTS(datetime, INTERVAL('..', '2024-01-01T12:00:00+02:00')) and anyinteracts(datetime, "
        "DATE('2020-01-01'))",
        "datetime >= TIMESTAMP('2024-01-01T00:00:00Z') and datetime < DATE('1969-12-31')",
        "a + b * -c ^ 2 - (d - e) / f % 3 div 2 > (1 + 2) * 3 and a - (b - c) = (a - b) - c",
        "(a ^ b) ^ c = a ^ (b ^ c) and -(a + b) < 3",
        "A_CONTAINS(bands, ('red', 'nir')) and a_overlaps(values, (1, (2, 3), ())) and A_EQUALS(x, ())",
        "flag = true and other <> FALSE",
        "big = 18446744073709551615 and small = -9223372036854775808 and five = 5.0 and tiny = 5e-324",
        "\"a b\" = 1 and \"and\" = 2 and \"quo\"\"te\" = 3 and \"2x\" = 4 and ünï = 'ö'",
        "date = 3 and point = 4 and interval > 5",
        "true and not false",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dtake_error err = { 0 };
        dtake__filter *filter;
        if (dtake__filter_parse_text(texts[i], &filter, &err) != DTAKE_OK)
            fail_msg("%s: %s", texts[i], err.message);
        check_round_trip(texts[i], filter);
        dtake__filter *copy = dtake__filter_copy(filter);
        CHECK(dtake__filter_equal(filter, copy));
        dtake__filter_free(copy);
        dtake__filter_free(filter);
    }
}

static void check_text(const char *short_form, const char *text)
{
    dtake_error err = { 0 };
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    dtake__filter *filter;
    if (dtake__filter_parse_short(short_form, &filter, &err) != DTAKE_OK)
        fail_msg("%s: %s", short_form, err.message);
    CHECK_OK(dtake__filter_write_text(filter, &out, NULL));
    CHECK_STR(dtake__buf_str(&out), text);
    dtake__filter_free(filter);
    dtake__buf_dispose(&out);
}

static void the_short_form_is_what_fingers_know(void **state)
{
    (void)state;
    check_text("eo:cloud_cover<20", "eo:cloud_cover < 20");
    check_text("platform=sentinel-2a", "platform = 'sentinel-2a'");
    check_text("s2:mgrs_tile = 33TWL", "s2:mgrs_tile = '33TWL'");
    check_text("a>=1.0", "a >= 1.0");
    check_text("a!=true", "a <> TRUE");
    check_text("a=null", "a IS NULL");
    check_text("a!=null", "NOT a IS NULL");
    check_text("a='12'", "a = '12'");
    check_text("name~S2?_*_10%", "name LIKE 'S2_\\_%\\_10\\%'");
    check_text("view:off-nadir<5", "\"view:off-nadir\" < 5");
    dtake_error err;
    dtake__filter *filter;
    CHECK_STATUS(dtake__filter_parse_short("eo:cloud_cover", &filter, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "column 15: expected <") != NULL);
    CHECK_STATUS(dtake__filter_parse_short("<3", &filter, &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__filter_parse_short("a<", &filter, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "column 3: expected a value after '<'") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_told_with_its_column),
        cmocka_unit_test(what_is_written_reads_back_equal),
        cmocka_unit_test(the_short_form_is_what_fingers_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
