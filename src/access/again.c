#include "access/again.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/text.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *dtake__absolute_href(const char *href)
{
    char folder[PATH_MAX];
    bool is_whole = href[0] == '/' || strstr(href, "://") != NULL || dtake__starts_with(href, "file:");
    if (is_whole || getcwd(folder, sizeof folder) == NULL)
        return dtake__strdup(href);
    size_t size = strlen(folder) + strlen(href) + 2;
    char *out = dtake__alloc(size);
    if (out != NULL)
        snprintf(out, size, "%s/%s", folder, href);
    return out;
}

/* The list may lie in another folder than the item did. */
static json_t *absolute(const char *href)
{
    char *whole = dtake__absolute_href(href);
    json_t *json = whole != NULL ? json_string(whole) : NULL;
    dtake__free(whole);
    return json;
}

/* Band `band` (from 1) of the asset gets the name; those before it that nobody asked for get their numbers.
 */
static void name_band(json_t *asset, int32_t band, const char *name)
{
    json_t *bands = json_object_get(asset, "eo:bands");
    if (bands == NULL) {
        bands = json_array();
        json_object_set_new(asset, "eo:bands", bands);
    }
    bool grows = true;
    while (grows && json_array_size(bands) < (size_t)band)
        grows = json_array_append_new(
                    bands, json_pack("{s:o}", "name", json_sprintf("%zu", json_array_size(bands) + 1))) == 0;
    json_object_set_new(json_array_get(bands, (size_t)band - 1), "name", json_string(name));
}

/* An asset of its own for a file that was named as a whole, one for all bands taken out of one file. */
static json_t *asset_of(json_t *assets, const dtake__image *image, const dtake__source *source)
{
    char key[DTAKE_NAME_BYTES];
    if (image->asset[0] != '\0' && image->source_count == 1)
        snprintf(key, sizeof key, "%s", image->asset);
    else if (source->band == 0 && source->name[0] != '\0')
        snprintf(key, sizeof key, "%s", source->name);
    else
        for (size_t i = 0; i < image->source_count; i++)
            if (strcmp(image->source[i].href, source->href) == 0) {
                snprintf(key, sizeof key, "file%zu", i + 1);
                break;
            }
    json_t *asset = json_object_get(assets, key);
    if (asset == NULL) {
        asset = json_pack("{s:o,s:[s]}", "href", absolute(source->href), "roles", "data");
        json_object_set_new(assets, key, asset);
    }
    return asset;
}

static json_t *assets_of(const dtake__image *image)
{
    json_t *assets = json_object();
    for (size_t i = 0; i < image->source_count; i++) {
        const dtake__source *source = &image->source[i];
        int64_t number = source->band;
        json_t *asset = asset_of(assets, image, source);
        if (source->band < 0 && !dtake__parse_i64(source->name, &number))
            number = 0;
        if (number > 0 && number < 1000)
            name_band(asset, (int32_t)number, source->name);
        if (image->checksum[0] != '\0')
            json_object_set_new(asset, "file:checksum", json_string(image->checksum));
        if (image->asset_bytes >= 0)
            json_object_set_new(asset, "file:size", json_integer(image->asset_bytes));
    }
    return assets;
}

char *dtake__again(const dtake__image *image)
{
    char time[32];
    json_t *properties = json_object(), *assets = assets_of(image);
    dtake__time_format(image->time_ns, time, sizeof time);
    json_object_set_new(properties, "datetime",
                        image->time_ns == INT64_MIN ? json_null() : json_string(time));
    if (image->has_cloud)
        json_object_set_new(properties, "eo:cloud_cover", json_real(image->cloud_pct));
    json_t *item =
        json_pack("{s:s,s:s,s:s,s:n,s:o,s:[],s:o}", "type", "Feature", "stac_version", "1.0.0", "id",
                  image->id, "geometry", "properties", properties, "links", "assets", assets);
    char *text = item != NULL ? json_dumps(item, JSON_COMPACT) : NULL;
    char *copy = text != NULL ? dtake__strdup(text) : NULL;
    free(text);
    json_decref(item);
    return copy;
}
