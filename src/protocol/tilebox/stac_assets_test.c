/* Assets of the Tilebox services as those of STAC Items. */
#include "check.h"
#include "format/protobuf.h"
#include "protocol/tilebox/stac_assets.h"

static dtake_error err;

typedef struct made {
    dtake_buf bytes;
    dtake__pb_out out;
} made;

static void begin(made *m)
{
    m->bytes = DTAKE_BUF_INIT(1 << 20);
    m->out = (dtake__pb_out){ .to = &m->bytes };
}

static void put_profile(made *m, const char *alternate, const char *base)
{
    size_t mark = dtake__pb_begin(&m->out, 1);
    if (alternate != NULL)
        dtake__pb_put_text(&m->out, 1, alternate);
    dtake__pb_put_text(&m->out, 3, base);
    dtake__pb_end(&m->out, mark);
}

static void put_location(made *m, uint32_t field, uint32_t profile, const char *href)
{
    size_t mark = dtake__pb_begin(&m->out, field);
    dtake__pb_put_u64(&m->out, 1, profile);
    if (href != NULL)
        dtake__pb_put_text(&m->out, 2, href);
    dtake__pb_end(&m->out, mark);
}

static dtake_status as_json(made *m, dtake_buf *json)
{
    *json = DTAKE_BUF_INIT(1 << 20);
    CHECK_OK(dtake__pb_done(&m->out, "assets", &err));
    dtake_status st =
        dtake__stac_assets_json((dtake__span){ (const char *)m->bytes.data, m->bytes.len }, json, &err);
    dtake__buf_dispose(&m->bytes);
    return st;
}

static void check_json(made *m, const char *expected)
{
    dtake_buf json;
    if (as_json(m, &json) != DTAKE_OK)
        fail_msg("%s", err.message);
    CHECK_STR(dtake__buf_str(&json), expected);
    dtake__buf_dispose(&json);
}

static void check_refused(made *m, const char *why)
{
    dtake_buf json;
    CHECK_EQ(as_json(m, &json), DTAKE_E_FORMAT);
    CHECK_STR(err.message, why);
    dtake__buf_dispose(&json);
}

static void an_address_is_that_of_its_profile_and_its_own_end(void **state)
{
    (void)state;
    made m;
    begin(&m);
    put_profile(&m, NULL, "https://eodata.example/S2/");
    put_profile(&m, "s3", "s3://eodata/S2/");
    size_t asset = dtake__pb_begin(&m.out, 3);
    dtake__pb_put_text(&m.out, 1, "B04");
    put_location(&m, 2, 0, "a/B04.tif");
    put_location(&m, 3, 1, NULL);
    dtake__pb_end(&m.out, asset);
    check_json(&m, "{\"B04\":{\"href\":\"https://eodata.example/S2/a/B04.tif\","
                   "\"alternate\":{\"s3\":{\"href\":\"s3://eodata/S2/a/B04.tif\"}}}}");
}

static void put_band(made *m, const char *name, uint32_t common_name)
{
    size_t band = dtake__pb_begin(&m->out, 2), eo;
    dtake__pb_put_text(&m->out, 1, name);
    eo = dtake__pb_begin(&m->out, 6);
    dtake__pb_put_u64(&m->out, 1, common_name);
    dtake__pb_end(&m->out, eo);
    dtake__pb_end(&m->out, band);
}

static void put_packed(made *m, uint32_t field, uint64_t number)
{
    size_t run = dtake__pb_begin(&m->out, field);
    dtake__pb_add_varint(&m->out, number);
    dtake__pb_end(&m->out, run);
}

static void put_full_asset(made *m)
{
    size_t asset = dtake__pb_begin(&m->out, 3), inside;
    dtake__pb_put_text(&m->out, 1, "red");
    put_location(m, 2, 0, "r.tif");
    inside = dtake__pb_begin(&m->out, 4);
    dtake__pb_put_u64(&m->out, 1, 3);
    dtake__pb_end(&m->out, inside);
    dtake__pb_put_text(&m->out, 5, "Red");
    put_packed(m, 7, 1);
    dtake__pb_put_u64(&m->out, 7, 104);
    dtake__pb_put_text(&m->out, 8, "mine");
    dtake__pb_put_f64(&m->out, 9, 10);
    put_packed(m, 10, 1);
    dtake__pb_put_u64(&m->out, 11, 6);
    dtake__pb_put_f64(&m->out, 12, 0);
    inside = dtake__pb_begin(&m->out, 17);
    dtake__pb_put_text(&m->out, 1, "EPSG:32633");
    dtake__pb_put_u64(&m->out, 3, 10980);
    dtake__pb_put_u64(&m->out, 3, 10981);
    dtake__pb_end(&m->out, inside);
    inside = dtake__pb_begin(&m->out, 20);
    dtake__pb_put_bytes(&m->out, 1, "\x12\xab", 2);
    dtake__pb_put_u64(&m->out, 2, 123);
    dtake__pb_end(&m->out, inside);
    dtake__pb_end(&m->out, asset);
}

