#include "check.h"

#include "server/listen.h"
#include "server/path.h"
#include "server/range.h"

static void a_path_is_decoded_once_and_never_leaves_the_root(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *clean; /* NULL: refused */
    } rows[] = {
        { "", "/" },
        { "/", "/" },
        { "/files/a.tif", "/files/a.tif" },
        { "/files/", "/files/" },
        { "/files//a///b/", "/files/a/b/" },
        { "/a/./b/.", "/a/b/" },
        { "/ab/cd/../e", "/ab/e" },
        { "/ab/cd/..", "/ab/" },
        { "/../../etc/passwd", "/etc/passwd" },
        { "/files/../../etc/passwd", "/etc/passwd" },
        { "/files/%2e%2e/%2E%2e/etc", "/etc" },
        { "/files/..%2f..%2fetc", "/etc" },
        { "/files/%252e%252e/a", "/files/%2e%2e/a" },
        { "/files/..%5c..%5cetc", "/files/..\\..\\etc" },
        { "/files/...", "/files/..." },
        { "/files/a%20b%C3%A9", "/files/a b\xc3\xa9" },
        { "/a%", NULL },
        { "/a%4", NULL },
        { "/a%zz", NULL },
        { "/a%00b", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char clean[64];
        bool fine = dtake__path_clean(rows[i].raw, strlen(rows[i].raw), clean);
        if (fine != (rows[i].clean != NULL) || (fine && strcmp(clean, rows[i].clean) != 0))
            fail_msg("%s: %s", rows[i].raw, fine ? clean : "refused");
    }
}

static void a_query_gives_its_values(void **state)
{
    (void)state;
    char value[8];
    CHECK(dtake__query_value("a=1&f=j%73on&f=2", "f", value, sizeof value));
    CHECK_STR(value, "json");
    CHECK(!dtake__query_value("ff=1", "f", value, sizeof value));
    CHECK(!dtake__query_value("f", "f", value, sizeof value));
    CHECK(!dtake__query_value("", "f", value, sizeof value));
    CHECK(!dtake__query_value("f=12345678", "f", value, sizeof value));
    CHECK(!dtake__query_value("f=%0", "f", value, sizeof value));
}

static void names_are_escaped_for_where_they_go(void **state)
{
    (void)state;
    static const char name[] = "<a&\"b\\\n\xff\xc3\xa9>'.tif";
    dtake_buf url = DTAKE_BUF_INIT(200), html = DTAKE_BUF_INIT(200), json = DTAKE_BUF_INIT(200);
    CHECK_OK(dtake__put_url(&url, name));
    CHECK_OK(dtake__put_html(&html, name));
    CHECK_OK(dtake__put_json(&json, name));
    CHECK_STR(dtake__buf_str(&url), "%3Ca%26%22b%5C%0A%FF%C3%A9%3E%27.tif");
    CHECK_STR(dtake__buf_str(&html), "&lt;a&amp;&quot;b\\\n\xef\xbf\xbd\xc3\xa9&gt;&#39;.tif");
    CHECK_STR(dtake__buf_str(&json), "<a&\\\"b\\\\\\u000a\xef\xbf\xbd\xc3\xa9>'.tif");
    dtake__buf_dispose(&url);
    dtake__buf_dispose(&html);
    dtake__buf_dispose(&json);
}

