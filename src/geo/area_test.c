#include "check.h"

#include "core/alloc.h"
#include "geo/area.h"
#include "geo/crs.h"

#include <math.h>

/* 2048 x 2048 pixels of 10 m in UTM 17N. */
static const dtake_affine panama = { 330000, 10, 0, 940000, 0, -10 };

static dtake_window window_of(dtake_box box, const char *crs, const dtake_affine *grid, int64_t width,
                              int64_t height)
{
    dtake__outline outline = { 0 };
    dtake_window window = { -1, -1, 0, 0 };
    CHECK_OK(dtake__outline_of_box(box, crs, 0.01, &outline, NULL));
    CHECK_OK(dtake__outline_window(&outline, grid, width, height, &window, NULL));
    dtake__outline_dispose(&outline);
    return window;
}

/* The slow way: every pixel's centre back to longitude and latitude. */
static dtake_window window_by_centres(dtake_box box, const char *crs, const dtake_affine *grid, int64_t width,
                                      int64_t height)
{
    int64_t west = width, east = -1, north = height, south = -1;
    double *xy = dtake__calloc((size_t)width, 2 * sizeof *xy);
    for (int64_t row = 0; row < height; row++) {
        for (int64_t col = 0; col < width; col++)
            dtake__affine_apply(grid, (double)col + 0.5, (double)row + 0.5, &xy[2 * col], &xy[2 * col + 1]);
        CHECK_OK(dtake__crs_transform(crs, "OGC:CRS84", xy, (size_t)width, NULL));
        for (int64_t col = 0; col < width; col++) {
            double lon = xy[2 * col], lat = xy[2 * col + 1];
            if (box.west > box.east && lon < box.east)
                lon += 360;
            double end = box.west > box.east ? box.east + 360 : box.east;
            if (lon < box.west || lon >= end || lat < box.south || lat >= box.north)
                continue;
            west = col < west ? col : west;
            east = col > east ? col : east;
            north = row < north ? row : north;
            south = row > south ? row : south;
        }
    }
    dtake__free(xy);
    return (dtake_window){ west, north, east - west + 1, south - north + 1 };
}

static void check_window(dtake_window a, dtake_window b)
{
    CHECK_EQ(a.col, b.col);
    CHECK_EQ(a.row, b.row);
    CHECK_EQ(a.width, b.width);
    CHECK_EQ(a.height, b.height);
}

static void a_box_holds_the_pixels_whose_centres_are_inside(void **state)
{
    (void)state;
    dtake_box box = { -82.48, 8.35, -82.39, 8.44 };
    check_window(window_of(box, "EPSG:32617", &panama, 2048, 2048),
                 window_by_centres(box, "EPSG:32617", &panama, 2048, 2048));
    /* high in the north parallels are arcs: 10 degrees of them over a coarse grid */
    dtake_affine north = { 200000, 2000, 0, 8900000, 0, -2000 };
    dtake_box arcs = { 11, 76, 21, 79 };
    check_window(window_of(arcs, "EPSG:32633", &north, 400, 400),
                 window_by_centres(arcs, "EPSG:32633", &north, 400, 400));
}

static void a_grid_may_be_turned_or_stand_on_its_head(void **state)
{
    (void)state;
    dtake_box box = { -82.48, 8.35, -82.39, 8.44 };
    dtake_affine turned = { 335000, 20, 8, 935000, 9, -21 }, south_up = { 330000, 10, 0, 920000, 0, 10 };
    check_window(window_of(box, "EPSG:32617", &turned, 700, 700),
                 window_by_centres(box, "EPSG:32617", &turned, 700, 700));
    check_window(window_of(box, "EPSG:32617", &south_up, 1500, 1500),
                 window_by_centres(box, "EPSG:32617", &south_up, 1500, 1500));
}

static void a_box_across_the_antimeridian_is_one_area(void **state)
{
    (void)state;
    dtake_box box = { 179.5, 64, -179.5, 65 };
    dtake_affine utm = { 250000, 100, 0, 7300000, 0, -100 };
    check_window(window_of(box, "EPSG:32601", &utm, 2000, 2000),
                 window_by_centres(box, "EPSG:32601", &utm, 2000, 2000));
    /* on a grid of the whole globe in degrees it touches both ends */
    dtake_affine globe = { -180, 1, 0, 90, 0, -1 };
    check_window(window_of((dtake_box){ 170, 0, -170, 10 }, "EPSG:4326", &globe, 360, 180),
                 (dtake_window){ 0, 80, 360, 10 });
    /* and on one of 0 to 360 it is in the middle */
    dtake_affine east = { 0, 1, 0, 90, 0, -1 };
    check_window(window_of((dtake_box){ 170, 0, -170, 10 }, "EPSG:4326", &east, 360, 180),
                 (dtake_window){ 170, 80, 20, 10 });
    /* web Mercator is torn at 180 degrees: two pieces at its two ends */
    dtake_affine mercator = { -20037508.34, 100000, 0, 20037508.34, 0, -100000 };
    check_window(window_of((dtake_box){ 170, 0, -170, 10 }, "EPSG:3857", &mercator, 401, 401),
                 (dtake_window){ 0, 189, 401, 11 });
}

