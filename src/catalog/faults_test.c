/* What may happen to a catalogue: others at work, files that are none, or not ours, or of tomorrow. */
#include "catalog/db.h"
#include "catalog/small.h"

#include <fcntl.h>
#include <sys/stat.h>

static void a_second_writer_waits_and_then_says_why(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(10);
    dtake__catalog *other;
    dtake__catalog_options options = { 0 };
    dtake__ingest *first, *second = NULL;
    SANDBOX_OK(s, dtake__catalog_open(&other, s->path, &options, &s->err));
    SANDBOX_OK(s, dtake__ingest_open(&first, s->catalog, "small", "c", 0, &s->err));
    CHECK_STATUS(dtake__ingest_open(&second, other, "small", "c", 200, &s->err), DTAKE_E_STATE);
    CHECK(strstr(s->err.message, "another process is writing to it and did not end within 0.2 s") != NULL);
    CHECK_EQ(small_count(s), 10); /* readers go on */
    dtake__ingest_close(first);
    SANDBOX_OK(s, dtake__ingest_open(&second, other, "small", "c", 200, &s->err));
    dtake__ingest_close(second);
    dtake__catalog_close(other);
    sandbox_free(s);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    close(fd);
}

static dtake_status try_open(sandbox *s, const char *path, bool read_only, bool create)
{
    dtake__catalog *catalog = NULL;
    dtake__catalog_options options = { .read_only = read_only, .create = create };
    dtake_status st = dtake__catalog_open(&catalog, path, &options, &s->err);
    dtake__catalog_close(catalog);
    return st;
}

static void exec_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
    CHECK_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void what_is_not_a_catalogue_is_called_so_and_left_alone(void **state)
{
    (void)state;
    sandbox *s = sandbox_new();
    char path[256];
    struct stat facts;
    snprintf(path, sizeof path, "%s/other", s->folder);
    CHECK_STATUS(try_open(s, path, false, false), DTAKE_E_NOT_FOUND);
    CHECK(stat(path, &facts) != 0);
    CHECK_STATUS(try_open(s, s->folder, false, true), DTAKE_E_FORMAT);
    write_file(path, "time,value\n1,2\n", 15);
    CHECK_STATUS(try_open(s, path, false, true), DTAKE_E_FORMAT);
    CHECK(strstr(s->err.message, "not a catalogue of datatake") != NULL);
    CHECK(stat(path, &facts) == 0 && facts.st_size == 15);
    unlink(path);
    exec_sql(path, "CREATE TABLE t(a)");
    CHECK_STATUS(try_open(s, path, false, true), DTAKE_E_FORMAT);
    CHECK(strstr(s->err.message, "an SQLite file, but not a catalogue") != NULL);
    write_file(path, "", 0);
    CHECK_STATUS(try_open(s, path, true, false), DTAKE_E_FORMAT);
    SANDBOX_OK(s, try_open(s, path, false, true)); /* an empty file becomes one */
    sandbox_free(s);
}

static void a_newer_format_is_refused_by_name(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(10);
    sandbox_close(s);
    exec_sql(s->path, "PRAGMA user_version = 7");
    CHECK_STATUS(try_open(s, s->path, false, true), DTAKE_E_FORMAT);
    CHECK(strstr(s->err.message, "a catalogue of format 7, made by a newer datatake") != NULL);
    CHECK_STATUS(try_open(s, s->path, true, false), DTAKE_E_FORMAT);
    exec_sql(s->path, "PRAGMA user_version = 1");
    sandbox_open(s, true);
    CHECK_EQ(small_count(s), 10);
    sandbox_free(s);
}

static void a_catalogue_opened_for_reading_is_not_changed(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(10);
    sandbox_open(s, true);
    CHECK_STATUS(try_small(s, 0, 1), DTAKE_E_STATE);
    CHECK_STATUS(dtake__catalog_compact(s->catalog, &s->err), DTAKE_E_STATE);
    CHECK_STATUS(dtake__catalog_dataset_delete(s->catalog, "small", &s->err), DTAKE_E_LOCAL_IO);
    CHECK_EQ(small_count(s), 10);
    sandbox_free(s);
}

