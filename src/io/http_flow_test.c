/* Many requests at once: permits, order, cancelling, closing, the rate limit, what is measured. */
#include "io/http_check.h"

#include "core/clock.h"
#include "io/object.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 300 };
static outcome many[MANY];

static void finish_many(int count)
{
    for (int i = 0; i < count; i++) {
        finish_fetch(&many[i]);
        CHECK_EQ(many[i].calls, 1);
        forget(&many[i]);
    }
}

static void a_host_gets_no_more_requests_at_once_than_allowed(void **state)
{
    (void)state;
    open_with((dtake_runtime_options){ .connections_per_host = 7 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    script_say(server, (script_answer){ .object = true, .delay_ms = 2, .times = -1 });
    const char *url = script_url(server, "/");
    for (int i = 0; i < 100; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = url, .has_range = true, .count = 10 }, NULL);
    finish_many(100);
    CHECK(script_most_parallel(server) <= 7);
    CHECK_EQ(script_connections(server), 7);
    CHECK_EQ(dtake__http_connections(runtime), 7);
    dtake__http_path path;
    CHECK(dtake__http_path_to(runtime, url, &path));
    CHECK_EQ(path.connections, 7);
    CHECK_EQ(path.parallel, 7);
    CHECK(path.rtt_ms > 0 && path.rtt_ms < 1000);
    CHECK(path.bandwidth_bytes_s == 0); /* a hundred times ten bytes do not tell it */
    CHECK(!dtake__http_path_to(runtime, "http://127.0.0.2/", &path));
}

static void requests_of_earlier_images_go_first(void **state)
{
    (void)state;
    static const uint64_t orders[] = { 5, 3, 9, 3, 0 };
    static const char *const expected[] = { "/first", "/4", "/1", "/3", "/0", "/2" };
    outcome first;
    open_with((dtake_runtime_options){ .connections_per_host = 1 });
    script_object(server, "x", 1, NULL, NULL);
    script_say(server, (script_answer){ .object = true, .path = "/first", .delay_ms = 100 });
    start_fetch(&first, (dtake__http_request){ .url = script_url(server, "/first") }, NULL);
    CHECK(script_wait_requests(server, 1));
    for (int i = 0; i < 5; i++) {
        char path[8];
        snprintf(path, sizeof path, "/%d", i);
        start_fetch(&many[i], (dtake__http_request){ .url = script_url(server, path), .order = orders[i] },
                    NULL);
    }
    finish_fetch(&first);
    forget(&first);
    finish_many(5);
    for (int i = 0; i < 6; i++) {
        char line[32];
        snprintf(line, sizeof line, "GET %s HTTP", expected[i]);
        CHECK(strstr(script_request(server, i), line) != NULL);
    }
}

static void permits_are_halved_when_the_host_says_to_slow_down(void **state)
{
    (void)state;
    dtake__http_path path;
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    const char *url = script_url(server, "/");
    /* all that were under way when the server complained count as one complaint */
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n",
                                        .delay_ms = 50,
                                        .times = 10 });
    for (int i = 0; i < 10; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = url, .has_range = true, .count = 10 }, NULL);
    finish_many(10);
    CHECK(dtake__http_path_to(runtime, url, &path));
    CHECK(path.parallel >= 16 && path.parallel <= 32 + 2);
    for (int round = 0; round < 8; round++) {
        script_say(server, (script_answer){ .bytes = "HTTP/1.1 429 T\r\nContent-Length: 0\r\n\r\n" });
        start_fetch(&many[0], (dtake__http_request){ .url = url, .has_range = true, .count = 10 }, NULL);
        finish_many(1);
    }
    CHECK(dtake__http_path_to(runtime, url, &path));
    CHECK_EQ(path.parallel, 1); /* never none */
}

/* The server answers nobody before `least` of them are under way, and then so late that the others that may
 * be have come too. */
static int most_at_once(int64_t bytes, int count, int least)
{
    const char *url = script_url(server, "/");
    script_forget(server);
    script_say(server, (script_answer){ .object = true, .after = least, .delay_ms = 200, .times = -1 });
    for (int i = 0; i < count; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = url, .has_range = true, .count = bytes }, NULL);
    finish_many(count);
    return script_most_parallel(server);
}

