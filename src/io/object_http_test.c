/* Objects over HTTP, and the client when memory runs out. */
#include "io/http_check.h"

#include "io/object.h"

enum { BYTES = 100000 };
static char bytes[BYTES];

typedef struct read_outcome {
    dtake__latch *latch;
    dtake_status status;
    dtake_buf bytes;
    dtake_error err;
} read_outcome;

static void came(dtake_status status, dtake_buf *got, const dtake_error *err, void *ctx)
{
    read_outcome *out = ctx;
    out->status = status;
    if (status == DTAKE_OK)
        dtake__buf_move(&out->bytes, got);
    else
        out->err = *err;
    dtake__latch_open(out->latch);
}

static dtake_status start_range(read_outcome *out, dtake__object *object, int64_t first, int64_t count)
{
    dtake__object_read read = { .first = first, .count = count };
    out->bytes = DTAKE_BUF_INIT(BYTES);
    return dtake__object_read_start(object, &read, NULL, &out->err, came, out);
}

static dtake_status read_range(read_outcome *out, dtake__object *object, int64_t first, int64_t count)
{
    *out = (read_outcome){ .latch = dtake__latch_new() };
    dtake_status st = start_range(out, object, first, count);
    if (st == DTAKE_OK) {
        CHECK(dtake__latch_wait(out->latch, 30000));
        st = out->status;
    }
    dtake__latch_free(out->latch);
    return st;
}

static dtake__object *object_of(const char *etag)
{
    dtake__object *object;
    for (int i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 7 >> 3);
    script_object(server, bytes, BYTES, etag, NULL);
    CHECK_OK(dtake__object_new(&object, runtime, script_url(server, "/scene.tif"), NULL, NULL));
    return object;
}

static void the_first_answer_fixes_length_and_version(void **state)
{
    (void)state;
    read_outcome got;
    open_with((dtake_runtime_options){ 0 });
    dtake__object *object = object_of("\"v1\"");
    CHECK(dtake__object_is_remote(object) && dtake__object_path(object) == NULL);
    CHECK_EQ(dtake__object_bytes(object), -1);
    CHECK_OK(read_range(&got, object, 100, 50));
    CHECK(got.bytes.len == 50 && memcmp(got.bytes.data, bytes + 100, 50) == 0);
    dtake__buf_dispose(&got.bytes);
    CHECK_EQ(dtake__object_bytes(object), BYTES);
    CHECK_STR(dtake__object_etag(object), "\"v1\"");
    CHECK(strstr(script_request(server, 0), "If-Match") == NULL);
    CHECK_OK(read_range(&got, object, BYTES - 10, 50)); /* cut at the object's end */
    CHECK(got.bytes.len == 10 && memcmp(got.bytes.data, bytes + BYTES - 10, 10) == 0);
    dtake__buf_dispose(&got.bytes);
    CHECK(strstr(script_request(server, 1), "If-Match: \"v1\"\r\n") != NULL);
    CHECK_STATUS(read_range(&got, object, BYTES, 1), DTAKE_E_RANGE);
    dtake__object_free(object);
}

static void another_version_is_not_read_along(void **state)
{
    (void)state;
    read_outcome got;
    open_with((dtake_runtime_options){ 0 });
    dtake__object *object = object_of("\"v1\"");
    CHECK_OK(read_range(&got, object, 0, 10));
    dtake__buf_dispose(&got.bytes);
    script_object(server, bytes, BYTES, "\"v2\"", NULL);
    CHECK_STATUS(read_range(&got, object, 10, 10), DTAKE_E_CHANGED);
    dtake__object_free(object);
}

static void ranges_side_by_side_come_back_to_their_own_readers(void **state)
{
    (void)state;
    enum { READS = 40 };
    read_outcome got[READS] = { 0 };
    open_with((dtake_runtime_options){ 0 });
    dtake__object *object = object_of("\"v1\"");
    for (int i = 0; i < READS; i++) {
        got[i].latch = dtake__latch_new();
        CHECK_OK(start_range(&got[i], object, i * 1000, 900));
    }
    for (int i = 0; i < READS; i++) {
        CHECK(dtake__latch_wait(got[i].latch, 30000));
        CHECK_OK(got[i].status);
        CHECK(got[i].bytes.len == 900 && memcmp(got[i].bytes.data, bytes + i * 1000, 900) == 0);
        dtake__buf_dispose(&got[i].bytes);
        dtake__latch_free(got[i].latch);
    }
    dtake__object_free(object);
}

/* Each allocation of a request fails in turn: it is refused, or ends once with an error, or gets through. */
static void without_memory_a_request_ends_once_and_the_client_stays(void **state)
{
    (void)state;
    open_with((dtake_runtime_options){ .retries = -1 });
    dtake__object *object = object_of("\"v1\"");
    int refused = 0, failed = 0;
    for (int n = 0; n < 40; n++) {
        outcome got = { .latch = dtake__latch_new() };
        dtake__http_request request = {
            .url = script_url(server, "/scene.tif"), .has_range = true, .first = n, .count = 5000
        };
        dtake_error err = { 0 };
        dtake__alloc_fail_after(n, false);
        dtake_status st = dtake__http_start(runtime, &request, NULL, &err, note_outcome, &got);
        if (st == DTAKE_OK)
            CHECK(dtake__latch_wait(got.latch, 30000));
        dtake__alloc_fail_after(-1, false);
        refused += st != DTAKE_OK;
        CHECK(st == DTAKE_OK || st == DTAKE_E_NOMEM);
        CHECK_EQ(got.calls, st == DTAKE_OK);
        if (st == DTAKE_OK && got.status == DTAKE_OK)
            CHECK(got.body.len == 5000 && memcmp(got.body.data, bytes + n, 5000) == 0);
        failed += st == DTAKE_OK && got.status != DTAKE_OK;
        dtake__latch_free(got.latch);
        forget(&got);
    }
    CHECK(refused >= 3 && failed >= 1 && refused + failed < 40);
    read_outcome after;
    CHECK_OK(read_range(&after, object, 0, 5000));
    dtake__buf_dispose(&after.bytes);
    dtake__object_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_answer_fixes_length_and_version),
        TEST(another_version_is_not_read_along),
        TEST(ranges_side_by_side_come_back_to_their_own_readers),
        TEST(without_memory_a_request_ends_once_and_the_client_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
