#include "check.h"

#include <stdlib.h>

#include "scene.h"

static landscape land;
static scene view;

static int make(void **state)
{
    (void)state;
    for (int b = 0; b < BANDS; b++)
        view.band[b] = malloc(PIXELS * sizeof *view.band[b]);
    view.classes = malloc(PIXELS);
    view.clouds = malloc(PIXELS * sizeof *view.clouds);
    return landscape_make(&land) ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    for (int b = 0; b < BANDS; b++)
        free(view.band[b]);
    free(view.classes);
    free(view.clouds);
    landscape_dispose(&land);
    return 0;
}

static void forty_scenes_pass_a_limit_of_85_and_one_is_exactly_there(void **state)
{
    (void)state;
    int below = 0, exact = 0;
    for (size_t i = 0; i < SCENES; i++) {
        pass p = schedule_pass(i);
        below += p.cloud < 8500;
        exact += p.cloud == 8500;
        CHECK(p.cloud >= 0 && p.cloud <= 10000);
        CHECK(i == 0 || p.time_ns > schedule_pass(i - 1).time_ns);
    }
    CHECK_EQ(below, 40);
    CHECK_EQ(exact, 1);
}

static void passes_are_five_days_apart_and_two_are_on_the_last_day(void **state)
{
    (void)state;
    CHECK_STR(schedule_pass(0).time, "2024-01-01T15:59:00Z");
    CHECK_STR(schedule_pass(12).time, "2024-03-01T15:59:00Z"); /* 2024 has a 29 February */
    CHECK_STR(schedule_pass(42).time, "2024-07-29T15:59:00Z");
    CHECK_STR(schedule_pass(43).time, "2024-07-31T00:00:00Z");
    CHECK_STR(schedule_pass(44).time, "2024-07-31T15:59:00Z");
    CHECK(schedule_pass(44).time_ns == 1722441540000000000);
    CHECK(strcmp(schedule_pass(43).id, schedule_pass(44).id) != 0);
}

/* Pixels of the classes 8 and 9 in hundredths of a percent, rounded. */
static int64_t cloud_share(void)
{
    int64_t cloudy = 0;
    for (size_t i = 0; i < PIXELS; i++)
        cloudy += view.classes[i] == 8 || view.classes[i] == 9;
    return (cloudy * 10000 + PIXELS / 2) / PIXELS;
}

static void the_painted_clouds_are_the_percentage_of_the_item(void **state)
{
    (void)state;
    const size_t some[] = { 0, 2, 31, 33, 36, 44 }; /* few, hardly any, exactly 85, nearly all, 84.99 */
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        pass p = schedule_pass(some[i]);
        CHECK(scene_paint(&land, &p, &view));
        CHECK_EQ(cloud_share(), p.cloud);
        for (size_t k = 0; k < PIXELS; k++)
            for (int b = 0; b < BANDS; b++)
                if (view.band[b][k] == 0 || view.band[b][k] > 10000)
                    fail_msg("scene %zu: reflectance %d", some[i], (int)view.band[b][k]);
    }
}

/* Any change of a pixel on any machine shows here. */
static void the_same_pixels_come_out_everywhere(void **state)
{
    (void)state;
    pass p = schedule_pass(28);
    CHECK(scene_paint(&land, &p, &view));
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < PIXELS; i++)
        for (int b = 0; b < BANDS; b++)
            hash = (hash ^ view.band[b][i]) * 0x100000001b3;
    if (hash != 0xe2ba24e3526001f9)
        fail_msg("the hash of scene 28 is %016llx", (unsigned long long)hash);
}

static void water_is_dark_in_the_infrared_and_fields_change_with_the_season(void **state)
{
    (void)state;
    pass p = schedule_pass(2); /* nearly no clouds */
    CHECK(scene_paint(&land, &p, &view));
    int64_t water = 0, pixels[2] = { 0 }, green[2] = { 0 };
    for (size_t i = 0; i < PIXELS; i++)
        if (view.classes[i] == 6) {
            water++;
            CHECK(view.band[3][i] < 2000);
        }
    CHECK(water > PIXELS / 10 && water < PIXELS / 2);
    for (int season = 0; season < 2; season++) {
        p = schedule_pass(season ? 43 : 17); /* late July, late March */
        CHECK(scene_paint(&land, &p, &view));
        for (size_t i = 0; i < PIXELS; i++)
            if (land.cover[i] == COVER_PASTURE && view.classes[i] < 8) {
                pixels[season]++;
                green[season] += view.band[3][i] - view.band[2][i];
            }
    }
    CHECK(green[1] / pixels[1] > 2 * (green[0] / pixels[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forty_scenes_pass_a_limit_of_85_and_one_is_exactly_there),
        cmocka_unit_test(passes_are_five_days_apart_and_two_are_on_the_last_day),
        cmocka_unit_test(the_painted_clouds_are_the_percentage_of_the_item),
        cmocka_unit_test(the_same_pixels_come_out_everywhere),
        cmocka_unit_test(water_is_dark_in_the_infrared_and_fields_change_with_the_season),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
