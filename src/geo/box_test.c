#include "check.h"

#include "geo/geometry.h"

#include <math.h>

static dtake_box box_of(const char *text, dtake_edges edges)
{
    dtake_error err = { 0 };
    dtake__geometry geometry;
    dtake_box box = { 0 };
    if (dtake__geometry_from_text(text, strlen(text), &geometry, &err) != DTAKE_OK ||
        dtake__geometry_box(&geometry, edges, &box, &err) != DTAKE_OK)
        fail_msg("%s: %s", text, err.message);
    dtake__geometry_dispose(&geometry);
    return box;
}

static void check_box(dtake_box box, double west, double south, double east, double north)
{
    if (fabs(box.west - west) > 1e-9 || fabs(box.south - south) > 1e-9 || fabs(box.east - east) > 1e-9 ||
        fabs(box.north - north) > 1e-9)
        fail_msg("%.9f %.9f %.9f %.9f, expected %g %g %g %g", box.west, box.south, box.east, box.north, west,
                 south, east, north);
}

static void a_planar_box_takes_parts_as_written(void **state)
{
    (void)state;
    check_box(box_of("POLYGON((0 0,10 0,10 5,0 0))", DTAKE_EDGES_PLANAR), 0, 0, 10, 5);
    check_box(box_of("POLYGON((179 0,-179 0,-179 5,179 0))", DTAKE_EDGES_PLANAR), -179, 0, 179, 5);
    check_box(box_of("POLYGON((179 0,182 0,182 5,179 0))", DTAKE_EDGES_PLANAR), 179, 0, -178, 5);
    check_box(box_of("POLYGON((-182 0,-179 0,-179 5,-182 0))", DTAKE_EDGES_PLANAR), 178, 0, -179, 5);
    check_box(box_of("LINESTRING(-300 0,300 5)", DTAKE_EDGES_PLANAR), -180, 0, 180, 5);
    /* cut at the antimeridian, as GeoJSON wants it */
    check_box(box_of("MULTIPOLYGON(((179 0,180 0,180 5,179 0)),((-180 0,-179 0,-179 5,-180 0)))",
                     DTAKE_EDGES_PLANAR),
              179, 0, -179, 5);
    /* the islands of Fiji, of RFC 7946 */
    check_box(box_of("MULTIPOINT((177 -20),(-178 -16))", DTAKE_EDGES_PLANAR), 177, -20, -178, -16);
    check_box(box_of("MULTIPOINT((0 1),(90 2),(170 3))", DTAKE_EDGES_PLANAR), 0, 1, 170, 3);
    check_box(box_of("MULTIPOINT((-90 1),(90 2))", DTAKE_EDGES_PLANAR), -90, 1, 90,
              2); /* as wide either way */
}

static void a_spherical_box_follows_great_circles(void **state)
{
    (void)state;
    /* tan(lat) = tan(60) / cos(45) at the top */
    double top = atan(sqrt(3) / cos(M_PI / 4)) * 180 / M_PI;
    check_box(box_of("LINESTRING(0 60,90 60)", DTAKE_EDGES_SPHERICAL), 0, 60, 90, top);
    check_box(box_of("LINESTRING(0 -60,90 -60)", DTAKE_EDGES_SPHERICAL), 0, -top, 90, -60);
    check_box(box_of("LINESTRING(10 0,10 60)", DTAKE_EDGES_SPHERICAL), 10, 0, 10, 60);
    check_box(box_of("LINESTRING(0 0,20 0)", DTAKE_EDGES_SPHERICAL), 0, 0, 20, 0);
    /* climbs all the way: the top is its end */
    check_box(box_of("LINESTRING(0 0,40 50)", DTAKE_EDGES_SPHERICAL), 0, 0, 40, 50);
    check_box(box_of("POLYGON((179 0,-179 0,-179 5,179 0))", DTAKE_EDGES_SPHERICAL), 179, 0, -179, 5);
    check_box(box_of("LINESTRING(170 0,-170 0,-160 0)", DTAKE_EDGES_SPHERICAL), 170, 0, -160, 0);
}

static void a_spherical_box_reaches_the_pole_that_is_inside(void **state)
{
    (void)state;
    check_box(box_of("POLYGON((0 80,90 80,180 80,-90 80,0 80))", DTAKE_EDGES_SPHERICAL), -180, 80, 180, 90);
    check_box(box_of("POLYGON((0 -80,90 -80,180 -80,-90 -80,0 -80))", DTAKE_EDGES_SPHERICAL), -180, -90, 180,
              -80);
    check_box(box_of("POLYGON((0 80,180 80,90 70,0 80))", DTAKE_EDGES_SPHERICAL), 0, 70, 180,
              90);                                                                              /* over it */
    check_box(box_of("POLYGON((0 80,20 80,0 90,0 80))", DTAKE_EDGES_SPHERICAL), 0, 80, 20, 90); /* up to it */
    check_box(box_of("POLYGON((-180 -60,180 -60,180 70,-180 70,-180 -60))", DTAKE_EDGES_SPHERICAL), -180, -60,
              180, 70);
}

