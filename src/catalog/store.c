#include "catalog/store.h"

#include "catalog/background.h"
#include "catalog/compact.h"
#include "catalog/decoded.h"
#include "core/alloc.h"
#include "core/error.h"

enum { IDLE_MAX = 16 };

/* --- upkeep in the background --- */

/* What cannot be done, because another process writes or the disk is full, is tried after the next ingest:
 * compaction adds nothing but speed. */
static dtake_status compact_light(dtake__catalog *catalog)
{
    return dtake__compact_all(catalog, DTAKE__COMPACT_LIGHT, 0, NULL);
}

static dtake_status checkpoint(dtake__catalog *catalog)
{
    dtake__db *db = NULL;
    dtake_status st = dtake__catalog_take(catalog, &db, NULL);
    if (st == DTAKE_OK)
        dtake__db_checkpoint(db);
    dtake__catalog_give(catalog, db);
    return st;
}

bool dtake__catalog_settle(dtake__catalog *catalog, int64_t wait_ms)
{
    return dtake__background_settle(catalog->background, wait_ms);
}

/* --- opening --- */

dtake_status dtake__catalog_open(dtake__catalog **out, const char *path,
                                 const dtake__catalog_options *options, dtake_error *err)
{
    dtake__catalog *catalog = dtake__calloc(1, sizeof *catalog);
    dtake_status st = DTAKE_E_NOMEM;
    if (catalog == NULL)
        return dtake__fail_nomem(err, "open a catalogue");
    pthread_mutex_init(&catalog->lock, NULL);
    catalog->pieces = dtake__piece_cache_new();
    catalog->path = dtake__strdup(path);
    if (options != NULL) {
        catalog->mode = (dtake__db_mode){ .read_only = options->read_only,
                                          .create = options->create && !options->read_only,
                                          .large = options->expected_bytes >= DTAKE__GROW_BYTES };
        catalog->runtime = options->runtime;
    }
    if (catalog->path != NULL)
        st = dtake__db_open(&catalog->idle, catalog->path, &catalog->mode, err);
    else
        dtake__fail_nomem(err, "open a catalogue");
    if (st == DTAKE_OK && options != NULL && options->decoded_bytes > 0)
        st = dtake__decoded_new(&catalog->decoded, options->decoded_bytes, err);
    if (st == DTAKE_OK)
        st = dtake__background_new(&catalog->background, catalog, compact_light, err);
    if (st == DTAKE_OK)
        st = dtake__background_new(&catalog->checkpoints, catalog, checkpoint, err);
    catalog->mode.create = false; /* a file that goes away is not made again */
    catalog->idle_count = catalog->idle != NULL;
    if (st == DTAKE_OK) {
        *out = catalog;
    } else {
        dtake__catalog_close(catalog);
    }
    return st;
}

static void close_idle(dtake__catalog *catalog)
{
    pthread_mutex_lock(&catalog->lock);
    dtake__db *db = catalog->idle;
    catalog->idle = NULL;
    catalog->idle_count = 0;
    pthread_mutex_unlock(&catalog->lock);
    for (dtake__db *next; db != NULL; db = next) {
        next = db->next;
        dtake__db_close(db);
    }
}

void dtake__catalog_grow(dtake__catalog *catalog, dtake__db *db, int64_t expected_bytes)
{
    if (!dtake__db_should_grow(db, expected_bytes))
        return;
    close_idle(catalog);
    dtake__db_grow(db);
}

void dtake__catalog_expect(dtake__catalog *catalog, int64_t bytes)
{
    dtake__db *db = NULL;
    if (!catalog->mode.read_only && dtake__catalog_take(catalog, &db, NULL) == DTAKE_OK)
        dtake__catalog_grow(catalog, db, bytes);
    dtake__catalog_give(catalog, db);
}

void dtake__catalog_close(dtake__catalog *catalog)
{
    if (catalog == NULL)
        return;
    dtake__background_end(catalog->background);
    dtake__background_end(catalog->checkpoints);
    close_idle(catalog);
    for (size_t i = 0; i < DTAKE__HEAD_SLOTS; i++)
        for (dtake__head_entry *e = catalog->heads[i], *next; e != NULL; e = next) {
            next = e->next;
            dtake__chunk_release(e->chunk);
            dtake__free(e);
        }
    for (dtake__chunk_list *l = catalog->lists, *next; l != NULL; l = next) {
        next = l->next;
        dtake__chunks_release(l);
    }
    dtake__directory_release(catalog->directory);
    dtake__decoded_free(catalog->decoded);
    dtake__piece_cache_free(catalog->pieces);
    pthread_mutex_destroy(&catalog->lock);
    dtake__free(catalog->path);
    dtake__free(catalog);
}

dtake_status dtake__catalog_take(dtake__catalog *catalog, dtake__db **out, dtake_error *err)
{
    pthread_mutex_lock(&catalog->lock);
    *out = catalog->idle;
    if (*out != NULL) {
        catalog->idle = (*out)->next;
        catalog->idle_count--;
    }
    pthread_mutex_unlock(&catalog->lock);
    if (*out != NULL)
        return DTAKE_OK;
    dtake__db_mode mode = catalog->mode;
    return dtake__db_open(out, catalog->path, &mode, err);
}

