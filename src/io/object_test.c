#include "check.h"

#include "io/loop.h"
#include "io/object.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct answer {
    dtake__latch *latch;
    dtake_status status;
    dtake_error err;
    dtake_buf bytes;
} answer;

static void on_read(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    answer *got = ctx;
    got->status = status;
    got->err = *err;
    if (status == DTAKE_OK)
        dtake__buf_move(&got->bytes, bytes);
    dtake__latch_open(got->latch);
}

static dtake_status read_range(dtake__object *object, int64_t first, int64_t count, answer *got)
{
    *got = (answer){ .latch = dtake__latch_new() };
    dtake__object_read read = { .first = first, .count = count };
    CHECK_OK(dtake__object_read_start(object, &read, NULL, NULL, on_read, got));
    CHECK(dtake__latch_wait(got->latch, 10000));
    dtake__latch_free(got->latch);
    return got->status;
}

static char path[TEMP_PATH];
static dtake_runtime *runtime;

static void write_file(const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    close(temp_file(path, "object"));
    write_file("0123456789");
    dtake_runtime_options options = { .workers = 2, .cache_dir = "" };
    return dtake_runtime_open(&runtime, &options, NULL) == DTAKE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dtake_runtime_close(runtime);
    unlink(path);
    return 0;
}

static void a_range_is_cut_at_the_end_of_the_file(void **state)
{
    (void)state;
    answer got;
    dtake__object *object;
    CHECK_OK(dtake__object_new(&object, runtime, path, NULL, NULL));
    CHECK_EQ(dtake__object_bytes(object), -1);
    CHECK_STR(dtake__object_etag(object), "");
    CHECK_OK(read_range(object, 2, 3, &got));
    CHECK_STR(dtake__buf_str(&got.bytes), "234");
    dtake__buf_dispose(&got.bytes);
    CHECK_EQ(dtake__object_bytes(object), 10);
    CHECK(dtake__object_etag(object)[0] == '"');
    CHECK_OK(read_range(object, 7, 1000000, &got));
    CHECK_STR(dtake__buf_str(&got.bytes), "789");
    dtake__buf_dispose(&got.bytes);
    CHECK_STATUS(read_range(object, 10, 1, &got), DTAKE_E_RANGE);
    dtake__object_free(object);
}

static void a_file_that_changed_between_two_reads_is_not_mixed(void **state)
{
    (void)state;
    answer got;
    dtake__object *object;
    CHECK_OK(dtake__object_new(&object, runtime, path, NULL, NULL));
    CHECK_OK(read_range(object, 0, 5, &got));
    dtake__buf_dispose(&got.bytes);
    write_file("0123456789ab");
    CHECK_STATUS(read_range(object, 5, 5, &got), DTAKE_E_CHANGED);
    CHECK(strstr(got.err.message, "had 10 bytes and now has 12") != NULL);

    dtake__object_forget_identity(object);
    CHECK_OK(read_range(object, 5, 100, &got));
    CHECK_STR(dtake__buf_str(&got.bytes), "56789ab");
    dtake__buf_dispose(&got.bytes);

    /* same length, other time */
    struct timespec times[2] = { { 1000, 0 }, { 1000, 0 } };
    CHECK_EQ(utimensat(AT_FDCWD, path, times, 0), 0);
    CHECK_STATUS(read_range(object, 0, 1, &got), DTAKE_E_CHANGED);
    dtake__object_free(object);
}

