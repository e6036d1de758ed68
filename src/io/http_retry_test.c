/* Requests that go wrong: what is tried again, what goes on where it stopped, what is given up. */
#include "io/http_check.h"

#include "core/clock.h"

enum { BYTES = 300000 };
static char object[BYTES];

static void fill_object(const char *etag, const char *modified)
{
    for (int i = 0; i < BYTES; i++)
        object[i] = (char)(i * 31 >> 4);
    script_object(server, object, BYTES, etag, modified);
}

static dtake__http_request range(int64_t first, int64_t count)
{
    return (dtake__http_request){
        .url = script_url(server, "/scene.tif"), .has_range = true, .first = first, .count = count
    };
}

static void a_cut_body_goes_on_under_the_same_etag(void **state)
{
    (void)state;
    outcome got;
    dtake__tally tally = { 0 };
    open_with((dtake_runtime_options){ 0 });
    fill_object("\"v1\"", NULL);
    script_say(server, (script_answer){ .object = true, .cut = 100000, .then = SCRIPT_CLOSE });
    script_say(server, (script_answer){ .object = true, .cut = 70000, .then = SCRIPT_RESET });
    dtake__http_request request = range(1000, 250000);
    request.tally = &tally;
    CHECK_OK(fetch(&got, request));
    CHECK_EQ(got.body.len, 250000);
    CHECK(memcmp(got.body.data, object + 1000, 250000) == 0);
    CHECK_EQ(got.response.attempts, 3);
    CHECK(strstr(script_request(server, 1), "Range: bytes=101000-250999\r\n") != NULL);
    CHECK(strstr(script_request(server, 1), "If-Match: \"v1\"\r\n") != NULL);
    CHECK_EQ(tally.retries, 2);
    CHECK(tally.bytes <= 250000); /* nothing twice */
    forget(&got);
}

static void a_changed_object_is_not_pasted_to_a_cut_body(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    fill_object("\"v2\"", NULL);
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-999/300000\r\nETag: "
                                         "\"v1\"\r\nContent-Length: 1000\r\n\r\nabc",
                                .then = SCRIPT_CLOSE });
    CHECK_STATUS(fetch(&got, range(0, 1000)), DTAKE_E_CHANGED);
    CHECK_EQ(got.response.attempts, 2);
    forget(&got);
    /* a server that ignores If-Match */
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-999/300000\r\nETag: "
                                         "\"v1\"\r\nContent-Length: 1000\r\n\r\nabc",
                                .then = SCRIPT_CLOSE });
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 206 P\r\nContent-Range: bytes 3-999/300000\r\nETag: "
                                         "\"v2\"\r\nContent-Length: 997\r\n\r\ndef",
                                .then = SCRIPT_CLOSE });
    CHECK_STATUS(fetch(&got, range(0, 1000)), DTAKE_E_CHANGED);
    forget(&got);
}

static void without_a_strong_etag_the_same_date_and_length_will_do(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    fill_object("W/\"v1\"", "Sun, 06 Nov 1994 08:49:37 GMT");
    script_say(server, (script_answer){ .object = true, .cut = 5000, .then = SCRIPT_CLOSE });
    CHECK_OK(fetch(&got, range(10, 20000)));
    CHECK(got.body.len == 20000 && memcmp(got.body.data, object + 10, 20000) == 0);
    CHECK(strstr(script_request(server, 1), "Range: bytes=5010-20009\r\n") != NULL);
    CHECK(strstr(script_request(server, 1), "If-Match") == NULL);
    forget(&got);
}

static void without_any_sign_of_identity_the_range_starts_again(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    fill_object(NULL, NULL);
    script_say(server, (script_answer){ .object = true, .cut = 5000, .then = SCRIPT_CLOSE });
    CHECK_OK(fetch(&got, range(10, 20000)));
    CHECK(got.body.len == 20000 && memcmp(got.body.data, object + 10, 20000) == 0);
    CHECK(strstr(script_request(server, 1), "Range: bytes=10-20009\r\n") != NULL);
    forget(&got);
}

