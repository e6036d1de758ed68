/* Chunks rewritten: small ones joined, dead rows left out, those that overlap in time merged. Each group is
 * one transaction, so that writers and readers go on in between. */
#include "catalog/compact.h"

#include "catalog/background.h"
#include "catalog/searching.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/batch.h"

enum {
    WRITE_BYTES = 24 << 20, /* of rows as columns, in one new chunk */
    COMPACT_LEVEL = 6,      /* of zstd */
};

/* A writer of this process goes first. */
static dtake_status look_for_writers(dtake__catalog *catalog, dtake__compact_mode mode, dtake_error *err)
{
    return mode == DTAKE__COMPACT_LIGHT && dtake__background_gives_way(catalog->background)
               ? dtake__fail(err, DTAKE_E_CANCELLED, "compact: a writer goes first")
               : DTAKE_OK;
}

/* --- rewriting --- */

typedef struct rewriting {
    dtake__search *search;
    int64_t collection;
    dtake_batch *pending[64];
    size_t count;
    int64_t rows, bytes;
    dtake__compact_mode mode;
} rewriting;

static void drop_pending(rewriting *r)
{
    for (size_t i = 0; i < r->count; i++)
        dtake_batch_release(r->pending[i]);
    r->count = 0;
    r->rows = r->bytes = 0;
}

static dtake_status write_pending(rewriting *r, int64_t rows, dtake_error *err)
{
    dtake_batch *all = NULL, *first = NULL, *rest = NULL;
    dtake__chunk_draft draft;
    int64_t id;
    dtake_status st = dtake__batch_concat(&all, (const dtake_batch *const *)r->pending, r->count, err);
    int32_t *index = dtake__alloc(((size_t)r->rows + 1) * sizeof *index);
    if (st == DTAKE_OK && index == NULL)
        st = dtake__fail_nomem(err, "compact");
    for (int64_t i = 0; st == DTAKE_OK && i < r->rows; i++)
        index[i] = (int32_t)i;
    /* Taken, not cut: encoders want offsets that begin at nought. */
    if (st == DTAKE_OK)
        st = dtake__batch_take(&first, all, index, rows, err);
    if (st == DTAKE_OK && rows < r->rows)
        st = dtake__batch_take(&rest, all, index + rows, r->rows - rows, err);
    if (st == DTAKE_OK)
        st = dtake__chunk_encode(first, COMPACT_LEVEL, &draft, err);
    if (st == DTAKE_OK) {
        st = dtake__db_put_chunk(r->search->view.db, r->collection, &draft, &id, err);
        dtake__chunk_draft_dispose(&draft);
    }
    int64_t bytes = rest != NULL ? r->bytes * dtake_batch_rows(rest) / r->rows : 0;
    drop_pending(r);
    if (st == DTAKE_OK && rest != NULL) {
        r->pending[r->count++] = dtake_batch_retain(rest);
        r->rows = dtake_batch_rows(rest);
        r->bytes = bytes;
    }
    dtake_batch_release(all);
    dtake_batch_release(first);
    dtake_batch_release(rest);
    dtake__free(index);
    return st;
}

/* Equal shares rather than full chunks and a small rest. */
static dtake_status rewrite(rewriting *r, int64_t total, dtake_error *err)
{
    int64_t parts = (total + DTAKE__CHUNK_MAX_ROWS - 1) / DTAKE__CHUNK_MAX_ROWS;
    int64_t share = parts > 0 ? (total + parts - 1) / parts : 1;
    dtake_status st;
    for (;;) {
        dtake_batch *batch = NULL;
        st = look_for_writers(r->search->view.catalog, r->mode, err);
        if (st == DTAKE_OK)
            st = dtake__search_next(r->search, &batch, err);
        if (st != DTAKE_OK || batch == NULL)
            break;
        r->pending[r->count++] = batch;
        r->rows += dtake_batch_rows(batch);
        r->bytes += dtake__batch_bytes(batch);
        while (st == DTAKE_OK && r->count > 0 &&
               (r->rows >= share || r->bytes >= WRITE_BYTES ||
                r->count == sizeof r->pending / sizeof *r->pending))
            st = write_pending(r, r->rows < share ? r->rows : share, err);
        if (st != DTAKE_OK)
            break;
    }
    if (st == DTAKE_OK && r->rows > 0)
        st = write_pending(r, r->rows, err);
    return st;
}

/* A search over these chunks alone, with all fields and nothing else. */
static dtake_status search_group(dtake__search **out, const dtake__view *view, const dtake__dataset *dataset,
                                 const dtake__collection *collection, const dtake__group *g, dtake_error *err)
{
    dtake_query *q = NULL;
    dtake_status st = dtake_query_new(&q, err);
    if (st == DTAKE_OK)
        st = dtake_query_collection(q, collection->name, err);
    if (st == DTAKE_OK)
        st = dtake__search_begin(out, view, dataset, q, err);
    dtake_query_free(q);
    return st == DTAKE_OK ? dtake__search_only(*out, g->chunks, g->count, err) : st;
}

