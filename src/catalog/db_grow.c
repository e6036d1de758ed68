/* Small pages while a file is small, large ones from then on.
 *
 * A dozen trees take a page each at least, so a small catalogue with large pages would be mostly air; a large
 * one with small pages would have each piece of a chunk in a chain of them. SQLite changes pages only while
 * nobody else has the file open and outside of its write-ahead log. A mark in the table `meta` says that the
 * log is to come back, should the process end on the way; every step is a transaction of SQLite. */
#include "catalog/db.h"

#include "core/error.h"

#include <string.h>

/* Up to which size it is done on the way. */
enum { GROW_MAX_BYTES = 256 << 20 };

dtake_status dtake__db_number(dtake__db *db, const char *text, int64_t *out, dtake_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db->sql, text, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? DTAKE_OK : dtake__db_fail(db, code, err);
}

static bool set_journal(dtake__db *db, const char *text, const char *wanted)
{
    sqlite3_stmt *statement = NULL;
    bool is = sqlite3_prepare_v2(db->sql, text, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(statement, 0), wanted) == 0;
    sqlite3_finalize(statement);
    return is;
}

static void look_at_pages(dtake__db *db)
{
    int64_t bytes = 0;
    if (dtake__db_number(db, "PRAGMA page_size", &bytes, NULL) == DTAKE_OK)
        db->page_bytes = (int)bytes;
}

/* Nothing is lost when the log cannot come back yet: whoever opens the file for writing next tries again. */
static void end_growth(dtake__db *db)
{
    if (set_journal(db, "PRAGMA journal_mode = WAL", "wal"))
        dtake__db_exec(db, "DELETE FROM meta WHERE key = 'growing'", NULL);
    look_at_pages(db);
}

dtake_status dtake__db_look_at_growth(dtake__db *db, bool may_write, dtake_error *err)
{
    int64_t growing = 0;
    dtake_status st = dtake__db_number(db, "SELECT count(*) FROM meta WHERE key = 'growing'", &growing, err);
    if (st == DTAKE_OK && growing > 0 && may_write)
        end_growth(db);
    look_at_pages(db);
    return st;
}

bool dtake__db_should_grow(dtake__db *db, int64_t expected_bytes)
{
    int64_t pages = 0;
    if (db->page_bytes >= DTAKE__PAGE_BYTES ||
        dtake__db_number(db, "PRAGMA page_count", &pages, NULL) != DTAKE_OK)
        return false;
    int64_t bytes = pages * db->page_bytes;
    return (expected_bytes >= DTAKE__GROW_BYTES || bytes >= DTAKE__GROW_BYTES) && bytes <= GROW_MAX_BYTES;
}

void dtake__db_grow(dtake__db *db)
{
    sqlite3_busy_timeout(db->sql, 0);
    if (dtake__db_exec(db, "INSERT OR REPLACE INTO meta VALUES('growing', 1)", NULL) == DTAKE_OK) {
        if (set_journal(db, "PRAGMA journal_mode = DELETE", "delete"))
            dtake__db_exec(
                db, "PRAGMA temp_store = FILE; PRAGMA page_size = 16384; VACUUM; PRAGMA temp_store = MEMORY",
                NULL);
        end_growth(db);
    }
    sqlite3_busy_timeout(db->sql, DTAKE__READ_WAIT_MS);
    db->log_pages = 0;
    dtake__db_keep_size(db);
}
