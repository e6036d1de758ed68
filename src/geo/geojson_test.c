#include "check.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "geo/area.h"

static const char square[] = "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[4,0],[4,4],[0,4],[0,0]]]}";

static dtake_status window_of(const char *geojson, dtake_window *window, int64_t *inside, dtake_error *err)
{
    static uint8_t mask[100];
    dtake_affine grid = { 0, 1, 0, 10, 0, -1 };
    dtake__outline outline = { 0 };
    dtake_status st = dtake__outline_of_geojson(geojson, strlen(geojson), "EPSG:4326", 0.001, &outline, err);
    if (st == DTAKE_OK)
        st = dtake__outline_window(&outline, &grid, 10, 10, window, err);
    if (st == DTAKE_OK) {
        memset(mask, 255, sizeof mask);
        st = dtake__outline_mask(&outline, &grid, (dtake_window){ 0, 0, 10, 10 }, mask);
        *inside = 0;
        for (int i = 0; i < 100; i++)
            *inside += mask[i] == 255;
    }
    dtake__outline_dispose(&outline);
    return st;
}

static void a_polygon_with_a_hole_leaves_the_hole_out(void **state)
{
    (void)state;
    dtake_window window;
    int64_t inside;
    CHECK_OK(window_of(
        "{\"type\":\"Feature\",\"properties\":null,\"geometry\":{\"type\":\"Polygon\",\"coordinates\":"
        "[[[1,1,7],[7,1,7],[7,7,7],[1,7,7]],[[3,3],[5,3],[5,5],[3,5],[3,3]]]}}",
        &window, &inside, NULL));
    CHECK_EQ(window.col, 1);
    CHECK_EQ(window.row, 3);
    CHECK_EQ(window.width, 6);
    CHECK_EQ(inside, 36 - 4);
}

static void polygons_that_overlap_do_not_cancel_out(void **state)
{
    (void)state;
    dtake_window window;
    int64_t inside;
    CHECK_OK(window_of("{\"type\":\"FeatureCollection\",\"features\":["
                       "{\"type\":\"Feature\",\"geometry\":null},"
                       "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[4,"
                       "0],[4,4],[0,4],[0,0]]]}},"
                       "{\"type\":\"Feature\",\"geometry\":{\"type\":\"MultiPolygon\",\"coordinates\":[[[[2,"
                       "2],[6,2],[6,6],[2,6],[2,2]]]]}}]}",
                       &window, &inside, NULL));
    CHECK_EQ(inside, 16 + 16 - 4);
}

static void what_is_no_area_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        dtake_status status;
        const char *says;
    } cases[] = {
        { "", DTAKE_E_FORMAT, "line" },
        { "[]", DTAKE_E_FORMAT, "type" },
        { "{\"type\":\"Circle\",\"coordinates\":[]}", DTAKE_E_FORMAT, "Circle" },
        { "{\"type\":\"Point\",\"coordinates\":[1,2]}", DTAKE_E_UNSUPPORTED, "polygons" },
        { "{\"type\":\"Polygon\"}", DTAKE_E_FORMAT, "coordinates" },
        { "{\"type\":\"Polygon\",\"coordinates\":[]}", DTAKE_E_EMPTY, "no polygon" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,1]]]}", DTAKE_E_FORMAT, "three positions" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[0,0],[0,0]]]}", DTAKE_E_EMPTY, "no pixel" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[46,95],[47,95],[47,96]]]}", DTAKE_E_FORMAT, "[46, 95]" },
        { "{\"type\":\"Polygon\",\"coordinates\":[[[0,\"a\"],[1,1],[2,2]]]}", DTAKE_E_FORMAT, "position" },
        { "{\"type\":\"FeatureCollection\",\"features\":[]}", DTAKE_E_EMPTY, "no polygon" },
        { "{\"type\":\"Feature\",\"geometry\":null}", DTAKE_E_FORMAT, "without geometry" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_error err = { 0 };
        dtake_window window;
        int64_t inside;
        dtake_status st = window_of(cases[i].text, &window, &inside, &err);
        if (st != cases[i].status || strstr(err.message, cases[i].says) == NULL)
            fail_msg("%s: %s: %s", cases[i].text, dtake_status_name(st), err.message);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    dtake_buf text = DTAKE_BUF_INIT(1 << 20);
    dtake_error err;
    dtake__outline outline = { 0 };
    for (int i = 0; i < 1000; i++)
        CHECK_OK(dtake__buf_puts(&text, "{\"type\":\"GeometryCollection\",\"geometries\":["));
    for (int i = 0; i < 1000; i++)
        CHECK_OK(dtake__buf_puts(&text, "]}"));
    CHECK_STATUS(dtake__outline_of_geojson(dtake__buf_str(&text), text.len, "EPSG:4326", 1, &outline, &err),
                 DTAKE_E_FORMAT);
    dtake__buf_dispose(&text);
}

static void geometries_meet_or_do_not(void **state)
{
    (void)state;
    bool meet;
    CHECK_OK(dtake__geojson_intersects(square, "{\"type\":\"Point\",\"coordinates\":[4,4]}", &meet, NULL));
    CHECK(meet);
    CHECK_OK(dtake__geojson_intersects(square, "{\"type\":\"LineString\",\"coordinates\":[[5,0],[5,9]]}",
                                       &meet, NULL));
    CHECK(!meet);
    CHECK_OK(dtake__geojson_intersects_box(square, (dtake_box){ 3, 3, 9, 9 }, &meet, NULL));
    CHECK(meet);
    CHECK_OK(dtake__geojson_intersects_box(square, (dtake_box){ 170, -1, -170, 1 }, &meet, NULL));
    CHECK(!meet);
    /* a bow tie is no valid polygon, and still an answer is expected */
    CHECK_OK(dtake__geojson_intersects_box(
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[4,4],[4,0],[0,4],[0,0]]]}",
        (dtake_box){ 3.5, 1, 5, 3 }, &meet, NULL));
    CHECK(meet);
}

static void a_footprint_beyond_180_meets_a_box_before_it(void **state)
{
    (void)state;
    bool meet;
    const char *beyond = "{\"type\":\"Polygon\",\"coordinates\":[[[179,0],[182,0],[182,4],[179,4],[179,0]]]}";
    CHECK_OK(dtake__geojson_intersects_box(beyond, (dtake_box){ -179, 1, -178.5, 2 }, &meet, NULL));
    CHECK(meet);
    const char *split =
        "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[179,0],[180,0],[180,4],[179,4],[179,0]]],"
        "[[[-180,0],[-178,0],[-178,4],[-180,4],[-180,0]]]]}";
    CHECK_OK(dtake__geojson_intersects_box(split, (dtake_box){ 179.5, 1, -179.5, 2 }, &meet, NULL));
    CHECK(meet);
}

static void running_out_of_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    dtake_window window;
    int64_t inside;
    int failed = 0;
    for (long n = 0; n < 200; n++) {
        dtake__alloc_fail_after(n, false);
        dtake_status st = window_of(square, &window, &inside, NULL);
        dtake__alloc_fail_after(-1, false);
        CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
        failed += st == DTAKE_E_NOMEM;
    }
    CHECK(failed > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_polygon_with_a_hole_leaves_the_hole_out),
        cmocka_unit_test(polygons_that_overlap_do_not_cancel_out),
        cmocka_unit_test(what_is_no_area_is_refused_with_a_reason),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(geometries_meet_or_do_not),
        cmocka_unit_test(a_footprint_beyond_180_meets_a_box_before_it),
        cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
