#include "raster/reader.h"
#include "raster/reads_fixture.h"

#include <math.h>

static void pixels_come_out_the_same_however_they_are_stored(void **state)
{
    (void)state;
    static const dtake_window windows[] = {
        { 0, 0, 70, 50 }, { 15, 15, 2, 2 }, { 3, 4, 60, 41 }, { 69, 49, 1, 1 }, { 0, 16, 70, 3 }
    };
    raster_spec specs[9];
    for (int i = 0; i < 9; i++)
        specs[i] = plain;
    specs[1].tile = 0;
    specs[2].bands = 3;
    specs[3].bands = 3, specs[3].planar = true;
    specs[4].big_endian = specs[4].big_tiff = true;
    specs[5].bits = 8, specs[5].bands = 4;
    specs[6].bits = 32, specs[6].format = 3, specs[6].bands = 2, specs[6].big_endian = true;
    specs[7].bands = 5, specs[7].tile = 0, specs[7].far = true;
    specs[8].bits = 32, specs[8].tile = 0, specs[8].bands = 2, specs[8].planar = true;
    for (int i = 0; i < 9; i++) {
        dtake_raster *raster = open_spec("stored", &specs[i], 1);
        for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++) {
            dtake_pixels pixels =
                read_window(raster, (dtake_read){ .window = windows[w], .want_mask = true });
            CHECK_EQ(pixels.bands, specs[i].bands);
            CHECK(pixels.mask == NULL);
            check_pixels(&specs[i], &pixels, windows[w], NULL);
            dtake_pixels_dispose(&pixels);
        }
        dtake_raster_close(raster);
    }
}

static void facts_come_from_the_file(void **state)
{
    (void)state;
    raster_spec images[3] = { plain, plain, plain };
    images[0].nodata = "7";
    images[1].width = 35, images[1].height = 25, images[1].subfile = 1;
    images[2].width = 18, images[2].height = 13, images[2].subfile = 1;
    dtake_raster *raster = open_spec("facts", images, 3);
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    CHECK_STR(info->driver, "GTiff");
    CHECK_EQ(info->width, 70);
    CHECK_EQ(info->bands, 1);
    CHECK_EQ(info->type, DTAKE_U16);
    CHECK_EQ(info->epsg, 32617);
    CHECK_STR(info->crs, "EPSG:32617");
    CHECK(info->has_transform && info->transform.x0 == 340000 && info->transform.row_y == -10);
    CHECK(info->has_nodata && info->nodata == 7);
    CHECK_EQ(info->overview_count, 2);
    CHECK_EQ(info->overview[1].width, 18);
    CHECK_STR(info->compression, "none");
    CHECK_EQ(dtake__raster_overview_for(raster, 1), 0);
    CHECK_EQ(dtake__raster_overview_for(raster, 1.99), 0);
    CHECK_EQ(dtake__raster_overview_for(raster, 2), 1);
    CHECK_EQ(dtake__raster_overview_for(raster, 100), 2);
    dtake_pixels pixels = read_window(raster, (dtake_read){ .window = { 2, 3, 16, 10 }, .overview = 2 });
    check_pixels(&images[2], &pixels, (dtake_window){ 2, 3, 16, 10 }, NULL);
    dtake_pixels_dispose(&pixels);
    dtake_window window;
    CHECK_OK(dtake_raster_window(raster, (dtake_box){ -180, -90, 180, 90 }, &window, NULL));
    CHECK_EQ(window.width, 70);
    CHECK_EQ(window.height, 50);
    dtake_error err;
    CHECK_STATUS(dtake_raster_window(raster, (dtake_box){ 10, 45, 11, 46 }, &window, &err), DTAKE_E_EMPTY);
    dtake_raster_close(raster);
}

