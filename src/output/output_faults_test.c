/* What cannot be written is told, and nothing of it is left. */
#include "output/written_fixture.h"

#include "core/alloc.h"

#include <signal.h>
#include <sys/resource.h>

static void png_refuses_what_it_cannot_hold_and_leaves_the_pixels(void **state)
{
    (void)state;
    const struct {
        dtake_type type;
        int32_t bands;
    } bad[] = { { DTAKE_U16, 3 }, { DTAKE_F32, 1 }, { DTAKE_U8, 2 }, { DTAKE_U8, 4 }, { DTAKE_I16, 1 } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dtake_error err;
        dtake_pixels in = fixture_pixels(bad[i].type, 2, 2, bad[i].bands, 0);
        dtake__output output = utm(fixture_path("no.png"), DTAKE_PNG, in);
        CHECK_STATUS(dtake__output_start(runtime, &output, &err, keep, NULL), DTAKE_E_USAGE);
        CHECK(strstr(err.message, "--visualize") && strstr(err.message, "no.png"));
        CHECK(output.pixels.data == in.data);
        dtake_pixels_dispose(&output.pixels);
    }
    CHECK(access(fixture_path("no.png"), F_OK) != 0);
}

static void failures_name_the_path_and_leave_nothing(void **state)
{
    (void)state;
    int before = fixture_files();
    char longer[320] = "";
    memset(longer, 'n', 300);
    const char *paths[] = { "/proc/none/x.tif", fixture_path(longer) };
    for (size_t i = 0; i < 2; i++)
        for (int format = DTAKE_GEOTIFF; format <= DTAKE_PNG; format++) {
            dtake__output output =
                utm(paths[i], (dtake_file_format)format, fixture_pixels(DTAKE_U8, 40, 40, 3, 1));
            answer a = write_on(runtime, &output);
            CHECK(a.status != DTAKE_OK && a.status == a.err.status);
            if (!strstr(a.err.message, i == 0 ? "/proc/none" : "nnnn") || strchr(a.err.message, '\n'))
                fail_msg("said: %s", a.err.message);
        }
    CHECK_EQ(fixture_files(), before);
}

static void a_file_that_is_there_stays_unless_it_may_be_replaced(void **state)
{
    (void)state;
    const char *path = fixture_path("there.tif");
    FILE *file = fopen(path, "w");
    fputs("mine", file);
    fclose(file);
    dtake__output output = utm(path, DTAKE_GEOTIFF, fixture_pixels(DTAKE_U8, 40, 40, 1, 0));
    answer a = write_on(runtime, &output);
    CHECK_EQ(a.status, DTAKE_E_STATE);
    struct stat st;
    CHECK(stat(path, &st) == 0 && st.st_size == 4);
}

static void a_full_disk_is_told_and_leaves_nothing(void **state)
{
    (void)state;
    int before = fixture_files();
    struct rlimit old, small = { 20000, RLIM_INFINITY };
    getrlimit(RLIMIT_FSIZE, &old);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    dtake_pixels in = fixture_pixels(DTAKE_U16, 600, 600, 1, 0);
    paint(&in);
    dtake__output output = utm(fixture_path("full.tif"), DTAKE_COG, in);
    answer a = write_on(runtime, &output);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK_EQ(a.status, DTAKE_E_LOCAL_IO);
    CHECK(strstr(a.err.message, "full.tif"));
    CHECK_EQ(fixture_files(), before);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    int failed = 0;
    for (long after = 0; after < 60; after++) {
        dtake_pixels in = fixture_pixels(DTAKE_U16, 600, 40, 1, 1);
        in.mask[0] = 0;
        dtake__output output = utm(fixture_path("nomem.tif"), DTAKE_COG, in);
        output.replace = true;
        answer a = { .latch = dtake__latch_new() };
        dtake__alloc_fail_after(after, false);
        dtake_status st = dtake__output_start(runtime, &output, &a.err, keep, &a);
        if (st == DTAKE_OK) {
            CHECK(dtake__latch_wait(a.latch, 60000));
            st = a.status;
        }
        dtake__alloc_fail_after(-1, false);
        CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
        failed += st == DTAKE_E_NOMEM;
        dtake_pixels_dispose(&output.pixels);
        dtake__latch_free(a.latch);
    }
    CHECK(failed >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_refuses_what_it_cannot_hold_and_leaves_the_pixels),
        cmocka_unit_test(failures_name_the_path_and_leave_nothing),
        cmocka_unit_test(a_file_that_is_there_stays_unless_it_may_be_replaced),
        cmocka_unit_test(a_full_disk_is_told_and_leaves_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
