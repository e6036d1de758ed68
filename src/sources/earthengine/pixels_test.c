/* Windows of an image from a service: what is asked for, and how it is cut. */
#include "sources/earthengine/image_service_fixture.h"

/* --- one request --- */

static void bands_on_one_grid_are_one_request(void **state)
{
    (void)state;
    world w;
    static const char *const answer[] = { "B8", "SCL", "B3", "SCL_mask", NULL };
    static const int value[] = { 8, 5, 3, 1 };
    open_world(&w);
    say_pixels(&w, SIDE, SIDE, answer, value, 1);
    reading r[3] = { { .raster = open_band(&w, "B8", ";0;0") },
                     { .raster = open_band(&w, "SCL", "") },
                     { .raster = open_band(&w, "B3", ";0;0") } };
    for (int i = 0; i < 3; i++)
        r[i].window = (dtake_window){ 100, 200, SIDE, SIDE };
    start(&w, r, 3);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(finish(&r[i]));
        check_all(&r[i], value[i]);
        dtake_pixels_dispose(&r[i].pixels);
        dtake_raster_close(r[i].raster);
    }
    CHECK_EQ(script_requests(w.server), 1);
    CHECK(asks_for(&w, 0, "\"bandSelectors\":{\"constantValue\":[\"B8\",\"SCL\",\"B3\"]}"));
    CHECK(asks_for(&w, 0, "\"names\":{\"constantValue\":[\"SCL_mask\"]}"));
    CHECK(asks_for(&w, 0, "\"dimensions\":{\"width\":64,\"height\":64}"));
    CHECK(asks_for(&w, 0,
                   "\"scaleX\":10,\"shearX\":0,\"translateX\":500980,\"shearY\":0,\"scaleY\":-10,"
                   "\"translateY\":5198020}"));
    CHECK(asks_for(&w, 0, "\"crsCode\":\"EPSG:32633\""));
    CHECK(asks_for(&w, 0, "\"fileFormat\":\"NPY\""));
    close_world(&w);
}

static void what_is_masked_there_is_masked_here(void **state)
{
    (void)state;
    world w;
    static const char *const masked[] = { "B8", "B8_mask", NULL }, *const bare[] = { "B8", NULL };
    static const int hidden[] = { 77, 0 }, zero[] = { 0 };
    open_world(&w);
    say_pixels(&w, SIDE, SIDE, masked, hidden, 1);
    say_pixels(&w, SIDE, SIDE, bare, zero, 1);
    static const char *const rest[] = { "", ";0;0" };
    for (int i = 0; i < 2; i++) {
        reading r = { .raster = open_band(&w, "B8", rest[i]), .window = { -1, 0, SIDE + 1, SIDE } };
        start(&w, &r, 1);
        CHECK_OK(finish(&r));
        for (int k = 0; k < SIDE * (SIDE + 1); k++)
            CHECK_EQ(r.pixels.mask[k], 0);
        CHECK_EQ(((uint16_t *)r.pixels.data)[0], 0); /* outside */
        CHECK_EQ(((uint16_t *)r.pixels.data)[1], i == 0 ? 77 : 0);
        dtake_pixels_dispose(&r.pixels);
        dtake_raster_close(r.raster);
    }
    CHECK_EQ(script_requests(w.server), 2);
    close_world(&w);
}

static void a_coarser_level_is_asked_for_as_such(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    say_b8(&w, SIDE, SIDE, 1);
    dtake_raster *raster = open_band(&w, "B8", ";0;0");
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    CHECK_EQ(info->overview_count, 2); /* 5490 and 2745: that is odd */
    CHECK_EQ(info->overview[1].width, 2745);
    CHECK_STR(info->crs, "EPSG:32633");
    reading r = { .raster = raster, .overview = 2, .window = { 10, 20, SIDE, SIDE } };
    start(&w, &r, 1);
    CHECK_OK(finish(&r));
    check_all(&r, 1234);
    CHECK(asks_for(&w, 0,
                   "\"scaleX\":40,\"shearX\":0,\"translateX\":500380,\"shearY\":0,\"scaleY\":-40,"
                   "\"translateY\":5199220}"));
    dtake_pixels_dispose(&r.pixels);
    dtake_raster_close(raster);
    close_world(&w);
}

