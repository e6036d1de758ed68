#include "check.h"

#include "io/space.h"

static void a_file_that_fits_passes_wherever_its_folders_are(void **state)
{
    (void)state;
    CHECK_OK(dtake__space_check("/tmp/not/there/yet/a.tif", 1, NULL));
    CHECK_OK(dtake__space_check("a.tif", 1, NULL));
    CHECK_OK(dtake__space_check("/a.tif", 0, NULL));
}

static void what_no_disk_holds_is_refused_with_figures(void **state)
{
    dtake_error err = { 0 };
    (void)state;
    CHECK_EQ(dtake__space_check("/tmp/not/there/yet/a.tif", INT64_MAX, &err), DTAKE_E_LOCAL_IO);
    CHECK(strstr(err.message, "write /tmp/not/there/yet/a.tif: it needs 9223372036854.8 MB and ") != NULL);
    CHECK(strstr(err.message, "free on its disk") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_fits_passes_wherever_its_folders_are),
        cmocka_unit_test(what_no_disk_holds_is_refused_with_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
