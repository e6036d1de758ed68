#include "access/receipt.h"

#include "access/again.h"
#include "access/long_area.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "output/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "\"SIZE-MTIME-INODE\"" of a local file without the inode: a copy that kept its time is the same file. */
static void cut_inode(char *etag)
{
    char *dash = strrchr(etag, '-');
    if (dash != NULL)
        strcpy(dash, "\"");
}

dtake__version dtake__version_of_object(const dtake__object *object)
{
    dtake__version version = { .bytes = dtake__object_bytes(object) };
    snprintf(version.etag, sizeof version.etag, "%s", dtake__object_etag(object));
    if (!dtake__object_is_remote(object))
        cut_inode(version.etag);
    if (version.etag[0] == '\0')
        snprintf(version.modified, sizeof version.modified, "%s", dtake__object_last_modified(object));
    return version;
}

/* GDAL reads with files of its own: of those only local ones have a version. */
dtake__version dtake__version_of_raster(const dtake_raster *raster, const char *href)
{
    const dtake__object *object = dtake__raster_object(raster);
    dtake__version version = { .bytes = -1 };
    struct stat is;
    if (object != NULL)
        return dtake__version_of_object(object);
    if (dtake__is_http_url(href) || stat(href, &is) != 0)
        return version;
    version.bytes = is.st_size;
    dtake__file_etag(&is, version.etag, sizeof version.etag);
    cut_inode(version.etag);
    return version;
}

dtake__version dtake__version_of_probe(const dtake__object *object, dtake_status status)
{
    dtake__version version = dtake__version_of_object(object);
    if (status == DTAKE_E_RANGE)
        version = (dtake__version){ .bytes = 0 };
    return version;
}

