/* What a service of images refuses, cuts short or lets wait: each row of the table of errors. */
#include "sources/earthengine/image_service_fixture.h"

#include <stdlib.h>
#include <unistd.h>

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

int main(void)
{
    setenv("HOME", "/nonexistent", 1); /* no credentials of the user */
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_much_is_halved),
        cmocka_unit_test(what_stays_too_much_is_told),
        cmocka_unit_test(what_cannot_be_helped_is_told_at_once),
        cmocka_unit_test(what_passes_is_waited_for),
        cmocka_unit_test(what_is_not_answered_in_time_is_halved),
        cmocka_unit_test(a_broken_answer_is_asked_for_again),
        cmocka_unit_test(a_token_that_ends_under_way_is_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
