#include "check.h"

#include "geo/prepared.h"

#include <pthread.h>

static dtake__geometry from(const char *text)
{
    dtake_error err = { 0 };
    dtake__geometry geometry;
    if (dtake__geometry_from_text(text, strlen(text), &geometry, &err) != DTAKE_OK)
        fail_msg("%s: %s", text, err.message);
    return geometry;
}

static bool holds(const char *area, dtake_edges edges, dtake__relation relation, const char *text)
{
    dtake_error err = { 0 };
    dtake__prepared *prepared;
    dtake__geometry whole = from(area), geometry = from(text);
    bool answer = false;
    if (dtake__prepared_new(&prepared, &whole, edges, &err) != DTAKE_OK)
        fail_msg("%s: %s", area, err.message);
    if (dtake__prepared_test(prepared, relation, &geometry, &answer, &err) != DTAKE_OK)
        fail_msg("%s, %s: %s", area, text, err.message);
    dtake__prepared_free(prepared);
    dtake__geometry_dispose(&whole);
    dtake__geometry_dispose(&geometry);
    return answer;
}

static bool box_holds(dtake_box box, dtake_edges edges, dtake__relation relation, const char *text)
{
    dtake__prepared *prepared;
    dtake__geometry geometry = from(text);
    bool answer = false;
    CHECK_OK(dtake__prepared_new_box(&prepared, box, edges, NULL));
    CHECK_OK(dtake__prepared_test(prepared, relation, &geometry, &answer, NULL));
    dtake__prepared_free(prepared);
    dtake__geometry_dispose(&geometry);
    return answer;
}

static void planar_relations_are_those_of_simple_features(void **state)
{
    (void)state;
    const char *area = "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1))";
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__INTERSECTS, "POINT(4 4)"));
    CHECK(!holds(area, DTAKE_EDGES_PLANAR, DTAKE__CONTAINS, "POINT(4 4)"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__TOUCHES, "POINT(4 4)"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__DISJOINT, "POINT(1.5 1.5)"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__CONTAINS, "POLYGON Z((3 3 9,4 3 9,4 4 9,3 3 9))"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__WITHIN, "POLYGON((-1 -1,5 -1,5 5,-1 5,-1 -1))"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__OVERLAPS, "POLYGON((3 3,5 3,5 5,3 3))"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__CROSSES, "LINESTRING(3 3,5 5)"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__EQUALS,
                "POLYGON((4 0,4 4,0 4,0 0,4 0),(1 1,1 2,2 2,2 1,1 1))"));
    CHECK(!holds(area, DTAKE_EDGES_PLANAR, DTAKE__INTERSECTS, "POLYGON EMPTY"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__DISJOINT, "POINT EMPTY"));
    CHECK(holds(area, DTAKE_EDGES_PLANAR, DTAKE__CONTAINS,
                "GEOMETRYCOLLECTION(POINT(4 4),LINESTRING(3 3,3 4))"));
    CHECK(!holds(area, DTAKE_EDGES_PLANAR, DTAKE__CONTAINS,
                 "GEOMETRYCOLLECTION(POINT(5 4),LINESTRING(3 3,3 4))"));
    /* a bow tie, as footprints sometimes are */
    CHECK(holds("POLYGON((0 0,2 2,2 0,0 2,0 0))", DTAKE_EDGES_PLANAR, DTAKE__INTERSECTS, "POINT(0.2 1)"));
}

