#include "protocol/tilebox/query.h"

#include "core/error.h"

enum { NS_PER_MS = 1000000 };

/* --- time --- */

static int64_t floor_ms(int64_t ns)
{
    return ns / NS_PER_MS - (ns % NS_PER_MS < 0);
}

/* The first nanosecond of a millisecond; what lies beyond our years is an open end. */
static int64_t start_of_ms(int64_t ms)
{
    return ms > INT64_MAX / NS_PER_MS ? INT64_MAX : ms < INT64_MIN / NS_PER_MS ? INT64_MIN : ms * NS_PER_MS;
}

void dtake__tb_interval_read(const dtake__tb_time_interval *in, dtake_interval *out, bool *nothing)
{
    int64_t start = floor_ms(dtake__tb_time_ns(in->start_time)) + in->start_exclusive;
    int64_t end = floor_ms(dtake__tb_time_ns(in->end_time)) + in->end_inclusive; /* the first one behind */
    *out = (dtake_interval){ .start_ns = in->start_time.set ? start_of_ms(start) : INT64_MIN,
                             .end_ns = in->end_time.set ? start_of_ms(end) : INT64_MAX };
    out->end_exclusive = out->end_ns != INT64_MAX;
    *nothing = in->start_time.set && in->end_time.set && start >= end;
}

/* --- ids --- */

/* The instant that an id begins with. */
static int64_t id_ms(const dtake__tb_id *id)
{
    uint64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    return (int64_t)(ms << 16) >> 16;
}

static dtake_status bound_id(dtake_query *query, const dtake_schema *schema, dtake__filter_op op,
                             const dtake__tb_id *id, dtake_error *err)
{
    char text[DTAKE_ID_TEXT];
    dtake_id plain;
    int at = dtake_schema_find_role(schema, DTAKE_ROLE_ID);
    if (at < 0)
        return dtake__fail(err, DTAKE_E_STATE, "filters.datapoint_interval: the dataset has no ids");
    memcpy(plain.bytes, id->bytes, sizeof plain.bytes);
    dtake_id_format(plain, text);
    dtake__filter *sides[] = { dtake__filter_field(dtake_schema_field(schema, (size_t)at)->name),
                               dtake__filter_string(text) };
    if (sides[0] == NULL || sides[1] == NULL) {
        dtake__filter_free(sides[0]);
        dtake__filter_free(sides[1]);
        return dtake__fail_nomem(err, "read filters");
    }
    dtake__filter *bound = dtake__filter_of(op, sides, 2);
    return bound != NULL ? dtake__query_add_filter(query, bound, err)
                         : dtake__fail_nomem(err, "read filters");
}

/* Ids begin with their time, and their order is that of their text. */
static dtake_status read_ids(dtake_query *query, bool *nothing, const dtake__tb_id_interval *in,
                             const dtake_schema *schema, dtake_error *err)
{
    if (!in->start_id.set || !in->end_id.set)
        return dtake__fail(err, DTAKE_E_USAGE, "filters.datapoint_interval.%s: value is required",
                           in->start_id.set ? "end_id" : "start_id");
    int order = memcmp(in->start_id.bytes, in->end_id.bytes, 16);
    *nothing = order > 0 || (order == 0 && (in->start_exclusive || !in->end_inclusive));
    if (*nothing)
        return DTAKE_OK;
    dtake_interval time = { .start_ns = start_of_ms(id_ms(&in->start_id)),
                            .end_ns = start_of_ms(id_ms(&in->end_id) + 1),
                            .end_exclusive = true };
    dtake_status st = dtake_query_interval(query, time, err);
    if (st == DTAKE_OK)
        st = bound_id(query, schema, in->start_exclusive ? DTAKE__FILTER_GT : DTAKE__FILTER_GE, &in->start_id,
                      err);
    return st == DTAKE_OK ? bound_id(query, schema, in->end_inclusive ? DTAKE__FILTER_LE : DTAKE__FILTER_LT,
                                     &in->end_id, err)
                          : st;
}

/* --- place --- */

static dtake_status read_area(dtake_query *query, const dtake__tb_area *area, dtake_dataset_kind kind,
                              dtake_error *err)
{
    static const dtake_area_mode modes[] = { DTAKE_AREA_INTERSECTS, DTAKE_AREA_INTERSECTS,
                                             DTAKE_AREA_CONTAINS, DTAKE_AREA_WITHIN };
    dtake__geometry geometry;
    if (kind != DTAKE_SPATIOTEMPORAL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "filters.spatial_extent: the dataset is temporal, its datapoints have no place");
    if (area->mode < 0 || area->mode > DTAKE__TB_GEOMETRY_CONTAINS_FILTER)
        return dtake__fail(err, DTAKE_E_USAGE, "filters.spatial_extent.mode: %d is not a defined value",
                           (int)area->mode);
    if (area->coordinate_system < 0 || area->coordinate_system > DTAKE__TB_SPHERICAL)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "filters.spatial_extent.coordinate_system: %d is not a defined value",
                           (int)area->coordinate_system);
    if (area->geometry.wkb.len == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "filters.spatial_extent.geometry: value is required");
    dtake_status st =
        dtake__geometry_from_wkb(area->geometry.wkb.text, area->geometry.wkb.len, &geometry, err);
    if (st == DTAKE_OK)
        st = dtake__query_area_take(query, &geometry, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "filters.spatial_extent.geometry");
    dtake_query_area_mode(query, modes[area->mode],
                          area->coordinate_system == DTAKE__TB_CARTESIAN ? DTAKE_EDGES_PLANAR
                                                                         : DTAKE_EDGES_SPHERICAL);
    return st;
}

/* --- all of it --- */

static dtake_status read_interval(dtake_query *query, bool *nothing, const dtake__tb_filters *filters,
                                  const dtake_schema *schema, dtake_error *err)
{
    dtake_interval time;
    if (filters->time_interval.set == filters->datapoint_interval.set)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "filters: exactly one of time_interval and datapoint_interval must be set");
    if (filters->datapoint_interval.set)
        return read_ids(query, nothing, &filters->datapoint_interval, schema, err);
    dtake__tb_interval_read(&filters->time_interval, &time, nothing);
    return *nothing ? DTAKE_OK : dtake_query_interval(query, time, err);
}

dtake_status dtake__tb_filters_read(dtake_query *query, bool *nothing, const dtake__tb_filters *filters,
                                    const dtake__tilebox_type *type, const dtake_schema *schema,
                                    dtake_error *err)
{
    const dtake__tb_expression *expressions = filters->expressions.at;
    dtake_status st = read_interval(query, nothing, filters, schema, err);
    if (st == DTAKE_OK && filters->spatial_extent.set)
        st = read_area(query, &filters->spatial_extent, dtake__tilebox_type_kind(type), err);
    if (st == DTAKE_OK && filters->expressions.count > DTAKE__TB_MAX_OPERANDS)
        st = dtake__fail(err, DTAKE_E_USAGE, "filters.expressions: at most %d items", DTAKE__TB_MAX_OPERANDS);
    for (size_t i = 0; i < filters->expressions.count && st == DTAKE_OK; i++) {
        dtake__filter *filter = NULL;
        st = dtake__tb_expression_read(&filter, &expressions[i], type, schema, err);
        if (st == DTAKE_OK)
            st = dtake__query_add_filter(query, filter, err);
    }
    return st;
}
