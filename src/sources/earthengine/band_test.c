/* What an href of a band says, written and read again. */
#include "../tests/check.h"
#include "sources/earthengine/band.h"

static dtake_error err;

static const dtake__ee_band EXAMPLE = { .source = "ee+http://127.0.0.1:8080/?project=demo",
                                        .asset = "COPERNICUS/S2_SR/20240101T100421_20240101T100416_T33TWL",
                                        .band = "B8",
                                        .has_grid = true,
                                        .type = DTAKE_U16,
                                        .crs = "EPSG:32633",
                                        .width = 10980,
                                        .height = 5490,
                                        .transform = { 499980, 10, 0, 5200020, 0, -10 } };

static void check_same(const dtake__ee_band *a, const dtake__ee_band *b)
{
    CHECK_STR(a->source, b->source);
    CHECK_STR(a->asset, b->asset);
    CHECK_STR(a->band, b->band);
    CHECK_EQ(a->has_grid, b->has_grid);
    if (!b->has_grid)
        return;
    CHECK_STR(a->crs, b->crs);
    CHECK_EQ(a->type, b->type);
    CHECK_EQ(a->width, b->width);
    CHECK_EQ(a->height, b->height);
    CHECK_EQ(a->version, b->version);
    CHECK_EQ(a->has_nodata, b->has_nodata);
    CHECK_EQ(a->nodata == b->nodata, true);
    CHECK_EQ(memcmp(&a->transform, &b->transform, sizeof a->transform), 0);
}

static void comes_back(const dtake__ee_band *band, const char *text)
{
    dtake_buf href = DTAKE_BUF_INIT(64 << 10);
    dtake__ee_band again;
    CHECK_OK(dtake__ee_band_write(band, &href));
    if (text != NULL)
        CHECK_STR(dtake__buf_str(&href), text);
    CHECK(dtake__ee_is_band(dtake__buf_str(&href)));
    CHECK_OK(dtake__ee_band_read(&again, dtake__buf_str(&href), &err));
    check_same(&again, band);
    dtake__ee_band_dispose(&again);
    dtake__buf_dispose(&href);
}

static void a_href_holds_all_of_a_band(void **state)
{
    (void)state;
    dtake__ee_band band = EXAMPLE;
    comes_back(&band, "ee+http://127.0.0.1:8080/COPERNICUS/S2_SR/20240101T100421_20240101T100416_T33TWL"
                      "?project=demo#B8;uint16;EPSG:32633;10980x5490;10,0,499980,0,-10,5200020");
    band.source = "ee://my-project";
    band.version = 1704103200123456;
    comes_back(&band, "ee://my-project/COPERNICUS/S2_SR/20240101T100421_20240101T100416_T33TWL"
                      "#B8;uint16;EPSG:32633;10980x5490;10,0,499980,0,-10,5200020;1704103200123456");
    band.source = "ee://example.org:my-project";
    band.version = 0;
    band.has_nodata = true;
    comes_back(&band, "ee://example.org:my-project/COPERNICUS/S2_SR/20240101T100421_20240101T100416_T33TWL"
                      "#B8;uint16;EPSG:32633;10980x5490;10,0,499980,0,-10,5200020;0;0");
    band.nodata = -9999.5;
    band.version = 7;
    band.asset = "projects/p/assets/a b";
    band.band = "sur refl;b01#100%";
    band.crs = "PROJCS[\"Sinusoidal, \303\244\",GEOGCS[\"x\",UNIT[\"m\",1]]]";
    band.transform = (dtake_affine){ -2001.1, 1. / 3, -7e-9, 1e7, 0.1, -463.31271652777775 };
    band.type = DTAKE_F64;
    comes_back(&band, NULL);
    band.has_grid = false;
    comes_back(&band, "ee://example.org:my-project/projects/p/assets/a b#sur%20refl%3Bb01%23100%25");
}

static void what_is_no_band_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "ee://p",
        "ee://p#B8",
        "ee://p/#B8",
        "ee://p/A/B",
        "ee://p/A/B#",
        "ee+http://h:1?project=p#B8",
        "https://h/A#B8",
        "ee://p/A#B8;",
        "ee://p/A#B8;uint17;EPSG:1;1x1;1,0,0,0,1,0",
        "ee://p/A#B8;uint16;;1x1;1,0,0,0,1,0",
        "ee://p/A#B8;uint16;EPSG:1;0x1;1,0,0,0,1,0",
        "ee://p/A#B8;uint16;EPSG:1;1x2147483649;1,0,0,0,1,0",
        "ee://p/A#B8;uint16;EPSG:1;1x1.5;1,0,0,0,1,0",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,0,0",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,1",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,1e400,0,1,0",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,1,0,7",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,1,0;x",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,1,0;1;x",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,1,0;1;2;3",
        "ee://p/A#B8;uint16;EPSG:1;1x1;1,0,0,0,1,0;-1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        dtake__ee_band band;
        CHECK_STATUS(dtake__ee_band_read(&band, wrong[i], &err), DTAKE_E_USAGE);
        dtake__ee_band_dispose(&band);
        CHECK_STATUS(dtake__ee_band_read(&band, wrong[i], NULL), DTAKE_E_USAGE);
        dtake__ee_band_dispose(&band);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_href_holds_all_of_a_band),
        cmocka_unit_test(what_is_no_band_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
