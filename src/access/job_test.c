#include "access/journey.h"

static void the_real_scenes_are_cut_coloured_and_written(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = scenes_job(box.folder);
    char sheet[100];
    snprintf(sheet, sizeof sheet, "%s/sheet.png", box.folder);
    o.sheet_path = sheet;
    dtake_job *job = start_job(&box, &o);
    dtake_error err;
    dtake_status st = finish_job(job, &err);
    if (st != DTAKE_OK)
        fail_msg("%s", err.message);
    dtake_result r;
    size_t n = 0;
    for (; dtake_job_result(job, n, &r); n++) {
        CHECK_EQ(r.status, DTAKE_OK);
        CHECK_EQ(strlen(r.sha256), 64);
        CHECK(r.bytes > 1000 && r.wire_bytes > 10000);
        CHECK_EQ(r.width, 197);
        struct stat about;
        CHECK_EQ(stat(r.path, &about), 0);
        CHECK_EQ(about.st_size, r.bytes);
    }
    CHECK_EQ(n, 5);
    CHECK_EQ(count_files(box.folder, ".tif"), 5);
    CHECK_EQ(count_files(box.folder, "sheet.png"), 1);
    CHECK_EQ(count_files(box.folder, ".part"), 0);
    dtake_progress p;
    dtake_job_progress(job, &p);
    CHECK(p.finished && p.items_total == 5 && p.items_done == 5 && p.active_count == 0);
    dtake_cost cost;
    dtake_job_cost(job, &cost);
    CHECK(cost.seconds > 0 && cost.tiles >= 15 && cost.why[0] != '\0');
    dtake_job_free(job);
    close_sandbox(&box);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return dtake_status_exit(dtake_worker_run(0, 1, NULL));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_scenes_are_cut_coloured_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