static void the_cover_is_true_for_both_readings(void **state)
{
    (void)state;
    dtake__geometry geometry;
    dtake_box box;
    const char *uncut = "POLYGON((170 60,-170 60,-170 65,170 60))";
    CHECK_OK(dtake__geometry_from_text(uncut, strlen(uncut), &geometry, NULL));
    CHECK_OK(dtake__geometry_cover(&geometry, &box, NULL));
    CHECK(dtake__box_holds(box, box_of(uncut, DTAKE_EDGES_PLANAR)));
    CHECK(dtake__box_holds(box, box_of(uncut, DTAKE_EDGES_SPHERICAL)));
    dtake__geometry_dispose(&geometry);
    dtake__geometry empty;
    CHECK_OK(dtake__geometry_from_text("MULTIPOINT(EMPTY)", 17, &empty, NULL));
    CHECK_STATUS(dtake__geometry_cover(&empty, &box, NULL), DTAKE_E_EMPTY);
    dtake__geometry_dispose(&empty);
}

static void boxes_meet_across_the_antimeridian(void **state)
{
    (void)state;
    dtake_box fiji = { 177, -20, -178, -16 };
    CHECK(dtake__box_meets(fiji, (dtake_box){ -179, -17, -170, 0 }));
    CHECK(dtake__box_meets((dtake_box){ 178, -17, 179, 0 }, fiji));
    CHECK(dtake__box_meets(fiji, (dtake_box){ 170, -30, -170, 0 }));
    CHECK(!dtake__box_meets(fiji, (dtake_box){ -177, -17, 176, 0 }));
    CHECK(!dtake__box_meets(fiji, (dtake_box){ 178, -15, 179, 0 }));
    CHECK(
        dtake__box_meets((dtake_box){ 170, 0, 180, 1 }, (dtake_box){ -180, 0, -170, 1 })); /* at 180 itself */
    CHECK(dtake__box_meets((dtake_box){ 0, 0, 1, 1 }, (dtake_box){ 1, 1, 2, 2 }));
    CHECK(dtake__box_holds((dtake_box){ 170, -30, -170, 0 }, fiji));
    CHECK(dtake__box_holds((dtake_box){ -180, -30, 180, 0 }, fiji));
    CHECK(!dtake__box_holds((dtake_box){ 170, -30, 180, 0 }, fiji));
    CHECK(!dtake__box_holds((dtake_box){ 178, -30, -170, 0 }, fiji));
    check_box(dtake__box_join(fiji, (dtake_box){ 160, 0, 170, 5 }), 160, -20, -178, 5);
    check_box(dtake__box_join((dtake_box){ 0, 0, 10, 5 }, (dtake_box){ 20, 1, 30, 6 }), 0, 0, 30, 6);
    check_box(dtake__box_join((dtake_box){ -180, 0, 180, 5 }, fiji), -180, -20, 180, 5);
}

/* Boxes of random lines hold what the lines pass through. */
static void no_point_of_a_great_circle_lies_outside_of_its_box(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int n = 0; n < 20000; n++) {
        double at[4];
        for (int i = 0; i < 4; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            double unit = (double)(seed >> 11) / 9007199254740992.0;
            at[i] = (i % 2 == 0 ? 360 : 180) * unit - (i % 2 == 0 ? 180 : 90);
        }
        char text[120];
        snprintf(text, sizeof text, "LINESTRING(%.17g %.17g,%.17g %.17g)", at[0], at[1], at[2], at[3]);
        dtake_box box = box_of(text, DTAKE_EDGES_SPHERICAL);
        double d = M_PI / 180, v[2][3];
        for (int i = 0; i < 2; i++) {
            v[i][0] = cos(at[2 * i + 1] * d) * cos(at[2 * i] * d);
            v[i][1] = cos(at[2 * i + 1] * d) * sin(at[2 * i] * d);
            v[i][2] = sin(at[2 * i + 1] * d);
        }
        for (int step = 1; step < 20; step++) {
            double w = step / 20.0, m[3];
            for (int i = 0; i < 3; i++)
                m[i] = v[0][i] * (1 - w) + v[1][i] * w;
            double lon = atan2(m[1], m[0]) / d, lat = atan2(m[2], hypot(m[0], m[1])) / d;
            dtake_box wide = { box.west, box.south - 1e-9, box.east, box.north + 1e-9 };
            if (!dtake__box_meets(wide, (dtake_box){ lon, lat, lon, lat }))
                fail_msg("%s: %.12g %.12g is not in %.12g %.12g %.12g %.12g", text, lon, lat, box.west,
                         box.south, box.east, box.north);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planar_box_takes_parts_as_written),
        cmocka_unit_test(a_spherical_box_follows_great_circles),
        cmocka_unit_test(a_spherical_box_reaches_the_pole_that_is_inside),
        cmocka_unit_test(the_cover_is_true_for_both_readings),
        cmocka_unit_test(boxes_meet_across_the_antimeridian),
        cmocka_unit_test(no_point_of_a_great_circle_lies_outside_of_its_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
