#include "catalog/inspect.h"

#include "core/error.h"

/* SQLite tells of many pages in one text, a line each, behind the name of its database. */
static void tell_pages(const dtake__db *db, const char *text, dtake__problems *problems)
{
    int more = 0;
    if (strncmp(text, "*** in database", 15) == 0 && strchr(text, '\n') != NULL)
        text = strchr(text, '\n') + 1;
    for (const char *at = strchr(text, '\n'); at != NULL && at[1] != '\0'; at = strchr(at + 1, '\n'))
        more++;
    int len = (int)strcspn(text, "\n");
    if (more > 0)
        dtake__problem(problems, "%s: %.*s, and %d more of the kind", db->path, len, text, more);
    else
        dtake__problem(problems, "%s: %.*s", db->path, len, text);
}

/* What SQLite itself finds, a row each; "ok" when nothing. */
static dtake_status check_pages(dtake__db *db, dtake__problems *problems, dtake_error *err)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(db->sql, "PRAGMA integrity_check(50)", -1, &s, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(s);
        if (code != SQLITE_ROW)
            break;
        const char *text = (const char *)sqlite3_column_text(s, 0);
        if (text != NULL && strcmp(text, "ok") != 0)
            tell_pages(db, text, problems);
    }
    sqlite3_finalize(s);
    if (code == SQLITE_DONE)
        return DTAKE_OK;
    if ((code & 255) == SQLITE_CORRUPT || (code & 255) == SQLITE_NOTADB) {
        dtake__problem(problems, "%s: %s", db->path, sqlite3_errmsg(db->sql));
        return DTAKE_OK;
    }
    return dtake__db_fail(db, code, err);
}

/* Rows that nothing belongs to. */
static dtake_status check_strays(dtake__db *db, dtake__problems *problems, dtake_error *err)
{
    static const struct {
        const char *sql, *text;
    } strays[] = {
        { "SELECT count(*) FROM head WHERE chunk NOT IN (SELECT id FROM chunk)", "heads without a chunk" },
        { "SELECT count(*) FROM dead WHERE chunk NOT IN (SELECT id FROM chunk)",
          "deleted rows without a chunk" },
        { "SELECT count(*) FROM piece WHERE (id >> 17) NOT IN (SELECT id FROM chunk)",
          "pieces without a chunk" },
        { "SELECT count(*) FROM chunk WHERE collection NOT IN (SELECT id FROM collection)",
          "chunks without a collection" },
        { "SELECT count(*) FROM collection WHERE dataset NOT IN (SELECT id FROM dataset)",
          "collections without a dataset" },
    };
    _Static_assert(DTAKE__PIECES_BITS == 17, "as in the text above");
    for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
        sqlite3_stmt *s = NULL;
        int code = sqlite3_prepare_v2(db->sql, strays[i].sql, -1, &s, NULL);
        if (code == SQLITE_OK)
            code = sqlite3_step(s);
        int64_t count = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
        sqlite3_finalize(s);
        if (count > 0)
            dtake__problem(problems, "%s: %lld %s", db->path, (long long)count, strays[i].text);
        if (code != SQLITE_ROW && (code & 255) != SQLITE_CORRUPT)
            return dtake__db_fail(db, code, err);
    }
    return DTAKE_OK;
}

static dtake_status check_collection(dtake__view *view, const dtake__collection *c, dtake__problems *problems,
                                     dtake_error *err)
{
    const dtake__dataset *dataset = dtake__directory_dataset_by_id(view->directory, c->dataset);
    dtake__chunk_list *list = NULL;
    dtake_error found;
    if (dataset == NULL)
        return DTAKE_OK; /* told already */
    dtake__key_set *keys = dtake__key_set_new();
    if (keys == NULL)
        return dtake__fail_nomem(err, "check");
    dtake_status st = dtake__chunks_get(view->catalog, view->db, c, &list, &found);
    if (st != DTAKE_OK) {
        dtake__problem(problems, "%s, collection %s of %s: %s", view->db->path, c->name, dataset->slug,
                       found.message);
        st = DTAKE_OK;
    }
    for (size_t i = 0; st == DTAKE_OK && list != NULL && i < list->count; i++)
        st = dtake__inspect_chunk(view->db, &list->at[i], dataset->schema, keys, problems, err);
    dtake__chunks_release(list);
    dtake__key_set_free(keys);
    return st;
}

dtake_status dtake__catalog_check(dtake__catalog *catalog, dtake__problem_fn problem, void *ctx,
                                  dtake_error *err)
{
    dtake__problems problems = { problem, ctx, 0 };
    dtake__view view = { .catalog = catalog };
    dtake_error found;
    dtake_status st = dtake__catalog_take(catalog, &view.db, err);
    if (st == DTAKE_OK)
        st = dtake__db_begin(view.db, err);
    if (st == DTAKE_OK)
        st = check_pages(view.db, &problems, err);
    if (st == DTAKE_OK)
        st = check_strays(view.db, &problems, err);
    if (st == DTAKE_OK && dtake__directory_get(catalog, view.db, &view.directory, &found) != DTAKE_OK)
        dtake__problem(&problems, "%s", found.message);
    for (size_t i = 0; st == DTAKE_OK && view.directory != NULL && i < view.directory->collection_count; i++)
        st = check_collection(&view, &view.directory->collections[i], &problems, err);
    dtake__view_close(&view);
    if (st == DTAKE_OK && problems.count > 0)
        st = dtake__fail(err, DTAKE_E_INTEGRITY, "check %s: %lld problem%s found", catalog->path,
                         (long long)problems.count, problems.count == 1 ? "" : "s");
    return st;
}
