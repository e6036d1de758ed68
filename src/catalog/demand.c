#include "catalog/demand.h"

#include "core/alloc.h"
#include "core/error.h"

#include <math.h>
#include <stdlib.h>

static dtake_status no_memory(dtake_error *err)
{
    return dtake__fail_nomem(err, "read a query");
}

/* --- time --- */

static void narrow_time(dtake__demand *p, dtake_interval t)
{
    int64_t start = t.start_ns, end = t.end_ns;
    if (t.start_exclusive && start != INT64_MIN)
        start = start == INT64_MAX ? (p->never = true, start) : start + 1;
    if (t.end_exclusive && end != INT64_MAX)
        end = end == INT64_MIN ? (p->never = true, end) : end - 1;
    p->start_ns = start > p->start_ns ? start : p->start_ns;
    p->end_ns = end < p->end_ns ? end : p->end_ns;
    p->never = p->never || p->start_ns > p->end_ns;
}

/* --- what filters say of single fields --- */

static bool number_of(const dtake__filter *literal, double *out)
{
    switch (literal->op) {
    case DTAKE__FILTER_INT:
        *out = (double)literal->i64;
        return true;
    case DTAKE__FILTER_UINT:
        *out = (double)literal->u64;
        return true;
    case DTAKE__FILTER_FLOAT:
        *out = literal->f64;
        return true;
    default:
        return false;
    }
}

/* Doubles of large integers are rounded: a step outwards keeps the range true. */
static bool range_of(const dtake__filter *filter, const char *name, dtake__demand_range *out, bool *never)
{
    dtake__filter_range range;
    dtake__filter_bounds(filter, name, &range);
    *never = *never || range.never;
    out->least = -HUGE_VAL;
    out->most = HUGE_VAL;
    if (range.min.value != NULL && number_of(range.min.value, &out->least))
        out->least = nextafter(out->least, -HUGE_VAL);
    if (range.max.value != NULL && number_of(range.max.value, &out->most))
        out->most = nextafter(out->most, HUGE_VAL);
    return out->least > -HUGE_VAL || out->most < HUGE_VAL;
}

static bool has_range(const dtake_field *field)
{
    return !field->repeated && (field->type == DTAKE_FIELD_FLOAT64 || field->type == DTAKE_FIELD_INT64 ||
                                field->type == DTAKE_FIELD_UINT64);
}

static void add_box(dtake__demand *p, dtake_box box)
{
    bool plain = box.west <= box.east && box.west > -180 && box.east < 180;
    p->boxes[p->box_count++] = (dtake__demand_box){ box, plain };
}

static dtake_status plan_filter(dtake__demand *p, dtake_error *err)
{
    dtake_status st = dtake__predicate_new(&p->predicate, p->query->filter, p->schema, err);
    if (st != DTAKE_OK)
        return st;
    const dtake__filter *filter = dtake__predicate_filter(p->predicate);
    size_t fields = dtake__predicate_field_count(p->predicate);
    p->ranges = dtake__calloc(fields + 1, sizeof *p->ranges);
    if (p->ranges == NULL)
        return no_memory(err);
    for (size_t i = 0; i < fields; i++) {
        int at = dtake__predicate_field(p->predicate, i);
        const dtake_field *field = dtake_schema_field(p->schema, (size_t)at);
        dtake__demand_range *range = &p->ranges[p->range_count];
        dtake_interval time;
        dtake_box box;
        range->field = at;
        if (has_range(field) && range_of(filter, field->name, range, &p->never))
            p->range_count++;
        if (field->role == DTAKE_ROLE_TIME && !dtake__filter_times(filter, field->name, &time))
            p->never = true;
        else if (field->role == DTAKE_ROLE_TIME)
            narrow_time(p, time);
        if (field->role == DTAKE_ROLE_GEOMETRY && dtake__filter_box(filter, field->name, &box))
            add_box(p, box);
    }
    return DTAKE_OK;
}

