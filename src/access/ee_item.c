#include "access/ee_item.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "protocol/stac/item.h"
#include "raster/kernels.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BANDS = 512 };

typedef struct making {
    const dtake__ee_collection *collection;
    dtake__ee_image *image;
    const dtake__stac_item *item;
    const json_t *document, *stac; /* the item; its properties */
} making;

void dtake__ee_image_free(dtake__ee_image *image)
{
    if (image == NULL)
        return;
    for (size_t i = 0; i < image->band_count; i++) {
        dtake__free(image->band[i].id);
        dtake__free(image->band[i].href);
    }
    dtake__free(image->band);
    dtake__free(image->id);
    dtake__free(image->footprint);
    json_decref(image->properties);
    dtake__free(image);
}

/* --- properties --- */

/* "sentinel-2a" to "Sentinel-2A", as the metadata of the products has it. */
static json_t *spacecraft(const char *platform)
{
    char name[64];
    snprintf(name, sizeof name, "%s", platform);
    size_t len = strlen(name);
    name[0] = (char)toupper((unsigned char)name[0]);
    if (len > 0)
        name[len - 1] = (char)toupper((unsigned char)name[len - 1]);
    return json_string(name);
}

static void set_named(making *m, const char *ours, const char *theirs)
{
    const json_t *value = json_object_get(m->stac, theirs);
    if (value == NULL)
        return;
    if (strcmp(ours, "SPACECRAFT_NAME") == 0 && json_is_string(value))
        json_object_set_new(m->image->properties, ours, spacecraft(json_string_value(value)));
    else if (strcmp(ours, "SENSING_ORBIT_DIRECTION") == 0 && json_is_string(value) &&
             dtake__equal_nocase(json_string_value(value), "descending"))
        json_object_set_new(m->image->properties, ours, json_string("DESCENDING"));
    else if (json_is_number(value) || json_is_string(value))
        json_object_set(m->image->properties, ours, (json_t *)(uintptr_t)value);
}

/* Where nothing says it in so many words. */
static void set_tile(making *m)
{
    json_t *to = m->image->properties;
    const char *code = json_string_value(json_object_get(m->stac, "grid:code"));
    if (json_object_get(to, "MGRS_TILE") == NULL && code != NULL && dtake__starts_with(code, "MGRS-"))
        json_object_set_new(to, "MGRS_TILE", json_string(code + 5));
    const json_t *elevation = json_object_get(m->stac, "view:sun_elevation");
    if (json_object_get(to, "MEAN_SOLAR_ZENITH_ANGLE") == NULL && json_is_number(elevation))
        json_object_set_new(to, "MEAN_SOLAR_ZENITH_ANGLE", json_real(90 - json_number_value(elevation)));
}

static void set_times(making *m)
{
    json_t *to = m->image->properties;
    json_object_set_new(to, "system:index", json_string(m->image->index));
    if (m->image->time_ns == INT64_MIN)
        return;
    json_object_set_new(to, "system:time_start", json_integer(m->image->time_ns / 1000000));
    json_object_set_new(to, "system:time_end", json_integer(m->image->end_ns / 1000000));
}

static dtake_status set_properties(making *m, dtake_error *err)
{
    const char *key;
    const json_t *value;
    m->image->properties = json_object();
    json_object_foreach((json_t *)(uintptr_t)m->stac, key, value)
    {
        bool flat = json_is_number(value) || json_is_string(value) || json_is_boolean(value);
        if (flat && !dtake__starts_with(key, "system:"))
            json_object_set(m->image->properties, key, (json_t *)(uintptr_t)value);
    }
    const dtake__ee_names *names = m->collection->names;
    for (const dtake__ee_name *n = names != NULL ? names->property : NULL; n != NULL && n->ours != NULL; n++)
        set_named(m, n->ours, n->stac);
    if (names != NULL)
        set_tile(m);
    json_object_foreach(json_object_get(m->collection->rules, "properties"), key,
                        value) if (json_is_string(value)) set_named(m, key, json_string_value(value));
    set_times(m);
    return m->image->properties != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
}

/* --- bands --- */

/* A member of the asset, or of the item for all of its assets. */
static const json_t *said(const making *m, const json_t *asset, const char *name)
{
    const json_t *own = json_object_get(asset, name);
    return own != NULL ? own : json_object_get(m->stac, name);
}

