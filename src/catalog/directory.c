#include "catalog/part.h"
#include "catalog/store.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "table/schema.h"

#include <stdlib.h>

static char *copy_text(sqlite3_stmt *s, int column)
{
    const unsigned char *text = sqlite3_column_text(s, column);
    return dtake__strdup(text != NULL ? (const char *)text : "");
}

static void copy_uuid(sqlite3_stmt *s, int column, uint8_t out[16])
{
    if (sqlite3_column_bytes(s, column) == 16)
        memcpy(out, sqlite3_column_blob(s, column), 16);
}

static void free_pairs(dtake__alias *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        dtake__free(list[i].alias);
        dtake__free(list[i].slug);
    }
    dtake__free(list);
}

void dtake__directory_release(dtake__directory *d)
{
    if (d == NULL || atomic_fetch_sub(&d->references, 1) != 1)
        return;
    for (size_t i = 0; i < d->dataset_count; i++) {
        dtake__free(d->datasets[i].slug);
        dtake__free(d->datasets[i].name);
        dtake__free(d->datasets[i].description);
        dtake_schema_release(d->datasets[i].schema);
        dtake__result_schema_free(atomic_load(&d->datasets[i].whole));
    }
    for (size_t i = 0; i < d->collection_count; i++) {
        dtake__free(d->collections[i].name);
        dtake__free(d->collections[i].description);
    }
    free_pairs(d->aliases, d->alias_count);
    free_pairs(d->assets, d->asset_count);
    dtake__free(d->datasets);
    dtake__free(d->collections);
    dtake__free(d);
}

/* Room for one more of an array that grows by doubling, zeroed. */
static void *grow(void *array, size_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return array;
    void *grown = dtake__realloc_array(array, count == 0 ? 1 : 2 * count, size);
    if (grown != NULL)
        memset((uint8_t *)grown + count * size, 0, (count == 0 ? 1 : count) * size);
    return grown;
}

static dtake_status damaged(const char *path, const char *what, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_INTEGRITY,
                       "catalogue %s: %s: the file is damaged; `datatake catalog check` tells all, `datatake "
                       "catalog repair` saves the rest",
                       path, what);
}

static dtake_status add_dataset(dtake__directory *d, sqlite3_stmt *s, const char *path, dtake_error *err)
{
    if (sqlite3_column_int(s, 7) != 1)
        return damaged(path, "a dataset has another checksum", err);
    void *grown = grow(d->datasets, d->dataset_count, sizeof *d->datasets);
    if (grown == NULL)
        return dtake__fail_nomem(err, "list datasets");
    d->datasets = grown;
    dtake__dataset *set = &d->datasets[d->dataset_count++];
    set->id = sqlite3_column_int64(s, 0);
    set->slug = copy_text(s, 1);
    set->name = copy_text(s, 2);
    set->description = copy_text(s, 3);
    set->kind = sqlite3_column_int(s, 4) == DTAKE_SPATIOTEMPORAL ? DTAKE_SPATIOTEMPORAL : DTAKE_TEMPORAL;
    copy_uuid(s, 5, set->uuid);
    if (set->slug == NULL || set->name == NULL || set->description == NULL)
        return dtake__fail_nomem(err, "list datasets");
    const char *schema = (const char *)sqlite3_column_text(s, 6);
    dtake_status st = dtake__schema_from_json(&set->schema, schema != NULL ? schema : "",
                                              (size_t)sqlite3_column_bytes(s, 6), err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "catalogue %s, schema of %s", path, set->slug);
    return st;
}

static dtake_status add_collection(dtake__directory *d, sqlite3_stmt *s, const char *path, dtake_error *err)
{
    if (sqlite3_column_int(s, 8) != 1)
        return damaged(path, "a collection has another checksum", err);
    void *grown = grow(d->collections, d->collection_count, sizeof *d->collections);
    if (grown == NULL)
        return dtake__fail_nomem(err, "list collections");
    d->collections = grown;
    dtake__collection *c = &d->collections[d->collection_count++];
    c->id = sqlite3_column_int64(s, 0);
    c->dataset = sqlite3_column_int64(s, 1);
    c->name = copy_text(s, 2);
    c->description = copy_text(s, 3);
    copy_uuid(s, 4, c->uuid);
    c->changed = sqlite3_column_int64(s, 5);
    c->chunks = sqlite3_column_int64(s, 6);
    c->rows = sqlite3_column_int64(s, 7);
    return c->name != NULL && c->description != NULL ? DTAKE_OK : dtake__fail_nomem(err, "list collections");
}

