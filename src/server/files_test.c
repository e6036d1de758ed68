/* What /files/ answers, over real sockets. */
#include "server/serving.h"

#include "core/clock.h"
#include "server/beneath.h"

#include <errno.h>

enum { SIZE = 1000, BIG = 5 * 1024 * 1024 + 17 };

static int set_up(void **state)
{
    static serving s;
    char path[200];
    make_folder(&s);
    write_pattern(s.folder, "a.tif", SIZE);
    /* A date of the present second would be no strong validator. */
    struct timespec times[2] = { { .tv_sec = 1704067200 }, { .tv_sec = 1704067200, .tv_nsec = 5 } };
    snprintf(path, sizeof path, "%s/a.tif", s.folder);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    write_file(s.folder, "empty.txt", "", 0);
    write_pattern(s.folder, "big.bin", BIG);
    snprintf(path, sizeof path, "%s/sub dir", s.folder);
    assert_int_equal(mkdir(path, 0755), 0);
    write_file(path, "<b>&\"x\".json", "{}", 2);
    snprintf(path, sizeof path, "%s/link-in", s.folder);
    assert_int_equal(symlink("a.tif", path), 0);
    snprintf(path, sizeof path, "%s/link-out", s.folder);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/link-up", s.folder);
    assert_int_equal(symlink("../", path), 0);
    snprintf(path, sizeof path, "%s/fifo", s.folder);
    assert_int_equal(mkfifo(path, 0644), 0);
    serve(&s, (dtake_serve_options){ 0 });
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    end_serving(*state);
    return 0;
}

static void check_bytes(const reply *r, size_t at, size_t len)
{
    CHECK_EQ(r->body.len, len);
    for (size_t i = 0; i < len; i++)
        if (r->body.data[i] != pattern(at + i))
            fail_msg("byte %zu of the answer is wrong", i);
}

