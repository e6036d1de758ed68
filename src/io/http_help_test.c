/* The end of a job: ranges whose connection lags behind are finished by idle ones. */
#include "io/http_check.h"

#include "core/clock.h"

#include <sched.h>

enum { BYTES = 4 << 20, SLOW_BYTES = 1 << 20, FAST = 5, SLOW_MS = 5000 };
static char object[BYTES];
static outcome slow, fast[FAST];
static dtake__tally tally;
static const char *url, *fast_url;

static void open_scene(const char *etag, dtake_runtime_options options)
{
    open_with(options);
    script_object(server, object, BYTES, etag, "Sun, 06 Nov 1994 08:49:37 GMT");
    url = script_url(server, "/scene.tif");
    fast_url = script_url(server, "/fast.tif");
    tally = (dtake__tally){ 0 };
}

static dtake__http_request range(int64_t first, int64_t count)
{
    return (dtake__http_request){
        .url = url, .has_range = true, .first = first, .count = count, .tally = &tally
    };
}

/* A MiB that would take five seconds, as `answer` has it, and beside it five of another object that come at
 * once. Helpers, and the slow one again, are answered by `helper`, then as the object is. */
static void say_slow_and_fast(script_answer answer, script_answer helper)
{
    answer.object = true;
    answer.path = helper.path = "/scene.tif";
    answer.drip_bytes = answer.drip_bytes > 0 ? answer.drip_bytes : SLOW_BYTES / (SLOW_MS / 20);
    answer.drip_ms = 20;
    script_say(server, answer);
    if (helper.times != 0)
        script_say(server, helper);
    script_say(server, (script_answer){ .path = "/fast.tif", .object = true, .delay_ms = 50, .times = FAST });
}

static dtake__http *start_by(int64_t deadline_ms)
{
    dtake__http *http;
    dtake__http_request request = range(1000, SLOW_BYTES);
    request.deadline_ms = deadline_ms;
    start_fetch(&slow, request, &http);
    CHECK(script_wait_requests(server, 1));
    for (int i = 0; i < FAST; i++) {
        request = range(i * 1000, SLOW_BYTES);
        request.url = fast_url;
        start_fetch(&fast[i], request, NULL);
    }
    return http;
}

static dtake__http *start_slow_and_fast(script_answer answer, script_answer helper)
{
    say_slow_and_fast(answer, helper);
    return start_by(0);
}

static void finish_fast(void)
{
    for (int i = 0; i < FAST; i++) {
        CHECK_OK(finish_fetch(&fast[i]));
        CHECK(memcmp(fast[i].body.data, object + i * 1000, SLOW_BYTES) == 0);
        forget(&fast[i]);
    }
}

static void check_slow(void)
{
    CHECK_OK(finish_fetch(&slow));
    CHECK_EQ(slow.calls, 1);
    CHECK_EQ(slow.body.len, SLOW_BYTES);
    CHECK(memcmp(slow.body.data, object + 1000, SLOW_BYTES) == 0);
    CHECK_EQ(slow.response.object_bytes, BYTES);
    forget(&slow);
}

static void a_range_that_lags_behind_is_finished_by_idle_connections(void **state)
{
    (void)state;
    open_scene("\"v1\"", (dtake_runtime_options){ 0 });
    int64_t before_ms = dtake__now_ms();
    start_slow_and_fast((script_answer){ 0 }, (script_answer){ 0 });
    finish_fast();
    check_slow();
    CHECK(dtake__now_ms() - before_ms < SLOW_MS / 2);
    int helpers = script_requests(server) - 1 - FAST;
    CHECK(helpers >= 1 && helpers <= 2 * 8);
    CHECK(strstr(script_request(server, 1 + FAST), "If-Match: \"v1\"\r\n") != NULL);
    CHECK_EQ(script_connections(server), 1 + FAST); /* none was opened for them */
    CHECK_EQ(slow.response.attempts, 1);
    CHECK_EQ(tally.requests, script_requests(server));
    CHECK_EQ(tally.retries, 0);
    CHECK(tally.bytes <= (1 + FAST) * SLOW_BYTES + (256 << 10)); /* little came twice */
}

static void nobody_helps_without_a_strong_etag(void **state)
{
    (void)state;
    open_scene("W/\"v1\"", (dtake_runtime_options){ 0 });
    start_slow_and_fast((script_answer){ .drip_bytes = SLOW_BYTES / 20 }, (script_answer){ 0 });
    finish_fast();
    check_slow();
    CHECK_EQ(script_requests(server), 1 + FAST);
}

static void nobody_helps_under_a_limit_of_our_own(void **state)
{
    (void)state;
    open_scene("\"v1\"", (dtake_runtime_options){ .max_bytes_s = 1 << 30 });
    start_slow_and_fast((script_answer){ .drip_bytes = SLOW_BYTES / 20 }, (script_answer){ 0 });
    finish_fast();
    check_slow();
    CHECK_EQ(script_requests(server), 1 + FAST);
}

