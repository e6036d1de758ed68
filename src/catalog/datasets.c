#include "catalog/change.h"
#include "catalog/schema.h"
#include "catalog/store.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/schema.h"

/* --- changing --- */

/* Stable ones out of names, unless they were given. */
static void make_uuid(const uint8_t given[16], const char *text, uint64_t seed, uint8_t out[16])
{
    static const uint8_t none[16];
    if (given != NULL && memcmp(given, none, 16) != 0) {
        memcpy(out, given, 16);
        return;
    }
    uint64_t a = dtake__hash64(text, strlen(text), seed), b = dtake__hash64(text, strlen(text), ~seed);
    memcpy(out, &a, 8);
    memcpy(out + 8, &b, 8);
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x80); /* version 8: free in form */
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

dtake_status dtake__check_slug(const char *slug, dtake_error *err)
{
    size_t len = strlen(slug);
    bool ok = len > 0 && len <= 255 && slug[0] != '.' && slug[len - 1] != '.' && strstr(slug, "..") == NULL;
    for (const char *c = slug; *c != '\0' && ok; c++)
        ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
             strchr("._-", *c);
    return ok ? DTAKE_OK
              : dtake__fail(
                    err, DTAKE_E_USAGE,
                    "dataset '%.80s': a slug is letters, digits, '_' and '-', with dots between groups",
                    slug);
}

static dtake_status check_collection(const char *name, dtake_error *err)
{
    size_t len = strlen(name);
    bool ok = len > 0 && len <= 255;
    for (const char *c = name; *c != '\0' && ok; c++)
        ok = (unsigned char)*c >= 0x20 && *c != 0x7f;
    return ok ? DTAKE_OK
              : dtake__fail(err, DTAKE_E_USAGE,
                            "collection '%.80s': a name has 1 to 255 printable characters", name);
}

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
    sqlite3_bind_text(s, at, text != NULL ? text : "", -1, SQLITE_STATIC);
}

