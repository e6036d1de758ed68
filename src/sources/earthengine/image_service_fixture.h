/* A service of images that says what it is told to, rasters of its bands, and reads of them. */
#ifndef DTAKE_SOURCES_EARTHENGINE_IMAGE_SERVICE_FIXTURE_H
#define DTAKE_SOURCES_EARTHENGINE_IMAGE_SERVICE_FIXTURE_H

#include "core/error.h"
#include "core/text.h"
#include "check.h"
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

static inline void prepare(void *ctx)
{
    dtake__ee_service *service = ctx;
    service->tile_bytes = 16 << 20; /* as if it were set already */
    service->first_byte_ms = 60000;
    service->deadline_ms = 60000;
    service->rest_ms = 1;
}

static inline void open_world(world *w)
{
    *w = (world){ .server = script_server_start() };
    const dtake_runtime_options options = { .workers = 2, .cache_dir = "" };
    CHECK_OK(dtake_runtime_open(&w->runtime, &options, &err));
    snprintf(w->source, sizeof w->source, "ee+http://127.0.0.1:%d/?project=p1",
             script_server_port(w->server));
    CHECK_OK(dtake__ee_shared(&w->service, w->runtime, w->source, NULL, &err));
    call_on_loop(w->runtime, prepare, w->service);
}

static inline void close_world(world *w)
{
    dtake_runtime_close(w->runtime);
    script_server_stop(w->server);
}

/* --- what the service says --- */

/* Pixels of `bands` (of one type, as ours sends them), all of one value each. */
static inline void say_pixels(world *w, int width, int height, const char *const *bands, const int *value,
                              int times)
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

static inline void say_b8(world *w, int width, int height, int times)
{
    static const char *const bands[] = { "B8", NULL };
    static const int value[] = { 1234 };
    say_pixels(w, width, height, bands, value, times);
}

static inline void say_error(world *w, int http, const char *status, const char *words, int times)
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

static inline void on_raster(dtake_status status, dtake_raster *raster, const dtake_error *why, void *ctx)
{
    waits *at = ctx;
    at->status = status;
    at->raster = raster;
    if (status != DTAKE_OK)
        dtake__error_copy(&err, why);
    dtake__latch_open(at->latch);
}

/* NULL: `err` says why. */
static inline dtake_raster *open_href(world *w, const char *href)
{
    waits at = { .latch = dtake__latch_new() };
    const dtake__raster_open open = { .href = href, .foreign = dtake__source_rasters() };
    CHECK_OK(dtake__raster_open_start(w->runtime, &open, NULL, &err, on_raster, &at));
    CHECK(dtake__latch_wait(at.latch, 60000));
    dtake__latch_free(at.latch);
    return at.raster;
}

static inline dtake_raster *open_band(world *w, const char *band, const char *rest)
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

static inline void on_pixels(dtake_status status, dtake_pixels *pixels, const dtake_error *why, void *ctx)
{
    reading *r = ctx;
    r->status = status;
    if (status == DTAKE_OK)
        r->pixels = dtake_pixels_take(pixels);
    else
        dtake__error_copy(&r->why, why);
    dtake__latch_open(r->latch);
}

static inline void start_readings(void *ctx)
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
static inline void start(world *w, reading *r, size_t count)
{
    readings all = { r, count };
    call_on_loop(w->runtime, start_readings, &all);
}

static inline dtake_status finish(reading *r)
{
    CHECK(dtake__latch_wait(r->latch, 60000));
    dtake__latch_free(r->latch);
    dtake__error_copy(&err, &r->why);
    return r->status;
}

static inline dtake_status read_b8(world *w, reading *r)
{
    dtake_raster *raster = open_band(w, "B8", ";0;0");
    *r = (reading){ .raster = raster, .window = { 100, 200, SIDE, SIDE } };
    start(w, r, 1);
    dtake_status st = finish(r);
    dtake_raster_close(raster);
    return st;
}

static inline void check_all(const reading *r, int value)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        CHECK_EQ(((const uint16_t *)r->pixels.data)[i], value);
        CHECK_EQ(r->pixels.mask[i], 255);
    }
}

/* "\"width\":64,\"height\":32" in the request's body. */
static inline bool asks_for(world *w, int request, const char *text)
{
    return strstr(script_request(w->server, request), text) != NULL;
}

#endif
