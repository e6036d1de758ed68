#include "access/select.h"

#include "access/parts.h"

#include "access/paths.h"
#include "access/shade.h"
#include "core/alloc.h"
#include "core/error.h"
#include "geo/area.h"
#include "output/output.h"

#include <stdio.h>
#include <string.h>

static bool in_interval(const dtake_interval *interval, int64_t start_ns, int64_t end_ns)
{
    bool begins_before_end =
        interval->end_exclusive ? start_ns < interval->end_ns : start_ns <= interval->end_ns;
    bool ends_after_start =
        interval->start_exclusive ? end_ns > interval->start_ns : end_ns >= interval->start_ns;
    return begins_before_end && ends_after_start;
}

static bool lon_overlap(dtake_box a, dtake_box b)
{
    if (a.west > a.east) /* across the antimeridian: two halves */
        return lon_overlap((dtake_box){ a.west, 0, 180, 0 }, b) ||
               lon_overlap((dtake_box){ -180, 0, a.east, 0 }, b);
    if (b.west > b.east)
        return lon_overlap(b, a);
    return a.west <= b.east && b.west <= a.east;
}

static bool boxes_meet(dtake_box a, dtake_box b)
{
    return a.south <= b.north && b.south <= a.north && lon_overlap(a, b);
}

/* A geometry that cannot be read, and an item without any, passes: the file itself decides later. */
static bool meets_box(const dtake__stac_item *item, dtake_box box)
{
    bool meets;
    if (item->geometry[0] != '\0' &&
        dtake__geojson_intersects_box(item->geometry, box, &meets, NULL) == DTAKE_OK)
        return meets;
    return !item->has_bbox || boxes_meet(item->bbox, box);
}

static bool meets_geometry(const dtake__stac_item *item, const char *geometry)
{
    bool meets;
    if (item->geometry[0] != '\0' &&
        dtake__geojson_intersects(item->geometry, geometry, &meets, NULL) == DTAKE_OK)
        return meets;
    if (item->has_bbox && dtake__geojson_intersects_box(geometry, item->bbox, &meets, NULL) == DTAKE_OK)
        return meets;
    return true;
}

static bool passes_properties(dtake__selection *s, const dtake__stac_item *item)
{
    const dtake_get_options *o = s->options;
    int64_t *reason = NULL;
    if (o->has_datetime && item->time_ns == INT64_MIN)
        reason = &s->left_out.without_time;
    else if (o->has_datetime && !in_interval(&o->datetime, item->time_ns, item->end_ns))
        reason = &s->left_out.by_datetime;
    else if (o->has_cloud && !item->has_cloud)
        reason = &s->left_out.without_cloud;
    else if (o->has_cloud && !(item->cloud_pct < o->cloud_max_pct))
        reason = &s->left_out.by_cloud;
    if (reason != NULL)
        ++*reason;
    return reason == NULL;
}

static bool passes(dtake__selection *s, const dtake__stac_item *item)
{
    if (!passes_properties(s, item))
        return false;
    if (s->options->has_bbox && !meets_box(item, s->options->bbox)) {
        s->left_out.by_bbox++;
        return false;
    }
    if (s->options->intersects != NULL && !meets_geometry(item, s->options->intersects)) {
        s->left_out.by_intersects++;
        return false;
    }
    return true;
}

bool dtake__select_takes(const dtake_get_options *o, const dtake__image *image, const char *band)
{
    return image->asset[0] == '\0' || o->expression != NULL || strcmp(image->asset, band) == 0;
}

bool dtake__select_splits(const dtake_get_options *o)
{
    return o->per_band && o->composite == NULL;
}

static const char *template_of(const dtake_get_options *o)
{
    return o->path_template != NULL ? o->path_template
           : o->raw || o->per_band  ? "{id}_{asset}.{ext}"
                                    : "{id}.{ext}";
}

