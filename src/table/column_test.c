#include "table/column.h"

#include "check.h"

static const uint8_t pattern[8] = { 0xa5, 0x3c, 0xff, 0x00, 0x81, 0x7e, 0x12, 0xed };

static void any_run_of_bits_is_copied_to_any_place(void **state)
{
    (void)state;
    for (int start = 0; start < 20; start++)
        for (int count = 0; count <= 64 - start; count++)
            for (int at = 0; at < 11; at++) {
                uint8_t to[16], copy[16];
                memset(to, 0x5a, sizeof to);
                memcpy(copy, to, sizeof to);
                dtake__bits_append(to, at, pattern, start, count);
                for (int i = 0; i < at; i++)
                    CHECK_EQ(dtake__bit(to, i), dtake__bit(copy, i));
                for (int i = 0; i < count; i++)
                    CHECK_EQ(dtake__bit(to, at + i), dtake__bit(pattern, start + i));
            }
}

static void copied_bits_end_with_zeros_and_read_nothing_behind(void **state)
{
    (void)state;
    for (int start = 0; start < 8; start++)
        for (int count = 1; count <= 64 - start; count++) {
            uint8_t *from = test_malloc(dtake__bit_bytes(start + count)), to[8];
            memcpy(from, pattern, dtake__bit_bytes(start + count));
            dtake__bits_copy(to, from, start, count);
            for (int i = count; i < (int)dtake__bit_bytes(count) * 8; i++)
                CHECK_EQ(dtake__bit(to, i), 0);
            test_free(from);
        }
}

static void ones_are_counted_in_any_run(void **state)
{
    uint8_t bits[40];
    (void)state;
    for (size_t i = 0; i < sizeof bits; i++)
        bits[i] = pattern[i % 8];
    for (int start = 0; start < 70; start++)
        for (int count = 0; start + count <= 320; count += 7) {
            int64_t ones = 0;
            for (int i = start; i < start + count; i++)
                ones += dtake__bit(bits, i);
            CHECK_EQ(dtake__bits_count(bits, start, count), ones);
        }
}

static void a_run_is_filled_and_what_is_before_it_stays(void **state)
{
    (void)state;
    for (int start = 0; start < 20; start++)
        for (int count = 0; start + count <= 64; count++) {
            uint8_t bits[8];
            memcpy(bits, pattern, sizeof bits);
            dtake__bits_fill(bits, start, count, true);
            CHECK_EQ(dtake__bits_count(bits, start, count), count);
            CHECK_EQ(dtake__bits_count(bits, 0, start), dtake__bits_count(pattern, 0, start));
            dtake__bits_fill(bits, start, count, false);
            CHECK_EQ(dtake__bits_count(bits, start, count), 0);
            CHECK_EQ(dtake__bits_count(bits, 0, start), dtake__bits_count(pattern, 0, start));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_run_of_bits_is_copied_to_any_place),
        cmocka_unit_test(copied_bits_end_with_zeros_and_read_nothing_behind),
        cmocka_unit_test(ones_are_counted_in_any_run),
        cmocka_unit_test(a_run_is_filled_and_what_is_before_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
