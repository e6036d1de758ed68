#include "access/ee_map.h"
#include "access/client.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <datatake/catalog.h>

#include <stdlib.h>
#include <string.h>

static void collection_dispose(dtake__ee_collection *c)
{
    for (size_t i = 0; i < c->part_count; i++) {
        dtake__free(c->part[i].dataset);
        dtake__strings_dispose(&c->part[i].collections);
    }
    dtake__free(c->part);
    dtake__free(c->id);
    json_decref(c->rules);
    *c = (dtake__ee_collection){ 0 };
}

void dtake__ee_map_dispose(dtake__ee_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        collection_dispose(&map->at[i]);
    dtake__free(map->at);
    *map = (dtake__ee_map){ 0 };
}

static dtake__ee_collection *find(const dtake__ee_map *map, const char *id)
{
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->at[i].id, id) == 0)
            return &map->at[i];
    return NULL;
}

const dtake__ee_collection *dtake__ee_map_find(const dtake__ee_map *map, const char *id)
{
    return find(map, id);
}

/* The collection of that id, new if there was none. NULL: no memory. */
static dtake__ee_collection *add(dtake__ee_map *map, const char *id, const dtake__ee_names *names,
                                 bool removes_offset)
{
    dtake__ee_collection *known = find(map, id);
    if (known != NULL)
        return known;
    dtake__ee_collection *at = dtake__realloc_array(map->at, map->count + 1, sizeof *at);
    char *copy = dtake__strdup(id);
    if (at != NULL)
        map->at = at;
    if (at == NULL || copy == NULL) {
        dtake__free(copy);
        return NULL;
    }
    at[map->count] = (dtake__ee_collection){ .id = copy, .names = names, .removes_offset = removes_offset };
    return &at[map->count++];
}

/* `collection` NULL: all of the dataset. */
static dtake_status add_part(dtake__ee_collection *c, const char *dataset, const char *collection,
                             dtake_error *err)
{
    dtake__ee_part *part = NULL;
    for (size_t i = 0; i < c->part_count; i++)
        if (strcmp(c->part[i].dataset, dataset) == 0)
            part = &c->part[i];
    if (part == NULL) {
        dtake__ee_part *grown = dtake__realloc_array(c->part, c->part_count + 1, sizeof *grown);
        if (grown == NULL)
            return dtake__fail_nomem(err, "the names of images");
        c->part = grown;
        grown[c->part_count] = (dtake__ee_part){ .dataset = dtake__strdup(dataset) };
        if (grown[c->part_count].dataset == NULL)
            return dtake__fail_nomem(err, "the names of images");
        part = &grown[c->part_count++];
    }
    if (collection == NULL)
        return DTAKE_OK;
    return dtake__strings_add(&part->collections, collection, strlen(collection)) == DTAKE_OK
               ? DTAKE_OK
               : dtake__fail_nomem(err, "the names of images");
}

/* --- what is found by itself --- */

static bool has_word(const char *name, const char *word)
{
    return strcasestr(name, word) != NULL;
}

/* "sentinel-2-l2a", "S2A_S2MSI2A", "demo-sentinel-2-l2a"; NULL: no Sentinel-2. */
static const dtake__ee_names *names_of(const char *collection)
{
    bool sentinel2 = has_word(collection, "sentinel-2") || has_word(collection, "sentinel2") ||
                     has_word(collection, "sentinel-s2") || has_word(collection, "s2");
    if (!sentinel2)
        return NULL;
    if (has_word(collection, "l2a") || has_word(collection, "msi2a"))
        return &dtake__ee_sentinel2_l2a;
    return has_word(collection, "l1c") || has_word(collection, "msi1c") ? &dtake__ee_sentinel2_l1c : NULL;
}

