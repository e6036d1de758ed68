#include "check.h"

#include "core/alloc.h"
#include "raster/kernels.h"
#include "raster/samples.h"
#include "raster/warp.h"
#include "raster/warp_narrow.h"

#include <math.h>
#include <stdlib.h>

static const dtake_resampling all_ways[] = { DTAKE_NEAREST, DTAKE_BILINEAR, DTAKE_CUBIC,
                                             DTAKE_AVERAGE, DTAKE_LANCZOS,  DTAKE_MODE };
enum { WAYS = sizeof all_ways / sizeof all_ways[0] };

static dtake_pixels pixels_of(int64_t width, int64_t height, dtake_type type, int32_t bands,
                              int32_t mask_bands)
{
    dtake_pixels out;
    CHECK_OK(dtake__pixels_init(&out, width, height, bands, type, mask_bands, NULL));
    memset(out.data, 0, dtake__plane(&out) * (size_t)bands * dtake_type_bytes(type));
    if (mask_bands > 0)
        memset(out.mask, 255, dtake__plane(&out) * (size_t)mask_bands);
    return out;
}

static double value_at(const dtake_pixels *pixels, int64_t i)
{
    switch (pixels->type) {
#define VALUE(name, ctype)                                                                                   \
    case DTAKE_##name:                                                                                       \
        return (double)((const ctype *)pixels->data)[i];
        DTAKE__SAMPLE_MAP(VALUE)
#undef VALUE
    }
    return 0;
}

/* A smooth hill with noise, holes and a masked edge. */
static dtake_pixels scene(int64_t width, int64_t height, dtake_type type, bool masked)
{
    dtake_pixels out = pixels_of(width, height, DTAKE_F64, 2, masked ? 1 : 0);
    srand(7);
    for (int64_t i = 0; i < 2 * width * height; i++)
        ((double *)out.data)[i] = floor(50 + 30 * sin((double)(i % width) * 0.1) + rand() % 20);
    for (int64_t i = 0; masked && i < width * height; i++)
        out.mask[i] = rand() % 29 == 0 || i % width < i / width / 4 ? 0 : 255;
    dtake_pixels typed = pixels_of(width, height, type, 2, masked ? 1 : 0);
    for (int64_t i = 0; i < 2 * width * height; i++)
        switch (type) {
#define SET(name, ctype)                                                                                     \
    case DTAKE_##name:                                                                                       \
        ((ctype *)typed.data)[i] = (ctype)((double *)out.data)[i];                                           \
        break;
            DTAKE__SAMPLE_MAP(SET)
#undef SET
        }
    if (masked)
        memcpy(typed.mask, out.mask, (size_t)(width * height));
    dtake_pixels_dispose(&out);
    return typed;
}

static dtake__warp *warp_of(const dtake__raster_grid *source, const dtake__raster_grid *grid,
                            dtake_resampling how)
{
    dtake__warp *warp;
    CHECK_OK(
        dtake__warp_new(&warp, source, grid, (dtake_window){ 0, 0, grid->width, grid->height }, how, NULL));
    return warp;
}

/* All at once, from the whole source. */
static dtake_pixels run_whole(const dtake__raster_grid *source, const dtake__raster_grid *grid,
                              dtake_resampling how, const dtake_pixels *in)
{
    dtake_pixels out;
    dtake__warp *warp = warp_of(source, grid, how);
    CHECK_OK(dtake__warp_run(warp, in, (dtake_window){ 0, 0, in->width, in->height },
                             (dtake_window){ 0, 0, grid->width, grid->height }, &out, NULL));
    dtake__warp_free(warp);
    return out;
}

