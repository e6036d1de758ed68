#include "check.h"

#include "core/decimal.h"
#include "core/number.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void reads_as_strtod(const char *text)
{
    double ours, theirs = strtod(text, NULL);
    if (isinf(theirs)) {
        CHECK(!dtake__parse_f64(text, &ours));
        return;
    }
    if (!dtake__parse_f64(text, &ours) || !same(ours, theirs))
        fail_msg("%s: %.17g, strtod has %.17g", text, ours, theirs);
}

static void a_double_is_rounded_to_the_nearest(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "-0.0e5",
        "1",
        "0.1",
        "1e22",
        "1e23",
        "8.5e22",
        "9007199254740993",
        "9007199254740992.99999",
        "9007199254740993.00000000000000000001",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1e400",
        "1e4294967296",
        "1e-4294967296",
        "1e4294967297",
        "0.1e42949672960000000000",
        "-1e400",
        "5e-324",
        "2.4703282292062327208e-324",
        "2.4703282292062328e-324",
        "1e-400",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "123456789012345678901234567890",
        "0.000000000000000000000000000001234567890123456789",
        "00000000000000000000000000001.5",
        "0.1000000000000000055511151231257827021181583404541015625",
        "1e0000000000000000000000000000000000005",
        "1e-999999999999999999999",
        "0e999999999999999999999",
        "6929001713869936e236",
        "9.5e-65",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203126",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        reads_as_strtod(texts[i]);
}

static void a_half_way_number_with_900_digits_is_rounded_by_its_last(void **state)
{
    (void)state;
    char text[1000] = "1.00000000000000011102230246251565404236316680908203125";
    size_t len = strlen(text);
    memset(text + len, '0', 900 - len);
    text[900] = '\0';
    double value;
    CHECK(dtake__parse_f64(text, &value) && value == 1.0);
    text[899] = '1';
    CHECK(dtake__parse_f64(text, &value) && value == 1.0 + DBL_EPSILON);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void a_hundred_thousand_random_numbers_read_as_strtod_reads_them(void **state)
{
    (void)state;
    uint64_t seed = 20240731;
    char text[64];
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random(&seed);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        snprintf(text, sizeof text, "%.*e", (int)(bits % 20), value);
        reads_as_strtod(text);
        snprintf(text, sizeof text, "%.*f", (int)(bits % 17), (double)(int64_t)(bits >> 20) * 1e-9);
        reads_as_strtod(text);
    }
}

static void integers_keep_all_64_bits(void **state)
{
    (void)state;
    int64_t i;
    uint64_t u;
    CHECK(dtake__parse_i64("9223372036854775807", &i) && i == INT64_MAX);
    CHECK(dtake__parse_i64("-9223372036854775808", &i) && i == INT64_MIN);
    CHECK(dtake__parse_i64("+0000000000000000000000000007", &i) && i == 7);
    CHECK(!dtake__parse_i64("9223372036854775808", &i));
    CHECK(!dtake__parse_i64("-9223372036854775809", &i));
    CHECK(dtake__parse_i64("-123456789012345", &i) && i == -123456789012345);
    CHECK(dtake__parse_i64("-1234567890123456", &i) && i == -1234567890123456);
    CHECK(dtake__parse_i64("007", &i) && i == 7);
    CHECK(!dtake__parse_i64("7.0", &i) && !dtake__parse_i64("7.", &i) && !dtake__parse_i64("--7", &i));
    CHECK(!dtake__parse_i64("1e3", &i));
    CHECK(!dtake__parse_i64("-", &i));
    CHECK(dtake__parse_u64_span(DTAKE__SPAN("18446744073709551615"), &u) && u == UINT64_MAX);
    CHECK(!dtake__parse_u64_span(DTAKE__SPAN("18446744073709551616"), &u));
    CHECK(!dtake__parse_u64_span(DTAKE__SPAN("184467440737095516150"), &u));
    CHECK(!dtake__parse_u64_span(DTAKE__SPAN("-1"), &u));
    CHECK(dtake__parse_u64_span(DTAKE__SPAN("-0"), &u) && u == 0);
}

static void only_the_span_is_read(void **state)
{
    (void)state;
    double f;
    int64_t i;
    CHECK(dtake__parse_f64_span((dtake__span){ "12.55", 4 }, &f) && f == 12.5);
    CHECK(dtake__parse_i64_span((dtake__span){ "1234567890", 3 }, &i) && i == 123);
    CHECK(!dtake__parse_f64_span((dtake__span){ "12.5", 0 }, &f));
    CHECK(!dtake__parse_f64_span((dtake__span){ "1\0", 2 }, &f));
}

