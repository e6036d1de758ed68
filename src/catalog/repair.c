/* What can be read of a damaged catalogue, written into a new one. The damaged file stays beside it. */
#include "catalog/repair.h"

#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- rows of a table --- */

dtake_status dtake__mend_each_row(dtake__mending *m, const char *columns, const char *table,
                                  dtake__mend_row_fn fn, void *ctx, dtake_error *err)
{
    int64_t last = INT64_MIN;
    dtake_status st = DTAKE_OK;
    for (int backwards = 0; backwards < 2 && st == DTAKE_OK; backwards++) {
        char sql[512];
        sqlite3_stmt *s = NULL;
        snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id > %lld ORDER BY id %s", columns, table,
                 (long long)last, backwards ? "DESC" : "ASC");
        int code = sqlite3_prepare_v2(m->from->sql, sql, -1, &s, NULL);
        while (code == SQLITE_OK && st == DTAKE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
            if (!backwards)
                last = sqlite3_column_int64(s, 0);
            st = fn(m, s, ctx, err);
            code = SQLITE_OK;
        }
        sqlite3_finalize(s);
        if (code == SQLITE_DONE)
            break;
        if (st == DTAKE_OK && !backwards)
            dtake__problem(&m->problems, "%s: table %s cannot be read whole: %s", m->path, table,
                           sqlite3_errmsg(m->from->sql));
    }
    return st;
}

static dtake_status copy_row(dtake__mending *m, sqlite3_stmt *row, const char *insert, dtake_error *err)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(m->to->sql, insert, -1, &s, NULL);
    for (int i = 0; code == SQLITE_OK && i < sqlite3_column_count(row); i++)
        code = sqlite3_bind_value(s, i + 1, sqlite3_column_value(row, i));
    if (code == SQLITE_OK)
        code = sqlite3_step(s) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(m->to->sql);
    sqlite3_finalize(s);
    if ((code & 255) == SQLITE_CONSTRAINT) { /* read twice, or its page is nonsense */
        dtake__problem(&m->problems, "%s: a row was left out: %s", m->path, sqlite3_errmsg(m->to->sql));
        return DTAKE_OK;
    }
    return code == SQLITE_OK ? DTAKE_OK : dtake__db_fail(m->to, code, err);
}

static dtake_status copy_dataset(dtake__mending *m, sqlite3_stmt *row, void *ctx, dtake_error *err)
{
    (void)ctx;
    return copy_row(m, row,
                    "INSERT INTO dataset(id, slug, name, description, kind, uuid, schema, checksum)"
                    " VALUES(?1,?2,?3,?4,?5,?6,?7, dtake_sum(?2,?3,?4,?5,?6,?7))",
                    err);
}

/* As many as can be read. */
static dtake_status copy_facts(dtake__mending *m, dtake__sql which, const char *insert, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(m->from, which, NULL);
    dtake_status st = DTAKE_OK;
    while (s != NULL && st == DTAKE_OK && sqlite3_step(s) == SQLITE_ROW)
        st = copy_row(m, s, insert, err);
    if (s != NULL)
        sqlite3_reset(s);
    return st;
}

static dtake_status copy_aliases(dtake__mending *m, dtake_error *err)
{
    dtake_status st = copy_facts(m, DTAKE__SQL_ALIASES, "INSERT INTO meta VALUES('alias:' || ?1, ?2)", err);
    return st == DTAKE_OK
               ? copy_facts(m, DTAKE__SQL_ASSETS, "INSERT INTO meta VALUES('asset:' || ?1, ?2)", err)
               : st;
}

static dtake_status copy_collection(dtake__mending *m, sqlite3_stmt *row, void *ctx, dtake_error *err)
{
    (void)ctx;
    return copy_row(
        m, row,
        "INSERT INTO collection(id, dataset, name, description, uuid, changed, chunks, rows, checksum)"
        " VALUES(?1,?2,?3,?4,?5,?6, 0, 0, 0)",
        err);
}

