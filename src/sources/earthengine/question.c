#include "sources/earthengine/question.h"

#include "catalog/id.h"
#include "core/error.h"
#include "sources/earthengine/filter.h"

#include <math.h>

enum { MAX_NAMES = 1000 };

static const int64_t NS_IN_MS = 1000000;

/* --- time --- */

bool dtake__ee_interval(const dtake_query *query, int64_t *start_ms, int64_t *end_ms, bool *exact)
{
    const dtake_interval t = query->has_time ? query->time : (dtake_interval){ INT64_MIN, INT64_MAX, 0, 0 };
    *start_ms = DTAKE__EE_FIRST_MS;
    *end_ms = DTAKE__EE_END_MS;
    *exact = true;
    if (t.start_ns != INT64_MIN) {
        *start_ms = dtake__ms_of(t.start_ns);
        *exact &= t.start_ns % NS_IN_MS == 0 && !t.start_exclusive;
    }
    if (t.end_ns != INT64_MAX) {
        bool whole = t.end_ns % NS_IN_MS == 0;
        *end_ms = dtake__ms_of(t.end_ns) + !(whole && t.end_exclusive);
        *exact &= whole && t.end_exclusive;
    }
    return *start_ms < *end_ms;
}

/* --- where --- */

/* Images meet the area by our reading of their outlines. Theirs bends the edges, and has a tolerance: there
 * is room around what is asked for, more than an edge of a thousand kilometres bends. */
static bool roomy_box(const dtake_query *query, dtake_box *out)
{
    const dtake__query_area *area = &query->area;
    const double room = 0.2;
    if (area->kind == DTAKE__AREA_NONE)
        return false;
    *out = area->box;
    if (area->kind == DTAKE__AREA_GEOMETRY &&
        dtake__geometry_box(&area->geometry, area->edges, out, NULL) != DTAKE_OK)
        return false;
    *out = (dtake_box){ out->west - room, out->south - room, out->east + room, out->north + room };
    bool across = out->west > out->east || out->west < -180 || out->east > 180;
    return !across && out->east - out->west < 170 && out->south > -85 && out->north < 85;
}

static void write_position(dtake__json *json, double lon, double lat)
{
    dtake__json_array(json, NULL);
    dtake__json_f64(json, NULL, lon);
    dtake__json_f64(json, NULL, lat);
    dtake__json_end(json, ']');
}

static void write_box(dtake__json *json, dtake_box box)
{
    dtake__ee_put_call(json, NULL, "Filter.intersects");
    dtake__ee_put_text(json, "leftField", ".all");
    dtake__ee_put_call(json, "rightValue", "Feature");
    dtake__ee_put_call(json, "geometry", "GeometryConstructors.Polygon");
    dtake__json_object(json, "coordinates");
    dtake__json_array(json, "constantValue");
    dtake__json_array(json, NULL);
    write_position(json, box.west, box.north);
    write_position(json, box.west, box.south);
    write_position(json, box.east, box.south);
    write_position(json, box.east, box.north);
    dtake__json_end(json, ']');
    dtake__json_end(json, ']');
    dtake__json_end(json, '}');
    dtake__json_object(json, "geodesic");
    dtake__json_bool(json, "constantValue", false);
    dtake__json_end(json, '}');
    dtake__ee_end_call(json);
    dtake__ee_end_call(json);
    dtake__ee_end_call(json);
}

/* --- filters --- */

static void write_dates(dtake__json *json, int64_t start_ms, int64_t end_ms)
{
    dtake__ee_put_call(json, NULL, "Filter.dateRangeContains");
    dtake__ee_put_call(json, "leftValue", "DateRange");
    dtake__ee_put_number(json, "start", (double)start_ms);
    dtake__ee_put_number(json, "end", (double)end_ms);
    dtake__ee_end_call(json);
    dtake__ee_put_text(json, "rightField", "system:time_start");
    dtake__ee_end_call(json);
}

static bool names_fit(const dtake_query *query)
{
    return query->names.count > 0 && query->names.count <= MAX_NAMES;
}

static void write_names(dtake__json *json, const dtake__strings *names)
{
    dtake__ee_put_call(json, NULL, "Filter.listContains");
    dtake__ee_put_list(json, "leftValue");
    for (size_t i = 0; i < names->count; i++)
        dtake__ee_put_text(json, NULL, names->at[i]);
    dtake__ee_end_list(json);
    dtake__ee_put_text(json, "rightField", "system:index");
    dtake__ee_end_call(json);
}

static void write_filters(dtake__json *json, const dtake__ee_wish *wish)
{
    const dtake_query *query = wish->query;
    dtake_box box;
    bool exact;
    dtake__ee_put_call(json, "filter", "Filter.and");
    dtake__ee_put_list(json, "filters");
    write_dates(json, wish->start_ms, wish->end_ms);
    if (query != NULL && roomy_box(query, &box))
        write_box(json, box);
    if (query != NULL && names_fit(query))
        write_names(json, &query->names);
    if (wish->after != NULL && wish->after[0] != '\0') {
        dtake__ee_put_call(json, NULL, "Filter.greaterThan");
        dtake__ee_put_text(json, "leftField", "system:index");
        dtake__ee_put_text(json, "rightValue", wish->after);
        dtake__ee_end_call(json);
    }
    if (query != NULL && query->filter != NULL && dtake__ee_filter_can(query->filter, wish->names, &exact))
        dtake__ee_filter_write(query->filter, wish->names, json);
    dtake__ee_end_list(json);
    dtake__ee_end_call(json);
}