static void a_copy_that_is_cut_while_it_is_open_is_told(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(5000);
    char copy[256];
    int64_t rows;
    dtake__catalog *reader;
    dtake__catalog_options options = { .read_only = true };
    dtake_query *q = sandbox_query("small");
    snprintf(copy, sizeof copy, "%s/copy.dtk", s->folder);
    SANDBOX_OK(s, dtake__catalog_export(s->catalog, copy, &s->err));
    dtake__pretend_file_system(0x6969);
    SANDBOX_OK(s, dtake__catalog_open(&reader, copy, &options, &s->err));
    dtake__pretend_file_system(0);
    SANDBOX_OK(s, dtake__catalog_count(reader, q, &rows, &s->err));
    CHECK_EQ(rows, 5000);
    CHECK_EQ(chmod(copy, 0644), 0);
    CHECK_EQ(truncate(copy, 20000), 0);
    CHECK_STATUS(dtake__catalog_count(reader, q, &rows, &s->err), DTAKE_E_INTEGRITY);
    CHECK(strstr(s->err.message, "to 20000 bytes while it was open") != NULL);
    dtake_query_free(q);
    dtake__catalog_close(reader);
    sandbox_free(s);
}

/* As `cp` over it does. What was read already stays good, the rest is refused: the process lives on. */
static void a_file_that_is_cut_under_a_search_is_told(void **state)
{
    (void)state;
    enum { CHUNKS = 3, CHUNK = 65536, CUT_BYTES = 3 * 16384 };
    sandbox *s = small_sandbox();
    dtake_query *q = sandbox_query("small");
    for (int64_t i = 0; i < CHUNKS; i++)
        put_small(s, "c", i * CHUNK, 1, CHUNK);
    sandbox_open(s, true);
    dtake__search *search;
    dtake_batch *batch = NULL;
    dtake_status st = DTAKE_OK;
    int64_t rows = 0;
    SANDBOX_OK(s, dtake__search_open(&search, s->catalog, q, &s->err));
    SANDBOX_OK(s, dtake__search_next(search, &batch, &s->err));
    CHECK_EQ(dtake_batch_rows(batch), CHUNK);
    CHECK_EQ(truncate(s->path, CUT_BYTES), 0);
    while (st == DTAKE_OK && batch != NULL) {
        rows += dtake_batch_rows(batch);
        dtake_batch_release(batch);
        st = dtake__search_next(search, &batch, &s->err);
    }
    CHECK_STATUS(st, DTAKE_E_INTEGRITY);
    CHECK(rows < CHUNKS * CHUNK);
    CHECK(strstr(s->err.message, "somebody cut it from ") != NULL);
    CHECK(strstr(s->err.message, "to 49152 bytes while it was open") != NULL);
    dtake__search_close(search);
    dtake_query_free(q);
    sandbox_free(s);
}

static void on_a_network_file_system_it_is_read_and_not_written(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(100);
    char copy[256];
    snprintf(copy, sizeof copy, "%s/copy.dtk", s->folder);
    SANDBOX_OK(s, dtake__catalog_export(s->catalog, copy, &s->err));
    CHECK_STATUS(dtake__catalog_export(s->catalog, copy, &s->err), DTAKE_E_STATE);
    dtake__pretend_file_system(0x6969);
    CHECK_STATUS(try_open(s, copy, false, true), geteuid() == 0 ? DTAKE_E_UNSUPPORTED : DTAKE_E_LOCAL_IO);
    if (geteuid() == 0)
        CHECK(strstr(s->err.message, "it lies on a network file system (NFS)") != NULL);
    /* With changes in the log the file alone is not the whole catalogue. */
    CHECK_STATUS(try_open(s, s->path, true, false), DTAKE_E_LOCAL_IO);
    dtake__catalog *readers[64];
    dtake__catalog_options options = { .read_only = true };
    for (int i = 0; i < 64; i++)
        SANDBOX_OK(s, dtake__catalog_open(&readers[i], copy, &options, &s->err));
    dtake__pretend_file_system(0);
    for (int i = 0; i < 64; i++) {
        dtake_query *q = sandbox_query("small");
        int64_t rows;
        SANDBOX_OK(s, dtake__catalog_count(readers[i], q, &rows, &s->err));
        CHECK_EQ(rows, 100);
        dtake_query_free(q);
        dtake__catalog_close(readers[i]);
    }
    sandbox_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_writer_waits_and_then_says_why),
        cmocka_unit_test(what_is_not_a_catalogue_is_called_so_and_left_alone),
        cmocka_unit_test(a_newer_format_is_refused_by_name),
        cmocka_unit_test(a_catalogue_opened_for_reading_is_not_changed),
        cmocka_unit_test(a_copy_that_is_cut_while_it_is_open_is_told),
        cmocka_unit_test(a_file_that_is_cut_under_a_search_is_told),
        cmocka_unit_test(on_a_network_file_system_it_is_read_and_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