static void a_cut_document_goes_on_if_it_is_the_same_and_else_comes_whole(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    fill_object("\"v1\"", NULL);
    script_say(server, (script_answer){ .object = true, .cut = 100000, .then = SCRIPT_CLOSE });
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/") }));
    CHECK(got.body.len == BYTES && memcmp(got.body.data, object, BYTES) == 0);
    CHECK(strstr(script_request(server, 1), "Range: bytes=100000-\r\n") != NULL);
    CHECK(strstr(script_request(server, 1), "If-Range: \"v1\"\r\n") != NULL);
    CHECK_EQ(got.response.object_bytes, BYTES);
    forget(&got);
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 200 OK\r\nETag: \"v0\"\r\nContent-Length: 9\r\n\r\nold",
                                .then = SCRIPT_CLOSE });
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/") }));
    CHECK(got.body.len == BYTES && memcmp(got.body.data, object, BYTES) == 0);
    CHECK_STR(got.etag, "\"v1\"");
    forget(&got);
}

static void what_may_pass_is_tried_again_and_then_given_up(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        script_then then;
        dtake_status status;
        const char *words;
    } cases[] = {
        { "HTTP/1.1 500 I\r\nConnection: close\r\nContent-Length: 4\r\n\r\noops", SCRIPT_KEEP, DTAKE_E_REMOTE,
          "HTTP 500: oops (after 2 attempts)" },
        { "HTTP/1.1 502 B\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP, DTAKE_E_REMOTE,
          "HTTP 502 (after 2 attempts)" },
        { "HTTP/1.1 503 S\r\nConnection: close\r\nContent-Length: 9\r\n\r\nSlow down", SCRIPT_KEEP,
          DTAKE_E_REMOTE, "HTTP 503: Slow down (after 2 attempts)" },
        { "HTTP/1.1 504 G\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP, DTAKE_E_TIMEOUT,
          "HTTP 504" },
        { "HTTP/1.1 408 R\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", SCRIPT_CLOSE, DTAKE_E_TIMEOUT,
          "HTTP 408" },
        { "HTTP/1.1 429 T\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", SCRIPT_KEEP, DTAKE_E_REMOTE,
          "HTTP 429" },
        { "", SCRIPT_RESET, DTAKE_E_NETWORK, "(after 2 attempts)" },
        { "", SCRIPT_CLOSE, DTAKE_E_NETWORK, "Empty reply" },
        { "HTTP/1.1 200 OK\r\nConte", SCRIPT_RESET, DTAKE_E_NETWORK, "reset by peer (after 2 attempts)" },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-9/99\r\nContent-Length: 10\r\n\r\n01", SCRIPT_CLOSE,
          DTAKE_E_NETWORK, "(after 2 attempts)" },
    };
    open_with((dtake_runtime_options){ .retries = 1 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        outcome got;
        dtake__tally tally = { 0 };
        script_say(server, (script_answer){ .bytes = cases[i].answer, .then = cases[i].then, .times = 2 });
        dtake__http_request request = range(0, 10);
        request.tally = &tally;
        dtake_status st = fetch(&got, request);
        CHECK_SAYS(got, cases[i].words);
        CHECK_STATUS(st, cases[i].status);
        CHECK_EQ(got.response.attempts, 2);
        CHECK_EQ(tally.retries, 1);
        CHECK_EQ(tally.requests, 2);
        forget(&got);
    }
}

static void an_attempt_that_succeeds_forgets_the_failures_before(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = 3 });
    fill_object("\"v\"", NULL);
    script_say(server, (script_answer){
                           .bytes = "HTTP/1.1 503 S\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" });
    script_say(server, (script_answer){ .bytes = "", .then = SCRIPT_RESET });
    CHECK_OK(fetch(&got, range(0, 10)));
    CHECK_EQ(got.response.attempts, 3);
    CHECK_EQ(got.response.http_status, 206);
    CHECK_EQ(got.err.message[0], '\0');
    forget(&got);
}

