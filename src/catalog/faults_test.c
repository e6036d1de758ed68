/* What may happen to a catalogue: no room, no permission, damage, others at work, a kill at any moment. */
#include "catalog/fixture.h"
#include "catalog/db.h"
#include "catalog/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { N_TIME, N_ID, N_VALUE, SET_ROWS = 50 };

static const dtake_field fields[] = {
    { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
    { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
    { .name = "value", .type = DTAKE_FIELD_FLOAT64 },
};

static dtake_schema *number_schema(void)
{
    dtake_schema *schema;
    CHECK_OK(dtake_schema_new(&schema, fields, 3, NULL));
    return schema;
}

/* `rows` rows from second `start` on, all of value `value`. */
static dtake_batch *numbers(int64_t start, int64_t rows, double value)
{
    dtake_schema *schema = number_schema();
    dtake__builder *b;
    dtake_batch *batch;
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < rows; i++) {
        CHECK_OK(dtake__put_i64(b, N_TIME, (start + i) * 1000000000));
        CHECK_OK(dtake__put_f64(b, N_VALUE, value));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    dtake_schema_release(schema);
    return batch;
}

static sandbox *number_sandbox(int64_t rows)
{
    sandbox *s = sandbox_new();
    dtake_schema *schema = number_schema();
    sandbox_dataset(s, "n", schema);
    dtake_schema_release(schema);
    dtake_batch *batch = numbers(0, rows, 1);
    sandbox_put(s, "n", "c", batch);
    dtake_batch_release(batch);
    return s;
}

static int64_t count_all(sandbox *s)
{
    dtake_query *q = sandbox_query("n");
    int64_t rows = sandbox_rows(s, q);
    dtake_query_free(q);
    return rows;
}

/* --- writes that fail: SQLite's own calls of the system are exchanged --- */

static int writes_left = -1; /* -1: all go well */
static int write_errno;      /* 0: the process ends as by SIGKILL */

static bool write_fails(void)
{
    if (writes_left < 0 || writes_left-- > 0)
        return false;
    writes_left = 0;
    if (write_errno == 0)
        kill(getpid(), SIGKILL);
    errno = write_errno;
    return true;
}

static ssize_t failing_write(int fd, const void *bytes, size_t len)
{
    return write_fails() ? -1 : write(fd, bytes, len);
}

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return write_fails() ? -1 : pwrite(fd, bytes, len, at);
}

static void exchange_writes(bool on)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    vfs->xSetSystemCall(vfs, "write", on ? (sqlite3_syscall_ptr)failing_write : NULL);
    vfs->xSetSystemCall(vfs, "pwrite", on ? (sqlite3_syscall_ptr)failing_pwrite : NULL);
    vfs->xSetSystemCall(vfs, "pwrite64", on ? (sqlite3_syscall_ptr)failing_pwrite : NULL);
}

static dtake_status put_numbers(sandbox *s, int64_t start, int64_t rows)
{
    dtake__ingest *in = NULL;
    dtake_batch *batch = numbers(start, rows, 2);
    dtake_status st = dtake__ingest_open(&in, s->catalog, "n", "c", 100, &s->err);
    if (st == DTAKE_OK)
        st = dtake__ingest_put(in, batch, &s->err);
    if (st == DTAKE_OK)
        st = dtake__ingest_commit(in, NULL, &s->err);
    dtake__ingest_close(in);
    dtake_batch_release(batch);
    return st;
}

static void a_full_disk_loses_nothing_that_was_committed(void **state)
{
    (void)state;
    sandbox *s = number_sandbox(1000);
    int failures = 0;
    write_errno = ENOSPC;
    exchange_writes(true);
    for (int after = 0; after < 40; after++) {
        writes_left = after;
        dtake_status st = put_numbers(s, 100000 + after * 1000, 300);
        writes_left = -1;
        if (st == DTAKE_OK)
            break;
        failures++;
        CHECK_STATUS(st, DTAKE_E_LOCAL_IO);
        CHECK(strstr(s->err.message, "the disk is full: what was not committed is gone, nothing else is") !=
              NULL);
        CHECK_EQ(count_all(s), 1000);
    }
    CHECK(failures >= 3);
    exchange_writes(false);
    SANDBOX_OK(s, put_numbers(s, 5000000, 300));
    sandbox_check(s);
    sandbox_free(s);
}

/* --- kills --- */

enum { SETS_MAX = 4096 };
typedef enum set_state { ABSENT, PRESENT, UNKNOWN } set_state;

/* What a child tells before and after each change: 'p'ut or 'd'elete, begun or done, of which set. */
typedef struct note {
    char act;
    bool done;
    int set;
} note;

static void tell(int fd, char act, bool done, int set)
{
    note n = { act, done, set };
    if (write(fd, &n, sizeof n) != sizeof n)
        _exit(3);
}

static dtake_status put_set(sandbox *s, int set)
{
    return put_numbers(s, (int64_t)set * 1000, SET_ROWS);
}

