#include "query/query.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "fill in a query");
}

dtake_status dtake_query_new(dtake_query **out, dtake_error *err)
{
    *out = dtake__calloc(1, sizeof **out);
    return *out != NULL ? DTAKE_OK : no_memory(err);
}

static void free_order(dtake__query_order *order, size_t count)
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
    free_order(query->order, query->order_count);
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
    copy->skip_data = query->skip_data;
    if (copy_lists(query, copy) != DTAKE_OK || copy_rest(query, copy) != DTAKE_OK) {
        dtake_query_free(copy);
        return no_memory(err);
    }
    *out = copy;
    return DTAKE_OK;
}

dtake_status dtake_query_dataset(dtake_query *query, const char *dataset, dtake_error *err)
{
    char *copy = dtake__strdup(dataset);
    if (copy == NULL)
        return no_memory(err);
    dtake__free(query->dataset);
    query->dataset = copy;
    return DTAKE_OK;
}

dtake_status dtake_query_time(dtake_query *query, const char *text, dtake_interval_reading reading,
                              dtake_error *err)
{
    dtake_interval interval;
    dtake_status st = dtake_interval_read(text, reading, &interval, err);
    return st == DTAKE_OK ? dtake_query_interval(query, interval, err) : st;
}

dtake_status dtake_query_interval(dtake_query *query, dtake_interval interval, dtake_error *err)
{
    if (interval.start_ns > interval.end_ns)
        return dtake__fail(err, DTAKE_E_USAGE, "time interval: the start is after the end");
    query->has_time = true;
    query->time = interval;
    return DTAKE_OK;
}

static void set_area(dtake_query *query, dtake__area_kind kind, dtake_box box, dtake__geometry geometry)
{
    dtake__geometry_dispose(&query->area.geometry);
    query->area.kind = kind;
    query->area.box = box;
    query->area.geometry = geometry;
}

dtake_status dtake_query_bbox(dtake_query *query, const char *text, dtake_error *err)
{
    dtake_box box;
    dtake_status st = dtake_box_parse(text, &box, err);
    return st == DTAKE_OK ? dtake_query_box(query, box, err) : st;
}

dtake_status dtake_query_box(dtake_query *query, dtake_box box, dtake_error *err)
{
    if (!(fabs(box.west) <= 180 && fabs(box.east) <= 180 && fabs(box.south) <= 90 && fabs(box.north) <= 90))
        return dtake__fail(err, DTAKE_E_USAGE, "bbox %g,%g,%g,%g: expected degrees, W,S,E,N", box.west,
                           box.south, box.east, box.north);
    if (box.south > box.north)
        return dtake__fail(err, DTAKE_E_USAGE, "bbox %g,%g,%g,%g: south is greater than north", box.west,
                           box.south, box.east, box.north);
    set_area(query, DTAKE__AREA_BOX, box, (dtake__geometry){ 0 });
    return DTAKE_OK;
}

dtake_status dtake__query_area_take(dtake_query *query, dtake__geometry *geometry, dtake_error *err)
{
    dtake_box box;
    dtake_status st = dtake__geometry_check_degrees(geometry, err);
    if (st == DTAKE_OK)
        st = dtake__geometry_cover(geometry, &box, err);
    if (st == DTAKE_OK)
        set_area(query, DTAKE__AREA_GEOMETRY, box, *geometry);
    else
        dtake__geometry_dispose(geometry);
    return st;
}

dtake_status dtake_query_area(dtake_query *query, const char *text, dtake_error *err)
{
    dtake__geometry geometry;
    dtake_status st = dtake__geometry_from_text(text, strlen(text), &geometry, err);
    return st == DTAKE_OK ? dtake__query_area_take(query, &geometry, err) : st;
}

void dtake_query_area_mode(dtake_query *query, dtake_area_mode mode, dtake_edges edges)
{
    query->area.mode = mode;
    query->area.edges = edges;
}

