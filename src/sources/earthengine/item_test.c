/* Images as Earth Engine describes them, as STAC Items. The texts have the shape of section 4.4 of what is
 * known of the service. */
#include <check.h>

#include "core/alloc.h"
#include "protocol/stac/item.h"
#include "sources/earthengine/band.h"
#include "sources/earthengine/item.h"

#include <jansson.h>

static dtake_error err;

static const dtake__ee_origin ORIGIN = { "ee://my-project", "COPERNICUS/S2_SR" };

#define IMAGE_HEAD                                                                                           \
    "{\"type\":\"Image\",\"id\":\"COPERNICUS/S2_SR/20240101T105441_20240101T105435_T31UDQ\","                \
    "\"version\":1704200000000000,"
#define FOOTPRINT                                                                                            \
    "\"system:footprint\":{\"type\":\"LinearRing\",\"coordinates\":[[1,49],[2.5,49],[2.5,50],[1,50],[1,49]]" \
    "}"
#define PROPERTIES                                                                                           \
    "\"properties\":{" FOOTPRINT ",\"system:index\":\"20240101T105441_20240101T105435_T31UDQ\","             \
    "\"system:time_start\":1704106800123,\"CLOUDY_PIXEL_PERCENTAGE\":3.25,"                                  \
    "\"SPACECRAFT_NAME\":\"Sentinel-2A\",\"MGRS_TILE\":\"31UDQ\",\"list\":[1,2]}"
#define BAND(id, precision, range, size, step)                                                               \
    "{\"id\":\"" id "\",\"data_type\":{\"type\":\"PixelType\",\"precision\":\"" precision "\"" range         \
    "},\"dimensions\":[" size "," size "],\"crs\":\"EPSG:32631\",\"crs_transform\":[" step                   \
    ",0,399960,0,-" step ",5500020]}"
#define UINT16 ",\"min\":0,\"max\":65535"

static json_t *item_of(const char *image)
{
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    json_error_t why;
    CHECK_OK(dtake__ee_item_write(&ORIGIN, dtake__span_of(image), &out, &err));
    json_t *item = json_loads(dtake__buf_str(&out), JSON_REJECT_DUPLICATES, &why);
    if (item == NULL)
        fail_msg("%s in %s", why.text, dtake__buf_str(&out));
    dtake__buf_dispose(&out);
    return item;
}