static dtake_pixels part_of(const dtake_pixels *in, dtake_window w)
{
    dtake_pixels out =
        pixels_of(w.width, w.height, in->type, in->bands, in->mask != NULL ? in->mask_bands : 0);
    size_t bytes = dtake_type_bytes(in->type);
    for (int32_t band = 0; band < in->bands; band++)
        for (int64_t row = 0; row < w.height; row++) {
            size_t from = (size_t)((w.row + row) * in->width + w.col), to = (size_t)(row * w.width);
            memcpy((uint8_t *)dtake__band_data(&out, band) + to * bytes,
                   (uint8_t *)dtake__band_data(in, band) + from * bytes, (size_t)w.width * bytes);
            if (band < out.mask_bands)
                memcpy(dtake__band_mask(&out, band) + to, dtake__band_mask(in, band) + from, (size_t)w.width);
        }
    return out;
}

/* Block by block, each from no more than it says it needs, must be what `whole` is. */
static void check_blocks(const dtake__raster_grid *source, const dtake__raster_grid *grid,
                         dtake_resampling how, const dtake_pixels *in, const dtake_pixels *whole,
                         int64_t side)
{
    size_t bytes = dtake_type_bytes(in->type);
    for (int64_t row = 0; row < grid->height; row += side)
        for (int64_t col = 0; col < grid->width; col += side) {
            dtake_window block = { col, row, col + side < grid->width ? side : grid->width - col,
                                   row + side < grid->height ? side : grid->height - row },
                         at;
            dtake__warp *warp;
            dtake_pixels out;
            CHECK_OK(dtake__warp_new(&warp, source, grid, block, how, NULL));
            if (!dtake__warp_window(warp, block, &at))
                at = (dtake_window){ 0, 0, 1, 1 };
            dtake_pixels part = part_of(in, at), expected = part_of(whole, block);
            CHECK_OK(dtake__warp_run(warp, &part, at, block, &out, NULL));
            size_t samples = dtake__plane(&out) * (size_t)out.bands;
            if (memcmp(out.data, expected.data, samples * bytes) != 0)
                fail_msg("%s: block %d,%d of side %d differs", dtake_resampling_name(how), (int)col, (int)row,
                         (int)side);
            for (size_t i = 0; i < dtake__plane(&out); i++)
                CHECK((out.mask == NULL ? 255 : out.mask[i]) ==
                      (expected.mask == NULL ? 255 : expected.mask[i]));
            dtake_pixels_dispose(&part);
            dtake_pixels_dispose(&expected);
            dtake_pixels_dispose(&out);
            dtake__warp_free(warp);
        }
}

static void check_same(const dtake_pixels *a, const dtake_pixels *b)
{
    size_t plane = dtake__plane(a);
    CHECK(memcmp(a->data, b->data, plane * (size_t)a->bands * dtake_type_bytes(a->type)) == 0);
    CHECK((a->mask == NULL) == (b->mask == NULL));
    CHECK(a->mask == NULL || memcmp(a->mask, b->mask, plane * (size_t)a->mask_bands) == 0);
}

static const dtake__raster_grid utm = { "EPSG:32633", { 500000, 60, 0, 5100000, 0, -60 }, 211, 187 };
static const dtake__raster_grid degrees = { "EPSG:4326", { 14.99, 0.0006, 0, 46.06, 0, -0.0006 }, 330, 190 };

static void the_same_bits_however_it_is_cut(void **state)
{
    (void)state;
    const dtake_type types[] = { DTAKE_U8,  DTAKE_I8,  DTAKE_U16, DTAKE_I16,
                                 DTAKE_U32, DTAKE_I32, DTAKE_F32, DTAKE_F64 };
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (int masked = 0; masked < 2; masked++) {
            dtake_pixels in = scene(utm.width, utm.height, types[t], masked);
            for (int w = 0; w < WAYS; w++) {
                dtake_pixels whole = run_whole(&utm, &degrees, all_ways[w], &in);
                dtake__warp_use_vectors(false);
                dtake_pixels scalar = run_whole(&utm, &degrees, all_ways[w], &in);
                dtake__warp_use_vectors(true);
                check_same(&whole, &scalar);
                check_blocks(&utm, &degrees, all_ways[w], &in, &whole, types[t] == DTAKE_U16 ? 64 : 256);
                dtake_pixels_dispose(&whole);
                dtake_pixels_dispose(&scalar);
            }
            dtake_pixels_dispose(&in);
        }
}

