/* Assets: image collections and images, one or listed page by page. */
#include "server/earthengine.h"

#include "access/ee_find.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json_write.h"
#include "server/earthengine_filter.h"
#include "server/path.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PAGE = 1000, PAGE_MOST = 5000, TEXT = 16 * 1024 };

static void put_time(dtake__json *json, const char *key, int64_t ns)
{
    char text[64];
    if (ns == INT64_MIN)
        return;
    dtake__time_format(ns, text, sizeof text);
    dtake__json_text(json, key, text);
}

static void put_name(dtake__json *json, const char *type, const char *id)
{
    char name[1100];
    dtake__json_text(json, "type", type);
    snprintf(name, sizeof name, "projects/earthengine-public/assets/%s", id);
    dtake__json_text(json, "name", name);
    dtake__json_text(json, "id", id);
}

static void put_properties(dtake__json *json, const json_t *properties)
{
    char *text = json_dumps(properties, JSON_COMPACT);
    if (text != NULL)
        dtake__json_raw(json, "properties", text);
    else
        json->status = DTAKE_E_NOMEM;
    free(text);
}

/* --- images --- */

/* Numbers that are 0 stay out, as in all answers of the service. */
static void put_number(dtake__json *json, const char *key, double value)
{
    if (value != 0)
        dtake__json_f64(json, key, value);
}

static void put_type(dtake__json *json, dtake_type type)
{
    dtake__px_type px = dtake__px_type_of(type);
    dtake__json_object(json, "dataType");
    dtake__json_text(json, "precision",
                     px.precision == DTAKE__PX_INT     ? "INT"
                     : px.precision == DTAKE__PX_FLOAT ? "FLOAT"
                                                       : "DOUBLE");
    if (px.precision == DTAKE__PX_INT) {
        dtake__json_object(json, "range");
        put_number(json, "min", px.min);
        put_number(json, "max", px.max);
        dtake__json_end(json, '}');
    }
    dtake__json_end(json, '}');
}

static void put_band(dtake__json *json, const dtake__ee_band *band)
{
    const dtake_affine *t = &band->transform;
    dtake__json_object(json, NULL);
    dtake__json_text(json, "id", band->id);
    if (band->described) {
        put_type(json, band->type);
        dtake__json_object(json, "grid");
        dtake__json_text(json, "crsCode", band->crs);
        dtake__json_object(json, "dimensions");
        dtake__json_i64(json, "width", band->width);
        dtake__json_i64(json, "height", band->height);
        dtake__json_end(json, '}');
        dtake__json_object(json, "affineTransform");
        put_number(json, "scaleX", t->col_x);
        put_number(json, "shearX", t->row_x);
        put_number(json, "translateX", t->x0);
        put_number(json, "shearY", t->col_y);
        put_number(json, "scaleY", t->row_y);
        put_number(json, "translateY", t->y0);
        dtake__json_end(json, '}');
        dtake__json_end(json, '}');
    }
    dtake__json_text(json, "pyramidingPolicy", "MEAN");
    dtake__json_end(json, '}');
}

static void put_image(dtake__json *json, const dtake__ee_image *image, bool full)
{
    dtake__json_object(json, NULL);
    put_name(json, "IMAGE", image->id);
    put_time(json, "updateTime", image->time_ns);
    put_time(json, "startTime", image->time_ns);
    put_time(json, "endTime", image->end_ns);
    if (full && image->footprint[0] != '\0')
        dtake__json_raw(json, "geometry", image->footprint);
    if (full) {
        put_properties(json, image->properties);
        dtake__json_array(json, "bands");
        for (size_t i = 0; i < image->band_count; i++)
            put_band(json, &image->band[i]);
        dtake__json_end(json, ']');
    }
    dtake__json_end(json, '}');
}

/* --- collections --- */

static void put_collection(dtake__json *json, const dtake__ee_collection *collection)
{
    const char *title = json_string_value(json_object_get(collection->rules, "title"));
    dtake__json_object(json, NULL);
    put_name(json, "IMAGE_COLLECTION", collection->id);
    dtake__json_object(json, "properties");
    dtake__json_text(json, "title",
                     title != NULL               ? title
                     : collection->names != NULL ? collection->names->title
                                                 : collection->id);
    dtake__json_end(json, '}');
    dtake__json_end(json, '}');
}

/* "a/b" lies in "a", at any depth. */
static bool lies_in(const char *id, const char *folder)
{
    size_t len = strlen(folder);
    return len == 0 || (strncmp(id, folder, len) == 0 && id[len] == '/');
}

/* --- one asset --- */

/* Behind "assets/", without what follows a ':'; "" for all of them. */
static void asset_id(const dtake__ee_asked *asked, char *out, size_t size)
{
    const char *start = dtake__starts_with(asked->rest, "assets/") ? asked->rest + 7 : "";
    const char *end = strrchr(start, ':');
    snprintf(out, size, "%.*s", (int)(end != NULL ? (size_t)(end - start) : strlen(start)), start);
}

static dtake_status no_asset(dtake__ee_asked *asked, const char *id, dtake_error *err)
{
    return dtake__ee_no(asked, DTAKE__RPC_NOT_FOUND, err,
                        "Asset '%.300s' not found (does not exist or caller does not have access).", id);
}

static bool is_folder(const dtake__ee_map *map, const char *id)
{
    for (size_t i = 0; i < map->count; i++)
        if (lies_in(map->at[i].id, id))
            return true;
    return false;
}

