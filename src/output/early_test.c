/* Files whose tiles were compressed before the image was complete. */
#include "output/written_fixture.h"

#include "output/early.h"

static dtake_pixels scene(dtake_type type, int32_t bands, int32_t mask_bands)
{
    dtake_pixels out = fixture_pixels(type, 1100, 600, bands, mask_bands);
    paint(&out);
    for (int64_t i = 0; i < 1100 * 600 * mask_bands; i++)
        out.mask[i] = i % 7 == 0 || i % 1100 > 900 ? 0 : 255;
    return out;
}

static void encode_backwards(dtake__early *early, const dtake_pixels *pixels)
{
    CHECK_EQ(dtake__early_across(early), 3);
    for (int64_t tile = 6; tile-- > 0;)
        CHECK_OK(dtake__early_encode(early, pixels, tile, NULL));
}

static dtake__written write_scene(dtake_pixels pixels, double nodata, dtake__early *early)
{
    dtake__output output = utm(fixture_path("early.tif"), DTAKE_GEOTIFF, pixels);
    output.has_nodata = nodata != 0;
    output.nodata = nodata;
    output.replace = true;
    output.early = early;
    return write_file(&output);
}

static void the_file_is_the_same_byte_by_byte(void **state)
{
    static const struct {
        dtake_type type;
        int32_t bands, mask_bands;
        double nodata;
    } cases[] = {
        { DTAKE_U16, 1, 0, 0 },    { DTAKE_U16, 1, 1, 65535 }, { DTAKE_U16, 2, 2, 7 },
        { DTAKE_I16, 1, 1, 1e6 },  { DTAKE_F32, 3, 1, 0 },     { DTAKE_F64, 1, 1, -1 },
        { DTAKE_U8, 4, 4, 255.5 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dtake__written plain =
            write_scene(scene(cases[i].type, cases[i].bands, cases[i].mask_bands), cases[i].nodata, NULL);
        dtake_pixels pixels = scene(cases[i].type, cases[i].bands, cases[i].mask_bands);
        dtake__early *early = dtake__early_new(&pixels, cases[i].nodata != 0, cases[i].nodata);
        CHECK(early != NULL);
        encode_backwards(early, &pixels);
        dtake__written made = write_scene(pixels, cases[i].nodata, early);
        CHECK_EQ(made.bytes, plain.bytes);
        CHECK_STR(made.sha256, plain.sha256);
    }
}

static void fail_to_write(dtake_pixels pixels, dtake__early *early, const char *words)
{
    dtake__output output = utm(fixture_path("never.tif"), DTAKE_GEOTIFF, pixels);
    output.early = early;
    answer a = write_on(runtime, &output);
    CHECK_EQ(a.status, DTAKE_E_OTHER);
    CHECK(strstr(a.err.message, words) != NULL);
    CHECK(access(fixture_path("never.tif"), F_OK) != 0);
}

static void tiles_of_another_image_or_too_few_make_no_file(void **state)
{
    (void)state;
    dtake_pixels pixels = scene(DTAKE_U16, 1, 0), other = scene(DTAKE_U16, 2, 0);
    dtake__early *early = dtake__early_new(&pixels, false, 0);
    encode_backwards(early, &pixels);
    fail_to_write(other, early, "another kind of file");
    early = dtake__early_new(&pixels, false, 0);
    CHECK_OK(dtake__early_encode(early, &pixels, 0, NULL));
    fail_to_write(pixels, early, "tile 1 was not compressed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_the_same_byte_by_byte),
        cmocka_unit_test(tiles_of_another_image_or_too_few_make_no_file),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
