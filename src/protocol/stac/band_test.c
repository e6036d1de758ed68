#include "check.h"

#include "protocol/stac/item.h"

#include <stdlib.h>

static char *read_shared(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    fseek(file, 0, SEEK_END);
    *len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(*len + 1);
    *len = fread(text, 1, *len, file);
    text[*len] = '\0';
    fclose(file);
    return text;
}

static void check_band(const dtake__stac_item *item, const char *band, const char *key, int32_t index)
{
    const dtake__stac_asset *asset;
    int32_t band_index;
    dtake_error err;
    dtake_status st = dtake__stac_find_band(item, band, &asset, &band_index, &err);
    if (st != DTAKE_OK)
        fail_msg("%s: %s", band, err.message);
    if (strcmp(asset->key, key) != 0 || band_index != index)
        fail_msg("%s of %s: asset %s band %d, expected %s band %d", band, item->id, asset->key, band_index,
                 key, index);
}

static void a_real_sentinel_2_item_knows_bands_by_number_name_and_key(void **state)
{
    (void)state;
    size_t len = 0;
    char *text = read_shared("../shared/data/imagery/sentinel2-l2a-33TWL-5dates/S2B_33TWL_20230820_0_L2A/"
                             "S2B_33TWL_20230820_0_L2A.json",
                             &len);
    if (text == NULL)
        skip();
    dtake__stac_items items = { 0 };
    CHECK_OK(dtake__stac_items_parse(&items, text, len, "scene/item.json", NULL));
    const dtake__stac_item *item = &items.item[0];
    check_band(item, "B8", "nir", 0);
    check_band(item, "B08", "nir", 0);
    check_band(item, "b8", "nir", 0);
    check_band(item, "nir", "nir", 0);
    check_band(item, "B8A", "nir08", 0);
    check_band(item, "B4", "red", 0);
    check_band(item, "B5", "rededge1", 0);
    check_band(item, "B12", "swir22", 0);
    check_band(item, "SCL", "scl", 0);
    check_band(item, "visual", "visual", 0);
    check_band(item, "TCI", "visual", 0);
    check_band(item, "nir-jp2", "nir-jp2", 0);
    const dtake__stac_asset *asset;
    int32_t index;
    dtake_error err;
    CHECK_STATUS(dtake__stac_find_band(item, "B99", &asset, &index, &err), DTAKE_E_NOT_FOUND);
    CHECK(strstr(err.message, "S2B_33TWL_20230820_0_L2A") != NULL && strstr(err.message, "'B99'") != NULL &&
          strstr(err.message, "nir") != NULL);
    CHECK_STATUS(dtake__stac_find_band(item, "", &asset, &index, &err), DTAKE_E_NOT_FOUND);
    dtake__stac_items_dispose(&items);
    free(text);
}

static void parse_one(dtake__stac_items *items, const char *platform, const char *assets)
{
    char text[4000];
    *items = (dtake__stac_items){ 0 };
    int len =
        snprintf(text, sizeof text, "{\"id\":\"x\",\"properties\":{\"platform\":\"%s\"},\"assets\":{%s}}",
                 platform, assets);
    CHECK_OK(dtake__stac_items_parse(items, text, (size_t)len, NULL, NULL));
}

static void b8_is_never_b8a(void **state)
{
    (void)state;
    dtake__stac_items items;
    parse_one(&items, "sentinel-2a",
              "\"B8A\":{\"href\":\"B8A.tif\",\"roles\":[\"data\"]},\"B80\":{\"href\":\"B80.tif\"}");
    const dtake__stac_asset *asset;
    int32_t index;
    CHECK_STATUS(dtake__stac_find_band(&items.item[0], "B8", &asset, &index, NULL), DTAKE_E_NOT_FOUND);
    check_band(&items.item[0], "B08A", "B8A", 0);
    dtake__stac_items_dispose(&items);
    parse_one(&items, "", "\"B8A\":{\"href\":\"B8A.tif\"},\"B08\":{\"href\":\"B08.tif\"}");
    check_band(&items.item[0], "B8", "B08", 0);
    check_band(&items.item[0], "B008", "B08", 0);
    dtake__stac_items_dispose(&items);
}

