#include "catalog/searching.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "table/schema.h"

#include <stdlib.h>

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

/* --- what is searched --- */

dtake_status dtake__query_dataset_of(const dtake__directory *d, const dtake_query *query,
                                     const dtake__dataset **out, dtake_error *err)
{
    if (query->dataset != NULL)
        return dtake__directory_dataset(d, query->dataset, out, err);
    if (d->dataset_count != 1)
        return dtake__fail(err, DTAKE_E_USAGE, "query: name a dataset; the catalogue has %zu",
                           d->dataset_count);
    *out = &d->datasets[0];
    return DTAKE_OK;
}

static bool is_wanted(const dtake_query *query, const char *name)
{
    return query->collections.count == 0 || dtake__strings_have(&query->collections, name);
}

dtake_status dtake__query_collections_check(const dtake__directory *d, const dtake__dataset *dataset,
                                            const dtake_query *query, dtake_error *err)
{
    const dtake__collection *found;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < query->collections.count && st == DTAKE_OK; i++)
        st = dtake__directory_collection(d, dataset, query->collections.at[i], &found, err);
    return st;
}

static dtake_status add_collection(dtake__search *s, const dtake__collection *c, dtake_error *err)
{
    dtake__chunk_list *list;
    dtake_status st = dtake__chunks_get(s->view.catalog, s->view.db, c, &list, err);
    if (st != DTAKE_OK)
        return st;
    s->lists[s->list_count++] = list;
    dtake__entry *entries =
        dtake__realloc_array(s->entries, s->entry_count + list->count + 1, sizeof *entries);
    if (entries == NULL)
        return no_memory(err);
    s->entries = entries;
    for (size_t i = 0; i < list->count; i++) {
        const dtake__chunk_facts *f = &list->at[i].facts;
        bool first = s->start_ns > s->end_ns;
        s->start_ns = first || f->time_min < s->start_ns ? f->time_min : s->start_ns;
        s->end_ns = first || f->time_max > s->end_ns ? f->time_max : s->end_ns;
        if (dtake__demand_wants(&s->demand, &list->at[i]))
            s->entries[s->entry_count++] = (dtake__entry){ &list->at[i], c->name, f->time_min, f->time_max };
    }
    return DTAKE_OK;
}

/* The interval that progress is told against. */
static void cut_progress(dtake__search *s)
{
    if (s->start_ns > s->end_ns)
        s->start_ns = s->end_ns = 0;
    s->start_ns = s->demand.start_ns > s->start_ns ? s->demand.start_ns : s->start_ns;
    s->end_ns = s->demand.end_ns < s->end_ns ? s->demand.end_ns : s->end_ns;
    if (s->start_ns > s->end_ns)
        s->start_ns = s->end_ns;
    atomic_store(&s->at_ns, s->descending ? s->end_ns : s->start_ns);
}

static dtake_status list_entries(dtake__search *s, const dtake__dataset *dataset, dtake_error *err)
{
    const dtake__directory *d = s->view.directory;
    dtake_status st = dtake__query_collections_check(d, dataset, s->demand.query, err);
    s->lists = dtake__calloc(d->collection_count + 1, sizeof *s->lists);
    s->start_ns = 1;
    s->end_ns = 0;
    if (s->lists == NULL)
        return no_memory(err);
    for (size_t i = 0; i < d->collection_count && st == DTAKE_OK; i++)
        if (d->collections[i].dataset == dataset->id && is_wanted(s->demand.query, d->collections[i].name))
            st = add_collection(s, &d->collections[i], err);
    if (st != DTAKE_OK)
        return st;
    dtake__entries_order(s);
    cut_progress(s);
    return DTAKE_OK;
}

/* --- order --- */

static bool is_time(const dtake_schema *schema, const char *name)
{
    int at = dtake_schema_find(schema, name);
    return at >= 0 ? dtake_schema_field(schema, (size_t)at)->role == DTAKE_ROLE_TIME
                   : strcmp(name, "datetime") == 0 || strcmp(name, "time") == 0;
}

