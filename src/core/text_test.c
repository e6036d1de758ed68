#include "check.h"

#include "core/text.h"

static void only_whole_numbers_are_numbers(void **state)
{
    (void)state;
    int64_t i;
    double f;
    CHECK(dtake__parse_i64("-12", &i));
    CHECK_EQ(i, -12);
    CHECK(!dtake__parse_i64("", &i));
    CHECK(!dtake__parse_i64(" 1", &i));
    CHECK(!dtake__parse_i64("1x", &i));
    CHECK(!dtake__parse_i64("99999999999999999999", &i));
    CHECK(dtake__parse_f64("-82.48", &f));
    CHECK(f == -82.48);
    CHECK(!dtake__parse_f64("1,5", &f));
}

static void a_double_written_reads_back_as_itself(void **state)
{
    (void)state;
    static const double values[] = { 0.1, 1e300, -82.4350000001, 1.0 / 3.0, 5.0 };
    char text[32];
    double back;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        dtake__format_f64(values[i], text, sizeof text);
        CHECK(dtake__parse_f64(text, &back) && back == values[i]);
    }
    CHECK_STR((dtake__format_f64(0.1, text, sizeof text), text), "0.1");
}

static void a_near_miss_is_one_edit_away(void **state)
{
    (void)state;
    CHECK_EQ(dtake__edit_distance("--bands", "--band"), 1);
    CHECK_EQ(dtake__edit_distance("", "abc"), 3);
    CHECK_EQ(dtake__edit_distance("scale", "scale"), 0);
}

static void a_list_is_taken_apart_piece_by_piece(void **state)
{
    (void)state;
    const char *rest = "B8,B4,";
    char piece[8];
    CHECK(dtake__next_piece(&rest, ',', piece, sizeof piece));
    CHECK_STR(piece, "B8");
    CHECK(dtake__next_piece(&rest, ',', piece, sizeof piece));
    CHECK(dtake__next_piece(&rest, ',', piece, sizeof piece));
    CHECK_STR(piece, "");
    CHECK(!dtake__next_piece(&rest, ',', piece, sizeof piece));
}

static void hexadecimal_digits_are_read_in_both_cases_and_written_small(void **state)
{
    (void)state;
    char text[9];
    CHECK_EQ(dtake__hex_digit('0'), 0);
    CHECK_EQ(dtake__hex_digit('9'), 9);
    CHECK_EQ(dtake__hex_digit('b'), 11);
    CHECK_EQ(dtake__hex_digit('F'), 15);
    for (const char *c = "/:@G`g \xC3"; *c != '\0'; c++)
        CHECK_EQ(dtake__hex_digit(*c), -1);
    dtake__hex_write(text, "\x00\x7f\xAB\xff", 4);
    CHECK_STR(text, "007fabff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_whole_numbers_are_numbers),
        cmocka_unit_test(a_double_written_reads_back_as_itself),
        cmocka_unit_test(a_near_miss_is_one_edit_away),
        cmocka_unit_test(hexadecimal_digits_are_read_in_both_cases_and_written_small),
        cmocka_unit_test(a_list_is_taken_apart_piece_by_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
