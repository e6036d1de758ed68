#include "check.h"

#include "core/alloc.h"
#include "server/http1_parse.h"

enum { LIMIT = 32 * 1024 };

typedef struct outcome {
    int status; /* 0: a whole head, -1: more bytes are needed */
    size_t head_bytes;
    dtake__http1_head head;
    char *text; /* what the head points into */
} outcome;

/* Feeds the request in pieces of `step` bytes. */
static void feed(outcome *o, const char *request, size_t len, size_t step)
{
    memset(o, 0, sizeof *o);
    o->status = -1;
    dtake__http1_scan scan = { 0 };
    dtake__http1_fault fault = { 0 };
    dtake__http1_progress progress = DTAKE__HTTP1_MORE;
    for (size_t given = step; progress == DTAKE__HTTP1_MORE; given += step) {
        progress =
            dtake__http1_scan_head(&scan, (const uint8_t *)request, given < len ? given : len, LIMIT, &fault);
        if (given >= len)
            break;
    }
    if (progress == DTAKE__HTTP1_BAD)
        o->status = fault.status;
    if (progress != DTAKE__HTTP1_DONE)
        return;
    o->head_bytes = scan.at;
    o->text = dtake__strndup(request + scan.start, scan.at - scan.start);
    fault = dtake__http1_parse_head(&o->head, o->text, scan.at - scan.start);
    o->status = fault.status;
}

static int status_of(const char *request, size_t len)
{
    static outcome whole, bytewise;
    feed(&whole, request, len, len);
    feed(&bytewise, request, len, 1);
    if (whole.status != bytewise.status)
        fail_msg("at once %d, byte by byte %d: %s", whole.status, bytewise.status, request);
    dtake__free(whole.text);
    dtake__free(bytewise.text);
    return whole.status;
}