static void a_body_that_moves_on_may_be_cut_more_often_than_there_are_retries(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = 1 });
    fill_object("\"v\"", NULL);
    script_say(server, (script_answer){ .object = true, .cut = 70000, .then = SCRIPT_CLOSE, .times = 4 });
    CHECK_OK(fetch(&got, range(0, BYTES)));
    CHECK_EQ(got.response.attempts, 5);
    CHECK(memcmp(got.body.data, object, BYTES) == 0);
    forget(&got);
}

static void retry_after_is_obeyed_in_seconds_and_as_a_date(void **state)
{
    (void)state;
    outcome got;
    dtake__tally tally = { 0 };
    char date[40], answer[200];
    open_with((dtake_runtime_options){ .retries = 1 });
    fill_object("\"v\"", NULL);
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 429 T\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" });
    dtake__http_request request = range(0, 10);
    request.tally = &tally;
    int64_t before_ms = dtake__now_ms();
    CHECK_OK(fetch(&got, request));
    CHECK(dtake__now_ms() - before_ms >= 1000);
    CHECK(tally.retry_wait_ms >= 1000 && tally.retry_wait_ms < 2000);
    forget(&got);
    dtake__http_date_format(dtake__unix_now_ns() / 1000000000 + 2, date, sizeof date);
    snprintf(answer, sizeof answer, "HTTP/1.1 503 S\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", date);
    script_say(server, (script_answer){ .bytes = answer });
    before_ms = dtake__now_ms();
    CHECK_OK(fetch(&got, request));
    CHECK(dtake__now_ms() - before_ms >= 900);
    forget(&got);
    /* by the server's own clock, be it a day ahead of ours */
    char now[40];
    dtake__http_date_format(dtake__unix_now_ns() / 1000000000 + 86400, now, sizeof now);
    dtake__http_date_format(dtake__unix_now_ns() / 1000000000 + 86401, date, sizeof date);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 503 S\r\nRetry-After: %s\r\nDate: %s\r\nContent-Length: 0\r\n\r\n", date, now);
    script_say(server, (script_answer){ .bytes = answer });
    tally.retry_wait_ms = 0;
    CHECK_OK(fetch(&got, request));
    CHECK(tally.retry_wait_ms >= 1000 && tally.retry_wait_ms < 4000);
    forget(&got);
    script_say(server, (script_answer){
                           .bytes = "HTTP/1.1 503 S\r\nRetry-After: 86400\r\nContent-Length: 0\r\n\r\n" });
    CHECK_STATUS(fetch(&got, request), DTAKE_E_REMOTE);
    CHECK_SAYS(got, "come back in 86400 s, longer than the 120 s");
    CHECK_EQ(got.response.attempts, 1);
    forget(&got);
}

static void a_connection_that_died_while_idle_costs_no_retry(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = -1 });
    fill_object("\"v\"", NULL);
    CHECK_OK(fetch(&got, range(0, 10)));
    forget(&got);
    script_say(server, (script_answer){ .bytes = "", .then = SCRIPT_RESET });
    CHECK_OK(fetch(&got, range(0, 10)));
    CHECK_EQ(script_requests(server), 3);
    CHECK_EQ(script_connections(server), 2);
    forget(&got);
}

static void nobody_listening_is_told_after_the_retries(void **state)
{
    (void)state;
    outcome got;
    script_server *gone = script_server_start();
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", script_server_port(gone));
    script_server_stop(gone);
    open_with((dtake_runtime_options){ .retries = 1 });
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = url }), DTAKE_E_NETWORK);
    CHECK_SAYS(got, "Failed to connect");
    CHECK_EQ(got.response.attempts, 2);
    forget(&got);
}

static void a_server_that_does_not_answer_is_left_after_its_time(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = -1, .first_byte_ms = 50 });
    script_say(server, (script_answer){ .bytes = "", .then = SCRIPT_STALL });
    CHECK_STATUS(fetch(&got, range(0, 10)), DTAKE_E_TIMEOUT);
    CHECK_SAYS(got, "no answer within 50 ms");
    forget(&got);
}