static void bands_of_one_file_are_counted_from_1(void **state)
{
    (void)state;
    dtake__stac_items items;
    parse_one(&items, "",
              "\"image\":{\"href\":\"a.tif\",\"roles\":[\"data\"],\"eo:bands\":["
              "{\"name\":\"Red\",\"common_name\":\"red\"},{\"name\":\"Green\",\"common_name\":\"green\"},"
              "{\"name\":\"Blue\",\"common_name\":\"blue\"},{\"name\":\"NIR\",\"common_name\":\"nir\"}]},"
              "\"preview\":{\"href\":\"p.png\",\"roles\":[\"overview\"],\"eo:bands\":[{\"name\":\"nir\"}]}");
    check_band(&items.item[0], "NIR", "image", 4);
    check_band(&items.item[0], "green", "image", 2);
    check_band(&items.item[0], "GREEN", "image", 2);
    check_band(&items.item[0], "image", "image", 0);
    dtake__stac_items_dispose(&items);
}

static void landsat_numbers_depend_on_the_satellite(void **state)
{
    (void)state;
    static const char assets[] =
        "\"red\":{\"href\":\"s/LC08_L2SP_017051_20151205_20200908_02_T1_SR_B4.TIF\",\"roles\":[\"data\"],"
        "\"eo:bands\":[{\"name\":\"OLI_B4\",\"common_name\":\"red\"}]},"
        "\"nir08\":{\"href\":\"s/LC08_L2SP_017051_20151205_20200908_02_T1_SR_B5.TIF\",\"roles\":[\"data\"]}";
    dtake__stac_items items;
    parse_one(&items, "landsat-8", assets);
    check_band(&items.item[0], "B4", "red", 0);
    check_band(&items.item[0], "SR_B4", "red", 0);
    check_band(&items.item[0], "B5", "nir08", 0);
    check_band(&items.item[0], "OLI_B4", "red", 1);
    dtake__stac_items_dispose(&items);
    parse_one(&items, "landsat-7", assets);
    check_band(&items.item[0], "B4", "nir08", 0);
    check_band(&items.item[0], "B3", "red", 0);
    dtake__stac_items_dispose(&items);
    parse_one(&items, "unknown", assets);
    check_band(&items.item[0], "SR_B4", "red", 0); /* by the file's name */
    dtake__stac_items_dispose(&items);
}

static void of_two_equal_names_the_data_asset_then_the_cog_wins(void **state)
{
    (void)state;
    dtake__stac_items items;
    parse_one(&items, "",
              "\"nir-jp2\":{\"href\":\"s3://b/B08.jp2\",\"type\":\"image/"
              "jp2\",\"roles\":[\"data\"],\"eo:bands\":[{\"name\":\"B08\"}]},"
              "\"n\":{\"href\":\"B08.tif\",\"type\":\"image/tiff; application=geotiff; "
              "profile=cloud-optimized\",\"roles\":[\"data\"],\"eo:bands\":[{\"name\":\"B08\"}]},"
              "\"o\":{\"href\":\"o.tif\",\"type\":\"image/tiff; "
              "profile=cloud-optimized\",\"roles\":[\"visual\"],\"eo:bands\":[{\"name\":\"B08\"}]}");
    check_band(&items.item[0], "B08", "n", 1);
    dtake__stac_items_dispose(&items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_sentinel_2_item_knows_bands_by_number_name_and_key),
        cmocka_unit_test(b8_is_never_b8a),
        cmocka_unit_test(bands_of_one_file_are_counted_from_1),
        cmocka_unit_test(landsat_numbers_depend_on_the_satellite),
        cmocka_unit_test(of_two_equal_names_the_data_asset_then_the_cog_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
