#include "check.h"

#include "raster/plan.h"

/* 8 x 8 tiles of 256 pixels, 1000 bytes each, 8 bytes between them, row by row from 4096 on. */
enum { ACROSS = 8, TILES = 64, BYTES = 1000, STEP = 1008, START = 4096 };

static uint64_t tile_first[TILES], tile_bytes[TILES];

static dtake__tiff_dir image(void)
{
    for (int i = 0; i < TILES; i++) {
        tile_first[i] = START + (uint64_t)i * STEP;
        tile_bytes[i] = BYTES;
    }
    return (dtake__tiff_dir){ .width = 2000,
                              .height = 2000,
                              .bands = 1,
                              .type = DTAKE_U16,
                              .bits = 16,
                              .tile_width = 256,
                              .tile_height = 256,
                              .across = ACROSS,
                              .down = 8,
                              .tile_count = TILES,
                              .tile_first = tile_first,
                              .tile_bytes = tile_bytes };
}

static dtake__plan plan_of(const dtake__tiff_dir *dir, dtake_window window, dtake__merge_rule rule)
{
    dtake__plan plan = { 0 };
    CHECK_OK(dtake__plan_make(&plan, dir, NULL, window, NULL, 0, &rule, NULL));
    return plan;
}

static const dtake__merge_rule unmeasured = { .parallel = 64 };
static const dtake__merge_rule spread = { .parallel = 64, .spread = 64, .split = true };
/* 1 MB/s at 10 ms over 10 connections: a gap of 1000 bytes is worth it, not one of 1001. */
static const dtake__merge_rule slow = { .rtt_ms = 10, .bandwidth_bytes_s = 1e6, .parallel = 10 };

static void a_window_touches_the_tiles_it_crosses(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    dtake__plan plan = plan_of(&dir, (dtake_window){ 255, 256, 2, 256 }, slow);
    CHECK_EQ(plan.tile_count, 2);
    CHECK_EQ(plan.tile[0].index, ACROSS);
    CHECK_EQ(plan.tile[1].index, ACROSS + 1);
    CHECK_EQ(plan.runs, 1);
    CHECK_EQ(plan.range_count, 1);
    CHECK_EQ(plan.range[0].first, START + ACROSS * STEP);
    CHECK_EQ(plan.range[0].bytes, STEP + BYTES);
    CHECK_EQ(plan.bytes, 2 * BYTES);
    CHECK_EQ(plan.gap_bytes, 8);
    dtake__plan_dispose(&plan);
}

static void beyond_the_edge_there_is_nothing_to_fetch(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    dtake__plan plan = plan_of(&dir, (dtake_window){ -500, -500, 501, 501 }, slow);
    CHECK_EQ(plan.tile_count, 1);
    dtake__plan_dispose(&plan);
    plan = plan_of(&dir, (dtake_window){ 2000, 0, 100, 100 }, slow);
    CHECK_EQ(plan.tile_count, 0);
    CHECK_EQ(plan.range_count, 0);
    dtake__plan_dispose(&plan);
    plan = plan_of(&dir, (dtake_window){ -100, 10, 100, 100 }, slow);
    CHECK_EQ(plan.tile_count, 0);
    dtake__plan_dispose(&plan);
    plan = plan_of(&dir, (dtake_window){ 1900, 1900, 5000, 5000 }, slow);
    CHECK_EQ(plan.tile_count, 1);
    dtake__plan_dispose(&plan);
}

static void gaps_are_joined_when_they_cost_less_than_a_round_trip(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    /* 7 of 8 columns: one tile and twice 8 bytes between rows */
    dtake__plan plan = plan_of(&dir, (dtake_window){ 0, 0, 7 * 256, 512 }, slow);
    CHECK_EQ(plan.runs, 2);
    CHECK_EQ(plan.range_count, 2); /* 1016 bytes */
    dtake__plan_dispose(&plan);
    dtake__merge_rule faster = slow;
    faster.bandwidth_bytes_s = 1.1e6;
    plan = plan_of(&dir, (dtake_window){ 0, 0, 7 * 256, 512 }, faster);
    CHECK_EQ(plan.range_count, 1);
    CHECK_EQ(plan.gap_bytes, 12 * 8 + STEP + 8);
    dtake__plan_dispose(&plan);
    plan = plan_of(&dir, (dtake_window){ 0, 0, 10, 2000 }, unmeasured); /* gaps of 7 KB: less than 64 KiB */
    CHECK_EQ(plan.runs, 8);
    CHECK_EQ(plan.range_count, 1);
    dtake__plan_dispose(&plan);
}

