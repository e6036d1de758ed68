#include "check.h"

#include "core/alloc.h"
#include "protocol/stac/item.h"

#include <stdlib.h>

#define ITEM(id)                                                                                             \
    "{\"type\":\"Feature\",\"id\":\"" id                                                                     \
    "\",\"properties\":{\"datetime\":\"2024-01-05T15:59:00Z\"},\"geometry\":null,\"assets\":{}}"

static dtake_status parse(const char *text, dtake__stac_items *items, dtake_error *err)
{
    *items = (dtake__stac_items){ 0 };
    return dtake__stac_items_parse(items, text, strlen(text), "http://h/dir/items.json", err);
}

static void check_count(const char *text, size_t expected)
{
    dtake__stac_items items;
    dtake_error err;
    dtake_status st = parse(text, &items, &err);
    if (st != DTAKE_OK)
        fail_msg("%s: %s", text, err.message);
    CHECK_EQ(items.count, expected);
    for (size_t i = 0; i < items.count; i++)
        CHECK_EQ(items.item[i].time_ns, INT64_C(1704470340000000000));
    dtake__stac_items_dispose(&items);
}

static void one_item_a_collection_an_array_or_lines_are_read(void **state)
{
    (void)state;
    check_count(ITEM("a"), 1);
    check_count("\xEF\xBB\xBF" ITEM("a"), 1);
    check_count("[" ITEM("a") "," ITEM("b") "]", 2);
    check_count("[]", 0);
    check_count(" {\"type\":\"FeatureCollection\", \"links\":[{\"a\":\"]}\"}],\n \"features\" : [" ITEM(
                    "a") "\n,\n" ITEM("b") "]}\n",
                2);
    check_count(ITEM("a") "\n\n" ITEM("b") "\n" ITEM("c"), 3);
    check_count("{\n\"type\":\"FeatureCollection\",\"features\":[]}", 0);
}

static void an_item_keeps_what_the_engine_needs(void **state)
{
    (void)state;
    dtake__stac_items items;
    CHECK_OK(
        parse("{\"type\":\"Feature\",\"id\":\"S2A_X\",\"collection\":\"s2\",\"bbox\":[179,-17,0,-179,-16,9],"
              "\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2.5]},"
              "\"properties\":{\"platform\":\"sentinel-2a\",\"eo:cloud_cover\":84.999,\"datetime\":null,"
              "\"start_datetime\":\"2024-01-01T00:00:00Z\",\"end_datetime\":\"2024-01-02T00:00:00\"},"
              "\"assets\":{\"nir\":{\"href\":\"B08.tif\",\"type\":\"image/tiff; application=geotiff\","
              "\"file:checksum\":\"1220ab\",\"file:size\":123,"
              "\"bands\":[{\"name\":\"B08\",\"eo:common_name\":\"nir\"}]},"
              "\"thumb\":{\"href\":\"/t.jpg\",\"type\":\"image/jpeg\"}}}",
              &items, NULL));
    const dtake__stac_item *item = &items.item[0];
    CHECK_STR(item->id, "S2A_X");
    CHECK_STR(item->collection, "s2");
    CHECK_STR(item->platform, "sentinel-2a");
    CHECK(item->has_cloud && item->cloud_pct == 84.999);
    CHECK(item->has_bbox && item->bbox.west == 179 && item->bbox.south == -17 && item->bbox.east == -179 &&
          item->bbox.north == -16);
    CHECK_EQ(item->time_ns, INT64_C(1704067200000000000));
    CHECK_EQ(item->end_ns - item->time_ns, INT64_C(86400000000000));
    CHECK_STR(item->geometry, "{\"type\":\"Point\",\"coordinates\":[1,2.5]}");
    CHECK_EQ(item->asset_count, 2);
    CHECK_STR(item->asset[0].href, "http://h/dir/B08.tif");
    CHECK_STR(item->asset[0].checksum, "1220ab");
    CHECK_EQ(item->asset[0].bytes, 123);
    CHECK(item->asset[0].is_data);
    CHECK_EQ(item->asset[0].band_count, 1);
    CHECK_STR(item->asset[0].band_name[0], "B08");
    CHECK_STR(item->asset[0].band_name[1], "nir");
    CHECK_STR(item->asset[1].href, "http://h/t.jpg");
    CHECK(!item->asset[1].is_data);
    CHECK_EQ(item->asset[1].bytes, -1);
    dtake__stac_items_dispose(&items);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        dtake_status status;
    } bad[] = {
        { "", "empty", DTAKE_E_FORMAT },
        { "hello", "not JSON", DTAKE_E_FORMAT },
        { "{\"type\":\"Feature\"", "ends early", DTAKE_E_FORMAT },
        { "{\"type\":\"Feature\",\"assets\":{}}", "without an id", DTAKE_E_FORMAT },
        { "{\"id\":\"a\"}", "'a': no assets", DTAKE_E_FORMAT },
        { ITEM("a") "\n" ITEM("b") "\n{\"id\":\"c\"}\n", "line 3", DTAKE_E_FORMAT },
        { "{\"type\":\"FeatureCollection\",\"features\":[" ITEM("a") ",{\"x\":1}]}", "feature 2",
          DTAKE_E_FORMAT },
        { "{\"type\":\"FeatureCollection\",\"features\":[" ITEM("a") ",", "ends early", DTAKE_E_FORMAT },
        { "{\"type\":\"Collection\",\"id\":\"x\"}", "a STAC Collection", DTAKE_E_FORMAT },
        { "{\"id\":\"a\",\"assets\":{\"k\":{}}}", "'k' has no href", DTAKE_E_FORMAT },
        { "{\"id\":\"a\",\"properties\":{\"datetime\":\"soon\"},\"assets\":{}}", "'soon' is not a time",
          DTAKE_E_FORMAT },
        { "[1,2]", "feature 1", DTAKE_E_FORMAT },
    };
    dtake__stac_items items;
    dtake_error err;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        err.message[0] = '\0';
        CHECK_STATUS(parse(bad[i].text, &items, &err), bad[i].status);
        if (strstr(err.message, bad[i].says) == NULL || strchr(err.message, '\n') != NULL)
            fail_msg("'%s' said: %s", bad[i].text, err.message);
        CHECK(strstr(err.message, "read http://h/dir/items.json") != NULL);
        dtake__stac_items_dispose(&items);
    }
}

