/* Grids against arithmetic done by hand, on the real scenes and on pixels whose value is their place. */
#include "access/journey.h"

#include "access/grid.h"
#include "access/select.h"
#include "core/alloc.h"

static void a_centre_falls_into_the_pixel_below_it(void **state)
{
    (void)state;
    /* 20 m over 10 m: centres at 10, 30, ... lie on an edge and belong to the pixel right of it */
    CHECK_EQ(dtake__nearest(0, 2, 0), 1);
    CHECK_EQ(dtake__nearest(0, 2, 1), 3);
    /* 2 m over 10 m: five output pixels each */
    CHECK_EQ(dtake__nearest(0, 0.2, 4), 0);
    CHECK_EQ(dtake__nearest(0, 0.2, 5), 1);
    /* 30 m over 10 m: the middle one */
    CHECK_EQ(dtake__nearest(0, 3, 0), 1);
    CHECK_EQ(dtake__nearest(0, 3, 7), 22);
    CHECK_EQ(dtake__nearest(-1, 0.5, 0), -1);
    /* noise of a projection in degrees does not move an edge */
    CHECK_EQ(dtake__nearest(0.5 - 1e-10, 1, 3), 4);
}

static dtake_raster *open_band(const sandbox *box, const char *name)
{
    char path[300];
    dtake_raster *raster;
    dtake_error err;
    snprintf(path, sizeof path, "%s/S2A_33TWL_20230815_0_L2A/%s.tif", SCENES, name);
    if (dtake_raster_open(&raster, box->runtime, path, &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return raster;
}

static void the_job_and_the_raster_agree_on_the_window(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = scenes_job(box.folder);
    dtake__layer layer = { .href = "x", .raster = open_band(&box, "B08") };
    dtake__grid grid;
    dtake_window window;
    dtake_error err;
    CHECK_OK(dtake_raster_window(layer.raster, o.bbox, &window, &err));
    CHECK_OK(dtake__grid_plan(&grid, &o, &layer, 1, &err));
    CHECK_EQ(grid.width, window.width);
    CHECK_EQ(grid.height, window.height);
    CHECK_EQ(layer.window.col, window.col);
    CHECK_EQ(layer.window.row, window.row);
    CHECK(layer.col == NULL && layer.row == NULL && layer.overview == 0);
    dtake__grid_dispose(&grid);
    dtake__layer_dispose(&layer);
    close_sandbox(&box);
}

static void a_coarser_scale_reads_an_overview_and_keeps_the_corner(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = scenes_job(box.folder);
    o.scale_m = 490;
    dtake__layer layer = { .href = "x", .raster = open_band(&box, "B08") };
    const dtake_raster_info *info = dtake_raster_get_info(layer.raster);
    dtake__grid grid;
    dtake_error err;
    CHECK_OK(dtake__grid_plan(&grid, &o, &layer, 1, &err));
    CHECK_EQ(layer.overview, 2); /* 228 pixels of 481.6 m; at 480 m it would be too coarse */
    CHECK(grid.transform.col_x == 490 && grid.transform.row_y == -490);
    double steps = (grid.transform.x0 - info->transform.x0) / 490;
    CHECK(steps == (double)(int)steps);
    CHECK(grid.width == 48 || grid.width == 49); /* 197 at 120 m */
    dtake__grid_dispose(&grid);
    dtake__layer_dispose(&layer);
    close_sandbox(&box);
}

static void a_finer_scale_repeats_pixels(void **state)
{
    (void)state;
    if (!have_scenes())
        skip();
    sandbox box = open_sandbox();
    dtake_get_options o = scenes_job(box.folder);
    o.scale_m = 40;
    dtake__layer layer = { .href = "x", .raster = open_band(&box, "B08") };
    dtake__grid grid;
    dtake_error err;
    CHECK_OK(dtake__grid_plan(&grid, &o, &layer, 1, &err));
    CHECK_EQ(layer.overview, 0);
    CHECK(layer.col != NULL && layer.row != NULL);
    CHECK(grid.width > 3 * 195 && grid.width < 3 * 199);
    for (int64_t i = 1; i < grid.width; i++)
        CHECK(layer.col[i] - layer.col[i - 1] <= 1);
    dtake__grid_dispose(&grid);
    dtake__layer_dispose(&layer);
    close_sandbox(&box);
}

static dtake__stac_item item_of(const char *id, int64_t time_ns, double cloud)
{
    return (dtake__stac_item){ .id = (char *)id,
                               .collection = (char *)"",
                               .platform = (char *)"",
                               .geometry = (char *)"",
                               .time_ns = time_ns,
                               .end_ns = time_ns,
                               .has_cloud = cloud >= 0,
                               .cloud_pct = cloud };
}

static void filters_leave_out_what_they_say(void **state)
{
    (void)state;
    dtake_get_options o = { .has_cloud = true,
                            .cloud_max_pct = 85,
                            .has_datetime = true,
                            .datetime = { 100, 200, false, true },
                            .out_dir = "out" };
    dtake__selection s = { .options = &o };
    dtake_error err;
    static const struct {
        const char *id;
        int64_t time;
        double cloud;
    } items[] = {
        { "a", 99, 10 }, { "b", 100, 85 }, { "c", 200, 10 }, { "d", 150, -1 }, { "e", INT64_MIN, 1 }
    };
    for (size_t i = 0; i < 5; i++) {
        dtake__stac_item item = item_of(items[i].id, items[i].time, items[i].cloud);
        CHECK_OK(dtake__select_item(&s, &item, &err));
    }
    CHECK_STATUS(dtake__select_finish(&s, &err), DTAKE_E_EMPTY);
    CHECK_STR(err.message, "0 of 5 items left: 2 outside --datetime, 1 without a time, 1 with too many "
                           "clouds, 1 without eo:cloud_cover");
    dtake__images_dispose(&s.images);
}

static void images_come_in_order_of_time_and_are_dealt_out_in_turn(void **state)
{
    (void)state;
    static const char *const bands[] = { "B8" };
    dtake__stac_asset asset = { .key = (char *)"B8",
                                .href = (char *)"x.tif",
                                .media_type = (char *)"",
                                .title = (char *)"",
                                .checksum = (char *)"" };
    for (int shard = 0; shard < 2; shard++) {
        dtake_get_options o = { .out_dir = "out",
                                .bands = bands,
                                .band_count = 1,
                                .max_items = 3,
                                .shard_index = shard,
                                .shard_count = 2 };
        dtake__selection s = { .options = &o };
        static const int64_t times[] = { 40, 10, INT64_MIN, 30, 20 };
        for (size_t i = 0; i < 5; i++) {
            char id[2] = { (char)('a' + i), 0 };
            dtake__stac_item item = item_of(id, times[i], -1);
            item.asset = &asset;
            item.asset_count = 1;
            CHECK_OK(dtake__select_item(&s, &item, NULL));
        }
        CHECK_OK(dtake__select_finish(&s, NULL)); /* b, e, d of b e d a c */
        CHECK_EQ(s.total, 3);
        CHECK_EQ(s.images.count, shard == 0 ? 2 : 1);
        dtake__image *first = dtake__images_take(&s.images, 0, true);
        CHECK_STR(first->id, shard == 0 ? "b" : "e");
        CHECK_STR(first->path, shard == 0 ? "out/b.tif" : "out/e.tif");
        CHECK_EQ(first->place, shard);
        dtake__image_free(first);
        dtake__images_dispose(&s.images);
    }
}

static void two_items_on_one_path_are_refused_before_anything_is_fetched(void **state)
{
    (void)state;
    dtake_get_options o = { .out_dir = "out", .path_template = "{date}.tif" };
    dtake__selection s = { .options = &o };
    dtake_error err;
    CHECK_OK(dtake__select_raster(&s, "a/x.tif", &err));
    CHECK_OK(dtake__select_raster(&s, "b/x.tif", &err));
    CHECK_STATUS(dtake__select_finish(&s, &err), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "out/undated.tif") != NULL && strstr(err.message, "--template") != NULL);
    dtake__images_dispose(&s.images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_centre_falls_into_the_pixel_below_it),
        cmocka_unit_test(the_job_and_the_raster_agree_on_the_window),
        cmocka_unit_test(a_coarser_scale_reads_an_overview_and_keeps_the_corner),
        cmocka_unit_test(a_finer_scale_repeats_pixels),
        cmocka_unit_test(filters_leave_out_what_they_say),
        cmocka_unit_test(images_come_in_order_of_time_and_are_dealt_out_in_turn),
        cmocka_unit_test(two_items_on_one_path_are_refused_before_anything_is_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
