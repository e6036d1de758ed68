/* Bodies of requests, and calls by Connect over HTTP/1.1, over real sockets. */
#include "server/echo.h"

#include "core/alloc.h"
#include "server/gzip.h"

#define PROTO "Content-Type: application/proto\r\n"

static reply call(const serving *s, const char *method, const char *fields, const char *message)
{
    char path[64], all[512];
    snprintf(path, sizeof path, "/test.Echo/%s", method);
    snprintf(all, sizeof all, PROTO "%s", fields);
    return ask_body(s, "POST", path, all, message, strlen(message));
}

static void expect_call(const serving *s, const char *method, const char *fields, const char *message,
                        int status, const char *body)
{
    reply r = call(s, method, fields, message);
    CHECK_EQ(r.status, status);
    CHECK_STR(dtake__buf_str(&r.body), body);
    CHECK_STR(field_of(&r, "Content-Type"), status == 200 ? "application/proto" : "application/json");
    drop(&r);
}

static void a_method_is_called_with_the_body_and_answers_with_bytes(void **state)
{
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    expect_call(*state, "Say", "Connect-Protocol-Version: 1\r\n", "hello", 200, "hello");
    expect_call(*state, "Later", "Connect-Timeout-Ms: 60000\r\n", "later", 200, "later");
    expect_call(*state, "Say", "", "", 200, "");
}

static void errors_are_json_with_the_status_of_their_code(void **state)
{
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    expect_call(*state, "Fail", "", "a\"b", 404,
                "{\"code\":\"not_found\",\"message\":\"no such dataset: a\\\"b 100%\"}");
}

static void what_is_no_call_is_refused_by_its_head(void **state)
{
    static const struct {
        const char *method, *path, *fields;
        int status;
    } rows[] = {
        { "GET", "/test.Echo/Say", "", 405 },
        { "POST", "/test.Echo/Say", "", 415 },
        { "POST", "/test.Echo/Say", "Content-Type: application/json\r\n", 415 },
        { "POST", "/test.Echo/Say", "Content-Type: application/grpc\r\n", 505 },
        { "POST", "/test.Echo/Many", PROTO, 501 },
        { "POST", "/test.Nobody/Says", PROTO, 501 },
        { "POST", "/public/test.Echo/Later", PROTO, 501 },
        { "POST", "/public/test.Echo/Say", PROTO, 200 },
        { "POST", "/test.Echo/Say", "Content-Type: application/proto; charset=utf-8\r\n", 200 },
        { "POST", "/test.Echo/Say", PROTO "Content-Encoding: br\r\n", 400 },
        { "POST", "/test.Echo/Say", PROTO "Content-Encoding: gzip\r\n", 400 },
        { "POST", "/test.Echo/Say", PROTO "Connect-Protocol-Version: 2\r\n", 400 },
        { "POST", "/test.Echo/Say", PROTO "Connect-Timeout-Ms: soon\r\n", 400 },
        { "POST", "/test.Echo/Say", PROTO "Connect-Timeout-Ms: 10000000000\r\n", 400 },
        { "POST", "/test.Echo/Say", PROTO "Connect-Timeout-Ms: 0\r\n", 504 },
    };
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reply r = ask_body(*state, rows[i].method, rows[i].path, rows[i].fields, "abc", 3);
        if (r.status != rows[i].status)
            fail_msg("row %zu: %d, not %d: %s", i, r.status, rows[i].status, dtake__buf_str(&r.body));
        drop(&r);
    }
}

