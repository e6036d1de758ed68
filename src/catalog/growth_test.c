/* Small pages, then large ones. */
#include "catalog/small.h"
#include "catalog/store.h"

#include <sqlite3.h>

static int64_t number(sandbox *s, const char *text)
{
    int64_t value = -1;
    SANDBOX_OK(s, dtake__db_number(s->catalog->idle, text, &value, &s->err));
    return value;
}

static bool has_log(sandbox *s)
{
    sqlite3_stmt *statement;
    CHECK_EQ(sqlite3_prepare_v2(s->catalog->idle->sql, "PRAGMA journal_mode", -1, &statement, NULL),
             SQLITE_OK);
    CHECK_EQ(sqlite3_step(statement), SQLITE_ROW);
    bool is = strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    sqlite3_finalize(statement);
    return is;
}

static void a_file_that_is_made_for_much_has_large_pages_at_once(void **state)
{
    (void)state;
    sandbox *s = sandbox_new();
    sandbox_close(s);
    CHECK_EQ(remove(s->path), 0);
    dtake__catalog_options options = { .create = true, .expected_bytes = DTAKE__GROW_BYTES };
    SANDBOX_OK(s, dtake__catalog_open(&s->catalog, s->path, &options, &s->err));
    CHECK_EQ(number(s, "PRAGMA page_size"), 16384);
    CHECK_EQ(number(s, "PRAGMA auto_vacuum"), 2);
    CHECK(has_log(s));
    sandbox_free(s);
}

static void pages_grow_with_the_file_and_what_is_in_it_stays(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    CHECK_EQ(number(s, "PRAGMA page_size"), 512);
    put_small(s, "c", 0, 1, 60000);
    CHECK_EQ(number(s, "PRAGMA page_size"), 512);
    for (int i = 1; number(s, "PRAGMA page_size") == 512; i++) {
        CHECK(i < 10);
        CHECK_EQ(put_small(s, "c", INT64_C(60000) * i, 1, 60000).added, 60000);
    }
    CHECK_EQ(number(s, "PRAGMA page_size"), 16384);
    CHECK(has_log(s));
    CHECK_EQ(number(s, "SELECT count(*) FROM meta WHERE key = 'growing'"), 0);
    CHECK_EQ(put_small(s, "c", 0, 1, 60000).same, 60000);
    CHECK(small_count(s) >= 120000);
    sandbox_check(s);
    sandbox_free(s);
}

static void a_large_ingest_begins_with_large_pages(void **state)
{
    (void)state;
    sandbox *s = small_sandbox();
    dtake__catalog_expect(s->catalog, 1000);
    CHECK_EQ(number(s, "PRAGMA page_size"), 512);
    dtake__catalog_expect(s->catalog, 76 << 20);
    CHECK_EQ(number(s, "PRAGMA page_size"), 16384);
    CHECK(has_log(s));
    put_small(s, "c", 0, 1, 300);
    CHECK_EQ(small_count(s), 300);
    sandbox_check(s);
    sandbox_free(s);
}

static void while_somebody_else_reads_pages_stay_and_nothing_waits(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(1000);
    dtake__catalog *other;
    dtake__catalog_options options = { .read_only = true };
    SANDBOX_OK(s, dtake__catalog_open(&other, s->path, &options, &s->err));
    dtake__catalog_expect(s->catalog, 76 << 20);
    CHECK_EQ(number(s, "PRAGMA page_size"), 512);
    CHECK(has_log(s));
    put_small(s, "c", 5000, 1, 300);
    dtake__catalog_close(other);
    dtake__catalog_expect(s->catalog, 76 << 20);
    CHECK_EQ(number(s, "PRAGMA page_size"), 16384);
    CHECK_EQ(small_count(s), 1300);
    sandbox_check(s);
    sandbox_free(s);
}

/* As a process leaves it that ended in the middle. */
static void a_log_that_did_not_come_back_comes_with_the_next_writer(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(1000);
    sqlite3 *sql;
    sandbox_close(s);
    CHECK_EQ(sqlite3_open(s->path, &sql), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(sql, "INSERT INTO meta VALUES('growing', 1); PRAGMA journal_mode = DELETE", NULL,
                          NULL, NULL),
             SQLITE_OK);
    sqlite3_close(sql);
    sandbox_open(s, true);
    CHECK_EQ(small_count(s), 1000);
    sandbox_open(s, false);
    CHECK(has_log(s));
    CHECK_EQ(number(s, "SELECT count(*) FROM meta WHERE key = 'growing'"), 0);
    CHECK_EQ(small_count(s), 1000);
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_made_for_much_has_large_pages_at_once),
        cmocka_unit_test(pages_grow_with_the_file_and_what_is_in_it_stays),
        cmocka_unit_test(a_large_ingest_begins_with_large_pages),
        cmocka_unit_test(while_somebody_else_reads_pages_stay_and_nothing_waits),
        cmocka_unit_test(a_log_that_did_not_come_back_comes_with_the_next_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