static dtake_status compact_group(const dtake__view *view, const dtake__dataset *dataset,
                                  const dtake__collection *collection, const dtake__group *g,
                                  dtake__compact_mode mode, dtake_error *err)
{
    rewriting r = { .collection = collection->id, .mode = mode };
    int64_t generation;
    dtake_status st = search_group(&r.search, view, dataset, collection, g, err);
    if (st == DTAKE_OK)
        st = rewrite(&r, g->rows - g->dead, err);
    drop_pending(&r);
    dtake__search_end(r.search);
    for (size_t i = 0; i < g->count && st == DTAKE_OK; i++)
        st = dtake__db_drop_chunk(view->db, g->chunks[i]->id, err);
    if (st == DTAKE_OK)
        st = dtake__db_next_generation(view->db, &generation, err);
    return st == DTAKE_OK ? dtake__collection_touch(view->db, collection->id, generation, err) : st;
}

/* --- one collection after another --- */

typedef struct compaction {
    dtake__catalog *catalog;
    dtake__compact_mode mode;
    int64_t wait_ms;
    int64_t collection, last_id; /* chunks up to this one: what was made in this pass waits for the next */
} compaction;

/* The next group in this view; its chunks are of *list, which is the caller's. A group of none: nothing to
 * do. */
static dtake_status find_group(compaction *c, const dtake__view *view, dtake__chunk_list **list,
                               dtake__group *out, dtake_error *err)
{
    const dtake__collection *collection = dtake__directory_collection_by_id(view->directory, c->collection);
    out->count = 0;
    *list = NULL;
    if (collection == NULL)
        return DTAKE_OK;
    dtake_status st = dtake__chunks_get(view->catalog, view->db, collection, list, err);
    if (st != DTAKE_OK)
        return st;
    if (c->last_id == 0)
        for (size_t i = 0; i < (*list)->count; i++)
            c->last_id = (*list)->at[i].id > c->last_id ? (*list)->at[i].id : c->last_id;
    return dtake__group_find(*list, c->mode, c->last_id, out, err);
}

/* A look without a lock first: mostly there is nothing to do. */
static dtake_status has_group(compaction *c, bool *out, dtake_error *err)
{
    dtake__view view;
    dtake__chunk_list *list = NULL;
    dtake__group g = { .count = 0 };
    dtake_status st = dtake__view_open(&view, c->catalog, err);
    if (st != DTAKE_OK)
        return st;
    st = find_group(c, &view, &list, &g, err);
    *out = g.count > 0;
    dtake__chunks_release(list);
    dtake__view_close(&view);
    return st;
}

static dtake_status compact_next(compaction *c, bool *did, dtake_error *err)
{
    dtake__view view = { .catalog = c->catalog };
    dtake__chunk_list *list = NULL;
    dtake__group g = { .count = 0 };
    *did = false;
    dtake_status st = dtake__catalog_take(c->catalog, &view.db, err);
    if (st == DTAKE_OK)
        st = dtake__db_begin_write(view.db, c->wait_ms, err);
    if (st == DTAKE_OK)
        st = dtake__directory_get(c->catalog, view.db, &view.directory, err);
    if (st == DTAKE_OK)
        st = find_group(c, &view, &list, &g, err);
    if (st == DTAKE_OK && g.count > 0) {
        const dtake__directory *d = view.directory;
        const dtake__collection *collection = dtake__directory_collection_by_id(d, c->collection);
        const dtake__dataset *dataset = dtake__directory_dataset_by_id(d, collection->dataset);
        st = compact_group(&view, dataset, collection, &g, c->mode, err);
        if (st == DTAKE_OK)
            st = dtake__db_commit(view.db, err);
        *did = st == DTAKE_OK;
    }
    dtake__chunks_release(list);
    dtake__view_close(&view);
    return st;
}

/* Merging deep overlaps takes some passes: each leaves a twelfth as many runs. */
static dtake_status compact_collection(compaction *c, dtake_error *err)
{
    enum { PASSES_MAX = 6 };
    dtake_status st = DTAKE_OK;
    for (int pass = 0; pass < PASSES_MAX && st == DTAKE_OK; pass++) {
        bool any = false, more = true;
        c->last_id = 0;
        while (st == DTAKE_OK && more) {
            st = look_for_writers(c->catalog, c->mode, err);
            if (st == DTAKE_OK)
                st = has_group(c, &more, err);
            if (st == DTAKE_OK && more)
                st = compact_next(c, &more, err);
            any = any || more;
        }
        if (!any)
            break;
    }
    return st;
}

dtake_status dtake__compact_all(dtake__catalog *catalog, dtake__compact_mode mode, int64_t wait_ms,
                                dtake_error *err)
{
    compaction c = { .catalog = catalog, .mode = mode, .wait_ms = wait_ms };
    dtake__view view;
    dtake_status st = dtake__view_open(&view, catalog, err);
    if (st != DTAKE_OK)
        return st;
    dtake__directory *d = view.directory;
    view.directory = NULL; /* kept beyond the view */
    dtake__view_close(&view);
    for (size_t i = 0; i < d->collection_count && st == DTAKE_OK; i++) {
        c.collection = d->collections[i].id;
        st = compact_collection(&c, err);
    }
    dtake__directory_release(d);
    return st;
}

dtake_status dtake__catalog_compact(dtake__catalog *catalog, dtake_error *err)
{
    if (catalog->mode.read_only)
        return dtake__fail(err, DTAKE_E_STATE, "catalogue %s: it was opened for reading only", catalog->path);
    dtake__background_pause(catalog->background);
    dtake_status st = dtake__compact_all(catalog, DTAKE__COMPACT_WHOLE, DTAKE__READ_WAIT_MS, err);
    if (st == DTAKE_OK)
        st = dtake__give_back_pages(catalog, err);
    dtake__background_resume(catalog->background);
    return st;
}
