#include "cli/query_options.h"

#include "cli/input.h"
#include "cli/source.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_AREA_BYTES = 16 * 1024 * 1024 };

bool dtake__queries_wanted(const dtake__args *args)
{
    return dtake__args_text(args, "dataset") != NULL || dtake__args_text(args, "collections") != NULL;
}

/* --- which datasets and collections --- */

static dtake_status add_query(dtake__queries *q, const char *dataset, dtake_error *err)
{
    if (q->count == DTAKE_MAX_QUERIES)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d datasets or collections at once",
                           DTAKE_MAX_QUERIES);
    size_t at = q->count++;
    q->dataset[at] = dtake__strdup(dataset);
    q->name[at] = dtake__strdup(dataset);
    if (q->dataset[at] == NULL || q->name[at] == NULL)
        return dtake__fail_nomem(err, "a query");
    dtake_status st = dtake_query_new(&q->query[at], err);
    return st == DTAKE_OK ? dtake_query_dataset(q->query[at], dataset, err) : st;
}

static dtake_status add_name(char **name, const char *collection, bool first, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(64 * 1024);
    dtake_status st = dtake__buf_printf(&text, "%s%s%s", *name, first ? " " : ", ", collection);
    char *copy = st == DTAKE_OK ? dtake__strdup(dtake__buf_str(&text)) : NULL;
    dtake__buf_dispose(&text);
    if (copy == NULL)
        return dtake__fail_nomem(err, "a query");
    dtake__free(*name);
    *name = copy;
    return DTAKE_OK;
}

static dtake_status add_place(dtake__queries *q, const char *dataset, const char *collection, bool each,
                              dtake_error *err)
{
    size_t at = 0;
    while (at < q->count && (each || strcmp(q->dataset[at], dataset) != 0))
        at++;
    dtake_status st = at == q->count ? add_query(q, dataset, err) : DTAKE_OK;
    if (st != DTAKE_OK || collection == NULL)
        return st;
    st = dtake_query_collection(q->query[at], collection, err);
    bool first = strcmp(q->name[at], dataset) == 0;
    return st == DTAKE_OK ? add_name(&q->name[at], collection, first, err) : st;
}

/* -c NAME belongs to --dataset, or to the one input that is a dataset. */
static dtake_status add_collections(dtake__queries *q, const dtake__args *args, dtake_client *client,
                                    const char *dataset, bool each, dtake_error *err)
{
    size_t count;
    const char *const *names = dtake__args_list(args, "collections", &count);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__place_name place;
        if (dataset != NULL && strncmp(names[i], dataset, strlen(dataset)) == 0 &&
            names[i][strlen(dataset)] == '/')
            st = add_place(q, dataset, names[i] + strlen(dataset) + 1, each, err);
        else if (dataset != NULL && strchr(names[i], '/') == NULL)
            st = add_place(q, dataset, names[i], each, err);
        else if (strchr(names[i], '/') == NULL && !dtake_client_has_paths(client))
            st = dtake__fail(
                err, DTAKE_E_USAGE,
                "-c %.100s: of which dataset? Name it with -d DATASET, or write -c DATASET/%.100s", names[i],
                names[i]);
        else if ((st = dtake__place_name_read(&place, client, names[i], err)) == DTAKE_OK)
            st = add_place(q, place.dataset, place.collection, each, err);
    }
    return st;
}

static dtake_status add_places(dtake__queries *q, const dtake__args *args, dtake_client *client,
                               char *const *places, size_t count, bool each, dtake_error *err)
{
    size_t named;
    const char *dataset = dtake__args_text(args, "dataset");
    dtake__args_list(args, "collections", &named);
    dtake__place_name place;
    dtake_status st = DTAKE_OK;
    if (dataset == NULL && count == 1 && named > 0 && strchr(places[0], '/') == NULL &&
        !dtake_client_has_paths(client))
        dataset = places[0];
    else
        for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
            st = dtake__place_name_read(&place, client, places[i], err);
            if (st == DTAKE_OK && dataset != NULL && strcmp(place.dataset, dataset) != 0 &&
                place.collection == NULL)
                st = add_place(q, dataset, place.dataset, each, err); /* -d DATASET COLLECTION */
            else if (st == DTAKE_OK)
                st = add_place(q, place.dataset, place.collection, each, err);
        }
    if (st == DTAKE_OK)
        st = add_collections(q, args, client, dataset, each, err);
    if (st == DTAKE_OK && q->count == 0 && dataset != NULL)
        st = add_place(q, dataset, NULL, false, err);
    if (st == DTAKE_OK && q->count == 0)
        st = dtake__fail(
            err, DTAKE_E_USAGE,
            "which dataset? Name one, such as %s DATASET or %s -c DATASET/COLLECTION; datatake datasets "
            "lists them",
            args->command->name, args->command->name);
    return st;
}

/* --- what of them --- */

