/* Requests that go well, and answers that are not what was asked for. */
#include "io/http_check.h"

static void a_document_comes_whole_with_what_its_header_says(void **state)
{
    (void)state;
    outcome got;
    dtake__tally whole = { 0 }, tally = { .parent = &whole };
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "hello world", 11, "\"v1\"", "Sun, 06 Nov 1994 08:49:37 GMT");
    const char *headers[] = { "Accept: application/json", "X-Key: secret" };
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/a b?c=d"),
                                                .headers = headers,
                                                .header_count = 2,
                                                .tally = &tally,
                                                .max_body = 100 }));
    CHECK_BODY(got, "hello world");
    CHECK_EQ(got.response.http_status, 200);
    CHECK_EQ(got.response.object_bytes, 11);
    CHECK_EQ(got.response.attempts, 1);
    CHECK_STR(got.etag, "\"v1\"");
    CHECK_STR(got.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
    const char *request = script_request(server, 0);
    CHECK(strstr(request, "GET /a%20b?c=d HTTP/1.1\r\n") != NULL);
    CHECK(strstr(request, "Accept: application/json\r\n") != NULL &&
          strstr(request, "X-Key: secret\r\n") != NULL);
    CHECK(strstr(request, "User-Agent: datatake/") != NULL);
    CHECK(strstr(request, "Range:") == NULL && strstr(request, "Expect:") == NULL);
    CHECK_EQ(whole.requests, 1);
    CHECK_EQ(tally.bytes, 11);
    CHECK_EQ(tally.connections, 1);
    CHECK_EQ(tally.header_requests, 0);
    forget(&got);
}

static void a_range_is_exactly_the_bytes_asked_for_cut_at_the_end(void **state)
{
    (void)state;
    outcome got;
    dtake__tally tally = { 0 };
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "0123456789", 10, "\"v1\"", NULL);
    dtake__http_request request = { .url = script_url(server, "/x"),
                                    .has_range = true,
                                    .first = 2,
                                    .count = 3,
                                    .tally = &tally,
                                    .is_header = true };
    CHECK_OK(fetch(&got, request));
    CHECK_BODY(got, "234");
    CHECK_EQ(got.response.first, 2);
    CHECK_EQ(got.response.object_bytes, 10);
    CHECK_EQ(got.body.cap, 3); /* one allocation of the right size */
    CHECK(strstr(script_request(server, 0), "\r\nRange: bytes=2-4\r\n") != NULL);
    CHECK(strstr(script_request(server, 0), "\r\nAccept-Encoding: identity\r\n") != NULL);
    forget(&got);
    request.first = 8;
    request.count = 1000;
    request.if_match = "\"v1\"";
    request.object_bytes = 10;
    CHECK_OK(fetch(&got, request));
    CHECK_BODY(got, "89");
    CHECK(strstr(script_request(server, 1), "\r\nIf-Match: \"v1\"\r\n") != NULL);
    forget(&got);
    CHECK_EQ(tally.header_requests, 2);
    CHECK_EQ(tally.header_bytes, 5);
    CHECK_EQ(script_connections(server), 1); /* kept warm */

    request.first = 10;
    CHECK_STATUS(fetch(&got, request), DTAKE_E_RANGE);
    CHECK_SAYS(got, "HTTP 416: the object has 10 bytes");
    CHECK_EQ(got.response.attempts, 1);
    forget(&got);
}

static void a_weak_etag_is_reported_but_never_sent(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "0123456789", 10, "W/\"v1\"", NULL);
    CHECK_OK(fetch(
        &got, (dtake__http_request){
                  .url = script_url(server, "/"), .has_range = true, .count = 5, .if_match = "W/\"v1\"" }));
    CHECK_STR(got.etag, "W/\"v1\"");
    CHECK(strstr(script_request(server, 0), "If-Match") == NULL);
    forget(&got);
    /* but a different one is another version */
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = script_url(server, "/"),
                                                    .has_range = true,
                                                    .count = 5,
                                                    .if_match = "W/\"v0\"" }),
                 DTAKE_E_CHANGED);
    forget(&got);
}

static void another_version_is_not_read(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    script_object(server, "0123456789", 10, "\"v2\"", NULL);
    dtake__http_request request = {
        .url = script_url(server, "/"), .has_range = true, .count = 5, .if_match = "\"v1\""
    };
    CHECK_STATUS(fetch(&got, request), DTAKE_E_CHANGED);
    CHECK_SAYS(got, "HTTP 412");
    CHECK_EQ(got.response.attempts, 1);
    forget(&got);
    /* a server that does not know If-Match */
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/10\r\nETag: "
                                                 "\"v2\"\r\nContent-Length: 5\r\n\r\n01234" });
    CHECK_STATUS(fetch(&got, request), DTAKE_E_CHANGED);
    CHECK_SAYS(got, "its ETag was \"v1\" and now is \"v2\"");
    forget(&got);
    request.if_match = NULL;
    request.object_bytes = 11;
    CHECK_STATUS(fetch(&got, request), DTAKE_E_CHANGED);
    CHECK_SAYS(got, "had 11 bytes and now has 10");
    forget(&got);
}

