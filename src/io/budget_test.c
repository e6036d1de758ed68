#include "io/runtime_fixture.h"

typedef struct share {
    dtake__budget_wait wait;
    char name;
    char *granted;
    dtake_runtime *runtime;
} share;

static void note_grant(dtake__budget_wait *wait)
{
    share *at = (share *)wait;
    char name[2] = { at->name, '\0' };
    strcat(at->granted, name);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

/* Grants are given on the loop: after a round trip there they have been given. */
static void settle(dtake_runtime *runtime)
{
    call_on_loop(runtime, nothing, NULL);
    call_on_loop(runtime, nothing, NULL);
}

static void tell_on_loop(dtake_runtime *runtime, void (*tell)(void *ctx), share *at)
{
    call_on_loop(runtime, tell, at);
    settle(runtime);
}

static void the_budget_is_shared_in_order_and_lets_a_giant_in_alone(void **state)
{
    (void)state;
    char granted[16] = "";
    dtake_runtime *runtime = open_runtime(1, 100);
    const struct {
        char name;
        int64_t bytes;
        uint64_t order;
    } asked[] = { { 'a', 60, 1 }, { 'b', 50, 5 }, { 'c', 10, 9 }, { 'd', 30, 2 }, { 'G', 500, 6 } };
    share shares[5];
    for (int i = 0; i < 5; i++) {
        shares[i] = (share){ { .bytes = asked[i].bytes, .order = asked[i].order, .granted = note_grant },
                             asked[i].name,
                             granted };
        dtake__budget_acquire(runtime, &shares[i].wait);
        settle(runtime);
    }
    /* a takes 60; b does not fit; c may not overtake it; d is earlier than b and fits */
    CHECK_STR(granted, "ad");
    dtake__budget_release(runtime, 60);
    settle(runtime);
    CHECK_STR(granted, "adb"); /* 80 of 100; the giant waits, c behind it */
    dtake__budget_release(runtime, 30);
    settle(runtime);
    CHECK_STR(granted, "adb");
    dtake__budget_release(runtime, 50);
    settle(runtime);
    CHECK_STR(granted, "adbG"); /* alone */
    dtake__budget_release(runtime, 500);
    settle(runtime);
    CHECK_STR(granted, "adbGc");
    dtake__budget_release(runtime, 10);
    dtake_runtime_close(runtime);
}

/* What the loop thread does for who has all its bytes, or is through. */
static void tell_fetched(void *ctx)
{
    share *at = ctx;
    dtake__budget_fetched(at->runtime, &at->wait);
}

static void tell_ended(void *ctx)
{
    share *at = ctx;
    dtake__budget_ended(at->runtime, &at->wait);
    dtake__budget_release(at->runtime, at->wait.bytes);
}

static void while_nobody_fetches_one_more_is_let_in_beyond_the_budget(void **state)
{
    (void)state;
    char granted[16] = "";
    dtake_runtime *runtime = open_runtime(1, 100);
    static const int64_t bytes[] = { 90, 50, 10, 500, 400 };
    share shares[5];
    for (int i = 0; i < 5; i++) {
        shares[i] =
            (share){ { .bytes = bytes[i], .granted = note_grant, .fetches = true, .order = (uint64_t)i },
                     (char)('a' + i),
                     granted,
                     runtime };
        dtake__budget_acquire(runtime, &shares[i].wait);
    }
    settle(runtime);
    CHECK_STR(granted, "a");
    CHECK_EQ(dtake__budget_waiting(runtime), 4);
    tell_on_loop(runtime, tell_fetched, &shares[0]);
    CHECK_STR(granted, "ab"); /* 140 of 100, and b fetches */
    tell_on_loop(runtime, tell_fetched, &shares[1]);
    CHECK_STR(granted, "ab"); /* no third beyond the limit */
    tell_on_loop(runtime, tell_ended, &shares[0]);
    CHECK_STR(granted, "abc"); /* fits */
    tell_on_loop(runtime, tell_ended, &shares[1]);
    tell_on_loop(runtime, tell_fetched, &shares[2]);
    CHECK_STR(granted, "abcd"); /* giants: two at a time */
    tell_on_loop(runtime, tell_fetched, &shares[3]);
    CHECK_STR(granted, "abcd");
    tell_on_loop(runtime, tell_ended, &shares[2]);
    CHECK_STR(granted, "abcde");
    tell_on_loop(runtime, tell_ended, &shares[3]);
    tell_on_loop(runtime, tell_ended, &shares[4]);
    dtake_runtime_close(runtime);
}

typedef struct withdrawal {
    dtake_runtime *runtime;
    share *waiting, *granted;
} withdrawal;

static void withdraw_both(void *ctx)
{
    withdrawal *at = ctx;
    CHECK(dtake__budget_withdraw(at->runtime, &at->waiting->wait));
    CHECK(!dtake__budget_withdraw(at->runtime, &at->waiting->wait));
    CHECK(!dtake__budget_withdraw(at->runtime, &at->granted->wait));
}

static void who_withdraws_is_not_granted_and_makes_way(void **state)
{
    (void)state;
    char granted[16] = "";
    dtake_runtime *runtime = open_runtime(1, 100);
    share a = { { .bytes = 90, .granted = note_grant }, 'a', granted };
    share b = { { .bytes = 50, .granted = note_grant }, 'b', granted };
    share c = { { .bytes = 10, .granted = note_grant }, 'c', granted };
    dtake__budget_acquire(runtime, &a.wait);
    dtake__budget_acquire(runtime, &b.wait);
    dtake__budget_acquire(runtime, &c.wait);
    settle(runtime);
    CHECK_STR(granted, "a");
    call_on_loop(runtime, withdraw_both, &(withdrawal){ runtime, &b, &a });
    settle(runtime);
    CHECK_STR(granted, "ac");
    dtake_runtime_close(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_is_shared_in_order_and_lets_a_giant_in_alone),
        cmocka_unit_test(while_nobody_fetches_one_more_is_let_in_beyond_the_budget),
        cmocka_unit_test(who_withdraws_is_not_granted_and_makes_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