static void blocks_of_64_256_and_1000_are_the_same_bits(void **state)
{
    (void)state;
    static const int64_t sides[] = { 64, 256, 1000 };
    const dtake__raster_grid fine = { "EPSG:4326", { 14.99, 0.00015, 0, 46.06, 0, -0.0001 }, 1100, 1030 };
    dtake_pixels in = scene(utm.width, utm.height, DTAKE_U16, true);
    for (int w = 0; w < WAYS; w++) {
        dtake__warp_use_vectors(false);
        dtake_pixels whole = run_whole(&utm, &fine, all_ways[w], &in);
        dtake__warp_use_vectors(true);
        for (int i = 0; i < 3; i++)
            check_blocks(&utm, &fine, all_ways[w], &in, &whole, sides[i]);
        dtake_pixels_dispose(&whole);
    }
    dtake_pixels_dispose(&in);
}

static void wide_kernels_do_not_depend_on_blocks_either(void **state)
{
    (void)state;
    const dtake__raster_grid coarse = { "EPSG:3857", { 1668000, 400, 0, 5796000, 0, -400 }, 50, 50 };
    dtake_pixels in = scene(utm.width, utm.height, DTAKE_U16, true);
    for (int w = 0; w < WAYS; w++) {
        dtake_pixels whole = run_whole(&utm, &coarse, all_ways[w], &in);
        check_blocks(&utm, &coarse, all_ways[w], &in, &whole, 17);
        dtake_pixels_dispose(&whole);
    }
    dtake_pixels_dispose(&in);
}

static void a_raster_around_the_globe_has_no_seam(void **state)
{
    (void)state;
    const dtake__raster_grid world = { "EPSG:4326", { -180, 1, 0, 90, 0, -1 }, 360, 180 };
    const dtake__raster_grid pacific = { "EPSG:32601", { 100000, 20000, 0, 2000000, 0, -20000 }, 60, 60 };
    dtake_pixels in = pixels_of(360, 180, DTAKE_U16, 1, 0);
    for (int64_t i = 0; i < 360 * 180; i++)
        ((uint16_t *)in.data)[i] = (uint16_t)(1000 + i / 360);
    for (int w = 0; w < WAYS; w++) {
        dtake_pixels out = run_whole(&world, &pacific, all_ways[w], &in);
        CHECK(out.mask == NULL);
        for (int64_t row = 0; row < 60; row++) /* latitudes alone make the values */
            for (int64_t col = 1; col < 60; col++)
                CHECK(fabs(value_at(&out, row * 60 + col) - value_at(&out, row * 60 + col - 1)) <= 1);
        check_blocks(&world, &pacific, all_ways[w], &in, &out, 16);
        dtake_pixels_dispose(&out);
    }
    dtake_pixels_dispose(&in);
}

static void a_shift_by_whole_pixels_is_a_copy(void **state)
{
    (void)state;
    const dtake__raster_grid shifted = {
        "EPSG:32633", { 500000 - 3 * 60, 60, 0, 5100000 - 2 * 60, 0, -60 }, 30, 186
    };
    dtake_pixels in = scene(utm.width, utm.height, DTAKE_U16, true);
    for (int w = 0; w < WAYS; w++) {
        dtake__warp *warp = warp_of(&utm, &shifted, all_ways[w]);
        CHECK(dtake__warp_is_copy(warp));
        dtake__warp_free(warp);
        dtake_pixels out = run_whole(&utm, &shifted, all_ways[w], &in);
        for (int64_t row = 0; row < 186; row++)
            for (int64_t col = 0; col < 30; col++) {
                int64_t to = row * 30 + col, from = (row + 2) * utm.width + col - 3;
                bool inside = col >= 3 && row + 2 < utm.height;
                CHECK_EQ(out.mask[to], inside ? in.mask[from] : 0);
                CHECK(value_at(&out, to) == (inside ? value_at(&in, from) : 0));
            }
        check_blocks(&utm, &shifted, all_ways[w], &in, &out, 16);
        dtake_pixels_dispose(&out);
    }
    dtake_pixels_dispose(&in);
}

