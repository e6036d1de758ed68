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

static void a_range_is_one_run_of_bytes_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        int64_t size;
        dtake__range_kind kind;
        int64_t at, len;
    } rows[] = {
        { "bytes=0-0", 10, DTAKE__RANGE_ONE, 0, 1 },
        { "bytes=0-9", 10, DTAKE__RANGE_ONE, 0, 10 },
        { "bytes=2-99", 10, DTAKE__RANGE_ONE, 2, 8 },
        { "BYTES= 2-", 10, DTAKE__RANGE_ONE, 2, 8 },
        { "bytes=,2-3, ,", 10, DTAKE__RANGE_ONE, 2, 2 },
        { "bytes=-3", 10, DTAKE__RANGE_ONE, 7, 3 },
        { "bytes=-99", 10, DTAKE__RANGE_ONE, 0, 10 },
        { "bytes=9-99999999999999999999999", 10, DTAKE__RANGE_ONE, 9, 1 },
        { "bytes=-99999999999999999999999", 10, DTAKE__RANGE_ONE, 0, 10 },
        { "bytes=10-", 10, DTAKE__RANGE_BAD, 0, 0 },
        { "bytes=10-12", 10, DTAKE__RANGE_BAD, 0, 0 },
        { "bytes=99999999999999999999999-", 10, DTAKE__RANGE_BAD, 0, 0 },
        { "bytes=-0", 10, DTAKE__RANGE_BAD, 0, 0 },
        { "bytes=0-", 0, DTAKE__RANGE_BAD, 0, 0 },
        { "bytes=-5", 0, DTAKE__RANGE_NONE, 0, 0 },
        { NULL, 10, DTAKE__RANGE_NONE, 0, 0 },
        { "", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=-", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=5-2", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=a-b", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=1-2x", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=--2", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "bytes=0-1,3-4", 10, DTAKE__RANGE_NONE, 0, 0 },
        { "rows=0-1", 10, DTAKE__RANGE_NONE, 0, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t at = 0, len = 0;
        dtake__range_kind kind = dtake__range_parse(rows[i].value, rows[i].size, &at, &len);
        if (kind != rows[i].kind || at != rows[i].at || len != rows[i].len)
            fail_msg("%s: kind %d, %lld + %lld", rows[i].value, kind, (long long)at, (long long)len);
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
        dtake__listen_url(&address, url, sizeof url);
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
        cmocka_unit_test(a_range_is_one_run_of_bytes_or_none),
        cmocka_unit_test(an_address_to_listen_on_is_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
