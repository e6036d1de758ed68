/* HTTP/2 and gRPC over it, by a client that also does what none should. */
#include "server/echo.h"
#include "server/http2_client.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "server/gzip.h"

static void expect_h2(client *c, int32_t id, const char *status, const char *body)
{
    char line[32];
    answer a = hear_h2(c, id);
    snprintf(line, sizeof line, ":status: %s\n", status);
    CHECK(a.ended);
    CHECK(strncmp(a.head, line, strlen(line)) == 0);
    if (body != NULL)
        CHECK_STR(dtake__buf_str(&a.body), body);
    forget(&a);
}

static void one_port_speaks_both_versions(void **state)
{
    serve(*state, (dtake_serve_options){ 0 });
    client c = connect_h2(*state, NULL, 0);
    int fd = dial(*state);
    for (int32_t id = 1; id < 200; id += 2) {
        send_head(&c, id, "GET", "/files/a", "", true);
        expect_h2(&c, id, "200", "0123456789");
    }
    say(fd, "P");
    send_head(&c, 201, "HEAD", "/files/a", "", true);
    expect_h2(&c, 201, "200", "");
    say(fd, "RI /files/a HTTP/1.1\r\nHost: localhost\r\n\r\n"); /* a method of that name is no preface */
    expect(fd, 405, NULL);
    send_head(&c, 203, "GET", "/files/../../etc/passwd", "", true);
    expect_h2(&c, 203, "404", NULL);
    send_head(&c, 205, "GET", "/files/%zz", "", true);
    expect_h2(&c, 205, "400", NULL);
    send_head(&c, 207, "GET", "/files/a", "range: bytes=2-4\n", true);
    expect_h2(&c, 207, "206", "234");
    close(fd);
    disconnect(&c);
}

static void streams_share_a_connection_and_windows_hold_them(void **state)
{
    enum { STREAMS = 8, FIRST = 65535 };
    static frame f;
    serve(*state, (dtake_serve_options){ 0 });
    client c = connect_h2(*state, NULL, 0);
    for (int32_t i = 0; i < STREAMS; i++)
        send_head(&c, 1 + 2 * i, "GET", "/files/big", "range: bytes=0-999999\n", true);
    size_t got = 0;
    while (got < FIRST && read_frame(&c, &f)) /* the connection's window, not a byte more */
        if (f.type == NGHTTP2_HEADERS) {
            char head[4096] = "";
            inflate_into(&c, &f, head, sizeof head);
        } else if (f.type == NGHTTP2_DATA) {
            got += f.len;
        }
    CHECK_EQ(got, FIRST);
    send_frame(&c, NGHTTP2_PING, 0, 0, "12345678", 8);
    do
        CHECK(read_frame(&c, &f));
    while (f.type == NGHTTP2_SETTINGS || f.type == NGHTTP2_WINDOW_UPDATE || f.type == NGHTTP2_HEADERS);
    CHECK_EQ(f.type, NGHTTP2_PING);
    const uint8_t wide[4] = { 0x3f, 0, 0, 0 };
    for (int32_t id = 0; id < 2 * STREAMS; id += id == 0 ? 1 : 2)
        send_frame(&c, NGHTTP2_WINDOW_UPDATE, 0, id, wide, 4);
    for (int ended = 0; ended < STREAMS;) {
        CHECK(read_frame(&c, &f));
        got += f.type == NGHTTP2_DATA ? f.len : 0;
        ended += f.type == NGHTTP2_DATA && (f.flags & NGHTTP2_FLAG_END_STREAM);
    }
    CHECK_EQ(got, STREAMS * 1000000);
    disconnect(&c);
}

/* ---- gRPC ---- */

#define GRPC "content-type: application/grpc\nte: trailers\n"

static void send_message(client *c, int32_t id, uint8_t flag, const void *message, size_t len)
{
    uint8_t *framed = malloc(len + 5);
    const uint8_t prefix[5] = { flag, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                                (uint8_t)len };
    memcpy(framed, prefix, 5);
    memcpy(framed + 5, message, len);
    for (size_t at = 0; at < len + 5;) {
        size_t n = len + 5 - at < 16384 ? len + 5 - at : 16384;
        if (!send_frame(c, NGHTTP2_DATA, at + n == len + 5 ? NGHTTP2_FLAG_END_STREAM : 0, id, framed + at, n))
            break;
        at += n;
    }
    free(framed);
}

