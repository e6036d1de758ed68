#include "check.h"

#include "cli/report.h"

static const dtake_cost cost = {
    .seconds = 2, .ideal_seconds = 1, .bytes = 8000000, .why = "1.00 s over, by the disk"
};

static void a_finished_job_is_held_against_its_ideal(void **state)
{
    (void)state;
    char text[256];
    dtake_progress p = { .items_total = 5, .items_done = 4, .items_skipped = 1 };
    dtake__report_summary(text, sizeof text, &cost, &p);
    CHECK(
        strstr(text,
               "4 images, 8.0 MB in 2.0 s (4.0 MB/s), 0 retried, 0 failed, 1 skipped; ideal 1.0 s (2.0x)") ==
        text);
    CHECK(strstr(text, "by the disk") != NULL);
}

static void an_interrupted_job_is_not(void **state)
{
    (void)state;
    char text[256];
    dtake_progress p = { .items_total = 5, .items_done = 1 };
    dtake__report_summary(text, sizeof text, &cost, &p);
    CHECK_STR(text, "1 image, 8.0 MB in 2.0 s (4.0 MB/s), 0 retried, 0 failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_job_is_held_against_its_ideal),
        cmocka_unit_test(an_interrupted_job_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