static void requests_of_few_bytes_do_not_wait_for_the_64_permits_of_long_ones(void **state)
{
    (void)state;
    enum { LONG_BYTES = 1 << 20 };
    static char object[LONG_BYTES];
    open_with((dtake_runtime_options){ 0 });
    script_object(server, object, LONG_BYTES, "\"v\"", NULL);
    int longs = most_at_once(LONG_BYTES, 100, 33);
    CHECK(longs > 32 && longs <= 64);
    int shorts = most_at_once(1000, MANY, 201);
    CHECK(shorts > 200 && shorts <= 256);
}

static void a_429_with_retry_after_holds_the_whole_host_back(void **state)
{
    (void)state;
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "x", 1, NULL, NULL);
    script_say(server,
               (script_answer){ .path = "/a",
                                .bytes = "HTTP/1.1 429 T\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" });
    int64_t before_ms = dtake__now_ms();
    dtake__tally tally = { 0 };
    start_fetch(&many[0], (dtake__http_request){ .url = script_url(server, "/a"), .tally = &tally }, NULL);
    CHECK(script_wait_requests(server, 1));
    while (tally.retries == 0 && dtake__now_ms() - before_ms < 5000)
        sched_yield();
    start_fetch(&many[1], (dtake__http_request){ .url = script_url(server, "/b") }, NULL);
    finish_many(2);
    CHECK(dtake__now_ms() - before_ms >= 1000);
    CHECK_EQ(script_requests(server), 3);
}

