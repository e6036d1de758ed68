#include "check.h"

#include "core/alloc.h"
#include "geo/geometry.h"

#include <math.h>
#include <stdlib.h>

static dtake__geometry from(const char *text)
{
    dtake_error err = { 0 };
    dtake__geometry geometry;
    if (dtake__geometry_from_text(text, strlen(text), &geometry, &err) != DTAKE_OK)
        fail_msg("%s: %s", text, err.message);
    return geometry;
}

/* Whatever comes in, as WKT. */
static const char *wkt(const char *text)
{
    static char out[4096];
    dtake_buf buf = DTAKE_BUF_INIT(sizeof out - 1);
    dtake__geometry geometry = from(text);
    CHECK_OK(dtake__geometry_to_wkt(&geometry, &buf, NULL));
    strcpy(out, dtake__buf_str(&buf));
    dtake__buf_dispose(&buf);
    dtake__geometry_dispose(&geometry);
    return out;
}

static const char *geojson(const char *text)
{
    static char out[4096];
    dtake_buf buf = DTAKE_BUF_INIT(sizeof out - 1);
    dtake__geometry geometry = from(text);
    CHECK_OK(dtake__geometry_to_geojson(&geometry, &buf, NULL));
    strcpy(out, dtake__buf_str(&buf));
    dtake__buf_dispose(&buf);
    dtake__geometry_dispose(&geometry);
    return out;
}

static void wkt_goes_in_and_out_unchanged(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "POINT (1 2)",
        "POINT Z (1 2 3)",
        "POINT M (1 2 3)",
        "POINT ZM (1 2 3 4)",
        "POINT EMPTY",
        "POINT Z EMPTY",
        "LINESTRING (0.1 1e-07,1e+300 -2)",
        "LINESTRING EMPTY",
        "POLYGON ((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))",
        "POLYGON EMPTY",
        "MULTIPOINT ((1 2),EMPTY,(3 4))",
        "MULTILINESTRING ((0 0,1 1),EMPTY)",
        "MULTIPOLYGON (((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        "GEOMETRYCOLLECTION (POINT (1 2),GEOMETRYCOLLECTION (LINESTRING (0 0,1 1),POINT (3 4)))",
        "GEOMETRYCOLLECTION Z (POINT Z (1 2 3),POLYGON Z ((0 0 1,1 0 1,1 1 1,0 0 1)))",
        "GEOMETRYCOLLECTION EMPTY",
        "SRID=2056;POINT (2600000 1200000)",
        "LINESTRING ZM (1 2 nan 4,1 2 3 nan)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK_STR(wkt(texts[i]), texts[i]);
}

static void wkt_may_be_written_otherwise(void **state)
{
    (void)state;
    CHECK_STR(wkt(" point( 1   2 ) "), "POINT (1 2)");
    CHECK_STR(wkt("POINTZ(1 2 3)"), "POINT Z (1 2 3)");
    CHECK_STR(wkt("Point (1 2 3)"), "POINT Z (1 2 3)");
    CHECK_STR(wkt("MULTIPOINT(1 2,3 4)"), "MULTIPOINT ((1 2),(3 4))");
    CHECK_STR(wkt("POLYGON((0 0,1 0,1 1))"), "POLYGON ((0 0,1 0,1 1,0 0))"); /* left open */
    CHECK_STR(wkt("GEOMETRYCOLLECTION(POINT Z(1 2 3))"), "GEOMETRYCOLLECTION Z (POINT Z (1 2 3))");
    CHECK_STR(wkt("MULTIPOINT(EMPTY, 1 2 3)"), "MULTIPOINT Z (EMPTY,(1 2 3))");
    CHECK_STR(wkt("srid=4326; POINT(+1.50 -.5e1)"), "SRID=4326;POINT (1.5 -5)");
}