static const char *text_at(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static void an_image_becomes_an_item_with_its_names_times_and_clouds(void **state)
{
    json_t *item = item_of(IMAGE_HEAD "\"bands\":[]," PROPERTIES "}");
    json_t *properties = json_object_get(item, "properties");
    CHECK_STR(text_at(item, "type"), "Feature");
    CHECK_STR(text_at(item, "id"), "20240101T105441_20240101T105435_T31UDQ");
    CHECK_STR(text_at(item, "collection"), "COPERNICUS/S2_SR");
    CHECK_STR(text_at(properties, "datetime"), "2024-01-01T11:00:00.123Z");
    CHECK_STR(text_at(properties, "platform"), "sentinel-2a");
    CHECK_STR(text_at(properties, "MGRS_TILE"), "31UDQ");
    CHECK(json_real_value(json_object_get(properties, "eo:cloud_cover")) == 3.25);
    CHECK(json_real_value(json_object_get(properties, "CLOUDY_PIXEL_PERCENTAGE")) == 3.25);
    CHECK_EQ(json_integer_value(json_object_get(properties, "system:time_start")), 1704106800123);
    CHECK_EQ(json_array_size(json_object_get(properties, "list")), 2);
    CHECK(json_object_get(properties, "system:footprint") == NULL);
    json_decref(item);
    (void)state;
}

static void a_ring_around_the_image_is_the_outline_of_a_polygon(void **state)
{
    json_t *item = item_of(IMAGE_HEAD "\"bands\":[]," PROPERTIES "}");
    json_t *geometry = json_object_get(item, "geometry"), *box = json_object_get(item, "bbox");
    const double expected[4] = { 1, 49, 2.5, 50 };
    CHECK_STR(text_at(geometry, "type"), "Polygon");
    CHECK_EQ(json_array_size(json_array_get(json_object_get(geometry, "coordinates"), 0)), 5);
    for (size_t i = 0; i < 4; i++)
        CHECK(json_number_value(json_array_get(box, i)) == expected[i]);
    json_decref(item);
    (void)state;
}

static void each_band_is_an_asset_whose_href_holds_its_grid(void **state)
{
    json_t *item = item_of(IMAGE_HEAD "\"bands\":[" BAND("B8", "int", UINT16, "10980", "10") "," BAND(
        "SCL", "int", ",\"min\":0,\"max\":255", "5490", "20") "]," PROPERTIES "}");
    json_t *asset = json_object_get(json_object_get(item, "assets"), "B8");
    json_t *raster = json_array_get(json_object_get(asset, "raster:bands"), 0);
    dtake__ee_band band;
    CHECK_OK(dtake__ee_band_read(&band, text_at(asset, "href"), &err));
    CHECK_STR(band.source, "ee://my-project");
    CHECK_STR(band.asset, "COPERNICUS/S2_SR/20240101T105441_20240101T105435_T31UDQ");
    CHECK_STR(band.band, "B8");
    CHECK(band.has_grid);
    CHECK_EQ(band.type, DTAKE_U16);
    CHECK_STR(band.crs, "EPSG:32631");
    CHECK_EQ(band.width, 10980);
    CHECK(band.transform.x0 == 399960 && band.transform.row_y == -10);
    CHECK_EQ(band.version, 1704200000000000);
    CHECK(band.has_nodata && band.nodata == 0);
    dtake__ee_band_dispose(&band);
    CHECK_STR(text_at(raster, "data_type"), "uint16");
    CHECK(json_real_value(json_object_get(raster, "scale")) == 0.0001);
    CHECK_STR(text_at(json_array_get(json_object_get(asset, "eo:bands"), 0), "common_name"), "nir");
    CHECK_EQ(json_integer_value(json_object_get(asset, "proj:epsg")), 32631);
    asset = json_object_get(json_object_get(item, "assets"), "SCL");
    CHECK_STR(text_at(json_array_get(json_object_get(asset, "raster:bands"), 0), "data_type"), "uint8");
    CHECK_EQ(json_integer_value(json_array_get(json_object_get(asset, "proj:shape"), 0)), 5490);
    json_decref(item);
    (void)state;
}

static void types_are_the_smallest_that_hold_what_the_service_says(void **state)
{
    static const struct {
        const char *data_type, *type;
    } known[] = {
        { "{\"precision\":\"int\",\"min\":0,\"max\":255}", "uint8" },
        { "{\"precision\":\"int\",\"min\":-128,\"max\":127}", "int8" },
        { "{\"precision\":\"int\",\"min\":0,\"max\":100}", "uint8" },
        { "{\"precision\":\"int\",\"min\":-5,\"max\":300}", "int16" },
        { "{\"precision\":\"int\",\"min\":0,\"max\":4294967295}", "uint32" },
        { "{\"precision\":\"int\",\"min\":-1,\"max\":4294967295}", "float64" },
        { "{\"precision\":\"int\"}", "int32" },
        { "{\"precision\":\"float\"}", "float32" },
        { "{\"precision\":\"double\",\"min\":0,\"max\":1}", "float64" },
    };
    char image[2048];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        snprintf(image, sizeof image,
                 IMAGE_HEAD "\"bands\":[{\"id\":\"b\",\"data_type\":%s}]," PROPERTIES "}",
                 known[i].data_type);
        json_t *item = item_of(image);
        json_t *asset = json_object_get(json_object_get(item, "assets"), "b");
        CHECK_STR(text_at(json_array_get(json_object_get(asset, "raster:bands"), 0), "data_type"),
                  known[i].type);
        CHECK(json_object_get(asset, "proj:shape") == NULL);
        CHECK_STR(text_at(asset, "href"),
                  "ee://my-project/COPERNICUS/S2_SR/20240101T105441_20240101T105435_T31UDQ#b");
        json_decref(item);
    }
    (void)state;
}

static void an_image_without_a_footprint_has_the_corners_of_its_first_band(void **state)
{
    json_t *item = item_of(IMAGE_HEAD "\"bands\":[" BAND(
        "B8", "int", UINT16, "10980",
        "10") "],\"properties\":{\"system:index\":\"a\",\"system:time_start\":0}}");
    json_t *box = json_object_get(item, "bbox");
    CHECK(json_number_value(json_array_get(box, 0)) > 1.55 &&
          json_number_value(json_array_get(box, 0)) < 1.63);
    CHECK(json_number_value(json_array_get(box, 3)) > 49.6 &&
          json_number_value(json_array_get(box, 3)) < 49.7);
    CHECK_STR(text_at(json_object_get(item, "properties"), "datetime"), "1970-01-01T00:00:00Z");
    json_decref(item);
    (void)state;
}

