/* Several ranges in one request, over real sockets. */
#include "server/serving.h"

enum { SIZE = 1000, BIG = 5 * 1024 * 1024 + 17 };

static int set_up(void **state)
{
    static serving s;
    make_folder(&s);
    write_pattern(s.folder, "a.tif", SIZE);
    write_pattern(s.folder, "big.bin", BIG);
    serve(&s, (dtake_serve_options){ 0 });
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    end_serving(*state);
    return 0;
}

/* Takes what `text` says from the front of the body. */
static void take(const reply *r, size_t *at, const char *text)
{
    size_t len = strlen(text);
    if (*at + len > r->body.len || memcmp(r->body.data + *at, text, len) != 0)
        fail_msg("at byte %zu of the body there is no '%s'", *at, text);
    *at += len;
}

/* The body is these ranges of the pattern, `ranges` ending with a length of 0, and nothing else. */
static void check_parts(const reply *r, long size, const char *type, const long (*ranges)[2])
{
    char boundary[100], head[300];
    const char *field = field_of(r, "Content-Type");
    CHECK_EQ(sscanf(field, "multipart/byteranges; boundary=%99s", boundary), 1);
    CHECK_EQ(strlen(boundary), 32);
    size_t at = 0;
    for (int i = 0; ranges[i][1] > 0; i++) {
        long first = ranges[i][0], len = ranges[i][1];
        snprintf(head, sizeof head, "%s--%s\r\nContent-Type: %s\r\nContent-Range: bytes %ld-%ld/%ld\r\n\r\n",
                 i > 0 ? "\r\n" : "", boundary, type, first, first + len - 1, size);
        take(r, &at, head);
        CHECK(at + (size_t)len <= r->body.len);
        for (long k = 0; k < len; k++, at++)
            if (r->body.data[at] != pattern((size_t)(first + k)))
                fail_msg("byte %ld of the file is wrong", first + k);
    }
    snprintf(head, sizeof head, "\r\n--%s--\r\n", boundary);
    take(r, &at, head);
    CHECK_EQ(at, r->body.len);
}

static void several_ranges_are_parts_in_the_order_asked_for(void **state)
{
    static const struct {
        const char *file, *fields, *type;
        long size, ranges[4][2];
    } rows[] = {
        { "a.tif",
          "Range: bytes=700-799,0-99\r\n",
          "image/tiff; application=geotiff",
          SIZE,
          { { 700, 100 }, { 0, 100 } } },
        { "a.tif",
          "Range: bytes=0-0,-1\r\n",
          "image/tiff; application=geotiff",
          SIZE,
          { { 0, 1 }, { 999, 1 } } },
        { "big.bin",
          "Range: bytes=0-9,100000-1999999,-5\r\n",
          "application/octet-stream",
          BIG,
          { { 0, 10 }, { 100000, 1900000 }, { BIG - 5, 5 } } },
        { "big.bin",
          "Range: bytes=1000-1099,1050-1999,5000-5009,99999999-\r\n",
          "application/octet-stream",
          BIG,
          { { 1000, 1000 }, { 5000, 10 } } },
        { "big.bin",
          "Range: bytes=0-262143,300000-562143,600000-862143\r\n",
          "application/octet-stream",
          BIG,
          { { 0, 262144 }, { 300000, 262144 }, { 600000, 262144 } } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char target[64];
        snprintf(target, sizeof target, "/files/%s", rows[i].file);
        reply r = ask(*state, "GET", target, rows[i].fields);
        CHECK_EQ(r.status, 206);
        CHECK(field_of(&r, "Content-Range") == NULL);
        CHECK(field_of(&r, "ETag") != NULL);
        check_parts(&r, rows[i].size, rows[i].type, rows[i].ranges);
        drop(&r);
    }
}

static void what_would_be_more_than_the_file_is_the_file(void **state)
{
    char many[4096] = "Range: bytes=";
    for (int i = 0; i < 65; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%s%d-%d", i > 0 ? "," : "", i * 1000,
                 i * 1000 + 1);
    snprintf(many + strlen(many), sizeof many - strlen(many), "\r\n");
    reply r = ask(*state, "GET", "/files/big.bin", many);
    CHECK_EQ(r.status, 200);
    CHECK_EQ(r.body.len, BIG);
    drop(&r);
    /* 820 bytes and three heads: more than 1,000. */
    r = ask(*state, "GET", "/files/a.tif", "Range: bytes=0-299,390-659,750-999\r\n");
    CHECK_EQ(r.status, 200);
    CHECK_EQ(r.body.len, SIZE);
    drop(&r);
    r = ask(*state, "GET", "/files/a.tif", "Range: bytes=0-899,0-899,0-899,100-999,-900\r\n");
    CHECK_EQ(r.status, 206); /* one run */
    CHECK_STR(field_of(&r, "Content-Range"), "bytes 0-999/1000");
    CHECK_EQ(r.body.len, SIZE);
    drop(&r);
}

static void conditions_and_head_hold_for_several_ranges(void **state)
{
    static const struct {
        const char *method, *fields;
        int status;
        size_t len;
    } rows[] = {
        { "GET", "Range: bytes=0-0,-1\r\nIf-Range: \"other\"\r\n", 200, SIZE },
        { "GET", "Range: bytes=0-0,-1\r\nIf-Match: \"other\"\r\n", 412, 0 },
        { "GET", "Range: bytes=0-0,-1\r\nIf-None-Match: *\r\n", 304, 0 },
        { "GET", "Range: bytes=1000-1001,2000-\r\n", 416, 0 },
        { "HEAD", "Range: bytes=0-0,-1\r\n", 200, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        reply r = ask(*state, rows[i].method, "/files/a.tif", rows[i].fields);
        CHECK_EQ(r.status, rows[i].status);
        if (r.status == 200)
            CHECK_EQ(r.body.len, rows[i].len);
        if (r.status == 416)
            CHECK_STR(field_of(&r, "Content-Range"), "bytes */1000");
        drop(&r);
    }
}

static void the_connection_goes_on_behind_the_parts(void **state)
{
    static const long ranges[][2] = { { 0, 10 }, { 900000, 400000 }, { 0, 0 } };
    int fd = dial(*state);
    for (int i = 0; i < 20; i++) {
        say(fd, "GET /files/big.bin HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-9,900000-1299999\r\n\r\n");
        reply r = hear(fd, false);
        CHECK_EQ(r.status, 206);
        check_parts(&r, BIG, "application/octet-stream", ranges);
        drop(&r);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_ranges_are_parts_in_the_order_asked_for),
        cmocka_unit_test(what_would_be_more_than_the_file_is_the_file),
        cmocka_unit_test(conditions_and_head_hold_for_several_ranges),
        cmocka_unit_test(the_connection_goes_on_behind_the_parts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