/* Takes `value`; NULL fails. On failure *object is gone. */
static void put(json_t **object, const char *key, json_t *value)
{
    if (*object == NULL) {
        json_decref(value);
    } else if (json_object_set_new(*object, key, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

/* Secrets do not go into files: user names, passwords, signatures. */
static char *href_to_show(const char *href)
{
    static const char *const marks[] = { "sig=",   "signature=", "x-amz-",  "x-goog-",
                                         "token=", "key=",       "expires=" };
    char *out = dtake__absolute_href(href);
    if (out == NULL || !dtake__is_http_url(out))
        return out;
    char *host = strstr(out, "//") + 2, *at = host;
    for (char *c = host; *c != '\0' && strchr("/?#", *c) == NULL; c++)
        if (*c == '@')
            at = c + 1;
    memmove(host, at, strlen(at) + 1);
    char *query = strchr(out, '?');
    for (size_t i = 0; query != NULL && i < sizeof marks / sizeof marks[0]; i++)
        if (strcasestr(query, marks[i]) != NULL)
            *query = '\0';
    return out;
}

static json_t *options_of(const dtake_get_options *o)
{
    dtake_get_options decides = {
        .has_bbox = o->has_bbox && !o->raw,
        .bbox = o->bbox,
        .intersects = o->raw ? NULL : o->intersects,
        .scale_m = o->scale_m,
        .crs = o->crs,
        .res_x = o->res_x,
        .res_y = o->res_y,
        .has_extent = o->has_extent,
        .x_min = o->x_min,
        .y_min = o->y_min,
        .x_max = o->x_max,
        .y_max = o->y_max,
        .size_width = o->size_width,
        .size_height = o->size_height,
        .align = o->align,
        .resampling = o->resampling,
        .mask_clouds = o->mask_clouds,
        .expression = o->expression,
        .graph = o->graph,
        .paint = o->paint,
        .paint_style = o->paint_style,
        .outline = o->outline,
        .sample_type = o->sample_type,
        .composite = o->composite,
        .by_month = o->by_month,
        .quality = o->quality,
        .has_unmask = o->has_unmask,
        .unmask = o->unmask,
        .visualize = o->visualize,
        .raw = o->raw,
        .format = o->raw ? DTAKE_GEOTIFF : o->format,
        .jpeg_quality = o->jpeg_quality,
    };
    bool long_area = decides.intersects != NULL && dtake__area_is_long(decides.intersects);
    if (long_area)
        decides.intersects = NULL;
    json_t *out = dtake__options_to_json(&decides);
    if (out != NULL)
        json_object_del(out, "mode");
    if (out != NULL && long_area && !dtake__area_put(out, o->intersects, o->intersects_file)) {
        json_decref(out);
        out = NULL;
    }
    return out;
}

static json_t *source_of(const dtake__source *source)
{
    json_t *out = json_object();
    char *href = href_to_show(source->href);
    put(&out, "href", json_string(href != NULL ? href : ""));
    put(&out, "name", json_string(source->name));
    put(&out, "band", json_integer(source->band));
    dtake__free(href);
    return out;
}

static json_t *sources_of(const dtake__image *image)
{
    json_t *out = json_array();
    for (size_t i = 0; i < image->source_count && out != NULL; i++)
        if (json_array_append_new(out, source_of(&image->source[i])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static json_t *time_of(const dtake__image *image)
{
    char time[40];
    if (image->time_ns == INT64_MIN)
        return json_null();
    dtake__time_format(image->time_ns, time, sizeof time);
    return json_string(time);
}

/* All but the versions. */
static json_t *receipt_of(const dtake_get_options *options, const dtake__image *image)
{
    json_t *out = json_object();
    put(&out, "receipt", json_integer(1));
    put(&out, "program", json_string("datatake " DTAKE_VERSION));
    put(&out, "id", json_string(image->id));
    put(&out, "asset", json_string(image->asset));
    put(&out, "time", time_of(image));
    put(&out, "options", options_of(options));
    put(&out, "sources", sources_of(image));
    return out;
}

static void put_version(json_t **source, const dtake__version *version)
{
    put(source, "bytes", json_integer(version->bytes));
    put(source, "etag", json_string(version->etag));
    if (version->modified[0] != '\0')
        put(source, "modified", json_string(version->modified));
}

static void put_window(json_t **source, const dtake__layer *layer)
{
    const dtake_window *w = &layer->window;
    put(source, "overview", json_integer(layer->overview));
    put(source, "window",
        json_pack("[I,I,I,I]", (json_int_t)w->col, (json_int_t)w->row, (json_int_t)w->width,
                  (json_int_t)w->height));
}

static const dtake__layer *layer_of(const dtake__layer *layers, size_t count, const char *href)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(layers[i].href, href) == 0)
            return &layers[i];
    return NULL;
}

/* With the end that every receipt has. Takes `json`. */
static char *text_of(json_t *json)
{
    char *body = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    size_t len = body != NULL ? strlen(body) : 0;
    char *out = len > 2 ? dtake__alloc(len + sizeof DTAKE__STAMP_END + 1) : NULL;
    if (out != NULL)
        snprintf(out, len + sizeof DTAKE__STAMP_END + 1, "%.*s,%s", (int)(len - 1), body, DTAKE__STAMP_END);
    free(body);
    json_decref(json);
    return out;
}

char *dtake__receipt_make(const dtake_get_options *options, const dtake__image *image,
                          const dtake__version *version, const dtake__layer *layers, size_t layer_count)
{
    json_t *json = receipt_of(options, image);
    for (size_t i = 0; json != NULL && i < image->source_count; i++) {
        json_t *source = json_incref(json_array_get(json_object_get(json, "sources"), i));
        const dtake__layer *layer = layer_of(layers, layer_count, image->source[i].href);
        put_version(&source, &version[i]);
        if (layer != NULL)
            put_window(&source, layer);
        if (source == NULL) {
            json_decref(json);
            json = NULL;
        }
        json_decref(source);
    }
    return text_of(json);
}

static const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool is_text(const json_t *object, const char *key)
{
    return json_is_string(json_object_get(object, key));
}

static bool is_source(const json_t *source)
{
    const json_t *modified = json_object_get(source, "modified");
    return is_text(source, "href") && is_text(source, "name") && is_text(source, "etag") &&
           json_is_integer(json_object_get(source, "band")) &&
           json_is_integer(json_object_get(source, "bytes")) &&
           (modified == NULL || json_is_string(modified));
}

dtake_status dtake__receipt_parse(json_t **out, const char *text, size_t len, dtake_error *err)
{
    json_error_t where;
    *out = NULL;
    json_t *json =
        len <= DTAKE__STAMP_MAX_BYTES ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &where) : NULL;
    if (json == NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "a receipt that is not JSON");
    const char *wrong = NULL;
    const json_t *sources = json_object_get(json, "sources"), *time = json_object_get(json, "time");
    if (json_integer_value(json_object_get(json, "receipt")) != 1)
        wrong = "receipt: not of version 1";
    else if (!is_text(json, "program") || !is_text(json, "id") || !is_text(json, "asset"))
        wrong = "program, id or asset is missing";
    else if (!json_is_string(time) && !json_is_null(time))
        wrong = "time is missing";
    else if (!json_is_object(json_object_get(json, "options")))
        wrong = "options are missing";
    else if (dtake__stamp_digits(text, len) == SIZE_MAX || !is_text(json, "sha256"))
        wrong = "sha256 is missing";
    else if (!json_is_array(sources) || json_array_size(sources) == 0 ||
             json_array_size(sources) > DTAKE__MAX_SOURCES)
        wrong = "sources are missing";
    for (size_t i = 0; wrong == NULL && i < json_array_size(sources); i++)
        if (!is_source(json_array_get(sources, i)))
            wrong = "a source without href, name, band, bytes or etag";
    if (wrong == NULL) {
        *out = json;
        return DTAKE_OK;
    }
    json_decref(json);
    return dtake__fail(err, DTAKE_E_FORMAT, "a receipt that cannot be read: %s", wrong);
}

/* The key of the first member of either that the other has not, or has with another value; "" when they
 * agree. */
/* Where an area was read from does not matter: its digest says which it was. */
static bool matters(const char *key)
{
    return strcmp(key, "intersects_file") != 0;
}

static const char *first_difference(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)a, key, value)
    {
        if (matters(key) && !json_equal(value, json_object_get(b, key)))
            return key;
    }
    json_object_foreach((json_t *)b, key, value)
    {
        if (matters(key) && json_object_get(a, key) == NULL)
            return key;
    }
    return "";
}

/* -1: the file knows, by the name, which is compared too. */
static bool same_band(const json_t *a, const json_t *b)
{
    return json_equal(a, b) || json_integer_value(a) == -1 || json_integer_value(b) == -1;
}

static dtake_status compare_sources(const json_t *was, const json_t *now, dtake_error *err)
{
    static const char *const keys[] = { "href", "name" };
    if (json_array_size(was) != json_array_size(now))
        return dtake__fail(err, DTAKE_E_STATE, "it was made of %zu bands or files, not %zu",
                           json_array_size(was), json_array_size(now));
    for (size_t i = 0; i < json_array_size(was); i++) {
        const json_t *a = json_array_get(was, i), *b = json_array_get(now, i);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            if (strcmp(text_at(a, keys[k]), text_at(b, keys[k])) != 0)
                return dtake__fail(err, DTAKE_E_STATE, "it was made of %.200s, not %.200s",
                                   text_at(a, keys[k]), text_at(b, keys[k]));
        if (!same_band(json_object_get(a, "band"), json_object_get(b, "band")))
            return dtake__fail(err, DTAKE_E_STATE, "it was made of other bands");
    }
    return DTAKE_OK;
}

static const char *option_of(const char *key)
{
    return strcmp(key, "scale_m") == 0        ? "scale"
           : strcmp(key, "has_unmask") == 0   ? "unmask"
           : strcmp(key, "format") == 0       ? "of"
           : strcmp(key, "sample_type") == 0  ? "type"
           : strcmp(key, "jpeg_quality") == 0 ? "jpeg-quality"
           : dtake__starts_with(key, "res_")  ? "res"
           : dtake__starts_with(key, "size_") ? "size"
           : strstr(key, "_min") != NULL || strstr(key, "_max") != NULL || strcmp(key, "has_extent") == 0
               ? "extent"
           : dtake__starts_with(key, "intersects") ? "intersects"
                                                   : key;
}

static dtake_status compare_receipts(const json_t *was, const json_t *now, dtake_error *err)
{
    static const char *const keys[] = { "id", "asset", "time" };
    const char *other = first_difference(json_object_get(was, "options"), json_object_get(now, "options"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (!json_equal(json_object_get(was, keys[i]), json_object_get(now, keys[i])))
            return dtake__fail(err, DTAKE_E_STATE, "it was made for another %s", keys[i]);
    if (other[0] != '\0')
        return dtake__fail(err, DTAKE_E_STATE, "it was made with another --%.40s", option_of(other));
    return compare_sources(json_object_get(was, "sources"), json_object_get(now, "sources"), err);
}

dtake_status dtake__receipt_fits(const json_t *receipt, const dtake_get_options *options,
                                 const dtake__image *image, dtake_error *err)
{
    json_t *now = receipt_of(options, image);
    if (now == NULL)
        return dtake__fail_nomem(err, "a receipt");
    dtake_status st = compare_receipts(receipt, now, err);
    json_decref(now);
    return st;
}

size_t dtake__receipt_sources(const json_t *receipt)
{
    return json_array_size(json_object_get(receipt, "sources"));
}

static const json_t *source_at(const json_t *receipt, size_t i)
{
    return json_array_get(json_object_get(receipt, "sources"), i);
}

const char *dtake__receipt_href(const json_t *receipt, size_t source)
{
    return text_at(source_at(receipt, source), "href");
}

dtake_status dtake__receipt_check_source(const json_t *receipt, size_t source, const dtake__version *now,
                                         dtake_error *err)
{
    const json_t *was = source_at(receipt, source);
    int64_t bytes = json_integer_value(json_object_get(was, "bytes"));
    const char *etag = text_at(was, "etag"), *modified = text_at(was, "modified"),
               *href = text_at(was, "href");
    if (bytes < 0)
        return dtake__fail(err, DTAKE_E_CHANGED, "%.250s may have changed: its version was not known", href);
    if (bytes != now->bytes)
        return dtake__fail(err, DTAKE_E_CHANGED, "%.250s changed: it had %lld bytes and now has %lld", href,
                           (long long)bytes, (long long)now->bytes);
    if (strcmp(etag, now->etag) != 0)
        return dtake__fail(err, DTAKE_E_CHANGED, "%.200s changed: its ETag was %.80s and now is %.80s", href,
                           etag[0] != '\0' ? etag : "none", now->etag[0] != '\0' ? now->etag : "none");
    if (strcmp(modified, now->modified) != 0)
        return dtake__fail(err, DTAKE_E_CHANGED,
                           "%.200s changed: it was last modified on %.40s and now on %.40s", href, modified,
                           now->modified);
    return DTAKE_OK;
}

const char *dtake__receipt_sha256(const json_t *receipt)
{
    return text_at(receipt, "sha256");
}

const char *dtake__receipt_program(const json_t *receipt)
{
    return text_at(receipt, "program");
}

static dtake_status image_of(const json_t *receipt, dtake__image **out, dtake_error *err)
{
    const json_t *time = json_object_get(receipt, "time");
    dtake__image *image = dtake__image_new(text_at(receipt, "id"), text_at(receipt, "asset"));
    dtake_status st = image != NULL ? DTAKE_OK : dtake__fail_nomem(err, "an image");
    if (st == DTAKE_OK && json_is_string(time))
        st = dtake__time_parse(json_string_value(time), &image->time_ns, NULL, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake__receipt_sources(receipt); i++) {
        const json_t *source = source_at(receipt, i);
        json_int_t band = json_integer_value(json_object_get(source, "band"));
        if (band < -1 || band > INT32_MAX)
            st =
                dtake__fail(err, DTAKE_E_FORMAT, "a receipt that cannot be read: band %lld", (long long)band);
        else if (!dtake__image_add_source(image, text_at(source, "href"), text_at(source, "name"),
                                          (int32_t)band))
            st = dtake__fail_nomem(err, "an image");
    }
    if (st == DTAKE_OK)
        *out = image;
    else
        dtake__image_free(image);
    return st;
}

dtake_status dtake__receipt_to_job(const json_t *receipt, dtake__options *options, dtake__image **image,
                                   dtake_error *err)
{
    const json_t *said = json_object_get(receipt, "options");
    *image = NULL;
    *options = (dtake__options){ 0 };
    json_t *whole = NULL;
    dtake_status st = dtake__area_fill_in(&whole, said, err);
    if (st == DTAKE_OK)
        st = dtake__options_from_json(options, whole, err);
    json_decref(whole);
    if (st != DTAKE_OK)
        return st;
    /* only what decides the bytes: a file from elsewhere has no say in where to write or which program to run
     */
    json_t *decides = options_of(&options->value);
    const char *other = decides != NULL ? first_difference(said, decides) : "";
    if (decides == NULL)
        st = dtake__fail_nomem(err, "a receipt");
    else if (other[0] != '\0')
        st = dtake__fail(err, DTAKE_E_FORMAT, "a receipt that cannot be read: option '%.40s'", other);
    json_decref(decides);
    return st == DTAKE_OK ? image_of(receipt, image, err) : st;
}