bool dtake__ee_says_all(const dtake_query *query, const dtake__ee_names *names)
{
    bool exact = true;
    return query->area.kind == DTAKE__AREA_NONE && query->id_count == 0 && !query->has_after &&
           (query->names.count == 0 || names_fit(query)) &&
           (query->filter == NULL || (dtake__ee_filter_can(query->filter, names, &exact) && exact));
}

/* --- questions --- */

static void begin(dtake__json *json, dtake_buf *out)
{
    *json = (dtake__json){ .out = out };
    dtake__json_object(json, NULL);
    dtake__json_object(json, "expression");
    dtake__json_text(json, "result", "0");
    dtake__json_object(json, "values");
}

static dtake_status end(dtake__json *json, dtake_error *err)
{
    for (int i = 0; i < 3; i++)
        dtake__json_end(json, '}');
    return json->status == DTAKE_OK ? DTAKE_OK
                                    : dtake__fail(err, json->status, "a question to Earth Engine: %s",
                                                  dtake_status_text(json->status));
}

static void write_load(dtake__json *json, const char *key, const char *dataset)
{
    dtake__ee_put_call(json, key, "ImageCollection.load");
    dtake__ee_put_text(json, "id", dataset);
    dtake__ee_end_call(json);
}

static void write_filtered(dtake__json *json, const char *key, const dtake__ee_wish *wish)
{
    dtake__ee_put_call(json, key, "Collection.filter");
    write_load(json, "collection", wish->dataset);
    write_filters(json, wish);
    dtake__ee_end_call(json);
}

dtake_status dtake__ee_ask_images(const dtake__ee_wish *wish, dtake_buf *out, dtake_error *err)
{
    dtake__json json;
    begin(&json, out);
    dtake__ee_put_call(&json, "0", "Collection.limit");
    write_filtered(&json, "collection", wish);
    dtake__ee_put_number(&json, "limit", (double)wish->rows);
    dtake__ee_put_text(&json, "key", wish->after != NULL ? "system:index" : "system:time_start");
    if (wish->descending && wish->after == NULL) {
        dtake__json_object(&json, "ascending");
        dtake__json_bool(&json, "constantValue", false);
        dtake__json_end(&json, '}');
    }
    dtake__ee_end_call(&json);
    return end(&json, err);
}

dtake_status dtake__ee_ask_count(const dtake__ee_wish *wish, dtake_buf *out, dtake_error *err)
{
    dtake__json json;
    begin(&json, out);
    dtake__ee_put_call(&json, "0", "Collection.size");
    write_filtered(&json, "collection", wish);
    dtake__ee_end_call(&json);
    return end(&json, err);
}

dtake_status dtake__ee_ask_sample(const char *dataset, int64_t rows, dtake_buf *out, dtake_error *err)
{
    dtake__json json;
    begin(&json, out);
    dtake__ee_put_call(&json, "0", "Collection.limit");
    write_load(&json, "collection", dataset);
    dtake__ee_put_number(&json, "limit", (double)rows);
    dtake__ee_end_call(&json);
    return end(&json, err);
}

static void write_first(dtake__json *json, const char *dataset)
{
    dtake__ee_put_call(json, "collection", "Collection.limit");
    write_load(json, "collection", dataset);
    dtake__ee_put_number(json, "limit", DTAKE__EE_MOST_COUNTED + 1);
    dtake__ee_end_call(json);
}

static void write_times(dtake__json *json, const char *function, const char *dataset)
{
    dtake__ee_put_call(json, NULL, function);
    write_first(json, dataset);
    dtake__ee_put_text(json, "property", "system:time_start");
    dtake__ee_end_call(json);
}

dtake_status dtake__ee_ask_extent(const char *dataset, dtake_buf *out, dtake_error *err)
{
    dtake__json json;
    begin(&json, out);
    dtake__ee_put_list(&json, "0");
    dtake__ee_put_call(&json, NULL, "Collection.size");
    write_first(&json, dataset);
    dtake__ee_end_call(&json);
    write_times(&json, "AggregateFeatureCollection.min", dataset);
    write_times(&json, "AggregateFeatureCollection.max", dataset);
    dtake__ee_end_list(&json);
    return end(&json, err);
}

dtake_status dtake__ee_ask_image(const char *id, dtake_buf *out, dtake_error *err)
{
    dtake__json json;
    begin(&json, out);
    dtake__ee_put_call(&json, "0", "Image.load");
    dtake__ee_put_text(&json, "id", id);
    dtake__ee_end_call(&json);
    return end(&json, err);
}
