#include "check.h"

#include <math.h>

#include "raster/kernels.h"
#include "raster/samples.h"

static dtake_visualize parsed(const char *text)
{
    dtake_visualize visualize;
    CHECK_OK(dtake_visualize_parse(text, &visualize, NULL));
    return visualize;
}

static dtake_pixels make(dtake_type type, int64_t width, int32_t bands, const void *values)
{
    dtake_pixels pixels;
    CHECK_OK(dtake__pixels_init(&pixels, width, 1, bands, type, 0, NULL));
    memcpy(pixels.data, values, (size_t)width * (size_t)bands * dtake_type_bytes(type));
    return pixels;
}

/* Every value of uint16 from 0 up. */
static dtake_pixels ramp(void)
{
    dtake_pixels pixels;
    CHECK_OK(dtake__pixels_init(&pixels, 256, 256, 1, DTAKE_U16, 0, NULL));
    for (int i = 0; i < 65536; i++)
        ((uint16_t *)pixels.data)[i] = (uint16_t)i;
    return pixels;
}

static uint64_t fnv1a(const uint8_t *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return hash;
}

/* The hashes are of numpy 1.24's np.floor(255 * np.clip((v - min) / (max - min), 0, 1) ** (1 / gamma) + 0.5)
 * over np.arange(65536). */
static void all_65536_values_come_out_as_from_numpy(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {
        { "min=0,max=5000,gamma=1.35", 0x84b57f67654cd16e },
        { "min=0,max=3000", 0x7de2bd7c73a75eb9 },
        { "min=1000,max=9000,gamma=0.6", 0x4faffc6d3b25c3b8 },
        { "min=5000,max=0,gamma=2.2", 0xd63a9a56daf08c36 },
    };
    dtake_pixels in = ramp();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_visualize visualize = parsed(cases[i].text);
        dtake_pixels out;
        CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
        CHECK(out.type == DTAKE_U8 && out.bands == 1 && !out.mask);
        if (fnv1a(out.data, 65536) != cases[i].hash)
            fail_msg("%s: other values than numpy's", cases[i].text);
        dtake_pixels_dispose(&out);
    }
    dtake_pixels_dispose(&in);
}

static void the_table_and_the_formula_agree(void **state)
{
    (void)state;
    dtake_pixels in = ramp(), wide = ramp();
    CHECK_OK(dtake__pixels_convert(&wide, DTAKE_F64, NULL)); /* no table for float64 */
    const char *texts[] = { "min=0,max=5000,gamma=1.35", "gain=0.05,bias=-3,gamma=0.8", "min=7,max=7",
                            "min=0,max=10000,gamma=1.7,palette=navy:ff0:00ff00:white" };
    for (size_t i = 0; i < 4; i++) {
        dtake_visualize visualize = parsed(texts[i]);
        dtake_pixels by_table, direct;
        CHECK_OK(dtake__pixels_visualize(&in, &visualize, &by_table, NULL));
        CHECK_OK(dtake__pixels_visualize(&wide, &visualize, &direct, NULL));
        CHECK_EQ(by_table.bands, i == 3 ? 3 : 1);
        assert_memory_equal(by_table.data, direct.data, 65536 * (size_t)by_table.bands);
        dtake_pixels_dispose(&by_table);
        dtake_pixels_dispose(&direct);
    }
    dtake_pixels_dispose(&in);
    dtake_pixels_dispose(&wide);
}

static void signed_samples_find_their_place_in_the_table(void **state)
{
    (void)state;
    dtake_pixels in, out;
    CHECK_OK(dtake__pixels_init(&in, 8192, 1, 1, DTAKE_I16, 0, NULL));
    for (int i = 0; i < 8192; i++)
        ((int16_t *)in.data)[i] = (int16_t)(i - 4096);
    dtake_visualize visualize = parsed("min=-1000,max=1000");
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    const uint8_t *v = out.data;
    CHECK(v[0] == 0 && v[3096] == 0 && v[4096] == 128 && v[5096] == 255 && v[8191] == 255);
    CHECK_EQ(v[3596], 64); /* -500: 63.75 */
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void integers_of_32_bits_that_lie_close_together_come_out_the_same(void **state)
{
    (void)state;
    enum { COUNT = 70000 };
    static const struct {
        dtake_type type;
        double first;
        uint32_t step;
    } cases[] = { { DTAKE_I32, -1, 1 },           { DTAKE_I32, -40000, 1 }, { DTAKE_I32, -2147483648.0, 1 },
                  { DTAKE_U32, 4294900000.0, 1 }, { DTAKE_U32, 0, 1 },      { DTAKE_I32, -1, 30000 } };
    const dtake_visualize visualize = parsed("min=100,max=5000,gamma=1.35");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        dtake_pixels in, exact, out, expected;
        CHECK_OK(dtake__pixels_init(&in, COUNT, 1, 1, cases[c].type, 0, NULL));
        CHECK_OK(dtake__pixels_init(&exact, COUNT, 1, 1, DTAKE_F64, 0, NULL));
        for (uint32_t i = 0; i < COUNT; i++) {
            double v = cases[c].first + (double)(i % 60000) * cases[c].step;
            ((uint32_t *)in.data)[i] = (uint32_t)(int64_t)v;
            ((double *)exact.data)[i] = cases[c].type == DTAKE_I32 ? (double)((int32_t *)in.data)[i]
                                                                   : (double)((uint32_t *)in.data)[i];
        }
        CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
        CHECK_OK(dtake__pixels_visualize(&exact, &visualize, &expected, NULL));
        CHECK(memcmp(out.data, expected.data, COUNT) == 0);
        dtake_pixels_dispose(&in);
        dtake_pixels_dispose(&exact);
        dtake_pixels_dispose(&out);
        dtake_pixels_dispose(&expected);
    }
}