static void nesting_and_numbers_of_assets_are_limited(void **state)
{
    (void)state;
    dtake__stac_items items;
    dtake_error err;
    char *deep = malloc(300000);
    size_t n = (size_t)sprintf(deep, "{\"id\":\"a\",\"assets\":{},\"x\":");
    memset(deep + n, '[', 100000);
    memset(deep + n + 100000, ']', 100000);
    strcpy(deep + n + 200000, "}");
    CHECK_STATUS(parse(deep, &items, &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "64 deep") != NULL);
    dtake__stac_items_dispose(&items);

    n = (size_t)sprintf(deep, "{\"id\":\"a\",\"assets\":{");
    for (int i = 0; i < 1001; i++)
        n += (size_t)sprintf(deep + n, "%s\"k%d\":{\"href\":\"x\"}", i > 0 ? "," : "", i);
    strcpy(deep + n, "}}");
    CHECK_STATUS(parse(deep, &items, &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "1001 assets") != NULL);
    dtake__stac_items_dispose(&items);
    free(deep);
}

static void only_items_look_like_items(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } cases[] = {
        { ITEM("a"), true },
        { ITEM("a") "\n" ITEM("b"), true },
        { "[" ITEM("a") "]", true },
        { "{\"type\":\"FeatureCollection\",\"features\":[" ITEM("a") "]}", true },
        { "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"geometry\":null}]}", false },
        { "{\"type\":\"Collection\",\"assets\":{}}", false },
        { "{\"a\":1}", false },
        { "[]", false },
        { "", false },
        { "{", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (dtake__stac_looks_like_item(cases[i].text, strlen(cases[i].text)) != cases[i].is)
            fail_msg("wrong about: %s", cases[i].text);
}

static void no_allocation_that_fails_leaks_or_crashes(void **state)
{
    (void)state;
    static const char text[] =
        "[{\"id\":\"a\",\"bbox\":[1,2,3,4],\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]},"
        "\"assets\":{\"k\":{\"href\":\"x\",\"eo:bands\":[{\"name\":\"n\"}]}}}]";
    for (long n = 0;; n++) {
        dtake__stac_items items;
        dtake__alloc_fail_after(n, false);
        dtake_status st = parse(text, &items, NULL);
        dtake__alloc_fail_after(-1, false);
        dtake__stac_items_dispose(&items);
        if (st == DTAKE_OK) {
            CHECK(n > 8);
            break;
        }
        CHECK_EQ(st, DTAKE_E_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_item_a_collection_an_array_or_lines_are_read),
        cmocka_unit_test(an_item_keeps_what_the_engine_needs),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(nesting_and_numbers_of_assets_are_limited),
        cmocka_unit_test(only_items_look_like_items),
        cmocka_unit_test(no_allocation_that_fails_leaks_or_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