/* PostGIS's and shapely's bytes. */
static void wkb_of_every_make_becomes_the_same(void **state)
{
    (void)state;
    CHECK_STR(wkt("0101000000000000000000F03F0000000000000040"), "POINT (1 2)");
    CHECK_STR(wkt("00000000013FF00000000000004000000000000000"), "POINT (1 2)");
    CHECK_STR(wkt("0101000020E6100000000000000000F03F0000000000000040"), "SRID=4326;POINT (1 2)");
    CHECK_STR(wkt("0101000080000000000000F03F00000000000000400000000000000840"), "POINT Z (1 2 3)");
    CHECK_STR(wkt("01E9030000000000000000F03F00000000000000400000000000000840"), "POINT Z (1 2 3)");
    CHECK_STR(wkt("01D1070000000000000000F03F00000000000000400000000000000840"), "POINT M (1 2 3)");
    CHECK_STR(wkt("0101000000000000000000F87F000000000000F87F"), "POINT EMPTY");
    /* one part big endian, the other little */
    CHECK_STR(wkt("010400000002000000"
                  "00000000013FF00000000000004000000000000000"
                  "0101000000000000000000F03F0000000000000040"),
              "MULTIPOINT ((1 2),(1 2))");
}

static void ewkb_reads_back_with_its_srid(void **state)
{
    (void)state;
    static const char *const texts[] = { "SRID=4326;MULTIPOLYGON Z (((0 0 1,1 0 1,1 1 1,0 0 1)))",
                                         "POINT M (1 2 3)",
                                         "SRID=2056;GEOMETRYCOLLECTION (POINT (1 2),LINESTRING (1 2,3 4))" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dtake_buf ewkb = DTAKE_BUF_INIT(4096);
        dtake__geometry geometry = from(texts[i]), back;
        CHECK_OK(dtake__geometry_to_ewkb(&geometry, &ewkb, NULL));
        CHECK_OK(dtake__geometry_from_wkb(ewkb.data, ewkb.len, &back, NULL));
        CHECK(dtake__geometry_equal(&geometry, &back));
        CHECK_EQ(back.srid, geometry.srid);
        dtake__buf_dispose(&ewkb);
        dtake__geometry_dispose(&geometry);
        dtake__geometry_dispose(&back);
    }
    dtake_buf ewkb = DTAKE_BUF_INIT(4096);
    dtake__geometry point = from("SRID=4326;POINT (1 2)");
    static const uint8_t expected[] = { 1, 1, 0,    0,    0x20, 0xe6, 0x10, 0, 0, 0, 0, 0,   0,
                                        0, 0, 0xf0, 0x3f, 0,    0,    0,    0, 0, 0, 0, 0x40 };
    CHECK_OK(dtake__geometry_to_ewkb(&point, &ewkb, NULL));
    CHECK_EQ(ewkb.len, sizeof expected);
    CHECK(memcmp(ewkb.data, expected, sizeof expected) == 0);
    dtake__buf_dispose(&ewkb);
    dtake__geometry_dispose(&point);
}

static void geojson_keeps_z_when_all_positions_have_it(void **state)
{
    (void)state;
    CHECK_STR(wkt("{\"type\":\"Point\",\"coordinates\":[1,2,3]}"), "POINT Z (1 2 3)");
    CHECK_STR(wkt("{\"type\":\"Point\",\"coordinates\":[1,2,3,4]}"), "POINT Z (1 2 3)");
    CHECK_STR(wkt("{\"type\":\"LineString\",\"coordinates\":[[1,2,3],[4,5]]}"), "LINESTRING (1 2,4 5)");
    CHECK_STR(wkt("{\"type\":\"LineString\",\"coordinates\":[[1,2],[4,5,6]]}"), "LINESTRING (1 2,4 5)");
    CHECK_STR(wkt("{\"bbox\":[0,0,1],\"type\":\"LineString\",\"coordinates\":[[1,2],[4,5]]}"),
              "LINESTRING (1 2,4 5)");
    CHECK_STR(geojson("POLYGON Z ((0 0 1,1 0 1,1 1 1.5,0 0 1))"),
              "{\"type\":\"Polygon\",\"coordinates\":[[[0,0,1],[1,0,1],[1,1,1.5],[0,0,1]]]}");
    CHECK_STR(geojson("POINT M (1 2 3)"), "{\"type\":\"Point\",\"coordinates\":[1,2]}");
    CHECK_STR(geojson("POINT EMPTY"), "{\"type\":\"Point\",\"coordinates\":[]}");
    CHECK_STR(wkt("{\"type\":\"Point\",\"coordinates\":[]}"), "POINT EMPTY");
    CHECK_STR(geojson("GEOMETRYCOLLECTION(POINT(1 2),MULTIPOINT(3 4))"),
              "{\"type\":\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":[1,2]},"
              "{\"type\":\"MultiPoint\",\"coordinates\":[[3,4]]}]}");
}

