#include "check.h"

#include "cli/print.h"
#include "cli/units.h"

#include <math.h>

static void sizes_are_read_with_decimal_and_binary_letters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = { { "1500", 1500 },       { "500k", 500000 }, { "50M", 50000000 }, { "96Mi", 100663296 },
                 { "1.5G", 1500000000 }, { "2KB", 2000 },    { "1KiB", 1024 },    { "0", 0 } };
    static const char *const bad[] = {
        "", "M", "-5", "5X", "5 M", "5MM", "1e3", "99999999T", "5Mi5", "1.2.3"
    };
    int64_t bytes;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK(dtake__parse_size(good[i].text, &bytes));
        CHECK(bytes == good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (dtake__parse_size(bad[i], &bytes))
            fail_msg("'%s' is no size", bad[i]);
}

static void amounts_have_three_figures(void **state)
{
    (void)state;
    char text[32];
    dtake__format_bytes(999, text, sizeof text);
    CHECK_STR(text, "999 B");
    dtake__format_bytes(12345678, text, sizeof text);
    CHECK_STR(text, "12.3 MB");
    dtake__format_bytes(123456789, text, sizeof text);
    CHECK_STR(text, "123 MB");
    dtake__format_bytes(999999, text, sizeof text);
    CHECK_STR(text, "1.0 MB");
    dtake__format_rate(3.8e6, text, sizeof text);
    CHECK_STR(text, "3.8 MB/s");
    dtake__format_seconds(0.421, text, sizeof text);
    CHECK_STR(text, "0.42 s");
    dtake__format_seconds(124.4, text, sizeof text);
    CHECK_STR(text, "2 m 04 s");
    dtake__format_countdown(112, text, sizeof text);
    CHECK_STR(text, "1:52");
    dtake__format_countdown(7384, text, sizeof text);
    CHECK_STR(text, "2:03:04");
}

static void control_characters_reach_no_terminal(void **state)
{
    (void)state;
    dtake_buf buf = DTAKE_BUF_INIT(256);
    CHECK_OK(dtake__put_visible(&buf, "a\x1b[31mb\n\x7f \xc2\x9b \xff caf\xc3\xa9 \xed\xa0\x80"));
    CHECK_STR(dtake__buf_str(&buf), "a\\x1b[31mb\\x0a\\x7f \\xc2\\x9b \\xff caf\xc3\xa9 \\xed\\xa0\\x80");
    dtake__buf_dispose(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_read_with_decimal_and_binary_letters),
        cmocka_unit_test(amounts_have_three_figures),
        cmocka_unit_test(control_characters_reach_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
