#include "check.h"
#include "core/alloc.h"

static void an_array_doubles_and_keeps_what_it_holds(void **state)
{
    int *at = NULL;
    size_t room = 0, moves = 0;
    (void)state;
    for (size_t count = 0; count < 1000; count++) {
        moves += count == room;
        at = dtake__room_for_one(at, count, &room, sizeof *at);
        CHECK(at != NULL && room > count);
        at[count] = (int)count;
    }
    CHECK_EQ(room, 1024);
    CHECK_EQ(moves, 8);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ(at[i], i);
    dtake__free(at);
}

static void an_array_that_cannot_grow_stays_as_it_was(void **state)
{
    (void)state;
    size_t room = 0, huge = SIZE_MAX / 2 + 1;
    char *at = dtake__room_for_one(NULL, 0, &room, 1);
    CHECK(at != NULL);
    at[0] = 'a';
    dtake__alloc_fail_after(0, false);
    CHECK(dtake__room_for_one(at, room, &room, 1) == NULL);
    CHECK_EQ(room, 8);
    CHECK_EQ(at[0], 'a');
    CHECK(dtake__room_for_one(at, huge, &huge, 16) == NULL); /* more bytes than can be counted */
    CHECK_EQ(huge, SIZE_MAX / 2 + 1);
    dtake__free(at);
}

static void a_copy_of_nothing_is_an_empty_text(void **state)
{
    (void)state;
    char *copy = dtake__strndup(NULL, 0); /* an empty span of bytes */
    CHECK_STR(copy, "");
    dtake__free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_doubles_and_keeps_what_it_holds),
        cmocka_unit_test(an_array_that_cannot_grow_stays_as_it_was),
        cmocka_unit_test(a_copy_of_nothing_is_an_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
