/* What datasets are called in Earth Engine, as it was configured: facts in `meta`, which older programs pass
 * over. */
#include "catalog/catalog.h"
#include "catalog/change.h"
#include "core/error.h"

#include <string.h>

enum { MAX_ID_BYTES = 512, MAX_RULES_BYTES = 256 << 10 };

/* "COPERNICUS/S2_SR": segments of letters, digits, '_', '-' and '.'. */
static dtake_status check_id(const char *id, dtake_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t len = strlen(id);
    bool fine = len > 0 && len <= MAX_ID_BYTES;
    for (const char *at = id; fine && at <= id + len;) {
        size_t segment = strspn(at, letters);
        fine = segment > 0 && (at[segment] == '/' || at[segment] == '\0');
        at += segment + 1;
    }
    return fine ? DTAKE_OK
                : dtake__fail(err, DTAKE_E_USAGE,
                              "asset '%.100s': expected names of letters, digits, _, - and . with / between",
                              id);
}

static bool is_known(const dtake__directory *d, const char *id)
{
    for (size_t i = 0; i < d->asset_count; i++)
        if (strcmp(d->assets[i].alias, id) == 0)
            return true;
    return false;
}

static dtake_status store(dtake__change *c, const char *id, const char *rules, dtake_error *err)
{
    if (rules == NULL && !is_known(c->directory, id))
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "asset '%s' is not configured", id);
    sqlite3_stmt *s =
        dtake__db_prepare(c->db, rules != NULL ? DTAKE__SQL_ASSET_SET : DTAKE__SQL_ASSET_DROP, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
    if (rules != NULL)
        sqlite3_bind_text(s, 2, rules, -1, SQLITE_STATIC);
    return dtake__db_run(c->db, s, err);
}

dtake_status dtake__catalog_asset_set(dtake__catalog *catalog, const char *id, const char *rules,
                                      dtake_error *err)
{
    dtake__change c;
    dtake_status st = check_id(id, err);
    if (st == DTAKE_OK && rules != NULL && strlen(rules) > MAX_RULES_BYTES)
        st = dtake__fail(err, DTAKE_E_LIMIT, "asset '%s': its rules are over %d KiB", id,
                         MAX_RULES_BYTES >> 10);
    if (st != DTAKE_OK)
        return st;
    st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK)
        st = store(&c, id, rules, err);
    return dtake__change_end(&c, st, err);
}

dtake_status dtake__catalog_assets(dtake__catalog *catalog, dtake__strings *out, dtake_error *err)
{
    dtake__view view;
    dtake_status st = dtake__view_open(&view, catalog, err);
    for (size_t i = 0; st == DTAKE_OK && i < view.directory->asset_count; i++) {
        const dtake__alias *a = &view.directory->assets[i];
        st = dtake__strings_add(out, a->alias, strlen(a->alias));
        if (st == DTAKE_OK)
            st = dtake__strings_add(out, a->slug, strlen(a->slug));
        if (st != DTAKE_OK)
            dtake__fail_nomem(err, "list assets");
    }
    dtake__view_close(&view);
    return st;
}