static void a_band_by_its_name_alone_is_looked_up(void **state)
{
    (void)state;
    world w;
    char href[300], bytes[1024];
    static const char text[] = "{\"result\": {\"type\": \"Image\", \"bands\": [{\"id\": \"B4\"}, {\"id\": "
                               "\"B8\", \"data_type\": {\"type\":"
                               " \"PixelType\", \"precision\": \"int\", \"min\": 0, \"max\": 65535}, "
                               "\"dimensions\": [1000, 800], \"crs\":"
                               " \"EPSG:32633\", \"crs_transform\": [10, 0, 499980, 0, -10, 5200020]}]}}";
    open_world(&w);
    snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n%s", strlen(text), text);
    script_say(w.server,
               (script_answer){ .path = "/v1/projects/p1/value:compute", .bytes = bytes, .times = 2 });
    snprintf(href, sizeof href, "ee+http://127.0.0.1:%d/COPERNICUS/S2_SR/X?project=p1#B8",
             script_server_port(w.server));
    dtake_raster *raster = open_href(&w, href);
    CHECK(raster != NULL);
    const dtake_raster_info *info = dtake_raster_get_info(raster);
    CHECK(info->width == 1000 && info->height == 800 && info->type == DTAKE_U16 && info->epsg == 32633);
    CHECK(info->transform.x0 == 499980 && info->has_mask && !info->has_nodata);
    CHECK(asks_for(
        &w, 0,
        "\"functionName\":\"Image.load\",\"arguments\":{\"id\":{\"constantValue\":\"COPERNICUS/S2_SR/X\"}}"));
    dtake_raster_close(raster);
    href[strlen(href) - 1] = '4';
    CHECK(open_href(&w, href) == NULL);
    CHECK(strstr(err.message, "has no band 'B4' on a grid of its own") != NULL);
    close_world(&w);
}

/* --- limits --- */

static void every_tile_fits_every_limit(void **state)
{
    (void)state;
    static const int64_t sides[] = { 1, 2, 255, 1000, 10980, 32768, 32769, 70000, 200001 },
                         pixel_bytes[] = { 2, 3, 9, 27, 1024 * 9 }, most[] = { 4096, 1 << 20, 16 << 20 };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (size_t k = 0; k < sizeof sides / sizeof *sides; k++)
            for (size_t b = 0; b < 5; b++)
                for (size_t m = 0; m < 3; m++) {
                    if (sides[i] * sides[k] * pixel_bytes[b] / most[m] > 10000)
                        continue;
                    dtake__ee_tiling t = dtake__ee_tiling_of(sides[i], sides[k], pixel_bytes[b], most[m]);
                    CHECK(t.width >= 1 && t.width <= sides[i] && t.width <= DTAKE__EE_MOST_SIDE);
                    CHECK(t.height >= 1 && t.height <= sides[k] && t.height <= DTAKE__EE_MOST_SIDE);
                    bool fits = t.width * t.height * pixel_bytes[b] <= most[m];
                    CHECK(fits || t.width * t.height == 1);
                    int64_t least = (sides[i] * sides[k] * pixel_bytes[b] + most[m] - 1) / most[m];
                    int64_t tiles =
                        ((sides[i] + t.width - 1) / t.width) * ((sides[k] + t.height - 1) / t.height);
                    CHECK(tiles <= 4 * least + 64);
                }
}

static void many_bands_are_several_requests(void **state)
{
    (void)state;
    enum { BANDS = 100 };
    world w;
    open_world(&w);
    w.service->tile_bytes = 10 * SIDE * 3; /* ten rows of one band of uint16 and its mask */
    say_error(&w, 404, "NOT_FOUND", "There is no such asset.", -1);
    static reading r[MOST_READS];
    memset(r, 0, sizeof r);
    for (int i = 0; i < BANDS; i++) {
        char name[16];
        snprintf(name, sizeof name, "B%d", i);
        r[i] = (reading){ .raster = open_band(&w, name, ";0;0"), .window = { i, 0, SIDE, 10 } };
    }
    start(&w, r, BANDS);
    for (int i = 0; i < BANDS; i++) {
        CHECK_STATUS(finish(&r[i]), DTAKE_E_NOT_FOUND);
        dtake_raster_close(r[i].raster);
    }
    CHECK_EQ(script_requests(w.server), BANDS); /* their windows differ */
    CHECK(script_most_parallel(w.server) <= DTAKE__EE_QUOTA);
    close_world(&w);
}

static void what_is_cancelled_ends(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    script_say(w.server, (script_answer){ .path = METHOD, .then = SCRIPT_STALL, .times = -1 });
    reading r[2] = { { .raster = open_band(&w, "B8", "") }, { .raster = open_band(&w, "B4", "") } };
    r[0].window = r[1].window = (dtake_window){ 0, 0, 5000, 5000 }; /* several tiles */
    start(&w, r, 2);
    CHECK(script_wait_requests(w.server, 2));
    dtake__raster_op_cancel(r[0].op);
    dtake__raster_op_cancel(r[1].op);
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(finish(&r[i]), DTAKE_E_CANCELLED);
        dtake_raster_close(r[i].raster);
    }
    reading at_once = { .raster = open_band(&w, "B8", ""), .window = { 0, 0, SIDE, SIDE } };
    start(&w, &at_once, 1);
    dtake__raster_op_cancel(at_once.op);
    CHECK_STATUS(finish(&at_once), DTAKE_E_CANCELLED);
    dtake_raster_close(at_once.raster);
    close_world(&w);
}

int main(void)
{
    setenv("HOME", "/nonexistent", 1); /* no credentials of the user */
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bands_on_one_grid_are_one_request),
        cmocka_unit_test(what_is_masked_there_is_masked_here),
        cmocka_unit_test(a_coarser_level_is_asked_for_as_such),
        cmocka_unit_test(a_band_by_its_name_alone_is_looked_up),
        cmocka_unit_test(every_tile_fits_every_limit),
        cmocka_unit_test(many_bands_are_several_requests),
        cmocka_unit_test(what_is_cancelled_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
