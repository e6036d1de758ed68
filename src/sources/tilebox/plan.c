/* A query as parts by time and collection. Pages of one part come one after another, so the interval is cut
 * into slices of about a page, by what the collections say of how many they hold and from when to when. A
 * wrong guess costs pages, never datapoints: slices meet at whole seconds, half open, and the outer ones end
 * where the query does. */
#include "sources/tilebox/remote.h"

#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/query.h"

#include <string.h>

static const int64_t NS_IN_SECOND = 1000000000, NS_IN_MS = 1000000;
enum { MAX_SLICES = 2000, MAX_ABREAST = 1000 };

static dtake_status choose(const dtake__remote_dataset *dataset, const dtake_query *query, size_t *chosen,
                           size_t *count, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *count = 0;
    for (size_t i = 0; i < dataset->count && query->collections.count == 0; i++)
        chosen[(*count)++] = i;
    for (size_t i = 0; i < query->collections.count && st == DTAKE_OK; i++) {
        size_t index;
        bool again = false;
        st = dtake__remote_collection_find(dataset, query->collections.at[i], &index, err);
        for (size_t j = 0; j < *count && st == DTAKE_OK; j++)
            again |= chosen[j] == index;
        if (st == DTAKE_OK && !again)
            chosen[(*count)++] = index;
    }
    return st;
}

/* How many datapoints are likely between the two, and where the first and the last can be. */
typedef struct estimate {
    double rows;
    int64_t start_ns, end_ns; /* start above end: nothing is known */
} estimate;

static void add_estimate(estimate *e, const dtake__remote_collection *c, int64_t start, int64_t end)
{
    if (!c->has_times || c->count <= 0)
        return;
    int64_t from = c->start_ns > start ? c->start_ns : start, to = c->end_ns < end ? c->end_ns : end;
    if (from > to)
        return;
    double span = (double)c->end_ns - (double)c->start_ns, overlap = (double)to - (double)from;
    e->rows += span > 0 ? (double)c->count * (overlap / span) : (double)c->count;
    e->start_ns = from < e->start_ns ? from : e->start_ns;
    e->end_ns = to > e->end_ns ? to : e->end_ns;
}

static int64_t count_slices(const estimate *e, int64_t page_rows)
{
    if (e->start_ns > e->end_ns)
        return 1;
    double span_s = ((double)e->end_ns - (double)e->start_ns) / 1e9,
           wanted = e->rows / ((double)page_rows * 0.75);
    double slices = wanted < span_s ? wanted : span_s;
    return slices < 1 ? 1 : slices > MAX_SLICES ? MAX_SLICES : (int64_t)slices;
}

static int64_t boundary(const estimate *e, int64_t slice, int64_t slices)
{
    double share = (double)slice / (double)slices;
    int64_t at = e->start_ns + (int64_t)(share * ((double)e->end_ns - (double)e->start_ns));
    int64_t rest = at % NS_IN_SECOND;
    return at - (rest < 0 ? rest + NS_IN_SECOND : rest);
}

/* The service knows milliseconds: an end inside of one takes all of it, and the rows are looked at again. */
static dtake__tb_time_interval whole_interval(const dtake_query *query, int64_t start, int64_t end)
{
    dtake__tb_time_interval out = { .set = true,
                                    .start_exclusive = query->has_time && query->time.start_exclusive,
                                    .end_inclusive = !query->has_time || !query->time.end_exclusive };
    int64_t early = start % NS_IN_MS, late = end % NS_IN_MS;
    if (start != INT64_MIN && early != 0) {
        start -= early < 0 ? early + NS_IN_MS : early;
        out.start_exclusive = false;
    }
    if (end != INT64_MAX && late != 0) {
        end += late < 0 ? -late : NS_IN_MS - late;
        out.end_inclusive = true;
    }
    out.start_time = dtake__tb_time_of(start);
    out.end_time = dtake__tb_time_of(end);
    return out;
}

static dtake__tb_time_interval slice_of(const estimate *e, dtake__tb_time_interval whole, int64_t slice,
                                        int64_t slices)
{
    dtake__tb_time_interval out = whole;
    if (slice > 0) {
        out.start_time = dtake__tb_time_of(boundary(e, slice, slices));
        out.start_exclusive = false;
    }
    if (slice + 1 < slices) {
        out.end_time = dtake__tb_time_of(boundary(e, slice + 1, slices));
        out.end_inclusive = false;
    }
    return out;
}