static void hrefs_name_files_in_three_ways(void **state)
{
    (void)state;
    char href[128];
    answer got;
    dtake__object *object;
    const char *forms[] = { "%s", "file://%s", "file://localhost%s", "FILE:%s" };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        snprintf(href, sizeof href, forms[i], path);
        CHECK_OK(dtake__object_new(&object, runtime, href, NULL, NULL));
        CHECK(!dtake__object_is_remote(object));
        CHECK_STR(dtake__object_path(object), path);
        CHECK_OK(read_range(object, 0, 1, &got));
        dtake__buf_dispose(&got.bytes);
        dtake__object_free(object);
    }
    CHECK_OK(dtake__object_new(&object, runtime, "file:///a%20b%2fc", NULL, NULL));
    CHECK_STR(dtake__object_path(object), "/a b/c");
    dtake__object_free(object);
    CHECK_OK(dtake__object_new(&object, runtime, "https://example.invalid/a.tif", NULL, NULL));
    CHECK(dtake__object_is_remote(object) && dtake__object_path(object) == NULL);
    dtake__object_free(object);

    dtake_error err;
    CHECK_STATUS(dtake__object_new(&object, runtime, "s3://bucket/key", NULL, &err), DTAKE_E_UNSUPPORTED);
    CHECK(strstr(err.message, "s3: URLs are not supported") != NULL);
    CHECK_STATUS(dtake__object_new(&object, runtime, "file:///a%2", NULL, &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__object_new(&object, runtime, "file:///a%00", NULL, &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__object_new(&object, runtime, "file://host/a", NULL, &err), DTAKE_E_USAGE);
    CHECK_STATUS(dtake__object_new(&object, runtime, "", NULL, &err), DTAKE_E_USAGE);
}

static void what_is_no_file_is_told_by_name(void **state)
{
    (void)state;
    answer got;
    dtake__object *object;
    char pipe_path[80];
    snprintf(pipe_path, sizeof pipe_path, "%s.pipe", path);
    CHECK_EQ(mkfifo(pipe_path, 0600), 0);
    const struct {
        const char *href;
        dtake_status status;
        const char *words;
    } cases[] = {
        { "/tmp", DTAKE_E_LOCAL_IO, "/tmp: it is a folder" },
        { "/nowhere/at/all.tif", DTAKE_E_NOT_FOUND, "/nowhere/at/all.tif: No such file" },
        { pipe_path, DTAKE_E_LOCAL_IO, "not a regular file" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_OK(dtake__object_new(&object, runtime, cases[i].href, NULL, NULL));
        CHECK_STATUS(read_range(object, 0, 10, &got), cases[i].status);
        CHECK(strstr(got.err.message, cases[i].words) != NULL);
        dtake__object_free(object);
    }
    unlink(pipe_path);
}

static void an_impossible_range_is_refused_at_once(void **state)
{
    (void)state;
    dtake__object *object;
    CHECK_OK(dtake__object_new(&object, runtime, path, NULL, NULL));
    const int64_t ranges[][2] = { { -1, 5 }, { 0, 0 }, { 0, -3 }, { INT64_MAX, 10 } };
    for (int i = 0; i < 4; i++) {
        dtake__object_read read = { .first = ranges[i][0], .count = ranges[i][1] };
        CHECK_STATUS(dtake__object_read_start(object, &read, NULL, NULL, on_read, NULL), DTAKE_E_USAGE);
    }
    dtake__object_free(object);
}

static void a_document_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    dtake_error err;
    dtake__tally tally = { 0 };
    dtake_buf text = DTAKE_BUF_INIT(0);
    CHECK_OK(dtake__object_slurp(runtime, path, 10, &tally, &text, NULL));
    CHECK_STR(dtake__buf_str(&text), "0123456789");
    CHECK_EQ(tally.bytes, 10);
    dtake__buf_dispose(&text);
    CHECK_STATUS(dtake__object_slurp(runtime, path, 9, NULL, &text, &err), DTAKE_E_LIMIT);
    CHECK(strstr(err.message, "10 bytes, more than the 9 allowed") != NULL);
    write_file("");
    CHECK_OK(dtake__object_slurp(runtime, path, 10, NULL, &text, NULL));
    CHECK_EQ(text.len, 0);
    dtake__buf_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_range_is_cut_at_the_end_of_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_changed_between_two_reads_is_not_mixed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(hrefs_name_files_in_three_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_told_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_impossible_range_is_refused_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_document_is_read_whole_or_not_at_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
