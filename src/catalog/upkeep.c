/* Stats, pages, export. */
#include "catalog/compact.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static dtake_status page_counts(dtake__db *db, int64_t *pages, int64_t *unused, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_PAGES, err);
    bool row = false;
    dtake_status st = s != NULL ? dtake__db_step(db, s, &row, err) : DTAKE_E_LOCAL_IO;
    if (st == DTAKE_OK && row) {
        *pages = sqlite3_column_int64(s, 0);
        *unused = sqlite3_column_int64(s, 1);
    }
    if (s != NULL)
        sqlite3_reset(s);
    return st;
}

static void add_chunks(dtake__catalog_stats *out, const dtake__chunk_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const dtake__listed_chunk *c = &list->at[i];
        int64_t rows = c->facts.rows - c->dead_count;
        out->chunks++;
        out->datapoints += rows;
        out->column_bytes += c->facts.bytes - c->facts.id_bytes;
        out->id_bytes += c->facts.id_bytes;
        out->fresh_rows += c->facts.rows < DTAKE__FRAME_ROWS ? rows : 0;
    }
}

dtake_status dtake__catalog_stats_get(dtake__catalog *catalog, dtake__catalog_stats *out, dtake_error *err)
{
    dtake__view view;
    int64_t pages = 0, unused = 0;
    *out = (dtake__catalog_stats){ 0 };
    dtake_status st = dtake__view_open(&view, catalog, err);
    if (st == DTAKE_OK)
        st = page_counts(view.db, &pages, &unused, err);
    if (st == DTAKE_OK) {
        out->file_bytes = pages * view.db->page_bytes;
        out->free_bytes = unused * view.db->page_bytes;
        out->datasets = (int64_t)view.directory->dataset_count;
        out->collections = (int64_t)view.directory->collection_count;
    }
    for (size_t i = 0; st == DTAKE_OK && i < view.directory->collection_count; i++) {
        dtake__chunk_list *list;
        st = dtake__chunks_get(catalog, view.db, &view.directory->collections[i], &list, err);
        if (st != DTAKE_OK)
            break;
        add_chunks(out, list);
        dtake__chunks_release(list);
    }
    dtake__view_close(&view);
    return st;
}

dtake_status dtake__give_back_pages(dtake__catalog *catalog, dtake_error *err)
{
    dtake__db *db;
    dtake_status st = dtake__catalog_take(catalog, &db, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__db_exec(db, "PRAGMA incremental_vacuum", err);
    dtake__catalog_give(catalog, db);
    return st == DTAKE_E_STATE ? DTAKE_OK : st; /* another writer is busy: next time */
}

/* --- export --- */

static dtake_status sync_file(const char *path, dtake_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        dtake_status st = dtake__fail_errno(err, errno, "write %s", path);
        if (fd >= 0)
            close(fd);
        return st;
    }
    close(fd);
    return DTAKE_OK;
}

static void sync_folder_of(const char *path)
{
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL && (size_t)(slash - path) + 1 < sizeof folder)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path + 1), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

static dtake_status vacuum_into(dtake__db *db, const char *path, dtake_error *err)
{
    sqlite3_stmt *s = NULL;
    if (dtake__db_should_grow(db, 0))
        dtake__db_exec(db, "PRAGMA page_size = 16384", NULL); /* of the copy */
    int code = sqlite3_prepare_v2(db->sql, "VACUUM INTO ?", -1, &s, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(s, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(s) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(db->sql);
    sqlite3_finalize(s);
    return code == SQLITE_OK ? DTAKE_OK : dtake__db_fail(db, code, err);
}

static dtake_status make_empty(const char *path, dtake_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "write %s", path);
    close(fd);
    return DTAKE_OK;
}

/* Written beside, then named: a copy under its name is a whole one. */
dtake_status dtake__catalog_export(dtake__catalog *catalog, const char *path, dtake_error *err)
{
    dtake_buf part = DTAKE_BUF_INIT(64 * 1024);
    dtake__db *db = NULL;
    struct stat facts;
    if (stat(path, &facts) == 0)
        return dtake__fail(err, DTAKE_E_STATE, "export to %s: there is a file of that name already", path);
    dtake_status st = dtake__buf_printf(&part, "%s.part-%ld", path, (long)getpid());
    st = st == DTAKE_OK ? dtake__catalog_take(catalog, &db, err) : dtake__fail_nomem(err, "export");
    if (st == DTAKE_OK) {
        const char *name = dtake__buf_str(&part);
        unlink(name);
        st = make_empty(name, err); /* SQLite would say no more than that it cannot open it */
        if (st == DTAKE_OK)
            st = vacuum_into(db, name, err);
        if (st == DTAKE_OK)
            st = sync_file(name, err);
        if (st == DTAKE_OK && (chmod(name, 0444) != 0 || rename(name, path) != 0))
            st = dtake__fail_errno(err, errno, "write %s", path);
        if (st != DTAKE_OK)
            unlink(name);
        else
            sync_folder_of(path);
        if (st != DTAKE_OK)
            dtake__error_prefix(err, "export to %s", path);
    }
    dtake__catalog_give(catalog, db);
    dtake__buf_dispose(&part);
    return st;
}