static void members_of_geojson_come_in_any_order(void **state)
{
    (void)state;
    CHECK_STR(wkt("{\"coordinates\":[[[0,0],[1,0],[1,1]]],\"bbox\":[0,0,1,1],\"type\":\"Polygon\"}"),
              "POLYGON ((0 0,1 0,1 1,0 0))");
    CHECK_STR(
        wkt("{\"features\":[{\"geometry\":{\"coordinates\":[1,2],\"type\":\"Point\"},\"type\":\"Feature\"},"
            "{\"type\":\"Feature\",\"geometry\":null,\"properties\":{\"type\":3}}],\"type\":"
            "\"FeatureCollection\"}"),
        "GEOMETRYCOLLECTION (POINT (1 2))");
    CHECK_STR(wkt("{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}"),
              "POINT (1 2)");
    CHECK_STR(wkt("{\"ty\\u0070e\":\"P\\u006fint\",\"coordinates\":[1,2]}"), "POINT (1 2)");
}

static void facts_are_found_in_one_walk(void **state)
{
    (void)state;
    dtake__geometry_facts facts;
    dtake__geometry geometry =
        from("GEOMETRYCOLLECTION Z (POINT Z (1 2 3),LINESTRING Z (-5 7 9,4 -1 -2),POINT Z EMPTY)");
    CHECK_OK(dtake__geometry_facts_of(&geometry, &facts, NULL));
    CHECK(facts.type == DTAKE__COLLECTION && facts.has_z && !facts.has_m && facts.points == 3);
    CHECK(facts.min_x == -5 && facts.max_x == 4 && facts.min_y == -1 && facts.max_y == 7);
    CHECK(facts.min_z == -2 && facts.max_z == 9);
    dtake__geometry_dispose(&geometry);
}

static void a_box_across_the_antimeridian_becomes_two_rectangles(void **state)
{
    (void)state;
    dtake__geometry geometry;
    dtake_buf out = DTAKE_BUF_INIT(1000);
    CHECK_OK(dtake__geometry_from_box((dtake_box){ 170, -10, -170, 10 }, &geometry, NULL));
    CHECK_OK(dtake__geometry_to_wkt(&geometry, &out, NULL));
    CHECK_STR(dtake__buf_str(&out), "MULTIPOLYGON (((170 -10,180 -10,180 10,170 10,170 -10)),"
                                    "((-180 -10,-170 -10,-170 10,-180 10,-180 -10)))");
    dtake__buf_dispose(&out);
    dtake__geometry_dispose(&geometry);
}

