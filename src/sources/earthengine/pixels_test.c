/* Windows of an image from a service that does as it is told: each row of the table of errors, each limit. */
#include "core/error.h"
#include "core/text.h"
#include "io/runtime_fixture.h"
#include "raster/reader.h"
#include "script_server.h"
#include "sources/earthengine/pixels.h"
#include "sources/earthengine/shared.h"
#include "sources/rasters.h"
#include "temp.h"

#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 64, MOST_READS = 128 };

static const char METHOD[] = "/v1/projects/p1/image:computePixels";

static dtake_error err;

typedef struct world {
    dtake_runtime *runtime;
    script_server *server;
    dtake__ee_service *service;
    char source[128];
} world;

static void prepare(void *ctx)
{
    dtake__ee_service *service = ctx;
    service->tile_bytes = 16 << 20; /* as if it were set already */
    service->first_byte_ms = 60000;
    service->deadline_ms = 60000;
    service->rest_ms = 1;
}

static void open_world(world *w)
{
    *w = (world){ .server = script_server_start() };
    const dtake_runtime_options options = { .workers = 2, .cache_dir = "" };
    CHECK_OK(dtake_runtime_open(&w->runtime, &options, &err));
    snprintf(w->source, sizeof w->source, "ee+http://127.0.0.1:%d/?project=p1",
             script_server_port(w->server));
    CHECK_OK(dtake__ee_shared(&w->service, w->runtime, w->source, NULL, &err));
    call_on_loop(w->runtime, prepare, w->service);
}

static void close_world(world *w)
{
    dtake_runtime_close(w->runtime);
    script_server_stop(w->server);
}

/* --- what the service says --- */

