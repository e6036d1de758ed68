#include "check.h"

#include "io/permits.h"

static dtake__permits permits;
static int64_t now_us;

enum { RTT_US = 50000, ROUND_US = 100000 };

static void open_for(int most)
{
    now_us = 1000000;
    dtake__permits_init(&permits, most, now_us);
}

/* A round that takes `us`, with others waiting. */
static void run_round(int64_t us)
{
    int successes = dtake__permits_longs(&permits);
    now_us += us;
    for (int i = 0; i < successes; i++)
        dtake__permits_succeeded(&permits, 1000000, true, RTT_US, now_us);
}

/* Until three seconds are over, when a round's speed first counts, and once more. */
static void settle(void)
{
    for (int i = 0; i < 31; i++)
        run_round(ROUND_US);
}

static void long_requests_begin_with_64_and_short_ones_with_256(void **state)
{
    (void)state;
    open_for(1024);
    CHECK(dtake__permits_allow(&permits, false, 63, 63));
    CHECK(!dtake__permits_allow(&permits, false, 64, 64));
    CHECK(dtake__permits_allow(&permits, true, 64, 64));
    CHECK(dtake__permits_allow(&permits, true, 255, 0));
    CHECK(!dtake__permits_allow(&permits, true, 256, 0));
    CHECK(!dtake__permits_allow(&permits, false, 256, 0));
    CHECK(dtake__permits_allow(&permits, false, 255, 63));
    open_for(7);
    CHECK(dtake__permits_allow(&permits, true, 6, 0));
    CHECK(!dtake__permits_allow(&permits, true, 7, 7));
    CHECK(!dtake__permits_allow(&permits, false, 7, 0));
}

static void growth_of_the_first_sixty_round_trips_is_tcps_own(void **state)
{
    (void)state;
    open_for(256);
    for (int64_t us = 500000; us > 10000; us /= 2) /* twice as fast each time, within 3 s */
        run_round(us);
    CHECK_EQ(dtake__permits_longs(&permits), 64);
}

static void a_faster_round_lets_them_grow_and_a_slower_one_takes_it_back(void **state)
{
    (void)state;
    open_for(256);
    settle();
    CHECK_EQ(dtake__permits_longs(&permits), 64);
    run_round(ROUND_US * 9 / 10); /* better */
    CHECK_EQ(dtake__permits_longs(&permits), 64);
    run_round(ROUND_US);
    CHECK_EQ(dtake__permits_longs(&permits), 128);
    run_round(ROUND_US * 2); /* twice as many in twice the time */
    CHECK_EQ(dtake__permits_longs(&permits), 64);
    CHECK(dtake__permits_allow(&permits, true, 255, 0));
}

static void now_and_then_more_are_tried_and_kept_when_they_help(void **state)
{
    (void)state;
    open_for(200);
    settle();
    int rounds = 0;
    while (dtake__permits_longs(&permits) == 64 && rounds++ < 8)
        run_round(ROUND_US);
    CHECK_EQ(dtake__permits_longs(&permits), 128);
    run_round(ROUND_US); /* twice as many in the same time: better, and again */
    run_round(ROUND_US);
    CHECK_EQ(dtake__permits_longs(&permits), 200);
    run_round(ROUND_US);
    CHECK_EQ(dtake__permits_longs(&permits), 200);
}

static void nobody_waiting_means_no_growth(void **state)
{
    (void)state;
    open_for(256);
    for (int i = 0; i < 64 * 80; i++)
        dtake__permits_succeeded(&permits, 1000, false, RTT_US, now_us += ROUND_US / 64);
    CHECK_EQ(dtake__permits_longs(&permits), 64);
}

static void an_overloaded_host_halves_them_once_for_all_that_were_under_way(void **state)
{
    (void)state;
    open_for(256);
    int64_t sent_us = now_us;
    for (int i = 0; i < 64; i++)
        dtake__permits_overloaded(&permits, sent_us, now_us += 100);
    CHECK_EQ(dtake__permits_longs(&permits), 32);
    CHECK(dtake__permits_allow(&permits, true, 127, 0));
    CHECK(!dtake__permits_allow(&permits, true, 128, 0));
    run_round(ROUND_US);
    CHECK_EQ(dtake__permits_longs(&permits), 33);
    for (int i = 0; i < 9; i++) {
        sent_us = now_us + 1;
        dtake__permits_overloaded(&permits, sent_us, now_us = sent_us + 1);
    }
    CHECK_EQ(dtake__permits_longs(&permits), 1); /* never none */
    CHECK(dtake__permits_allow(&permits, true, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_requests_begin_with_64_and_short_ones_with_256),
        cmocka_unit_test(growth_of_the_first_sixty_round_trips_is_tcps_own),
        cmocka_unit_test(a_faster_round_lets_them_grow_and_a_slower_one_takes_it_back),
        cmocka_unit_test(now_and_then_more_are_tried_and_kept_when_they_help),
        cmocka_unit_test(nobody_waiting_means_no_growth),
        cmocka_unit_test(an_overloaded_host_halves_them_once_for_all_that_were_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