static void what_is_no_geometry_is_told_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "", "the text is empty" },
        { "CIRCLE(1 2)", "WKT: column 1: expected POINT" },
        { "POINT(1)", "WKT: column 8: expected a number" },
        { "POINT(1 x)", "WKT: column 9: expected a number" },
        { "POINT(1 nan)", "WKT: column 9: expected a number" },
        { "POINT(1 1e999)", "WKT: column 9: expected a number" },
        { "POINT(1 2) x", "WKT: column 12: there is more" },
        { "POINT(1 2", "WKT: column 10: expected ')'" },
        { "LINESTRING(1 2)", "a line needs two positions" },
        { "LINESTRING(1 2, 3 4 5)", "expected 2 numbers a position, got 3" },
        { "POLYGON((0 0,1 1))", "a polygon's ring needs three positions" },
        { "POLYGON(EMPTY)", "a polygon's ring needs three positions" },
        { "GEOMETRYCOLLECTION Z(POINT M(1 2 3))", "other dimensions than before" },
        { "SRID=abc;POINT(1 2)", "WKT: column 6: expected a number" },
        { "01", "WKB of 1 bytes: at byte 1: it ends in the middle" },
        { "0", "column 1: not a pair of digits" },
        { "010100000g", "column 9: not a pair of digits" },
        { "0201000000000000000000F03F0000000000000040", "the byte order must be 0 or 1" },
        { "0109000000000000000000F03F0000000000000040", "type 9 is not known" },
        { "0101000000000000000000F03F000000000000004000", "at byte 21: bytes behind its end" },
        { "0101000000000000000000F07F0000000000000040", "a coordinate that is no number" },
        { "0102000000FFFFFFFF", "it ends in the middle" },
        { "010300000001000000FFFFFFFF", "it ends in the middle" },
        { "0107000000FFFFFFFF", "it ends in the middle" },
        { "0104000000010000000102000000", "a part of another type than its collection" },
        { "01EC0300000100000001010000000000000000000000000000000000", "a part with other dimensions" },
        { "{\"type\":\"Point\",\"coordinates\":[1]}", "column 31: a position must be" },
        { "{\"type\":\"Point\",\"coordinates\":{}}", "column 31: coordinates must be an array" },
        { "{\"type\":\"Point\"}", "a Point without \"coordinates\"" },
        { "{\"type\":\"Point\",\"coordinates\":[1,2]} x",
          "GeoJSON: line 1, column 38: expected nothing more" },
        { "{\"type\":\"Point\",\"coordinates\":[1,", "GeoJSON: " },
        { "{\"type\":\"Point\",\"coordinates\":[600,2]}", "position [600, 2] is not longitude" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dtake_error err = { 0 };
        dtake__geometry geometry;
        dtake_status st = dtake__geometry_from_text(cases[i].text, strlen(cases[i].text), &geometry, &err);
        if (st != DTAKE_E_FORMAT || geometry.wkb != NULL || strstr(err.message, cases[i].says) == NULL)
            fail_msg("%s: %s: %s", cases[i].text, dtake_status_name(st), err.message);
    }
}

static void nesting_has_a_limit_in_every_form(void **state)
{
    (void)state;
    enum { LEVELS = 1000 };
    dtake_error err;
    dtake__geometry geometry;
    dtake_buf text = DTAKE_BUF_INIT(1 << 20), wkb = DTAKE_BUF_INIT(1 << 20);
    for (int i = 0; i < LEVELS; i++) {
        CHECK_OK(dtake__buf_puts(&text, "GEOMETRYCOLLECTION("));
        CHECK_OK(dtake__buf_append(&wkb, "\1\7\0\0\0\1\0\0\0", 9));
    }
    CHECK_STATUS(dtake__geometry_from_text((char *)text.data, text.len, &geometry, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "nested too deeply") != NULL);
    CHECK_STATUS(dtake__geometry_from_wkb(wkb.data, wkb.len, &geometry, &err), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "nested too deeply") != NULL);
    /* and canonical bytes out of a damaged file are not trusted either */
    dtake__geometry view = dtake__geometry_view(wkb.data, wkb.len);
    dtake__geometry_facts facts;
    CHECK_STATUS(dtake__geometry_facts_of(&view, &facts, &err), DTAKE_E_FORMAT);
    dtake__buf_dispose(&text);
    dtake__buf_dispose(&wkb);
}

