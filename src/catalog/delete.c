#include "catalog/background.h"
#include "catalog/bury.h"
#include "catalog/searching.h"

#include "core/alloc.h"
#include "core/error.h"

/* Bits of the stored rows that were picked, joined to those that are dead already. */
static dtake_status mark(const dtake__chunk *chunk, const dtake__selection *s,
                         const dtake__listed_chunk *listed, dtake__listed_chunk *out, dtake_error *err)
{
    size_t bytes = ((size_t)chunk->rows + 7) / 8;
    uint8_t *dead = dtake__calloc(bytes, 1);
    uint32_t *stored = dtake__alloc(((size_t)s->rows + 1) * sizeof *stored), at = 0;
    if (dead == NULL || stored == NULL) {
        dtake__free(dead);
        dtake__free(stored);
        return dtake__fail_nomem(err, "delete datapoints");
    }
    for (size_t r = 0; r < s->run_count; r++)
        for (uint32_t i = chunk->starts[s->runs[r].first]; i < chunk->starts[s->runs[r].end]; i++)
            stored[at++] = i;
    if (listed->dead != NULL)
        memcpy(dead, listed->dead, bytes);
    for (int64_t i = 0; i < s->count; i++) {
        uint32_t row = stored[s->picked[i]];
        dead[row >> 3] |= (uint8_t)(1 << (row & 7));
    }
    dtake__free(stored);
    *out = *listed;
    out->dead = dead;
    out->dead_count += s->count;
    return DTAKE_OK;
}

static dtake_status delete_some(dtake__search *s, const dtake__listed_chunk *listed, int64_t *deleted,
                                dtake_error *err)
{
    dtake__wish wish = { .want = -1 };
    dtake__selection picked = { 0 };
    dtake__listed_chunk after = { 0 };
    dtake__chunk *chunk = NULL;
    dtake__pieces pieces;
    dtake__pieces_init(&pieces, s->view.db, listed->id);
    dtake_status st = dtake__catalog_chunk(s->view.catalog, s->view.db, listed->id, &chunk, err);
    if (st == DTAKE_OK)
        st = dtake__select(&s->demand, listed, chunk, &pieces, &wish, &picked, err);
    if (st == DTAKE_OK && picked.count > 0) {
        *deleted += picked.count;
        st = mark(chunk, &picked, listed, &after, err);
        if (st == DTAKE_OK)
            st = dtake__bury(s->view.db, &after, err);
    }
    dtake__free((void *)after.dead);
    dtake__selection_dispose(&picked);
    dtake__chunk_release(chunk);
    return st;
}

static dtake_status delete_entry(dtake__search *s, const dtake__listed_chunk *listed, int64_t *deleted,
                                 dtake_error *err)
{
    if (!dtake__demand_takes_all(&s->demand, listed))
        return delete_some(s, listed, deleted, err);
    *deleted += listed->facts.rows - listed->dead_count;
    return dtake__db_drop_chunk(s->view.db, listed->id, err);
}

static dtake_status delete_all(dtake__search *s, const dtake__dataset *dataset, int64_t generation,
                               int64_t *deleted, dtake_error *err)
{
    const dtake__directory *d = s->view.directory;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < s->entry_count && st == DTAKE_OK; i++)
        st = delete_entry(s, s->entries[i].chunk, deleted, err);
    for (size_t i = 0; i < d->collection_count && st == DTAKE_OK; i++)
        if (d->collections[i].dataset == dataset->id)
            st = dtake__collection_touch(s->view.db, d->collections[i].id, generation, err);
    return st;
}

dtake_status dtake__catalog_delete(dtake__catalog *catalog, const dtake_query *query, int64_t *deleted,
                                   dtake_error *err)
{
    dtake__view view = { .catalog = catalog };
    const dtake__dataset *dataset;
    dtake__search *s = NULL;
    int64_t generation, count = 0;
    if (query->limit > 0 || query->offset > 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "delete: it takes all datapoints that a query names; no limit, no offset");
    dtake__background_pause(catalog->background);
    dtake_status st = dtake__catalog_take(catalog, &view.db, err);
    if (st == DTAKE_OK)
        st = dtake__db_begin_write(view.db, DTAKE__READ_WAIT_MS, err);
    if (st == DTAKE_OK)
        st = dtake__directory_get(catalog, view.db, &view.directory, err);
    if (st == DTAKE_OK)
        st = dtake__query_dataset_of(view.directory, query, &dataset, err);
    if (st == DTAKE_OK)
        st = dtake__search_begin(&s, &view, dataset, query, err);
    if (st == DTAKE_OK)
        st = dtake__db_next_generation(view.db, &generation, err);
    if (st == DTAKE_OK)
        st = delete_all(s, dataset, generation, &count, err);
    if (st == DTAKE_OK && count > 0)
        st = dtake__db_commit(view.db, err);
    if (st == DTAKE_OK && deleted != NULL)
        *deleted = count;
    dtake__search_end(s);
    dtake__view_close(&view); /* rolls back what was not committed */
    dtake__background_resume(catalog->background);
    if (st == DTAKE_OK)
        dtake__background_wake(catalog->background);
    return st;
}