static void a_trickle_is_broken_off_and_gone_on_with(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = 1, .low_speed_ms = 100, .low_speed_bytes_s = 1000 });
    fill_object("\"v\"", NULL);
    script_say(server, (script_answer){ .object = true, .drip_bytes = 1, .drip_ms = 10 });
    CHECK_OK(fetch(&got, range(0, 5000)));
    CHECK(memcmp(got.body.data, object, 5000) == 0);
    CHECK_EQ(got.response.attempts, 2);
    CHECK(strstr(script_request(server, 1), "Range: bytes=0-") == NULL);
    forget(&got);
    script_say(server, (script_answer){ .object = true, .cut = 10, .then = SCRIPT_STALL, .times = 2 });
    CHECK_STATUS(fetch(&got, range(0, 5000)), DTAKE_E_TIMEOUT);
    CHECK_SAYS(got, "fewer than 1000 bytes a second");
    forget(&got);
}

static void the_deadline_holds_for_all_attempts_together(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ .retries = 1000 });
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 500 I\r\nContent-Length: 0\r\n\r\n", .times = -1 });
    dtake__http_request request = range(0, 10);
    request.deadline_ms = 300;
    int64_t before_ms = dtake__now_ms();
    CHECK_STATUS(fetch(&got, request), DTAKE_E_TIMEOUT);
    CHECK(dtake__now_ms() - before_ms < 5000);
    forget(&got);
    script_say(server, (script_answer){ .path = "/stall", .bytes = "", .then = SCRIPT_STALL });
    request.url = script_url(server, "/stall");
    CHECK_STATUS(fetch(&got, request), DTAKE_E_TIMEOUT);
    forget(&got);
}

/* --- redirects --- */

static void redirects_are_followed_and_keep_secrets_at_home(void **state)
{
    (void)state;
    outcome got;
    char answer[200];
    script_server *other = script_server_start();
    open_with((dtake_runtime_options){ 0 });
    fill_object("\"v\"", NULL);
    script_object(other, object, BYTES, "\"v\"", NULL);
    script_say(server, (script_answer){
                           .path = "/a",
                           .bytes = "HTTP/1.1 302 F\r\nLocation: /b/../c\r\nContent-Length: 0\r\n\r\n" });
    snprintf(answer, sizeof answer, "HTTP/1.1 307 T\r\nLocation: %s\r\nContent-Length: 3\r\n\r\nabc",
             script_url(other, "/there?sig=1"));
    script_say(server, (script_answer){ .path = "/c", .bytes = answer });
    const char *headers[] = { "Authorization: Bearer secret", "Cookie: a=b", "X-Api-Key: k",
                              "Accept: image/tiff" };
    dtake__http_request request = range(5, 10);
    request.url = script_url(server, "/a");
    request.headers = headers;
    request.header_count = 4;
    CHECK_OK(fetch(&got, request));
    CHECK(memcmp(got.body.data, object + 5, 10) == 0);
    CHECK(strstr(got.url, "/there?sig=1") != NULL);
    CHECK(strstr(script_request(server, 1), "GET /c HTTP") != NULL);
    CHECK(strstr(script_request(server, 1), "Authorization: Bearer secret") != NULL);
    const char *away = script_request(other, 0);
    CHECK(strstr(away, "Authorization") == NULL && strstr(away, "Cookie") == NULL &&
          strstr(away, "X-Api-Key") == NULL);
    CHECK(strstr(away, "Accept: image/tiff") != NULL && strstr(away, "Range: bytes=5-14") != NULL);
    forget(&got);
    script_server_stop(other);
}

static void a_password_file_is_read_for_the_first_host_only(void **state)
{
    (void)state;
    outcome got;
    char answer[200], home[TEMP_PATH], path[TEMP_PATH + 8];
    script_server *other = script_server_start();
    CHECK(temp_folder(home, "home"));
    snprintf(path, sizeof path, "%s/.netrc", home);
    FILE *file = fopen(path, "w");
    fputs("machine 127.0.0.1 login me password secret\n", file);
    fclose(file);
    char *old_home = strdup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    setenv("HOME", home, 1);
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "x", 1, NULL, NULL);
    script_object(other, "y", 1, NULL, NULL);
    snprintf(answer, sizeof answer, "HTTP/1.1 302 F\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
             script_url(other, "/"));
    script_say(server, (script_answer){ .bytes = answer });
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/") }));
    CHECK_BODY(got, "y");
    CHECK(strstr(script_request(server, 0), "Authorization: Basic bWU6c2VjcmV0") != NULL);
    CHECK(strstr(script_request(other, 0), "Authorization") == NULL);
    forget(&got);
    setenv("HOME", old_home, 1);
    free(old_home);
    remove(path);
    remove(home);
    script_server_stop(other);
}