dtake_status dtake__query_add_filter(dtake_query *query, dtake__filter *filter, dtake_error *err)
{
    dtake_status st = dtake__filter_and(&query->filter, filter);
    return st == DTAKE_E_LIMIT
               ? dtake__fail(err, st, "filter: nested more than %d deep", DTAKE__FILTER_MAX_DEPTH)
           : st != DTAKE_OK ? no_memory(err)
                            : st;
}

dtake_status dtake_query_filter(dtake_query *query, const char *cql2_text, dtake_error *err)
{
    dtake__filter *filter;
    dtake_status st = dtake__filter_parse_text(cql2_text, &filter, err);
    return st == DTAKE_OK ? dtake__query_add_filter(query, filter, err) : st;
}

dtake_status dtake_query_filter_json(dtake_query *query, const char *cql2_json, dtake_error *err)
{
    dtake__filter *filter;
    dtake_status st = dtake__filter_parse_json(cql2_json, strlen(cql2_json), &filter, err);
    return st == DTAKE_OK ? dtake__query_add_filter(query, filter, err) : st;
}

dtake_status dtake_query_filter_short(dtake_query *query, const char *text, dtake_error *err)
{
    dtake__filter *filter;
    dtake_status st = dtake__filter_parse_short(text, &filter, err);
    return st == DTAKE_OK ? dtake__query_add_filter(query, filter, err) : st;
}

dtake_status dtake__query_add_id(dtake_query *query, const uint8_t id[16], dtake_error *err)
{
    size_t count = query->id_count;
    if ((count & (count - 1)) == 0) { /* capacities are powers of two */
        dtake_id *ids = dtake__realloc_array(query->ids, count == 0 ? 1 : count * 2, sizeof *ids);
        if (ids == NULL)
            return no_memory(err);
        query->ids = ids;
    }
    memcpy(query->ids[query->id_count++].bytes, id, 16);
    return DTAKE_OK;
}

dtake_status dtake_query_id(dtake_query *query, const char *uuid, dtake_error *err)
{
    dtake_id id;
    dtake_status st = dtake_id_parse(uuid, &id, err);
    return st == DTAKE_OK ? dtake__query_add_id(query, id.bytes, err) : st;
}

dtake_status dtake__query_add_collection(dtake_query *query, const char *name, dtake_error *err)
{
    return dtake__strings_add(&query->collections, name, strlen(name)) == DTAKE_OK ? DTAKE_OK
                                                                                   : no_memory(err);
}

dtake_status dtake_query_name(dtake_query *query, const char *name, dtake_error *err)
{
    return dtake__strings_add(&query->names, name, strlen(name)) == DTAKE_OK ? DTAKE_OK : no_memory(err);
}

/* Calls `add` for each of the names between commas, without the blanks around them. */
static dtake_status each_name(dtake_query *query, const char *names, const char *what,
                              dtake_status (*add)(dtake_query *, const char *, size_t), dtake_error *err)
{
    for (const char *at = names;; at++) {
        size_t whole = strcspn(at, ","), len = whole;
        const char *next = at + whole;
        while (len > 0 && *at == ' ')
            at++, len--;
        while (len > 0 && at[len - 1] == ' ')
            len--;
        if (len == 0)
            return dtake__fail(err, DTAKE_E_USAGE, "%s '%s': a name is missing", what, names);
        if (add(query, at, len) != DTAKE_OK)
            return no_memory(err);
        at = next;
        if (*at == '\0')
            return DTAKE_OK;
    }
}

static dtake_status add_collection(dtake_query *query, const char *name, size_t len)
{
    return dtake__strings_add(&query->collections, name, len);
}

dtake_status dtake_query_collection(dtake_query *query, const char *names, dtake_error *err)
{
    dtake_query grown = { 0 };
    dtake_status st = dtake__strings_copy(&query->collections, &grown.collections);
    st = st == DTAKE_OK ? each_name(&grown, names, "collection", add_collection, err) : no_memory(err);
    if (st != DTAKE_OK) {
        dtake__strings_dispose(&grown.collections);
        return st;
    }
    dtake__strings_dispose(&query->collections);
    query->collections = grown.collections;
    return DTAKE_OK;
}

