/* What a search looks at, and in which order. */
#include "catalog/searching.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/schema.h"

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "search");
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

static dtake_status check_collections(const dtake__directory *d, const dtake__dataset *dataset,
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
    dtake_status st = check_collections(d, dataset, s->demand.query, err);
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

static dtake_status plan_order(dtake__search *s, const dtake__dataset *dataset, dtake_error *err)
{
    const dtake_query *q = s->demand.query;
    dtake_status st = dtake__result_schema_of(&s->schema, dataset, q, err);
    if (st != DTAKE_OK)
        return st;
    s->given = dtake_schema_retain(s->schema.schema);
    s->skip = q->offset;
    s->left = q->limit > 0 ? q->limit : -1;
    if (q->order_count == 0)
        return DTAKE_OK;
    if (q->order_count == 1 && is_time(dataset->schema, q->order[0].field)) {
        s->descending = q->order[0].descending;
        return DTAKE_OK;
    }
    s->sorted = true;
    dtake__result_schema_dispose(&s->schema);
    return add_sort_fields(s, dataset->schema, err);
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
    s->demand.after_ns = q->has_after_ns ? q->after_ns : INT64_MIN;
    s->demand.has_after = q->has_after_ns;
    if (q->has_after_ns)
        return DTAKE_OK;
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

dtake_status dtake__search_plan(dtake__search *s, const dtake__dataset *dataset, dtake_error *err)
{
    dtake_status st = plan_order(s, dataset, err);
    if (st == DTAKE_OK)
        st = find_after(s, dataset, err);
    return st == DTAKE_OK ? list_entries(s, dataset, err) : st;
}