static void a_plane_stays_a_plane(void **state)
{
    (void)state;
    /* 1000 + 100 col + 10 row, asked a quarter of a pixel off and half as large. */
    const dtake__raster_grid source = { "EPSG:32633", { 0, 10, 0, 0, 0, -10 }, 20, 20 };
    const dtake__raster_grid grid = { "EPSG:32633", { 42.5, 5, 0, -42.5, 0, -5 }, 10, 10 };
    dtake_pixels in = pixels_of(20, 20, DTAKE_U16, 1, 0);
    for (int64_t i = 0; i < 400; i++)
        ((uint16_t *)in.data)[i] = (uint16_t)(1000 + 100 * (i % 20) + 10 * (i / 20));
    const dtake_resampling smooth[] = { DTAKE_BILINEAR, DTAKE_CUBIC };
    for (int w = 0; w < 2; w++) {
        dtake_pixels out = run_whole(&source, &grid, smooth[w], &in);
        for (int64_t i = 0; i < 100; i++) {
            double x = 4.25 + 0.5 * ((double)(i % 10) + 0.5) - 0.5,
                   y = 4.25 + 0.5 * ((double)(i / 10) + 0.5) - 0.5;
            CHECK(fabs(value_at(&out, i) - (1000 + 100 * x + 10 * y)) <= 0.5001);
        }
        dtake_pixels_dispose(&out);
    }
    dtake_pixels_dispose(&in);
}

