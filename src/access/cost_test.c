#include "check.h"

#include "access/cost.h"

static const dtake__path here = { .cores = 2 };
static const dtake__path far = {
    .remote = true, .rtt_s = 0.05, .bandwidth_bytes_s = 125e6, .connections = 64, .cores = 2
};

static const char *why(dtake_cost *cost, const dtake__path *path, dtake_mode mode, dtake__delays delays)
{
    dtake__cost_why(cost, path, mode, &delays);
    return cost->why;
}

static void files_of_this_machine_take_what_the_processors_need(void **state)
{
    (void)state;
    dtake__facts facts = {
        .files = 3, .tiles = 27, .bytes = 5000000, .decoded_bytes = 1400000000, .written_bytes = 360000000
    };
    dtake__ideal ideal;
    dtake__ideal_of(&ideal, &facts, &here);
    CHECK(ideal.latency_s == 0 && ideal.wire_s == 0);
    CHECK(ideal.seconds > 1.999 && ideal.seconds < 2.001); /* 2 s to decode and 2 to encode, on 2 cores */
}

static void the_longest_delay_of_a_local_run_is_named(void **state)
{
    (void)state;
    dtake_cost c = { .seconds = 10, .ideal_seconds = 2, .cpu_used_seconds = 6 };
    CHECK_STR(why(&c, &here, DTAKE_MODE_ASYNC, (dtake__delays){ .file_wait_s = 1 }),
              "8.00 s lost in steps that waited for one another"); /* 1 s of the 8 is the processors' */
    CHECK_STR(why(&c, &here, DTAKE_MODE_ASYNC, (dtake__delays){ .others_s = 12, .file_wait_s = 8 }),
              "8.00 s lost, most of it to other programs, which had the processors for 12.00 s");
    CHECK_STR(why(&c, &here, DTAKE_MODE_ASYNC, (dtake__delays){ .others_s = 4, .file_wait_s = 28 }),
              "8.00 s lost, most of it to the file system: writes waited 28.00 s altogether");
    c.cpu_used_seconds = 19;
    CHECK_STR(why(&c, &here, DTAKE_MODE_SEQUENTIAL, (dtake__delays){ .others_s = 1, .file_wait_s = 0.5 }),
              "8.00 s lost, most of it to processors: 19.00 s of work on 2 cores");
}

static void nothing_of_a_network_is_said_of_files(void **state)
{
    (void)state;
    dtake_cost c = {
        .seconds = 10, .ideal_seconds = 2, .retry_wait_seconds = 9, .bytes = 2000, .bytes_min = 1000
    };
    CHECK_STR(why(&c, &here, DTAKE_MODE_SEQUENTIAL, (dtake__delays){ .queued_s = 100, .connections = 3 }),
              "8.00 s lost in steps that waited for one another");
}

static void a_remote_run_names_retries_and_round_trips(void **state)
{
    (void)state;
    dtake_cost c = { .seconds = 10,
                     .ideal_seconds = 2,
                     .retries = 7,
                     .retry_wait_seconds = 6,
                     .requests = 100,
                     .rtt_ms = 50 };
    CHECK_STR(why(&c, &far, DTAKE_MODE_ASYNC, (dtake__delays){ .connections = 1 }),
              "8.00 s lost, most of it to retries: 7, which waited 6.00 s altogether");
    CHECK_STR(why(&c, &far, DTAKE_MODE_SEQUENTIAL, (dtake__delays){ .connections = 1 }),
              "8.00 s lost, most of it to latency: one image after another, each with its own round trips of "
              "50 ms");
}

static void a_run_near_the_ideal_has_lost_nothing(void **state)
{
    (void)state;
    dtake_cost c = { .seconds = 2.05, .ideal_seconds = 2, .cpu_used_seconds = 8 };
    CHECK_STR(why(&c, &here, DTAKE_MODE_ASYNC, (dtake__delays){ .others_s = 30 }), "close to the ideal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_this_machine_take_what_the_processors_need),
        cmocka_unit_test(the_longest_delay_of_a_local_run_is_named),
        cmocka_unit_test(nothing_of_a_network_is_said_of_files),
        cmocka_unit_test(a_remote_run_names_retries_and_round_trips),
        cmocka_unit_test(a_run_near_the_ideal_has_lost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