static dtake_status insert_dataset(dtake__change *c, const dtake_dataset_info *info, const char *schema,
                                   dtake_error *err)
{
    uint8_t uuid[16];
    sqlite3_stmt *s = dtake__db_prepare(c->db, DTAKE__SQL_DATASET_ADD, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    make_uuid(info->id, info->slug, 3, uuid);
    bind_text(s, 1, info->slug);
    bind_text(s, 2, info->name != NULL && info->name[0] != '\0' ? info->name : info->slug);
    bind_text(s, 3, info->description);
    sqlite3_bind_int(s, 4, (int)info->kind);
    sqlite3_bind_blob(s, 5, uuid, 16, SQLITE_STATIC);
    bind_text(s, 6, schema);
    return dtake__db_run(c->db, s, err);
}

static dtake_status update_dataset(dtake__change *c, const dtake__dataset *old,
                                   const dtake_dataset_info *info, const char *schema, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(c->db, DTAKE__SQL_DATASET_SET, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    bind_text(s, 1, info->name != NULL && info->name[0] != '\0' ? info->name : old->name);
    bind_text(s, 2,
              info->description != NULL && info->description[0] != '\0' ? info->description
                                                                        : old->description);
    bind_text(s, 3, schema);
    sqlite3_bind_int64(s, 4, old->id);
    return dtake__db_run(c->db, s, err);
}

/* Nothing was ever stored that a schema would have to fit. */
static bool is_untouched(const dtake__directory *directory, const dtake__dataset *d)
{
    for (size_t i = 0; i < directory->collection_count; i++)
        if (directory->collections[i].dataset == d->id && directory->collections[i].chunks > 0)
            return false;
    return true;
}

static dtake_status put_dataset(dtake__change *c, const dtake_dataset_info *info, const dtake_schema *schema,
                                dtake_error *err)
{
    const dtake__dataset *old = NULL;
    dtake_buf json = DTAKE_BUF_INIT(16 << 20);
    dtake_error missing;
    dtake_status st = dtake__directory_dataset(c->directory, info->slug, &old, &missing);
    if (st == DTAKE_OK) {
        st = is_untouched(c->directory, old) ? DTAKE_OK : dtake__schema_grows(old->schema, schema, err);
        if (st != DTAKE_OK)
            dtake__error_prefix(err, "dataset %s", info->slug);
    } else {
        st = DTAKE_OK;
    }
    if (st == DTAKE_OK)
        st = dtake__schema_to_json(schema, &json, err);
    if (st == DTAKE_OK)
        st = old != NULL ? update_dataset(c, old, info, dtake__buf_str(&json), err)
                         : insert_dataset(c, info, dtake__buf_str(&json), err);
    dtake__buf_dispose(&json);
    return st;
}

dtake_status dtake__catalog_dataset_create(dtake__catalog *catalog, const dtake_dataset_info *info,
                                           dtake_error *err)
{
    dtake__change c;
    dtake_schema *schema = NULL;
    dtake_status st = dtake__check_slug(info->slug, err);
    if (st == DTAKE_OK)
        st = dtake__catalog_schema(info->schema, info->kind, &schema, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK)
        st = put_dataset(&c, info, schema, err);
    st = dtake__change_end(&c, st, err);
    dtake_schema_release(schema);
    return st;
}

/* --- deleting --- */

static dtake_status drop_row(dtake__change *c, dtake__sql which, int64_t id, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(c->db, which, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_int64(s, 1, id);
    return dtake__db_run(c->db, s, err);
}

static dtake_status drop_collection(dtake__change *c, const dtake__collection *collection, dtake_error *err)
{
    dtake__chunk_list *list;
    dtake_status st = dtake__chunks_load(c->db, collection->id, &list, err);
    if (st != DTAKE_OK)
        return st;
    for (size_t i = 0; i < list->count && st == DTAKE_OK; i++)
        st = dtake__db_drop_chunk(c->db, list->at[i].id, err);
    dtake__chunks_release(list);
    return st == DTAKE_OK ? drop_row(c, DTAKE__SQL_COLLECTION_DROP, collection->id, err) : st;
}

dtake_status dtake__catalog_dataset_delete(dtake__catalog *catalog, const char *dataset, dtake_error *err)
{
    dtake__change c;
    const dtake__dataset *d = NULL;
    dtake_status st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK)
        st = dtake__directory_dataset(c.directory, dataset, &d, err);
    for (size_t i = 0; st == DTAKE_OK && i < c.directory->collection_count; i++)
        if (c.directory->collections[i].dataset == d->id)
            st = drop_collection(&c, &c.directory->collections[i], err);
    if (st == DTAKE_OK)
        st = drop_row(&c, DTAKE__SQL_DATASET_DROP, d->id, err);
    if (st == DTAKE_OK)
        st = dtake__aliases_drop(&c, d->slug, err);
    return dtake__change_end(&c, st, err);
}

dtake_status dtake__catalog_collection_delete(dtake__catalog *catalog, const char *dataset,
                                              const char *collection, dtake_error *err)
{
    dtake__change c;
    const dtake__dataset *d = NULL;
    const dtake__collection *old = NULL;
    dtake_status st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK)
        st = dtake__directory_dataset(c.directory, dataset, &d, err);
    if (st == DTAKE_OK)
        st = dtake__directory_collection(c.directory, d, collection, &old, err);
    if (st == DTAKE_OK)
        st = drop_collection(&c, old, err);
    return dtake__change_end(&c, st, err);
}

/* --- collections --- */

dtake_status dtake__collection_insert(dtake__db *db, const dtake__dataset *dataset, const char *name,
                                      const char *description, int64_t generation, int64_t *id,
                                      dtake_error *err)
{
    uint8_t uuid[16], key[16];
    dtake_status st = check_collection(name, err);
    sqlite3_stmt *s = st == DTAKE_OK ? dtake__db_prepare(db, DTAKE__SQL_COLLECTION_ADD, err) : NULL;
    if (s == NULL)
        return st != DTAKE_OK ? st : DTAKE_E_LOCAL_IO;
    memcpy(key, dataset->uuid, 16);
    make_uuid(NULL, name, dtake__hash64(key, 16, 4), uuid);
    sqlite3_bind_int64(s, 1, dataset->id);
    bind_text(s, 2, name);
    bind_text(s, 3, description);
    sqlite3_bind_blob(s, 4, uuid, 16, SQLITE_STATIC);
    sqlite3_bind_int64(s, 5, generation);
    st = dtake__db_run(db, s, err);
    if (id != NULL)
        *id = sqlite3_last_insert_rowid(db->sql);
    return st == DTAKE_OK ? dtake__directory_seal(db, err) : st;
}

dtake_status dtake__collection_touch(dtake__db *db, int64_t collection, int64_t generation, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_COLLECTION_TOUCH, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    sqlite3_bind_int64(s, 1, generation);
    sqlite3_bind_int64(s, 2, collection);
    return dtake__db_run(db, s, err);
}

static dtake_status set_description(dtake__change *c, const dtake__collection *old, const char *description,
                                    dtake_error *err)
{
    if (description == NULL || description[0] == '\0')
        return DTAKE_OK;
    sqlite3_stmt *s = dtake__db_prepare(c->db, DTAKE__SQL_COLLECTION_SET, err);
    if (s == NULL)
        return DTAKE_E_LOCAL_IO;
    bind_text(s, 1, description);
    sqlite3_bind_int64(s, 2, old->id);
    return dtake__db_run(c->db, s, err);
}

dtake_status dtake__catalog_collection_create(dtake__catalog *catalog, const char *dataset,
                                              const char *collection, const char *description,
                                              dtake_error *err)
{
    dtake__change c;
    const dtake__dataset *d = NULL;
    const dtake__collection *old = NULL;
    dtake_status st = dtake__change_begin(&c, catalog, err);
    if (st == DTAKE_OK)
        st = dtake__directory_dataset(c.directory, dataset, &d, err);
    if (st == DTAKE_OK)
        st = dtake__directory_collection(c.directory, d, collection, &old, NULL) == DTAKE_OK
                 ? set_description(&c, old, description, err)
                 : dtake__collection_insert(c.db, d, collection, description, c.generation, NULL, err);
    return dtake__change_end(&c, st, err);
}
