#include "access/receipt_parts.h"

#include "access/again.h"
#include "access/fields.h"
#include "access/long_area.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/text.h"
#include "output/stamp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

json_t *dtake__receipt_options(const dtake_get_options *o)
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
        .part_col = o->part_col,
        .part_row = o->part_row,
        .part_width = o->part_width,
        .part_height = o->part_height,
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
    dtake__field_put(&out, "href", json_string(href != NULL ? href : ""));
    dtake__field_put(&out, "name", json_string(source->name));
    dtake__field_put(&out, "band", json_integer(source->band));
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

json_t *dtake__receipt_expect(const dtake_get_options *options, const dtake__image *image)
{
    json_t *out = json_object();
    dtake__field_put(&out, "receipt", json_integer(1));
    dtake__field_put(&out, "program", json_string("datatake " DTAKE_VERSION));
    dtake__field_put(&out, "id", json_string(image->id));
    dtake__field_put(&out, "asset", json_string(image->asset));
    dtake__field_put(&out, "time", time_of(image));
    dtake__field_put(&out, "options", dtake__receipt_options(options));
    dtake__field_put(&out, "sources", sources_of(image));
    return out;
}

static void put_version(json_t **source, const dtake__version *version)
{
    dtake__field_put(source, "bytes", json_integer(version->bytes));
    dtake__field_put(source, "etag", json_string(version->etag));
    if (version->modified[0] != '\0')
        dtake__field_put(source, "modified", json_string(version->modified));
}

static void put_window(json_t **source, const dtake__layer *layer)
{
    const dtake_window *w = &layer->window;
    dtake__field_put(source, "overview", json_integer(layer->overview));
    dtake__field_put(source, "window",
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
    json_t *json = dtake__receipt_expect(options, image);
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
