#include "query/query.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <string.h>

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "fill in a query");
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
        dtake__query_order_free(made.order, made.order_count);
        return st;
    }
    dtake__query_order_free(query->order, query->order_count);
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
    query->has_after_ns = false;
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
