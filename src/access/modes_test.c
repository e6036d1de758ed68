/* The three modes, compare, cancelling: this program is its own worker. */
#include "access/journey.h"

#include "io/checksum.h"

static dtake_get_options in_mode(const char *folder, dtake_mode mode)
{
    dtake_get_options o = scenes_job(folder);
    o.mode = mode;
    o.processes = 2;
    o.program = "/proc/self/exe";
    return o;
}

static void three_modes_write_the_same_files(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    static const dtake_mode modes[] = { DTAKE_MODE_ASYNC, DTAKE_MODE_SEQUENTIAL, DTAKE_MODE_PROCESSES };
    char sha256[3][5][65], sheet_sha256[3][65];
    for (int m = 0; m < 3; m++) {
        char folder[100], sheet[120];
        snprintf(folder, sizeof folder, "%s/%d", box.folder, m);
        snprintf(sheet, sizeof sheet, "%s.png", folder);
        dtake_get_options o = in_mode(folder, modes[m]);
        o.sheet_path = sheet;
        dtake_job *job = start_job(&box, &o);
        dtake_error err;
        if (finish_job(job, &err) != DTAKE_OK)
            fail_msg("mode %d: %s", m, err.message);
        dtake_result r;
        size_t n = 0;
        int64_t bytes = 0;
        for (; dtake_job_result(job, n, &r); n++) {
            /* by date: S2B_33TWL_20230810, 13, A15, A18, B20 */
            int day = atoi(strstr(r.id, "_202308") + 7), place = day == 10   ? 0
                                                                 : day == 13 ? 1
                                                                 : day == 15 ? 2
                                                                 : day == 18 ? 3
                                                                             : 4;
            CHECK_OK(dtake__sha256_file(r.path, sha256[m][place], NULL));
            CHECK_STR(r.sha256, sha256[m][place]);
            bytes += r.wire_bytes;
        }
        CHECK_EQ(n, 5);
        dtake_progress p;
        dtake_cost cost;
        dtake_job_progress(job, &p);
        CHECK(p.finished && p.items_done == 5 && p.items_total == 5 && p.items_failed == 0);
        CHECK_EQ(p.bytes_done, bytes);
        dtake_job_cost(job, &cost);
        CHECK_EQ(cost.tiles, 15);
        CHECK(cost.peak_rss_bytes > 1000000 && cost.cpu_used_seconds > 0);
        CHECK_OK(dtake__sha256_file(sheet, sheet_sha256[m], NULL));
        dtake_job_free(job);
    }
    for (int m = 1; m < 3; m++) {
        for (int i = 0; i < 5; i++)
            CHECK_STR(sha256[m][i], sha256[0][i]);
        CHECK_STR(sheet_sha256[m], sheet_sha256[0]);
    }
    close_sandbox(&box);
}

