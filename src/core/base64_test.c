/* Vectors of RFC 4648, section 10, and bytes that need the last two digits. */
#include "check.h"
#include "core/base64.h"

static void text_of_bytes_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text, *url;
    } cases[] = {
        { "", "", "" },
        { "f", "Zg==", "Zg" },
        { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" },
        { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "+//+", "-__-" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_buf text = DTAKE_BUF_INIT(64), url = DTAKE_BUF_INIT(64);
        uint8_t back[8];
        size_t len = strlen(cases[i].bytes);
        CHECK_OK(dtake__base64_write(&text, cases[i].bytes, len));
        CHECK_OK(dtake__base64url_write(&url, cases[i].bytes, len));
        CHECK_STR(dtake__buf_str(&text), cases[i].text);
        CHECK_STR(dtake__buf_str(&url), cases[i].url);
        CHECK(dtake__base64_read(cases[i].text, strlen(cases[i].text), back, len));
        CHECK(memcmp(back, cases[i].bytes, len) == 0);
        dtake__buf_dispose(&text);
        dtake__buf_dispose(&url);
    }
}

static void what_is_no_base64_of_so_many_bytes_is_refused(void **state)
{
    (void)state;
    uint8_t out[4];
    CHECK(!dtake__base64_read("Zg==", 4, out, 2));
    CHECK(!dtake__base64_read("Zm8=", 4, out, 1));
    CHECK(!dtake__base64_read("Z===", 4, out, 1));
    CHECK(!dtake__base64_read("Zg=", 3, out, 1));
    CHECK(!dtake__base64_read("Zm9=", 4, out, 3));
    CHECK(!dtake__base64_read("Zm-_", 4, out, 3));
    dtake_buf small = DTAKE_BUF_INIT(3);
    CHECK_STATUS(dtake__base64_write(&small, "foo", 3), DTAKE_E_LIMIT);
    dtake__buf_dispose(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_bytes_and_back),
        cmocka_unit_test(what_is_no_base64_of_so_many_bytes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
