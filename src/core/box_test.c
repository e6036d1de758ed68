#include "check.h"

#include <datatake/grid.h>

static void a_box_is_west_south_east_north(void **state)
{
    (void)state;
    dtake_box box;
    CHECK_OK(dtake_box_parse("-82.48,8.35,-82.39,8.44", &box, NULL));
    CHECK(box.west == -82.48 && box.south == 8.35 && box.east == -82.39 && box.north == 8.44);
    CHECK_OK(dtake_box_parse("-6 50  -5 51", &box, NULL));
    CHECK(box.west == -6 && box.north == 51);
    CHECK_OK(dtake_box_parse("179,-17,-179,-16", &box, NULL));
}

static void what_is_not_a_box_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        { "1,2,3", "got 3" },      { "1,2,3,4,5", "got 5" },      { "1,2,3,4,5,6", "more than 5" },
        { "", "four numbers" },    { "a,b,c,d", "four numbers" }, { "0,1,1,1", "south" },
        { "0,5,1,2", "order is" }, { "-200,0,1,1", "longitude" }, { "0,0,1,99", "latitude" },
        { "3,0,3,1", "empty" },    { "nan,0,1,1", "longitude" },  { "1,,2,3", "four numbers" },
    };
    dtake_box box;
    dtake_error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(dtake_box_parse(bad[i].text, &box, &err), DTAKE_E_USAGE);
        if (strstr(err.message, bad[i].says) == NULL)
            fail_msg("'%s' said: %s", bad[i].text, err.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_is_west_south_east_north),
        cmocka_unit_test(what_is_not_a_box_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
