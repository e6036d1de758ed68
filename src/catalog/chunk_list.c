#include "catalog/store.h"

#include "core/alloc.h"
#include "core/error.h"

void dtake__chunks_release(dtake__chunk_list *list)
{
    if (list == NULL || atomic_fetch_sub(&list->references, 1) != 1)
        return;
    for (size_t i = 0; i < list->count; i++)
        dtake__free((void *)list->at[i].dead);
    dtake__free(list->at);
    dtake__free(list);
}

static void read_box(sqlite3_stmt *s, int first, dtake__chunk_facts *out)
{
    out->has_box = sqlite3_column_type(s, first) != SQLITE_NULL;
    out->box = (dtake_box){ sqlite3_column_double(s, first), sqlite3_column_double(s, first + 1),
                            sqlite3_column_double(s, first + 2), sqlite3_column_double(s, first + 3) };
}

static bool read_id(sqlite3_stmt *s, int column, uint8_t out[16])
{
    if (sqlite3_column_bytes(s, column) != 16)
        return false;
    memcpy(out, sqlite3_column_blob(s, column), 16);
    return true;
}

/* Rows that are dead, and what they leave of times and box. */
static dtake_status read_dead(sqlite3_stmt *s, dtake__listed_chunk *c, dtake_error *err)
{
    size_t bytes = ((size_t)c->facts.rows + 7) / 8;
    c->dead_count = sqlite3_column_int64(s, 14);
    if ((size_t)sqlite3_column_bytes(s, 15) != bytes || c->dead_count > c->facts.rows)
        return dtake__fail(err, DTAKE_E_INTEGRITY, "read chunk %lld: the list of its deleted rows is damaged",
                           (long long)c->id);
    uint8_t *bits = dtake__alloc(bytes);
    if (bits == NULL)
        return dtake__fail_nomem(err, "list chunks");
    memcpy(bits, sqlite3_column_blob(s, 15), bytes);
    c->dead = bits;
    c->facts.time_min = sqlite3_column_int64(s, 16);
    c->facts.time_max = sqlite3_column_int64(s, 17);
    read_box(s, 18, &c->facts);
    return DTAKE_OK;
}

static dtake_status read_chunk(sqlite3_stmt *s, dtake__listed_chunk *c, dtake_error *err)
{
    c->id = sqlite3_column_int64(s, 0);
    c->facts.rows = sqlite3_column_int64(s, 1);
    c->facts.time_min = sqlite3_column_int64(s, 2);
    c->facts.time_max = sqlite3_column_int64(s, 3);
    c->facts.id_ms_min = sqlite3_column_int64(s, 6);
    c->facts.id_ms_max = sqlite3_column_int64(s, 7);
    read_box(s, 8, &c->facts);
    c->facts.bytes = sqlite3_column_int64(s, 12);
    c->facts.id_bytes = sqlite3_column_int64(s, 13);
    if (sqlite3_column_int(s, 22) != 1 || !read_id(s, 4, c->facts.first_id) ||
        !read_id(s, 5, c->facts.last_id) || c->facts.rows < 1 || c->facts.rows > DTAKE__CHUNK_MAX_ROWS)
        return dtake__fail(err, DTAKE_E_INTEGRITY, "read chunk %lld: what is known of it is damaged",
                           (long long)c->id);
    return sqlite3_column_type(s, 14) == SQLITE_NULL ? DTAKE_OK : read_dead(s, c, err);
}

dtake_status dtake__chunks_load(dtake__db *db, int64_t collection, dtake__chunk_list **out, dtake_error *err)
{
    dtake__chunk_list *list = dtake__calloc(1, sizeof *list);
    sqlite3_stmt *s = list != NULL ? dtake__db_prepare(db, DTAKE__SQL_CHUNKS, err) : NULL;
    dtake_status st = s != NULL      ? DTAKE_OK
                      : list == NULL ? dtake__fail_nomem(err, "list chunks")
                                     : DTAKE_E_LOCAL_IO;
    bool row = st == DTAKE_OK;
    size_t room = 0;
    if (list != NULL)
        atomic_init(&list->references, 1);
    if (s != NULL)
        sqlite3_bind_int64(s, 1, collection);
    while (st == DTAKE_OK && row) {
        st = dtake__db_step(db, s, &row, err);
        if (st != DTAKE_OK || !row)
            break;
        dtake__listed_chunk *at = dtake__room_for_one(list->at, list->count, &room, sizeof *at);
        if (at == NULL) {
            st = dtake__fail_nomem(err, "list chunks");
            break;
        }
        list->at = at;
        dtake__listed_chunk *c = &list->at[list->count++];
        memset(c, 0, sizeof *c);
        st = read_chunk(s, c, err);
        list->rows += c->facts.rows - c->dead_count;
    }
    if (s != NULL)
        sqlite3_reset(s);
    if (st == DTAKE_OK) {
        list->collection = collection;
        *out = list;
    } else {
        dtake__chunks_release(list);
    }
    return st;
}

dtake_status dtake__chunks_get(dtake__catalog *catalog, dtake__db *db, const dtake__collection *collection,
                               dtake__chunk_list **out, dtake_error *err)
{
    *out = NULL;
    pthread_mutex_lock(&catalog->lock);
    for (dtake__chunk_list *l = catalog->lists; l != NULL && *out == NULL; l = l->next)
        if (l->collection == collection->id && l->changed == collection->changed) {
            *out = l;
            atomic_fetch_add(&l->references, 1);
        }
    pthread_mutex_unlock(&catalog->lock);
    if (*out != NULL)
        return DTAKE_OK;
    dtake_status st = dtake__chunks_load(db, collection->id, out, err);
    if (st != DTAKE_OK)
        return st;
    (*out)->changed = collection->changed;
    if ((int64_t)(*out)->count != collection->chunks || (*out)->rows != collection->rows) {
        dtake__chunks_release(*out);
        *out = NULL;
        return dtake__fail(
            err, DTAKE_E_INTEGRITY,
            "catalogue %s, collection %s: chunks are missing: the file is damaged; `datatake catalog "
            "check` tells all, `datatake catalog repair` saves the rest",
            db->path, collection->name);
    }
    /* Kept in place of an older one of the same collection. */
    dtake__chunk_list *old = NULL;
    pthread_mutex_lock(&catalog->lock);
    dtake__chunk_list **at = &catalog->lists;
    while (*at != NULL && (*at)->collection != collection->id)
        at = &(*at)->next;
    if (*at == NULL || (*at)->changed < collection->changed) {
        old = *at;
        (*out)->next = old != NULL ? old->next : NULL;
        *at = *out;
        atomic_fetch_add(&(*out)->references, 1);
    }
    pthread_mutex_unlock(&catalog->lock);
    dtake__chunks_release(old);
    return DTAKE_OK;
}