static void a_box_across_the_antimeridian_meets_both_sides(void **state)
{
    (void)state;
    dtake_box box = { 170, -10, -170, 10 };
    const char *split =
        "MULTIPOLYGON(((179 0,180 0,180 1,179 1,179 0)),((-180 0,-179 0,-179 1,-180 1,-180 0)))";
    for (int edges = DTAKE_EDGES_PLANAR; edges <= DTAKE_EDGES_SPHERICAL; edges++) {
        CHECK(box_holds(box, edges, DTAKE__INTERSECTS, "POINT(175 0)"));
        CHECK(box_holds(box, edges, DTAKE__INTERSECTS, "POINT(-175 0)"));
        CHECK(box_holds(box, edges, DTAKE__CONTAINS, "POINT(180 0)"));
        CHECK(box_holds(box, edges, DTAKE__CONTAINS, "POINT(-180 0)"));
        CHECK(!box_holds(box, edges, DTAKE__INTERSECTS, "POINT(0 0)"));
        CHECK(!box_holds(box, edges, DTAKE__INTERSECTS, "POINT(175 11)"));
        CHECK(box_holds(box, edges, DTAKE__CONTAINS, split));
        CHECK(box_holds(box, edges, DTAKE__CONTAINS, "POLYGON((179 0,182 0,182 1,179 1,179 0))"));
        CHECK(holds(split, edges, DTAKE__INTERSECTS, "POINT(179.5 0.5)"));
        CHECK(holds(split, edges, DTAKE__CONTAINS, "POLYGON((179.5 .2,180.5 .2,180.5 .8,179.5 .2))"));
    }
    /* edges are met exactly also where turning by 360 degrees rounds: -100.3 + 360 - 360 is not -100.3 */
    const char *beside[] = { "POLYGON((-100.3 0,-99 0,-99 1,-100.3 1,-100.3 0))",
                             "POLYGON((-100.7 0,-99 0,-99 1,-100.7 1,-100.7 0))" };
    const char *within[] = { "POLYGON((-101 0,-100.3 0,-100.3 1,-101 1,-101 0))",
                             "POLYGON((-101 0,-100.7 0,-100.7 1,-101 1,-101 0))" };
    double east[] = { -100.3, -100.7 };
    for (int i = 0; i < 2; i++) {
        CHECK(box_holds((dtake_box){ 170, -10, east[i], 10 }, DTAKE_EDGES_PLANAR, DTAKE__INTERSECTS,
                        beside[i]));
        CHECK(
            box_holds((dtake_box){ 170, -10, east[i], 10 }, DTAKE_EDGES_PLANAR, DTAKE__CONTAINS, within[i]));
    }
    /* written without a cut: planar it spans the globe the long way, on the sphere it is two degrees wide */
    const char *uncut = "POLYGON((179 0,-179 0,-179 1,179 1,179 0))";
    CHECK(box_holds((dtake_box){ 0, 0, 1, 1 }, DTAKE_EDGES_PLANAR, DTAKE__INTERSECTS, uncut));
    CHECK(!box_holds((dtake_box){ 0, 0, 1, 1 }, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, uncut));
    CHECK(box_holds(box, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, uncut));
}

