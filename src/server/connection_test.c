/* Connections: order, limits, ends; over real sockets. */
#include "server/serving.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <netinet/tcp.h>

static void one_connection_carries_many_requests(void **state)
{
    serve(*state, (dtake_serve_options){ 0 });
    int fd = dial(*state);
    for (int i = 0; i < 100; i++) {
        say(fd, "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
        expect(fd, 200, "0123456789");
    }
    say(fd, "GET /files/none HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(fd, 404, NULL);
    say(fd, "GET /files/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(fd, 200, "0123456789");
    CHECK(hangs_up(fd, 5000));
    close(fd);
}

static void requests_sent_ahead_are_answered_in_order(void **state)
{
    serve(*state, (dtake_serve_options){ .first_byte_delay_ms = 5 });
    int fd = dial(*state);
    dtake_buf many = DTAKE_BUF_INIT(64 * 1024);
    for (int i = 0; i < 20; i++)
        CHECK_OK(dtake__buf_puts(&many,
                                 "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "HEAD /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /files/?f=json HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                 "GET /files/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nxyz"));
    say(fd, (const char *)many.data);
    for (int i = 0; i < 20; i++) {
        expect(fd, 200, "0123456789");
        reply head = hear(fd, true);
        CHECK_EQ(head.status, 200);
        drop(&head);
        expect(fd, 200, NULL);
        expect(fd, 200, "abc");
    }
    dtake__buf_dispose(&many);
    close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    static const char request[] =
        "GET /files/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\nGET /files/b HTTP/1.1\r\nHost: localhost\r\n\r\n";
    serve(*state, (dtake_serve_options){ 0 });
    int fd = dial(*state), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (size_t i = 0; i < sizeof request - 1; i++)
        CHECK_EQ(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
    expect(fd, 200, "0123456789");
    expect(fd, 200, "abc");
    close(fd);
}

static void a_client_that_has_said_everything_still_gets_its_answers(void **state)
{
    serve(*state, (dtake_serve_options){ .first_byte_delay_ms = 20 });
    int fd = dial(*state);
    say(fd,
        "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /files/b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    expect(fd, 200, "0123456789");
    expect(fd, 200, "abc");
    CHECK(hangs_up(fd, 5000));
    close(fd);
}

static void an_old_client_is_hung_up_on_unless_it_asks_otherwise(void **state)
{
    serve(*state, (dtake_serve_options){ 0 });
    int fd = dial(*state);
    say(fd, "GET /files/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    reply r = hear(fd, false);
    CHECK_STR(field_of(&r, "Connection"), "keep-alive");
    drop(&r);
    say(fd, "GET /files/a HTTP/1.0\r\n\r\n");
    r = hear(fd, false);
    CHECK_STR(field_of(&r, "Connection"), "close");
    drop(&r);
    CHECK(hangs_up(fd, 5000));
    close(fd);
}

static void after_a_bad_request_nothing_more_is_understood(void **state)
{
    static const struct {
        int status;
        const char *request;
    } rows[] = {
        { 400, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n" },
        { 400, "hello\r\n\r\n" },
        { 400,
          "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" },
        { 400, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" },
        { 413, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n" },
        { 505, "PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n" },
    };
    serve(*state, (dtake_serve_options){ 0 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = dial(*state);
        say(fd, rows[i].request);
        reply r = hear(fd, false);
        CHECK_EQ(r.status, rows[i].status);
        CHECK_STR(field_of(&r, "Connection"), "close");
        drop(&r);
        CHECK(hangs_up(fd, 5000));
        close(fd);
    }
}

static void a_client_that_expects_a_word_before_its_body_gets_one(void **state)
{
    serve(*state, (dtake_serve_options){ 0 });
    int fd = dial(*state);
    say(fd, "GET /files/a HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    expect(fd, 100, NULL);
    say(fd, "abc");
    expect(fd, 200, "0123456789");
    close(fd);
}

static void a_header_over_the_limit_is_431(void **state)
{
    char text[4096];
    serve(*state, (dtake_serve_options){ .max_header_bytes = 1024 });
    snprintf(text, sizeof text, "X: %02000d\r\n", 0);
    CHECK_EQ(status_of(*state, "GET", "/files/a", text), 431);
    snprintf(text, sizeof text, "/%02000d", 0);
    CHECK_EQ(status_of(*state, "GET", text, ""), 414);
    snprintf(text, sizeof text, "X: %0900d\r\n", 0);
    CHECK_EQ(status_of(*state, "GET", "/files/a", text), 200);
}

static void a_slow_header_is_not_waited_for(void **state)
{
    serve(*state, (dtake_serve_options){ .header_timeout_ms = 100 });
    int fd = dial(*state);
    int64_t began = dtake__now_ms();
    say(fd, "GET /files/a HTTP/1.1\r\nHost: loc");
    expect(fd, 408, NULL);
    CHECK(hangs_up(fd, 5000));
    CHECK(dtake__now_ms() - began >= 99);
    close(fd);
}

static void an_idle_connection_is_closed(void **state)
{
    serve(*state, (dtake_serve_options){ .idle_timeout_ms = 1000 });
    int silent = dial(*state), used = dial(*state);
    say(used, "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(used, 200, "0123456789");
    CHECK(hangs_up(silent, 10000));
    CHECK(hangs_up(used, 10000));
    close(silent);
    close(used);
}

static void a_client_that_takes_no_bytes_is_let_go(void **state)
{
    serve(*state, (dtake_serve_options){ .write_timeout_ms = 200 });
    int fd = dial_narrow(*state);
    struct pollfd error = { .fd = fd, .events = POLLRDHUP };
    say(fd, "GET /files/big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(poll(&error, 1, 20000) == 1); /* without reading: the server has closed */
    close(fd);
}

static void a_client_that_takes_bytes_slowly_is_not(void **state)
{
    static char bytes[16 * 1024];
    serve(*state, (dtake_serve_options){ .write_timeout_ms = 1000 });
    int fd = dial_narrow(*state);
    int64_t began = dtake__now_ms();
    size_t got = 0;
    say(fd, "GET /files/big HTTP/1.1\r\nHost: localhost\r\n\r\n");
    while (dtake__now_ms() - began < 2500) {
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        CHECK(n > 0);
        got += (size_t)n;
        poll(NULL, 0, 20); /* the slowness that is tested */
    }
    CHECK(got < BIG_FILE);
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    CHECK(n > 0);
    close(fd);
}

static void one_connection_too_many_is_told_to_come_back(void **state)
{
    serve(*state, (dtake_serve_options){ .max_connections = 2 });
    int first = dial(*state), second = dial(*state);
    say(first, "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(first, 200, NULL);
    say(second, "GET /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(second, 200, NULL);
    int third = dial(*state);
    reply r = hear(third, false);
    CHECK_EQ(r.status, 503);
    CHECK_STR(field_of(&r, "Retry-After"), "1");
    CHECK_EQ(r.body.len, 54);
    drop(&r);
    CHECK(hangs_up(third, 5000));
    say(first, "GET /files/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(first, 200, NULL);
    CHECK(hangs_up(first, 5000));
    close(first);
    close(third);
    /* The server sees the two ends a moment after we made them. */
    int status = 503;
    for (int attempt = 0; attempt < 100 && status == 503; attempt++) {
        status = status_of(*state, "GET", "/files/a", "");
        poll(NULL, 0, status == 503 ? 20 : 0);
    }
    CHECK_EQ(status, 200);
    close(second);
}

static void only_names_of_this_machine_reach_a_loopback_server(void **state)
{
    static const struct {
        const char *host;
        int status;
    } rows[] = {
        { "localhost", 200 },          { "LOCALHOST:1", 200 },
        { "127.0.0.1:8080", 200 },     { "[::1]:8080", 200 },
        { "evil.example:80", 421 },    { "127.0.0.2", 421 },
        { "localhost.evil.com", 421 }, { "", 200 },
    };
    serve(*state, (dtake_serve_options){ 0 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        int fd = dial(*state);
        snprintf(text, sizeof text, "GET /files/a HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].host);
        say(fd, text);
        expect(fd, rows[i].status, NULL);
        close(fd);
    }
}

static void an_answer_waits_as_long_as_it_is_told(void **state)
{
    serve(*state, (dtake_serve_options){ .first_byte_delay_ms = 60 });
    int64_t began = dtake__now_ms();
    CHECK_EQ(status_of(*state, "GET", "/files/a", ""), 200);
    CHECK(dtake__now_ms() - began >= 59);
}

static void a_client_may_leave_at_any_moment(void **state)
{
#define ASK_BIG "GET /files/big HTTP/1.1\r\nHost: localhost\r\n\r\n"
    static const char two[] = ASK_BIG ASK_BIG;
    static const char *const requests[] = {
        "", "GET /fi", ASK_BIG, "GET /files/ HTTP/1.1\r\nHost: localhost\r\n\r\n", two,
    };
    serve(*state, (dtake_serve_options){ .first_byte_delay_ms = 1 });
    for (int round = 0; round < 100; round++) {
        int fd = dial(*state);
        say(fd, requests[round % 5]);
        if (round % 3 == 0) { /* with a reset */
            struct linger at_once = { 1, 0 };
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        close(fd);
    }
    CHECK_EQ(status_of(*state, "GET", "/files/a", ""), 200);
}

/* With raw calls: the test itself must not allocate through what fails. Returns the status, 0 for none. */
static int raw_status(const serving *s, const char *target)
{
    char text[4096];
    int fd = dial(s), status = 0;
    size_t got = 0;
    ssize_t n;
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    say(fd, text);
    while (got < sizeof text - 1 && (n = recv(fd, text + got, sizeof text - 1 - got, 0)) > 0)
        got += (size_t)n;
    text[got] = '\0';
    close(fd);
    return sscanf(text, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static void without_memory_an_answer_fails_and_the_server_stays(void **state)
{
    static const char *const targets[] = { "/files/a", "/files/?f=json", "/files", "/files/big" };
    serving *s = *state;
    serve(s, (dtake_serve_options){ 0 });
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        int fine = raw_status(s, targets[i]), failed = 0;
        for (int n = 0; n < 24; n++) {
            dtake__alloc_fail_after(n, false);
            failed += raw_status(s, targets[i]) != fine;
        }
        dtake__alloc_fail_after(-1, false);
        CHECK(failed > 0);
        CHECK_EQ(raw_status(s, targets[i]), fine);
    }
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, small_set_up, small_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(one_connection_carries_many_requests),
        STORY(requests_sent_ahead_are_answered_in_order),
        STORY(a_request_may_come_byte_by_byte),
        STORY(a_client_that_has_said_everything_still_gets_its_answers),
        STORY(an_old_client_is_hung_up_on_unless_it_asks_otherwise),
        STORY(after_a_bad_request_nothing_more_is_understood),
        STORY(a_client_that_expects_a_word_before_its_body_gets_one),
        STORY(a_header_over_the_limit_is_431),
        STORY(a_slow_header_is_not_waited_for),
        STORY(an_idle_connection_is_closed),
        STORY(a_client_that_takes_no_bytes_is_let_go),
        STORY(a_client_that_takes_bytes_slowly_is_not),
        STORY(one_connection_too_many_is_told_to_come_back),
        STORY(only_names_of_this_machine_reach_a_loopback_server),
        STORY(an_answer_waits_as_long_as_it_is_told),
        STORY(a_client_may_leave_at_any_moment),
        STORY(without_memory_an_answer_fails_and_the_server_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