static void a_circle_of_redirects_is_left(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 301 M\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n",
                                .times = -1 });
    CHECK_STATUS(fetch(&got, range(0, 1)), DTAKE_E_REMOTE);
    CHECK_SAYS(got, "more than 10 redirects");
    CHECK_EQ(script_requests(server), 11);
    forget(&got);
}

/* --- signing --- */

typedef struct counting_signer {
    dtake__signer signer;
    int signed_count, fresh_count;
} counting_signer;

static dtake_status sign(dtake__signer *signer, const char *url, bool fresh, dtake_buf *signed_url,
                         dtake_buf *headers, dtake_error *err)
{
    (void)err;
    counting_signer *mine = (counting_signer *)signer;
    mine->signed_count++;
    mine->fresh_count += fresh;
    dtake_status st = dtake__buf_printf(signed_url, "%s?token=%d", url, mine->fresh_count);
    return st != DTAKE_OK ? st
                          : dtake__buf_printf(headers, "X-Signed: yes\nX-Count: %d\n", mine->signed_count);
}

static void a_refused_signature_is_renewed_once(void **state)
{
    (void)state;
    outcome got;
    counting_signer mine = { { sign }, 0, 0 };
    open_with((dtake_runtime_options){ .retries = -1 });
    fill_object("\"v\"", NULL);
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 403 F\r\nContent-Length: 7\r\n\r\nexpired" });
    dtake__http_request request = range(0, 10);
    request.signer = &mine.signer;
    CHECK_OK(fetch(&got, request));
    CHECK(strstr(script_request(server, 0), "/scene.tif?token=0 ") != NULL);
    CHECK(strstr(script_request(server, 1), "/scene.tif?token=1 ") != NULL);
    CHECK(strstr(script_request(server, 1), "X-Signed: yes\r\n") != NULL &&
          strstr(script_request(server, 1), "X-Count: 2\r\n") != NULL);
    CHECK(strstr(got.url, "token") == NULL);
    forget(&got);
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 401 U\r\nContent-Length: 7\r\n\r\nexpired", .times = 2 });
    CHECK_STATUS(fetch(&got, request), DTAKE_E_AUTH);
    CHECK_EQ(got.response.attempts, 2);
    forget(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cut_body_goes_on_under_the_same_etag),
        TEST(a_changed_object_is_not_pasted_to_a_cut_body),
        TEST(without_a_strong_etag_the_same_date_and_length_will_do),
        TEST(without_any_sign_of_identity_the_range_starts_again),
        TEST(a_cut_document_goes_on_if_it_is_the_same_and_else_comes_whole),
        TEST(what_may_pass_is_tried_again_and_then_given_up),
        TEST(an_attempt_that_succeeds_forgets_the_failures_before),
        TEST(a_body_that_moves_on_may_be_cut_more_often_than_there_are_retries),
        TEST(retry_after_is_obeyed_in_seconds_and_as_a_date),
        TEST(a_connection_that_died_while_idle_costs_no_retry),
        TEST(nobody_listening_is_told_after_the_retries),
        TEST(a_server_that_does_not_answer_is_left_after_its_time),
        TEST(a_trickle_is_broken_off_and_gone_on_with),
        TEST(the_deadline_holds_for_all_attempts_together),
        TEST(redirects_are_followed_and_keep_secrets_at_home),
        TEST(a_password_file_is_read_for_the_first_host_only),
        TEST(a_circle_of_redirects_is_left),
        TEST(a_refused_signature_is_renewed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
