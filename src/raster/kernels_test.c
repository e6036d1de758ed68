#include "check.h"

#include <math.h>

#include "core/alloc.h"
#include "raster/kernels.h"
#include "raster/samples.h"

/* A pixels of one band over copies of the values. */
static dtake_pixels make(dtake_type type, int64_t width, int64_t height, int32_t bands, const void *values,
                         const uint8_t *mask, int32_t mask_bands)
{
    dtake_pixels pixels;
    CHECK_OK(dtake__pixels_init(&pixels, width, height, bands, type, mask_bands, NULL));
    memcpy(pixels.data, values, dtake__plane(&pixels) * (size_t)bands * dtake_type_bytes(type));
    if (mask_bands)
        memcpy(pixels.mask, mask, dtake__plane(&pixels) * (size_t)mask_bands);
    return pixels;
}

static void a_value_widens_a_type_only_as_far_as_needed(void **state)
{
    (void)state;
    static const struct {
        dtake_type type;
        double value;
        dtake_type expect;
    } cases[] = {
        { DTAKE_U8, 0, DTAKE_U8 },
        { DTAKE_U8, 255, DTAKE_U8 },
        { DTAKE_U8, 256, DTAKE_U16 },
        { DTAKE_U8, -1, DTAKE_I16 },
        { DTAKE_U16, -1, DTAKE_I32 },
        { DTAKE_U16, 65535, DTAKE_U16 },
        { DTAKE_U16, 0.5, DTAKE_F32 },
        { DTAKE_U32, 0.5, DTAKE_F64 },
        { DTAKE_I32, 0.5, DTAKE_F64 },
        { DTAKE_U32, -1, DTAKE_F64 },
        { DTAKE_I8, 100, DTAKE_I8 },
        { DTAKE_I8, 200, DTAKE_I16 },
        { DTAKE_I16, 40000, DTAKE_I32 },
        { DTAKE_U16, 0.1, DTAKE_F32 },
        { DTAKE_U8, NAN, DTAKE_F32 },
        { DTAKE_U16, 5e9, DTAKE_F32 },
        { DTAKE_U16, 5000000001., DTAKE_F64 },
        { DTAKE_F32, -9999, DTAKE_F32 },
        { DTAKE_F32, 1e300, DTAKE_F64 },
        { DTAKE_F64, -1, DTAKE_F64 },
        { DTAKE_I32, NAN, DTAKE_F64 },
        { DTAKE_F32, 16777217, DTAKE_F64 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (dtake__type_with_value(cases[i].type, cases[i].value) != cases[i].expect)
            fail_msg("%s with %g became %s", dtake_type_name(cases[i].type), cases[i].value,
                     dtake_type_name(dtake__type_with_value(cases[i].type, cases[i].value)));
}

static void a_union_of_types_holds_both(void **state)
{
    (void)state;
    CHECK_EQ(dtake__type_union(DTAKE_U8, DTAKE_U16), DTAKE_U16);
    CHECK_EQ(dtake__type_union(DTAKE_U16, DTAKE_I16), DTAKE_I32);
    CHECK_EQ(dtake__type_union(DTAKE_U8, DTAKE_I8), DTAKE_I16);
    CHECK_EQ(dtake__type_union(DTAKE_U32, DTAKE_I8), DTAKE_F64);
    CHECK_EQ(dtake__type_union(DTAKE_U16, DTAKE_F32), DTAKE_F32);
    CHECK_EQ(dtake__type_union(DTAKE_I32, DTAKE_F32), DTAKE_F64);
    for (int a = 0; a <= DTAKE_F64; a++)
        for (int b = 0; b <= DTAKE_F64; b++)
            CHECK_EQ(dtake__type_union((dtake_type)a, (dtake_type)b),
                     dtake__type_union((dtake_type)b, (dtake_type)a));
}

static void widening_keeps_every_value_and_narrowing_is_refused(void **state)
{
    (void)state;
    dtake_error err;
    dtake_pixels pixels = make(DTAKE_I16, 4, 1, 1, (int16_t[]){ -32768, -1, 0, 32767 }, NULL, 0);
    CHECK_OK(dtake__pixels_convert(&pixels, DTAKE_F32, NULL));
    CHECK(((float *)pixels.data)[0] == -32768 && ((float *)pixels.data)[3] == 32767);
    CHECK_STATUS(dtake__pixels_convert(&pixels, DTAKE_I32, &err), DTAKE_E_UNSUPPORTED);
    CHECK_STR(err.message, "int32 does not hold every value of float32");
    CHECK_EQ(pixels.type, DTAKE_F32);
    dtake_pixels_dispose(&pixels);
}

static void unmask_writes_the_value_and_widens_even_where_nothing_is_masked(void **state)
{
    (void)state;
    dtake_pixels pixels =
        make(DTAKE_U16, 2, 1, 2, (uint16_t[]){ 7, 8, 9, 65535 }, (uint8_t[]){ 0, 255, 255, 255 }, 2);
    CHECK_OK(dtake__pixels_unmask(&pixels, -1, NULL));
    CHECK_EQ(pixels.type, DTAKE_I32);
    CHECK(!pixels.mask && pixels.mask_bands == 0);
    const int32_t *v = pixels.data;
    CHECK(v[0] == -1 && v[1] == 8 && v[2] == 9 && v[3] == 65535);
    dtake_pixels_dispose(&pixels);

    pixels = make(DTAKE_U16, 2, 1, 2, (uint16_t[]){ 7, 8, 9, 10 }, (uint8_t[]){ 255, 0 }, 1);
    CHECK_OK(dtake__pixels_unmask(&pixels, 3, NULL));
    CHECK_EQ(pixels.type, DTAKE_U16);
    const uint16_t *u = pixels.data;
    CHECK(u[0] == 7 && u[1] == 3 && u[2] == 9 && u[3] == 3); /* one mask holds for both bands */
    dtake_pixels_dispose(&pixels);

    pixels = make(DTAKE_U8, 1, 1, 1, (uint8_t[]){ 200 }, NULL, 0);
    CHECK_OK(dtake__pixels_unmask(&pixels, -1, NULL));
    CHECK_EQ(pixels.type, DTAKE_I16);
    dtake_pixels_dispose(&pixels);
}

static void picking_repeats_pixels_and_masks_what_is_outside(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_U16, 3, 2, 1, (uint16_t[]){ 1, 2, 3, 4, 5, 6 }, NULL, 0);
    CHECK_OK(dtake__pixels_pick(&in, (int64_t[]){ 0, 0, 2, -1 }, 4, (int64_t[]){ 1, 1, -1 }, 3, &out, NULL));
    const uint16_t expect[12] = { 4, 4, 6, 0, 4, 4, 6, 0, 0, 0, 0, 0 };
    const uint8_t valid[12] = { 255, 255, 255, 0, 255, 255, 255, 0, 0, 0, 0, 0 };
    CHECK_EQ(out.mask_bands, 1);
    assert_memory_equal(out.data, expect, sizeof expect);
    assert_memory_equal(out.mask, valid, sizeof valid);
    dtake_pixels_dispose(&out);
    CHECK_OK(dtake__pixels_pick(&in, (int64_t[]){ 2 }, 1, (int64_t[]){ 0 }, 1, &out, NULL));
    CHECK(!out.mask && ((uint16_t *)out.data)[0] == 3);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void picking_moves_samples_of_every_width(void **state)
{
    (void)state;
    for (int type = 0; type <= DTAKE_F64; type++) {
        dtake_pixels out, in = make(DTAKE_U8, 2, 2, 2, (uint8_t[]){ 1, 2, 3, 4, 5, 6, 7, 8 },
                                    (uint8_t[]){ 255, 0, 255, 255 }, 1);
        if (type == DTAKE_I8)
            in.type = DTAKE_I8;
        else
            CHECK_OK(dtake__pixels_convert(&in, (dtake_type)type, NULL));
        CHECK_OK(dtake__pixels_pick(&in, (int64_t[]){ 1, 0 }, 2, (int64_t[]){ 0, 1 }, 2, &out, NULL));
        CHECK_OK(dtake__pixels_convert(&out, DTAKE_F64, NULL));
        const double expect[8] = { 2, 1, 4, 3, 6, 5, 8, 7 };
        assert_memory_equal(out.data, expect, sizeof expect);
        assert_memory_equal(out.mask, ((uint8_t[]){ 0, 255, 255, 255 }), 4);
        dtake_pixels_dispose(&out);
        dtake_pixels_dispose(&in);
    }
}

static void stacking_unites_types_and_keeps_a_mask_a_band(void **state)
{
    (void)state;
    dtake_error err;
    dtake_pixels out;
    dtake_pixels a = make(DTAKE_U8, 2, 1, 1, (uint8_t[]){ 1, 2 }, (uint8_t[]){ 255, 0 }, 1);
    dtake_pixels b = make(DTAKE_I16, 2, 1, 2, (int16_t[]){ -3, 4, 5, 6 }, NULL, 0);
    dtake_pixels c = make(DTAKE_U8, 1, 2, 1, (uint8_t[]){ 1, 2 }, NULL, 0);
    CHECK_OK(dtake__pixels_stack((dtake_pixels *[]){ &a, &b }, 2, &out, NULL));
    CHECK_EQ(out.type, DTAKE_I16);
    CHECK_EQ(out.bands, 3);
    assert_memory_equal(out.data, ((int16_t[]){ 1, 2, -3, 4, 5, 6 }), 12);
    CHECK_EQ(out.mask_bands, 3);
    assert_memory_equal(out.mask, ((uint8_t[]){ 255, 0, 255, 255, 255, 255 }), 6);
    CHECK_EQ(a.type, DTAKE_U8); /* inputs stay as they are */
    CHECK_STATUS(dtake__pixels_stack((dtake_pixels *[]){ &a, &c }, 2, &out, &err), DTAKE_E_RANGE);
    CHECK_STR(err.message, "bands of 2 x 1 and 1 x 2 pixels do not stack");
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&a);
    dtake_pixels_dispose(&b);
    dtake_pixels_dispose(&c);
}

static void halving_averages_valid_pixels_and_rounds_half_up(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_U16, 3, 3, 1, (uint16_t[]){ 1, 2, 10, 3, 4, 11, 7, 8, 65535 }, NULL, 0);
    CHECK_OK(dtake__pixels_halve(&in, false, &out, NULL));
    CHECK(out.width == 2 && out.height == 2 && !out.mask);
    assert_memory_equal(out.data, ((uint16_t[]){ 3, 11, 8, 65535 }), 8); /* 2.5, 10.5, 7.5 */
    dtake_pixels_dispose(&out);
    CHECK_OK(dtake__pixels_halve(&in, true, &out, NULL));
    assert_memory_equal(out.data, ((uint16_t[]){ 1, 10, 7, 65535 }), 8);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);

    in = make(DTAKE_I16, 4, 2, 1, (int16_t[]){ 100, 4, 9, 9, 4, 5, 9, 9 },
              (uint8_t[]){ 0, 255, 0, 0, 255, 255, 0, 0 }, 1);
    CHECK_OK(dtake__pixels_halve(&in, false, &out, NULL));
    assert_memory_equal(out.data, ((int16_t[]){ 4, 0 }), 4); /* (4 + 4 + 5) / 3; nothing valid */
    assert_memory_equal(out.mask, ((uint8_t[]){ 255, 0 }), 2);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void negative_means_round_half_up_too(void **state)
{
    (void)state;
    static const struct {
        int16_t in[4], expect;
    } cases[] = { { { -1, -1, 0, 0 }, 0 },    { { -1, 0, 0, 0 }, 0 },     { { -1, -1, -1, 0 }, -1 },
                  { { -3, -3, -2, -2 }, -2 }, { { -3, -3, -3, -2 }, -3 }, { { 1, 0, 1, 0 }, 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_pixels out, in = make(DTAKE_I16, 2, 2, 1, cases[i].in, NULL, 0);
        CHECK_OK(dtake__pixels_halve(&in, false, &out, NULL));
        CHECK_EQ(((int16_t *)out.data)[0], cases[i].expect);
        dtake_pixels_dispose(&out);
        dtake_pixels_dispose(&in);
    }
}

static void halving_floats_leaves_nan_out(void **state)
{
    (void)state;
    dtake_pixels out, in = make(DTAKE_F32, 4, 1, 1, (float[]){ 1, NAN, NAN, NAN }, NULL, 0);
    CHECK_OK(dtake__pixels_halve(&in, false, &out, NULL));
    CHECK(((float *)out.data)[0] == 1 && isnan(((float *)out.data)[1]));
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (long after = 0; after < 3; after++) {
        dtake_pixels out = { 0 },
                     in = make(DTAKE_U16, 2, 1, 1, (uint16_t[]){ 7, 8 }, (uint8_t[]){ 0, 255 }, 1);
        dtake__alloc_fail_after(after, true);
        dtake_status halved = dtake__pixels_halve(&in, false, &out, NULL);
        if (halved == DTAKE_OK)
            dtake_pixels_dispose(&out);
        dtake_status unmasked = dtake__pixels_unmask(&in, -1, NULL);
        dtake__alloc_fail_after(-1, false);
        CHECK_EQ(halved, after < 2 ? DTAKE_E_NOMEM : DTAKE_OK);
        CHECK_EQ(unmasked, DTAKE_E_NOMEM);
        CHECK(in.type == DTAKE_U16 && ((uint16_t *)in.data)[1] == 8);
        dtake_pixels_dispose(&in);
    }
}

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    dtake_pixels out;
    CHECK_STATUS(dtake__pixels_init(&out, INT64_MAX, 8, 3, DTAKE_F64, 1, NULL), DTAKE_E_LIMIT);
    CHECK_STATUS(dtake__pixels_init(&out, 0, 8, 3, DTAKE_F64, 1, NULL), DTAKE_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_widens_a_type_only_as_far_as_needed),
        cmocka_unit_test(a_union_of_types_holds_both),
        cmocka_unit_test(widening_keeps_every_value_and_narrowing_is_refused),
        cmocka_unit_test(unmask_writes_the_value_and_widens_even_where_nothing_is_masked),
        cmocka_unit_test(picking_repeats_pixels_and_masks_what_is_outside),
        cmocka_unit_test(picking_moves_samples_of_every_width),
        cmocka_unit_test(stacking_unites_types_and_keeps_a_mask_a_band),
        cmocka_unit_test(halving_averages_valid_pixels_and_rounds_half_up),
        cmocka_unit_test(negative_means_round_half_up_too),
        cmocka_unit_test(halving_floats_leaves_nan_out),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(sizes_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
