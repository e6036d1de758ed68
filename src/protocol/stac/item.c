/* One Item object to a dtake__stac_item. */
#include "protocol/stac/json.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ASSETS = 1000, MAX_ASSET_BANDS = 256 };

static bool set_text(char **out, const json_t *value)
{
    *out = json_is_string(value) ? dtake__strndup(json_string_value(value), json_string_length(value))
                                 : dtake__strdup("");
    return *out != NULL;
}

static const json_t *first_of(const json_t *object, const char *a, const char *b)
{
    const json_t *value = json_object_get(object, a);
    return value == NULL || json_is_null(value) ? json_object_get(object, b) : value;
}

static bool contains_nocase(const char *text, const char *word)
{
    return strcasestr(text, word) != NULL;
}

static bool is_raster_type(const char *media_type)
{
    return contains_nocase(media_type, "image/tiff") || contains_nocase(media_type, "image/jp2") ||
           contains_nocase(media_type, "geotiff");
}

static bool has_data_role(const json_t *roles, const char *media_type)
{
    if (!json_is_array(roles) || json_array_size(roles) == 0)
        return is_raster_type(media_type);
    size_t i;
    json_t *role;
    json_array_foreach(roles, i, role) if (json_is_string(role) &&
                                           strcmp(json_string_value(role), "data") == 0) return true;
    return false;
}

/* eo:bands (STAC 1.0), bands (1.1), or numbers that count into the item's own eo:bands (0.x). */
static dtake_status read_bands(dtake__stac_asset *asset, const json_t *json, const json_t *properties)
{
    const json_t *list = first_of(json, "eo:bands", "bands");
    size_t count = json_array_size(list);
    if (count == 0)
        return DTAKE_OK;
    if (count > MAX_ASSET_BANDS)
        return DTAKE_E_LIMIT;
    asset->band_name = dtake__calloc(2 * count, sizeof *asset->band_name);
    if (asset->band_name == NULL)
        return DTAKE_E_NOMEM;
    asset->band_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *band = json_array_get(list, i);
        if (json_is_integer(band) && json_integer_value(band) >= 0)
            band = json_array_get(json_object_get(properties, "eo:bands"), (size_t)json_integer_value(band));
        if (!set_text(&asset->band_name[2 * i], json_object_get(band, "name")) ||
            !set_text(&asset->band_name[2 * i + 1], first_of(band, "common_name", "eo:common_name")))
            return DTAKE_E_NOMEM;
    }
    return DTAKE_OK;
}

static dtake_status read_asset(dtake__stac_asset *asset, const char *key, const json_t *json,
                               const json_t *properties, const char *base)
{
    const json_t *size = json_object_get(json, "file:size");
    asset->bytes = json_is_integer(size) && json_integer_value(size) >= 0 ? json_integer_value(size) : -1;
    asset->key = dtake__strdup(key);
    asset->href = dtake__href_join(base, json_string_value(json_object_get(json, "href")));
    if (asset->key == NULL || asset->href == NULL ||
        !set_text(&asset->media_type, json_object_get(json, "type")) ||
        !set_text(&asset->title, json_object_get(json, "title")) ||
        !set_text(&asset->checksum, first_of(json, "file:checksum", "checksum:multihash")))
        return DTAKE_E_NOMEM;
    asset->is_data = has_data_role(json_object_get(json, "roles"), asset->media_type);
    return read_bands(asset, json, properties);
}

static dtake_status read_assets(dtake__stac_item *item, const json_t *assets, const json_t *properties,
                                dtake_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(assets))
        return dtake__fail(err, DTAKE_E_FORMAT, "item '%.100s': no assets", item->id);
    if (json_object_size(assets) > MAX_ASSETS)
        return dtake__fail(err, DTAKE_E_LIMIT, "item '%.100s': %zu assets, at most %d are read", item->id,
                           json_object_size(assets), MAX_ASSETS);
    item->asset = dtake__calloc(json_object_size(assets), sizeof *item->asset);
    if (item->asset == NULL)
        return dtake__fail_nomem(err, "assets of an item");
    json_object_foreach((json_t *)assets, key, value)
    {
        if (!json_is_string(json_object_get(value, "href")))
            return dtake__fail(err, DTAKE_E_FORMAT, "item '%.100s': asset '%.100s' has no href", item->id,
                               key);
        dtake_status st = read_asset(&item->asset[item->asset_count++], key, value, properties, item->base);
        if (st == DTAKE_E_LIMIT)
            return dtake__fail(err, st, "item '%.100s': asset '%.100s' lists more than %d bands", item->id,
                               key, MAX_ASSET_BANDS);
        if (st != DTAKE_OK)
            return dtake__fail_nomem(err, "an asset of an item");
    }
    return DTAKE_OK;
}

