/* Files with bytes that are not what they were. */
#include "catalog/db.h"
#include "catalog/fixture.h"
#include "catalog/small.h"

#include <fcntl.h>
#include <sys/stat.h>

static void flip(const char *path, off_t at, size_t len)
{
    uint8_t bytes[64];
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && len <= sizeof bytes && pread(fd, bytes, len, at) == (ssize_t)len);
    for (size_t i = 0; i < len; i++)
        bytes[i] ^= 0x5a;
    CHECK(pwrite(fd, bytes, len, at) == (ssize_t)len);
    close(fd);
}

/* Everything that reads, on a file that may be damaged: it ends, and what it gives is right. */
static bool reads_well(sandbox *s, int64_t rows)
{
    dtake__catalog_options options = { 0 };
    dtake_dataset_list *list;
    dtake__search *search;
    dtake_query *q = sandbox_query("small");
    int64_t got = 0;
    dtake_status st = dtake__catalog_open(&s->catalog, s->path, &options, &s->err);
    if (st == DTAKE_OK && (st = dtake__catalog_datasets(s->catalog, &list, &s->err)) == DTAKE_OK)
        dtake_dataset_list_free(list);
    if (st == DTAKE_OK && (st = dtake__search_open(&search, s->catalog, q, &s->err)) == DTAKE_OK) {
        for (dtake_batch *batch = NULL;;) {
            st = dtake__search_next(search, &batch, &s->err);
            if (st != DTAKE_OK || batch == NULL)
                break;
            got += dtake_batch_rows(batch);
            dtake_batch_release(batch);
        }
        dtake__search_close(search);
    }
    if (st == DTAKE_OK)
        CHECK_EQ(got, rows);
    dtake_query_free(q);
    return st == DTAKE_OK;
}

static void damage_pages(sandbox *s, off_t page_bytes)
{
    struct stat facts;
    int told = 0;
    sandbox_close(s);
    CHECK_EQ(stat(s->path, &facts), 0);
    CHECK(facts.st_size >= 10 * page_bytes);
    for (off_t page = 0; page < facts.st_size / page_bytes; page++)
        for (off_t within = 0; within < page_bytes; within += page_bytes - 48) {
            off_t at = page * page_bytes + within;
            flip(s->path, at, 48);
            if (!reads_well(s, 3000)) {
                told++;
                CHECK(s->err.message[0] != '\0');
            } else {
                dtake__catalog_check(s->catalog, NULL, NULL, NULL);
            }
            sandbox_close(s);
            flip(s->path, at, 48);
        }
    CHECK(told >= 6);
    CHECK(reads_well(s, 3000));
    sandbox_check(s);
}

static void damage_anywhere_is_told_and_never_believed(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(3000);
    damage_pages(s, DTAKE__SMALL_PAGE_BYTES);
    dtake__catalog_expect(s->catalog, INT64_C(1) << 30);
    damage_pages(s, DTAKE__PAGE_BYTES);
    sandbox_free(s);
}

static void note_problem(const char *text, void *ctx)
{
    (void)text;
    ++*(int *)ctx;
}

/* The piece that the value column begins in, found by its bytes. */
static void repair_saves_all_frames_but_the_damaged_one(void **state)
{
    (void)state;
    enum { ROWS = 20000 };
    sandbox *s = sandbox_new();
    dtake_schema *schema = small_schema();
    dtake__builder *b;
    dtake_batch *batch;
    fixture_rng rng = { 3 };
    sandbox_dataset(s, "small", schema);
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < ROWS; i++) {
        CHECK_OK(dtake__put_i64(b, T_TIME, i * 1000000000));
        CHECK_OK(dtake__put_f64(b, T_VALUE, rng_unit(&rng)));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    sandbox_put(s, "small", "c", batch);
    sandbox_close(s);
    struct stat facts;
    CHECK_EQ(stat(s->path, &facts), 0);
    int problems = 0;
    off_t at = facts.st_size / 2; /* among the pieces: ids or values */
    flip(s->path, at, 1);
    sandbox_open(s, false);
    CHECK_STATUS(dtake__catalog_check(s->catalog, note_problem, &problems, &s->err), DTAKE_E_INTEGRITY);
    CHECK(problems >= 1);
    dtake_query *q = sandbox_query("small");
    dtake__search *search;
    SANDBOX_OK(s, dtake__search_open(&search, s->catalog, q, &s->err));
    dtake_batch *none;
    CHECK_STATUS(dtake__search_next(search, &none, &s->err), DTAKE_E_INTEGRITY);
    CHECK(strstr(s->err.message, "read chunk 1 of ") != NULL && strstr(s->err.message, ", column ") != NULL);
    dtake__search_close(search);
    sandbox_close(s);
    problems = 0;
    SANDBOX_OK(s, dtake__catalog_repair(s->path, note_problem, &problems, &s->err));
    CHECK(problems >= 1);
    sandbox_open(s, false);
    sandbox_check(s);
    int64_t left = sandbox_rows(s, q);
    CHECK(left == ROWS || left == ROWS - 256); /* a value less, or a frame whose ids are gone */
    char aside[256];
    snprintf(aside, sizeof aside, "%s.damaged", s->path);
    CHECK_EQ(access(aside, R_OK), 0);
    CHECK_STATUS(dtake__catalog_repair(s->path, NULL, NULL, &s->err), DTAKE_E_STATE);
    dtake_query_free(q);
    dtake_batch_release(batch);
    dtake_schema_release(schema);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_anywhere_is_told_and_never_believed),
        cmocka_unit_test(repair_saves_all_frames_but_the_damaged_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