dtake_status dtake__ee_get_asset(dtake__ee_asked *asked, dtake_error *err)
{
    char id[1024];
    dtake__ee_map map;
    dtake__ee_image *image = NULL;
    dtake__json json = { .out = &asked->answer };
    asset_id(asked, id, sizeof id);
    dtake_status st = dtake__evaluator_map(asked->service->evaluator, &map, err);
    const dtake__ee_collection *collection = st == DTAKE_OK ? dtake__ee_map_find(&map, id) : NULL;
    if (collection != NULL) {
        put_collection(&json, collection);
    } else if (st == DTAKE_OK && is_folder(&map, id)) {
        dtake__json_object(&json, NULL);
        put_name(&json, "FOLDER", id);
        dtake__json_end(&json, '}');
    } else if (st == DTAKE_OK) {
        st = dtake__ee_find(asked->service->client, &map, id, &image, err);
        if (st == DTAKE_E_NOT_FOUND)
            st = no_asset(asked, id, err);
        if (st == DTAKE_OK)
            put_image(&json, image, true);
    }
    dtake__ee_image_free(image);
    dtake__ee_map_dispose(&map);
    return st == DTAKE_OK ? json.status : st;
}

/* --- lists --- */

typedef struct listing {
    dtake__json json;
    const dtake__ee_asset_filter *filter;
    int64_t most, seen, at; /* of a page; in it; images looked at before and in it */
    bool full, more;
} listing;

static dtake_status list_one(void *ctx, dtake__ee_image *image, bool *enough, dtake_error *err)
{
    listing *l = ctx;
    bool passes = dtake__ee_asset_passes(l->filter, image);
    (void)err;
    if (passes && l->seen == l->most) {
        l->more = *enough = true;
    } else {
        l->at++;
        l->seen += passes;
        if (passes)
            put_image(&l->json, image, l->full);
    }
    dtake__ee_image_free(image);
    return l->json.status;
}

static dtake_status list_images(dtake__ee_asked *asked, listing *l, const dtake__ee_collection *collection,
                                dtake_error *err)
{
    const dtake__ee_query query = {
        .start_ms = l->filter->start_ms, .end_ms = l->filter->end_ms, .area = l->filter->area, .offset = l->at
    };
    return dtake__ee_list(asked->service->client, collection, &query, list_one, l, err);
}

static void list_collections(listing *l, const dtake__ee_map *map, const char *folder)
{
    for (size_t i = 0; i < map->count && l->json.status == DTAKE_OK; i++)
        if (lies_in(map->at[i].id, folder))
            put_collection(&l->json, &map->at[i]);
}

dtake_status dtake__ee_list_assets(dtake__ee_asked *asked, dtake_error *err)
{
    const char *query = dtake__rest_query(asked->call);
    char id[1024], text[TEXT];
    dtake__ee_map map = { 0 };
    dtake__ee_asset_filter filter = { 0 };
    listing l = { .json = { .out = &asked->answer }, .filter = &filter, .most = PAGE, .full = true };
    asset_id(asked, id, sizeof id);
    if (dtake__query_value(query, "pageSize", text, sizeof text) && dtake__parse_i64(text, &l.most))
        l.most = l.most < 1 ? PAGE : l.most > PAGE_MOST ? PAGE_MOST : l.most;
    if (dtake__query_value(query, "pageToken", text, sizeof text) && text[0] != '\0' &&
        (!dtake__parse_i64(text, &l.at) || l.at < 0))
        return dtake__fail(err, DTAKE_E_USAGE, "Invalid page token.");
    if (dtake__query_value(query, "view", text, sizeof text))
        l.full = strcmp(text, "BASIC") != 0;
    dtake_status st = dtake__ee_asset_filter_read(
        &filter, dtake__query_value(query, "filter", text, sizeof text) ? text : "", err);
    if (st == DTAKE_OK)
        st = dtake__evaluator_map(asked->service->evaluator, &map, err);
    const dtake__ee_collection *collection = st == DTAKE_OK ? dtake__ee_map_find(&map, id) : NULL;
    if (st == DTAKE_OK && collection == NULL && id[0] != '\0' && !is_folder(&map, id))
        st = no_asset(asked, id, err);
    dtake__json_object(&l.json, NULL);
    dtake__json_array(&l.json, "assets");
    if (st == DTAKE_OK && collection != NULL)
        st = list_images(asked, &l, collection, err);
    else if (st == DTAKE_OK)
        list_collections(&l, &map, id);
    dtake__json_end(&l.json, ']');
    if (l.more) {
        snprintf(text, sizeof text, "%lld", (long long)l.at);
        dtake__json_text(&l.json, "nextPageToken", text);
    }
    dtake__json_end(&l.json, '}');
    dtake__ee_asset_filter_dispose(&filter);
    dtake__ee_map_dispose(&map);
    return st == DTAKE_OK ? l.json.status : st;
}

/* --- what there is no more of --- */

dtake_status dtake__ee_config(dtake__ee_asked *asked, dtake_error *err)
{
    (void)err;
    return dtake__buf_printf(&asked->answer, "{\"name\":\"projects/%s/config\",\"registrationState\":\"\"}",
                             asked->project);
}

/* Nothing runs behind anybody's back. */
dtake_status dtake__ee_operations(dtake__ee_asked *asked, dtake_error *err)
{
    if (strcmp(asked->rest, "operations") == 0)
        return dtake__buf_puts(&asked->answer, "{}");
    return dtake__ee_no(asked, DTAKE__RPC_NOT_FOUND, err, "There is no operation %.200s.", asked->rest);
}
