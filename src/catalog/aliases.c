/* Other slugs that a dataset answers to: facts in `meta`, which older programs pass over. */
#include "catalog/catalog.h"
#include "catalog/change.h"
#include "core/error.h"

static dtake_status run_texts(dtake__change *c, dtake__sql which, const char *first, const char *second,
                              dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(c->db, which, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_text(s, 1, first, -1, SQLITE_STATIC);
    if (second != NULL)
        sqlite3_bind_text(s, 2, second, -1, SQLITE_STATIC);
    return dtake__db_run(c->db, s, err);
}

dtake_status dtake__aliases_drop(dtake__change *change, const char *slug, dtake_error *err)
{
    return run_texts(change, DTAKE__SQL_ALIASES_DROP, slug, NULL, err);
}

/* A name that stands for a dataset of its own cannot stand for another. */
static dtake_status check_free(const dtake__directory *d, const char *alias, dtake_error *err)
{
    for (size_t i = 0; i < d->dataset_count; i++)
        if (strcmp(d->datasets[i].slug, alias) == 0)
            return dtake__fail(err, DTAKE_E_STATE, "alias '%s': there is a dataset of that name", alias);
    return DTAKE_OK;
}

dtake_status dtake__catalog_alias_add(dtake__catalog *catalog, const char *dataset, const char *alias,
                                      dtake_error *err)
{
    dtake__change c;
    const dtake__dataset *d = NULL;
    dtake_status st = dtake__check_slug(alias, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK)
        st = dtake__directory_dataset(c.directory, dataset, &d, err);
    if (st == DTAKE_OK)
        st = check_free(c.directory, alias, err);
    if (st == DTAKE_OK)
        st = run_texts(&c, DTAKE__SQL_ALIAS_SET, alias, d->slug, err);
    return dtake__change_end(&c, st, err);
}

static bool has_alias(const dtake__directory *d, const char *alias)
{
    for (size_t i = 0; i < d->alias_count; i++)
        if (strcmp(d->aliases[i].alias, alias) == 0)
            return true;
    return false;
}

dtake_status dtake__catalog_alias_remove(dtake__catalog *catalog, const char *alias, dtake_error *err)
{
    dtake__change c;
    dtake_status st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK && !has_alias(c.directory, alias))
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "alias '%s' not found", alias);
    if (st == DTAKE_OK)
        st = run_texts(&c, DTAKE__SQL_ALIAS_DROP, alias, NULL, err);
    return dtake__change_end(&c, st, err);
}