/* What becomes of a head; 0: it is taken. */
static const struct {
    int status;
    const char *request;
} heads[] = {
    { 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 0, "GET / HTTP/1.0\r\n\r\n" },
    { 0, "GET /a?b=c HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n" },
    { 0, "GET / HTTP/1.1\r\nHost:\r\n\r\n" },
    { 0, "GET / HTTP/1.1\r\nhOST: \t a \t \r\n\r\n" },
    { 0, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 0, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 0, "GET http://a:1/b HTTP/1.1\r\nHost: other\r\n\r\n" },
    { 0, "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9 \"\\ok\"\r\n\r\n" },
    { 0, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n" },
    { 0, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n" },
    /* not over yet */
    { -1, "" },
    { -1, "GET / HTTP/1.1\r\nHost: a\r\n" },
    { -1, "GET / HTTP/1.1\r\nHost: a\r\n\r" },
    /* line ends and control characters */
    { 400, "GET / HTTP/1.1\nHost: a\n\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n" },
    { 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "\x16\x03\x01\x02" },
    /* the request line */
    { 400, "GET /\r\n\r\n" },
    { 400, "INVALID CONNECTION PREFACE\r\n\r\n" }, /* h2spec's: it is left without an answer */
    { 400, "GET\r\n\r\n" },
    { 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n" },
    { 400, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "G(T / HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET a HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET /<a> HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / http/1.1\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.10\r\nHost: a\r\n\r\n" },
    { 501, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" },
    { 505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n" },
    { 505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n" },
    { 505, "PRI * HTTP/2.0\r\n\r\n" },
    /* fields */
    { 400, "GET / HTTP/1.1\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n" },
    { 400, "GET / HTTP/1.1\r\nHost: a\r\nX(: y\r\n\r\n" },
    { 417, "GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n" },
    /* framing, where smuggling happens */
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" },
    { 400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" },
    { 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" },
    { 501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" },
};

static void requests_are_taken_or_refused_as_the_rfc_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        int status = status_of(heads[i].request, strlen(heads[i].request));
        if (status != heads[i].status)
            fail_msg("%d, expected %d: %s", status, heads[i].status, heads[i].request);
    }
    static const char with_zero[] = "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n";
    CHECK_EQ(status_of(with_zero, sizeof with_zero - 1), 400);
}

static void a_head_is_taken_apart(void **state)
{
    (void)state;
    static const char request[] = "\r\nGET http://h:1/a%20b?c=d HTTP/1.1\r\nHost: x\r\nRange:bytes=0-1 \r\n"
                                  "Connection: foo, Close\r\n\r\nGET /next";
    outcome o;
    feed(&o, request, sizeof request - 1, 3);
    CHECK_EQ(o.status, 0);
    CHECK_EQ(o.head_bytes, strlen(request) - strlen("GET /next"));
    CHECK_STR(o.head.method, "GET");
    CHECK_STR(o.head.target, "http://h:1/a%20b?c=d");
    CHECK_STR(o.head.resource, "/a%20b?c=d");
    CHECK_STR(o.head.host, "h:1");
    CHECK_EQ(o.head.field_count, 3);
    CHECK_STR(o.head.fields[1].name, "Range");
    CHECK_STR(o.head.fields[1].value, "bytes=0-1");
    CHECK(!o.head.keep_alive);
    dtake__free(o.text);
}

static void a_connection_is_kept_by_default_from_http_1_1_on(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool kept;
    } rows[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false },
        { "GET / HTTP/1.0\r\n\r\n", false },
        { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        outcome o;
        feed(&o, rows[i].request, strlen(rows[i].request), 1000);
        CHECK_EQ(o.status, 0);
        CHECK_EQ(o.head.keep_alive, rows[i].kept);
        dtake__free(o.text);
    }
}

/* "GET /xxx... HTTP/1.1", then `fields` fields of `width` bytes each. */
static int status_of_size(size_t target, int fields, size_t width)
{
    dtake_buf request = DTAKE_BUF_INIT(4 << 20);
    CHECK_OK(dtake__buf_puts(&request, "GET /"));
    for (size_t i = 0; i < target; i++)
        CHECK_OK(dtake__buf_puts(&request, "x"));
    CHECK_OK(dtake__buf_puts(&request, " HTTP/1.1\r\nHost: a\r\n"));
    for (int i = 0; i < fields; i++)
        CHECK_OK(dtake__buf_printf(&request, "X: %0*d\r\n", (int)width - 5, 0));
    CHECK_OK(dtake__buf_puts(&request, "\r\n"));
    outcome o;
    feed(&o, (const char *)request.data, request.len, 1000);
    dtake__free(o.text);
    dtake__buf_dispose(&request);
    return o.status;
}

static void what_is_too_long_has_its_own_status(void **state)
{
    (void)state;
    CHECK_EQ(status_of_size(8000, 10, 100), 0);
    CHECK_EQ(status_of_size(9000, 10, 100), 414);
    CHECK_EQ(status_of_size(10, 99, 100), 0);
    CHECK_EQ(status_of_size(10, 100, 100), 431); /* with Host 101 */
    CHECK_EQ(status_of_size(10, 20, 2000), 431);
}

/* Bytes of `wire` that belong to the body; negative: the refusal. -1: not over. */
static int body_of(const char *wire, bool chunked, int64_t length, size_t step)
{
    dtake__http1_head head = { .chunked = chunked, .content_length = length };
    dtake__http1_body body;
    dtake__http1_fault fault = { 0 };
    size_t at = 0, len = strlen(wire);
    dtake__http1_body_begin(&body, &head, DTAKE__HTTP1_MAX_DROPPED);
    for (;;) {
        size_t used, run, give = len - at < step ? len - at : step;
        dtake__http1_progress progress =
            dtake__http1_read_body(&body, (const uint8_t *)wire + at, give, &used, &run, &fault);
        at += used;
        if (progress == DTAKE__HTTP1_BAD)
            return -fault.status;
        if (progress == DTAKE__HTTP1_DONE)
            return (int)at;
        if (at == len)
            return -1;
    }
}

static void a_body_ends_where_its_framing_says(void **state)
{
    (void)state;
    static const struct {
        const char *wire;
        bool chunked;
        int64_t length;
        int bytes;
    } rows[] = {
        { "abcGET /", false, 3, 3 },
        { "GET /", false, 0, 0 },
        { "ab", false, 3, -1 },
        { "", false, 2 << 20, -413 },
        { "0\r\n\r\nGET /", true, 0, 5 },
        { "3\r\nabc\r\n0\r\n\r\nGET /", true, 0, 13 },
        { "00003;name=\"v\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", true, 0, 53 },
        { "3\r\nabc\r\n", true, 0, -1 },
        { "3\r\nabcd\r\n", true, 0, -400 },
        { "3\nabc\r\n", true, 0, -400 },
        { "3\r\nabc\n", true, 0, -400 },
        { "\r\n", true, 0, -400 },
        { "-1\r\n", true, 0, -400 },
        { "0x3\r\nabc", true, 0, -400 },
        { "3 \r\nabc", true, 0, -400 },
        { "000000003\r\nabc", true, 0, -400 },
        { "ffffffff\r\n", true, 0, -413 },
        { "3;\x01\r\n", true, 0, -400 },
        { "0\r\n\n", true, 0, -400 },
        { "0\r\nA: b\rc\r\n\r\n", true, 0, -400 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t step = 1; step <= 100; step += 99) {
            int bytes = body_of(rows[i].wire, rows[i].chunked, rows[i].length, step);
            if (bytes != rows[i].bytes)
                fail_msg("row %d in steps of %d: %d, expected %d", (int)i, (int)step, bytes, rows[i].bytes);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_taken_or_refused_as_the_rfc_says),
        cmocka_unit_test(a_head_is_taken_apart),
        cmocka_unit_test(a_connection_is_kept_by_default_from_http_1_1_on),
        cmocka_unit_test(what_is_too_long_has_its_own_status),
        cmocka_unit_test(a_body_ends_where_its_framing_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