/* --- ids and names --- */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(dtake_id));
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static dtake_status plan_identities(dtake__demand *p, dtake_error *err)
{
    const dtake_query *q = p->query;
    p->id_count = q->id_count;
    p->name_count = q->names.count;
    if (p->id_count > 0 && (p->ids = dtake__alloc(p->id_count * sizeof *p->ids)) == NULL)
        return no_memory(err);
    if (p->name_count > 0 && (p->names = dtake__alloc(p->name_count * sizeof *p->names)) == NULL)
        return no_memory(err);
    for (size_t i = 0; i < p->id_count; i++)
        p->ids[i] = q->ids[i];
    for (size_t i = 0; i < p->name_count; i++)
        p->names[i] = q->names.at[i];
    if (p->id_count > 0)
        qsort(p->ids, p->id_count, sizeof *p->ids, compare_ids);
    if (p->name_count > 0)
        qsort(p->names, p->name_count, sizeof *p->names, compare_names);
    if (p->name_count > 0 && dtake_schema_find_role(p->schema, DTAKE_ROLE_NAME) < 0)
        return dtake__fail(err, DTAKE_E_USAGE, "query: datapoints of dataset %s have no names",
                           q->dataset != NULL ? q->dataset : "");
    return DTAKE_OK;
}

bool dtake__demand_has_id(const dtake__demand *p, const uint8_t id[16])
{
    return bsearch(id, p->ids, p->id_count, sizeof *p->ids, compare_ids) != NULL;
}

bool dtake__demand_has_name(const dtake__demand *p, const char *name, size_t len)
{
    size_t low = 0, high = p->name_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strncmp(p->names[middle], name, len);
        if (order == 0)
            order = p->names[middle][len] != '\0';
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* --- the whole --- */

static dtake_status plan_area(dtake__demand *p, dtake_error *err)
{
    if (dtake_schema_find_role(p->schema, DTAKE_ROLE_GEOMETRY) < 0)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "query: datapoints of dataset %s have no geometry to compare with an area",
                           p->query->dataset != NULL ? p->query->dataset : "");
    dtake_status st = dtake__query_prepare_area(p->query, &p->area, &p->relation, err);
    if (st == DTAKE_OK)
        add_box(p, dtake__prepared_box(p->area));
    return st;
}

dtake_status dtake__demand_open(dtake__demand *p, const dtake_query *query, const dtake_schema *schema,
                                dtake_error *err)
{
    *p = (dtake__demand){ .start_ns = INT64_MIN, .end_ns = INT64_MAX };
    p->schema = dtake_schema_retain(schema);
    dtake_status st = dtake_query_copy(&p->query, query, err);
    if (st == DTAKE_OK && query->has_time)
        narrow_time(p, query->time);
    if (st == DTAKE_OK && query->filter != NULL)
        st = plan_filter(p, err);
    if (st == DTAKE_OK && query->area.kind != DTAKE__AREA_NONE)
        st = plan_area(p, err);
    if (st == DTAKE_OK)
        st = plan_identities(p, err);
    if (st != DTAKE_OK)
        dtake__demand_dispose(p);
    return st;
}

void dtake__demand_dispose(dtake__demand *p)
{
    dtake_query_free(p->query);
    dtake_schema_release(p->schema);
    dtake__predicate_free(p->predicate);
    dtake__prepared_free(p->area);
    dtake__free(p->ranges);
    dtake__free(p->ids);
    dtake__free(p->names);
    *p = (dtake__demand){ 0 };
}

bool dtake__demand_wants(const dtake__demand *p, const dtake__listed_chunk *c)
{
    const dtake__chunk_facts *f = &c->facts;
    if (p->never || f->time_max < p->start_ns || f->time_min > p->end_ns)
        return false;
    for (size_t i = 0; i < p->box_count; i++)
        if (!f->has_box || !dtake__demand_meets(&p->boxes[i], &f->box))
            return false;
    if (p->has_after && f->time_max < p->after_ns)
        return false;
    bool any = p->id_count == 0;
    for (size_t i = 0; i < p->id_count && !any; i++) {
        int64_t ms = dtake__id_ms(p->ids[i].bytes);
        any = ms >= f->id_ms_min && ms <= f->id_ms_max;
    }
    return any;
}

bool dtake__demand_takes_all(const dtake__demand *p, const dtake__listed_chunk *c)
{
    return !p->never && p->predicate == NULL && p->area == NULL && p->id_count == 0 && p->name_count == 0 &&
           !p->has_after && c->facts.time_min >= p->start_ns && c->facts.time_max <= p->end_ns;
}