static void a_name_of_a_crs_is_not_searched_for(void **state)
{
    static const char *const names[] = { "EPSG:326:1", "EPSG:", "EPSG:12345678", "WGS 84 / UTM zone 33N",
                                         "PROJCS[\\\"x\\\"]" };
    char image[1024];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(image, sizeof image,
                 IMAGE_HEAD "\"bands\":[{\"id\":\"b\",\"dimensions\":[5,5],\"crs\":\"%s\",\"crs_transform\":"
                            "[10,0,500000,0,-10,5000000]}],\"properties\":{\"system:index\":\"a\","
                            "\"system:time_start\":1}}",
                 names[i]);
        json_t *item = item_of(image);
        CHECK(json_is_null(json_object_get(item, "geometry")));
        CHECK(json_object_get(json_object_get(json_object_get(item, "assets"), "b"), "proj:shape") != NULL);
        json_decref(item);
    }
    (void)state;
}

static void an_image_of_everywhere_has_no_geometry(void **state)
{
    json_t *item =
        item_of(IMAGE_HEAD
                "\"bands\":[],\"properties\":{\"system:footprint\":{\"type\":\"Polygon\",\"coordinates\":"
                "[[[\"-Infinity\",\"-Infinity\"],[\"Infinity\",\"-Infinity\"],[\"Infinity\",\"Infinity\"]]]},"
                "\"system:index\":\"a\",\"system:time_start\":1}}");
    CHECK(json_is_null(json_object_get(item, "geometry")));
    CHECK(json_object_get(item, "bbox") == NULL);
    json_decref(item);
    (void)state;
}

static void a_clipped_band_begins_at_its_origin(void **state)
{
    json_t *item = item_of(
        IMAGE_HEAD "\"bands\":[{\"id\":\"B8\",\"data_type\":{\"precision\":\"int\"},\"dimensions\":[5,7],"
                   "\"origin\":[100,200],\"crs\":\"EPSG:32631\",\"crs_transform\":[10,0,399960,0,-10,"
                   "5500020]}]," PROPERTIES "}");
    json_t *asset = json_object_get(json_object_get(item, "assets"), "B8");
    json_t *transform = json_object_get(asset, "proj:transform");
    CHECK(json_number_value(json_array_get(transform, 2)) == 400960);
    CHECK(json_number_value(json_array_get(transform, 5)) == 5498020);
    CHECK_EQ(json_integer_value(json_array_get(json_object_get(asset, "proj:shape"), 0)), 7);
    json_decref(item);
    (void)state;
}

static void a_finer_time_counts_only_within_its_millisecond(void **state)
{
    json_t *item =
        item_of(IMAGE_HEAD "\"properties\":{\"system:index\":\"a\",\"system:time_start\":1704106800123,"
                           "\"datetime\":\"2024-01-01T11:00:00.123456Z\"}}");
    CHECK_STR(text_at(json_object_get(item, "properties"), "datetime"), "2024-01-01T11:00:00.123456Z");
    json_decref(item);
    item = item_of(IMAGE_HEAD "\"properties\":{\"system:index\":\"a\",\"system:time_start\":1704106800123,"
                              "\"system:time_end\":1704106900000,\"datetime\":\"2023-01-01T00:00:00Z\"}}");
    CHECK_STR(text_at(json_object_get(item, "properties"), "datetime"), "2024-01-01T11:00:00.123Z");
    CHECK_STR(text_at(json_object_get(item, "properties"), "end_datetime"), "2024-01-01T11:01:40Z");
    json_decref(item);
    (void)state;
}

static void stac_names_that_are_there_are_kept(void **state)
{
    json_t *item = item_of(
        IMAGE_HEAD "\"properties\":{\"system:index\":\"a\",\"system:time_start\":1,\"eo:cloud_cover\":50,"
                   "\"CLOUDY_PIXEL_PERCENTAGE\":3,\"platform\":\"mine\",\"SPACECRAFT_NAME\":\"Theirs\"}}");
    json_t *properties = json_object_get(item, "properties");
    CHECK_EQ(json_integer_value(json_object_get(properties, "eo:cloud_cover")), 50);
    CHECK_STR(text_at(properties, "platform"), "mine");
    json_decref(item);
    (void)state;
}