static void neighbours_share_no_pixel_and_leave_none_out(void **state)
{
    (void)state;
    enum { SIDE = 300 };
    static uint8_t mask[SIDE * SIDE], seen[SIDE * SIDE];
    dtake_affine grid = { 500000, 10, 0, 5000000, 0, -10 };
    double edges[] = { 15.0, 15.01, 15.02, 15.030001 };
    double lats[] = { 45.13, 45.14, 45.1425 };
    memset(seen, 0, sizeof seen);
    for (int col = 0; col < 3; col++)
        for (int row = 0; row < 2; row++) {
            dtake__outline outline = { 0 };
            CHECK_OK(
                dtake__outline_of_box((dtake_box){ edges[col], lats[row], edges[col + 1], lats[row + 1] },
                                      "EPSG:32633", 0.001, &outline, NULL));
            memset(mask, 255, sizeof mask);
            CHECK_OK(dtake__outline_mask(&outline, &grid, (dtake_window){ 0, 0, SIDE, SIDE }, mask));
            for (int i = 0; i < SIDE * SIDE; i++)
                seen[i] += mask[i] == 255;
            dtake__outline_dispose(&outline);
        }
    int64_t covered = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        CHECK(seen[i] <= 1);
        covered += seen[i];
    }
    dtake_window all =
        window_by_centres((dtake_box){ 15.0, 45.13, 15.030001, 45.1425 }, "EPSG:32633", &grid, SIDE, SIDE);
    CHECK(covered > all.width * all.height * 98 / 100); /* the outline is not quite a rectangle of the grid */
}

static void centres_on_the_line_belong_to_one_side(void **state)
{
    (void)state;
    uint8_t left[16], right[16];
    dtake_affine grid = { 0, 1, 0, 4, 0, -1 };
    dtake__outline outline = { 0 };
    memset(left, 255, sizeof left);
    memset(right, 255, sizeof right);
    CHECK_OK(dtake__outline_of_box((dtake_box){ 0, 0, 1.5, 4 }, "EPSG:4326", 0.001, &outline, NULL));
    CHECK_OK(dtake__outline_mask(&outline, &grid, (dtake_window){ 0, 0, 4, 4 }, left));
    dtake__outline_dispose(&outline);
    CHECK_OK(dtake__outline_of_box((dtake_box){ 1.5, 0, 4, 4 }, "EPSG:4326", 0.001, &outline, NULL));
    CHECK_OK(dtake__outline_mask(&outline, &grid, (dtake_window){ 0, 0, 4, 4 }, right));
    dtake__outline_dispose(&outline);
    for (int i = 0; i < 16; i++)
        CHECK_EQ(left[i] ^ right[i], 255);
}

static void an_area_elsewhere_is_empty(void **state)
{
    (void)state;
    dtake_error err;
    dtake__outline outline = { 0 };
    dtake_window window;
    CHECK_OK(dtake__outline_of_box((dtake_box){ -80, 8, -79.9, 8.1 }, "EPSG:32617", 1, &outline, NULL));
    CHECK_STATUS(dtake__outline_window(&outline, &panama, 2048, 2048, &window, &err), DTAKE_E_EMPTY);
    CHECK_STATUS(dtake__outline_window(&outline, &(dtake_affine){ 0 }, 4, 4, &window, &err), DTAKE_E_FORMAT);
    dtake__outline_dispose(&outline);
}

static void far_parts_of_a_box_are_cut_off_before_projecting(void **state)
{
    (void)state;
    dtake_box near;
    CHECK(dtake__box_near_grid((dtake_box){ -180, -90, 180, 90 }, "EPSG:32617", &panama, 2048, 2048, &near));
    CHECK(near.west > -83 && near.east < -82 && near.south > 8 && near.north < 9);
    check_window(window_of(near, "EPSG:32617", &panama, 2048, 2048), (dtake_window){ 0, 0, 2048, 2048 });
    CHECK(!dtake__box_near_grid((dtake_box){ 15, 45, 16, 46 }, "EPSG:32617", &panama, 2048, 2048, &near));
    dtake_affine utm = { 250000, 100, 0, 7300000, 0, -100 };
    CHECK(dtake__box_near_grid((dtake_box){ 179.5, 64, -179.5, 65 }, "EPSG:32601", &utm, 2000, 2000, &near));
    CHECK(near.west == 179.5 && near.east == 180.5);
}

static void a_transform_and_its_inverse_cancel(void **state)
{
    (void)state;
    dtake_affine turned = { 335000, 20, 8, 935000, 9, -21 }, back;
    double x, y, col, row;
    CHECK(dtake__affine_invert(&turned, &back));
    dtake__affine_apply(&turned, 12.5, 700.25, &x, &y);
    dtake__affine_apply(&back, x, y, &col, &row);
    CHECK(fabs(col - 12.5) < 1e-8 && fabs(row - 700.25) < 1e-8);
    CHECK(!dtake__affine_invert(&(dtake_affine){ 0, 1, 2, 0, 2, 4 }, &back));
    dtake_affine moved = dtake__affine_shift(&panama, 3, 5), doubled = dtake__affine_scale(&panama, 2, 4);
    CHECK(moved.x0 == 330030 && moved.y0 == 939950);
    CHECK(doubled.col_x == 20 && doubled.row_y == -40 && doubled.x0 == 330000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_holds_the_pixels_whose_centres_are_inside),
        cmocka_unit_test(a_grid_may_be_turned_or_stand_on_its_head),
        cmocka_unit_test(a_box_across_the_antimeridian_is_one_area),
        cmocka_unit_test(neighbours_share_no_pixel_and_leave_none_out),
        cmocka_unit_test(centres_on_the_line_belong_to_one_side),
        cmocka_unit_test(an_area_elsewhere_is_empty),
        cmocka_unit_test(far_parts_of_a_box_are_cut_off_before_projecting),
        cmocka_unit_test(a_transform_and_its_inverse_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