static void a_single_window_is_spread_over_connections(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    dtake__plan plan = plan_of(&dir, (dtake_window){ 0, 0, 700, 2000 }, spread);
    CHECK_EQ(plan.runs, 8);
    CHECK_EQ(plan.range_count, 8);
    dtake__plan_dispose(&plan);
    /* a run of 64 tiles of 100 KB goes in pieces of at least 256 KiB, cut between tiles */
    for (int i = 0; i < TILES; i++) {
        tile_first[i] = START + (uint64_t)i * 100000;
        tile_bytes[i] = 100000;
    }
    plan = plan_of(&dir, (dtake_window){ 0, 0, 2000, 2000 }, spread);
    CHECK_EQ(plan.runs, 1);
    CHECK_EQ(plan.range_count, 32);
    for (size_t i = 0; i < plan.range_count; i++)
        CHECK_EQ(plan.range[i].tile_count, 2);
    dtake__plan_dispose(&plan);
    /* and at most a permit's share of the 48 MiB read ahead, here 491 KiB: five tiles */
    plan = plan_of(&dir, (dtake_window){ 0, 0, 2000, 2000 },
                   (dtake__merge_rule){ .parallel = 100, .spread = 8, .split = true });
    CHECK_EQ(plan.range_count, 13);
    dtake__plan_dispose(&plan);
    /* with more runs than connections, spreading would only cost round trips */
    dir = image();
    dtake__merge_rule few = { .parallel = 4, .spread = 4 };
    plan = plan_of(&dir, (dtake_window){ 0, 0, 700, 2000 }, few);
    CHECK(plan.range_count <= plan.runs);
    CHECK_EQ(plan.range_count, 1);
    dtake__plan_dispose(&plan);
}

static void tiles_are_taken_in_the_order_of_the_file(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    for (int i = 0; i < TILES; i++)
        tile_first[i] = START + (uint64_t)(TILES - 1 - i) * STEP;
    tile_bytes[9] = 0;
    dtake__plan plan = plan_of(&dir, (dtake_window){ 0, 0, 512, 512 }, slow);
    CHECK_EQ(plan.tile_count, 4);
    CHECK_EQ(plan.sparse_count, 1);
    CHECK_EQ(plan.tile[0].index, 8);
    CHECK_EQ(plan.tile[1].index, 1);
    CHECK_EQ(plan.tile[2].index, 0);
    CHECK_EQ(plan.tile[3].index, 9);
    CHECK_EQ(plan.bytes, 3 * BYTES);
    dtake__plan_dispose(&plan);
}

static void tiles_that_share_bytes_are_fetched_once(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    for (int i = 0; i < TILES; i++)
        tile_first[i] = START;
    dtake__plan plan = plan_of(&dir, (dtake_window){ 0, 0, 2000, 2000 }, slow);
    CHECK_EQ(plan.range_count, 1);
    CHECK_EQ(plan.range[0].bytes, BYTES);
    CHECK_EQ(plan.range[0].tile_count, TILES);
    CHECK_EQ(plan.bytes, BYTES);
    CHECK_EQ(plan.gap_bytes, 0);
    dtake__plan_dispose(&plan);
}

static void only_the_planes_asked_for_are_planned(void **state)
{
    (void)state;
    dtake__tiff_dir dir = image();
    dir.width = dir.height = 512;
    dir.across = dir.down = 2;
    dir.bands = 16;
    dir.planar = true;
    const int32_t bands[] = { 3, 2, 3 };
    dtake__plan plan = { 0 };
    dtake__tiff_dir mask = image();
    mask.width = mask.height = 512;
    mask.across = mask.down = 2;
    mask.tile_count = 4;
    CHECK_OK(dtake__plan_make(&plan, &dir, &mask, (dtake_window){ 0, 0, 300, 10 }, bands, 3, &slow, NULL));
    CHECK_EQ(plan.tile_count, 6);
    int masks = 0;
    for (size_t i = 0; i < 6; i++)
        masks += plan.tile[i].mask;
    CHECK_EQ(masks, 2);
    CHECK_EQ(plan.tile[2].index, 4); /* bands 2 and 3 */
    CHECK_EQ(plan.tile[4].index, 8);
    dtake__plan_dispose(&plan);
}

static void a_tile_of_four_gigabytes_is_refused(void **state)
{
    (void)state;
    dtake_error err;
    dtake__plan plan = { 0 };
    dtake__tiff_dir dir = image();
    tile_bytes[0] = (uint64_t)4 << 30;
    CHECK_STATUS(dtake__plan_make(&plan, &dir, NULL, (dtake_window){ 0, 0, 1, 1 }, NULL, 0, &slow, &err),
                 DTAKE_E_LIMIT);
    tile_bytes[0] = 10;
    tile_first[0] = UINT64_MAX - 5;
    CHECK_STATUS(dtake__plan_make(&plan, &dir, NULL, (dtake_window){ 0, 0, 1, 1 }, NULL, 0, &slow, &err),
                 DTAKE_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_touches_the_tiles_it_crosses),
        cmocka_unit_test(beyond_the_edge_there_is_nothing_to_fetch),
        cmocka_unit_test(gaps_are_joined_when_they_cost_less_than_a_round_trip),
        cmocka_unit_test(a_single_window_is_spread_over_connections),
        cmocka_unit_test(tiles_are_taken_in_the_order_of_the_file),
        cmocka_unit_test(tiles_that_share_bytes_are_fetched_once),
        cmocka_unit_test(only_the_planes_asked_for_are_planned),
        cmocka_unit_test(a_tile_of_four_gigabytes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