static const json_t *band_facts(const json_t *asset, int32_t band)
{
    const json_t *list = json_object_get(asset, "raster:bands");
    if (list == NULL)
        list = json_object_get(asset, "bands");
    return json_array_get(list, (size_t)(band > 0 ? band - 1 : 0));
}

static bool read_grid(const making *m, const json_t *asset, dtake__ee_band *out)
{
    const json_t *shape = said(m, asset, "proj:shape"), *transform = said(m, asset, "proj:transform");
    const json_t *epsg = said(m, asset, "proj:epsg"), *code = said(m, asset, "proj:code");
    double t[6];
    if (json_array_size(shape) != 2 || json_array_size(transform) < 6)
        return false;
    for (size_t i = 0; i < 6; i++)
        t[i] = json_number_value(json_array_get(transform, i));
    out->transform =
        (dtake_affine){ .x0 = t[2], .col_x = t[0], .row_x = t[1], .y0 = t[5], .col_y = t[3], .row_y = t[4] };
    out->height = json_integer_value(json_array_get(shape, 0));
    out->width = json_integer_value(json_array_get(shape, 1));
    if (json_is_integer(epsg))
        snprintf(out->crs, sizeof out->crs, "EPSG:%d", (int)json_integer_value(epsg));
    else if (json_is_string(code))
        snprintf(out->crs, sizeof out->crs, "%s", json_string_value(code));
    return out->crs[0] != '\0' && out->width > 0 && out->height > 0 && t[0] * t[4] - t[1] * t[3] != 0;
}

/* What is to be subtracted for HARMONIZED: 1000 where the item says that its numbers still carry it. */
static double offset_of(const making *m, const json_t *facts)
{
    double scale = json_number_value(json_object_get(facts, "scale"));
    double offset = json_number_value(json_object_get(facts, "offset"));
    const json_t *applied = json_object_get(m->stac, "earthsearch:boa_offset_applied");
    if (scale > 0 && offset < 0)
        return round(offset / scale);
    const char *baseline = json_string_value(json_object_get(m->stac, "s2:processing_baseline"));
    bool reflectance = json_object_get(facts, "scale") != NULL && fabs(scale - 0.0001) < 1e-9;
    return json_is_false(applied) && baseline != NULL && strcmp(baseline, "04.00") >= 0 && reflectance ? -1000
                                                                                                       : 0;
}

static dtake_status add_band(making *m, const char *id, const dtake__stac_asset *asset, int32_t number,
                             dtake_error *err)
{
    dtake__ee_image *image = m->image;
    if (image->band_count == MAX_BANDS)
        return DTAKE_OK;
    dtake__ee_band *at = dtake__realloc_array(image->band, image->band_count + 1, sizeof *at);
    if (at == NULL)
        return dtake__fail_nomem(err, "an image's bands");
    image->band = at;
    dtake__ee_band *band = &at[image->band_count];
    const json_t *json = json_object_get(json_object_get(m->document, "assets"), asset->key);
    const json_t *facts = band_facts(json, number);
    const char *type = json_string_value(json_object_get(facts, "data_type"));
    *band = (dtake__ee_band){ .id = dtake__strdup(id),
                              .href = dtake__strdup(asset->href),
                              .band = number > 0 ? number : 1,
                              .type = DTAKE_U16 };
    image->band_count++;
    if (band->id == NULL || band->href == NULL)
        return dtake__fail_nomem(err, "an image's bands");
    band->described = type != NULL && dtake__type_of_name(type, &band->type) && read_grid(m, json, band);
    band->add = m->collection->removes_offset ? offset_of(m, facts) : 0;
    return DTAKE_OK;
}

static bool is_raster(const dtake__stac_asset *asset)
{
    return asset->is_data && (strstr(asset->media_type, "tiff") != NULL ||
                              strstr(asset->media_type, "jp2") != NULL || asset->media_type[0] == '\0');
}

