#include "check.h"

#include <datatake/get.h>

#include <time.h>

#include "core/clock.h"

static int64_t parse(const char *text)
{
    int64_t ns;
    dtake_error err;
    if (dtake__time_parse(text, &ns, NULL, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return ns;
}

static void times_are_nanoseconds_since_1970_utc(void **state)
{
    (void)state;
    CHECK_EQ(parse("1970-01-01"), 0);
    CHECK_EQ(parse("2024-02-29T12:00:00Z"), 1709208000LL * 1000000000);
    CHECK_EQ(parse("2024-02-29T13:30:00.25+01:30"), 1709208000LL * 1000000000 + 250000000);
    char text[32];
    dtake__time_format(parse("2023-08-15T09:58:11.662000Z"), text, sizeof text);
    CHECK_STR(text, "2023-08-15T09:58:11.662Z");
}

static void check_text(int64_t time_ns)
{
    char ours[40], theirs[40];
    int64_t ns = (time_ns % 1000000000 + 1000000000) % 1000000000;
    time_t seconds = (time_t)(time_ns / 1000000000 - (time_ns % 1000000000 < 0));
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S", &tm);
    if (ns != 0) {
        len += (size_t)snprintf(theirs + len, sizeof theirs - len, ".%09d", (int)ns);
        while (theirs[len - 1] == '0')
            len--;
    }
    strcpy(theirs + len, "Z");
    dtake__time_format(time_ns, ours, sizeof ours);
    CHECK_STR(ours, theirs);
    int64_t back;
    if (dtake__time_parse(ours, &back, NULL, NULL) == DTAKE_OK)
        CHECK(back == time_ns);
}

static void every_time_is_written_as_the_c_library_would(void **state)
{
    static const int64_t edges[] = { 0, -1, 1, INT64_MIN, INT64_MAX, 951782400LL * 1000000000, -1000000000 };
    uint64_t seed = 3;
    (void)state;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        check_text(edges[i]);
    for (int i = 0; i < 100000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        check_text((int64_t)seed);
        check_text((int64_t)(seed >> 8) / 1000000000 * 1000000000);
    }
    for (int64_t day = -40000; day < 60000; day++)
        check_text(day * 86400 * 1000000000);
}

static void what_is_not_a_time_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "2024",
                                       "2023-02-29",
                                       "2024-01-01T00:00:00",
                                       "2024-01-01T24:00:00Z",
                                       "2024-01-01T00:00:00Zx",
                                       "0001-01-01" };
    int64_t ns;
    dtake_error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_STATUS(dtake__time_parse(bad[i], &ns, NULL, &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__time_parse("2016-12-31T23:59:60Z", &ns, NULL, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "leap second") != NULL);
}

static void a_bare_date_as_the_end_means_the_end_of_that_day(void **state)
{
    (void)state;
    dtake_interval span;
    CHECK_OK(dtake_interval_parse("2024-01-01/2024-07-31", &span, NULL));
    CHECK_EQ(span.start_ns, parse("2024-01-01"));
    CHECK_EQ(span.end_ns, parse("2024-08-01") - 1);
    CHECK_OK(dtake_interval_parse("../2024-07-31T00:00:00Z", &span, NULL));
    CHECK_EQ(span.start_ns, INT64_MIN);
    CHECK_EQ(span.end_ns, parse("2024-07-31"));
    CHECK_OK(dtake_interval_parse("2024-07-31", &span, NULL));
    CHECK_EQ(span.end_ns - span.start_ns, 86400LL * 1000000000 - 1);
    CHECK_OK(dtake_interval_parse("2023-12/2024", &span, NULL)); /* months and years as days are */
    CHECK_EQ(span.start_ns, 1701388800000000000);
    CHECK_EQ(span.end_ns, 1735689600000000000 - 1);
    CHECK_OK(dtake_interval_parse("2024-02", &span, NULL));
    CHECK_EQ(span.end_ns - span.start_ns, 29 * 86400000000000 - 1);
    CHECK_OK(dtake_interval_read("2024/2025", DTAKE_INTERVAL_HALF_OPEN, &span, NULL));
    CHECK_EQ(span.end_ns, 1735689600000000000);
    CHECK(span.end_exclusive);
    const char *const wrong[] = { "202",     "20240",    "2024-", "2024-1", "2024-13",
                                  "2024-00", "2024-123", "1000",  "2261" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_STATUS(dtake_interval_parse(wrong[i], &span, NULL), DTAKE_E_USAGE);
    CHECK_STATUS(dtake_interval_parse("2024-08-01/2024-07-31", &span, NULL), DTAKE_E_USAGE);
    CHECK_STATUS(dtake_interval_parse("", &span, NULL), DTAKE_E_USAGE);
}

static void http_dates_go_both_ways(void **state)
{
    (void)state;
    char text[32];
    int64_t s;
    dtake__http_date_format(784111777, text, sizeof text);
    CHECK_STR(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(dtake__http_date_parse(text, &s));
    CHECK_EQ(s, 784111777);
    CHECK(!dtake__http_date_parse("yesterday", &s));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_nanoseconds_since_1970_utc),
        cmocka_unit_test(every_time_is_written_as_the_c_library_would),
        cmocka_unit_test(what_is_not_a_time_is_refused_with_the_reason),
        cmocka_unit_test(a_bare_date_as_the_end_means_the_end_of_that_day),
        cmocka_unit_test(http_dates_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