dtake_status dtake__select_path(dtake__image *image, const dtake_get_options *o, const char *collection,
                                const char *href, dtake_error *err)
{
    dtake_buf bands = DTAKE_BUF_INIT(1024), path = DTAKE_BUF_INIT(4096);
    char ext[16];
    dtake_status st = DTAKE_OK;
    if (o->explain_only || o->out_dir == NULL) /* nothing will be written */
        return DTAKE_OK;
    if (o->per_band)
        st = dtake__buf_puts(&bands, image->asset);
    for (size_t i = 0; i < o->band_count && st == DTAKE_OK && !o->per_band; i++)
        st = dtake__buf_printf(&bands, "%s%s", i > 0 ? "-" : "", o->bands[i]);
    snprintf(ext, sizeof ext, "%s", dtake__output_extension(o->format));
    if (o->raw)
        dtake__href_extension(href, ext, sizeof ext);
    dtake__path_words words = { image->id, collection,    image->asset, dtake__buf_str(&bands),
                                ext,       image->time_ns };
    if (st == DTAKE_OK)
        st = dtake__buf_printf(&path, "%s%s", o->out_dir,
                               o->out_dir[strlen(o->out_dir) - 1] == '/' ? "" : "/");
    if (st == DTAKE_OK)
        st = dtake__template_fill(template_of(o), &words, &path);
    char *text = st == DTAKE_OK ? dtake__strdup(dtake__buf_str(&path)) : NULL;
    dtake__buf_dispose(&path);
    dtake__buf_dispose(&bands);
    if (st == DTAKE_E_LIMIT)
        return dtake__fail(
            err, st, "item '%.100s': the path of its file is longer than the 4096 bytes a path may have",
            image->id);
    if (text == NULL)
        return dtake__fail(err, st == DTAKE_OK ? DTAKE_E_NOMEM : st, "item '%.100s': its path cannot be made",
                           image->id);
    dtake__free(image->path);
    image->path = text;
    return DTAKE_OK;
}

/* Without --bands: the one raster of the item. */
static dtake_status only_data_asset(const dtake__stac_item *item, const dtake__stac_asset **out,
                                    dtake_error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < item->asset_count; i++)
        if (item->asset[i].is_data) {
            *out = &item->asset[i];
            count++;
        }
    if (count == 1)
        return DTAKE_OK;
    if (count == 0)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "item '%.100s' has no raster asset", item->id);
    return dtake__fail(err, DTAKE_E_USAGE, "item '%.100s' has %zu data assets: name bands with --bands",
                       item->id, count);
}

/* The band that tells where clouds are comes last; items made of a receipt name it already. */
static dtake_status add_cloud_band(dtake__image *image, const dtake__stac_item *item,
                                   const dtake_get_options *o, dtake_error *err)
{
    const dtake__stac_asset *asset;
    int32_t band;
    const char *last = o->band_count > 0 ? o->bands[o->band_count - 1] : "";
    if (dtake__is_cloud_band(last) && dtake__select_takes(o, image, last))
        return DTAKE_OK;
    for (const char *const *name = dtake__cloud_bands; *name != NULL; name++)
        if (dtake__stac_find_band(item, *name, &asset, &band, NULL) == DTAKE_OK)
            return dtake__image_add_source(image, asset->href, *name, band)
                       ? DTAKE_OK
                       : dtake__fail_nomem(err, "an image");
    return dtake__fail(
        err, DTAKE_E_NOT_FOUND,
        "item '%.100s' has no band that tells where clouds are (SCL, QA_PIXEL, Fmask, QA60): leave "
        "--mask-clouds out",
        item->id);
}

static dtake_status add_bands(dtake__image *image, const dtake__stac_item *item, const dtake_get_options *o,
                              dtake_error *err)
{
    const dtake__stac_asset *asset;
    int32_t band;
    if (o->band_count == 0) {
        dtake_status st = only_data_asset(item, &asset, err);
        if (st == DTAKE_OK && !dtake__image_add_source(image, asset->href, "", 0))
            st = dtake__fail_nomem(err, "an image");
        return st;
    }
    for (size_t i = 0; i < o->band_count; i++) {
        if (!dtake__select_takes(o, image, o->bands[i]))
            continue;
        dtake_status st = dtake__stac_find_band(item, o->bands[i], &asset, &band, err);
        if (st != DTAKE_OK)
            return st;
        if (!dtake__image_add_source(image, asset->href, o->bands[i], band))
            return dtake__fail_nomem(err, "an image");
    }
    return DTAKE_OK;
}

/* Takes `image`. A failure of its own is kept with it; only what stops the job is returned. */
static dtake_status add_image(dtake__selection *s, dtake__image *image, dtake_status st,
                              const dtake_error *why, dtake_error *err)
{
    if (st == DTAKE_E_NOMEM) {
        dtake__image_free(image);
        return dtake__fail_nomem(err, "an image");
    }
    if (st != DTAKE_OK) {
        image->status = st;
        image->message = dtake__strdup(why->message);
    }
    return dtake__images_add(&s->images, image, err);
}

/* `band`: of a file of its own; "": all. */
static dtake_status select_pixels(dtake__selection *s, const dtake__stac_item *item, const char *band,
                                  dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__image *image = dtake__image_new(item->id, band);
    if (image == NULL)
        return dtake__fail_nomem(err, "an image");
    image->time_ns = item->time_ns;
    image->has_cloud = item->has_cloud;
    image->cloud_pct = item->cloud_pct;
    dtake_status st = add_bands(image, item, s->options, &why);
    if (st == DTAKE_OK && s->options->mask_clouds)
        st = add_cloud_band(image, item, s->options, &why);
    if (st == DTAKE_OK)
        st = dtake__select_path(image, s->options, item->collection, "", &why);
    return add_image(s, image, st, &why, err);
}