static dtake_status add_field(dtake_query *query, const char *name, size_t len)
{
    if (len > 1 && name[0] == '-')
        return dtake__strings_add(&query->fields_without, name + 1, len - 1);
    return dtake__strings_add(&query->fields, name, len);
}

dtake_status dtake_query_fields(dtake_query *query, const char *names, dtake_error *err)
{
    dtake_query grown = { 0 };
    dtake_status st = dtake__strings_copy(&query->fields, &grown.fields);
    if (st == DTAKE_OK)
        st = dtake__strings_copy(&query->fields_without, &grown.fields_without);
    st = st == DTAKE_OK ? each_name(&grown, names, "fields", add_field, err) : no_memory(err);
    dtake__strings *fields = st == DTAKE_OK ? &query->fields : &grown.fields,
                   *without = st == DTAKE_OK ? &query->fields_without : &grown.fields_without;
    dtake__strings_dispose(fields);
    dtake__strings_dispose(without);
    if (st == DTAKE_OK) {
        query->fields = grown.fields;
        query->fields_without = grown.fields_without;
    }
    return st;
}

static dtake_status add_order(dtake_query *query, const char *name, size_t len)
{
    bool descending = name[0] == '-', marked = descending || name[0] == '+';
    dtake__query_order *order = dtake__realloc_array(query->order, query->order_count + 1, sizeof *order);
    if (order == NULL)
        return DTAKE_E_NOMEM;
    query->order = order;
    char *field = dtake__strndup(name + marked, len - marked);
    if (field == NULL)
        return DTAKE_E_NOMEM;
    order[query->order_count++] = (dtake__query_order){ field, descending };
    return DTAKE_OK;
}

dtake_status dtake_query_order(dtake_query *query, const char *fields, dtake_error *err)
{
    dtake_query made = { 0 };
    dtake_status st = each_name(&made, fields, "order", add_order, err);
    for (size_t i = 0; i < made.order_count && st == DTAKE_OK; i++)
        if (made.order[i].field[0] == '\0')
            st = dtake__fail(err, DTAKE_E_USAGE, "order '%s': a name is missing", fields);
    if (st != DTAKE_OK) {
        free_order(made.order, made.order_count);
        return st;
    }
    free_order(query->order, query->order_count);
    query->order = made.order;
    query->order_count = made.order_count;
    return DTAKE_OK;
}

static dtake_status set_count(int64_t *to, int64_t count, const char *what, dtake_error *err)
{
    if (count < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "%s %lld: it cannot be negative", what, (long long)count);
    *to = count;
    return DTAKE_OK;
}

dtake_status dtake_query_limit(dtake_query *query, int64_t count, dtake_error *err)
{
    return set_count(&query->limit, count, "limit", err);
}

dtake_status dtake_query_offset(dtake_query *query, int64_t count, dtake_error *err)
{
    return set_count(&query->offset, count, "offset", err);
}

dtake_status dtake_query_after(dtake_query *query, const char *uuid, dtake_error *err)
{
    dtake_status st = dtake_id_parse(uuid, &query->after, err);
    query->has_after |= st == DTAKE_OK;
    return st;
}

void dtake_query_skip_data(dtake_query *query, bool skip)
{
    query->skip_data = skip;
}

dtake_status dtake__query_prepare_area(const dtake_query *query, dtake__prepared **out,
                                       dtake__relation *relation, dtake_error *err)
{
    const dtake__query_area *area = &query->area;
    *relation = area->mode == DTAKE_AREA_CONTAINS ? DTAKE__CONTAINS
                : area->mode == DTAKE_AREA_WITHIN ? DTAKE__WITHIN
                                                  : DTAKE__INTERSECTS;
    return area->kind == DTAKE__AREA_BOX ? dtake__prepared_new_box(out, area->box, area->edges, err)
                                         : dtake__prepared_new(out, &area->geometry, area->edges, err);
}
