#include "check.h"

#include "geo/output_grid.h"

#include <math.h>

/* 1000 x 1000 pixels of 10 m in UTM 33N. */
static const dtake__raster_grid slovenia = { "EPSG:32633", { 500000, 10, 0, 5100000, 0, -10 }, 1000, 1000 };

static dtake__raster_grid make(dtake__grid_request request, const dtake__raster_grid *source)
{
    dtake__raster_grid grid = { 0 };
    dtake_error err = { 0 };
    dtake_status st = dtake__output_grid_make(&grid, &request, source, &err);
    if (st != DTAKE_OK)
        fail_msg("%s", err.message);
    return grid;
}

static void near(double a, double b, double within)
{
    if (!(fabs(a - b) <= within))
        fail_msg("%.12g is not %.12g", a, b);
}

static void an_extent_is_counted_in_pixels_as_gdalwarp_counts(void **state)
{
    (void)state;
    dtake__grid_request r = { .crs = "EPSG:3857", .has_extent = true, .extent = { 1000, 2000, 1104, 2126 } };
    r.res_x = 10;
    dtake__raster_grid g = make(r, &slovenia);
    CHECK(g.width == 10 && g.height == 13); /* 10.4 and 12.6 */
    CHECK(g.transform.x0 == 1000 && g.transform.y0 == 2126 && g.transform.col_x == 10 &&
          g.transform.row_y == -10);
    r.align = true;
    g = make(r, &slovenia);
    CHECK(g.width == 11 && g.height == 13 && g.transform.x0 == 1000 && g.transform.y0 == 2130);
    r.align = false;
    r.res_x = 0;
    r.width = 52;
    g = make(r, &slovenia);
    CHECK(g.width == 52 && g.height == 63 && g.transform.col_x == 2 && g.transform.row_y == -2);
}

static void metres_become_degrees_of_the_equator(void **state)
{
    (void)state;
    dtake__raster_grid g = make((dtake__grid_request){ .crs = "EPSG:4326",
                                                       .scale_m = 111319.49079327358,
                                                       .has_extent = true,
                                                       .extent = { 10, 40, 13, 42 } },
                                &slovenia);
    CHECK(g.width == 3 && g.height == 2);
    near(g.transform.col_x, 1, 1e-12);
}

static void a_box_lies_on_multiples_of_the_resolution(void **state)
{
    (void)state;
    dtake__grid_request r = {
        .crs = "EPSG:4326", .res_x = 0.01, .has_box = true, .box = { 15.004, 45.996, 15.046, 46.02 }
    };
    dtake__raster_grid g = make(r, &slovenia);
    /* Centres at 15.005 ... 15.045 and 46.015, 46.005; 45.995 lies outside. */
    near(g.transform.x0, 15.00, 1e-9);
    near(g.transform.y0, 46.02, 1e-9);
    CHECK(g.width == 5 && g.height == 2);
    r.box.west = 15.006; /* one column less; those that are left stay where they are */
    g = make(r, &slovenia);
    near(g.transform.x0, 15.01, 1e-9);
    CHECK(g.width == 4);
    r.box = (dtake_box){ 15.006, 46.006, 15.014, 46.014 };
    dtake__raster_grid none;
    CHECK_STATUS(dtake__output_grid_make(&none, &r, &slovenia, NULL), DTAKE_E_EMPTY);
}

static void a_box_across_the_antimeridian_is_one_piece(void **state)
{
    (void)state;
    dtake__grid_request r = {
        .crs = "EPSG:4326", .res_x = 0.5, .has_box = true, .box = { 179, -17, -179, -16 }
    };
    dtake__raster_grid g = make(r, &slovenia);
    near(g.transform.x0, 179, 1e-9);
    CHECK(g.width == 4 && g.height == 2);
    r.crs = "EPSG:3857";
    r.res_x = 1000;
    g = make(r, &slovenia);
    near((double)g.width, 222, 2); /* two degrees, not the rest of the world */
    near(g.transform.x0, 19926000, 1000);
    r.crs = "EPSG:32701";
    g = make(r, &slovenia);
    near((double)g.width, 213, 5);
}