static dtake_status seal_collections(dtake__mending *m, dtake_error *err)
{
    static const char touch[] =
        "UPDATE collection SET chunks = (SELECT count(*) FROM chunk WHERE collection = collection.id),"
        " rows = (SELECT coalesce(sum(rows), 0) FROM chunk WHERE collection = collection.id);"
        "UPDATE collection SET checksum = dtake_sum(dataset, name, description, uuid, changed, chunks, "
        "rows);";
    dtake_status st = dtake__db_exec(m->to, touch, err);
    return st == DTAKE_OK ? dtake__directory_seal(m->to, err) : st;
}

/* --- files --- */

static dtake_status mend(dtake__mending *m, dtake_error *err)
{
    dtake_status st = dtake__db_begin_write(m->to, DTAKE__READ_WAIT_MS, err);
    if (st == DTAKE_OK)
        st = dtake__mend_each_row(m, "id, slug, name, description, kind, uuid, schema", "dataset",
                                  copy_dataset, NULL, err);
    if (st == DTAKE_OK)
        st = dtake__mend_each_row(m, "id, dataset, name, description, uuid, changed", "collection",
                                  copy_collection, NULL, err);
    if (st == DTAKE_OK)
        st = copy_aliases(m, err);
    /* Sums are made anew: of collections once as they are, once more when their chunks are there. */
    if (st == DTAKE_OK)
        st = seal_collections(m, err);
    if (st == DTAKE_OK)
        st = dtake__mend_chunks(m, err);
    if (st == DTAKE_OK)
        st = seal_collections(m, err);
    return st == DTAKE_OK ? dtake__db_commit(m->to, err) : st;
}

/* A log or shared memory of the damaged file must not be taken for the new one's. */
static dtake_status put_aside(const char *path, const char *aside, dtake_error *err)
{
    static const char *const endings[] = { "-wal", "-shm", "-journal", "" };
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        char from[4200], to[4200];
        snprintf(from, sizeof from, "%s%s", path, endings[i]);
        snprintf(to, sizeof to, "%s%s", aside, endings[i]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return dtake__fail_errno(err, errno, "rename %s to %s", from, to);
    }
    return DTAKE_OK;
}

static dtake_status open_both(dtake__mending *m, const char *fresh, dtake_error *err)
{
    dtake__db_mode reading = { .read_only = true }, writing = { .create = true };
    dtake_status st = dtake__db_open(&m->from, m->path, &reading, err);
    if (st == DTAKE_OK)
        st = dtake__db_open(&m->to, fresh, &writing, err);
    struct stat facts;
    if (st == DTAKE_OK && stat(m->path, &facts) == 0 && dtake__db_should_grow(m->to, facts.st_size))
        dtake__db_grow(m->to);
    return st;
}

dtake_status dtake__catalog_repair(const char *path, dtake__problem_fn problem, void *ctx, dtake_error *err)
{
    dtake__mending m = { .path = path, .problems = { problem, ctx, 0 } };
    char fresh[4100], aside[4150];
    struct stat facts;
    if (strlen(path) > 4000)
        return dtake__fail(err, DTAKE_E_USAGE, "repair: the path is too long");
    snprintf(fresh, sizeof fresh, "%s.repaired", path);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (stat(fresh, &facts) == 0 || stat(aside, &facts) == 0)
        return dtake__fail(err, DTAKE_E_STATE,
                           "repair %s: %s is there from an earlier repair: look at it and move it away", path,
                           stat(fresh, &facts) == 0 ? fresh : aside);
    dtake_status st = open_both(&m, fresh, err);
    if (st == DTAKE_OK)
        st = mend(&m, err);
    dtake__db_close(m.from);
    dtake__db_close(m.to); /* the last one out folds the log into the file */
    if (st == DTAKE_OK)
        st = put_aside(path, aside, err);
    if (st == DTAKE_OK && rename(fresh, path) != 0)
        st = dtake__fail_errno(err, errno, "rename %s to %s", fresh, path);
    if (st != DTAKE_OK)
        unlink(fresh);
    return st;
}