static dtake_status delete_set(sandbox *s, int set)
{
    dtake_query *q = sandbox_query("n");
    int64_t from = (int64_t)set * 1000 * 1000000000;
    dtake_interval time = { .start_ns = from, .end_ns = from + INT64_C(999000000000) };
    dtake_status st = dtake_query_interval(q, time, NULL);
    if (st == DTAKE_OK)
        st = dtake__catalog_delete(s->catalog, q, NULL, &s->err);
    dtake_query_free(q);
    return st;
}

/* Changes until the kill comes, or twenty. */
static void child_works(sandbox *s, int fd, uint64_t seed, const set_state *sets, int count)
{
    fixture_rng rng = { seed };
    s->catalog = NULL;
    sandbox_open(s, false);
    for (int i = 0; i < 20; i++) {
        int set = (int)rng_below(&rng, (uint64_t)count);
        switch (rng_below(&rng, 8)) {
        case 0:
            tell(fd, 'c', false, 0);
            if (dtake__catalog_compact(s->catalog, &s->err) != DTAKE_OK)
                _exit(4);
            break;
        case 1:
        case 2:
            tell(fd, 'd', false, set);
            if (delete_set(s, set) != DTAKE_OK)
                _exit(5);
            tell(fd, 'd', true, set);
            break;
        default:
            set = sets[set] == PRESENT ? (set + 1 + i) % count : set;
            tell(fd, 'p', false, set);
            if (put_set(s, set) != DTAKE_OK)
                _exit(6);
            tell(fd, 'p', true, set);
        }
    }
    _exit(0);
}

static bool run_child(sandbox *s, uint64_t seed, set_state *sets, int count)
{
    int ends[2], status;
    note n;
    fixture_rng rng = { seed };
    CHECK_EQ(pipe(ends), 0);
    writes_left = (int)rng_below(&rng, 150);
    write_errno = 0;
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        exchange_writes(true);
        child_works(s, ends[1], seed, sets, count);
    }
    close(ends[1]);
    writes_left = -1;
    while (read(ends[0], &n, sizeof n) == sizeof n) {
        if (n.act == 'p')
            sets[n.set] = n.done ? PRESENT : sets[n.set] == PRESENT ? PRESENT : UNKNOWN;
        else if (n.act == 'd')
            sets[n.set] = n.done || sets[n.set] == ABSENT ? ABSENT : UNKNOWN;
    }
    close(ends[0]);
    CHECK_EQ(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) && WEXITSTATUS(status) != 0)
        fail_msg("the child ended with %d", WEXITSTATUS(status));
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Sets are there whole or not at all, as was told. */
static void check_sets(sandbox *s, set_state *sets, int count)
{
    static int seen[SETS_MAX];
    dtake_query *q = sandbox_query("n");
    memset(seen, 0, sizeof seen);
    dtake_batch *all = sandbox_search(s, q);
    const int64_t *times = dtake_batch_column(all, N_TIME)->values;
    for (int64_t i = 0; i < dtake_batch_rows(all); i++)
        seen[times[i] / INT64_C(1000000000000)]++;
    for (int i = 0; i < count; i++) {
        CHECK(seen[i] == 0 || seen[i] == SET_ROWS);
        if (sets[i] != UNKNOWN)
            CHECK_EQ(seen[i], sets[i] == PRESENT ? SET_ROWS : 0);
        sets[i] = seen[i] > 0 ? PRESENT : ABSENT;
    }
    dtake_batch_release(all);
    dtake_query_free(q);
}

static void a_kill_at_any_write_loses_nothing_and_doubles_nothing(void **state)
{
    (void)state;
    enum { COUNT = 60 };
    static set_state sets[SETS_MAX];
    int kills = getenv("DATATAKE_CATALOG_KILLS") != NULL ? atoi(getenv("DATATAKE_CATALOG_KILLS")) : 10,
        landed = 0;
    sandbox *s = number_sandbox(SET_ROWS);
    memset(sets, 0, sizeof sets);
    sets[0] = PRESENT;
    for (uint64_t seed = 1; landed < kills && seed < (uint64_t)kills * 10; seed++) {
        sandbox_close(s); /* a connection must not be carried into a child */
        landed += run_child(s, seed, sets, COUNT);
        sandbox_open(s, false);
        sandbox_check(s);
        check_sets(s, sets, COUNT);
    }
    CHECK(landed >= kills);
    print_message("%d kills\n", landed);
    sandbox_free(s);
}

/* --- others at work --- */

static void a_second_writer_waits_and_then_says_why(void **state)
{
    (void)state;
    sandbox *s = number_sandbox(10);
    dtake__catalog *other;
    dtake__catalog_options options = { 0 };
    dtake__ingest *first, *second = NULL;
    SANDBOX_OK(s, dtake__catalog_open(&other, s->path, &options, &s->err));
    SANDBOX_OK(s, dtake__ingest_open(&first, s->catalog, "n", "c", 0, &s->err));
    CHECK_STATUS(dtake__ingest_open(&second, other, "n", "c", 200, &s->err), DTAKE_E_STATE);
    CHECK(strstr(s->err.message, "another process is writing to it and did not end within 0.2 s") != NULL);
    CHECK_EQ(count_all(s), 10); /* readers go on */
    dtake__ingest_close(first);
    SANDBOX_OK(s, dtake__ingest_open(&second, other, "n", "c", 200, &s->err));
    dtake__ingest_close(second);
    dtake__catalog_close(other);
    sandbox_free(s);
}