static answer call(client *c, int32_t id, const char *method, const char *fields, const char *message)
{
    char path[64], all[512];
    snprintf(path, sizeof path, "/test.Echo/%s", method);
    snprintf(all, sizeof all, GRPC "%s", fields);
    CHECK(send_head(c, id, "POST", path, all, false));
    send_message(c, id, 0, message, strlen(message));
    return hear_h2(c, id);
}

static void a_grpc_call_ends_with_its_status_in_trailers(void **state)
{
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    client c = connect_h2(*state, NULL, 0);
    answer a = call(&c, 1, "Say", "", "hello");
    CHECK(strstr(a.head, ":status: 200\n") != NULL &&
          strstr(a.head, "content-type: application/grpc\n") != NULL);
    CHECK(a.body.len == 10 && memcmp(a.body.data, "\0\0\0\0\5hello", 10) == 0);
    CHECK_STR(a.trailers, "grpc-status: 0\n");
    forget(&a);
    a = call(&c, 3, "Later", "grpc-timeout: 10S\n", "");
    CHECK(a.body.len == 5);
    CHECK_STR(a.trailers, "grpc-status: 0\n");
    forget(&a);
    disconnect(&c);
}

static void a_grpc_error_is_one_block_so_that_clients_try_again(void **state)
{
    static const struct {
        const char *method, *fields, *said;
    } rows[] = {
        { "Fail", "", "grpc-status: 5\ngrpc-message: no such dataset: a%25b%C3%A9 100%25\n" },
        { "None", "", "grpc-status: 12\n" },
        { "Say", "grpc-timeout: 10\n", "grpc-status: 3\n" },
        { "Say", "grpc-timeout: 123456789S\n", "grpc-status: 3\n" },
        { "Wait", "grpc-timeout: 1S\n", "grpc-status: 4\n" },
    };
    echo e = echo_new();
    serve_echo(*state, (dtake_serve_options){ 0 }, &e);
    client c = connect_h2(*state, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        answer a = call(&c, 1 + 2 * (int32_t)i, rows[i].method, rows[i].fields, "a%b\xc3\xa9");
        CHECK(strstr(a.head, ":status: 200\n") != NULL);
        if (strstr(a.head, rows[i].said) == NULL)
            fail_msg("row %zu: %s", i, a.head);
        CHECK_STR(a.trailers, "");
        CHECK_EQ(a.body.len, 0);
        forget(&a);
    }
    CHECK(dtake__latch_wait(e.ended, 30000));
    echo_dispose(&e);
    disconnect(&c);
}

static void grpc_messages_are_packed_both_ways(void **state)
{
    enum { LEN = 200000 };
    char *plain = calloc(LEN, 1);
    dtake_buf packed = DTAKE_BUF_INIT(2 * LEN);
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    client c = connect_h2(*state, NULL, 0);
    memset(plain, 'x', LEN);
    CHECK_OK(dtake__gzip(&packed, (dtake__span){ plain, LEN }));
    send_head(&c, 1, "POST", "/test.Echo/Say",
              GRPC "grpc-encoding: gzip\ngrpc-accept-encoding: identity, gzip\n", false);
    send_message(&c, 1, 1, packed.data, packed.len);
    answer a = hear_h2(&c, 1);
    dtake__bodies bodies = { 0 };
    dtake__body back = { .bytes = DTAKE_BUF_INIT(LEN) };
    CHECK(strstr(a.head, "grpc-encoding: gzip\n") != NULL && a.body.data[0] == 1);
    CHECK_EQ(dtake__gunzip(&bodies, &back, (dtake__span){ (const char *)a.body.data + 5, a.body.len - 5 }),
             0);
    CHECK(back.bytes.len == LEN && memcmp(back.bytes.data, plain, LEN) == 0);
    forget(&a);
    send_head(&c, 3, "POST", "/test.Echo/Say", GRPC "grpc-encoding: deflate\n", false);
    send_message(&c, 3, 1, packed.data, packed.len);
    a = hear_h2(&c, 3);
    CHECK(strstr(a.head, "grpc-status: 12\n") != NULL &&
          strstr(a.head, "grpc-accept-encoding: identity, gzip\n") != NULL);
    forget(&a);
    send_head(&c, 5, "POST", "/test.Echo/Say", GRPC, false);
    send_frame(&c, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 5, "\0\0\0\1\0abc", 8); /* cut short */
    a = hear_h2(&c, 5);
    CHECK(strstr(a.head, "grpc-status: 3\n") != NULL);
    forget(&a);
    dtake__body_dispose(&bodies, &back);
    dtake__buf_dispose(&packed);
    free(plain);
    disconnect(&c);
}

