#include "catalog/hash.h"

#include "check.h"

/* Runs of zeros with one bit set somewhere are what packed numbers and small identities are made of. */
static void one_bit_anywhere_changes_the_hash(void **state)
{
    (void)state;
    uint8_t bytes[80] = { 0 };
    for (size_t len = 1; len <= sizeof bytes; len++) {
        uint64_t zeros = dtake__hash64(bytes, len, len);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if ((uint32_t)dtake__hash64(bytes, len, len) == (uint32_t)zeros)
                fail_msg("%zu bytes: bit %zu is not seen", len, bit);
            bytes[bit / 8] = 0;
        }
    }
}

static void identities_that_begin_with_zeros_are_told_apart(void **state)
{
    (void)state;
    uint8_t id[2][16] = { { 0 }, { 0 } };
    for (int last = 0; last < 255; last++) {
        id[0][15] = (uint8_t)last;
        id[1][15] = (uint8_t)(last + 1);
        assert_true(dtake__hash64(id[0], 16, 5) != dtake__hash64(id[1], 16, 5));
    }
}

static void every_seed_tells_bytes_apart(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++)
        for (uint64_t word = 0; word < 100; word++) {
            uint64_t next = word + 1;
            assert_true(dtake__hash64(&word, 8, seed) != dtake__hash64(&next, 8, seed));
        }
    assert_int_equal(dtake__hash64("", 0, 0), 0); /* the checksum of nothing, as files have it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bit_anywhere_changes_the_hash),
        cmocka_unit_test(identities_that_begin_with_zeros_are_told_apart),
        cmocka_unit_test(every_seed_tells_bytes_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