/* --- files that are none, or not ours, or of tomorrow --- */

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
    sandbox *s = number_sandbox(10);
    sandbox_close(s);
    exec_sql(s->path, "PRAGMA user_version = 7");
    CHECK_STATUS(try_open(s, s->path, false, true), DTAKE_E_FORMAT);
    CHECK(strstr(s->err.message, "a catalogue of format 7, made by a newer datatake") != NULL);
    CHECK_STATUS(try_open(s, s->path, true, false), DTAKE_E_FORMAT);
    exec_sql(s->path, "PRAGMA user_version = 1");
    sandbox_open(s, true);
    CHECK_EQ(count_all(s), 10);
    sandbox_free(s);
}

static void a_catalogue_opened_for_reading_is_not_changed(void **state)
{
    (void)state;
    sandbox *s = number_sandbox(10);
    sandbox_open(s, true);
    CHECK_STATUS(put_numbers(s, 0, 1), DTAKE_E_STATE);
    CHECK_STATUS(dtake__catalog_compact(s->catalog, &s->err), DTAKE_E_STATE);
    CHECK_STATUS(dtake__catalog_dataset_delete(s->catalog, "n", &s->err), DTAKE_E_LOCAL_IO);
    CHECK_EQ(count_all(s), 10);
    sandbox_free(s);
}

static void a_copy_that_is_cut_while_it_is_open_is_told(void **state)
{
    (void)state;
    sandbox *s = number_sandbox(5000);
    char copy[256];
    int64_t rows;
    dtake__catalog *reader;
    dtake__catalog_options options = { .read_only = true };
    dtake_query *q = sandbox_query("n");
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

static void on_a_network_file_system_it_is_read_and_not_written(void **state)
{
    (void)state;
    sandbox *s = number_sandbox(100);
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
        dtake_query *q = sandbox_query("n");
        int64_t rows;
        SANDBOX_OK(s, dtake__catalog_count(readers[i], q, &rows, &s->err));
        CHECK_EQ(rows, 100);
        dtake_query_free(q);
        dtake__catalog_close(readers[i]);
    }
    sandbox_free(s);
}

/* --- damage --- */

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
    dtake_query *q = sandbox_query("n");
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

static void damage_anywhere_is_told_and_never_believed(void **state)
{
    (void)state;
    sandbox *s = number_sandbox(3000);
    struct stat facts;
    int told = 0;
    sandbox_close(s);
    CHECK_EQ(stat(s->path, &facts), 0);
    for (off_t page = 0; page < facts.st_size / DTAKE__PAGE_BYTES; page++)
        for (off_t within = 0; within < DTAKE__PAGE_BYTES; within += DTAKE__PAGE_BYTES - 48) {
            off_t at = page * DTAKE__PAGE_BYTES + within;
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
    dtake_schema *schema = number_schema();
    dtake__builder *b;
    dtake_batch *batch;
    fixture_rng rng = { 3 };
    sandbox_dataset(s, "n", schema);
    CHECK_OK(dtake__builder_new(&b, schema, NULL));
    for (int64_t i = 0; i < ROWS; i++) {
        CHECK_OK(dtake__put_i64(b, N_TIME, i * 1000000000));
        CHECK_OK(dtake__put_f64(b, N_VALUE, rng_unit(&rng)));
        CHECK_OK(dtake__builder_end_row(b));
    }
    CHECK_OK(dtake__builder_take(b, &batch, NULL));
    dtake__builder_free(b);
    sandbox_put(s, "n", "c", batch);
    sandbox_close(s);
    struct stat facts;
    CHECK_EQ(stat(s->path, &facts), 0);
    int problems = 0;
    off_t at = facts.st_size / 2; /* among the pieces: ids or values */
    flip(s->path, at, 1);
    sandbox_open(s, false);
    CHECK_STATUS(dtake__catalog_check(s->catalog, note_problem, &problems, &s->err), DTAKE_E_INTEGRITY);
    CHECK(problems >= 1);
    dtake_query *q = sandbox_query("n");
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
        cmocka_unit_test(a_full_disk_loses_nothing_that_was_committed),
        cmocka_unit_test(a_kill_at_any_write_loses_nothing_and_doubles_nothing),
        cmocka_unit_test(a_second_writer_waits_and_then_says_why),
        cmocka_unit_test(what_is_not_a_catalogue_is_called_so_and_left_alone),
        cmocka_unit_test(a_newer_format_is_refused_by_name),
        cmocka_unit_test(a_catalogue_opened_for_reading_is_not_changed),
        cmocka_unit_test(a_copy_that_is_cut_while_it_is_open_is_told),
        cmocka_unit_test(on_a_network_file_system_it_is_read_and_not_written),
        cmocka_unit_test(damage_anywhere_is_told_and_never_believed),
        cmocka_unit_test(repair_saves_all_frames_but_the_damaged_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