static void an_answer_that_is_not_what_was_asked_for_is_refused(void **state)
{
    (void)state;
    /* Whole answers say that the connection ends with them: on one that is closed without a word the next
     * request may go out before the end is seen, and rightly goes out again. */
    static const struct {
        const char *answer, *words;
        dtake_status status;
    } cases[] = {
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 1-5/10\r\nContent-Length: 5\r\n\r\n12345",
          "asked for bytes 0-4 and the answer has bytes 1-5 of 10", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123",
          "has bytes 0-3 of 10", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-5/10\r\nContent-Length: 6\r\n\r\n012345",
          "has bytes 0-5 of 10", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-3/*\r\nContent-Length: 4\r\n\r\n0123",
          "has bytes 0-3 of -1", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Length: 5\r\n\r\n01234", "HTTP 206 without Content-Range",
          DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes five\r\nContent-Length: 5\r\n\r\n01234",
          "malformed Content-Range", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes */10\r\nContent-Length: 5\r\n\r\n01234",
          "malformed Content-Range", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: "
          "5\r\n\r\n--x--",
          "multipart/byteranges", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/10\r\nContent-Encoding: gzip\r\nContent-Length: "
          "5\r\n\r\n01234",
          "packed as gzip", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/10\r\nContent-Length: 4\r\n\r\n0123",
          "Content-Length is 4, but Content-Range says 5 bytes", DTAKE_E_REMOTE },
        { "HTTP/1.1 206 P\r\nContent-Range: bytes 0-4/10\r\nTransfer-Encoding: "
          "chunked\r\n\r\n6\r\n012345\r\n0\r\n\r\n",
          "longer than the 5 bytes announced", DTAKE_E_REMOTE },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\n01234", "packed as br",
          DTAKE_E_REMOTE },
        { "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", "HTTP 304", DTAKE_E_REMOTE },
        { "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: "
          "92\r\n\r\n<html><head><style>p{color:red}</style></head><body><h1>No such\nkey</h1>ask  the "
          "owner</body>",
          "HTTP 404, not found: No such key ask the owner", DTAKE_E_NOT_FOUND },
        { "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 13\r\n\r\ntoken expired",
          "HTTP 403, not authorised: token expired", DTAKE_E_AUTH },
        { "HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP 410",
          DTAKE_E_NOT_FOUND },
        { "HTTP/1.1 501 Not Implemented\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP 501",
          DTAKE_E_REMOTE },
        { "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/0.9", DTAKE_E_REMOTE },
        { "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP 302",
          DTAKE_E_REMOTE },
        { "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: ftp://example.org/\r\nContent-Length: "
          "0\r\n\r\n",
          "cannot be followed", DTAKE_E_REMOTE },
    };
    open_with((dtake_runtime_options){ 0 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        outcome got;
        script_say(server, (script_answer){ .bytes = cases[i].answer, .then = SCRIPT_CLOSE });
        dtake_status st = fetch(
            &got,
            (dtake__http_request){ .url = script_url(server, "/scene.tif"), .has_range = true, .count = 5 });
        CHECK_SAYS(got, cases[i].words);
        CHECK_SAYS(got, "/scene.tif: bytes 0-4: ");
        CHECK_STATUS(st, cases[i].status);
        CHECK_EQ(got.response.attempts, 1); /* it would be the same again */
        forget(&got);
    }
    CHECK_EQ(script_requests(server), (int)(sizeof cases / sizeof cases[0]));
}

static void a_header_without_end_is_refused(void **state)
{
    (void)state;
    outcome got;
    size_t len = 100000;
    char *endless = malloc(len + 1);
    strcpy(endless, "HTTP/1.1 200 OK\r\n");
    while (strlen(endless) + 40 < len)
        strcat(endless + strlen(endless), "X-Padding: 0123456789012345678901\r\n");
    open_with((dtake_runtime_options){ 0 });
    script_say(server, (script_answer){ .bytes = endless, .then = SCRIPT_STALL });
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = script_url(server, "/"), .max_body = 10 }),
                 DTAKE_E_REMOTE);
    CHECK_SAYS(got, "longer than 65536 bytes");
    forget(&got);
    free(endless);
}