/* Fields to sort by are read too when they were not asked for. */
static dtake_status add_sort_fields(dtake__search *s, const dtake_schema *dataset, dtake_error *err)
{
    dtake_query *q = NULL;
    dtake_status st = dtake_query_copy(&q, s->demand.query, err);
    if (st == DTAKE_OK && q->skip_data) {
        q->skip_data = false;
        st = dtake_query_fields(q, "time,id,collection", err);
    }
    for (size_t i = 0; st == DTAKE_OK && q->fields.count > 0 && i < q->order_count; i++)
        st = dtake__strings_add(&q->fields, q->order[i].field, strlen(q->order[i].field)) == DTAKE_OK
                 ? DTAKE_OK
                 : no_memory(err);
    for (size_t i = 0; st == DTAKE_OK && i < q->fields_without.count; i++) /* left out at the end */
        dtake__free(q->fields_without.at[i]);
    if (st == DTAKE_OK) {
        q->fields_without.count = 0;
        st = dtake__result_schema_make(&s->schema, dataset, q, err);
    }
    dtake_query_free(q);
    return st;
}

static dtake_status plan_order(dtake__search *s, const dtake_schema *dataset, dtake_error *err)
{
    const dtake_query *q = s->demand.query;
    dtake_status st = dtake__result_schema_make(&s->schema, dataset, q, err);
    if (st != DTAKE_OK)
        return st;
    s->given = dtake_schema_retain(s->schema.schema);
    s->skip = q->offset;
    s->left = q->limit > 0 ? q->limit : -1;
    if (q->order_count == 0)
        return DTAKE_OK;
    if (q->order_count == 1 && is_time(dataset, q->order[0].field)) {
        s->descending = q->order[0].descending;
        return DTAKE_OK;
    }
    s->sorted = true;
    dtake__result_schema_dispose(&s->schema);
    return add_sort_fields(s, dataset, err);
}

/* The datapoint that results follow: its time is part of the order. */
static dtake_status find_after(dtake__search *s, const dtake__dataset *dataset, dtake_error *err)
{
    char text[DTAKE_ID_TEXT];
    dtake_batch *found = NULL;
    const dtake_query *q = s->demand.query;
    if (!q->has_after)
        return DTAKE_OK;
    dtake_id_format(q->after, text);
    memcpy(s->demand.after_id, q->after.bytes, 16);
    s->demand.after_ns = INT64_MIN;
    dtake_error none;
    dtake_status st = dtake__find_in(&s->view, dataset, NULL, text, &found, &none);
    if (st == DTAKE_OK) {
        int time = dtake_schema_find_role(dtake_batch_schema(found), DTAKE_ROLE_TIME);
        s->demand.after_ns = ((const int64_t *)dtake_batch_column(found, (size_t)time)->values)[0];
    }
    dtake_batch_release(found);
    s->demand.has_after = true;
    if (st != DTAKE_OK && st != DTAKE_E_NOT_FOUND) {
        dtake__error_copy(err, &none);
        return st;
    }
    return DTAKE_OK;
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
        st = plan_order(s, dataset->schema, err);
    if (st == DTAKE_OK)
        st = find_after(s, dataset, err);
    if (st == DTAKE_OK)
        st = list_entries(s, dataset, err);
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
    dtake__pieces_init(&pieces, s->view.db, e->chunk->id);
    st = dtake__part_make(part, &s->demand, e->chunk, chunk, &pieces, &wish, &s->schema, e->collection, err);
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
    return st;
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

/* --- one, and how many --- */

static dtake_status find_by(const dtake__view *view, const dtake__dataset *dataset, const char *collection,
                            const char *id, const char *name, dtake_batch **out, dtake_error *err)
{
    dtake_query *q = NULL;
    dtake__search *s = NULL;
    *out = NULL;
    dtake_status st = dtake_query_new(&q, err);
    if (st == DTAKE_OK && collection != NULL)
        st = dtake__strings_add(&q->collections, collection, strlen(collection)) == DTAKE_OK ? DTAKE_OK
                                                                                             : no_memory(err);
    if (st == DTAKE_OK)
        st = id != NULL ? dtake_query_id(q, id, err) : dtake_query_name(q, name, err);
    if (st == DTAKE_OK)
        st = dtake_query_limit(q, 1, err);
    if (st == DTAKE_OK)
        st = dtake__search_begin(&s, view, dataset, q, err);
    if (st == DTAKE_OK)
        st = dtake__search_next(s, out, err);
    dtake__search_end(s);
    dtake_query_free(q);
    return st;
}

/* Names may look like ids. */
dtake_status dtake__find_in(const dtake__view *view, const dtake__dataset *dataset, const char *collection,
                            const char *text, dtake_batch **out, dtake_error *err)
{
    dtake_id id;
    dtake_status st = DTAKE_OK;
    *out = NULL;
    if (dtake_id_parse(text, &id, NULL) == DTAKE_OK)
        st = find_by(view, dataset, collection, text, NULL, out, err);
    if (st == DTAKE_OK && *out == NULL && dtake_schema_find_role(dataset->schema, DTAKE_ROLE_NAME) >= 0)
        st = find_by(view, dataset, collection, NULL, text, out, err);
    if (st == DTAKE_OK && *out == NULL)
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "dataset %s has no datapoint '%s'%s%s", dataset->slug, text,
                         collection != NULL ? " in collection " : "", collection != NULL ? collection : "");
    return st;
}

