/* Chunks rewritten: small ones joined, dead rows left out, those that overlap in time merged. Each group is
 * one transaction, so that writers and readers go on in between. */
#include "catalog/compact.h"

#include "catalog/searching.h"
#include "core/alloc.h"
#include "core/error.h"

enum {
    DEPTH_MAX = 3, /* chunks that share an instant before they are merged */
    FAN_IN = 12,   /* chunks in memory at a time */
    SMALL_ROWS = DTAKE__CHUNK_MAX_ROWS / 2,
    SMALL_BYTES = 4 << 20,
    WRITE_BYTES = 24 << 20, /* of rows as columns, in one new chunk */
    COMPACT_LEVEL = 6,      /* of zstd */
};

typedef struct group {
    const dtake__listed_chunk **chunks;
    size_t count;
    int64_t rows, dead;
} group;

/* --- what is worth it --- */

static bool is_small(const dtake__listed_chunk *c)
{
    return c->facts.rows - c->dead_count < SMALL_ROWS && c->facts.bytes < SMALL_BYTES;
}

static bool is_holey(const dtake__listed_chunk *c)
{
    return c->dead_count * 8 > c->facts.rows;
}

/* Does `a`, which begins first, end behind the beginning of `b`? */
static bool reaches_into(const dtake__listed_chunk *a, const dtake__listed_chunk *b)
{
    return dtake__key_compare(a->facts.time_max, a->facts.last_id, b->facts.time_min, b->facts.first_id) >= 0;
}

/* How many chunks of the list, which is in the order of beginnings, are under way where chunk i begins. */
static size_t depth_at(const dtake__chunk_list *list, size_t i)
{
    size_t depth = 1;
    for (size_t k = i; k-- > 0 && depth <= DEPTH_MAX;)
        depth += reaches_into(&list->at[k], &list->at[i]);
    return depth;
}

/* Bad ones, and all that reach into them. */
static void find_bad(const dtake__chunk_list *list, bool *bad)
{
    for (size_t i = 0; i < list->count; i++) {
        const dtake__listed_chunk *c = &list->at[i];
        bool deep = depth_at(list, i) > DEPTH_MAX;
        bad[i] = bad[i] || deep || is_small(c) || is_holey(c);
        for (size_t k = i; deep && k-- > 0;)
            bad[k] = bad[k] || reaches_into(&list->at[k], c);
    }
}

static bool worth_it(const group *g)
{
    size_t least = (size_t)((g->rows - g->dead + DTAKE__CHUNK_MAX_ROWS - 1) / DTAKE__CHUNK_MAX_ROWS);
    if (g->count > 1 && g->count > least + 1)
        return true;
    for (size_t i = 0; i < g->count; i++)
        if (is_holey(g->chunks[i]))
            return true;
    for (size_t i = 1; i < g->count; i++) /* small ones side by side, or such as overlap */
        if ((is_small(g->chunks[i]) && is_small(g->chunks[i - 1])) ||
            reaches_into(g->chunks[i - 1], g->chunks[i]))
            return true;
    return false;
}

/* The first run of bad chunks that is worth rewriting, at most FAN_IN of them. Chunks made in this pass are
 * left to the next one. */
static bool next_group(const dtake__chunk_list *list, const bool *bad, int64_t last_id, group *out)
{
    size_t at = 0;
    while (at < list->count) {
        out->count = 0;
        out->rows = out->dead = 0;
        while (at < list->count && (!bad[at] || list->at[at].id > last_id))
            at++;
        for (; at < list->count && bad[at] && list->at[at].id <= last_id && out->count < FAN_IN; at++) {
            const dtake__listed_chunk *c = &list->at[at];
            out->chunks[out->count++] = c;
            out->rows += c->facts.rows;
            out->dead += c->dead_count;
        }
        if (out->count > 0 && worth_it(out))
            return true;
    }
    return false;
}

/* --- rewriting --- */