dtake_status dtake__datetime_option(const dtake__args *args, char text[DTAKE__DATETIME_BYTES],
                                    const char **out, dtake_error *err)
{
    const char *datetime = dtake__args_text(args, "datetime");
    const char *start = dtake__args_text(args, "start"), *end = dtake__args_text(args, "end");
    *out = datetime;
    if (datetime != NULL && (start != NULL || end != NULL))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "--datetime and --start or --end say the same; give one of them");
    if (datetime != NULL || (start == NULL && end == NULL))
        return DTAKE_OK;
    snprintf(text, DTAKE__DATETIME_BYTES, "%s/%s", start != NULL ? start : "..", end != NULL ? end : "..");
    *out = text;
    return DTAKE_OK;
}

static dtake_status set_time(dtake_query *query, const dtake__args *args, dtake_error *err)
{
    char text[DTAKE__DATETIME_BYTES];
    const char *datetime;
    dtake_status st = dtake__datetime_option(args, text, &datetime, err);
    return st == DTAKE_OK && datetime != NULL ? dtake_query_time(query, datetime, DTAKE_INTERVAL_CLOSED, err)
                                              : st;
}

/* GeoJSON or WKT as it stands, "-" or a file. */
static dtake_status read_area(dtake__queries *q, const char *given, dtake_error *err)
{
    const char *text = given + strspn(given, " \t\r\n");
    bool wkt = isalpha((unsigned char)*text) && strchr(text, '(') != NULL;
    if (q->area.len > 0)
        return DTAKE_OK;
    if (*text == '{' || wkt)
        return dtake__buf_puts(&q->area, text) == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "an area");
    return dtake__input_read(&q->area, given, "the area", err);
}

static dtake_status set_area(dtake__queries *q, dtake_query *query, const dtake__args *args, dtake_error *err)
{
    const char *bbox = dtake__args_text(args, "bbox"), *intersects = dtake__args_text(args, "intersects");
    const char *within = dtake__args_text(args, "within");
    const char *area = intersects != NULL ? intersects : within, *edges = dtake__args_text(args, "edges");
    if ((bbox != NULL) + (intersects != NULL) + (within != NULL) > 1)
        return dtake__fail(err, DTAKE_E_USAGE, "--bbox, --intersects and --within exclude each other here");
    dtake_query_area_mode(query, within != NULL ? DTAKE_AREA_CONTAINS : DTAKE_AREA_INTERSECTS,
                          edges != NULL && strcmp(edges, "spherical") == 0 ? DTAKE_EDGES_SPHERICAL
                                                                           : DTAKE_EDGES_PLANAR);
    if (bbox != NULL)
        return dtake_query_bbox(query, bbox, err);
    if (area == NULL)
        return DTAKE_OK;
    dtake_box box;
    if (dtake_box_parse(area, &box, NULL) == DTAKE_OK)
        return dtake_query_box(query, box, err);
    dtake_status st = read_area(q, area, err);
    return st == DTAKE_OK ? dtake_query_area(query, dtake__buf_str(&q->area), err) : st;
}

/* K<V without blanks, quotes and brackets is the short form; CQL2 text otherwise. */
static bool is_short(const char *text)
{
    size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:.-");
    return name > 0 && text[name] != '\0' && strchr("<>=!~", text[name]) != NULL &&
           strpbrk(text, " \t\n'\"()") == NULL;
}

/* 2013 is a number, but of a field of texts it is the text "2013": in the short form nobody writes quotes. */
static dtake_status add_short(dtake_query *query, const char *text, const dtake_schema *schema,
                              dtake_error *err)
{
    char name[DTAKE_MAX_FIELD_NAME_BYTES + 1], cql2[1024];
    size_t len = strcspn(text, "<>=!~"), sign = strspn(text + len, "<>=!~");
    snprintf(name, sizeof name, "%.*s", (int)len, text);
    int at = schema != NULL ? dtake_schema_find(schema, name) : -1;
    if (at < 0 || dtake_schema_field(schema, (size_t)at)->type != DTAKE_FIELD_STRING || text[len] == '~')
        return dtake_query_filter_short(query, text, err);
    bool differs = strncmp(text + len, "!=", 2) == 0;
    int written = snprintf(cql2, sizeof cql2, "\"%s\" %.*s '%s'", name, differs ? 2 : (int)sign,
                           differs ? "<>" : text + len, text + len + sign);
    return written < (int)sizeof cql2
               ? dtake_query_filter(query, cql2, err)
               : dtake__fail(err, DTAKE_E_LIMIT, "a condition that long is to be CQL2");
}

static dtake_status add_filters(dtake_query *query, const dtake__args *args, const dtake_schema *schema,
                                dtake_error *err)
{
    size_t count;
    const char *const *filters = dtake__args_list(args, "filter", &count);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        const char *text = filters[i] + strspn(filters[i], " \t\r\n");
        st = *text == '{'     ? dtake_query_filter_json(query, text, err)
             : is_short(text) ? add_short(query, text, schema, err)
                              : dtake_query_filter(query, text, err);
        if (st != DTAKE_OK)
            dtake__error_prefix(err, "--filter '%.150s'", filters[i]);
    }
    return st;
}