static void lists_give_each_band_its_own_stretch(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_U16, 1, 3, (uint16_t[]){ 50, 50, 50 });
    dtake_visualize visualize = parsed("min=0:0:40,max=100:200:60,gamma=1:1:2");
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    const uint8_t *v = out.data;
    CHECK(v[0] == 128 && v[1] == 64 && v[2] == 180); /* 127.5, 63.75, 255 * sqrt(0.5) = 180.3 */
    dtake_pixels_dispose(&out);

    visualize = parsed("max=1:2");
    dtake_error err;
    CHECK_STATUS(dtake__pixels_visualize(&in, &visualize, &out, &err), DTAKE_E_USAGE);
    CHECK_STR(err.message, "visualize: max has 2 values for 3 bands: give one, or one a band");
    dtake_pixels_dispose(&in);
}

static void gain_and_bias_work_on_0_to_255(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_U8, 4, 1, (uint8_t[]){ 0, 10, 100, 255 });
    dtake_visualize visualize = parsed("gain=2,bias=-10");
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    assert_memory_equal(out.data, ((uint8_t[]){ 0, 10, 190, 255 }), 4);
    dtake_pixels_dispose(&out);
    visualize = parsed("gamma=2"); /* neither range: the values are 0..255 already */
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    assert_memory_equal(out.data, ((uint8_t[]){ 0, 50, 160, 255 }), 4); /* 255 * sqrt(v / 255) */
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void min_equal_to_max_is_a_threshold(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_F32, 4, 1, (float[]){ 4, 5, 5.5f, INFINITY });
    dtake_visualize visualize = parsed("min=5,max=5,gamma=1.5");
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    assert_memory_equal(out.data, ((uint8_t[]){ 0, 0, 255, 255 }), 4);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void a_palette_is_interpolated_between_evenly_spaced_colours(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_F64, 5, 1, (double[]){ 0, 0.25, 0.5, 0.75, 1 });
    dtake_visualize visualize = parsed("min=0,max=1,palette=000000:ff8000:0000ff");
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    CHECK_EQ(out.bands, 3);
    const uint8_t expect[15] = { 0, 128, 255, 128, 0, /**/ 0, 64, 128, 64, 0, /**/ 0, 0, 0, 128, 255 };
    assert_memory_equal(out.data, expect, 15);
    dtake_pixels_dispose(&out);
    visualize = parsed("palette=teal"); /* one colour is everywhere */
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    assert_memory_equal(out.data,
                        ((uint8_t[]){ 0, 0, 0, 0, 0, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128 }), 15);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void a_pixel_masked_in_any_band_is_masked_and_black(void **state)
{
    (void)state;
    dtake_pixels out, in;
    CHECK_OK(dtake__pixels_init(&in, 3, 1, 3, DTAKE_F32, 3, NULL));
    memcpy(in.data, ((float[]){ 255, 255, 255, 255, 255, 255, 255, NAN, 255 }), 36);
    memset(in.mask, 255, 9);
    in.mask[3] = 0; /* band 2, pixel 0; and band 3 is no number in pixel 1 */
    dtake_visualize visualize = parsed("min=0,max=255");
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    CHECK_EQ(out.mask_bands, 1);
    assert_memory_equal(out.mask, ((uint8_t[]){ 0, 0, 255 }), 3);
    assert_memory_equal(out.data, ((uint8_t[]){ 0, 0, 255, 0, 0, 255, 0, 0, 255 }), 9);
    dtake_pixels_dispose(&out);

    visualize.opacity = 0.5;
    CHECK_OK(dtake__pixels_visualize(&in, &visualize, &out, NULL));
    assert_memory_equal(out.mask, ((uint8_t[]){ 0, 0, 128 }), 3);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void two_bands_or_four_are_refused(void **state)
{
    (void)state;
    dtake_error err;
    dtake_pixels out;
    const uint8_t values[4] = { 0 };
    for (int32_t bands = 2; bands <= 4; bands += 2) {
        dtake_pixels in = make(DTAKE_U8, 1, bands, values);
        dtake_visualize visualize = parsed("min=0,max=1");
        CHECK_STATUS(dtake__pixels_visualize(&in, &visualize, &out, &err), DTAKE_E_USAGE);
        CHECK(strstr(err.message, "needs 1 or 3 bands"));
        dtake_pixels_dispose(&in);
    }
    dtake_pixels in = make(DTAKE_U8, 1, 3, values);
    dtake_visualize visualize = parsed("palette=red:blue");
    CHECK_STATUS(dtake__pixels_visualize(&in, &visualize, &out, &err), DTAKE_E_USAGE);
    CHECK_STR(err.message, "visualize: a palette needs 1 band and got 3");
    dtake_pixels_dispose(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_65536_values_come_out_as_from_numpy),
        cmocka_unit_test(the_table_and_the_formula_agree),
        cmocka_unit_test(signed_samples_find_their_place_in_the_table),
        cmocka_unit_test(integers_of_32_bits_that_lie_close_together_come_out_the_same),
        cmocka_unit_test(lists_give_each_band_its_own_stretch),
        cmocka_unit_test(gain_and_bias_work_on_0_to_255),
        cmocka_unit_test(min_equal_to_max_is_a_threshold),
        cmocka_unit_test(a_palette_is_interpolated_between_evenly_spaced_colours),
        cmocka_unit_test(a_pixel_masked_in_any_band_is_masked_and_black),
        cmocka_unit_test(two_bands_or_four_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