static void connect_is_spoken_over_http2_too(void **state)
{
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    client c = connect_h2(*state, NULL, 0);
    send_head(&c, 1, "POST", "/test.Echo/Say", "content-type: application/proto\n", false);
    send_frame(&c, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "abc", 3);
    expect_h2(&c, 1, "200", "abc");
    send_head(&c, 3, "POST", "/test.Echo/Fail", "content-type: application/proto\n", true);
    expect_h2(&c, 3, "404", "{\"code\":\"not_found\",\"message\":\"no such dataset:  100%\"}");
    disconnect(&c);
}

static void a_stream_of_messages_comes_one_after_another(void **state)
{
    char message[40000];
    serve_echo(*state, (dtake_serve_options){ 0 }, NULL);
    client c = connect_h2(*state, NULL, 0);
    memset(message, 'm', sizeof message - 1);
    message[0] = 100;
    message[sizeof message - 1] = '\0';
    answer a = call(&c, 1, "Many", "", message);
    CHECK_EQ(a.body.len, 100 * (sizeof message - 1 + 5));
    CHECK_STR(a.trailers, "grpc-status: 0\n");
    forget(&a);
    a = call(&c, 3, "Many", "", ""); /* none at all */
    CHECK_EQ(a.body.len, 0);
    CHECK(a.ended &&
          (strstr(a.trailers, "grpc-status: 0\n") != NULL || strstr(a.head, "grpc-status: 0\n") != NULL));
    forget(&a);
    message[0] = 100; /* and one that the client leaves in the middle */
    send_head(&c, 5, "POST", "/test.Echo/Many", GRPC, false);
    send_message(&c, 5, 0, message, sizeof message - 1);
    static frame f;
    while (read_frame(&c, &f) && f.type != NGHTTP2_DATA) {
    }
    send_frame(&c, NGHTTP2_RST_STREAM, 0, 5, "\0\0\0\10", 4);
    disconnect(&c);
}

static void a_client_that_resets_a_stream_cancels_its_call(void **state)
{
    echo e = echo_new();
    serve_echo(*state, (dtake_serve_options){ 0 }, &e);
    client c = connect_h2(*state, NULL, 0);
    send_head(&c, 1, "POST", "/test.Echo/Wait", GRPC, false);
    send_message(&c, 1, 0, "", 0);
    CHECK(dtake__latch_wait(e.begun, 30000));
    send_frame(&c, NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\10", 4);
    CHECK(dtake__latch_wait(e.ended, 30000));
    CHECK_EQ(atomic_load(&e.cancelled), 1);
    answer a = call(&c, 3, "Say", "", "still here");
    CHECK_STR(a.trailers, "grpc-status: 0\n");
    forget(&a);
    echo_dispose(&e);
    disconnect(&c);
}

/* ---- hostile ---- */

static void rapid_resets_end_the_connection(void **state)
{
    serve(*state, (dtake_serve_options){ 0 });
    client c = connect_h2(*state, NULL, 0);
    for (int32_t id = 1; id < 20000; id += 2)
        if (!send_head(&c, id, "GET", "/files/big", "", true) ||
            !send_frame(&c, NGHTTP2_RST_STREAM, 0, id, "\0\0\0\10", 4))
            break;
    int64_t code = goes_away(&c);
    CHECK(code == NGHTTP2_ENHANCE_YOUR_CALM || code == NGHTTP2_INTERNAL_ERROR || code == -1);
    CHECK_EQ(status_of(*state, "GET", "/files/a", ""), 200);
    disconnect(&c);
}

static void floods_of_small_frames_end_the_connection(void **state)
{
    static const struct {
        uint8_t type;
        size_t len;
    } rows[] = { { NGHTTP2_PING, 8 }, { NGHTTP2_SETTINGS, 0 }, { NGHTTP2_PRIORITY, 5 } };
    serve(*state, (dtake_serve_options){ 0 });
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        client c = connect_h2(*state, NULL, 0);
        int sent = 0;
        while (sent < 100000 &&
               send_frame(&c, rows[i].type, 0, rows[i].type == NGHTTP2_PRIORITY ? 1001 + 2 * (sent % 50) : 0,
                          "\0\0\0\0\0\0\0\0", rows[i].len))
            sent++;
        CHECK(sent < 100000);
        disconnect(&c);
    }
    CHECK_EQ(status_of(*state, "GET", "/files/a", ""), 200);
}

