#include "catalog/searching.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "table/schema.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
}

dtake_status dtake__search_cancelled(const dtake__search *s, dtake_error *err)
{
    return atomic_load_explicit(&s->cancelled, memory_order_relaxed)
               ? dtake__fail(err, DTAKE_E_CANCELLED, "search: cancelled")
               : DTAKE_OK;
}

/* --- opening --- */

dtake_status dtake__search_begin(dtake__search **out, const dtake__view *view, const dtake__dataset *dataset,
                                 const dtake_query *query, dtake_error *err)
{
    dtake__search *s = dtake__calloc(1, sizeof *s);
    if (s == NULL)
        return no_memory(err);
    s->view = *view;
    s->begun_us = dtake__now_us();
    dtake_status st = dtake__demand_open(&s->demand, query, dataset->schema, err);
    if (st == DTAKE_OK)
        st = dtake__search_plan(s, dataset, err);
    *out = s;
    return st;
}

dtake_status dtake__search_open(dtake__search **out, dtake__catalog *catalog, const dtake_query *query,
                                dtake_error *err)
{
    dtake__view view;
    const dtake__dataset *dataset;
    dtake__search *s = NULL;
    dtake_status st = dtake__view_open(&view, catalog, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__query_dataset_of(view.directory, query, &dataset, err);
    if (st == DTAKE_OK)
        st = dtake__search_begin(&s, &view, dataset, query, err);
    if (st == DTAKE_OK) {
        *out = s;
        return DTAKE_OK;
    }
    dtake__search_end(s);
    dtake__view_close(&view);
    return st;
}

/* The view is the caller's. */
void dtake__search_end(dtake__search *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->part_count; i++)
        dtake__part_dispose(&s->parts[i]);
    for (size_t i = 0; i < s->list_count; i++)
        dtake__chunks_release(s->lists[i]);
    for (size_t i = s->ready_next; i < s->ready_count; i++)
        dtake_batch_release(s->ready[i]);
    dtake__free(s->parts);
    dtake__free(s->lists);
    dtake__free(s->ready);
    dtake__free(s->entries);
    dtake__free(s->stretches);
    dtake__result_schema_dispose(&s->schema);
    dtake_schema_release(s->given);
    dtake__demand_dispose(&s->demand);
    dtake__free(s);
}

void dtake__search_close(dtake__search *s)
{
    if (s == NULL)
        return;
    dtake__view view = s->view;
    dtake__search_end(s);
    dtake__view_close(&view);
}

dtake_status dtake__search_only(dtake__search *s, const dtake__listed_chunk *const *chunks, size_t count,
                                dtake_error *err)
{
    dtake__entry *entries = dtake__realloc_array(s->entries, count + 1, sizeof *entries);
    if (entries == NULL)
        return no_memory(err);
    s->entries = entries;
    s->entry_count = count;
    s->once = true;
    for (size_t i = 0; i < count; i++)
        entries[i] = (dtake__entry){ chunks[i], "", chunks[i]->facts.time_min, chunks[i]->facts.time_max };
    dtake__entries_order(s);
    for (size_t i = 0; i < count; i++)
        entries[i].overlaps = true;
    dtake__result_schema_dispose(&s->schema);
    dtake_schema_release(s->given);
    s->schema.schema = dtake_schema_retain(s->demand.schema);
    s->schema.stored = dtake_schema_retain(s->demand.schema);
    s->given = dtake_schema_retain(s->demand.schema);
    return DTAKE_OK;
}

const dtake_schema *dtake__search_schema(const dtake__search *s)
{
    return s->given;
}

/* --- giving --- */

static int64_t wanted_rows(const dtake__search *s)
{
    return s->sorted || s->left < 0 || s->left > INT64_MAX - s->skip ? -1 : s->left + s->skip;
}

static dtake_status room_for_part(dtake__search *s, dtake_error *err)
{
    dtake__part *parts = dtake__room_for_one(s->parts, s->part_count, &s->part_room, sizeof *parts);
    if (parts == NULL)
        return no_memory(err);
    s->parts = parts;
    return DTAKE_OK;
}