static void nobody_helps_while_others_wait_for_a_permit(void **state)
{
    (void)state;
    open_scene("\"v1\"", (dtake_runtime_options){ .connections_per_host = 1 + FAST });
    start_slow_and_fast((script_answer){ .drip_bytes = SLOW_BYTES / 20 }, (script_answer){ 0 });
    CHECK(script_wait_requests(server, 1 + FAST));
    enum { MORE = 60 };
    static outcome more[MORE];
    script_say(server, (script_answer){ .object = true, .delay_ms = 50, .times = MORE });
    for (int i = 0; i < MORE; i++)
        start_fetch(&more[i], range(0, 200000), NULL);
    finish_fast();
    check_slow();
    int asked = script_requests(server);
    for (int i = 0; i < MORE; i++) {
        CHECK_OK(finish_fetch(&more[i]));
        forget(&more[i]);
    }
    CHECK(asked < 1 + FAST + MORE); /* some still waited then */
    CHECK_EQ(script_requests(server), 1 + FAST + MORE);
}

/* What a helper may be told: whatever it is, the range comes whole and from one version. */
static void a_bad_answer_to_a_helper_costs_nothing_but_its_help(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: "
        "4194304\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsign in",
        "HTTP/1.1 206 P\r\nETag: \"v2\"\r\nContent-Range: bytes "
        "500000-1049575/4194304\r\n\r\nxxxxxxxxxxxxxxxxx",
        "HTTP/1.1 206 P\r\nETag: \"v1\"\r\nContent-Range: bytes 0-99/4194304\r\nContent-Length: "
        "100\r\n\r\nxxxxxx",
        "HTTP/1.1 206 P\r\nETag: \"v1\"\r\nContent-Length: 100\r\n\r\nxxxxxx",
        "HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 429 T\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 403 F\r\nContent-Length: 0\r\n\r\n",
        "",
        "what?\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        open_scene("\"v1\"", (dtake_runtime_options){ 0 });
        start_slow_and_fast((script_answer){ .drip_bytes = SLOW_BYTES / 100 },
                            (script_answer){ .bytes = answers[i], .then = SCRIPT_CLOSE, .times = -1 });
        finish_fast();
        check_slow();
        CHECK(script_requests(server) > 1 + FAST); /* it was tried */
        CHECK(script_requests(server) < 1 + FAST + 20);
        CHECK_EQ(tally.retries, 0);
        dtake_runtime_close(runtime);
        runtime = NULL;
        script_forget(server);
    }
}

static void what_a_helper_does_not_bring_is_fetched_all_the_same(void **state)
{
    (void)state;
    static const script_answer answers[] = {
        { .object = true, .cut = 1000, .then = SCRIPT_RESET, .times = -1 },
        { .object = true, .cut = 1000, .then = SCRIPT_CLOSE, .times = 2 },
        { .object = true,
          .drip_bytes = 10000,
          .drip_ms = 20,
          .cut = 60000,
          .then = SCRIPT_CLOSE,
          .times = 3 },
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        open_scene("\"v1\"", (dtake_runtime_options){ 0 });
        start_slow_and_fast((script_answer){ .drip_bytes = SLOW_BYTES / 100 }, answers[i]);
        finish_fast();
        if (answers[i].times < 0) {
            /* once it stands alone the script must let it through */
            CHECK_OK(finish_fetch(&slow));
            CHECK(memcmp(slow.body.data, object + 1000, SLOW_BYTES) == 0);
            forget(&slow);
        } else {
            check_slow();
        }
        CHECK(script_requests(server) > 1 + FAST);
        dtake_runtime_close(runtime);
        runtime = NULL;
        script_forget(server);
    }
}

static void a_connection_that_breaks_while_it_is_helped_goes_on_as_ever(void **state)
{
    (void)state;
    open_scene("\"v1\"", (dtake_runtime_options){ 0 });
    start_slow_and_fast((script_answer){ .cut = SLOW_BYTES / 12, .then = SCRIPT_RESET },
                        (script_answer){ .object = true, .drip_bytes = 4000, .drip_ms = 20, .times = 4 });
    finish_fast();
    check_slow();
}

/* The last bytes do not come, nor an end: they are fetched once more. */
static void a_connection_that_falls_silent_is_overtaken(void **state)
{
    (void)state;
    open_scene("\"v1\"", (dtake_runtime_options){ .low_speed_ms = 20000 });
    int64_t before_ms = dtake__now_ms();
    start_slow_and_fast(
        (script_answer){ .cut = SLOW_BYTES - 5000, .drip_bytes = SLOW_BYTES / 40, .then = SCRIPT_STALL },
        (script_answer){ 0 });
    finish_fast();
    check_slow();
    CHECK(dtake__now_ms() - before_ms < 10000);
    CHECK(script_requests(server) > 1 + FAST);
}