static void a_head_over_the_limit_is_431_and_the_connection_lives(void **state)
{
    static char fields[60 * 1024];
    serve(*state, (dtake_serve_options){ 0 });
    client c = connect_h2(*state, NULL, 0);
    for (int i = 0; i < 4; i++)
        snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "x-%d: %010000d\n", i, 0);
    send_head(&c, 1, "GET", "/files/a", fields, true);
    expect_h2(&c, 1, "431", NULL);
    fields[0] = '\0';
    for (int i = 0; i < 150; i++)
        snprintf(fields + strlen(fields), sizeof fields - strlen(fields), "x-%d: y\n", i);
    send_head(&c, 3, "GET", "/files/a", fields, true);
    expect_h2(&c, 3, "431", NULL);
    send_head(&c, 5, "GET", "/files/a", "", true);
    expect_h2(&c, 5, "200", "0123456789");
    disconnect(&c);
}

static void continuations_without_end_are_not_read(void **state)
{
    static char value[16384];
    serve(*state, (dtake_serve_options){ 0 });
    client c = connect_h2(*state, NULL, 0);
    int sent = 0;
    send_frame(&c, NGHTTP2_HEADERS, 0, 1, "\x82", 1);
    while (sent < 10000 && send_frame(&c, NGHTTP2_CONTINUATION, 0, 1, value, 0))
        sent++;
    goes_away(&c);
    disconnect(&c);
}

static void streams_over_the_limit_are_refused_alone(void **state)
{
    echo e = echo_new();
    serve_echo(*state, (dtake_serve_options){ 0 }, &e);
    client c = connect_h2(*state, NULL, 0);
    for (int32_t id = 1; id <= 2 * 129; id += 2)
        send_head(&c, id, "POST", "/test.Echo/Say", GRPC, false);
    answer a = hear_h2(&c, 257);
    CHECK(a.reset == NGHTTP2_REFUSED_STREAM || a.reset == NGHTTP2_PROTOCOL_ERROR || !a.ended);
    forget(&a);
    disconnect(&c);
    echo_dispose(&e);
}

static void slow_clients_lose_their_streams_not_others(void **state)
{
    static const uint32_t closed_window[] = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };
    serve_echo(*state, (dtake_serve_options){ .header_timeout_ms = 200, .write_timeout_ms = 200 }, NULL);
    client c = connect_h2(*state, closed_window, 1);
    send_head(&c, 1, "GET", "/files/a", "", true); /* never gives a window */
    send_head(&c, 3, "POST", "/test.Echo/Say", "content-type: application/proto\n",
              false); /* never its body */
    answer a = hear_h2(&c, 1);
    CHECK_EQ(a.reset, NGHTTP2_CANCEL);
    forget(&a);
    send_head(&c, 5, "HEAD", "/files/a", "", true);
    expect_h2(&c, 5, "200", "");
    disconnect(&c);
    client half = connect_h2(*state, NULL, 0);
    send_frame(&half, NGHTTP2_HEADERS, 0, 1, "\x82", 1); /* a head that never ends */
    CHECK_EQ(goes_away(&half), NGHTTP2_ENHANCE_YOUR_CALM);
    disconnect(&half);
}