static void a_name_that_no_url_holds_leaves_no_assets(void **state)
{
    json_t *item =
        item_of("{\"id\":\"A/b#c d\",\"bands\":[{\"id\":\"B8\"}],\"properties\":{\"system:time_start\":1}}");
    CHECK_STR(text_at(item, "id"), "b#c d");
    CHECK_EQ(json_object_size(json_object_get(item, "assets")), 0);
    json_decref(item);
    (void)state;
}

/* Computed ones have no id. */
static void an_image_that_is_no_asset_has_nothing_to_fetch(void **state)
{
    json_t *item =
        item_of("{\"type\":\"Image\",\"bands\":[{\"id\":\"B8\"}],\"properties\":{\"system:index\":\"a\","
                "\"system:time_start\":1}}");
    CHECK_STR(text_at(item, "id"), "a");
    CHECK_EQ(json_object_size(json_object_get(item, "assets")), 0);
    json_decref(item);
    (void)state;
}

static void strange_images_are_refused(void **state)
{
    static const char *const images[] = {
        "",
        "[]",
        "null",
        "{\"id\":",
        "{}",
        "{\"properties\":{\"system:index\":\"a\"}}",
        "{\"properties\":{\"system:index\":\"a\",\"system:time_start\":\"1\"}}",
        "{\"properties\":{\"system:index\":\"a\",\"system:time_start\":1e300}}",
        "{\"properties\":{\"system:index\":7,\"system:time_start\":1}}",
        "{\"properties\":[1],\"id\":\"a\"}",
        "{\"properties\":{\"system:index\":\"a\",\"system:time_start\":1},\"bands\":[{\"id\":\"x\"]}",
    };
    dtake_buf out = DTAKE_BUF_INIT(1 << 20);
    for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
        dtake__buf_clear(&out);
        CHECK_STATUS(dtake__ee_item_write(&ORIGIN, dtake__span_of(images[i]), &out, &err), DTAKE_E_FORMAT);
    }
    dtake__buf_dispose(&out);
    (void)state;
}

static void strange_bands_are_passed_over(void **state)
{
    json_t *item =
        item_of(IMAGE_HEAD
                "\"bands\":[1,null,{},{\"id\":\"\"},{\"id\":7},{\"id\":\"a\\u0000b\"},"
                "{\"id\":\"c\",\"dimensions\":[1e9,1e99],\"crs\":3,\"crs_transform\":[1,2],\"data_type\":[]},"
                "{\"id\":\"c\",\"crs\":\"EPSG:4326\"},"
                "{\"id\":\"d\",\"dimensions\":[5,5],\"crs\":\"EPSG:4326\",\"crs_transform\":[0,0,0,0,0,0]}]"
                "," PROPERTIES "}");
    json_t *assets = json_object_get(item, "assets");
    CHECK_EQ(json_object_size(assets), 2);
    CHECK(json_object_get(json_object_get(assets, "c"), "proj:shape") == NULL);
    CHECK(json_object_get(json_object_get(assets, "d"), "proj:shape") == NULL);
    json_decref(item);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_becomes_an_item_with_its_names_times_and_clouds),
        cmocka_unit_test(a_ring_around_the_image_is_the_outline_of_a_polygon),
        cmocka_unit_test(each_band_is_an_asset_whose_href_holds_its_grid),
        cmocka_unit_test(types_are_the_smallest_that_hold_what_the_service_says),
        cmocka_unit_test(an_image_without_a_footprint_has_the_corners_of_its_first_band),
        cmocka_unit_test(a_name_of_a_crs_is_not_searched_for),
        cmocka_unit_test(an_image_of_everywhere_has_no_geometry),
        cmocka_unit_test(a_clipped_band_begins_at_its_origin),
        cmocka_unit_test(a_finer_time_counts_only_within_its_millisecond),
        cmocka_unit_test(stac_names_that_are_there_are_kept),
        cmocka_unit_test(a_name_that_no_url_holds_leaves_no_assets),
        cmocka_unit_test(an_image_that_is_no_asset_has_nothing_to_fetch),
        cmocka_unit_test(strange_images_are_refused),
        cmocka_unit_test(strange_bands_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
