#include "output/fixture.h"
#include "output/sheet.h"
#include "output/thumb.h"

static void a_thumbnail_is_the_mean_of_what_is_valid(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U8, 4, 2, 1, 1);
    memcpy(in.data, ((uint8_t[]){ 10, 20, 0, 0, 30, 41, 0, 0 }), 8);
    memcpy(in.mask, ((uint8_t[]){ 255, 255, 0, 0, 255, 255, 0, 0 }), 8);
    dtake__thumb thumb;
    CHECK_OK(dtake__thumb_make(&thumb, &in, 2, 0x010203, NULL));
    CHECK(thumb.width == 2 && thumb.height == 1);
    assert_memory_equal(thumb.rgb, ((uint8_t[]){ 25, 25, 25, 1, 2, 3 }), 6); /* 25.25; nothing */
    dtake__thumb_dispose(&thumb);
    dtake_pixels_dispose(&in);
}

static void other_types_are_stretched_to_2_and_98_percent(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U16, 101, 1, 1, 0);
    for (int i = 0; i <= 100; i++)
        ((uint16_t *)in.data)[i] = (uint16_t)(1000 + 10 * i);
    ((uint16_t *)in.data)[100] = 65535; /* an outlier does not darken the rest */
    dtake__thumb thumb;
    CHECK_OK(dtake__thumb_make(&thumb, &in, 200, 0, NULL));
    CHECK_EQ(thumb.width, 101); /* small images keep their size */
    CHECK(thumb.rgb[0] == 0 && thumb.rgb[3 * 2] == 0 && thumb.rgb[3 * 98] == 255 &&
          thumb.rgb[3 * 100] == 255);
    CHECK_EQ(thumb.rgb[3 * 50], 128);
    dtake__thumb_dispose(&thumb);
    dtake_pixels_dispose(&in);
}

static void a_sheet_has_a_place_for_each_image_also_those_that_failed(void **state)
{
    (void)state;
    const char *path = fixture_path("sheet.png");
    dtake__sheet *sheet = dtake__sheet_new(3, 64);
    dtake_pixels red = fixture_pixels(DTAKE_U8, 300, 150, 3, 0);
    memset(red.data, 200, 300 * 150);
    CHECK_OK(dtake__sheet_put(sheet, 2, "2024-01-11", &red, NULL));
    CHECK_OK(dtake__sheet_put(sheet, 0, "2024-01-01 with a caption too long for its place", &red, NULL));
    CHECK_STATUS(dtake__sheet_put(sheet, 3, "", &red, NULL), DTAKE_E_RANGE);
    CHECK_OK(dtake__sheet_write(sheet, path, NULL));

    /* 64 x 32 thumbnails in two columns, a gap of 6, margins of 12, small letters below. */
    int width, height;
    uint8_t *rgba = fixture_read_png(path, &width, &height);
    CHECK_EQ(width, 12 + 64 + 6 + 64 + 12);
    CHECK_EQ(height, 12 + 47 + 6 + 47 + 12);
    const uint8_t *first = rgba + 4 * (20 * width + 40), *second = first + 4 * 70,
                  *third = first + 4 * 53 * width;
    CHECK(first[0] == 200 && first[1] == 0 && third[0] == 200);
    CHECK(second[0] == 0x1c && second[2] == 0x2b); /* the empty place */
    free(rgba);
    dtake_pixels_dispose(&red);
    dtake__sheet_free(sheet);
}

static void an_empty_sheet_is_a_picture_too(void **state)
{
    (void)state;
    dtake__sheet *sheet = dtake__sheet_new(0, 64);
    CHECK_OK(dtake__sheet_write(sheet, fixture_path("empty.png"), NULL));
    dtake__sheet_free(sheet);
}

static void a_sheet_that_cannot_be_written_names_the_path(void **state)
{
    (void)state;
    dtake_error err;
    dtake__sheet *sheet = dtake__sheet_new(1, 64);
    CHECK_STATUS(dtake__sheet_write(sheet, "/proc/none/sheet.png", &err), err.status);
    CHECK(err.status != DTAKE_OK && strstr(err.message, "/proc/none"));
    dtake__sheet_free(sheet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thumbnail_is_the_mean_of_what_is_valid),
        cmocka_unit_test(other_types_are_stretched_to_2_and_98_percent),
        cmocka_unit_test(a_sheet_has_a_place_for_each_image_also_those_that_failed),
        cmocka_unit_test(an_empty_sheet_is_a_picture_too),
        cmocka_unit_test(a_sheet_that_cannot_be_written_names_the_path),
    };
    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