/* Every prefix and every flipped byte of canonical bytes: read or refused, by all that walk over them. */
static void damaged_bytes_are_refused_or_harmless(void **state)
{
    (void)state;
    dtake__geometry geometry =
        from("GEOMETRYCOLLECTION Z (POINT Z (1 2 3),MULTIPOLYGON Z (((0 0 1,1 0 1,1 1 1,0 0 1))))");
    uint8_t *bytes = malloc(geometry.bytes);
    for (size_t i = 0; i < geometry.bytes * 9; i++) {
        size_t len = i < geometry.bytes ? i : geometry.bytes;
        memcpy(bytes, geometry.wkb, len);
        if (i >= geometry.bytes)
            bytes[i % geometry.bytes] ^= (uint8_t)(1 << (i / geometry.bytes - 1));
        dtake__geometry view = dtake__geometry_view(bytes, len), flat;
        dtake__geometry_facts facts;
        dtake_box box;
        dtake_buf out = DTAKE_BUF_INIT(1 << 16);
        dtake_status st = dtake__geometry_facts_of(&view, &facts, NULL);
        CHECK(st == DTAKE_OK || st == DTAKE_E_FORMAT);
        if (i < geometry.bytes)
            CHECK_EQ(st, DTAKE_E_FORMAT);
        dtake__geometry_cover(&view, &box, NULL);
        dtake__geometry_to_wkt(&view, &out, NULL);
        dtake__geometry_to_ewkb(&view, &out, NULL);
        if (dtake__geometry_flatten(&view, &flat, NULL) == DTAKE_OK)
            dtake__geometry_dispose(&flat);
        dtake__buf_dispose(&out);
    }
    free(bytes);
    dtake__geometry_dispose(&geometry);
}

static void running_out_of_memory_is_told_and_leaks_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "MULTIPOLYGON(((0 0,1 0,1 1,0 0)),((5 5,6 5,6 6,5 5)))",
        "0102000000020000000000000000000000000000000000F03F000000000000004000000000000008C0",
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0,1],[1,0,1],[1,1]]]}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        for (long n = 0, ended = 0; !ended; n++) {
            dtake__geometry geometry, copy = { 0 }, flat = { 0 };
            dtake_buf out = DTAKE_BUF_INIT(1 << 16);
            dtake__alloc_fail_after(n, false);
            dtake_status st = dtake__geometry_from_text(texts[i], strlen(texts[i]), &geometry, NULL);
            if (st == DTAKE_OK)
                st = dtake__geometry_copy(&geometry, &copy, NULL);
            if (st == DTAKE_OK)
                st = dtake__geometry_flatten(&copy, &flat, NULL);
            if (st == DTAKE_OK)
                st = dtake__geometry_to_geojson(&flat, &out, NULL);
            ended = dtake__alloc_may_still_fail();
            dtake__alloc_fail_after(-1, false);
            CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
            dtake__geometry_dispose(&geometry);
            dtake__geometry_dispose(&copy);
            dtake__geometry_dispose(&flat);
            dtake__buf_dispose(&out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wkt_goes_in_and_out_unchanged),
        cmocka_unit_test(wkt_may_be_written_otherwise),
        cmocka_unit_test(wkb_of_every_make_becomes_the_same),
        cmocka_unit_test(ewkb_reads_back_with_its_srid),
        cmocka_unit_test(geojson_keeps_z_when_all_positions_have_it),
        cmocka_unit_test(members_of_geojson_come_in_any_order),
        cmocka_unit_test(facts_are_found_in_one_walk),
        cmocka_unit_test(a_box_across_the_antimeridian_becomes_two_rectangles),
        cmocka_unit_test(what_is_no_geometry_is_told_where),
        cmocka_unit_test(nesting_has_a_limit_in_every_form),
        cmocka_unit_test(damaged_bytes_are_refused_or_harmless),
        cmocka_unit_test(running_out_of_memory_is_told_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
