#include "check.h"

#include "geo/area.h"
#include "geo/crs.h"
#include "raster/way.h"

#include <math.h>
#include <stdlib.h>

static const dtake__raster_grid utm33 = { "EPSG:32633", { 300000, 10, 0, 5300040, 0, -10 }, 10980, 10980 };
static const dtake__raster_grid world = { "EPSG:4326", { -180, 0.1, 0, 90, 0, -0.1 }, 3600, 1800 };

/* Pixels by PROJ alone. */
static void exact(const dtake__raster_grid *source, const dtake__raster_grid *grid, double col, double row,
                  double xy[2])
{
    dtake_affine inverse;
    CHECK(dtake__affine_invert(&source->transform, &inverse));
    dtake__affine_apply(&grid->transform, col, row, &xy[0], &xy[1]);
    CHECK_OK(dtake__crs_transform(grid->crs, source->crs, xy, 1, NULL));
    if (isfinite(xy[0]))
        dtake__affine_apply(&inverse, xy[0], xy[1], &xy[0], &xy[1]);
}

/* How far off the way is at worst, of 4000 places; `turn`: source pixels around the globe, 0 none. */
static double worst_error(const dtake__raster_grid *source, const dtake__raster_grid *grid, double turn,
                          size_t *cells)
{
    dtake__way way;
    double worst = 0;
    dtake_window all = { 0, 0, grid->width, grid->height };
    CHECK_OK(dtake__way_init(&way, source, grid, all, NULL));
    srand(1);
    for (int i = 0; i < 4000; i++) {
        int64_t col = rand() % grid->width, row = rand() % grid->height;
        double x, y, xy[2];
        dtake__way_row(&way, col, row, 1, 0.5, 0.5, &x, &y);
        exact(source, grid, (double)col + 0.5, (double)row + 0.5, xy);
        if (!isfinite(xy[0]) && !isfinite(x))
            continue;
        double dx = x - xy[0];
        if (turn > 0)
            dx -= turn * round(dx / turn);
        worst = fmax(worst, hypot(dx, y - xy[1]));
    }
    if (cells != NULL)
        *cells = way.cells;
    dtake__way_dispose(&way);
    return worst;
}

static void coordinates_are_right_to_a_hundred_thousandth_of_a_pixel(void **state)
{
    (void)state;
    size_t cells;
    const dtake__raster_grid to[] = {
        { "EPSG:4326", { 12.3, 0.0001, 0, 47.8, 0, -0.0001 }, 3000, 3000 },
        { "EPSG:3857", { 1370000, 14, 0, 6070000, 0, -14 }, 3000, 3000 },
        { "EPSG:3035", { 4500000, 10, 0, 2750000, 0, -10 }, 3000, 3000 },
        { "EPSG:3413", { 3400000, 20, 0, -2300000, 0, -20 }, 2000, 2000 },
        { "EPSG:32632", { 700000, 10, 0, 5300000, 0, -10 }, 3000, 3000 },
    };
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        double worst = worst_error(&utm33, &to[i], 0, &cells);
        size_t whole = (size_t)(((to[i].width + 255) / 256) * ((to[i].height + 255) / 256));
        if (!(worst < 2e-5) || cells > 5 * whole)
            fail_msg("to %s: %g pixels off, %zu cells for %zu", to[i].crs, worst, cells, whole);
    }
}

static void a_coarse_grid_is_refined_to_a_thousandth_at_least(void **state)
{
    (void)state;
    const dtake__raster_grid arctic = { "EPSG:3413", { -3e6, 10000, 0, 3e6, 0, -10000 }, 600, 600 };
    const dtake__raster_grid mercator = {
        "EPSG:3857", { -20037508, 40000, 0, 20037508, 0, -40000 }, 1002, 1002
    };
    const dtake__raster_grid sinusoidal = { "ESRI:54008", { -18e6, 40000, 0, 9e6, 0, -40000 }, 900, 450 };
    CHECK(worst_error(&world, &arctic, 3600, NULL) < 1e-3); /* around the pole */
    CHECK(worst_error(&world, &mercator, 3600, NULL) < 1e-3);
    CHECK(worst_error(&world, &sinusoidal, 3600, NULL) < 1e-3);
}