/* Catalogues write times without a zone often enough; they mean UTC. */
static dtake_status read_time(const char *id, const json_t *value, int64_t *out, dtake_error *err)
{
    char text[64];
    if (!json_is_string(value))
        return DTAKE_OK;
    if (dtake__time_parse(json_string_value(value), out, NULL, NULL) == DTAKE_OK)
        return DTAKE_OK;
    snprintf(text, sizeof text, "%.50sZ", json_string_value(value));
    if (dtake__time_parse(text, out, NULL, NULL) == DTAKE_OK)
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_FORMAT, "item '%.100s': '%.50s' is not a time", id,
                       json_string_value(value));
}

static dtake_status read_times(dtake__stac_item *item, const json_t *properties, dtake_error *err)
{
    item->time_ns = INT64_MIN;
    dtake_status st =
        read_time(item->id, first_of(properties, "datetime", "start_datetime"), &item->time_ns, err);
    item->end_ns = item->time_ns;
    return st == DTAKE_OK
               ? read_time(item->id, json_object_get(properties, "end_datetime"), &item->end_ns, err)
               : st;
}

static void read_bbox(dtake__stac_item *item, const json_t *list)
{
    static const size_t flat[4] = { 0, 1, 2, 3 }, solid[4] = { 0, 1, 3, 4 };
    size_t count = json_array_size(list);
    double v[4];
    if (count != 4 && count != 6)
        return;
    for (size_t i = 0; i < 4; i++) {
        const json_t *number = json_array_get(list, count == 4 ? flat[i] : solid[i]);
        if (!json_is_number(number))
            return;
        v[i] = json_number_value(number);
    }
    item->has_bbox = true;
    item->bbox = (dtake_box){ v[0], v[1], v[2], v[3] };
}

static bool read_geometry(dtake__stac_item *item, const json_t *geometry)
{
    if (!json_is_object(geometry))
        return (item->geometry = dtake__strdup("")) != NULL;
    char *text = json_dumps(geometry, JSON_COMPACT);
    item->geometry = text == NULL ? NULL : dtake__strdup(text);
    free(text);
    return item->geometry != NULL;
}

dtake_status dtake__stac_item_read(dtake__stac_item *item, const json_t *json, const char *base,
                                   dtake_error *err)
{
    const json_t *properties = json_object_get(json, "properties");
    const json_t *id = json_object_get(json, "id");
    const json_t *cloud = first_of(properties, "eo:cloud_cover", "eo_cloud_cover");
    *item = (dtake__stac_item){ .time_ns = INT64_MIN, .end_ns = INT64_MIN };
    if (!json_is_string(id) || json_string_length(id) == 0)
        return dtake__fail(err, DTAKE_E_FORMAT, "an item without an id");
    if (!set_text(&item->id, id) || !set_text(&item->collection, json_object_get(json, "collection")) ||
        !set_text(&item->platform, first_of(properties, "platform", "constellation")) ||
        (item->base = dtake__strdup(base == NULL ? "" : base)) == NULL ||
        !read_geometry(item, json_object_get(json, "geometry")))
        return dtake__fail_nomem(err, "an item");
    item->has_cloud = json_is_number(cloud);
    item->cloud_pct = json_number_value(cloud);
    read_bbox(item, json_object_get(json, "bbox"));
    dtake_status st = read_times(item, properties, err);
    return st == DTAKE_OK ? read_assets(item, json_object_get(json, "assets"), properties, err) : st;
}

static void dispose_asset(dtake__stac_asset *asset)
{
    for (size_t i = 0; i < 2 * asset->band_count; i++)
        dtake__free(asset->band_name[i]);
    dtake__free(asset->band_name);
    dtake__free(asset->key);
    dtake__free(asset->href);
    dtake__free(asset->media_type);
    dtake__free(asset->title);
    dtake__free(asset->checksum);
}

void dtake__stac_item_dispose(dtake__stac_item *item)
{
    for (size_t i = 0; i < item->asset_count; i++)
        dispose_asset(&item->asset[i]);
    dtake__free(item->asset);
    dtake__free(item->id);
    dtake__free(item->collection);
    dtake__free(item->platform);
    dtake__free(item->base);
    dtake__free(item->geometry);
    *item = (dtake__stac_item){ .time_ns = INT64_MIN, .end_ns = INT64_MIN };
}