static dtake_status add_sentinel2(dtake__ee_map *map, const char *dataset, const char *collection,
                                  const dtake__ee_names *names, dtake_error *err)
{
    char id[64];
    for (int harmonized = 0; harmonized < 2; harmonized++) {
        snprintf(id, sizeof id, "%s%s", names->like, harmonized != 0 ? "_HARMONIZED" : "");
        dtake__ee_collection *c = add(map, id, names, harmonized != 0);
        if (c == NULL)
            return dtake__fail_nomem(err, "the names of images");
        if (c->rules != NULL) /* configured: nothing else goes by its name */
            continue;
        dtake_status st = add_part(c, dataset, collection, err);
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

/* STAC Items lie in it. */
static bool holds_items(const dtake_dataset_info *info)
{
    int at = dtake_schema_find(info->schema, "assets");
    return at >= 0 && dtake_schema_field(info->schema, (size_t)at)->type == DTAKE_FIELD_ASSETS &&
           dtake_schema_find_role(info->schema, DTAKE_ROLE_NAME) >= 0;
}

static dtake_status add_dataset(dtake__ee_map *map, dtake_client *client, const dtake_dataset_info *info,
                                dtake_error *err)
{
    dtake_collection_list *list = NULL;
    const dtake__ee_names *all = NULL;
    dtake_status st = dtake_collections(client, info->slug, &list, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake_collection_list_count(list); i++) {
        const char *name = dtake_collection_list_at(list, i)->name;
        const dtake__ee_names *names = names_of(name);
        all = i == 0 || all == names ? names : NULL;
        if (names != NULL)
            st = add_sentinel2(map, info->slug, name, names, err);
    }
    dtake_collection_list_free(list);
    if (st != DTAKE_OK)
        return st;
    char *id = dtake__strdup(info->slug);
    for (char *c = id; c != NULL && *c != '\0'; c++)
        *c = (char)(*c == '.' ? '/' : *c);
    dtake__ee_collection *own = id != NULL ? add(map, id, all, false) : NULL;
    dtake__free(id);
    if (own == NULL)
        return dtake__fail_nomem(err, "the names of images");
    return own->rules == NULL ? add_part(own, info->slug, NULL, err) : DTAKE_OK;
}

/* --- what is configured --- */

dtake_status dtake__ee_rules_check(const char *id, const char *text, dtake_error *err)
{
    static const struct {
        const char *name;
        json_type type;
    } known[] = { { "dataset", JSON_STRING }, { "collections", JSON_ARRAY }, { "like", JSON_STRING },
                  { "bands", JSON_OBJECT },   { "properties", JSON_OBJECT }, { "offset", JSON_STRING },
                  { "title", JSON_STRING } };
    json_error_t why;
    json_t *rules = json_loads(text, 0, &why), *value;
    const char *key;
    dtake_status st = DTAKE_OK;
    if (!json_is_object(rules))
        st = dtake__fail(err, DTAKE_E_USAGE, "asset '%s': its rules are no JSON object: %s", id, why.text);
    json_object_foreach(rules, key, value)
    {
        size_t i = 0;
        while (i < sizeof known / sizeof known[0] && strcmp(known[i].name, key) != 0)
            i++;
        if (st == DTAKE_OK && (i == sizeof known / sizeof known[0] || json_typeof(value) != known[i].type))
            st = dtake__fail(err, DTAKE_E_USAGE, "asset '%s': '%.60s' is %s", id, key,
                             i == sizeof known / sizeof known[0] ? "no rule" : "of another type");
    }
    const char *offset = json_string_value(json_object_get(rules, "offset"));
    if (st == DTAKE_OK && json_object_get(rules, "dataset") == NULL)
        st = dtake__fail(err, DTAKE_E_USAGE, "asset '%s': \"dataset\" is missing", id);
    if (st == DTAKE_OK && offset != NULL && strcmp(offset, "keep") != 0 && strcmp(offset, "remove") != 0)
        st = dtake__fail(err, DTAKE_E_USAGE, "asset '%s': \"offset\" is keep or remove", id);
    json_decref(rules);
    return st;
}

static const dtake__ee_names *names_like(const char *like)
{
    if (like == NULL)
        return NULL;
    if (dtake__starts_with(like, "COPERNICUS/S2_SR"))
        return &dtake__ee_sentinel2_l2a;
    return dtake__starts_with(like, "COPERNICUS/S2") ? &dtake__ee_sentinel2_l1c : NULL;
}

static dtake_status add_configured(dtake__ee_map *map, const char *id, const char *text, dtake_error *err)
{
    json_t *rules = json_loads(text, 0, NULL);
    const char *dataset = json_string_value(json_object_get(rules, "dataset"));
    const char *offset = json_string_value(json_object_get(rules, "offset"));
    const json_t *collections = json_object_get(rules, "collections");
    if (dataset == NULL) { /* of a later program */
        json_decref(rules);
        return DTAKE_OK;
    }
    const dtake__ee_names *names = names_like(json_string_value(json_object_get(rules, "like")));
    dtake__ee_collection *c = add(
        map, id, names, offset != NULL ? strcmp(offset, "remove") == 0 : dtake__ends_with(id, "_HARMONIZED"));
    if (c == NULL) {
        json_decref(rules);
        return dtake__fail_nomem(err, "the names of images");
    }
    c->rules = rules;
    dtake_status st = json_array_size(collections) == 0 ? add_part(c, dataset, NULL, err) : DTAKE_OK;
    for (size_t i = 0; i < json_array_size(collections) && st == DTAKE_OK; i++) {
        const char *name = json_string_value(json_array_get(collections, i));
        if (name != NULL)
            st = add_part(c, dataset, name, err);
    }
    return st;
}

static dtake_status add_all_configured(dtake__ee_map *map, dtake_client *client, dtake_error *err)
{
    dtake__strings list = { 0 };
    dtake_status st = dtake__assets_configured(client, &list, err);
    for (size_t i = 0; i + 1 < list.count && st == DTAKE_OK; i += 2)
        st = add_configured(map, list.at[i], list.at[i + 1], err);
    dtake__strings_dispose(&list);
    return st == DTAKE_E_UNSUPPORTED ? DTAKE_OK : st; /* a source that keeps none */
}

dtake_status dtake_assets(dtake_client *client, dtake_asset_fn each, void *ctx, dtake_error *err)
{
    dtake__ee_map map;
    dtake_status st = dtake__ee_map_load(&map, client, err);
    for (size_t i = 0; i < map.count && st == DTAKE_OK; i++) {
        char *rules = map.at[i].rules != NULL ? json_dumps(map.at[i].rules, JSON_COMPACT) : NULL;
        each(map.at[i].id, map.at[i].part_count > 0 ? map.at[i].part[0].dataset : "",
             rules != NULL ? rules : "", ctx);
        free(rules);
    }
    dtake__ee_map_dispose(&map);
    return st;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const dtake__ee_collection *)a)->id, ((const dtake__ee_collection *)b)->id);
}

dtake_status dtake__ee_map_load(dtake__ee_map *out, dtake_client *client, dtake_error *err)
{
    dtake_dataset_list *list = NULL;
    *out = (dtake__ee_map){ 0 };
    dtake_status st = dtake_datasets(client, &list, err);
    if (st == DTAKE_E_NOT_FOUND) /* no catalogue yet */
        return DTAKE_OK;
    if (st == DTAKE_OK)
        st = add_all_configured(out, client, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake_dataset_list_count(list); i++)
        if (holds_items(dtake_dataset_list_at(list, i)))
            st = add_dataset(out, client, dtake_dataset_list_at(list, i), err);
    dtake_dataset_list_free(list);
    if (st == DTAKE_OK && out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, by_id);
    return st;
}