static const dtake_dataset_info *find_dataset(const dtake_dataset_list *list, const char *slug)
{
    for (size_t i = 0; i < dtake_dataset_list_count(list); i++)
        if (strcmp(dtake_dataset_list_at(list, i)->slug, slug) == 0)
            return dtake_dataset_list_at(list, i);
    return NULL;
}

static dtake_status add_cloud(dtake_query *query, const char *cloud, const dtake_dataset_info *info,
                              dtake_error *err)
{
    static const char *const names[] = {
        "eo:cloud_cover", "cloud_cover", "cloudCover", "cloud_pct", "CLOUD_COVER", "eo_cloud_cover"
    }; /* as a Tilebox service has it */
    char text[128];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (dtake_schema_find(info->schema, names[i]) >= 0) {
            snprintf(text, sizeof text, "%s<%s", names[i], cloud);
            return dtake_query_filter_short(query, text, err);
        }
    return dtake__fail(
        err, DTAKE_E_USAGE,
        "--cloud: dataset %.100s has no field eo:cloud_cover or cloud_cover; use --filter FIELD<%s",
        info->slug, cloud);
}

/* What a dataset knows its datapoints by: names, where it has them. */
static dtake_status add_ids(dtake_query *query, const char *const *ids, size_t count,
                            const dtake_dataset_info *info, dtake_error *err)
{
    bool has_names = dtake_schema_find_role(info->schema, DTAKE_ROLE_NAME) >= 0;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = has_names ? dtake_query_name(query, ids[i], err) : dtake_query_id(query, ids[i], err);
    return st;
}

/* In *list, or in a new one. NULL: it is not there. */
static dtake_status look_up(dtake_client *client, const char *dataset, dtake_dataset_list **list,
                            const dtake_dataset_info **out, dtake_error *err)
{
    *out = *list != NULL ? find_dataset(*list, dataset) : NULL;
    if (*out != NULL)
        return DTAKE_OK;
    dtake_dataset_list_free(*list);
    *list = NULL;
    dtake_status st = dtake_datasets_named(client, dataset, list, err);
    *out = st == DTAKE_OK ? find_dataset(*list, dataset) : NULL;
    return st;
}

static dtake_status set_by_schema(dtake__queries *q, const dtake__args *args, dtake_client *client,
                                  dtake_error *err)
{
    size_t id_count;
    const char *cloud = dtake__args_text(args, "cloud");
    const char *const *ids = dtake__args_list(args, "ids", &id_count);
    size_t filters;
    dtake_dataset_list *list = NULL;
    dtake__args_list(args, "filter", &filters);
    if (cloud == NULL && id_count == 0 && filters == 0)
        return DTAKE_OK;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < q->count && st == DTAKE_OK; i++) {
        const dtake_dataset_info *info = NULL;
        st = look_up(client, q->dataset[i], &list, &info, err);
        if (st != DTAKE_OK || info == NULL)
            continue; /* whoever answers the query says so */
        st = add_filters(q->query[i], args, info->schema, err);
        if (st == DTAKE_OK && cloud != NULL)
            st = add_cloud(q->query[i], cloud, info, err);
        if (st == DTAKE_OK)
            st = add_ids(q->query[i], ids, id_count, info, err);
    }
    dtake_dataset_list_free(list);
    return st;
}

static dtake_status set_shape(dtake_query *query, const dtake__args *args, dtake_error *err)
{
    size_t count;
    const char *const *fields = dtake__args_list(args, "fields", &count);
    const char *order = dtake__args_text(args, "sortby");
    int64_t limit = dtake__args_i64(args, "max-items", 0);
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = dtake_query_fields(query, fields[i], err);
    if (st == DTAKE_OK && order != NULL)
        st = dtake_query_order(query, order, err);
    return st == DTAKE_OK && limit > 0 ? dtake_query_limit(query, limit, err) : st;
}

dtake_status dtake__queries_read(dtake__queries *out, const dtake__args *args, dtake_client *client,
                                 char *const *places, size_t place_count, bool each, dtake_error *err)
{
    *out = (dtake__queries){ .area = DTAKE_BUF_INIT(MAX_AREA_BYTES) };
    dtake_status st = add_places(out, args, client, places, place_count, each, err);
    for (size_t i = 0; i < out->count && st == DTAKE_OK; i++) {
        st = set_time(out->query[i], args, err);
        if (st == DTAKE_OK)
            st = set_area(out, out->query[i], args, err);
        if (st == DTAKE_OK)
            st = set_shape(out->query[i], args, err);
    }
    return st == DTAKE_OK ? set_by_schema(out, args, client, err) : st;
}

void dtake__queries_dispose(dtake__queries *queries)
{
    for (size_t i = 0; i < queries->count; i++) {
        dtake_query_free(queries->query[i]);
        dtake__free(queries->dataset[i]);
        dtake__free(queries->name[i]);
    }
    dtake__buf_dispose(&queries->area);
    *queries = (dtake__queries){ .count = 0 };
}