static dtake_status make_part(dtake__search *s, const dtake__entry *e, dtake__part *part, dtake_error *err)
{
    dtake__chunk *chunk = NULL;
    dtake__pieces pieces;
    bool done = false;
    dtake__wish wish = { .want = wanted_rows(s),
                         .descending = s->descending,
                         .with_times = true,
                         .with_ids = e->overlaps || s->sorted };
    int64_t start_ns = s->demand.start_ns, end_ns = s->demand.end_ns;
    dtake_status st = dtake__catalog_chunk(s->view.catalog, s->view.db, e->chunk->id, &chunk, err);
    if (st != DTAKE_OK)
        return st;
    if (e->cut) {
        s->demand.start_ns = e->from_ns > start_ns ? e->from_ns : start_ns;
        s->demand.end_ns = e->to_ns < end_ns ? e->to_ns : end_ns;
    }
    dtake__view_pieces(&s->view, e->chunk->id, &pieces);
    pieces.cache = s->once ? NULL : pieces.cache;
    st = dtake__part_of_decoded(s, e, chunk, &pieces, &wish, part, &done, err);
    if (st == DTAKE_OK && !done)
        st = dtake__part_make(part, &s->demand, e->chunk, chunk, &pieces, &wish, &s->schema, e->collection,
                              err);
    s->demand.start_ns = start_ns;
    s->demand.end_ns = end_ns;
    dtake__chunk_release(chunk);
    atomic_fetch_add_explicit(&s->bytes, (int64_t)pieces.fetched, memory_order_relaxed);
    return st;
}

dtake_status dtake__search_open_entry(dtake__search *s, dtake_error *err)
{
    dtake__entry e;
    dtake_status st = room_for_part(s, err);
    if (st != DTAKE_OK)
        return st;
    dtake__entries_take(s, &e);
    st = make_part(s, &e, &s->parts[s->part_count], err);
    if (st == DTAKE_OK && s->parts[s->part_count].rows > 0)
        s->part_count++;
    return st;
}

dtake_status dtake__search_next(dtake__search *s, dtake_batch **out, dtake_error *err)
{
    dtake_status st = dtake__search_cancelled(s, err);
    *out = NULL;
    if (st == DTAKE_OK && !s->sorted) {
        st = dtake__search_merge(s, out, err);
    } else if (st == DTAKE_OK) {
        if (s->ready == NULL)
            st = dtake__search_sort(s, err);
        if (st == DTAKE_OK && s->ready_next < s->ready_count)
            *out = s->ready[s->ready_next++];
    }
    if (*out != NULL)
        atomic_fetch_add_explicit(&s->datapoints, dtake_batch_rows(*out), memory_order_relaxed);
    else if (st == DTAKE_OK)
        atomic_store(&s->finished, true);
    return dtake__db_explain(s->view.db, st, err);
}

void dtake__search_progress(const dtake__search *s, dtake_load_progress *out)
{
    bool finished = atomic_load(&s->finished);
    int64_t at = atomic_load_explicit(&s->at_ns, memory_order_relaxed);
    double whole = (double)s->end_ns - (double)s->start_ns;
    double done = s->descending ? (double)s->end_ns - (double)at : (double)at - (double)s->start_ns;
    *out = (dtake_load_progress){ .finished = finished,
                                  .start_ns = s->start_ns,
                                  .end_ns = s->end_ns,
                                  .at_ns = finished ? (s->descending ? s->start_ns : s->end_ns) : at,
                                  .fraction = finished    ? 1
                                              : whole > 0 ? done / whole
                                                          : 0,
                                  .datapoints = atomic_load_explicit(&s->datapoints, memory_order_relaxed),
                                  .bytes = atomic_load_explicit(&s->bytes, memory_order_relaxed),
                                  .seconds = (double)(dtake__now_us() - s->begun_us) / 1e6 };
    out->fraction = out->fraction < 0 ? 0 : out->fraction > 1 ? 1 : out->fraction;
}

void dtake__search_cancel(dtake__search *s)
{
    atomic_store(&s->cancelled, true);
}