static void words_for_numbers_are_known_and_hexadecimal_is_not(void **state)
{
    (void)state;
    double f;
    CHECK(dtake__parse_f64("NaN", &f) && isnan(f));
    CHECK(dtake__parse_f64("-inf", &f) && f == -INFINITY);
    CHECK(dtake__parse_f64("+Infinity", &f) && f == INFINITY);
    CHECK(dtake__parse_f64(".5", &f) && f == 0.5);
    CHECK(dtake__parse_f64("5.", &f) && f == 5);
    CHECK(dtake__parse_f64("-0", &f) && f == 0 && signbit(f));
    CHECK(!dtake__parse_f64(".", &f) && !dtake__parse_f64("-.", &f) && !dtake__parse_f64("1.2.3", &f));
    static const char *const wrong[] = { "",     "-",  ".",   "+.",  "e5",   "5e",   "5e+",
                                         "0x10", "1 ", "--1", "1,5", "nano", "1_000" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (dtake__parse_f64(wrong[i], &f))
            fail_msg("'%s' was a number", wrong[i]);
}

static void a_decimal_knows_how_it_was_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool whole, plain;
    } cases[] = { { "10", true, true },   { "-0", true, true },   { "01", true, false },
                  { "+1", true, false },  { "1.5", false, true }, { "1.", false, false },
                  { ".5", false, false }, { "1e5", false, true }, { "0.5E-3", false, true } };
    dtake__decimal n;
    int64_t i;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        CHECK(dtake__decimal_scan(cases[k].text, cases[k].text + strlen(cases[k].text), &n));
        CHECK_EQ(n.whole, cases[k].whole);
        CHECK_EQ(n.plain, cases[k].plain);
    }
    static const char texts[] = "32633.0,1.5,1e17";
    const char *end = texts + sizeof texts - 1;
    CHECK(dtake__decimal_scan(texts, end, &n) && *n.end == ',');
    CHECK(dtake__decimal_i64(&n, &i) && i == 32633);
    CHECK(dtake__decimal_scan(texts + 8, end, &n) && !dtake__decimal_i64(&n, &i));
    CHECK(dtake__decimal_scan(texts + 12, end, &n) && n.end == end && !dtake__decimal_i64(&n, &i));
}

/* The text that printf makes with the fewest digits from 15 on. */
static void check_format(double value)
{
    char ours[32], theirs[32];
    for (int count = 15; count <= 17; count++) {
        snprintf(theirs, sizeof theirs, "%.*g", count, value);
        if (strtod(theirs, NULL) == value)
            break;
    }
    dtake__format_f64(value, ours, sizeof ours);
    CHECK_STR(ours, theirs);
}

static void doubles_are_written_as_printf_would_with_the_fewest_digits(void **state)
{
    (void)state;
    static const double values[] = {
        0,    -0.0, 1,    -1,    0.1,    100,     1e14,           1e15,  999999999999999,   1e16,
        1e-4, 1e-5, 0.25, 1e300, 5e-324, 1.0 / 3, -82.4350000001, 13.57, 1234567.000000001, INFINITY
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        check_format(values[i]);
    for (int power = -70; power < 70; power++) /* where the next double below is nearer than the one above */
        for (int step = -2; step <= 2; step++)
            check_format(ldexp(1, power) * (1 + step * 0x1p-53));
    uint64_t seed = 8;
    static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12, 1e15, 1e18 };
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = next_random(&seed);
        double value = (double)(int64_t)(bits >> (8 + bits % 50)) / tens[bits % 13];
        check_format(bits & 64 ? -value : value);
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value))
            check_format(value);
        check_format(ldexp((double)(bits >> 11), -53) * 360 - 180); /* a longitude that was computed */
    }
}

static void integers_are_written_to_their_last_digit(void **state)
{
    (void)state;
    char text[24];
    CHECK_EQ(dtake__format_i64(INT64_MIN, text), 20);
    CHECK_STR(text, "-9223372036854775808");
    CHECK_EQ(dtake__format_u64(UINT64_MAX, text), 20);
    CHECK_STR(text, "18446744073709551615");
    CHECK_EQ(dtake__format_i64(0, text), 1);
    CHECK_STR(text, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_double_is_rounded_to_the_nearest),
        cmocka_unit_test(a_half_way_number_with_900_digits_is_rounded_by_its_last),
        cmocka_unit_test(a_hundred_thousand_random_numbers_read_as_strtod_reads_them),
        cmocka_unit_test(integers_keep_all_64_bits),
        cmocka_unit_test(only_the_span_is_read),
        cmocka_unit_test(words_for_numbers_are_known_and_hexadecimal_is_not),
        cmocka_unit_test(a_decimal_knows_how_it_was_written),
        cmocka_unit_test(doubles_are_written_as_printf_would_with_the_fewest_digits),
        cmocka_unit_test(integers_are_written_to_their_last_digit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