static dtake_status cut(dtake__remote_plan *out, const dtake__remote_dataset *dataset,
                        const dtake_query *query, const size_t *chosen, dtake_error *err)
{
    int64_t start = query->has_time ? query->time.start_ns : INT64_MIN;
    int64_t end = query->has_time ? query->time.end_ns : INT64_MAX;
    estimate e = { 0, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < out->abreast; i++)
        add_estimate(&e, &dataset->collections[chosen[i]], start, end);
    int64_t slices = count_slices(&e, out->page_rows);
    dtake__tb_time_interval whole = whole_interval(query, start, end);
    out->parts = dtake__calloc((size_t)slices * out->abreast + 1, sizeof *out->parts);
    if (out->parts == NULL)
        return dtake__fail_nomem(err, "a query");
    for (int64_t slice = 0; slice < slices; slice++)
        for (size_t i = 0; i < out->abreast; i++)
            out->parts[out->count++] = (dtake__remote_part){ slice_of(&e, whole, slice, slices), chosen[i] };
    out->start_ns = e.start_ns <= e.end_ns ? e.start_ns : start;
    out->end_ns = e.start_ns <= e.end_ns ? e.end_ns : end;
    return DTAKE_OK;
}

dtake_status dtake__remote_plan_make(dtake__remote_plan *out, const dtake__remote_dataset *dataset,
                                     const dtake_query *query, int64_t page_rows, dtake_error *err)
{
    size_t *chosen = dtake__calloc(dataset->count + query->collections.count + 1, sizeof *chosen);
    *out = (dtake__remote_plan){ .page_rows = page_rows };
    if (chosen == NULL)
        return dtake__fail_nomem(err, "a query");
    dtake_status st = choose(dataset, query, chosen, &out->abreast, err);
    if (st == DTAKE_OK && out->abreast > MAX_ABREAST)
        st = dtake__fail(err, DTAKE_E_LIMIT,
                         "%zu collections at once, at most %d are merged; name some of them", out->abreast,
                         MAX_ABREAST);
    if (st == DTAKE_OK && out->abreast > 0)
        st = cut(out, dataset, query, chosen, err);
    /* the rest of a limit never needs more than that; several collections are merged slice by slice, whole */
    if (out->abreast == 1 && query->limit > 0 && query->offset >= 0 &&
        query->limit < page_rows - query->offset && query->filter == NULL)
        out->page_rows = query->limit + query->offset;
    dtake__free(chosen);
    return st;
}

/* --- requests --- */

/* What the service takes as an area; it is left out when it is of another kind, and looked at here. */
static dtake_status put_area(dtake__tb_filters *filters, const dtake_query *query, dtake__geometry *geometry,
                             dtake_error *err)
{
    dtake__geometry_facts facts;
    dtake_status st = DTAKE_OK;
    if (query->area.kind == DTAKE__AREA_NONE)
        return DTAKE_OK;
    if (query->area.kind == DTAKE__AREA_BOX)
        st = dtake__geometry_from_box(query->area.box, geometry, err);
    else
        st = dtake__geometry_flatten(&query->area.geometry, geometry, err);
    if (st == DTAKE_OK)
        st = dtake__geometry_facts_of(geometry, &facts, err);
    if (st != DTAKE_OK || (facts.type != DTAKE__POLYGON && facts.type != DTAKE__MULTIPOLYGON))
        return st;
    bool spherical = query->area.edges == DTAKE_EDGES_SPHERICAL;
    filters->spatial_extent = (dtake__tb_area){
        .set = true,
        .geometry = { true, { (const char *)geometry->wkb, geometry->bytes } },
        .mode = query->area.mode == DTAKE_AREA_CONTAINS ? DTAKE__TB_FILTER_CONTAINS_GEOMETRY
                                                        : DTAKE__TB_INTERSECTS,
        .coordinate_system = spherical ? DTAKE__TB_SPHERICAL : DTAKE__TB_CARTESIAN,
    };
    return DTAKE_OK;
}

static bool needs_data(const dtake_query *query)
{
    return !query->skip_data || query->filter != NULL || query->area.kind != DTAKE__AREA_NONE ||
           query->names.count > 0;
}

dtake_status dtake__remote_query_write(const dtake__remote_plan *plan, const dtake__remote_part *part,
                                       const dtake__remote_dataset *dataset, const dtake_query *query,
                                       const dtake__tb_page *page, dtake_buf *out, dtake_error *err)
{
    dtake__tb_id collection = dtake__tb_id_of(dataset->collections[part->collection].id);
    dtake__geometry geometry = { 0 };
    dtake__tb_query request = { .collection_ids = { &collection, 1 },
                                .filters = { .set = true, .time_interval = part->time },
                                .page = *page,
                                .skip_data = !needs_data(query),
                                .dataset_id = dtake__tb_id_of(dataset->id) };
    if (!request.page.set)
        request.page = (dtake__tb_page){ .set = true, .has_limit = true, .limit = plan->page_rows };
    dtake_status st = put_area(&request.filters, query, &geometry, err);
    if (st == DTAKE_OK && !plan->without_filter)
        st = dtake__tb_expressions_write(&request.filters.expressions, query, dataset->type, err);
    if (st == DTAKE_OK)
        st = dtake__tb_write(&dtake__tb_query_message, &request, out, err);
    dtake__tb_expressions_dispose(&request.filters.expressions);
    dtake__geometry_dispose(&geometry);
    return st;
}