static void a_body_may_come_in_chunks_and_after_a_word(void **state)
{
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    int fd = dial(*state);
    say(fd, "POST /test.Echo/Say HTTP/1.1\r\nHost: localhost\r\n" PROTO "Expect: 100-continue\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
    expect(fd, 100, NULL);
    say(fd, "3\r\nabc\r\n");
    say(fd, "A;x=y\r\n0123456789\r\n0\r\n\r\n"
            "POST /test.Echo/Say HTTP/1.1\r\nHost: localhost\r\n" PROTO "Content-Length: 2\r\n\r\nxy");
    expect(fd, 200, "abc0123456789");
    expect(fd, 200, "xy");
    close(fd);
}

static void messages_are_packed_both_ways_when_the_client_packs(void **state)
{
    enum { LEN = 100000 };
    dtake_buf plain = DTAKE_BUF_INIT(LEN), packed = DTAKE_BUF_INIT(2 * LEN);
    dtake__bodies bodies = { 0 };
    dtake__body back = { .bytes = DTAKE_BUF_INIT(LEN) };
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    while (plain.len < LEN)
        CHECK_OK(dtake__buf_append(&plain, "0123456789", 10));
    CHECK_OK(dtake__gzip(&packed, (dtake__span){ (const char *)plain.data, plain.len }));
    reply r = ask_body(*state, "POST", "/test.Echo/Say",
                       PROTO "Content-Encoding: gzip\r\nAccept-Encoding: br, gzip;q=0.5\r\n", packed.data,
                       packed.len);
    CHECK_EQ(r.status, 200);
    CHECK_STR(field_of(&r, "Content-Encoding"), "gzip");
    CHECK_EQ(dtake__gunzip(&bodies, &back, (dtake__span){ (const char *)r.body.data, r.body.len }), 0);
    CHECK(back.bytes.len == LEN && memcmp(back.bytes.data, plain.data, LEN) == 0);
    drop(&r);
    r = ask_body(*state, "POST", "/test.Echo/Say",
                 PROTO "Content-Encoding: gzip\r\nAccept-Encoding: gzip;q=0\r\n", packed.data, packed.len);
    CHECK(r.body.len == LEN && field_of(&r, "Content-Encoding") == NULL);
    drop(&r);
    dtake__body_dispose(&bodies, &back);
    CHECK_EQ(atomic_load(&bodies.held), 0);
    dtake__buf_dispose(&plain);
    dtake__buf_dispose(&packed);
}

static void a_body_over_the_limit_is_not_read(void **state)
{
    char fields[128];
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    int fd = dial(*state);
    snprintf(fields, sizeof fields, "%d", DTAKE__BODY_MAX + 6);
    say(fd, "POST /test.Echo/Say HTTP/1.1\r\nHost: localhost\r\n" PROTO "Content-Length: ");
    say(fd, fields);
    say(fd, "\r\n\r\n");
    reply r = hear(fd, false);
    CHECK_EQ(r.status, 429);
    CHECK_STR(dtake__buf_str(&r.body),
              "{\"code\":\"resource_exhausted\",\"message\":\"the body is over the limit\"}");
    drop(&r);
    CHECK(hangs_up(fd, 10000));
    close(fd);
}

/* Thirty kilobytes of zeros would be more than is taken. */
static void a_message_that_swells_over_the_limit_is_refused(void **state)
{
    enum { LEN = DTAKE__BODY_MAX + 1 };
    dtake_buf packed = DTAKE_BUF_INIT(2 * DTAKE__BODY_MAX);
    char *zeros = calloc(LEN, 1);
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    CHECK_OK(dtake__gzip(&packed, (dtake__span){ zeros, LEN }));
    reply r = ask_body(*state, "POST", "/test.Echo/Say", PROTO "Content-Encoding: gzip\r\n", packed.data,
                       packed.len);
    CHECK_EQ(r.status, 429);
    drop(&r);
    packed.data[packed.len / 2] ^= 0xff;
    r = ask_body(*state, "POST", "/test.Echo/Say", PROTO "Content-Encoding: gzip\r\n", packed.data,
                 packed.len);
    CHECK_EQ(r.status / 100, 4);
    drop(&r);
    dtake__buf_dispose(&packed);
    free(zeros);
}

static void bodies_of_all_requests_together_have_a_limit(void **state)
{
    enum { MANY = DTAKE__BODIES_MAX / DTAKE__BODY_MAX };
    static char bytes[DTAKE__BODY_MAX - 1];
    int fd[MANY], more;
    char fields[64];
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    snprintf(fields, sizeof fields, "Content-Length: %d\r\n\r\n", DTAKE__BODY_MAX);
    for (int i = 0; i < MANY; i++) {
        fd[i] = dial(*state);
        say(fd[i], "POST /test.Echo/Say HTTP/1.1\r\nHost: localhost\r\n" PROTO);
        say(fd[i], fields);
        for (size_t at = 0; at < sizeof bytes;)
            at += (size_t)send(fd[i], bytes + at, sizeof bytes - at, MSG_NOSIGNAL);
    }
    serving *s = *state;
    COMES_TRUE(atomic_load(&s->server->bodies.held) == DTAKE__BODIES_MAX);
    expect_call(*state, "Say", "", "abc", 503,
                "{\"code\":\"unavailable\",\"message\":\"there is no room for the body\"}");
    for (int i = 0; i < MANY; i++)
        close(fd[i]);
    COMES_TRUE(atomic_load(&s->server->bodies.held) == 0);
    more = status_of(*state, "GET", "/files/a", "");
    CHECK_EQ(more, 200);
    expect_call(*state, "Say", "", "abc", 200, "abc");
}

static void a_client_that_hangs_up_cancels_its_call(void **state)
{
    echo e = echo_new();
    serve_echo(*state, (dtake_serve_options){ 0 }, &e);
    int fd = dial(*state);
    say(fd, "POST /test.Echo/Wait HTTP/1.1\r\nHost: localhost\r\n" PROTO "Content-Length: 0\r\n\r\n");
    CHECK(dtake__latch_wait(e.begun, 30000));
    struct linger at_once = { 1, 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    CHECK(dtake__latch_wait(e.ended, 30000));
    CHECK_EQ(atomic_load(&e.cancelled), 1);
    echo_dispose(&e);
}

static void a_call_whose_deadline_is_over_is_answered_and_cancelled(void **state)
{
    echo e = echo_new();
    serve_echo(*state, (dtake_serve_options){ 0 }, &e);
    expect_call(*state, "Wait", "Connect-Timeout-Ms: 1000\r\n", "", 504,
                "{\"code\":\"deadline_exceeded\",\"message\":\"the call's deadline is over\"}");
    CHECK(dtake__latch_wait(e.ended, 30000));
    echo_dispose(&e);
}

static void a_server_that_stops_cancels_calls_and_waits_for_their_handlers(void **state)
{
    serving *s = *state;
    echo e = echo_new();
    serve_echo(s, (dtake_serve_options){ 0 }, &e);
    int fd = dial(s);
    say(fd, "POST /test.Echo/Wait HTTP/1.1\r\nHost: localhost\r\n" PROTO "Content-Length: 0\r\n\r\n");
    CHECK(dtake__latch_wait(e.begun, 30000));
    dtake_server_stop(s->server, 1);
    s->server = NULL;
    CHECK_EQ(atomic_load(&e.cancelled), 1);
    close(fd);
    echo_dispose(&e);
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, small_set_up, small_tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(a_method_is_called_with_the_body_and_answers_with_bytes),
        IN_A_FOLDER(errors_are_json_with_the_status_of_their_code),
        IN_A_FOLDER(what_is_no_call_is_refused_by_its_head),
        IN_A_FOLDER(a_body_may_come_in_chunks_and_after_a_word),
        IN_A_FOLDER(messages_are_packed_both_ways_when_the_client_packs),
        IN_A_FOLDER(a_body_over_the_limit_is_not_read),
        IN_A_FOLDER(a_message_that_swells_over_the_limit_is_refused),
        IN_A_FOLDER(bodies_of_all_requests_together_have_a_limit),
        IN_A_FOLDER(a_client_that_hangs_up_cancels_its_call),
        IN_A_FOLDER(a_call_whose_deadline_is_over_is_answered_and_cancelled),
        IN_A_FOLDER(a_server_that_stops_cancels_calls_and_waits_for_their_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