static void a_window_past_the_edge_is_filled_with_nodata(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.nodata = "65000";
    dtake_raster *raster = open_spec("edge", &spec, 1);
    dtake_pixels pixels = read_window(raster, (dtake_read){ .window = { -3, 45, 80, 9 }, .want_mask = true });
    CHECK_EQ(pixels.mask_bands, 1);
    for (int64_t row = 0; row < 9; row++)
        for (int64_t col = 0; col < 80; col++) {
            bool inside = col >= 3 && col < 73 && row < 5;
            CHECK_EQ(sample_at(&pixels, 0, col, row),
                     inside ? raster_sample(&spec, 1, (int)col - 3, (int)row + 45) : 65000);
            CHECK_EQ(pixels.mask[row * 80 + col], inside ? 255 : 0);
        }
    dtake_pixels_dispose(&pixels);
    pixels = read_window(raster, (dtake_read){ .window = { 1000, 1000, 2, 2 }, .want_mask = true });
    CHECK_EQ(sample_at(&pixels, 0, 1, 1), 65000);
    CHECK_EQ(pixels.mask[3], 0);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
    spec.nodata = NULL; /* then it is 0, and masked all the same */
    raster = open_spec("edge0", &spec, 1);
    pixels = read_window(raster, (dtake_read){ .window = { 68, -1, 4, 3 }, .want_mask = true });
    CHECK_EQ(sample_at(&pixels, 0, 0, 0), 0);
    CHECK_EQ(sample_at(&pixels, 0, 1, 1), raster_sample(&spec, 1, 69, 0));
    const uint8_t mask[12] = { 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0, 0 };
    CHECK_EQ(memcmp(pixels.mask, mask, 12), 0);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

static void a_tile_that_is_left_out_is_nodata(void **state)
{
    (void)state;
    raster_spec spec = plain;
    spec.sparse = 6; /* second row, second column */
    spec.nodata = "9";
    dtake_raster *raster = open_spec("sparse", &spec, 1);
    dtake_pixels pixels =
        read_window(raster, (dtake_read){ .window = { 10, 10, 30, 30 }, .want_mask = true });
    for (int64_t row = 0; row < 30; row++)
        for (int64_t col = 0; col < 30; col++) {
            bool out = col >= 6 && col < 22 && row >= 6 && row < 22;
            CHECK_EQ(sample_at(&pixels, 0, col, row),
                     out ? 9 : raster_sample(&spec, 1, (int)col + 10, (int)row + 10));
            CHECK_EQ(pixels.mask[row * 30 + col], out ? 0 : 255);
        }
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

static void masks_come_from_their_own_directory(void **state)
{
    (void)state;
    raster_spec images[4] = { plain, plain, plain, plain };
    images[0].nodata = "1000"; /* the mask directory wins */
    images[1].bits = 8, images[1].subfile = 4;
    images[2].width = 35, images[2].height = 25, images[2].subfile = 1;
    images[3].width = 35, images[3].height = 25, images[3].bits = 8, images[3].subfile = 5;
    dtake_raster *raster = open_spec("mask", images, 4);
    CHECK(dtake_raster_get_info(raster)->has_mask);
    for (int overview = 0; overview < 2; overview++) {
        dtake_pixels pixels = read_window(
            raster, (dtake_read){ .window = { 5, 2, 40, 30 }, .overview = overview, .want_mask = true });
        int64_t width = overview ? 35 : 70, height = overview ? 25 : 50;
        CHECK_EQ(pixels.mask_bands, 1);
        for (int64_t row = 0; row < 30; row++)
            for (int64_t col = 0; col < 40; col++)
                CHECK_EQ(pixels.mask[row * 40 + col],
                         col + 5 < width && row + 2 < height && col + 5 > row + 2 ? 255 : 0);
        dtake_pixels_dispose(&pixels);
    }
    dtake_raster_close(raster);
}

static void alpha_and_nan_are_masks_too(void **state)
{
    (void)state;
    for (int planar = 0; planar < 2; planar++) {
        raster_spec spec = plain;
        spec.bands = 4, spec.bits = 8, spec.alpha = true, spec.planar = planar != 0;
        dtake_raster *raster = open_spec("alpha", &spec, 1);
        CHECK(dtake_raster_get_info(raster)->has_mask);
        const int32_t bands[] = { 3, 1, 3 };
        dtake_window window = { 7, 9, 40, 30 };
        dtake_pixels pixels = read_window(
            raster, (dtake_read){ .window = window, .bands = bands, .band_count = 3, .want_mask = true });
        check_pixels(&spec, &pixels, window, bands);
        for (int row = 0; row < 30; row++)
            for (int col = 0; col < 40; col++)
                CHECK_EQ(pixels.mask[row * 40 + col], (col + 7 + row + 9) % 3 == 0 ? 0 : 255);
        dtake_pixels_dispose(&pixels);
        dtake_raster_close(raster);
    }
    raster_spec spec = plain;
    spec.bits = 32, spec.format = 3, spec.nodata = "nan", spec.sparse = 0;
    dtake_raster *raster = open_spec("nan", &spec, 1);
    CHECK(isnan(dtake_raster_get_info(raster)->nodata));
    dtake_pixels pixels = read_window(raster, (dtake_read){ .window = { 15, 0, 2, 1 }, .want_mask = true });
    CHECK(isnan(sample_at(&pixels, 0, 0, 0)) && pixels.mask[0] == 0);
    CHECK(sample_at(&pixels, 0, 1, 0) == raster_sample(&spec, 1, 16, 0) && pixels.mask[1] == 255);
    dtake_pixels_dispose(&pixels);
    dtake_raster_close(raster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_come_out_the_same_however_they_are_stored),
        cmocka_unit_test(facts_come_from_the_file),
        cmocka_unit_test(a_window_past_the_edge_is_filled_with_nodata),
        cmocka_unit_test(a_tile_that_is_left_out_is_nodata),
        cmocka_unit_test(masks_come_from_their_own_directory),
        cmocka_unit_test(alpha_and_nan_are_masks_too),
    };
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