static void a_box_around_the_pole_is_a_square(void **state)
{
    (void)state;
    dtake__raster_grid g = make(
        (dtake__grid_request){
            .crs = "EPSG:3413", .res_x = 10000, .has_box = true, .box = { -180, 80, 180, 90 } },
        &slovenia);
    CHECK(g.width == g.height);
    near((double)g.width, 217, 3); /* ten degrees to each side */
    near(g.transform.x0 + 5000.0 * (double)g.width, 0, 10000);
}

static void without_words_the_diagonal_keeps_its_pixels(void **state)
{
    (void)state;
    dtake__raster_grid same = make((dtake__grid_request){ .crs = "EPSG:32633" }, &slovenia);
    CHECK(same.width == 1000 && same.height == 1000 && same.transform.col_x == 10);
    dtake__raster_grid g = make((dtake__grid_request){ .crs = "EPSG:4326" }, &slovenia);
    /* gdalwarp -t_srs EPSG:4326 of GDAL 3.6.2 makes the very same grid. */
    CHECK(g.width == 1162 && g.height == 809);
    near(g.transform.col_x, 0.000111288492802, 1e-14);
    near(g.transform.x0, 14.999999999999982, 1e-10);
    near(g.transform.y0, 46.053574369777401, 1e-10);
}

static void a_raster_around_the_pole_reaches_around_the_globe(void **state)
{
    (void)state;
    const dtake__raster_grid arctic = { "EPSG:3413", { -1e6, 10000, 0, 1e6, 0, -10000 }, 200, 200 };
    dtake__raster_grid g = make((dtake__grid_request){ .crs = "EPSG:4326", .res_x = 0.5 }, &arctic);
    CHECK(g.width == 720);
    near(g.transform.y0, 90, 1e-9);
}

static void the_zone_of_a_place_is_found(void **state)
{
    (void)state;
    const struct {
        double lon, lat;
        const char *zone;
    } places[] = { { 15.5, 46, "EPSG:32633" },  { -82.4, 8.4, "EPSG:32617" }, { 5, 60, "EPSG:32632" },
                   { 10, 78, "EPSG:32633" },    { 181, -17, "EPSG:32701" },   { -180, 1, "EPSG:32601" },
                   { 179.99, -1, "EPSG:32760" } };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char zone[DTAKE__UTM_BYTES];
        dtake__crs_utm(zone, places[i].lon, places[i].lat);
        CHECK_STR(zone, places[i].zone);
    }
    double lon, lat;
    CHECK_OK(dtake__output_grid_middle(&(dtake__grid_request){ 0 }, &slovenia, &lon, &lat, NULL));
    near(lon, 15.06, 0.01);
    near(lat, 46, 0.1);
}

static void what_contradicts_itself_is_an_error(void **state)
{
    (void)state;
    dtake__raster_grid g;
#define BAD(...)                                                                                             \
    CHECK_STATUS(dtake__output_grid_make(&g, &(dtake__grid_request){ .crs = "EPSG:3857", __VA_ARGS__ },      \
                                         &slovenia, NULL),                                                   \
                 DTAKE_E_USAGE)
    BAD(.res_x = 10, .scale_m = 10);
    BAD(.res_x = 10, .width = 10);
    BAD(.align = true, .width = 10);
    BAD(.has_extent = true, .extent = { 5, 0, 4, 1 });
    BAD(.res_x = -1);
#undef BAD
    dtake__grid_request huge = { .crs = "EPSG:3857", .res_x = 1e-6 };
    CHECK_STATUS(dtake__output_grid_make(&g, &huge, &slovenia, NULL), DTAKE_E_LIMIT);
    dtake__grid_request unknown = { .crs = "EPSG:1", .res_x = 1 };
    CHECK_STATUS(dtake__output_grid_make(&g, &unknown, &slovenia, NULL), DTAKE_E_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_extent_is_counted_in_pixels_as_gdalwarp_counts),
        cmocka_unit_test(metres_become_degrees_of_the_equator),
        cmocka_unit_test(a_box_lies_on_multiples_of_the_resolution),
        cmocka_unit_test(a_box_across_the_antimeridian_is_one_piece),
        cmocka_unit_test(a_box_around_the_pole_is_a_square),
        cmocka_unit_test(without_words_the_diagonal_keeps_its_pixels),
        cmocka_unit_test(a_raster_around_the_pole_reaches_around_the_globe),
        cmocka_unit_test(the_zone_of_a_place_is_found),
        cmocka_unit_test(what_contradicts_itself_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
