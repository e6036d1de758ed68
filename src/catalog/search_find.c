/* One datapoint, and how many there are. */
#include "catalog/searching.h"

#include "core/error.h"
#include "table/schema.h"

static dtake_status find_by(const dtake__view *view, const dtake__dataset *dataset, const char *collection,
                            const char *id, const char *name, dtake_batch **out, dtake_error *err)
{
    dtake_query *q = NULL;
    dtake__search *s = NULL;
    *out = NULL;
    dtake_status st = dtake_query_new(&q, err);
    if (st == DTAKE_OK && collection != NULL)
        st = dtake__strings_add(&q->collections, collection, strlen(collection)) == DTAKE_OK
                 ? DTAKE_OK
                 : dtake__fail_nomem(err, "search");
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
    st = dtake__db_explain(view.db, st, err);
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
    dtake__view_pieces(&s->view, e->chunk->id, &pieces);
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
    if (s != NULL)
        st = dtake__db_explain(s->view.db, st, err);
    dtake__search_close(s);
    return st;
}