static void what_get_looks_at_stands_where_stac_has_it(void **state)
{
    (void)state;
    made m;
    begin(&m);
    put_full_asset(&m);
    put_profile(&m, NULL, "/data/"); /* what is shared may come behind */
    put_band(&m, "B03", 4);
    put_band(&m, "B04", 7);
    check_json(&m, "{\"red\":{\"href\":\"/data/r.tif\","
                   "\"type\":\"image/tiff; application=geotiff; profile=cloud-optimized\","
                   "\"roles\":[\"data\",\"cloud-shadow\",\"mine\"],\"title\":\"Red\",\"gsd\":10,"
                   "\"data_type\":\"uint16\",\"nodata\":0,\"proj:code\":\"EPSG:32633\","
                   "\"proj:shape\":[10980,10981],\"file:checksum\":\"12ab\",\"file:size\":123,"
                   "\"bands\":[{\"name\":\"B04\",\"eo:common_name\":\"red\"}]}}");
}

static void no_assets_are_an_empty_object(void **state)
{
    (void)state;
    made m;
    begin(&m);
    check_json(&m, "{}");
}

static void what_points_nowhere_is_refused(void **state)
{
    (void)state;
    made m;
    begin(&m);
    size_t asset = dtake__pb_begin(&m.out, 3);
    put_location(&m, 2, 0, "a.tif");
    dtake__pb_end(&m.out, asset);
    check_refused(&m, "read assets: an asset's access profile is not there");

    begin(&m);
    put_profile(&m, NULL, "/");
    asset = dtake__pb_begin(&m.out, 3);
    put_location(&m, 2, 0, "a.tif");
    put_packed(&m, 10, 5);
    dtake__pb_end(&m.out, asset);
    check_refused(&m, "read assets: an asset's band is not there");
}

static void a_datapoint_of_too_many_profiles_is_refused(void **state)
{
    (void)state;
    made m;
    begin(&m);
    for (int i = 0; i < 1025; i++)
        put_profile(&m, NULL, "/");
    check_refused(&m, "read assets: more profiles than a datapoint may have");
}

/* However it is cut off or bent: JSON or an error. */
static void broken_messages_are_refused_not_crashed_on(void **state)
{
    (void)state;
    made m;
    uint8_t bytes[512];
    begin(&m);
    put_profile(&m, NULL, "/data/");
    put_band(&m, "B04", 7);
    put_band(&m, "B05", 7);
    put_full_asset(&m);
    size_t len = m.bytes.len, refused = 0;
    CHECK(len < sizeof bytes);
    memcpy(bytes, m.bytes.data, len);
    dtake__buf_dispose(&m.bytes);
    for (size_t cut = 0; cut < 2 * len; cut++) {
        dtake_buf json = DTAKE_BUF_INIT(1 << 20);
        if (cut >= len)
            bytes[cut - len] ^= 0x2b;
        refused += dtake__stac_assets_json((dtake__span){ (const char *)bytes, cut < len ? cut : len }, &json,
                                           &err) != DTAKE_OK;
        if (cut >= len)
            bytes[cut - len] ^= 0x2b;
        dtake__buf_dispose(&json);
    }
    CHECK(refused > len / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_that_of_its_profile_and_its_own_end),
        cmocka_unit_test(what_get_looks_at_stands_where_stac_has_it),
        cmocka_unit_test(no_assets_are_an_empty_object),
        cmocka_unit_test(what_points_nowhere_is_refused),
        cmocka_unit_test(a_datapoint_of_too_many_profiles_is_refused),
        cmocka_unit_test(broken_messages_are_refused_not_crashed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
