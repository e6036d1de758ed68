/* Queries made, copied and freed; what they are filled with is in query.c. */
#include "query/query.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "a query");
}

dtake_status dtake_query_new(dtake_query **out, dtake_error *err)
{
    *out = dtake__calloc(1, sizeof **out);
    return *out != NULL ? DTAKE_OK : no_memory(err);
}

void dtake__query_order_free(dtake__query_order *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dtake__free(order[i].field);
    dtake__free(order);
}

void dtake_query_free(dtake_query *query)
{
    if (query == NULL)
        return;
    dtake__free(query->dataset);
    dtake__strings_dispose(&query->collections);
    dtake__geometry_dispose(&query->area.geometry);
    dtake__filter_free(query->filter);
    dtake__free(query->ids);
    dtake__strings_dispose(&query->names);
    dtake__strings_dispose(&query->fields);
    dtake__strings_dispose(&query->fields_without);
    dtake__query_order_free(query->order, query->order_count);
    dtake__free(query);
}

static dtake_status copy_ids(const dtake_query *from, dtake_query *to)
{
    if (from->id_count == 0)
        return DTAKE_OK;
    to->ids = dtake__calloc(from->id_count, sizeof *to->ids);
    if (to->ids == NULL)
        return DTAKE_E_NOMEM;
    memcpy(to->ids, from->ids, from->id_count * sizeof *to->ids);
    to->id_count = from->id_count;
    return DTAKE_OK;
}

static dtake_status copy_order(const dtake_query *from, dtake_query *to)
{
    if (from->order_count == 0)
        return DTAKE_OK;
    to->order = dtake__calloc(from->order_count, sizeof *to->order);
    if (to->order == NULL)
        return DTAKE_E_NOMEM;
    for (; to->order_count < from->order_count; to->order_count++) {
        const dtake__query_order *order = &from->order[to->order_count];
        char *field = dtake__strdup(order->field);
        if (field == NULL)
            return DTAKE_E_NOMEM;
        to->order[to->order_count] = (dtake__query_order){ field, order->descending };
    }
    return DTAKE_OK;
}

static dtake_status copy_lists(const dtake_query *from, dtake_query *to)
{
    dtake_status st = dtake__strings_copy(&from->collections, &to->collections);
    if (st == DTAKE_OK)
        st = dtake__strings_copy(&from->names, &to->names);
    if (st == DTAKE_OK)
        st = dtake__strings_copy(&from->fields, &to->fields);
    if (st == DTAKE_OK)
        st = dtake__strings_copy(&from->fields_without, &to->fields_without);
    if (st == DTAKE_OK)
        st = copy_ids(from, to);
    return st == DTAKE_OK ? copy_order(from, to) : st;
}

static dtake_status copy_rest(const dtake_query *from, dtake_query *to)
{
    if (from->dataset != NULL && (to->dataset = dtake__strdup(from->dataset)) == NULL)
        return DTAKE_E_NOMEM;
    if (from->filter != NULL && (to->filter = dtake__filter_copy(from->filter)) == NULL)
        return DTAKE_E_NOMEM;
    to->area = from->area;
    to->area.geometry = (dtake__geometry){ 0 };
    if (from->area.kind == DTAKE__AREA_GEOMETRY)
        return dtake__geometry_copy(&from->area.geometry, &to->area.geometry, NULL);
    return DTAKE_OK;
}

dtake_status dtake_query_copy(dtake_query **out, const dtake_query *query, dtake_error *err)
{
    dtake_query *copy = dtake__calloc(1, sizeof *copy);
    *out = NULL;
    if (copy == NULL)
        return no_memory(err);
    copy->has_time = query->has_time;
    copy->time = query->time;
    copy->limit = query->limit;
    copy->offset = query->offset;
    copy->has_after = query->has_after;
    copy->after = query->after;
    copy->has_after_ns = query->has_after_ns;
    copy->after_ns = query->after_ns;
    copy->skip_data = query->skip_data;
    if (copy_lists(query, copy) != DTAKE_OK || copy_rest(query, copy) != DTAKE_OK) {
        dtake_query_free(copy);
        return no_memory(err);
    }
    *out = copy;
    return DTAKE_OK;
}