static dtake_status add_pair(dtake__alias **list, size_t *count, sqlite3_stmt *s, dtake_error *err)
{
    void *grown = grow(*list, *count, sizeof(**list));
    if (grown == NULL)
        return dtake__fail_nomem(err, "list datasets");
    *list = grown;
    dtake__alias *a = &(*list)[(*count)++];
    *a = (dtake__alias){ .alias = copy_text(s, 0), .slug = copy_text(s, 1) };
    return a->alias != NULL && a->slug != NULL ? DTAKE_OK : dtake__fail_nomem(err, "list datasets");
}

static dtake_status add_alias(dtake__directory *d, sqlite3_stmt *s, const char *path, dtake_error *err)
{
    (void)path;
    return add_pair(&d->aliases, &d->alias_count, s, err);
}

static dtake_status add_asset(dtake__directory *d, sqlite3_stmt *s, const char *path, dtake_error *err)
{
    (void)path;
    return add_pair(&d->assets, &d->asset_count, s, err);
}

static dtake_status each_row(dtake__directory *d, dtake__db *db, dtake__sql which,
                             dtake_status (*add)(dtake__directory *, sqlite3_stmt *, const char *,
                                                 dtake_error *),
                             dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, which, err);
    bool row = s != NULL;
    dtake_status st = s != NULL ? DTAKE_OK : DTAKE_E_LOCAL_IO;
    while (st == DTAKE_OK && row) {
        st = dtake__db_step(db, s, &row, err);
        if (st == DTAKE_OK && row)
            st = add(d, s, db->path, err);
    }
    if (s != NULL)
        sqlite3_reset(s);
    return st;
}

static dtake_status read_generation(dtake__db *db, int64_t *out, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_GENERATION, err);
    bool row = false;
    dtake_status st = s != NULL ? dtake__db_step(db, s, &row, err) : DTAKE_E_LOCAL_IO;
    if (st == DTAKE_OK && !row)
        st = dtake__fail(err, DTAKE_E_INTEGRITY, "catalogue %s: its generation is missing", db->path);
    if (st == DTAKE_OK)
        *out = sqlite3_column_int64(s, 0);
    if (s != NULL)
        sqlite3_reset(s);
    return st;
}

/* A row that a damaged page no longer shows. */
static dtake_status check_counts(const dtake__directory *d, dtake__db *db, dtake_error *err)
{
    sqlite3_stmt *s = dtake__db_prepare(db, DTAKE__SQL_COUNTS, err);
    bool row = false;
    dtake_status st = s != NULL ? dtake__db_step(db, s, &row, err) : DTAKE_E_LOCAL_IO;
    if (st == DTAKE_OK && (!row || sqlite3_column_int64(s, 0) != (int64_t)d->dataset_count ||
                           sqlite3_column_int64(s, 1) != (int64_t)d->collection_count))
        st = damaged(db->path, "datasets or collections are missing", err);
    if (s != NULL)
        sqlite3_reset(s);
    return st;
}

dtake_status dtake__directory_seal(dtake__db *db, dtake_error *err)
{
    return dtake__db_do(db, DTAKE__SQL_COUNTS_SET, err);
}

static dtake_status load(dtake__db *db, int64_t generation, dtake__directory **out, dtake_error *err)
{
    dtake__directory *d = dtake__calloc(1, sizeof *d);
    if (d == NULL)
        return dtake__fail_nomem(err, "list datasets");
    atomic_init(&d->references, 1);
    d->generation = generation;
    dtake_status st = each_row(d, db, DTAKE__SQL_DATASETS, add_dataset, err);
    if (st == DTAKE_OK)
        st = each_row(d, db, DTAKE__SQL_COLLECTIONS, add_collection, err);
    if (st == DTAKE_OK)
        st = each_row(d, db, DTAKE__SQL_ALIASES, add_alias, err);
    if (st == DTAKE_OK)
        st = each_row(d, db, DTAKE__SQL_ASSETS, add_asset, err);
    if (st == DTAKE_OK)
        st = check_counts(d, db, err);
    if (st == DTAKE_OK)
        *out = d;
    else
        dtake__directory_release(d);
    return st;
}

