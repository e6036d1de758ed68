#include "output/fixture.h"
#include "output/pyramid.h"

static void overviews_go_down_to_one_tile(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U8, 2049, 1000, 1, 0);
    dtake__pyramid p;
    CHECK_OK(dtake__pyramid_init(&p, &in, false, 0, false, true, false, NULL));
    CHECK(!in.data && p.tile_side == 512);
    CHECK_EQ(p.levels, 4);
    CHECK(p.level[1].width == 1025 && p.level[2].width == 513 && p.level[3].width == 257 &&
          p.level[3].height == 125);
    CHECK_EQ(dtake__pyramid_across(&p, 0), 5);
    CHECK_EQ(dtake__pyramid_down(&p, 0), 2);
    dtake__pyramid_dispose(&p);

    in = fixture_pixels(DTAKE_U8, 511, 10, 1, 0);
    CHECK_OK(dtake__pyramid_init(&p, &in, false, 0, false, true, false, NULL));
    CHECK(p.levels == 1 && p.tile_side == 256);
    dtake__pyramid_dispose(&p);
}

static void an_edge_tile_repeats_the_last_column_and_row(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U16, 258, 257, 3, 1);
    for (int i = 0; i < 258 * 257 * 3; i++)
        ((uint16_t *)in.data)[i] = (uint16_t)i;
    in.mask[256 * 258 + 257] = 0;
    dtake__pyramid p;
    CHECK_OK(dtake__pyramid_init(&p, &in, false, 0, true, false, false, NULL));
    CHECK(p.alpha && !p.mask && p.bands == 4);
    uint16_t *tile = malloc(256 * 256 * 4 * 2);
    dtake__pyramid_tile(&p, 0, 3, tile); /* holds pixels (256..257, 256) */
    const int first = 256 * 258 + 256, plane = 258 * 257;
    CHECK(tile[0] == (uint16_t)first && tile[4] == (uint16_t)(first + 1));
    CHECK(tile[8] == tile[4] && tile[255 * 4] == tile[4]);
    CHECK(tile[1] == (uint16_t)(plane + first) && tile[2] == (uint16_t)(2 * plane + first));
    CHECK(tile[3] == 65535 && tile[7] == 0 && tile[11] == 0);
    assert_memory_equal(tile, tile + 256 * 4 * 200, 256 * 4 * 2);
    free(tile);
    dtake__pyramid_dispose(&p);
}

static void nodata_never_gets_into_a_mean(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_U16, 514, 2, 1, 1);
    uint16_t *v = in.data;
    for (int i = 0; i < 514 * 2; i++)
        v[i] = 100;
    in.mask[0] = in.mask[1] = in.mask[514] = 0; /* three of the first four */
    in.mask[2] = in.mask[3] = in.mask[516] = in.mask[517] = 0;
    v[515] = 40;
    dtake__pyramid p;
    CHECK_OK(dtake__pyramid_init(&p, &in, true, 9, false, true, false, NULL));
    CHECK(!p.mask && !p.alpha && p.levels == 2 && !p.level[0].mask && !p.level[1].mask);
    const uint16_t *full = p.level[0].data, *half = p.level[1].data;
    CHECK(full[0] == 9 && full[515] == 40 && full[4] == 100);
    CHECK(half[0] == 40 && half[1] == 9 && half[2] == 100);
    dtake__pyramid_dispose(&p);
}

static void masks_of_several_bands_become_one(void **state)
{
    (void)state;
    dtake_pixels in = fixture_pixels(DTAKE_F32, 2, 1, 2, 2);
    in.mask[2] = 0; /* band 2, pixel 0 */
    dtake__pyramid p;
    CHECK_OK(dtake__pyramid_init(&p, &in, false, 0, false, false, false, NULL));
    CHECK(p.mask && p.bands == 2);
    uint8_t *tile = malloc(256 * 256);
    dtake__pyramid_mask_tile(&p, 0, 0, tile);
    CHECK(tile[0] == 0 && tile[1] == 255 && tile[2] == 255 && tile[256 * 255] == 0);
    free(tile);
    dtake__pyramid_dispose(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overviews_go_down_to_one_tile),
        cmocka_unit_test(an_edge_tile_repeats_the_last_column_and_row),
        cmocka_unit_test(nodata_never_gets_into_a_mean),
        cmocka_unit_test(masks_of_several_bands_become_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