static void a_helped_range_that_is_cancelled_is_answered_once(void **state)
{
    (void)state;
    for (int wait_ms = 0; wait_ms < 300; wait_ms += 60) {
        open_scene("\"v1\"", (dtake_runtime_options){ 0 });
        /* a minute, and helpers are no faster: it cannot end before it is cancelled */
        dtake__http *http = start_slow_and_fast(
            (script_answer){ .drip_bytes = SLOW_BYTES / 3000 },
            (script_answer){ .object = true, .drip_bytes = 300, .drip_ms = 20, .times = -1 });
        finish_fast();
        CHECK(script_wait_requests(server, 2 + FAST)); /* a helper's */
        for (int64_t from_ms = dtake__now_ms(); dtake__now_ms() - from_ms < wait_ms;)
            sched_yield();
        if (wait_ms % 120 == 0)
            dtake__http_cancel(http);
        else
            dtake_runtime_close(runtime);
        CHECK_STATUS(finish_fetch(&slow), DTAKE_E_CANCELLED);
        CHECK_EQ(slow.calls, 1);
        forget(&slow);
        if (wait_ms % 120 == 0)
            dtake_runtime_close(runtime);
        runtime = NULL;
        script_forget(server);
    }
}

static void a_helped_range_keeps_its_deadline(void **state)
{
    (void)state;
    open_scene("\"v1\"", (dtake_runtime_options){ 0 });
    say_slow_and_fast((script_answer){ .drip_bytes = 4000 },
                      (script_answer){ .object = true, .drip_bytes = 1000, .drip_ms = 50, .times = -1 });
    start_by(1500);
    finish_fast();
    CHECK_STATUS(finish_fetch(&slow), DTAKE_E_TIMEOUT);
    CHECK_EQ(slow.calls, 1);
    forget(&slow);
}

/* Answers drawn at random, good and bad: every range comes whole. */
static void whatever_happens_to_helpers_and_helped_every_byte_is_right(void **state)
{
    (void)state;
    enum { RANGES = 10, ROUNDS = 3 };
    static outcome got[RANGES];
    unsigned draw = 7;
    for (int round = 0; round < ROUNDS; round++) {
        open_scene("\"v1\"", (dtake_runtime_options){ .retries = 50 });
        for (int i = 0; i < 40; i++) {
            draw = draw * 1103515245 + 12345;
            int kind = (int)(draw >> 16) % 8, size = (int)(draw >> 19) % 200000 + 1;
            script_answer answer = { .object = true, .delay_ms = size % 30 };
            if (kind < 3) {
                answer.drip_bytes = size / 20 + 500;
                answer.drip_ms = 5;
            }
            if (kind == 2 || kind == 3) {
                answer.cut = (size_t)size;
                answer.then = size % 2 ? SCRIPT_CLOSE : SCRIPT_RESET;
            }
            script_say(server, answer);
        }
        for (int i = 0; i < RANGES; i++)
            start_fetch(&got[i], range(i * 10007, SLOW_BYTES - i * 40000), NULL);
        for (int i = 0; i < RANGES; i++) {
            CHECK_OK(finish_fetch(&got[i]));
            CHECK_EQ(got[i].calls, 1);
            CHECK_EQ(got[i].body.len, SLOW_BYTES - i * 40000);
            CHECK(memcmp(got[i].body.data, object + i * 10007, got[i].body.len) == 0);
            forget(&got[i]);
        }
        dtake_runtime_close(runtime);
        runtime = NULL;
        script_forget(server);
    }
}

int main(void)
{
    for (int i = 0; i < BYTES; i++) /* once: connections of the test before may still send it */
        object[i] = (char)(i * 31 >> 4 ^ i >> 13);
    const struct CMUnitTest tests[] = {
        TEST(a_range_that_lags_behind_is_finished_by_idle_connections),
        TEST(nobody_helps_without_a_strong_etag),
        TEST(nobody_helps_under_a_limit_of_our_own),
        TEST(nobody_helps_while_others_wait_for_a_permit),
        TEST(a_bad_answer_to_a_helper_costs_nothing_but_its_help),
        TEST(what_a_helper_does_not_bring_is_fetched_all_the_same),
        TEST(a_connection_that_breaks_while_it_is_helped_goes_on_as_ever),
        TEST(a_connection_that_falls_silent_is_overtaken),
        TEST(a_helped_range_that_is_cancelled_is_answered_once),
        TEST(a_helped_range_keeps_its_deadline),
        TEST(whatever_happens_to_helpers_and_helped_every_byte_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