static void great_circles_bend_towards_the_pole(void **state)
{
    (void)state;
    /* from 60 N 0 E to 60 N 90 E the great circle reaches 67.79 N at 45 E */
    const char *area = "POLYGON((0 60,45 50,90 60,0 60))";
    CHECK(holds(area, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(45 67.79)"));
    CHECK(!holds(area, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(45 67.80)"));
    CHECK(!holds(area, DTAKE_EDGES_PLANAR, DTAKE__INTERSECTS, "POINT(45 65)"));
    /* a box has parallels as edges in both readings */
    CHECK(!box_holds((dtake_box){ 0, 50, 90, 60 }, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(45 61)"));
}

static void a_ring_around_a_pole_holds_it(void **state)
{
    (void)state;
    const char *cap = "POLYGON((0 80,90 80,180 80,-90 80,0 80))";
    CHECK(holds(cap, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(0 90)"));
    CHECK(holds(cap, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(123 90)"));
    CHECK(holds(cap, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(-135 86)"));
    CHECK(!holds(cap, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(45 80.5)"));
    CHECK(!holds(cap, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(0 -90)"));
    CHECK(holds(cap, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POLYGON((10 85,100 85,190 85,280 85,10 85))"));
    CHECK(holds("POINT(77 90)", DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, cap));
    const char *south = "POLYGON((0 -80,-90 -80,-180 -80,90 -80,0 -80))";
    CHECK(holds(south, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(5 -90)"));
    CHECK(!holds(south, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(5 90)"));
    /* with a hole around the pole */
    const char *belt = "POLYGON((0 70,90 70,180 70,-90 70,0 70),(0 80,90 80,180 80,-90 80,0 80))";
    CHECK(!holds(belt, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(0 90)"));
    CHECK(holds(belt, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(90 75)"));
    CHECK(holds(belt, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(-180 75)"));
}

static void an_edge_may_go_over_a_pole(void **state)
{
    (void)state;
    const char *triangle = "POLYGON((0 80,180 80,90 70,0 80))";
    CHECK(holds(triangle, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(33 90)"));
    CHECK(holds(triangle, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(90 85)"));
    CHECK(!holds(triangle, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(-90 89)"));
    CHECK(holds("LINESTRING(10 80,-170 80)", DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(10 88)"));
}

static void a_ring_encloses_its_smaller_side(void **state)
{
    (void)state;
    /* 300 degrees wide: more than half of the sphere as it is drawn */
    const char *wide =
        "POLYGON((-150 -70,-75 -70,0 -70,75 -70,150 -70,150 70,75 70,0 70,-75 70,-150 70,-150 -70))";
    CHECK(holds(wide, DTAKE_EDGES_SPHERICAL, DTAKE__DISJOINT, "POINT(0 0)"));
    CHECK(holds(wide, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(180 0)"));
    CHECK(holds(wide, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(0 90)"));
    /* but a box around the globe is that box */
    const char *band = "POLYGON((-180 -60,180 -60,180 90,-180 90,-180 -60))";
    CHECK(holds(band, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(0 0)"));
    CHECK(holds(band, DTAKE_EDGES_SPHERICAL, DTAKE__CONTAINS, "POINT(0 90)"));
    CHECK(!holds(band, DTAKE_EDGES_SPHERICAL, DTAKE__INTERSECTS, "POINT(0 -61)"));
}

typedef struct shared {
    dtake__geometry area, inside, outside; /* read by all */
    dtake__prepared *handed_over;          /* made by one thread, used and freed by another */
} shared;

static void *compare_often(void *arg)
{
    shared *s = arg;
    intptr_t right = 0;
    for (int i = 0; i < 50; i++) {
        dtake__prepared *prepared;
        bool in, out;
        if (dtake__prepared_new(&prepared, &s->area, i & 1, NULL) != DTAKE_OK ||
            dtake__prepared_test(prepared, DTAKE__CONTAINS, &s->inside, &in, NULL) != DTAKE_OK ||
            dtake__prepared_test(prepared, DTAKE__INTERSECTS, &s->outside, &out, NULL) != DTAKE_OK)
            return (void *)-1;
        right += in && !out;
        dtake__prepared_free(prepared);
    }
    return (void *)right;
}

static void *use_and_free(void *arg)
{
    shared *s = arg;
    bool in = false;
    dtake__prepared_test(s->handed_over, DTAKE__CONTAINS, &s->inside, &in, NULL);
    dtake__prepared_free(s->handed_over);
    return (void *)(intptr_t)in;
}

static void each_thread_has_its_own_geos(void **state)
{
    (void)state;
    shared s = { .area = from("POLYGON((10 40,30 40,30 55,10 55,10 40))"),
                 .inside = from("POLYGON((11 42,12 42,12 43,11 42))"),
                 .outside = from("POLYGON((31 42,32 42,32 43,31 42))") };
    pthread_t threads[4];
    void *result;
    CHECK_OK(dtake__prepared_new(&s.handed_over, &s.area, DTAKE_EDGES_SPHERICAL, NULL));
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i == 3 ? use_and_free : compare_often, &s), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        CHECK_EQ((intptr_t)result, i == 3 ? 1 : 50);
    }
    dtake__geometry_dispose(&s.area);
    dtake__geometry_dispose(&s.inside);
    dtake__geometry_dispose(&s.outside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planar_relations_are_those_of_simple_features),
        cmocka_unit_test(a_box_across_the_antimeridian_meets_both_sides),
        cmocka_unit_test(great_circles_bend_towards_the_pole),
        cmocka_unit_test(a_ring_around_a_pole_holds_it),
        cmocka_unit_test(an_edge_may_go_over_a_pole),
        cmocka_unit_test(a_ring_encloses_its_smaller_side),
        cmocka_unit_test(each_thread_has_its_own_geos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