/* Pixels of `bands` (of one type, as ours sends them), all of one value each. */
static void say_pixels(world *w, int width, int height, const char *const *bands, const int *value, int times)
{
    char header[512];
    dtake_buf body = DTAKE_BUF_INIT(64 << 20), answer = DTAKE_BUF_INIT(64 << 20);
    int len = snprintf(header, sizeof header, "{'descr': [");
    int count = 0;
    for (; bands[count] != NULL; count++)
        len += snprintf(header + len, sizeof header - (size_t)len, "('%s', '<u2'), ", bands[count]);
    len += snprintf(header + len, sizeof header - (size_t)len,
                    "], 'fortran_order': False, 'shape': (%d, %d), }\n", height, width);
    const uint8_t start[] = {
        0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(len & 255), (uint8_t)(len >> 8)
    };
    CHECK_OK(dtake__buf_append(&body, start, sizeof start));
    CHECK_OK(dtake__buf_append(&body, header, (size_t)len));
    for (int i = 0; i < width * height; i++)
        for (int b = 0; b < count; b++) {
            const uint8_t sample[] = { (uint8_t)(value[b] & 255), (uint8_t)(value[b] >> 8) };
            CHECK_OK(dtake__buf_append(&body, sample, 2));
        }
    CHECK_OK(dtake__buf_printf(&answer, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n", body.len));
    CHECK_OK(dtake__buf_append(&answer, body.data, body.len));
    script_say(w->server,
               (script_answer){
                   .path = METHOD, .bytes = (const char *)answer.data, .len = answer.len, .times = times });
    dtake__buf_dispose(&answer);
    dtake__buf_dispose(&body);
}

static void say_b8(world *w, int width, int height, int times)
{
    static const char *const bands[] = { "B8", NULL };
    static const int value[] = { 1234 };
    say_pixels(w, width, height, bands, value, times);
}

static void say_error(world *w, int http, const char *status, const char *words, int times)
{
    char body[1024], bytes[2048];
    snprintf(body, sizeof body, "{\"error\": {\"code\": %d, \"message\": \"%s\", \"status\": \"%s\"}}", http,
             words, status);
    snprintf(bytes, sizeof bytes,
             "HTTP/1.1 %d No\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", http,
             strlen(body), body);
    script_say(w->server, (script_answer){ .path = METHOD, .bytes = bytes, .times = times });
}

/* --- rasters, and reads of them --- */

typedef struct waits {
    dtake__latch *latch;
    dtake_raster *raster;
    dtake_status status;
} waits;

static void on_raster(dtake_status status, dtake_raster *raster, const dtake_error *why, void *ctx)
{
    waits *at = ctx;
    at->status = status;
    at->raster = raster;
    if (status != DTAKE_OK)
        dtake__error_copy(&err, why);
    dtake__latch_open(at->latch);
}

/* NULL: `err` says why. */
static dtake_raster *open_href(world *w, const char *href)
{
    waits at = { .latch = dtake__latch_new() };
    const dtake__raster_open open = { .href = href, .foreign = dtake__source_rasters() };
    CHECK_OK(dtake__raster_open_start(w->runtime, &open, NULL, &err, on_raster, &at));
    CHECK(dtake__latch_wait(at.latch, 60000));
    dtake__latch_free(at.latch);
    return at.raster;
}

static dtake_raster *open_band(world *w, const char *band, const char *rest)
{
    dtake__ee_band named = { .source = w->source,
                             .asset = "COPERNICUS/S2_SR/X",
                             .band = (char *)(uintptr_t)band,
                             .has_grid = true,
                             .type = DTAKE_U16,
                             .crs = "EPSG:32633",
                             .width = 10980,
                             .height = 10980,
                             .transform = { 499980, 10, 0, 5200020, 0, -10 } };
    dtake_buf href = DTAKE_BUF_INIT(4096);
    CHECK_OK(dtake__ee_band_write(&named, &href));
    CHECK_OK(dtake__buf_puts(&href, rest));
    dtake_raster *raster = open_href(w, dtake__buf_str(&href));
    CHECK(raster != NULL);
    dtake__buf_dispose(&href);
    return raster;
}

typedef struct reading {
    dtake_raster *raster;
    dtake_window window;
    int32_t overview;
    dtake__raster_op *op;
    dtake__latch *latch;
    dtake_status status;
    dtake_error why;
    dtake_pixels pixels;
} reading;

typedef struct readings {
    reading *one;
    size_t count;
} readings;

static void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *why, void *ctx)
{
    reading *r = ctx;
    r->status = status;
    if (status == DTAKE_OK)
        r->pixels = dtake_pixels_take(pixels);
    else
        dtake__error_copy(&r->why, why);
    dtake__latch_open(r->latch);
}

static void start_readings(void *ctx)
{
    readings *all = ctx;
    for (size_t i = 0; i < all->count; i++) {
        reading *r = &all->one[i];
        const dtake_read read = { .window = r->window, .overview = r->overview, .want_mask = true };
        r->latch = dtake__latch_new();
        CHECK_OK(dtake__raster_read_start(r->raster, &read, NULL, &r->op, &err, on_pixels, r));
    }
}

/* They begin in one turn of the loop. */
static void start(world *w, reading *r, size_t count)
{
    readings all = { r, count };
    call_on_loop(w->runtime, start_readings, &all);
}

static dtake_status finish(reading *r)
{
    CHECK(dtake__latch_wait(r->latch, 60000));
    dtake__latch_free(r->latch);
    dtake__error_copy(&err, &r->why);
    return r->status;
}

static dtake_status read_b8(world *w, reading *r)
{
    dtake_raster *raster = open_band(w, "B8", ";0;0");
    *r = (reading){ .raster = raster, .window = { 100, 200, SIDE, SIDE } };
    start(w, r, 1);
    dtake_status st = finish(r);
    dtake_raster_close(raster);
    return st;
}

static void check_all(const reading *r, int value)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        CHECK_EQ(((const uint16_t *)r->pixels.data)[i], value);
        CHECK_EQ(r->pixels.mask[i], 255);
    }
}

/* "\"width\":64,\"height\":32" in the request's body. */
static bool asks_for(world *w, int request, const char *text)
{
    return strstr(script_request(w->server, request), text) != NULL;
}

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

/* --- the table of errors --- */