static void ranges_are_runs_of_bytes_that_do_not_touch(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t size;
        dtake__range_kind kind;
        const char *ranges;
    } rows[] = {
        { "bytes=0-0", 10, DTAKE__RANGE_SOME, "0+1 " },
        { "bytes=0-9", 10, DTAKE__RANGE_SOME, "0+10 " },
        { "bytes=2-99", 10, DTAKE__RANGE_SOME, "2+8 " },
        { "BYTES= 2-", 10, DTAKE__RANGE_SOME, "2+8 " },
        { "bytes=,2-3, ,", 10, DTAKE__RANGE_SOME, "2+2 " },
        { "bytes=-3", 10, DTAKE__RANGE_SOME, "7+3 " },
        { "bytes=-99", 10, DTAKE__RANGE_SOME, "0+10 " },
        { "bytes=9-99999999999999999999999", 10, DTAKE__RANGE_SOME, "9+1 " },
        { "bytes=-99999999999999999999999", 10, DTAKE__RANGE_SOME, "0+10 " },
        { "bytes=10-", 10, DTAKE__RANGE_BAD, "" },
        { "bytes=10-12", 10, DTAKE__RANGE_BAD, "" },
        { "bytes=99999999999999999999999-", 10, DTAKE__RANGE_BAD, "" },
        { "bytes=-0", 10, DTAKE__RANGE_BAD, "" },
        { "bytes=0-", 0, DTAKE__RANGE_BAD, "" },
        { "bytes=-5", 0, DTAKE__RANGE_NONE, "" },
        { NULL, 10, DTAKE__RANGE_NONE, "" },
        { "", 10, DTAKE__RANGE_NONE, "" },
        { "bytes", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=,", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=-", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=5-2", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=a-b", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=1-2x", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=--2", 10, DTAKE__RANGE_NONE, "" },
        { "rows=0-1", 10, DTAKE__RANGE_NONE, "" },
        { "bytes=900-999,0-9", 1000, DTAKE__RANGE_SOME, "900+100 0+10 " },
        { "bytes=0-9, 500-509 ,-5", 1000, DTAKE__RANGE_SOME, "0+10 500+10 995+5 " },
        { "bytes=0-9,20-29", 1000, DTAKE__RANGE_SOME, "0+30 " },  /* nearer than a part's head */
        { "bytes=0-9,90-99", 1000, DTAKE__RANGE_SOME, "0+100 " }, /* 80 between them */
        { "bytes=0-9,91-99", 1000, DTAKE__RANGE_SOME, "0+10 91+9 " },
        { "bytes=500-599,0-99,550-700,0-0", 1000, DTAKE__RANGE_SOME, "500+201 0+100 " },
        { "bytes=0-99,300-399,600-699,50-650", 1000, DTAKE__RANGE_SOME, "0+700 " },
        { "bytes=300-399,0-99,100-299", 1000, DTAKE__RANGE_SOME, "0+400 " },
        { "bytes=0-9,5000-", 1000, DTAKE__RANGE_SOME, "0+10 " },
        { "bytes=5000-,6000-", 1000, DTAKE__RANGE_BAD, "" },
        { "bytes=0-9 500-509", 1000, DTAKE__RANGE_NONE, "" },
        { "bytes=0-9,500-409", 1000, DTAKE__RANGE_NONE, "" },
        { "bytes=0-9,x", 1000, DTAKE__RANGE_NONE, "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dtake__ranges ranges;
        char text[256] = "";
        dtake__range_kind kind = dtake__range_parse(rows[i].value, rows[i].size, &ranges);
        for (size_t k = 0; kind == DTAKE__RANGE_SOME && k < ranges.count; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%lld+%lld ",
                     (long long)ranges.range[k].at, (long long)ranges.range[k].len);
        if (kind != rows[i].kind || strcmp(text, rows[i].ranges) != 0)
            fail_msg("%s: kind %d, %s", rows[i].value, kind, text);
    }
}

static void at_most_64_ranges_are_served(void **state)
{
    (void)state;
    for (int count = 63; count <= 65; count++) {
        dtake__ranges ranges;
        char value[2048] = "bytes=";
        for (int i = 0; i < count; i++)
            snprintf(value + strlen(value), sizeof value - strlen(value), "%d-%d,", i * 1000, i * 1000 + 9);
        CHECK_EQ(dtake__range_parse(value, 1000000, &ranges),
                 count <= 64 ? DTAKE__RANGE_SOME : DTAKE__RANGE_NONE);
        if (count <= 64)
            CHECK_EQ(ranges.count, count);
    }
}

static void an_address_to_listen_on_is_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *url; /* NULL: refused */
        bool loopback;
    } rows[] = {
        { "127.0.0.1:8080", "http://127.0.0.1:8080/", true },
        { "[::1]:0", "http://[::1]:0/", true },
        { "localhost:80", "http://localhost:80/", true },
        { "0.0.0.0:80", "http://127.0.0.1:80/", false },
        { "8080", NULL, false },
        { "127.0.0.1", NULL, false },
        { "127.0.0.1:", NULL, false },
        { "127.0.0.1:+1", NULL, false },
        { "127.0.0.1:65536", NULL, false },
        { ":8080", NULL, false },
        { "::1:8080", NULL, false },
        { "[::1:8080", NULL, false },
        { "[]:8080", NULL, false },
        { "", NULL, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dtake__listen_address address;
        char url[128];
        dtake_error err;
        dtake_status st = dtake__listen_parse(&address, rows[i].text, &err);
        CHECK_EQ(st, rows[i].url != NULL ? DTAKE_OK : DTAKE_E_USAGE);
        if (st != DTAKE_OK)
            continue;
        dtake__listen_url(&address, "http", url, sizeof url);
        CHECK_STR(url, rows[i].url);
        CHECK_EQ(dtake__listen_is_loopback(&address), rows[i].loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded_once_and_never_leaves_the_root),
        cmocka_unit_test(a_query_gives_its_values),
        cmocka_unit_test(names_are_escaped_for_where_they_go),
        cmocka_unit_test(ranges_are_runs_of_bytes_that_do_not_touch),
        cmocka_unit_test(at_most_64_ranges_are_served),
        cmocka_unit_test(an_address_to_listen_on_is_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