dtake_status dtake__catalog_find(dtake__catalog *catalog, const char *dataset, const char *collection,
                                 const char *id, dtake_batch **out, dtake_error *err)
{
    dtake__view view;
    const dtake__dataset *d;
    dtake_status st = dtake__view_open(&view, catalog, err);
    if (st != DTAKE_OK)
        return st;
    st = dtake__directory_dataset(view.directory, dataset, &d, err);
    if (st == DTAKE_OK)
        st = dtake__find_in(&view, d, collection, id, out, err);
    dtake__view_close(&view);
    return st;
}

static dtake_status count_entry(dtake__search *s, const dtake__entry *e, int64_t *out, dtake_error *err)
{
    dtake__wish wish = { .want = -1, .counting = true };
    dtake__selection selection;
    dtake__chunk *chunk = NULL;
    dtake__pieces pieces;
    if (dtake__demand_takes_all(&s->demand, e->chunk)) {
        *out += e->chunk->facts.rows - e->chunk->dead_count;
        return DTAKE_OK;
    }
    dtake_status st = dtake__catalog_chunk(s->view.catalog, s->view.db, e->chunk->id, &chunk, err);
    if (st != DTAKE_OK)
        return st;
    dtake__pieces_init(&pieces, s->view.db, e->chunk->id);
    st = dtake__select(&s->demand, e->chunk, chunk, &pieces, &wish, &selection, err);
    if (st == DTAKE_OK) {
        *out += selection.count;
        dtake__selection_dispose(&selection);
    }
    dtake__chunk_release(chunk);
    return st;
}

dtake_status dtake__catalog_count(dtake__catalog *catalog, const dtake_query *query, int64_t *out,
                                  dtake_error *err)
{
    dtake__search *s = NULL;
    int64_t count = 0;
    dtake_status st = dtake__search_open(&s, catalog, query, err);
    for (size_t i = 0; st == DTAKE_OK && i < s->entry_count; i++)
        st = count_entry(s, &s->entries[i], &count, err);
    if (st == DTAKE_OK) { /* as many as the search would give */
        count = count > s->skip ? count - s->skip : 0;
        *out = s->left >= 0 && count > s->left ? s->left : count;
    }
    dtake__search_close(s);
    return st;
}