static void a_whole_answer_to_a_range_is_read_up_to_its_end_and_broken_off(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    outcome got;
    static char object[BYTES]; /* the server may send it until it is stopped */
    for (int i = 0; i < BYTES; i++)
        object[i] = (char)(i * 7 >> 3);
    open_with((dtake_runtime_options){ 0 });
    script_object(server, object, BYTES, "\"v1\"", NULL);
    script_no_ranges(server);
    dtake__http_request request = {
        .url = script_url(server, "/"), .has_range = true, .first = 1000, .count = 5000
    };
    CHECK_OK(fetch(&got, request));
    CHECK_EQ(got.response.http_status, 200);
    CHECK_EQ(got.body.len, 5000);
    CHECK(memcmp(got.body.data, object + 1000, 5000) == 0);
    CHECK_EQ(got.response.object_bytes, BYTES);
    CHECK_EQ(got.response.first, 1000);
    forget(&got);
    /* near the end the rest is read, which keeps the connection */
    request.first = BYTES - 10000;
    CHECK_OK(fetch(&got, request));
    CHECK(memcmp(got.body.data, object + BYTES - 10000, 5000) == 0);
    forget(&got);
    request.first = BYTES - 10;
    CHECK_OK(fetch(&got, request));
    CHECK_EQ(got.body.len, 10);
    forget(&got);
    CHECK_EQ(script_connections(server), 2);
    request.first = BYTES;
    CHECK_STATUS(fetch(&got, request), DTAKE_E_RANGE);
    forget(&got);
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
                                        .then = SCRIPT_STALL });
    request.first = 64 << 20;
    CHECK_STATUS(fetch(&got, request), DTAKE_E_REMOTE);
    CHECK_SAYS(got, "the server answers no ranges");
    forget(&got);
}

static void a_whole_answer_of_untold_length_ends_where_it_ends(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    script_say(
        server,
        (script_answer){
            .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n",
            .times = 3 });
    dtake__http_request request = {
        .url = script_url(server, "/"), .has_range = true, .first = 7, .count = 100
    };
    CHECK_OK(fetch(&got, request));
    CHECK_BODY(got, "789");
    CHECK_EQ(got.response.object_bytes, 10);
    forget(&got);
    request.first = 10;
    CHECK_STATUS(fetch(&got, request), DTAKE_E_RANGE);
    CHECK_SAYS(got, "only 10 bytes");
    forget(&got);
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/"), .max_body = 10 }));
    CHECK_BODY(got, "0123456789");
    CHECK_EQ(got.response.object_bytes, 10);
    forget(&got);
}

/* A page that asks to sign in, sent for the bytes of a tile, must not become pixels. */
static void a_whole_answer_to_a_range_must_show_that_it_is_the_object(void **state)
{
    (void)state;
    static const struct {
        const char *answer, *words; /* words NULL: taken */
    } cases[] = {
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "14\r\n<html>Welcome</html>\r\n0\r\n\r\n",
          "nothing shows that it is the same object" },
        { "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
          "14\r\n<html>Welcome</html>\r\n0\r\n\r\n",
          "text/html" },
        { "HTTP/1.0 200 OK\r\n\r\n<html>Welcome</html>", "nothing shows that it is the same object" },
        { "HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nTransfer-Encoding: chunked\r\n\r\n"
          "a\r\n0123456789\r\n0\r\n\r\n",
          "its ETag was \"v1\" and now is \"v2\"" },
        { "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n"
          "a\r\n0123456789\r\n0\r\n\r\n",
          NULL },
        { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", NULL },
    };
    open_with((dtake_runtime_options){ 0 });
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        outcome got;
        script_say(server, (script_answer){ .bytes = cases[i].answer, .then = SCRIPT_CLOSE });
        dtake_status st = fetch(&got, (dtake__http_request){ .url = script_url(server, "/scene.tif"),
                                                             .has_range = true,
                                                             .first = 2,
                                                             .count = 5,
                                                             .if_match = "\"v1\"",
                                                             .object_bytes = 10 });
        if (cases[i].words != NULL) {
            CHECK_STATUS(st, DTAKE_E_CHANGED);
            CHECK_SAYS(got, cases[i].words);
            CHECK_EQ(got.response.attempts, 1);
        } else {
            CHECK_OK(st);
            CHECK_BODY(got, "23456");
        }
        forget(&got);
    }
}

/* The caller knows that these bytes exist: it is the server that is wrong, or the object that changed. */
static void bytes_that_exist_but_are_denied_are_no_mistake_of_the_caller(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    dtake__http_request request = {
        .url = script_url(server, "/"), .has_range = true, .first = 2, .count = 5, .object_bytes = 10
    };
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 416 R\r\nContent-Range: bytes */10\r\n"
                                                 "Content-Length: 0\r\n\r\n" });
    CHECK_STATUS(fetch(&got, request), DTAKE_E_REMOTE);
    CHECK_SAYS(got, "HTTP 416: the object has 10 bytes");
    CHECK_EQ(got.response.attempts, 1);
    forget(&got);
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 416 R\r\nContent-Range: bytes */4\r\n"
                                                 "Content-Length: 0\r\n\r\n" });
    CHECK_STATUS(fetch(&got, request), DTAKE_E_CHANGED);
    CHECK_SAYS(got, "the object has 4 bytes");
    forget(&got);
}