static dtake_status select_asset(dtake__selection *s, const dtake__stac_item *item, const char *key,
                                 dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__image *image = dtake__image_new(item->id, key);
    const dtake__stac_asset *asset = NULL;
    int32_t band;
    if (image == NULL)
        return dtake__fail_nomem(err, "an image");
    image->time_ns = item->time_ns;
    image->has_cloud = item->has_cloud;
    image->cloud_pct = item->cloud_pct;
    for (size_t i = 0; i < item->asset_count; i++)
        if (strcmp(item->asset[i].key, key) == 0)
            asset = &item->asset[i];
    dtake_status st = asset != NULL ? DTAKE_OK : dtake__stac_find_band(item, key, &asset, &band, &why);
    if (st == DTAKE_OK && !dtake__image_add_source(image, asset->href, "", 0))
        st = DTAKE_E_NOMEM;
    if (st == DTAKE_OK) {
        dtake__free(image->checksum);
        image->checksum = dtake__strdup(asset->checksum);
        image->asset_bytes = asset->bytes;
        st = image->checksum == NULL
                 ? DTAKE_E_NOMEM
                 : dtake__select_path(image, s->options, item->collection, asset->href, &why);
    }
    return add_image(s, image, st, &why, err);
}

dtake_status dtake__select_item(dtake__selection *s, const dtake__stac_item *item, dtake_error *err)
{
    s->seen++;
    if (!passes(s, item))
        return DTAKE_OK;
    dtake_status st = DTAKE_OK;
    const dtake_get_options *o = s->options;
    if (!o->raw && !dtake__select_splits(o))
        return select_pixels(s, item, "", err);
    dtake__strings part = { 0 };
    if (!o->raw)
        st = dtake__parts_names(o, &part, err);
    for (size_t i = 0; i < part.count && st == DTAKE_OK; i++)
        st = select_pixels(s, item, part.at[i], err);
    dtake__strings_dispose(&part);
    for (size_t i = 0; i < s->options->asset_count && st == DTAKE_OK; i++)
        st = select_asset(s, item, s->options->assets[i], err);
    return st;
}

static dtake_status select_bands_of(dtake__selection *s, const char *href, const char *stem, const char *band,
                                    dtake_error *err)
{
    dtake_error why = { 0 };
    const dtake_get_options *o = s->options;
    dtake__image *image = dtake__image_new(stem, band);
    if (image == NULL)
        return dtake__fail_nomem(err, "an image");
    bool ok = o->band_count > 0 || dtake__image_add_source(image, href, "", 0);
    for (size_t i = 0; i < o->band_count && ok; i++)
        if (dtake__select_takes(o, image, o->bands[i]))
            ok = dtake__image_add_source(image, href, o->bands[i], -1);
    const char *last = o->band_count > 0 ? o->bands[o->band_count - 1] : "";
    if (ok && o->mask_clouds && !(dtake__is_cloud_band(last) && dtake__select_takes(o, image, last)))
        ok = dtake__image_add_source(image, href, dtake__cloud_bands[0], -1);
    dtake_status st = ok ? dtake__select_path(image, o, "", href, &why) : DTAKE_E_NOMEM;
    if (st == DTAKE_OK && o->raw)
        st = dtake__fail(&why, DTAKE_E_USAGE, "--raw stores assets of STAC items; %.200s is a raster", href);
    return add_image(s, image, st, &why, err);
}

dtake_status dtake__select_raster(dtake__selection *s, const char *href, dtake_error *err)
{
    char stem[200];
    const dtake_get_options *o = s->options;
    dtake_status st = DTAKE_OK;
    s->seen++;
    if (!passes_properties(s, &(dtake__stac_item){ .time_ns = INT64_MIN }))
        return DTAKE_OK;
    dtake__href_stem(href, stem, sizeof stem);
    if (!dtake__select_splits(o))
        return select_bands_of(s, href, stem, "", err);
    dtake__strings part = { 0 };
    st = dtake__parts_names(o, &part, err);
    for (size_t i = 0; i < part.count && st == DTAKE_OK; i++)
        st = select_bands_of(s, href, stem, part.at[i], err);
    dtake__strings_dispose(&part);
    return st;
}

dtake_status dtake__select_broken(dtake__selection *s, const char *name, const dtake_error *why,
                                  dtake_error *err)
{
    char stem[200];
    dtake__href_stem(name, stem, sizeof stem);
    s->seen++;
    dtake__image *image = dtake__image_new(stem, "");
    return image == NULL ? dtake__fail_nomem(err, "an image") : add_image(s, image, why->status, why, err);
}