static void what_is_too_much_is_halved(void **state)
{
    (void)state;
    static const struct {
        int http;
        const char *status, *words;
    } rows[] = {
        { 400, "INVALID_ARGUMENT",
          "Total request size (56623104 bytes) must be less than or equal to 50331648 bytes." },
        { 400, "INVALID_ARGUMENT", "Pixel grid dimensions (40818x1) must be less than or equal to 32768." },
        { 400, "INVALID_ARGUMENT", "User memory limit exceeded." },
        { 400, "INVALID_ARGUMENT", "Computation timed out." },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world w;
        reading r;
        open_world(&w);
        say_error(&w, rows[i].http, rows[i].status, rows[i].words, 1);
        say_b8(&w, SIDE / 2, SIDE, -1);
        CHECK_OK(read_b8(&w, &r));
        check_all(&r, 1234);
        CHECK_EQ(script_requests(w.server), 3);
        CHECK(asks_for(&w, 1, "\"translateX\":500980,") != asks_for(&w, 2, "\"translateX\":500980,"));
        CHECK(asks_for(&w, 1, "\"translateX\":501300,") != asks_for(&w, 2, "\"translateX\":501300,"));
        dtake_pixels_dispose(&r.pixels);
        /* and the next one begins in halves */
        CHECK_OK(read_b8(&w, &r));
        CHECK_EQ(script_requests(w.server), 5);
        dtake_pixels_dispose(&r.pixels);
        close_world(&w);
    }
}

static void what_stays_too_much_is_told(void **state)
{
    (void)state;
    world w;
    reading r;
    open_world(&w);
    say_error(&w, 400, "INVALID_ARGUMENT", "User memory limit exceeded.", -1);
    CHECK_STATUS(read_b8(&w, &r), DTAKE_E_USAGE);
    CHECK(strstr(err.message, "User memory limit exceeded.") != NULL);
    CHECK(script_requests(w.server) <= 8); /* 64 x 64, two halves, four quarters */
    close_world(&w);
}