static void masked_pixels_leave_the_weights(void **state)
{
    (void)state;
    /* Row by row: 10 20 / 30 (masked 9999). */
    const dtake__raster_grid source = { "EPSG:32633", { 0, 10, 0, 20, 0, -10 }, 2, 2 };
    const dtake__raster_grid grid = { "EPSG:32633", { 5, 5, 0, 15, 0, -5 }, 2, 2 };
    dtake_pixels in = pixels_of(2, 2, DTAKE_U16, 1, 1);
    memcpy(in.data, (uint16_t[]){ 10, 20, 30, 9999 }, 8);
    in.mask[3] = 0;
    dtake_pixels out = run_whole(&source, &grid, DTAKE_BILINEAR, &in);
    /* The point at (0.25, 0.25) from the first: 9/16, 3/16, 3/16 of 15/16. */
    CHECK(value_at(&out, 0) == floor((10 * 9 + 20 * 3 + 30 * 3) / 15.0 + 0.5));
    CHECK(value_at(&out, 1) == floor((10 * 3 + 20 * 9 + 30 * 1) / 13.0 + 0.5));
    CHECK(out.mask[0] == 255 && out.mask[1] == 255 && out.mask[2] == 255 && out.mask[3] == 0);
    CHECK(value_at(&out, 3) == 0);
    dtake_pixels_dispose(&out);
    const dtake__raster_grid one = { "EPSG:32633", { 0, 20, 0, 20, 0, -20 }, 1, 1 };
    out = run_whole(&source, &one, DTAKE_AVERAGE, &in);
    CHECK(value_at(&out, 0) == 20 && out.mask == NULL);
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void the_commonest_value_wins_and_of_equals_the_first(void **state)
{
    (void)state;
    const dtake__raster_grid source = { "EPSG:32633", { 0, 10, 0, 30, 0, -10 }, 6, 3 };
    const dtake__raster_grid grid = { "EPSG:32633", { 0, 30, 0, 30, 0, -30 }, 2, 1 };
    const uint8_t values[] = { 4, 4, 9, 7, 5, 1, 9, 9, 4, 1, 7, 5, 9, 6, 6, 5, 7, 1 };
    dtake_pixels in = pixels_of(6, 3, DTAKE_U8, 1, 0);
    memcpy(in.data, values, sizeof values);
    dtake_pixels out = run_whole(&source, &grid, DTAKE_MODE, &in);
    CHECK(value_at(&out, 0) == 9); /* four of nine */
    CHECK(value_at(&out, 1) == 7); /* three each */
    dtake_pixels_dispose(&out);
    dtake_pixels_dispose(&in);
}

static void an_output_beside_the_source_is_masked(void **state)
{
    (void)state;
    const dtake__raster_grid beside = { "EPSG:4326", { 20, 0.01, 0, 46, 0, -0.01 }, 30, 30 };
    const dtake__raster_grid antipode = { "EPSG:3031", { -1e6, 10000, 0, 1e6, 0, -10000 }, 20, 20 };
    dtake_pixels in = scene(utm.width, utm.height, DTAKE_F32, false);
    for (int w = 0; w < WAYS; w++) {
        dtake_window none;
        dtake__warp *warp = warp_of(&utm, &beside, all_ways[w]);
        CHECK(!dtake__warp_window(warp, (dtake_window){ 0, 0, 30, 30 }, &none));
        dtake__warp_free(warp);
        dtake_pixels out = run_whole(&utm, &antipode, all_ways[w], &in);
        CHECK(out.mask != NULL && out.mask[0] == 0 && out.mask[399] == 0);
        dtake_pixels_dispose(&out);
    }
    dtake_pixels_dispose(&in);
}

static void overviews_are_chosen_as_gdalwarp_does(void **state)
{
    (void)state;
    const dtake_overview levels[] = { { 500, 500, 256, 256 },
                                      { 250, 250, 256, 256 },
                                      { 125, 125, 256, 256 } };
    dtake_raster_info info = { .crs = "EPSG:32633",
                               .has_transform = true,
                               .width = 1000,
                               .height = 1000,
                               .transform = { 500000, 10, 0, 5100000, 0, -10 },
                               .overview = levels,
                               .overview_count = 3 };
    const struct {
        double step;
        int32_t expected;
    } cases[] = { { 5, 0 },  { 10, 0 }, { 15, 0 }, { 20, 1 }, { 19.9, 0 }, { 18.5, 0 },
                  { 39, 1 }, { 40, 2 }, { 79, 2 }, { 80, 3 }, { 1000, 3 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t side = (int64_t)(10000 / cases[i].step);
        dtake__raster_grid grid = {
            "EPSG:32633", { 500000, cases[i].step, 0, 5100000, 0, -cases[i].step }, side, side
        };
        int32_t overview;
        CHECK_OK(dtake__warp_overview(&info, &grid, &overview, NULL));
        if (overview != cases[i].expected)
            fail_msg("%g m: overview %d, expected %d", cases[i].step, overview, cases[i].expected);
    }
}

static void names_of_resampling_are_read(void **state)
{
    (void)state;
    dtake_resampling how;
    for (int w = 0; w < WAYS; w++) {
        CHECK_OK(dtake_resampling_parse(dtake_resampling_name(all_ways[w]), &how, NULL));
        CHECK_EQ(how, all_ways[w]);
    }
    CHECK_OK(dtake_resampling_parse("Bicubic", &how, NULL));
    CHECK_EQ(how, DTAKE_CUBIC);
    dtake_error err;
    CHECK_STATUS(dtake_resampling_parse("gauss", &how, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "lanczos") != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_bits_however_it_is_cut),
        cmocka_unit_test(blocks_of_64_256_and_1000_are_the_same_bits),
        cmocka_unit_test(wide_kernels_do_not_depend_on_blocks_either),
        cmocka_unit_test(a_raster_around_the_globe_has_no_seam),
        cmocka_unit_test(a_shift_by_whole_pixels_is_a_copy),
        cmocka_unit_test(a_plane_stays_a_plane),
        cmocka_unit_test(masked_pixels_leave_the_weights),
        cmocka_unit_test(the_commonest_value_wins_and_of_equals_the_first),
        cmocka_unit_test(an_output_beside_the_source_is_masked),
        cmocka_unit_test(overviews_are_chosen_as_gdalwarp_does),
        cmocka_unit_test(names_of_resampling_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
