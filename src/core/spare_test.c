/* Large blocks that wait for their next use. With sanitizers there are none, and nothing is to be seen. */
#include "check.h"
#include "core/alloc.h"
#include "core/spare.h"

enum { MIB = 1 << 20 };

static void a_large_block_serves_again_and_a_small_one_is_none_of_its_affairs(void **state)
{
    (void)state;
    dtake__spare_keep(4 * MIB);
    char *block = dtake__alloc(MIB);
    CHECK(block != NULL);
    memset(block, 7, MIB);
    bool tells = dtake__spare_bytes(block) >= MIB;
    uintptr_t where = (uintptr_t)block;
    dtake__free(block);
    char *again = dtake__alloc(MIB - 1000);
    CHECK(again != NULL);
    CHECK(!tells || !dtake__spare_on() || (uintptr_t)again == where);
    memset(again, 8, MIB - 1000);
    char *small = dtake__alloc(100);
    memset(small, 9, 100);
    dtake__free(small);
    dtake__free(again);
    dtake__spare_keep(-4 * MIB);
    CHECK(!dtake__spare_on());
}

static void a_block_that_grows_keeps_what_it_holds(void **state)
{
    (void)state;
    unsigned char *block = NULL;
    size_t had = 0;
    dtake__spare_keep(8 * MIB);
    for (size_t bytes = 1000; bytes < 3 * MIB; bytes = bytes * 3 / 2) {
        block = dtake__realloc(block, bytes);
        CHECK(block != NULL);
        for (size_t i = had; i < bytes; i++)
            block[i] = (unsigned char)(i % 251);
        for (size_t i = 0; i < bytes; i += 97)
            CHECK_EQ(block[i], i % 251);
        had = bytes;
    }
    block = dtake__realloc(block, 200000); /* and when it shrinks */
    for (size_t i = 0; i < 200000; i++)
        CHECK_EQ(block[i], i % 251);
    dtake__free(block);
    dtake__spare_keep(-8 * MIB);
}

static void no_memory_is_no_memory_with_spares_too(void **state)
{
    (void)state;
    dtake__spare_keep(4 * MIB);
    dtake__free(dtake__alloc(MIB));
    dtake__alloc_fail_after(0, false);
    CHECK(dtake__alloc(MIB) == NULL);
    char *block = dtake__alloc(MIB);
    CHECK(block != NULL);
    dtake__alloc_fail_after(0, false);
    CHECK(dtake__realloc(block, 2 * MIB) == NULL);
    block[0] = 1; /* still there */
    dtake__free(block);
    dtake__spare_keep(-4 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_block_serves_again_and_a_small_one_is_none_of_its_affairs),
        cmocka_unit_test(a_block_that_grows_keeps_what_it_holds),
        cmocka_unit_test(no_memory_is_no_memory_with_spares_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