static void a_body_over_its_limit_is_refused_before_it_is_read(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world" });
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = script_url(server, "/"), .max_body = 10 }),
                 DTAKE_E_LIMIT);
    CHECK_SAYS(got, "11 bytes, more than the 10 allowed");
    forget(&got);
    script_say(server,
               (script_answer){ .bytes = "HTTP/1.1 200 OK\r\n\r\nhello world", .then = SCRIPT_CLOSE });
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = script_url(server, "/"), .max_body = 10 }),
                 DTAKE_E_LIMIT);
    CHECK_SAYS(got, "longer than the 10 bytes allowed");
    forget(&got);
}

static void post_and_head_say_what_they_are(void **state)
{
    (void)state;
    outcome got;
    open_with((dtake_runtime_options){ 0 });
    script_say(server, (script_answer){ .path = "/search",
                                        .bytes = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}" });
    const char *headers[] = { "Content-Type: application/json" };
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/search"),
                                                .method = "POST",
                                                .body = "{\"limit\":1}",
                                                .body_bytes = 11,
                                                .headers = headers,
                                                .header_count = 1,
                                                .max_body = 100 }));
    CHECK_BODY(got, "{}");
    const char *request = script_request(server, 0);
    CHECK(strstr(request, "POST /search") == request && strstr(request, "{\"limit\":1}") != NULL);
    CHECK(strstr(request, "Content-Type: application/json") != NULL);
    forget(&got);
    script_object(server, "0123456789", 10, "\"v\"", NULL);
    CHECK_OK(fetch(&got, (dtake__http_request){ .url = script_url(server, "/x"), .method = "HEAD" }));
    CHECK_EQ(got.response.object_bytes, 10);
    CHECK_EQ(got.body.len, 0);
    forget(&got);
}

static void a_malformed_request_is_refused_at_once(void **state)
{
    (void)state;
    open_with((dtake_runtime_options){ 0 });
    const char *split[] = { "X: a\r\nHost: evil" };
    const dtake__http_request wrong[] = {
        { .url = "ftp://example.org/" },
        { .url = "http://exa\nmple.org/" },
        { .url = "http://" },
        { .url = "http://example.org:99999/" },
        { .url = "http://example.org/", .method = "GET / HTTP/1.1\r\nX" },
        { .url = "http://example.org/", .has_range = true },
        { .url = "http://example.org/", .has_range = true, .first = -1, .count = 1 },
        { .url = "http://example.org/", .headers = split, .header_count = 1 },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dtake_error err = { 0 };
        CHECK_STATUS(dtake__http_start(runtime, &wrong[i], NULL, &err, note_outcome, NULL), DTAKE_E_USAGE);
        CHECK(err.message[0] != '\0');
    }
}

static void passwords_do_not_show_in_messages(void **state)
{
    (void)state;
    outcome got;
    char url[128];
    open_with((dtake_runtime_options){ 0 });
    script_say(server, (script_answer){ .bytes = "HTTP/1.1 404 N\r\nContent-Length: 0\r\n\r\n" });
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%d/x", script_server_port(server));
    CHECK_STATUS(fetch(&got, (dtake__http_request){ .url = url }), DTAKE_E_NOT_FOUND);
    CHECK(strstr(got.err.message, "secret") == NULL && strstr(got.url, "secret") == NULL);
    CHECK(strstr(script_request(server, 0), "Authorization: Basic bWU6c2VjcmV0") != NULL);
    forget(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_document_comes_whole_with_what_its_header_says),
        TEST(a_range_is_exactly_the_bytes_asked_for_cut_at_the_end),
        TEST(a_weak_etag_is_reported_but_never_sent),
        TEST(another_version_is_not_read),
        TEST(an_answer_that_is_not_what_was_asked_for_is_refused),
        TEST(a_header_without_end_is_refused),
        TEST(a_whole_answer_to_a_range_is_read_up_to_its_end_and_broken_off),
        TEST(a_whole_answer_of_untold_length_ends_where_it_ends),
        TEST(a_whole_answer_to_a_range_must_show_that_it_is_the_object),
        TEST(bytes_that_exist_but_are_denied_are_no_mistake_of_the_caller),
        TEST(a_body_over_its_limit_is_refused_before_it_is_read),
        TEST(post_and_head_say_what_they_are),
        TEST(a_malformed_request_is_refused_at_once),
        TEST(passwords_do_not_show_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
