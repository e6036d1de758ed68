#include "geo/patches.h"

#include "check.h"
#include "geo/crs.h"

#include <math.h>
#include <string.h>

/* Points of a rectangle in an order that comes back to every square, beside what PROJ says. */
static double most_apart(const char *crs, const double box[4])
{
    enum { SIDE = 90 };
    static double xy[2 * SIDE * SIDE], exact[2 * SIDE * SIDE];
    dtake__patches *p;
    double most = 0;
    CHECK_OK(dtake__patches_new(&p, crs, NULL));
    for (int i = 0; i < SIDE * SIDE; i++) {
        int at = i * 37 % (SIDE * SIDE);
        xy[2 * i] = box[0] + (box[2] - box[0]) * (at % SIDE) / (SIDE - 1);
        xy[2 * i + 1] = box[1] + (box[3] - box[1]) * (at / SIDE) / (SIDE - 1);
    }
    memcpy(exact, xy, sizeof xy);
    CHECK_OK(dtake__crs_transform(crs, "OGC:CRS84", exact, SIDE * SIDE, NULL));
    CHECK_OK(dtake__patches_transform(p, xy, SIDE * SIDE, NULL));
    for (int i = 0; i < 2 * SIDE * SIDE; i++) {
        if (!isfinite(exact[i])) {
            assert_false(isfinite(xy[i]));
            continue;
        }
        double apart = fabs(xy[i] - exact[i]);
        most = apart > most || isnan(apart) ? apart : most;
    }
    dtake__patches_free(p);
    return most;
}

static void points_are_where_proj_puts_them(void **state)
{
    (void)state;
    static const struct {
        const char *crs;
        double box[4];
    } places[] = {
        { "EPSG:2056", { 2480000, 1070000, 2840000, 1300000 } },       /* Switzerland */
        { "EPSG:32632", { 150000, 5000000, 850000, 6000000 } },        /* a zone of UTM */
        { "EPSG:32601", { 100000, 100000, 900000, 900000 } },          /* ... at the antimeridian */
        { "EPSG:3857", { -20037508, -20000000, 20037508, 20000000 } }, /* the world */
        { "EPSG:3413", { -500000, -500000, 500000, 500000 } },         /* around the pole */
        { "EPSG:2263", { 900000, 110000, 1090000, 280000 } },          /* feet */
        { "EPSG:27700", { 0, 0, 700000, 1200000 } },                   /* another datum */
        { "ESRI:54009", { -18000000, -9000000, 18000000, 9000000 } },  /* an ellipse: corners lie outside */
        { "EPSG:4269", { -100, 30, -90, 40 } },                        /* degrees */
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        double apart = most_apart(places[i].crs, places[i].box);
        if (!(apart <= DTAKE__PATCH_ERROR_DEG))
            fail_msg("%s: %g degrees", places[i].crs, apart);
    }
}

static void what_lies_far_away_is_what_proj_says(void **state)
{
    (void)state;
    dtake__patches *p;
    double xy[8] = { NAN, 0, 1e300, -1e300, HUGE_VAL, 1200000, 4e10, 4e10 }, exact[8];
    memcpy(exact, xy, sizeof xy);
    CHECK_OK(dtake__patches_new(&p, "EPSG:2056", NULL));
    CHECK_OK(dtake__patches_transform(p, xy, 4, NULL));
    CHECK_OK(dtake__crs_transform("EPSG:2056", "OGC:CRS84", exact, 4, NULL));
    assert_memory_equal(xy, exact, sizeof xy);
    dtake__patches_free(p);
}

static void a_crs_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    dtake__patches *p;
    dtake_error err;
    CHECK_EQ(dtake__patches_new(&p, "EPSG:1", &err), DTAKE_E_UNSUPPORTED);
    assert_null(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_where_proj_puts_them),
        cmocka_unit_test(what_lies_far_away_is_what_proj_says),
        cmocka_unit_test(a_crs_that_nobody_knows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
