#include "check.h"

#include "query/match.h"

static bool like(const char *value, const char *predicate)
{
    dtake_error err = { 0 };
    dtake__filter *filter;
    dtake__like *compiled;
    if (dtake__filter_parse_text(predicate, &filter, &err) != DTAKE_OK)
        fail_msg("%s: %s", predicate, err.message);
    CHECK_OK(dtake__like_new(&compiled, filter, NULL));
    bool answer = dtake__like_match(compiled, value, strlen(value));
    dtake__like_free(compiled);
    dtake__filter_free(filter);
    return answer;
}

static void like_knows_percent_underscore_and_backslash(void **state)
{
    (void)state;
    CHECK(like("S2A_33TWL", "a like 'S2%'"));
    CHECK(like("S2A_33TWL", "a like 'S2_\\_33%L'"));
    CHECK(!like("S2AX33TWL", "a like 'S2_\\_33%L'"));
    CHECK(like("", "a like '%'"));
    CHECK(like("", "a like ''"));
    CHECK(!like("x", "a like ''"));
    CHECK(!like("", "a like '_'"));
    CHECK(like("100%", "a like '100\\%'"));
    CHECK(!like("1000", "a like '100\\%'"));
    CHECK(like("a\\b", "a like 'a\\\\b'"));
    CHECK(like("aXbXc", "a like '%X%c'"));
    CHECK(like("abcabcabd", "a like '%abd'"));
    CHECK(!like("abcabcabc", "a like '%abd'"));
    CHECK(like("Ölçek", "a like '_l_ek'")); /* characters, not bytes */
    CHECK(!like("abc", "a like 'ABC'"));
    CHECK(like("\xff\xfe", "a like '__'")); /* bytes that are no UTF-8 count for one each */
}

static void casei_and_accenti_fold_their_own_side(void **state)
{
    (void)state;
    CHECK(like("S2A_MSIL2A", "casei(a) like 's2a%l2a'"));
    CHECK(!like("S2A_MSIL2A", "casei(a) like 'S2A%'"));
    CHECK(like("S2A_MSIL2A", "casei(a) like casei('S2A%')"));
    CHECK(like("Besançon", "accenti(a) like 'Besancon'"));
    CHECK(like("BESANÇON", "casei(accenti(a)) like accenti(casei('besançon'))"));
    CHECK(like("Bešan\u0327con", "accenti(a) like 'Besancon'"));
    CHECK(like("ΑΘΉΝΑΙ", "casei(a) like casei('αθήναι')"));
    CHECK(like("ЁЛКА", "casei(accenti(a)) like 'елка'"));
}

static void folding_knows_the_alphabets(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { "ÀÉÎÕÜÝÞ×", "àéîõüýþ×" },
        { "ĀĄĆŁŃŐŒŘŠŽŸ", "āąćłńőœřšžÿ" },
        { "ΆΈΉΊΌΎΏΑΩΣς", "άέήίόύώαωσσ" },
        { "ЀЏАЯ", "ѐџая" },
        { "ḀẕẠỹ", "ḁẕạỹ" },
        { "Straße 漢字", "straße 漢字" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        dtake_buf out = DTAKE_BUF_INIT(1000);
        CHECK_OK(dtake__fold_text(pairs[i][0], strlen(pairs[i][0]), DTAKE__FOLD_CASE, &out));
        CHECK_STR(dtake__buf_str(&out), pairs[i][1]);
        dtake__buf_dispose(&out);
    }
    dtake_buf out = DTAKE_BUF_INIT(1000);
    const char *letters = "ÅÇÑØßåÿĀĎĺłŇŐřŠťŮŹžЙё";
    CHECK_OK(dtake__fold_text(letters, strlen(letters), DTAKE__FOLD_ACCENTS, &out));
    CHECK_STR(dtake__buf_str(&out), "ACNOßayADllNOrStUZzИе");
    dtake__buf_dispose(&out);
}

static void a_pattern_tells_how_its_matches_begin(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "a like 'S2A\\_33%'", "S2A_33" }, { "a like '%x'", "" },
        { "a like 'abc'", "abc" },          { "a like 'ö_'", "ö" },
        { "casei(a) like 'ab%'", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake__filter *filter;
        dtake__like *compiled;
        CHECK_OK(dtake__filter_parse_text(cases[i][0], &filter, NULL));
        CHECK_OK(dtake__like_new(&compiled, filter, NULL));
        CHECK_STR(dtake__like_prefix(compiled), cases[i][1]);
        dtake__like_free(compiled);
        dtake__filter_free(filter);
    }
}

static void every_two_intervals_meet_in_just_one_of_allens_ways(void **state)
{
    (void)state;
    static const dtake__filter_op ways[] = {
        DTAKE__FILTER_T_AFTER,         DTAKE__FILTER_T_BEFORE,   DTAKE__FILTER_T_CONTAINS,
        DTAKE__FILTER_T_DURING,        DTAKE__FILTER_T_EQUALS,   DTAKE__FILTER_T_FINISHED_BY,
        DTAKE__FILTER_T_FINISHES,      DTAKE__FILTER_T_MEETS,    DTAKE__FILTER_T_MET_BY,
        DTAKE__FILTER_T_OVERLAPPED_BY, DTAKE__FILTER_T_OVERLAPS, DTAKE__FILTER_T_STARTED_BY,
        DTAKE__FILTER_T_STARTS,
    };
    for (int n = 0; n < 625; n++) {
        dtake_interval a = { .start_ns = n % 5, .end_ns = n / 5 % 5 },
                       b = { .start_ns = n / 25 % 5, .end_ns = n / 125 };
        if (a.start_ns >= a.end_ns || b.start_ns >= b.end_ns)
            continue;
        int held = 0;
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
            held += dtake__times_related(ways[i], &a, &b);
        CHECK_EQ(held, 1);
        CHECK_EQ(dtake__times_related(DTAKE__FILTER_T_INTERSECTS, &a, &b),
                 !dtake__times_related(DTAKE__FILTER_T_DISJOINT, &a, &b));
        CHECK_EQ(dtake__times_related(DTAKE__FILTER_T_DISJOINT, &a, &b),
                 a.end_ns < b.start_ns || b.end_ns < a.start_ns);
    }
}

static void a_text_becomes_a_time_where_a_time_is_due(void **state)
{
    (void)state;
    dtake_error err;
    dtake__filter *filter;
    CHECK_OK(dtake__filter_parse_text("time > '2024-01-01' and time < '2024-13-01'", &filter, NULL));
    dtake__filter *day = filter->args[0]->args[1];
    CHECK_OK(dtake__filter_string_to_time(day, NULL));
    dtake_interval instants;
    CHECK(day->op == DTAKE__FILTER_DATE && dtake__filter_instants(day, &instants));
    CHECK(instants.end_ns - instants.start_ns == 86399999999999);
    CHECK_STATUS(dtake__filter_string_to_time(filter->args[1]->args[1], &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "column 32: '2024-13-01' is not a time") != NULL);
    dtake__filter_free(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_knows_percent_underscore_and_backslash),
        cmocka_unit_test(casei_and_accenti_fold_their_own_side),
        cmocka_unit_test(folding_knows_the_alphabets),
        cmocka_unit_test(a_pattern_tells_how_its_matches_begin),
        cmocka_unit_test(every_two_intervals_meet_in_just_one_of_allens_ways),
        cmocka_unit_test(a_text_becomes_a_time_where_a_time_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