static void a_client_that_is_gone_leaves_nothing_behind(void **state)
{
    serving *s = *state;
    echo e = echo_new();
    serve_echo(s, (dtake_serve_options){ 0 }, &e);
    client c = connect_h2(s, NULL, 0);
    send_head(&c, 1, "POST", "/test.Echo/Say", GRPC, false); /* never its body */
    send_head(&c, 3, "GET", "/files/big", "", true);         /* never all of its answer */
    send_head(&c, 5, "POST", "/test.Echo/Wait", GRPC, false);
    send_message(&c, 5, 0, "", 0);
    CHECK(dtake__latch_wait(e.begun, 30000));
    CHECK_EQ(shutdown(c.fd, SHUT_WR), 0);
    CHECK(dtake__latch_wait(e.ended, 30000));
    goes_away(&c);
    disconnect(&c);
    echo_dispose(&e);
}

static void an_idle_connection_is_told_nothing_and_closed(void **state)
{
    serve(*state, (dtake_serve_options){ .idle_timeout_ms = 300 });
    client c = connect_h2(*state, NULL, 0);
    send_head(&c, 1, "GET", "/files/a", "", true);
    expect_h2(&c, 1, "200", "0123456789");
    CHECK_EQ(goes_away(&c), -1);
    disconnect(&c);
}

static void a_server_that_stops_finishes_streams_and_says_which(void **state)
{
    serving *s = *state;
    serve(s, (dtake_serve_options){ .first_byte_delay_ms = 300 });
    client c = connect_h2(s, NULL, 0);
    send_head(&c, 1, "GET", "/files/a", "", true);
    static frame f;
    send_frame(&c, NGHTTP2_PING, 0, 0, "12345678", 8); /* once it is back the request is known to be there */
    while (read_frame(&c, &f) && f.type != NGHTTP2_PING) {
    }
    dtake_server_stop(s->server, 20000);
    s->server = NULL;
    expect_h2(&c, 1, "200", "0123456789");
    disconnect(&c);
}

static void what_memory_lacks_for_costs_a_stream_or_a_connection_only(void **state)
{
    serve(*state, (dtake_serve_options){ 0 });
    for (long n = 0; n < 60; n++) {
        client c = connect_h2(*state, NULL, 0);
        dtake__alloc_fail_after(n, false);
        send_head(&c, 1, "GET", "/files/big", "range: bytes=0-59999\n", true);
        size_t got = 0, whole = 0;
        static frame f;
        while (whole == 0 &&
               read_frame(&c, &f)) { /* counted only: the client's memory must not be what fails */
            got += f.type == NGHTTP2_DATA ? f.len : 0;
            if (f.id == 1 && f.type == NGHTTP2_RST_STREAM)
                break;
            whole = f.id == 1 && (f.flags & NGHTTP2_FLAG_END_STREAM) ? got : 0;
        }
        dtake__alloc_fail_after(-1, false);
        CHECK(whole == 0 || whole == 60000 || whole < 200); /* all of it, none, or a line that says 500 */
        disconnect(&c);
        CHECK_EQ(status_of(*state, "GET", "/files/a", ""), 200);
    }
}

int main(void)
{
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, small_set_up, small_tear_down)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(one_port_speaks_both_versions),
        IN_A_FOLDER(streams_share_a_connection_and_windows_hold_them),
        IN_A_FOLDER(a_grpc_call_ends_with_its_status_in_trailers),
        IN_A_FOLDER(a_grpc_error_is_one_block_so_that_clients_try_again),
        IN_A_FOLDER(grpc_messages_are_packed_both_ways),
        IN_A_FOLDER(connect_is_spoken_over_http2_too),
        IN_A_FOLDER(a_stream_of_messages_comes_one_after_another),
        IN_A_FOLDER(a_client_that_resets_a_stream_cancels_its_call),
        IN_A_FOLDER(rapid_resets_end_the_connection),
        IN_A_FOLDER(floods_of_small_frames_end_the_connection),
        IN_A_FOLDER(a_head_over_the_limit_is_431_and_the_connection_lives),
        IN_A_FOLDER(continuations_without_end_are_not_read),
        IN_A_FOLDER(streams_over_the_limit_are_refused_alone),
        IN_A_FOLDER(slow_clients_lose_their_streams_not_others),
        IN_A_FOLDER(a_client_that_is_gone_leaves_nothing_behind),
        IN_A_FOLDER(an_idle_connection_is_told_nothing_and_closed),
        IN_A_FOLDER(a_server_that_stops_finishes_streams_and_says_which),
        IN_A_FOLDER(what_memory_lacks_for_costs_a_stream_or_a_connection_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
