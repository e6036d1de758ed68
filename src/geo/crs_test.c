#include "check.h"

#include "geo/crs.h"

#include <math.h>
#include <pthread.h>

static void a_utm_zone_is_identified_with_its_unit(void **state)
{
    (void)state;
    dtake__crs_facts facts;
    CHECK_OK(dtake__crs_facts_of("EPSG:32633", &facts, NULL));
    CHECK_EQ(facts.epsg, 32633);
    CHECK_STR(facts.name, "WGS 84 / UTM zone 33N");
    CHECK(!facts.geographic && facts.metres_per_unit == 1);
    CHECK_OK(dtake__crs_facts_of("EPSG:2264", &facts, NULL)); /* North Carolina, US survey feet */
    CHECK(fabs(facts.metres_per_unit - 0.3048006096) < 1e-9);
    CHECK_OK(dtake__crs_facts_of("EPSG:4326", &facts, NULL));
    CHECK(facts.geographic && fabs(facts.metres_per_unit - 111319.49) < 0.01);
}

static void wkt_and_proj_strings_lead_back_to_the_code(void **state)
{
    (void)state;
    dtake__crs_facts facts;
    dtake_buf wkt = DTAKE_BUF_INIT(64 << 10);
    CHECK_OK(dtake__crs_to_wkt("EPSG:32617", true, &wkt, NULL));
    CHECK(strncmp(dtake__buf_str(&wkt), "PROJCS[\"WGS 84 / UTM zone 17N\"", 30) == 0);
    CHECK_OK(dtake__crs_facts_of(dtake__buf_str(&wkt), &facts, NULL));
    CHECK_EQ(facts.epsg, 32617);
    CHECK(dtake__crs_same(dtake__buf_str(&wkt), "EPSG:32617"));
    CHECK(!dtake__crs_same(dtake__buf_str(&wkt), "EPSG:32618"));
    CHECK(dtake__crs_same("OGC:CRS84", "EPSG:4326")); /* the order of axes does not count */
    dtake__buf_dispose(&wkt);
    CHECK_OK(dtake__crs_facts_of("+proj=sinu +lon_0=0 +R=6371007.181 +units=m", &facts, NULL));
    CHECK_EQ(facts.epsg, 0);
    CHECK(!facts.geographic);
}

static void longitude_comes_first_whatever_the_authority_says(void **state)
{
    (void)state;
    double xy[4] = { 15, 0, -82.4350, 8.3958 };
    CHECK_OK(dtake__crs_transform("EPSG:4326", "EPSG:32633", xy, 1, NULL));
    CHECK(fabs(xy[0] - 500000) < 1e-6 && fabs(xy[1]) < 1e-6);
    CHECK_OK(dtake__crs_transform("EPSG:4326", "EPSG:32617", xy + 2, 1, NULL));
    CHECK(fabs(xy[2] - 342004.513) < 1e-3 && fabs(xy[3] - 928343.511) < 1e-3); /* gdaltransform */
    CHECK_OK(dtake__crs_transform("EPSG:32617", "EPSG:4326", xy + 2, 1, NULL));
    CHECK(fabs(xy[2] + 82.4350) < 1e-9 && fabs(xy[3] - 8.3958) < 1e-9);
}

static void points_beyond_the_projection_are_infinite(void **state)
{
    (void)state;
    double xy[4] = { 0, 95, 0, 45 };
    CHECK_OK(dtake__crs_transform("EPSG:4326", "EPSG:32631", xy, 2, NULL));
    CHECK(xy[0] == HUGE_VAL && xy[1] == HUGE_VAL);
    CHECK(isfinite(xy[2]) && isfinite(xy[3]));
}

static void nonsense_is_refused_by_name(void **state)
{
    (void)state;
    dtake_error err;
    dtake__crs_facts facts;
    CHECK_STATUS(dtake__crs_facts_of("EPSG:999999", &facts, &err), DTAKE_E_UNSUPPORTED);
    CHECK(strstr(err.message, "EPSG:999999") != NULL);
    CHECK_STATUS(dtake__crs_facts_of("", &facts, &err), DTAKE_E_UNSUPPORTED);
    CHECK_STATUS(dtake__crs_facts_of("+proj=nosuch", &facts, NULL), DTAKE_E_UNSUPPORTED);
    CHECK(!dtake__crs_same("nonsense", "EPSG:4326"));
}

static void *ask_for_sixty_zones(void *arg)
{
    double *sum = arg;
    for (int round = 0; round < 2; round++)
        for (int zone = 1; zone <= 60; zone++) {
            char to[16];
            double xy[2] = { -183 + 6.0 * zone, 10 };
            snprintf(to, sizeof to, "EPSG:%d", 32600 + zone);
            if (dtake__crs_transform("EPSG:4326", to, xy, 1, NULL) == DTAKE_OK)
                *sum += xy[0];
        }
    return NULL;
}

static void threads_do_not_share_and_the_cache_stays_bounded(void **state)
{
    (void)state;
    pthread_t thread[3];
    double sum[3] = { 0 };
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask_for_sixty_zones, &sum[i]), 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        CHECK(fabs(sum[i] - 120 * 500000.0) < 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_utm_zone_is_identified_with_its_unit),
        cmocka_unit_test(wkt_and_proj_strings_lead_back_to_the_code),
        cmocka_unit_test(longitude_comes_first_whatever_the_authority_says),
        cmocka_unit_test(points_beyond_the_projection_are_infinite),
        cmocka_unit_test(nonsense_is_refused_by_name),
        cmocka_unit_test(threads_do_not_share_and_the_cache_stays_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