static void one_pixel_has_one_source_whatever_is_asked(void **state)
{
    (void)state;
    const dtake__raster_grid grid = { "EPSG:3035", { 4500000, 100, 0, 2750000, 0, -100 }, 2000, 2000 };
    dtake__way all, part;
    double x[600], y[600];
    CHECK_OK(dtake__way_init(&all, &utm33, &grid, (dtake_window){ 0, 0, 2000, 2000 }, NULL));
    CHECK_OK(dtake__way_init(&part, &utm33, &grid, (dtake_window){ 700, 900, 600, 100 }, NULL));
    for (int64_t row = 900; row < 1000; row += 13) {
        dtake__way_row(&all, 700, row, 600, 0.5, 0.5, x, y);
        for (int64_t i = 0; i < 600; i++) {
            double px, py;
            dtake__way_row(&part, 700 + i, row, 1, 0.5, 0.5, &px, &py);
            CHECK(px == x[i] && py == y[i]);
        }
    }
    dtake__way_dispose(&all);
    dtake__way_dispose(&part);
}

static void bounds_hold_every_point_of_a_block(void **state)
{
    (void)state;
    const dtake__raster_grid arctic = { "EPSG:3413", { -3e6, 10000, 0, 3e6, 0, -10000 }, 600, 600 };
    dtake__way way;
    CHECK_OK(dtake__way_init(&way, &world, &arctic, (dtake_window){ 0, 0, 600, 600 }, NULL));
    const dtake_window blocks[] = {
        { 0, 0, 600, 600 }, { 250, 250, 100, 100 }, { 1, 2, 3, 4 }, { 290, 40, 64, 64 }
    };
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        dtake__way_range range;
        double x[600], y[600];
        CHECK(dtake__way_bounds(&way, blocks[b], &range));
        for (int64_t row = 0; row < blocks[b].height; row++)
            for (int corner = 0; corner < 3; corner++) {
                dtake__way_row(&way, blocks[b].col, blocks[b].row + row, blocks[b].width, 0.5 * corner,
                               0.5 * corner, x, y);
                for (int64_t i = 0; i < blocks[b].width; i++)
                    if (isfinite(x[i])) {
                        CHECK(x[i] >= range.x_min - 1e-6 && x[i] <= range.x_max + 1e-6);
                        CHECK(y[i] >= range.y_min - 1e-6 && y[i] <= range.y_max + 1e-6);
                    }
            }
    }
    dtake__way_dispose(&way);
}

static void degrees_come_round_the_globe(void **state)
{
    (void)state;
    const dtake__raster_grid pacific = { "EPSG:4326", { 170, 0.5, 0, 10, 0, -0.5 }, 40, 40 };
    dtake__way way;
    double x[40], y[40];
    CHECK_OK(dtake__way_init(&way, &world, &pacific, (dtake_window){ 0, 0, 40, 40 }, NULL));
    dtake__way_row(&way, 0, 0, 40, 0.5, 0.5, x, y);
    CHECK(fabs(x[0] - 3502.5) < 1e-6 && fabs(x[19] - 3597.5) < 1e-6);
    CHECK(fabs(x[20] - 2.5) < 1e-6 && fabs(x[39] - 97.5) < 1e-6);
    dtake__way_dispose(&way);
    const dtake__raster_grid behind = { "EPSG:4326", { 370, 0.5, 0, 10, 0, -0.5 }, 40, 40 };
    CHECK_OK(dtake__way_init(&way, &world, &behind, (dtake_window){ 0, 0, 40, 40 }, NULL));
    CHECK(way.cell == NULL); /* a turn off, else straight */
    dtake__way_row(&way, 0, 0, 40, 0.5, 0.5, x, y);
    CHECK(fabs(x[0] - 1902.5) < 1e-6);
    dtake__way_dispose(&way);
}

static void a_crs_that_proj_does_not_know_is_an_error(void **state)
{
    (void)state;
    const dtake__raster_grid grid = { "EPSG:1", { 0, 1, 0, 0, 0, -1 }, 10, 10 };
    dtake__way way;
    CHECK(dtake__way_init(&way, &utm33, &grid, (dtake_window){ 0, 0, 10, 10 }, NULL) != DTAKE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coordinates_are_right_to_a_hundred_thousandth_of_a_pixel),
        cmocka_unit_test(a_coarse_grid_is_refined_to_a_thousandth_at_least),
        cmocka_unit_test(one_pixel_has_one_source_whatever_is_asked),
        cmocka_unit_test(bounds_hold_every_point_of_a_block),
        cmocka_unit_test(degrees_come_round_the_globe),
        cmocka_unit_test(a_crs_that_proj_does_not_know_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