void dtake__catalog_give(dtake__catalog *catalog, dtake__db *db)
{
    if (db == NULL)
        return;
    dtake__db_end(db);
    if (db->scratch.cap > 8 << 20)
        dtake__buf_dispose(&db->scratch);
    pthread_mutex_lock(&catalog->lock);
    bool keep = catalog->idle_count < IDLE_MAX;
    if (keep) {
        db->next = catalog->idle;
        catalog->idle = db;
        catalog->idle_count++;
    }
    pthread_mutex_unlock(&catalog->lock);
    if (!keep)
        dtake__db_close(db);
}

dtake_status dtake__view_open(dtake__view *view, dtake__catalog *catalog, dtake_error *err)
{
    *view = (dtake__view){ .catalog = catalog };
    dtake_status st = dtake__catalog_take(catalog, &view->db, err);
    if (st == DTAKE_OK)
        st = dtake__db_begin(view->db, err);
    if (st == DTAKE_OK)
        st = dtake__directory_get(catalog, view->db, &view->directory, err);
    if (st != DTAKE_OK)
        dtake__view_close(view);
    return st;
}

void dtake__view_close(dtake__view *view)
{
    dtake__directory_release(view->directory);
    if (view->catalog != NULL)
        dtake__catalog_give(view->catalog, view->db);
    *view = (dtake__view){ 0 };
}

/* Numbers of pieces that are not committed may yet become others'. */
static bool only_reads(dtake__db *db)
{
    return sqlite3_txn_state(db->sql, "main") != SQLITE_TXN_WRITE;
}

void dtake__view_pieces(const dtake__view *view, int64_t chunk, dtake__pieces *out)
{
    dtake__pieces_init(out, view->db, chunk);
    out->cache = only_reads(view->db) ? view->catalog->pieces : NULL;
}

/* --- heads --- */

static dtake__head_entry **slot_of(dtake__catalog *catalog, int64_t id)
{
    return &catalog->heads[(uint64_t)id % DTAKE__HEAD_SLOTS];
}

/* Half of what is kept goes, the least used. */
static void forget_heads(dtake__catalog *catalog)
{
    uint64_t oldest = catalog->clock;
    for (size_t i = 0; i < DTAKE__HEAD_SLOTS; i++)
        for (dtake__head_entry *e = catalog->heads[i]; e != NULL; e = e->next)
            oldest = e->used < oldest ? e->used : oldest;
    uint64_t limit = oldest + (catalog->clock - oldest) / 2;
    for (size_t i = 0; i < DTAKE__HEAD_SLOTS; i++)
        for (dtake__head_entry **at = &catalog->heads[i]; *at != NULL;) {
            dtake__head_entry *e = *at;
            if (e->used > limit) {
                at = &e->next;
                continue;
            }
            *at = e->next;
            catalog->head_bytes -= e->chunk->memory_bytes;
            dtake__chunk_release(e->chunk);
            dtake__free(e);
        }
}

static dtake__chunk *kept_head(dtake__catalog *catalog, int64_t id)
{
    dtake__chunk *found = NULL;
    pthread_mutex_lock(&catalog->lock);
    if (atomic_exchange(&catalog->memory.full, false))
        forget_heads(catalog);
    for (dtake__head_entry *e = *slot_of(catalog, id); e != NULL && found == NULL; e = e->next)
        if (e->chunk->id == id) {
            e->used = ++catalog->clock;
            found = dtake__chunk_retain(e->chunk);
        }
    pthread_mutex_unlock(&catalog->lock);
    return found;
}

/* Before anybody else sees the chunk. */
static void keep_head(dtake__catalog *catalog, dtake__chunk *chunk)
{
    dtake__head_entry *entry = dtake__calloc(1, sizeof *entry);
    if (entry == NULL)
        return;
    chunk->memory = dtake__memory_new(&catalog->memory, chunk->frames);
    pthread_mutex_lock(&catalog->lock);
    if (catalog->head_bytes + chunk->memory_bytes > DTAKE__HEADS_MAX_BYTES)
        forget_heads(catalog);
    dtake__head_entry **slot = slot_of(catalog, chunk->id);
    *entry = (dtake__head_entry){ dtake__chunk_retain(chunk), ++catalog->clock, *slot };
    *slot = entry;
    catalog->head_bytes += chunk->memory_bytes;
    pthread_mutex_unlock(&catalog->lock);
}

dtake_status dtake__catalog_chunk(dtake__catalog *catalog, dtake__db *db, int64_t id, dtake__chunk **out,
                                  dtake_error *err)
{
    *out = kept_head(catalog, id);
    if (*out != NULL)
        return DTAKE_OK;
    dtake_status st = dtake__db_read_head(db, id, out, err);
    if (st == DTAKE_OK && only_reads(db))
        keep_head(catalog, *out);
    return st;
}