typedef struct rewriting {
    dtake__search *search;
    int64_t collection;
    dtake_batch *pending[64];
    size_t count;
    int64_t rows, bytes;
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

static int64_t bytes_of(const dtake_batch *batch)
{
    int64_t bytes = 0, rows = dtake_batch_rows(batch);
    for (size_t f = 0; f < dtake_schema_count(dtake_batch_schema(batch)); f++) {
        const dtake_column *c = dtake_batch_column(batch, f);
        bytes += c->offsets != NULL ? 4 * rows + c->offsets[rows] - c->offsets[0] : 8 * rows;
    }
    return bytes;
}

/* Equal shares rather than full chunks and a small rest. */
static dtake_status rewrite(rewriting *r, int64_t total, dtake_error *err)
{
    int64_t parts = (total + DTAKE__CHUNK_MAX_ROWS - 1) / DTAKE__CHUNK_MAX_ROWS;
    int64_t share = parts > 0 ? (total + parts - 1) / parts : 1;
    dtake_status st = DTAKE_OK;
    for (;;) {
        dtake_batch *batch = NULL;
        st = dtake__search_next(r->search, &batch, err);
        if (st != DTAKE_OK || batch == NULL)
            break;
        r->pending[r->count++] = batch;
        r->rows += dtake_batch_rows(batch);
        r->bytes += bytes_of(batch);
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
                                 const dtake__collection *collection, const group *g, dtake_error *err)
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
                                  const dtake__collection *collection, const group *g, dtake_error *err)
{
    rewriting r = { .collection = collection->id };
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

/* --- one collection --- */

/* One group of chunks up to *last_id (0: all that are there now), if there is one; *did tells. */
static dtake_status compact_next(dtake__catalog *catalog, int64_t dataset_id, int64_t collection_id,
                                 int64_t *last_id, int64_t wait_ms, bool *did, dtake_error *err)
{
    dtake__view view = { .catalog = catalog };
    const dtake__dataset *dataset = NULL;
    const dtake__collection *collection = NULL;
    dtake__chunk_list *list = NULL;
    bool *bad = NULL;
    const dtake__listed_chunk *chunks[FAN_IN];
    group g = { .chunks = chunks };
    bool fixed = *last_id > 0;
    *did = false;
    dtake_status st = dtake__catalog_take(catalog, &view.db, err);
    if (st == DTAKE_OK)
        st = dtake__db_begin_write(view.db, wait_ms, err);
    if (st == DTAKE_OK)
        st = dtake__directory_get(catalog, view.db, &view.directory, err);
    for (size_t i = 0; st == DTAKE_OK && i < view.directory->dataset_count; i++)
        if (view.directory->datasets[i].id == dataset_id)
            dataset = &view.directory->datasets[i];
    for (size_t i = 0; st == DTAKE_OK && i < view.directory->collection_count; i++)
        if (view.directory->collections[i].id == collection_id)
            collection = &view.directory->collections[i];
    if (st == DTAKE_OK && dataset != NULL && collection != NULL)
        st = dtake__chunks_get(catalog, view.db, collection, &list, err);
    if (st == DTAKE_OK && list != NULL) {
        bad = dtake__calloc(list->count + 1, sizeof *bad);
        if (bad == NULL)
            st = dtake__fail_nomem(err, "compact");
        else
            find_bad(list, bad);
    }
    for (size_t i = 0; st == DTAKE_OK && list != NULL && !fixed && i < list->count; i++)
        *last_id = list->at[i].id > *last_id ? list->at[i].id : *last_id;
    if (st == DTAKE_OK && list != NULL && next_group(list, bad, *last_id, &g)) {
        st = compact_group(&view, dataset, collection, &g, err);
        if (st == DTAKE_OK)
            st = dtake__db_commit(view.db, err);
        *did = st == DTAKE_OK;
    }
    dtake__free(bad);
    dtake__chunks_release(list);
    dtake__view_close(&view);
    return st;
}

dtake_status dtake__compact_collection(dtake__catalog *catalog, int64_t dataset, int64_t collection,
                                       int64_t wait_ms, dtake_error *err)
{
    /* Merging deep overlaps takes some passes: each makes a twelfth as many runs. */
    enum { PASSES_MAX = 6 };
    dtake_status st = DTAKE_OK;
    for (int pass = 0; pass < PASSES_MAX && st == DTAKE_OK; pass++) {
        int64_t last_id = 0;
        bool any = false, did = true;
        while (st == DTAKE_OK && did) {
            st = compact_next(catalog, dataset, collection, &last_id, wait_ms, &did, err);
            any = any || did;
        }
        if (!any)
            break;
    }
    return st;
}

dtake_status dtake__catalog_compact(dtake__catalog *catalog, dtake_error *err)
{
    dtake__view view;
    if (catalog->mode.read_only)
        return dtake__fail(err, DTAKE_E_STATE, "catalogue %s: it was opened for reading only", catalog->path);
    dtake_status st = dtake__view_open(&view, catalog, err);
    if (st != DTAKE_OK)
        return st;
    dtake__directory *d = view.directory;
    view.directory = NULL; /* kept beyond the view */
    dtake__view_close(&view);
    for (size_t i = 0; i < d->collection_count && st == DTAKE_OK; i++)
        st = dtake__compact_collection(catalog, d->collections[i].dataset, d->collections[i].id,
                                       DTAKE__READ_WAIT_MS, err);
    dtake__directory_release(d);
    return st == DTAKE_OK ? dtake__give_back_pages(catalog, err) : st;
}