static void compare_runs_each_mode_in_a_process_of_its_own(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    static const dtake_mode modes[] = { DTAKE_MODE_SEQUENTIAL, DTAKE_MODE_ASYNC, DTAKE_MODE_PROCESSES };
    dtake_get_options o = in_mode(box.folder, DTAKE_MODE_ASYNC);
    dtake_comparison c;
    dtake_error err;
    if (dtake_compare(&o, modes, 3, NULL, NULL, NULL, NULL, &c, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK(c.identical && c.difference[0] == '\0');
    CHECK_EQ(c.rows, 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(c.row[i].files, 5);
        CHECK(c.row[i].seconds > 0 && c.row[i].bytes > 100000 && c.row[i].peak_rss_bytes > 1000000);
        CHECK_EQ(c.row[i].bytes, c.row[0].bytes);
    }
    CHECK(c.row[0].speedup == 1);
    CHECK_EQ(count_files(box.folder, ".tif"), 15);
    close_sandbox(&box);
}

static void a_job_that_fails_fails_alike_in_processes(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    static const char *const no_such[] = { "B99" };
    dtake_get_options o = in_mode(box.folder, DTAKE_MODE_PROCESSES);
    dtake_error err;
    o.bands = no_such;
    o.band_count = 1;
    dtake_job *job = start_job(&box, &o);
    CHECK_STATUS(finish_job(job, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "all 5 items failed") != NULL && strstr(err.message, "B99") != NULL);
    dtake_job_free(job);

    o = in_mode(box.folder, DTAKE_MODE_PROCESSES);
    o.bbox = (dtake_box){ 0, 0, 1, 1 };
    job = start_job(&box, &o);
    CHECK_STATUS(finish_job(job, &err), DTAKE_E_EMPTY);
    CHECK_STR(err.message, "0 of 5 items left: 5 outside the bbox");
    dtake_job_free(job);
    close_sandbox(&box);
}

static void a_worker_that_dies_fails_its_items_with_a_clear_line(void **state)
{
    (void)state;
    sandbox box = open_sandbox();
    dtake_get_options o = in_mode(box.folder, DTAKE_MODE_PROCESSES);
    dtake_error err;
    o.program = "/bin/false";
    dtake_job *job = start_job(&box, &o);
    CHECK_STATUS(finish_job(job, &err), DTAKE_E_OTHER);
    if (strstr(err.message, "worker process ended with exit status 1") == NULL)
        fail_msg("%s", err.message);
    dtake_job_free(job);

    o.program = "/no/such/program";
    CHECK_STATUS(dtake_get_start(&job, box.runtime, &o, &err), DTAKE_E_OTHER);
    CHECK(strstr(err.message, "/no/such/program") != NULL);
    close_sandbox(&box);
}

static void on_done(dtake_status status, dtake_job *job, void *ctx)
{
    (void)job;
    *(dtake_status *)ctx = status;
}

static void a_cancelled_job_leaves_no_part_files(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    static const dtake_mode modes[] = { DTAKE_MODE_ASYNC, DTAKE_MODE_SEQUENTIAL, DTAKE_MODE_PROCESSES };
    for (int m = 0; m < 3; m++)
        for (int when = 0; when < 4; when++) {
            char folder[100];
            snprintf(folder, sizeof folder, "%s/%d-%d", box.folder, m, when);
            dtake_get_options o = in_mode(folder, modes[m]);
            o.has_bbox = false; /* whole scenes: long enough to be met in the middle */
            dtake_job *job = start_job(&box, &o);
            dtake_status told = DTAKE_OK;
            dtake_error err;
            CHECK_OK(dtake_job_notify(job, on_done, &told));
            dtake_progress p = { 0 };
            for (int spin = 0; when > 0 && spin < 2000 && !p.finished;
                 spin++) { /* until `when` things have happened */
                dtake_job_progress(job, &p);
                if (when == 1 ? p.items_known : when == 2 ? p.bytes_done > 0 : p.items_done > 0)
                    break;
                dtake_job_wait(job, 1);
            }
            dtake_job_cancel(job);
            dtake_job_cancel(job);
            dtake_status st = finish_job(job, &err);
            CHECK(st == DTAKE_E_CANCELLED || st == DTAKE_OK);
            if (told != st)
                fail_msg("mode %d, when %d: told %d, status %d", m, when, told, st);
            if (when == 0)
                CHECK_EQ(st, DTAKE_E_CANCELLED);
            dtake_result r;
            size_t n = 0;
            while (dtake_job_result(job, n, &r))
                n++;
            CHECK_EQ(count_files(folder, ".tif"), n);
            CHECK_EQ(count_files(folder, ".part"), 0);
            dtake_job_free(job);
        }
    close_sandbox(&box);
}

static void freeing_a_running_job_cancels_it(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    for (int i = 0; i < 5; i++) {
        dtake_get_options o = in_mode(box.folder, DTAKE_MODE_ASYNC);
        o.overwrite = true;
        dtake_job *job = start_job(&box, &o);
        dtake_job_wait(job, i * 5);
        dtake_job_free(job);
        CHECK_EQ(count_files(box.folder, ".part"), 0);
    }
    close_sandbox(&box);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "worker") == 0)
        return dtake_status_exit(dtake_worker_run(0, 1, NULL));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_modes_write_the_same_files),
        cmocka_unit_test(compare_runs_each_mode_in_a_process_of_its_own),
        cmocka_unit_test(a_job_that_fails_fails_alike_in_processes),
        cmocka_unit_test(a_worker_that_dies_fails_its_items_with_a_clear_line),
        cmocka_unit_test(a_cancelled_job_leaves_no_part_files),
        cmocka_unit_test(freeing_a_running_job_cancels_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