dtake_status dtake__directory_load(dtake__db *db, dtake__directory **out, dtake_error *err)
{
    return load(db, 0, out, err);
}

dtake_status dtake__directory_get(dtake__catalog *catalog, dtake__db *db, dtake__directory **out,
                                  dtake_error *err)
{
    int64_t generation = 0;
    *out = NULL;
    dtake_status st = read_generation(db, &generation, err);
    if (st != DTAKE_OK)
        return st;
    pthread_mutex_lock(&catalog->lock);
    if (catalog->directory != NULL && catalog->directory->generation == generation) {
        *out = catalog->directory;
        atomic_fetch_add(&(*out)->references, 1);
    }
    pthread_mutex_unlock(&catalog->lock);
    if (*out != NULL)
        return DTAKE_OK;
    st = load(db, generation, out, err);
    if (st != DTAKE_OK)
        return st;
    pthread_mutex_lock(&catalog->lock);
    dtake__directory *old = catalog->directory;
    if (old == NULL || old->generation < generation) {
        atomic_fetch_add(&(*out)->references, 1);
        catalog->directory = *out;
    } else {
        old = NULL;
    }
    pthread_mutex_unlock(&catalog->lock);
    dtake__directory_release(old);
    return DTAKE_OK;
}

/* --- looking up --- */

/* "Did you mean": the name of fewest edits, if there are few. */
static const char *nearest(const char *wanted, const char *best, int *edits, const char *candidate)
{
    int distance = dtake__edit_distance(wanted, candidate);
    if (distance >= *edits)
        return best;
    *edits = distance;
    return candidate;
}

/* An alias of a dataset that is no longer there stands for nothing. */
static const char *slug_of(const dtake__directory *d, const char *name)
{
    for (size_t i = 0; i < d->alias_count; i++)
        if (strcmp(d->aliases[i].alias, name) == 0)
            return d->aliases[i].slug;
    return name;
}

dtake_status dtake__directory_dataset(const dtake__directory *d, const char *name, const dtake__dataset **out,
                                      dtake_error *err)
{
    const char *near = NULL, *slug = slug_of(d, name);
    int edits = (int)strlen(slug) / 3 + 3;
    for (size_t i = 0; i < d->dataset_count; i++)
        if (strcmp(d->datasets[i].slug, slug) == 0) {
            *out = &d->datasets[i];
            return DTAKE_OK;
        }
    for (size_t i = 0; i < d->dataset_count; i++)
        near = nearest(slug, near, &edits, d->datasets[i].slug);
    if (near != NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "dataset '%s' not found; did you mean '%s'?", slug, near);
    return dtake__fail(err, DTAKE_E_NOT_FOUND, "dataset '%s' not found; there %s %zu", slug,
                       d->dataset_count == 1 ? "is" : "are", d->dataset_count);
}

dtake_status dtake__directory_collection(const dtake__directory *d, const dtake__dataset *dataset,
                                         const char *name, const dtake__collection **out, dtake_error *err)
{
    const char *near = NULL;
    int edits = (int)strlen(name) / 3 + 3;
    for (size_t i = 0; i < d->collection_count; i++)
        if (d->collections[i].dataset == dataset->id && strcmp(d->collections[i].name, name) == 0) {
            *out = &d->collections[i];
            return DTAKE_OK;
        }
    for (size_t i = 0; i < d->collection_count; i++)
        if (d->collections[i].dataset == dataset->id)
            near = nearest(name, near, &edits, d->collections[i].name);
    if (near != NULL)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "dataset %s has no collection '%s'; did you mean '%s'?",
                           dataset->slug, name, near);
    return dtake__fail(err, DTAKE_E_NOT_FOUND, "dataset %s has no collection '%s'", dataset->slug, name);
}

const dtake__collection *dtake__directory_collection_by_id(const dtake__directory *d, int64_t id)
{
    for (size_t i = 0; i < d->collection_count; i++)
        if (d->collections[i].id == id)
            return &d->collections[i];
    return NULL;
}

const dtake__dataset *dtake__directory_dataset_by_id(const dtake__directory *d, int64_t id)
{
    for (size_t i = 0; i < d->dataset_count; i++)
        if (d->datasets[i].id == id)
            return &d->datasets[i];
    return NULL;
}
