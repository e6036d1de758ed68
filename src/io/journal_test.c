#include "check.h"

#include "io/journal.h"

#include "core/buf.h"

#include <stdlib.h>
#include <unistd.h>

static char path[TEMP_PATH];

static const dtake__journal_object scene = {
    .href = "http://127.0.0.1/B04.tif", .etag = "\"5f-1\"", .options = "raw", .bytes = 1000000
};

static int a_free_name(void **state)
{
    (void)state;
    return close(temp_file(path, "journal"));
}

static int remove_file(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

/* The file with `done` lines 100, 200, ... `count` times; its text is the caller's. */
static char *written(int count, size_t *len)
{
    static char text[4096];
    dtake__journal *journal;
    CHECK_OK(dtake__journal_begin(&journal, path, &scene, NULL));
    for (int i = 1; i <= count; i++)
        CHECK_OK(dtake__journal_done(journal, 100 * i, NULL));
    dtake__journal_close(journal);
    FILE *file = fopen(path, "rb");
    *len = fread(text, 1, sizeof text, file);
    fclose(file);
    return text;
}

static void put(const char *text, size_t len)
{
    FILE *file = fopen(path, "wb");
    fwrite(text, 1, len, file);
    fclose(file);
}

static int64_t done_of(const char *text, size_t len)
{
    int64_t done;
    size_t good;
    dtake__journal_parse(text, len, &scene, &done, &good);
    CHECK(good <= len);
    return done;
}

static void what_was_said_last_counts(void **state)
{
    (void)state;
    size_t len;
    char *text = written(3, &len), etag[64];
    int64_t bytes, done;
    CHECK_EQ(done_of(text, len), 300);
    CHECK_OK(dtake__journal_read(path, &scene, etag, sizeof etag, &bytes, &done, NULL));
    CHECK_STR(etag, "\"5f-1\"");
    CHECK_EQ(bytes, 1000000);
    CHECK_EQ(done, 300);
    text = written(0, &len);
    CHECK_EQ(done_of(text, len), 0);
    CHECK_STATUS(dtake__journal_read(path, &scene, etag, sizeof etag, &bytes, &done, NULL),
                 DTAKE_E_NOT_FOUND);
    unlink(path);
    CHECK_STATUS(dtake__journal_read(path, &scene, etag, sizeof etag, &bytes, &done, NULL),
                 DTAKE_E_NOT_FOUND);
}

static void a_journal_torn_anywhere_says_what_its_whole_lines_say(void **state)
{
    (void)state;
    size_t len;
    char *text = written(3, &len);
    int64_t before = 0;
    for (size_t cut = 0; cut <= len; cut++) {
        int64_t done = done_of(text, cut);
        CHECK(done >= before && done <= 300 && done % 100 == 0);
        before = done;
    }
    CHECK_EQ(before, 300);
}

static void one_wrong_bit_ends_the_trust(void **state)
{
    (void)state;
    size_t len;
    char *text = written(3, &len);
    for (size_t i = 0; i < len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text[i] ^= (char)(1 << bit);
            int64_t done = done_of(text, len);
            CHECK(done == 0 || done == 100 || done == 200);
            text[i] ^= (char)(1 << bit);
        }
    }
}

static void lines_count_only_in_the_order_they_were_written(void **state)
{
    (void)state;
    size_t len;
    char *text = written(3, &len), other[4096];
    /* the last line away: the last but one twice */
    char *third = strstr(text, "done 300") - 9, *second = strstr(text, "done 200") - 9;
    size_t head = (size_t)(third - text), line = (size_t)(third - second);
    memcpy(other, text, head);
    memcpy(other + head, second, line);
    CHECK_EQ(done_of(other, head + line), 200);
    memcpy(other + head - line, third, line); /* the second away */
    CHECK_EQ(done_of(other, head), 100);
}

static void a_journal_of_another_object_is_none(void **state)
{
    (void)state;
    size_t len, good;
    char *text = written(2, &len);
    int64_t done;
    dtake__journal_object other[] = { scene, scene, scene, scene };
    other[0].href = "http://127.0.0.1/B05.tif";
    other[1].etag = "\"5f-2\"";
    other[2].options = "else";
    other[3].bytes = 1000001;
    for (int i = 0; i < 4; i++) {
        dtake__journal_parse(text, len, &other[i], &done, &good);
        CHECK_EQ(done, 0);
        CHECK_EQ(good, 0);
    }
    dtake__journal *journal;
    CHECK_STATUS(dtake__journal_go_on(&journal, path, &other[1], NULL), DTAKE_E_NOT_FOUND);
    CHECK(journal == NULL);
}

static void going_on_drops_the_torn_tail(void **state)
{
    (void)state;
    size_t len;
    char *text = written(3, &len), etag[64];
    int64_t bytes, done;
    put(text, len - 4);
    dtake__journal *journal;
    CHECK_OK(dtake__journal_go_on(&journal, path, &scene, NULL));
    CHECK_OK(dtake__journal_done(journal, 250, NULL));
    CHECK_OK(dtake__journal_done(journal, 1000000, NULL));
    dtake__journal_close(journal);
    CHECK_OK(dtake__journal_read(path, &scene, etag, sizeof etag, &bytes, &done, NULL));
    CHECK_EQ(done, 1000000);
}

static void only_what_can_be_named_again_has_a_journal(void **state)
{
    (void)state;
    dtake__journal *journal;
    dtake__journal_object wrong[] = { scene, scene, scene, scene };
    wrong[0].etag = "W/\"5f-1\"";
    wrong[1].etag = "";
    wrong[2].href = "http://127.0.0.1/a\nb";
    wrong[3].bytes = 0;
    for (int i = 0; i < 4; i++)
        CHECK_STATUS(dtake__journal_begin(&journal, path, &wrong[i], NULL), DTAKE_E_UNSUPPORTED);
}

static void a_folder_or_a_full_disk_is_told(void **state)
{
    (void)state;
    dtake__journal *journal;
    dtake_error err;
    CHECK_STATUS(dtake__journal_begin(&journal, "/tmp", &scene, &err), DTAKE_E_LOCAL_IO);
    CHECK(strstr(err.message, "/tmp") != NULL);
    if (access("/dev/full", W_OK) == 0) {
        CHECK_STATUS(dtake__journal_begin(&journal, "/dev/full", &scene, &err), DTAKE_E_LOCAL_IO);
        CHECK(journal == NULL);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, a_free_name, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_said_last_counts),
        TEST(a_journal_torn_anywhere_says_what_its_whole_lines_say),
        TEST(one_wrong_bit_ends_the_trust),
        TEST(lines_count_only_in_the_order_they_were_written),
        TEST(a_journal_of_another_object_is_none),
        TEST(going_on_drops_the_torn_tail),
        TEST(only_what_can_be_named_again_has_a_journal),
        TEST(a_folder_or_a_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
