#include "catalog/db.h"

#include "core/alloc.h"
#include "core/error.h"

#include <sys/stat.h>

static const char *const texts[DTAKE__SQL_COUNT] = {
#define SQL_TEXT(name, text) [DTAKE__SQL_##name] = (text),
    DTAKE__SQL_MAP(SQL_TEXT)
#undef SQL_TEXT
};

dtake_status dtake__db_fail(dtake__db *db, int code, dtake_error *err)
{
    const char *path = db->path, *said = db->sql != NULL ? sqlite3_errmsg(db->sql) : sqlite3_errstr(code);
    switch (code & 255) {
    case SQLITE_NOMEM:
        return dtake__fail_nomem(err, path);
    case SQLITE_FULL:
        return dtake__fail(err, DTAKE_E_LOCAL_IO,
                           "catalogue %s: the disk is full: what was not committed is gone, nothing else is",
                           path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return dtake__fail(err, DTAKE_E_STATE, "catalogue %s: another process is changing it: %s", path,
                           said);
    case SQLITE_CORRUPT:
        return dtake__fail(
            err, DTAKE_E_INTEGRITY,
            "catalogue %s: the file is damaged (%s): `datatake catalog check` tells all, `datatake "
            "catalog repair` saves what can be read",
            path, said);
    case SQLITE_NOTADB:
        return dtake__fail(err, DTAKE_E_FORMAT, "open %s: not a catalogue of datatake", path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "catalogue %s: it may only be read: %s", path, said);
    case SQLITE_CANTOPEN:
        if (db->sql != NULL && sqlite3_system_errno(db->sql) != 0)
            return dtake__fail_errno(err, sqlite3_system_errno(db->sql), "open the catalogue %s", path);
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "catalogue %s: %s", path, said);
    default:
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "catalogue %s: %s", path, said);
    }
}

sqlite3_stmt *dtake__db_prepare(dtake__db *db, dtake__sql which, dtake_error *err)
{
    sqlite3_stmt **at = &db->statements[which];
    int code = SQLITE_OK;
    if (*at == NULL)
        code = sqlite3_prepare_v3(db->sql, texts[which], -1, SQLITE_PREPARE_PERSISTENT, at, NULL);
    if (code != SQLITE_OK) {
        dtake__db_fail(db, code, err);
        return NULL;
    }
    sqlite3_reset(*at);
    return *at;
}

dtake_status dtake__db_step(dtake__db *db, sqlite3_stmt *statement, bool *row, dtake_error *err)
{
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return DTAKE_OK;
    dtake_status st = code == SQLITE_DONE ? DTAKE_OK : dtake__db_fail(db, code, err);
    sqlite3_reset(statement);
    return st;
}

dtake_status dtake__db_run(dtake__db *db, sqlite3_stmt *statement, dtake_error *err)
{
    bool row;
    dtake_status st = dtake__db_step(db, statement, &row, err);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return st;
}

dtake_status dtake__db_do(dtake__db *db, dtake__sql which, dtake_error *err)
{
    sqlite3_stmt *statement = dtake__db_prepare(db, which, err);
    return statement != NULL ? dtake__db_run(db, statement, err) : DTAKE_E_LOCAL_IO;
}

dtake_status dtake__db_exec(dtake__db *db, const char *text, dtake_error *err)
{
    int code = sqlite3_exec(db->sql, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? DTAKE_OK : dtake__db_fail(db, code, err);
}

/* --- transactions --- */

static void close_piece(dtake__db *db)
{
    sqlite3_blob_close(db->piece);
    db->piece = NULL;
}

void dtake__db_keep_size(dtake__db *db)
{
    struct stat facts;
    if (stat(db->path, &facts) == 0) {
        db->inode = facts.st_ino;
        db->file_bytes = facts.st_size;
    }
}

static dtake_status look_at_size(const dtake__db *db, dtake_error *err)
{
    struct stat facts;
    if (db->inode == 0 || stat(db->path, &facts) != 0 || facts.st_ino != db->inode ||
        facts.st_size >= db->file_bytes)
        return DTAKE_OK;
    return dtake__fail(
        err, DTAKE_E_INTEGRITY,
        "read %s: somebody cut it from %lld to %lld bytes while it was open: make the copy again", db->path,
        (long long)db->file_bytes, (long long)facts.st_size);
}

dtake_status dtake__db_explain(const dtake__db *db, dtake_status st, dtake_error *err)
{
    return st == DTAKE_E_INTEGRITY && look_at_size(db, err) != DTAKE_OK ? DTAKE_E_INTEGRITY : st;
}

dtake_status dtake__db_begin(dtake__db *db, dtake_error *err)
{
    dtake_status st = db->fixed ? look_at_size(db, err) : DTAKE_OK;
    if (st != DTAKE_OK)
        return st;
    if (!db->fixed)
        dtake__db_keep_size(db);
    return dtake__db_do(db, DTAKE__SQL_BEGIN, err);
}

void dtake__db_end(dtake__db *db)
{
    close_piece(db);
    for (int i = 0; i < DTAKE__SQL_COUNT; i++)
        if (db->statements[i] != NULL && sqlite3_stmt_busy(db->statements[i]))
            sqlite3_reset(db->statements[i]);
    if (!sqlite3_get_autocommit(db->sql))
        dtake__db_do(db, DTAKE__SQL_ROLLBACK, NULL);
}

dtake_status dtake__db_begin_write(dtake__db *db, int64_t wait_ms, dtake_error *err)
{
    sqlite3_busy_timeout(db->sql, wait_ms < 0 ? 0 : wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
    dtake_status st = dtake__db_do(db, DTAKE__SQL_BEGIN_WRITE, err);
    sqlite3_busy_timeout(db->sql, DTAKE__READ_WAIT_MS);
    if (st == DTAKE_E_STATE)
        dtake__fail(err, st, "catalogue %s: another process is writing to it and did not end within %.1f s",
                    db->path, (double)wait_ms / 1000);
    return st;
}

dtake_status dtake__db_commit(dtake__db *db, dtake_error *err)
{
    close_piece(db);
    dtake_status st = dtake__db_do(db, DTAKE__SQL_COMMIT, err);
    int most = db->checkpoint_later ? DTAKE__LOG_MAX_PAGES : DTAKE__CHECKPOINT_PAGES;
    if (st == DTAKE_OK && db->log_pages >= most)
        dtake__db_checkpoint(db);
    return st;
}

/* A checkpoint that fails is made up for by the next one; the log keeps everything until then. */
void dtake__db_checkpoint(dtake__db *db)
{
    sqlite3_wal_checkpoint_v2(db->sql, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    db->log_pages = 0;
}

void dtake__db_rollback(dtake__db *db)
{
    dtake__db_end(db);
}

dtake_status dtake__db_next_generation(dtake__db *db, int64_t *out, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_GENERATION_NEXT, err);
    bool row = false;
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    dtake_status st = dtake__db_step(db, s, &row, err);
    if (st == DTAKE_OK && !row)
        st = dtake__fail(err, DTAKE_E_INTEGRITY, "catalogue %s: its generation is missing", db->path);
    if (st == DTAKE_OK) {
        *out = sqlite3_column_int64(s, 0);
        st = dtake__db_step(db, s, &row, err); /* RETURNING: the change is done when the last row was given */
    }
    sqlite3_reset(s);
    return st;
}