static void a_range_brings_those_bytes_and_says_which(void **state)
{
    static const struct {
        const char *fields;
        int status;
        size_t at, len;
        const char *content_range;
    } rows[] = {
        { "", 200, 0, 1000, NULL },
        { "Range: bytes=0-99\r\n", 206, 0, 100, "bytes 0-99/1000" },
        { "Range: bytes=999-\r\n", 206, 999, 1, "bytes 999-999/1000" },
        { "Range: bytes=-10\r\n", 206, 990, 10, "bytes 990-999/1000" },
        { "Range: bytes=900-5000\r\n", 206, 900, 100, "bytes 900-999/1000" },
        { "Range: bytes=0-9,20-29\r\n", 206, 0, 30, "bytes 0-29/1000" }, /* two parts would be more */
        { "Range: bytes=0-9\r\nRange: bytes=20-29\r\n", 200, 0, 1000, NULL },
        { "Range: lines=0-9\r\n", 200, 0, 1000, NULL },
        { "Range: bytes=9-0\r\n", 200, 0, 1000, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reply r = ask(*state, "GET", "/files/a.tif", rows[i].fields);
        const char *range = field_of(&r, "Content-Range");
        CHECK_EQ(r.status, rows[i].status);
        CHECK_EQ(range != NULL, rows[i].content_range != NULL);
        if (range != NULL)
            CHECK_STR(range, rows[i].content_range);
        CHECK_STR(field_of(&r, "Accept-Ranges"), "bytes");
        CHECK_STR(field_of(&r, "Content-Type"), "image/tiff; application=geotiff");
        check_bytes(&r, rows[i].at, rows[i].len);
        drop(&r);
    }
}

static void a_range_behind_the_end_is_416_with_the_size(void **state)
{
    reply r = ask(*state, "GET", "/files/a.tif", "Range: bytes=1000-\r\n");
    CHECK_EQ(r.status, 416);
    CHECK_STR(field_of(&r, "Content-Range"), "bytes */1000");
    drop(&r);
    r = ask(*state, "GET", "/files/empty.txt", "Range: bytes=0-0\r\n");
    CHECK_EQ(r.status, 416);
    CHECK_STR(field_of(&r, "Content-Range"), "bytes */0");
    drop(&r);
    r = ask(*state, "GET", "/files/empty.txt", "Range: bytes=-5\r\n");
    CHECK_EQ(r.status, 200);
    CHECK_EQ(r.body.len, 0);
    drop(&r);
}

static void a_large_file_comes_whole(void **state)
{
    reply r = ask(*state, "GET", "/files/big.bin", "");
    CHECK_EQ(r.status, 200);
    check_bytes(&r, 0, BIG);
    drop(&r);
    r = ask(*state, "GET", "/files/big.bin", "Range: bytes=100000-4999999\r\n");
    CHECK_EQ(r.status, 206);
    check_bytes(&r, 100000, 4900000);
    drop(&r);
}

/* Its pages are put out of memory first, where the file system allows that: threads have to read it. */
static void a_file_that_is_on_the_disk_only_comes_whole(void **state)
{
    const serving *s = *state;
    char path[200];
    snprintf(path, sizeof path, "%s/big.bin", s->folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK_EQ(fsync(fd), 0);
    CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    reply r = ask(s, "GET", "/files/big.bin", "");
    CHECK_EQ(r.status, 200);
    check_bytes(&r, 0, BIG);
    drop(&r);
    close(fd);
}

static void head_tells_the_same_without_the_bytes(void **state)
{
    reply r = ask(*state, "HEAD", "/files/a.tif", "Range: bytes=0-9\r\n");
    CHECK_EQ(r.status, 200); /* ranges are for GET */
    CHECK_STR(field_of(&r, "Content-Length"), "1000");
    CHECK_EQ(r.body.len, 0);
    drop(&r);
    r = ask(*state, "HEAD", "/files/none", "");
    CHECK_EQ(r.status, 404);
    drop(&r);
}

/* E and D stand for the file's own etag and date, O and F for the old and the future one. */
static const struct {
    const char *fields;
    int status;
} conditions[] = {
    { "If-Match: E", 200 },
    { "If-Match: *", 200 },
    { "If-Match: \"x\", E", 200 },
    { "If-Match: \"x\"\r\nIf-Match: E", 200 },
    { "If-Match: \"x\"", 412 },
    { "If-Match: W/E", 412 },
    { "If-Match: garbage", 412 },
    { "If-Match: E\r\nIf-Unmodified-Since: O", 200 },
    { "If-Unmodified-Since: D", 200 },
    { "If-Unmodified-Since: F", 200 },
    { "If-Unmodified-Since: O", 412 },
    { "If-Unmodified-Since: no date", 200 },
    { "If-None-Match: E", 304 },
    { "If-None-Match: W/E", 304 },
    { "If-None-Match: *", 304 },
    { "If-None-Match: \"x\",E", 304 },
    { "If-None-Match: \"x\"", 200 },
    { "If-None-Match: \"x\"\r\nIf-Modified-Since: F", 200 },
    { "If-Modified-Since: D", 304 },
    { "If-Modified-Since: F", 304 },
    { "If-Modified-Since: O", 200 },
    { "If-Modified-Since: soon", 200 },
    { "If-Match: \"x\"\r\nIf-None-Match: E", 412 },
    { "If-Match: E\r\nIf-None-Match: E", 304 },
    { "If-None-Match: E\r\nRange: bytes=0-9", 304 },
    { "If-Match: \"x\"\r\nRange: bytes=5000-", 412 },
    { "If-Match: E\r\nRange: bytes=0-9", 206 },
    { "If-Range: E\r\nRange: bytes=0-9", 206 },
    { "If-Range: W/E\r\nRange: bytes=0-9", 200 },
    { "If-Range: \"x\"\r\nRange: bytes=0-9", 200 },
    { "If-Range: \"x\"\r\nRange: bytes=5000-", 200 },
    { "If-Range: D\r\nRange: bytes=0-9", 206 },
    { "If-Range: O\r\nRange: bytes=0-9", 200 },
    { "If-Range: F\r\nRange: bytes=0-9", 200 },
};

/* Writes the fields with what the letters stand for, which are words of their own. */
static void fill_in(char *out, size_t size, const char *fields, const char *etag, const char *date)
{
    size_t at = 0;
    for (const char *c = fields; *c != '\0'; c++) {
        bool alone = c > fields && strchr(" /,", c[-1]) != NULL && (c[1] == '\0' || strchr("\r,", c[1]));
        const char *text = !alone      ? NULL
                           : *c == 'E' ? etag
                           : *c == 'D' ? date
                           : *c == 'O' ? "Sun, 06 Nov 1994 08:49:37 GMT"
                           : *c == 'F' ? "Sat, 06 Nov 2094 08:49:37 GMT"
                                       : NULL;
        at += (size_t)snprintf(out + at, size - at, text != NULL ? "%s" : "%.1s", text != NULL ? text : c);
    }
    snprintf(out + at, size - at, "\r\n");
}

static void conditions_are_weighed_in_the_order_of_the_rfc(void **state)
{
    char etag[100], date[100], fields[400];
    reply r = ask(*state, "HEAD", "/files/a.tif", "");
    snprintf(etag, sizeof etag, "%s", field_of(&r, "ETag"));
    snprintf(date, sizeof date, "%s", field_of(&r, "Last-Modified"));
    drop(&r);
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        fill_in(fields, sizeof fields, conditions[i].fields, etag, date);
        r = ask(*state, "GET", "/files/a.tif", fields);
        if (r.status != conditions[i].status)
            fail_msg("%d, expected %d: %s", r.status, conditions[i].status, fields);
        if (r.status == 304) {
            CHECK_STR(field_of(&r, "ETag"), etag);
            CHECK(field_of(&r, "Content-Length") == NULL);
        }
        drop(&r);
    }
}

static void a_date_of_the_present_second_does_not_guard_a_range(void **state)
{
    serving *s = *state;
    char path[200], fields[200];
    write_file(s->folder, "fresh", "0123456789", 10);
    snprintf(path, sizeof path, "%s/fresh", s->folder);
    /* Ahead of the clock, so that this cannot turn on when in a second the test runs. */
    struct timespec times[2] = { { .tv_sec = dtake__unix_now_ns() / 1000000000 + 60 },
                                 { .tv_sec = dtake__unix_now_ns() / 1000000000 + 60 } };
    CHECK_EQ(utimensat(AT_FDCWD, path, times, 0), 0);
    reply r = ask(s, "HEAD", "/files/fresh", "");
    snprintf(fields, sizeof fields, "If-Range: %s\r\nRange: bytes=0-4\r\n", field_of(&r, "Last-Modified"));
    drop(&r);
    CHECK_EQ(status_of(s, "GET", "/files/fresh", fields), 200);
    CHECK_EQ(unlink(path), 0);
}

static void a_changed_file_has_another_etag(void **state)
{
    serving *s = *state;
    char first[100];
    write_file(s->folder, "changing", "one", 3);
    reply r = ask(s, "GET", "/files/changing", "");
    snprintf(first, sizeof first, "%s", field_of(&r, "ETag"));
    drop(&r);
    write_file(s->folder, "changing.new", "two", 3);
    char from[200], to[200];
    snprintf(from, sizeof from, "%s/changing.new", s->folder);
    snprintf(to, sizeof to, "%s/changing", s->folder);
    CHECK_EQ(rename(from, to), 0);
    r = ask(s, "GET", "/files/changing", "");
    CHECK_EQ(r.status, 200);
    assert_string_not_equal(field_of(&r, "ETag"), first);
    assert_memory_equal(r.body.data, "two", 3);
    drop(&r);
    CHECK_EQ(unlink(to), 0);
}

static void nothing_outside_the_folder_is_served(void **state)
{
    static const struct {
        const char *target;
        int status;
    } rows[] = {
        { "/files/../../../../etc/passwd", 404 },
        { "/files/..%2f..%2f..%2f..%2fetc%2fpasswd", 404 },
        { "/files/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 404 },
        { "/files/%252e%252e/%252e%252e/etc/passwd", 404 },
        { "/files/..%5c..%5c..%5cetc%5cpasswd", 404 },
        { "/files//etc/passwd", 404 },
        { "/files/%2fetc/passwd", 404 },
        { "/files/link-out", 404 },
        { "/files/link-up/", 404 },
        { "/files/link-up/etc/passwd", 404 },
        { "/files/a.tif%00.json", 400 },
        { "/files/%zz", 400 },
        { "/files/a.tif/", 404 },
        { "/files/a.tif/b", 404 },
        { "/files/fifo", 404 },
        { "/files/none", 404 },
        { "/nothing/", 404 },
        { "/file", 404 },
        { "/files/link-in", 200 },
        { "/files/sub%20dir/../a.tif", 200 },
        { "/%66iles/%61.tif", 200 },
        { "/files/a.tif?x=../../..", 200 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int status = status_of(*state, "GET", rows[i].target, "");
        if (status != rows[i].status)
            fail_msg("%d, expected %d: %s", status, rows[i].status, rows[i].target);
    }
    char target[8000];
    memset(target, 'x', sizeof target - 1);
    memcpy(target, "/files/", 7);
    target[sizeof target - 1] = '\0';
    CHECK_EQ(status_of(*state, "GET", target, ""), 404);
}

static void without_openat2_no_link_is_followed_at_all(void **state)
{
    const serving *s = *state;
    int folder = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    static const struct {
        const char *path;
        int expected; /* 0: opens */
    } rows[] = {
        { "", 0 },
        { "a.tif", 0 },
        { "sub dir", 0 },
        { "sub dir/", 0 },
        { "fifo", 0 },
        { "link-in", -ENOENT },
        { "link-up/", -ENOENT },
        { "link-up/etc", -ENOENT },
        { "..", -ENOENT },
        { "sub dir/../..", -ENOENT },
        { "none", -ENOENT },
        { "a.tif/b", -ENOENT },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = dtake__open_beneath_walk(folder, rows[i].path);
        if ((fd >= 0 ? 0 : fd) != rows[i].expected)
            fail_msg("%s: %d", rows[i].path, fd);
        if (fd >= 0)
            close(fd);
    }
    close(folder);
}

static void a_folder_is_a_page_or_json(void **state)
{
    reply r = ask(*state, "GET", "/files/sub%20dir/", "Accept: text/html, application/json\r\n");
    CHECK_EQ(r.status, 200);
    CHECK_STR(field_of(&r, "Content-Type"), "text/html; charset=utf-8");
    CHECK(strstr(dtake__buf_str(&r.body),
                 "<a href=\"./%3Cb%3E%26%22x%22.json\">&lt;b&gt;&amp;&quot;x&quot;.json</a>") != NULL);
    drop(&r);
    r = ask(*state, "GET", "/files/sub%20dir/?f=json", "");
    CHECK_STR(field_of(&r, "Content-Type"), "application/json");
    CHECK(strstr(dtake__buf_str(&r.body), "{\"name\": \"<b>&\\\"x\\\".json\", \"type\": \"file\", "
                                          "\"href\": \"./%3Cb%3E%26%22x%22.json\", \"size\": 2, ") != NULL);
    drop(&r);
    r = ask(*state, "GET", "/files/", "Accept: application/json\r\n");
    const char *text = dtake__buf_str(&r.body);
    CHECK(strstr(text, "\"path\": \"/files/\"") != NULL);
    CHECK(strstr(text, "\"name\": \"sub dir\", \"type\": \"folder\"") != NULL);
    CHECK(strstr(text, "link-in") != NULL);
    CHECK(strstr(text, "link-out") == NULL);
    CHECK(strstr(text, "link-up") == NULL);
    CHECK(strstr(text, "fifo") == NULL);
    drop(&r);
    r = ask(*state, "HEAD", "/files/", "");
    CHECK_EQ(r.status, 200);
    CHECK_EQ(r.body.len, 0);
    drop(&r);
}

static void a_folder_without_its_slash_is_elsewhere(void **state)
{
    reply r = ask(*state, "GET", "//files///sub%20dir?f=json", "");
    CHECK_EQ(r.status, 301);
    CHECK_STR(field_of(&r, "Location"), "/files/sub%20dir/?f=json");
    drop(&r);
    r = ask(*state, "GET", "/files", "");
    CHECK_EQ(r.status, 301);
    CHECK_STR(field_of(&r, "Location"), "/files/");
    drop(&r);
}

static void the_root_page_leads_to_the_files(void **state)
{
    reply r = ask(*state, "GET", "/", "");
    CHECK_EQ(r.status, 200);
    CHECK(strstr(dtake__buf_str(&r.body), "href=\"/files/\"") != NULL);
    drop(&r);
}

static void only_reading_is_allowed(void **state)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW", "get" };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        reply r = ask(*state, methods[i], "/files/a.tif", "");
        CHECK_EQ(r.status, 405);
        CHECK_STR(field_of(&r, "Allow"), "GET, HEAD, OPTIONS");
        drop(&r);
    }
    CHECK_EQ(status_of(*state, "OPTIONS", "/files/a.tif", ""), 204);
    CHECK_EQ(status_of(*state, "OPTIONS", "*", ""), 204);
}

static void a_file_that_shrinks_breaks_its_answer_off(void **state)
{
    serving *s = *state;
    static uint8_t zeros[32 << 20];
    char path[200];
    write_file(s->folder, "shrinking", zeros, sizeof zeros);
    int fd = dial(s), small = 64 * 1024;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(fd, "GET /files/shrinking HTTP/1.1\r\nHost: localhost\r\n\r\n");
    reply r = { .head = DTAKE_BUF_INIT(4096), .body = DTAKE_BUF_INIT(64 << 20) };
    read_head(&r, fd); /* the answer is under way and too large for the socket's buffers */
    CHECK_EQ(r.status, 200);
    snprintf(path, sizeof path, "%s/shrinking", s->folder);
    CHECK_EQ(truncate(path, 1000), 0);
    read_body(&r, fd, sizeof zeros);
    CHECK(r.closed);
    CHECK(r.body.len < sizeof zeros);
    drop(&r);
    close(fd);
    CHECK_EQ(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_brings_those_bytes_and_says_which),
        cmocka_unit_test(a_range_behind_the_end_is_416_with_the_size),
        cmocka_unit_test(a_large_file_comes_whole),
        cmocka_unit_test(a_file_that_is_on_the_disk_only_comes_whole),
        cmocka_unit_test(head_tells_the_same_without_the_bytes),
        cmocka_unit_test(conditions_are_weighed_in_the_order_of_the_rfc),
        cmocka_unit_test(a_date_of_the_present_second_does_not_guard_a_range),
        cmocka_unit_test(a_changed_file_has_another_etag),
        cmocka_unit_test(nothing_outside_the_folder_is_served),
        cmocka_unit_test(without_openat2_no_link_is_followed_at_all),
        cmocka_unit_test(a_folder_is_a_page_or_json),
        cmocka_unit_test(a_folder_without_its_slash_is_elsewhere),
        cmocka_unit_test(the_root_page_leads_to_the_files),
        cmocka_unit_test(only_reading_is_allowed),
        cmocka_unit_test(a_file_that_shrinks_breaks_its_answer_off),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