static void what_cannot_be_helped_is_told_at_once(void **state)
{
    (void)state;
    static const struct {
        int http;
        const char *status, *words;
        dtake_status expected;
    } rows[] = {
        { 400, "INVALID_ARGUMENT",
          "Image.load: Image asset 'X' not found (does not exist or caller does not have access).",
          DTAKE_E_USAGE },
        { 400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 10485760 bytes.", DTAKE_E_USAGE },
        { 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", DTAKE_E_AUTH },
        { 403, "PERMISSION_DENIED", "Project p1 is not registered.", DTAKE_E_AUTH },
        { 404, "NOT_FOUND", "There is no such asset.", DTAKE_E_NOT_FOUND },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world w;
        reading r;
        open_world(&w);
        say_error(&w, rows[i].http, rows[i].status, rows[i].words, -1);
        CHECK_STATUS(read_b8(&w, &r), rows[i].expected);
        CHECK(strstr(err.message, rows[i].words) != NULL);
        CHECK_EQ(script_requests(w.server), 1);
        close_world(&w);
    }
}

static void what_passes_is_waited_for(void **state)
{
    (void)state;
    static const struct {
        int http;
        const char *status, *words;
    } rows[] = {
        { 429, "RESOURCE_EXHAUSTED", "Too Many Requests: quota exceeded." },
        { 403, "PERMISSION_DENIED", "Rate Limit Exceeded" },
        { 500, "INTERNAL", "An internal error has occurred" },
        { 503, "UNAVAILABLE", "The service is currently unavailable." },
        { 504, "DEADLINE_EXCEEDED", "Deadline expired." },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world w;
        reading r;
        open_world(&w);
        say_error(&w, rows[i].http, rows[i].status, rows[i].words, 2);
        say_b8(&w, SIDE, SIDE, 1);
        CHECK_OK(read_b8(&w, &r));
        check_all(&r, 1234);
        CHECK_EQ(script_requests(w.server), 3);
        dtake_pixels_dispose(&r.pixels);
        close_world(&w);
    }
}

static void be_patient(void *ctx)
{
    ((dtake__ee_service *)ctx)->deadline_ms = 60000;
}

static void what_is_not_answered_in_time_is_halved(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    w.service->deadline_ms = 2000; /* no read is under way yet */
    script_say(w.server, (script_answer){ .path = METHOD, .then = SCRIPT_STALL });
    say_b8(&w, SIDE / 2, SIDE, 2);
    reading r = { .raster = open_band(&w, "B8", ";0;0"), .window = { 0, 0, SIDE, SIDE } };
    start(&w, &r, 1);
    CHECK(script_wait_requests(w.server, 1));
    call_on_loop(w.runtime, be_patient, w.service); /* with the halves */
    CHECK_OK(finish(&r));
    check_all(&r, 1234);
    CHECK_EQ(script_requests(w.server), 3);
    dtake_pixels_dispose(&r.pixels);
    dtake_raster_close(r.raster);
    close_world(&w);
}

static void a_broken_answer_is_asked_for_again(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nnumpy",
        "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nnumpy", /* ends too soon: io/http.h asks again */
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        world w;
        reading r;
        open_world(&w);
        script_say(w.server, (script_answer){ .path = METHOD, .bytes = broken[i], .then = SCRIPT_CLOSE });
        say_b8(&w, SIDE - 1, SIDE, i == 0); /* of another size */
        say_b8(&w, SIDE, SIDE, 1);
        CHECK_OK(read_b8(&w, &r));
        check_all(&r, 1234);
        CHECK_EQ(script_requests(w.server), 3);
        dtake_pixels_dispose(&r.pixels);
        close_world(&w);
    }
    world w;
    reading r;
    open_world(&w);
    say_b8(&w, SIDE, SIDE - 1, -1);
    CHECK_STATUS(read_b8(&w, &r), DTAKE_E_FORMAT);
    CHECK(strstr(err.message, "64 x 63 pixels came where 64 x 64 were asked for") != NULL);
    CHECK_EQ(script_requests(w.server), 6);
    close_world(&w);
}

static void a_token_that_ends_under_way_is_renewed(void **state)
{
    (void)state;
    world w = { .server = script_server_start() };
    char file[TEMP_PATH], text[512], bytes[1024];
    int fd = temp_file(file, "google");
    CHECK(fd >= 0);
    int len = snprintf(text, sizeof text,
                       "{\"refresh_token\": \"1\", \"client_id\": \"2\", \"client_secret\": \"3\","
                       " \"token_uri\": \"%s\"}",
                       script_url(w.server, "/token"));
    CHECK_EQ(write(fd, text, (size_t)len), len);
    close(fd);
    setenv("GOOGLE_APPLICATION_CREDENTIALS", file, 1);
    const dtake_runtime_options options = { .workers = 2, .cache_dir = "" };
    CHECK_OK(dtake_runtime_open(&w.runtime, &options, &err));
    snprintf(w.source, sizeof w.source, "ee+http://127.0.0.1:%d/?project=p1", script_server_port(w.server));
    static const char *const tokens[] = { "first", "second" };
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "{\"access_token\": \"%s\", \"expires_in\": 3600}", tokens[i]);
        snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n%s", strlen(text), text);
        script_say(w.server, (script_answer){ .path = "/token", .bytes = bytes });
    }
    reading r;
    say_b8(&w, SIDE, SIDE, 1);
    CHECK_OK(read_b8(&w, &r));
    dtake_pixels_dispose(&r.pixels);
    say_error(&w, 401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", 1);
    say_b8(&w, SIDE, SIDE, 1);
    CHECK_OK(read_b8(&w, &r));
    check_all(&r, 1234);
    dtake_pixels_dispose(&r.pixels);
    CHECK_EQ(script_requests(w.server), 5); /* token, pixels, refused, token, pixels */
    CHECK(asks_for(&w, 1, "authorization: Bearer first"));
    CHECK(asks_for(&w, 4, "authorization: Bearer second"));
    unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
    unlink(file);
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
        cmocka_unit_test(what_is_too_much_is_halved),
        cmocka_unit_test(what_stays_too_much_is_told),
        cmocka_unit_test(what_cannot_be_helped_is_told_at_once),
        cmocka_unit_test(what_passes_is_waited_for),
        cmocka_unit_test(what_is_not_answered_in_time_is_halved),
        cmocka_unit_test(a_broken_answer_is_asked_for_again),
        cmocka_unit_test(a_token_that_ends_under_way_is_renewed),
        cmocka_unit_test(every_tile_fits_every_limit),
        cmocka_unit_test(many_bands_are_several_requests),
        cmocka_unit_test(what_is_cancelled_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