/* Each asset by its key; of one with several bands KEY_1, KEY_2 ... */
static dtake_status add_assets(making *m, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    char name[128];
    for (size_t i = 0; i < m->item->asset_count && st == DTAKE_OK; i++) {
        const dtake__stac_asset *asset = &m->item->asset[i];
        const json_t *json = json_object_get(json_object_get(m->document, "assets"), asset->key);
        size_t bands = json_array_size(json_object_get(json, "raster:bands"));
        if (!is_raster(asset))
            continue;
        if (bands <= 1)
            st = add_band(m, asset->key, asset, 1, err);
        for (size_t b = 1; b <= bands && bands > 1 && st == DTAKE_OK; b++) {
            snprintf(name, sizeof name, "%.100s_%zu", asset->key, b);
            st = add_band(m, name, asset, (int32_t)b, err);
        }
    }
    return st;
}

static dtake_status add_named(making *m, const char *ours, const char *theirs, dtake_error *err)
{
    const dtake__stac_asset *asset = NULL;
    int32_t number = 0;
    bool tci = dtake__starts_with(theirs, "TCI_");
    dtake_status st = dtake__stac_find_band(m->item, tci ? "visual" : theirs, &asset, &number, NULL);
    if (st == DTAKE_E_NOT_FOUND && tci)
        st = dtake__stac_find_band(m->item, "TCI", &asset, &number, NULL);
    if (st == DTAKE_E_NOT_FOUND || (st == DTAKE_OK && !is_raster(asset)))
        return DTAKE_OK;
    if (st != DTAKE_OK)
        return dtake__fail_nomem(err, "an image's bands");
    if (tci)
        number = theirs[4] == 'R' ? 1 : theirs[4] == 'G' ? 2 : 3;
    return add_band(m, ours, asset, number, err);
}

static dtake_status add_bands(making *m, dtake_error *err)
{
    const json_t *rules = json_object_get(m->collection->rules, "bands"), *value;
    const dtake__ee_names *names = m->collection->names;
    dtake_status st = DTAKE_OK;
    const char *key;
    if (rules == NULL && names == NULL)
        return add_assets(m, err);
    for (size_t i = 0; names != NULL && names->band[i] != NULL && st == DTAKE_OK; i++) {
        const char *theirs = json_string_value(json_object_get(rules, names->band[i]));
        st = add_named(m, names->band[i], theirs != NULL ? theirs : names->band[i], err);
    }
    json_object_foreach((json_t *)(uintptr_t)rules, key, value)
    {
        bool listed = false;
        for (size_t i = 0; names != NULL && names->band[i] != NULL; i++)
            listed = listed || strcmp(names->band[i], key) == 0;
        if (!listed && st == DTAKE_OK && json_is_string(value))
            st = add_named(m, key, json_string_value(value), err);
    }
    return st;
}

/* --- made --- */

static dtake_status fill(making *m, dtake_error *err)
{
    dtake__ee_image *image = m->image;
    size_t len = strlen(m->collection->id) + strlen(m->item->id) + 2;
    image->id = dtake__alloc(len);
    image->footprint = dtake__strdup(m->item->geometry);
    if (image->id == NULL || image->footprint == NULL)
        return dtake__fail_nomem(err, "an image");
    snprintf(image->id, len, "%s/%s", m->collection->id, m->item->id);
    image->index = image->id + strlen(m->collection->id) + 1;
    image->time_ns = m->item->time_ns;
    image->end_ns = m->item->end_ns;
    dtake_status st = set_properties(m, err);
    return st == DTAKE_OK ? add_bands(m, err) : st;
}

static dtake_status on_item(dtake__stac_item *item, void *ctx, dtake_error *err)
{
    making *m = ctx;
    m->item = item;
    return fill(m, err);
}

dtake_status dtake__ee_image_new(dtake__ee_image **out, const dtake__ee_collection *collection,
                                 const char *text, size_t len, dtake_error *err)
{
    const dtake__stac_place place = { .base = "", .unit = "line", .number = 1 };
    json_t *document = json_loadb(text, len, 0, NULL);
    making m = { .collection = collection, .document = document };
    *out = NULL;
    m.stac = json_object_get(document, "properties");
    m.image = dtake__calloc(1, sizeof *m.image);
    const dtake__stac_reader reader = { .each = on_item, .ctx = &m };
    dtake_status st = document != NULL && m.image != NULL ? dtake__stac_one(text, len, &place, &reader, err)
                                                          : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK)
        *out = m.image;
    else
        dtake__ee_image_free(m.image);
    json_decref(document);
    return st;
}
