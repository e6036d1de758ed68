/* Writes that fail, and a kill at any of them: SQLite's own calls of the system are exchanged. */
#include "catalog/db.h"
#include "catalog/fixture.h"
#include "catalog/small.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

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

static void a_full_disk_loses_nothing_that_was_committed(void **state)
{
    (void)state;
    sandbox *s = filled_sandbox(1000);
    int failures = 0;
    write_errno = ENOSPC;
    exchange_writes(true);
    for (int after = 0; after < 40; after++) {
        writes_left = after;
        dtake_status st = try_small(s, 100000 + after * 1000, 300);
        writes_left = -1;
        if (st == DTAKE_OK)
            break;
        failures++;
        CHECK_STATUS(st, DTAKE_E_LOCAL_IO);
        CHECK(strstr(s->err.message, "the disk is full: what was not committed is gone, nothing else is") !=
              NULL);
        CHECK_EQ(small_count(s), 1000);
    }
    CHECK(failures >= 3);
    exchange_writes(false);
    SANDBOX_OK(s, try_small(s, 5000000, 300));
    sandbox_check(s);
    sandbox_free(s);
}

enum { SETS_MAX = 4096, SET_ROWS = 50 };
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
    return try_small(s, (int64_t)set * 1000, SET_ROWS);
}

static dtake_status delete_set(sandbox *s, int set)
{
    dtake_query *q = sandbox_query("small");
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
    dtake_query *q = sandbox_query("small");
    memset(seen, 0, sizeof seen);
    dtake_batch *all = sandbox_search(s, q);
    const int64_t *times = dtake_batch_column(all, T_TIME)->values;
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
    sandbox *s = filled_sandbox(SET_ROWS);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_loses_nothing_that_was_committed),
        cmocka_unit_test(a_kill_at_any_write_loses_nothing_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