static void connections_opened_ahead_are_used(void **state)
{
    (void)state;
    outcome first;
    open_with((dtake_runtime_options){ .connections_per_host = 8 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    script_say(server, (script_answer){ .object = true, .path = "/slow", .delay_ms = 20, .times = -1 });
    const char *url = script_url(server, "/");
    dtake__http_warm(runtime, url, 5); /* nothing is known of the address yet */
    CHECK_OK(fetch(&first, (dtake__http_request){ .url = url }));
    forget(&first);
    int64_t before_ms = dtake__now_ms();
    while (script_connections(server) < 6 && dtake__now_ms() - before_ms < 10000)
        sched_yield();
    CHECK_EQ(script_connections(server), 6);
    CHECK_EQ(dtake__http_connections(runtime), 6);
    const char *slow = script_url(server, "/slow");
    for (int i = 0; i < 6; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = slow }, NULL);
    for (int i = 0; i < 6; i++) {
        CHECK_OK(finish_fetch(&many[i]));
        CHECK_BODY(many[i], "0123456789");
        forget(&many[i]);
    }
    CHECK_EQ(script_connections(server), 6); /* none was opened for them */
    dtake__http_warm(runtime, url, 100);     /* the host's limit holds */
    CHECK_OK(fetch(&first, (dtake__http_request){ .url = url }));
    forget(&first);
    CHECK_EQ(dtake__http_connections(runtime), 8);
}

/* --- the five sentences about callbacks --- */

typedef struct nested {
    outcome second;
    atomic_bool inside_start, called_inside, on_loop;
    dtake__latch *latch;
} nested;

static void note_second(dtake_status status, dtake__http_response *response, const dtake_error *err,
                        void *ctx)
{
    (void)status, (void)response, (void)err;
    nested *at = ctx;
    at->called_inside = at->called_inside || at->inside_start;
    at->on_loop = dtake__on_loop(runtime);
    dtake__latch_open(at->latch);
}

static void start_second(dtake_status status, dtake__http_response *response, const dtake_error *err,
                         void *ctx)
{
    (void)response, (void)err;
    nested *at = ctx;
    CHECK_EQ(status, DTAKE_E_NETWORK);
    at->inside_start = true;
    dtake__http_start(runtime, &(dtake__http_request){ .url = "http://127.0.0.1:1/" }, NULL, NULL,
                      note_second, at);
    at->inside_start = false;
}

static void done_never_comes_from_inside_the_start_even_on_the_loop(void **state)
{
    (void)state;
    nested at = { .latch = dtake__latch_new() };
    open_with((dtake_runtime_options){ .retries = -1 });
    CHECK_OK(dtake__http_start(runtime, &(dtake__http_request){ .url = "http://127.0.0.1:1/" }, NULL, NULL,
                               start_second, &at));
    CHECK(dtake__latch_wait(at.latch, 10000));
    CHECK(!at.called_inside);
    CHECK(at.on_loop);
    dtake__latch_free(at.latch);
}

static void a_cancelled_request_is_answered_once_wherever_it_is(void **state)
{
    (void)state;
    dtake__http *http[MANY];
    open_with((dtake_runtime_options){ .connections_per_host = 3 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    script_say(server, (script_answer){ .path = "/stall", .bytes = "", .then = SCRIPT_STALL, .times = -1 });
    script_say(server, (script_answer){ .path = "/half",
                                        .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
                                        .then = SCRIPT_STALL,
                                        .times = -1 });
    script_say(server,
               (script_answer){ .path = "/later",
                                .bytes = "HTTP/1.1 503 S\r\nRetry-After: 100\r\nContent-Length: 0\r\n\r\n",
                                .times = -1 });
    const char *paths[] = { "/later", "/stall", "/half", "/queued" };
    for (int i = 0; i < 3; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = script_url(server, paths[i]) }, &http[i]);
    CHECK(script_wait_requests(server, 3));
    for (int i = 3; i < 40; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = script_url(server, paths[i % 4]) }, &http[i]);
    for (int i = 39; i >= 0; i--) {
        dtake__http_cancel(http[i]);
        dtake__http_cancel(http[i]);
    }
    for (int i = 0; i < 40; i++)
        if (finish_fetch(&many[i]) != DTAKE_OK) /* queued ones may have got through at the end */
            CHECK_EQ(many[i].status, DTAKE_E_CANCELLED);
    CHECK_EQ(many[1].status, DTAKE_E_CANCELLED);
    CHECK_SAYS(many[1], "/stall: cancelled");
    for (int i = 0; i < 40; i++) {
        CHECK_EQ(many[i].calls, 1);
        forget(&many[i]);
    }
}

typedef struct race {
    outcome got;
    dtake__latch *cancelled; /* `done` does not return before: until then cancelling is allowed */
} race;

static void note_and_wait(dtake_status status, dtake__http_response *response, const dtake_error *err,
                          void *ctx)
{
    race *at = ctx;
    (void)response, (void)err;
    at->got.calls++;
    at->got.status = status;
    dtake__latch_wait(at->cancelled, -1);
    dtake__latch_open(at->got.latch);
}

static void cancelling_while_the_answer_arrives_is_safe(void **state)
{
    (void)state;
    int cancelled = 0;
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    dtake__http_request request = { .url = script_url(server, "/"), .has_range = true, .count = 10 };
    for (int i = 0; i < 300; i++) {
        dtake__http *http;
        race at = { .got = { .latch = dtake__latch_new() }, .cancelled = dtake__latch_new() };
        CHECK_OK(dtake__http_start(runtime, &request, &http, NULL, note_and_wait, &at));
        for (int spin = 0; spin < i * 4; spin++)
            sched_yield();
        dtake__http_cancel(http);
        dtake__latch_open(at.cancelled);
        cancelled += finish_fetch(&at.got) == DTAKE_E_CANCELLED;
        CHECK_EQ(at.got.calls, 1);
        dtake__latch_free(at.cancelled);
    }
    CHECK(cancelled > 0);
}

static void closing_answers_everything_under_way(void **state)
{
    (void)state;
    open_with((dtake_runtime_options){ .connections_per_host = 4, .workers = 2 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    script_say(server,
               (script_answer){
                   .path = "/stall", .bytes = "HTTP/1.1 200 OK\r\n", .then = SCRIPT_STALL, .times = -1 });
    const char *url = script_url(server, "/stall");
    for (int i = 0; i < MANY; i++)
        start_fetch(&many[i], (dtake__http_request){ .url = url, .order = (uint64_t)i }, NULL);
    CHECK(script_wait_requests(server, 4));
    dtake_runtime_close(runtime);
    runtime = NULL;
    for (int i = 0; i < MANY; i++) {
        CHECK_STATUS(finish_fetch(&many[i]), DTAKE_E_CANCELLED);
        CHECK_EQ(many[i].calls, 1);
        forget(&many[i]);
    }
}

static void a_forked_child_sends_nothing(void **state)
{
    (void)state;
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    pid_t child = fork();
    if (child == 0) {
        dtake_error err = { 0 };
        dtake__http_request request = { .url = "http://127.0.0.1:1/" };
        dtake_buf text = DTAKE_BUF_INIT(10);
        int wrong = dtake__http_start(runtime, &request, NULL, &err, note_outcome, NULL) != DTAKE_E_STATE;
        wrong |= (strstr(err.message, "before fork()") == NULL) << 1;
        wrong |= (dtake__object_slurp(runtime, request.url, 10, NULL, &text, NULL) != DTAKE_E_STATE) << 2;
        _exit(wrong);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    outcome got;
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/") }));
    forget(&got);
}

/* --- speed --- */

static void the_rate_limit_holds_over_all_connections(void **state)
{
    (void)state;
    enum { BYTES = 100000, COUNT = 8 };
    static char object[BYTES];
    dtake__tally tally = { 0 };
    open_with((dtake_runtime_options){
        .max_bytes_s = 1000000, .low_speed_ms = 50, .low_speed_bytes_s = 1000000000 });
    script_object(server, object, BYTES, "\"v\"", NULL);
    const char *url = script_url(server, "/");
    int64_t before_ms = dtake__now_ms();
    for (int i = 0; i < COUNT; i++)
        start_fetch(&many[i],
                    (dtake__http_request){ .url = url, .has_range = true, .count = BYTES, .tally = &tally },
                    NULL);
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(finish_fetch(&many[i]));
        CHECK_EQ(many[i].body.len, BYTES);
        forget(&many[i]);
    }
    int64_t took_ms = dtake__now_ms() - before_ms;
    CHECK(took_ms >= 500); /* 800 kB at 1 MB/s, less the bucket and the last pieces */
    CHECK_EQ(tally.bytes, BYTES * COUNT);
}

static void objects_read_over_http_keep_their_identity(void **state)
{
    (void)state;
    dtake__object *object;
    dtake_error err;
    dtake_buf text = DTAKE_BUF_INIT(0);
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "{\"a\":1}", 7, "\"v\"", NULL);
    CHECK_OK(dtake__object_slurp(runtime, script_url(server, "/item.json"), 100, NULL, &text, NULL));
    CHECK_STR(dtake__buf_str(&text), "{\"a\":1}");
    dtake__buf_dispose(&text);
    CHECK_STATUS(dtake__object_slurp(runtime, script_url(server, "/item.json"), 6, NULL, &text, &err),
                 DTAKE_E_LIMIT);
    CHECK_OK(dtake__object_new(&object, runtime, script_url(server, "/x.tif"), NULL, NULL));
    CHECK_OK(dtake__object_set_identity(object, 7, "\"old\"", NULL));
    CHECK_STR(dtake__object_etag(object), "\"old\"");
    dtake__object_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_gets_no_more_requests_at_once_than_allowed),
        TEST(requests_of_earlier_images_go_first),
        TEST(permits_are_halved_when_the_host_says_to_slow_down),
        TEST(requests_of_few_bytes_do_not_wait_for_the_64_permits_of_long_ones),
        TEST(a_429_with_retry_after_holds_the_whole_host_back),
        TEST(connections_opened_ahead_are_used),
        TEST(done_never_comes_from_inside_the_start_even_on_the_loop),
        TEST(a_cancelled_request_is_answered_once_wherever_it_is),
        TEST(cancelling_while_the_answer_arrives_is_safe),
        TEST(closing_answers_everything_under_way),
        TEST(a_forked_child_sends_nothing),
        TEST(the_rate_limit_holds_over_all_connections),
        TEST(objects_read_over_http_keep_their_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
