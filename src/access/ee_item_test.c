/* STAC Items as images of Earth Engine. */
#include "check.h"

#include "access/ee_item.h"

#define ITEM(properties, bands)                                                                              \
    "{\"type\":\"Feature\",\"stac_version\":\"1.0.0\",\"id\":\"S2A_X\",\"collection\":\"s2-l2a\","           \
    "\"geometry\":"                                                                                          \
    "{\"type\":\"Point\",\"coordinates\":[15,46]},\"links\":[],\"properties\":{\"datetime\":"                \
    "\"2024-01-01T10:54:41.024Z\",\"platform\":\"sentinel-2a\",\"eo:cloud_cover\":3.5,\"proj:epsg\":32633,"  \
    "\"proj:shape\":[2,4],\"proj:transform\":[10,0,500000,0,-10,5100000]" properties "},\"assets\":{"        \
    "\"nir\":{\"href\":\"/f/B08.tif\",\"type\":\"image/tiff\",\"roles\":[\"data\"],\"eo:bands\":["           \
    "{\"name\":\"B08\",\"common_name\":\"nir\"}],\"raster:bands\":[" bands "]},"                             \
    "\"visual\":{\"href\":\"/f/TCI.tif\",\"type\":\"image/tiff\",\"roles\":[\"data\"]},"                     \
    "\"thumbnail\":{\"href\":\"/f/t.jpg\",\"type\":\"image/jpeg\",\"roles\":[\"thumbnail\"]}}}"

static dtake__ee_image *make(const dtake__ee_collection *collection, const char *item)
{
    dtake_error err = { .message = "" };
    dtake__ee_image *image = NULL;
    if (dtake__ee_image_new(&image, collection, item, strlen(item), &err) != DTAKE_OK)
        fail_msg("%s", err.message);
    return image;
}

static const dtake__ee_band *band(const dtake__ee_image *image, const char *id)
{
    for (size_t i = 0; i < image->band_count; i++)
        if (strcmp(image->band[i].id, id) == 0)
            return &image->band[i];
    return NULL;
}

static void sentinel_2_has_the_names_of_earth_engine(void **state)
{
    (void)state;
    const dtake__ee_collection c = { .id = "COPERNICUS/S2_SR", .names = &dtake__ee_sentinel2_l2a };
    dtake__ee_image *image = make(&c, ITEM("", "{\"data_type\":\"uint16\"}"));
    CHECK_STR(image->id, "COPERNICUS/S2_SR/S2A_X");
    CHECK_STR(image->index, "S2A_X");
    const dtake__ee_band *b8 = band(image, "B8");
    CHECK(b8 != NULL && b8->described && b8->type == DTAKE_U16 && b8->width == 4 && b8->height == 2);
    CHECK_STR(b8->href, "/f/B08.tif");
    CHECK_STR(b8->crs, "EPSG:32633");
    CHECK_EQ(band(image, "TCI_G")->band, 2);
    CHECK(band(image, "B4") == NULL);
    CHECK(json_number_value(json_object_get(image->properties, "CLOUDY_PIXEL_PERCENTAGE")) == 3.5);
    CHECK_EQ(json_integer_value(json_object_get(image->properties, "system:time_start")), 1704106481024);
    CHECK_STR(json_string_value(json_object_get(image->properties, "system:index")), "S2A_X");
    CHECK_STR(json_string_value(json_object_get(image->properties, "SPACECRAFT_NAME")), "Sentinel-2A");
    dtake__ee_image_free(image);
}

static void harmonized_takes_the_offset_away_where_the_item_has_it(void **state)
{
    (void)state;
    const dtake__ee_collection kept = { .id = "COPERNICUS/S2_SR", .names = &dtake__ee_sentinel2_l2a },
                               removed = { .id = "COPERNICUS/S2_SR_HARMONIZED",
                                           .names = &dtake__ee_sentinel2_l2a,
                                           .removes_offset = true };
    static const struct {
        const char *item;
        double add;
    } rows[] = {
        { ITEM("", "{\"data_type\":\"uint16\",\"scale\":0.0001,\"offset\":-0.1}"), -1000 },
        { ITEM("", "{\"data_type\":\"uint16\",\"scale\":0.0001,\"offset\":0}"), 0 },
        { ITEM(",\"s2:processing_baseline\":\"05.09\",\"earthsearch:boa_offset_applied\":false",
               "{\"data_type\":\"uint16\",\"scale\":0.0001}"),
          -1000 },
        { ITEM(",\"s2:processing_baseline\":\"03.01\",\"earthsearch:boa_offset_applied\":false",
               "{\"data_type\":\"uint16\",\"scale\":0.0001}"),
          0 },
        { ITEM(",\"s2:processing_baseline\":\"05.09\",\"earthsearch:boa_offset_applied\":true",
               "{\"data_type\":\"uint16\",\"scale\":0.0001}"),
          0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dtake__ee_image *image = make(&removed, rows[i].item);
        CHECK(band(image, "B8")->add == rows[i].add);
        dtake__ee_image_free(image);
        image = make(&kept, rows[i].item);
        CHECK(band(image, "B8")->add == 0);
        dtake__ee_image_free(image);
    }
}

static void other_items_have_a_band_for_each_asset(void **state)
{
    (void)state;
    const dtake__ee_collection c = { .id = "any/thing" };
    dtake__ee_image *image = make(&c, ITEM("", "{\"data_type\":\"uint16\"},{\"data_type\":\"uint16\"}"));
    CHECK_EQ(image->band_count, 3);
    CHECK(band(image, "nir_1") != NULL && band(image, "nir_2") != NULL && band(image, "visual") != NULL);
    CHECK(!band(image, "visual")->described);
    dtake__ee_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentinel_2_has_the_names_of_earth_engine),
        cmocka_unit_test(harmonized_takes_the_offset_away_where_the_item_has_it),
        cmocka_unit_test(other_items_have_a_band_for_each_asset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
