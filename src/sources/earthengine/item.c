#include "sources/earthengine/item.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"
#include "format/json.h"
#include "geo/crs.h"
#include "geo/geometry.h"
#include "sources/earthengine/item_bands.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_INDEX = 1000, MAX_GEOMETRY = 16 << 20 };

static const int64_t NS_IN_MS = 1000000;

const char *const dtake__ee_cloud_names[] = { "CLOUDY_PIXEL_PERCENTAGE", "CLOUD_COVER",
                                              "CLOUD_COVERAGE_ASSESSMENT", "cloud_cover", NULL };

/* What is read of an image in one pass; all of it lies in the text. */
typedef struct image {
    dtake__ee_image_facts facts;
    dtake__json_quoted id, index, datetime, spacecraft;
    dtake__span bands, properties, footprint;
    bool has_end, has_start_datetime, has_end_datetime, has_cloud, has_platform, has_crs;
    int64_t end_ms;
    size_t cloud; /* of dtake__ee_cloud_names, the number of them: none */
} image;

/* --- read --- */

static bool read_ms(dtake__json_in *in, int64_t *out)
{
    double ms;
    if (dtake__json_peek(in) != DTAKE__JSON_NUMBER) {
        dtake__json_skip(in);
        return false;
    }
    if (!dtake__json_read_f64(in, &ms) || !(fabs(ms) <= (double)(INT64_MAX / NS_IN_MS)))
        return false;
    *out = (int64_t)floor(ms);
    return true;
}

static bool read_quoted(dtake__json_in *in, dtake__json_quoted *out)
{
    if (dtake__json_peek(in) == DTAKE__JSON_TEXT)
        return dtake__json_read_text(in, out);
    dtake__json_skip(in);
    return false;
}

/* Also of texts: the service writes long numbers so. */
static void read_version(dtake__json_in *in, int64_t *out)
{
    dtake__json_quoted text;
    int64_t version = 0;
    if (dtake__json_peek(in) == DTAKE__JSON_NUMBER) {
        double number;
        if (dtake__json_read_f64(in, &number) && number > 0 && number < 9e15)
            version = (int64_t)number;
    } else if (read_quoted(in, &text) && !dtake__parse_i64_span(text.raw, &version)) {
        version = 0;
    }
    *out = version > 0 ? version : 0;
}

static size_t cloud_of(dtake__json_quoted key)
{
    size_t i = 0;
    while (dtake__ee_cloud_names[i] != NULL &&
           !dtake__json_text_equal(key, dtake__span_of(dtake__ee_cloud_names[i])))
        i++;
    return i;
}

static void read_property(image *m, dtake__json_in *in, dtake__json_quoted key)
{
    size_t cloud = cloud_of(key);
    if (dtake__json_key_is(key, "system:index"))
        read_quoted(in, &m->index);
    else if (dtake__json_key_is(key, "system:time_start"))
        m->facts.has_time = read_ms(in, &m->facts.time_ms);
    else if (dtake__json_key_is(key, "system:time_end"))
        m->has_end = read_ms(in, &m->end_ms);
    else if (dtake__json_key_is(key, "system:footprint"))
        dtake__json_read_raw(in, &m->footprint);
    else if (dtake__json_key_is(key, "datetime"))
        read_quoted(in, &m->datetime);
    else if (dtake__json_key_is(key, "SPACECRAFT_NAME") || dtake__json_key_is(key, "SPACECRAFT_ID"))
        read_quoted(in, &m->spacecraft);
    else if (dtake__ee_cloud_names[cloud] != NULL && dtake__json_peek(in) == DTAKE__JSON_NUMBER) {
        dtake__span value;
        if (dtake__json_read_raw(in, &value) && cloud < m->cloud) {
            m->cloud = cloud;
            m->facts.cloud = value;
        }
    } else {
        m->has_start_datetime |= dtake__json_key_is(key, "start_datetime");
        m->has_end_datetime |= dtake__json_key_is(key, "end_datetime");
        m->has_cloud |= dtake__json_key_is(key, "eo:cloud_cover");
        m->has_platform |= dtake__json_key_is(key, "platform");
        m->has_crs |= dtake__json_key_is(key, "proj:epsg") || dtake__json_key_is(key, "proj:code");
        dtake__json_skip(in);
    }
}

static void read_properties(image *m, dtake__json_in *in)
{
    dtake__json_in inner;
    dtake__json_quoted key;
    if (dtake__json_peek(in) != DTAKE__JSON_OBJECT || !dtake__json_read_raw(in, &m->properties)) {
        dtake__json_skip(in);
        return;
    }
    dtake__json_start(&inner, m->properties.text, m->properties.len);
    dtake__json_enter_object(&inner);
    while (dtake__json_next_key(&inner, &key))
        read_property(m, &inner, key);
}

/* Behind the last '/' of the id, for images that are in no collection any more. */
static void find_index(image *m)
{
    if (m->index.raw.len == 0)
        m->index = m->id;
    for (size_t i = m->index.raw.len; i > 0; i--)
        if (m->index.raw.text[i - 1] == '/') {
            m->index.raw = (dtake__span){ m->index.raw.text + i, m->index.raw.len - i };
            break;
        }
    m->facts.index = m->index.raw;
}

static dtake_status read_image(image *m, dtake__span text, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    const dtake__json_quoted none = { DTAKE__SPAN(""), false };
    *m = (image){ .facts = { .index = none.raw, .cloud = none.raw },
                  .id = none,
                  .index = none,
                  .datetime = none,
                  .spacecraft = none,
                  .cloud = SIZE_MAX,
                  .bands = DTAKE__SPAN("[]"),
                  .properties = DTAKE__SPAN("{}") };
    dtake__json_start(&in, text.text, text.len);
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "id"))
            read_quoted(&in, &m->id);
        else if (dtake__json_key_is(key, "version"))
            read_version(&in, &m->facts.version);
        else if (dtake__json_key_is(key, "bands") && dtake__json_peek(&in) == DTAKE__JSON_ARRAY)
            dtake__json_read_raw(&in, &m->bands);
        else if (dtake__json_key_is(key, "properties"))
            read_properties(m, &in);
        else
            dtake__json_skip(&in);
    dtake_status st = dtake__json_finish(&in, err);
    if (st == DTAKE_OK)
        find_index(m);
    return st;
}

dtake_status dtake__ee_image_look(dtake__span text, dtake__ee_image_facts *out, dtake_error *err)
{
    image m;
    dtake_status st = read_image(&m, text, err);
    *out = m.facts;
    return st;
}

/* --- time --- */

/* An item that a server of ours passes on may know it more closely than in milliseconds. */
static int64_t time_of(const image *m)
{
    int64_t ns, start = m->facts.time_ms * NS_IN_MS;
    if (m->datetime.raw.len > 0 && dtake__time_parse_span(m->datetime.raw, &ns, NULL, NULL) == DTAKE_OK &&
        ns >= start && ns - start < NS_IN_MS)
        return ns;
    return start;
}

static void put_time(dtake__json *json, const char *key, int64_t ns)
{
    char text[64];
    dtake__time_format(ns, text, sizeof text);
    dtake__json_text(json, key, text);
}

static void write_times(const image *m, dtake__json *json)
{
    put_time(json, "datetime", time_of(m));
    if (!m->has_end || m->end_ms <= m->facts.time_ms || m->has_start_datetime || m->has_end_datetime)
        return;
    put_time(json, "start_datetime", time_of(m));
    put_time(json, "end_datetime", m->end_ms * NS_IN_MS);
}

/* --- properties --- */

/* "Sentinel-2A" is "sentinel-2a". */
static void write_platform(const image *m, dtake__json *json)
{
    char name[64];
    size_t len = m->spacecraft.raw.len;
    if (m->has_platform || len == 0 || len >= sizeof name || m->spacecraft.escaped)
        return;
    for (size_t i = 0; i < len; i++)
        name[i] =
            (char)(m->spacecraft.raw.text[i] == '_' ? '-'
                                                    : tolower((unsigned char)m->spacecraft.raw.text[i]));
    dtake__json_span(json, "platform", (dtake__span){ name, len });
}

static dtake_status write_key(dtake__json *json, dtake__json_quoted key, dtake_buf *plain)
{
    dtake__span name = key.raw;
    if (key.escaped) {
        dtake__buf_clear(plain);
        dtake_status st = dtake__buf_reserve(plain, key.raw.len);
        if (st != DTAKE_OK)
            return st;
        name = (dtake__span){ (char *)plain->data, dtake__json_unescape(key, (char *)plain->data) };
    }
    dtake__json_key(json, name);
    return json->status;
}

/* All but the footprint, which is the geometry, and the time, which stands before them. */
static dtake_status write_own(const image *m, dtake__json *json)
{
    dtake__json_in in;
    dtake__json_quoted key;
    dtake__span value;
    dtake_buf plain = DTAKE_BUF_INIT(MAX_GEOMETRY);
    dtake_status st = DTAKE_OK;
    dtake__json_start(&in, m->properties.text, m->properties.len);
    dtake__json_enter_object(&in);
    while (st == DTAKE_OK && dtake__json_next_key(&in, &key)) {
        bool is_other = !dtake__json_key_is(key, "system:footprint") && !dtake__json_key_is(key, "datetime");
        if (dtake__json_read_raw(&in, &value) && is_other && (st = write_key(json, key, &plain)) == DTAKE_OK)
            dtake__json_raw_span(json, NULL, value);
    }
    dtake__buf_dispose(&plain);
    return st == DTAKE_OK ? json->status : st;
}

static dtake_status write_properties(const image *m, const dtake__ee_bands *bands, dtake__json *json)
{
    dtake__json_object(json, "properties");
    write_times(m, json);
    if (!m->has_cloud && m->facts.cloud.len > 0)
        dtake__json_raw_span(json, "eo:cloud_cover", m->facts.cloud);
    write_platform(m, json);
    if (!m->has_crs && bands->count > 0 && bands->band[0].crs != NULL)
        dtake__ee_crs_write(bands->band[0].crs, json);
    dtake_status st = write_own(m, json);
    dtake__json_end(json, '}');
    return st;
}

/* --- where --- */

/* A LinearRing, which GeoJSON does not know, is the ring of a polygon. */
static dtake_status read_footprint(const image *m, dtake__geometry *out, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key, type = { DTAKE__SPAN(""), false };
    dtake__span coordinates = DTAKE__SPAN("[]");
    dtake_buf text = DTAKE_BUF_INIT(MAX_GEOMETRY);
    dtake__json_start(&in, m->footprint.text, m->footprint.len);
    if (dtake__json_peek(&in) == DTAKE__JSON_OBJECT)
        dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key))
        if (dtake__json_key_is(key, "type"))
            read_quoted(&in, &type);
        else if (dtake__json_key_is(key, "coordinates"))
            dtake__json_read_raw(&in, &coordinates);
        else
            dtake__json_skip(&in);
    if (!dtake__json_text_equal(type, DTAKE__SPAN("LinearRing")))
        return dtake__geometry_from_geojson(m->footprint.text, m->footprint.len, out, err);
    dtake_status st = dtake__buf_puts(&text, "{\"type\":\"Polygon\",\"coordinates\":[");
    if (st == DTAKE_OK)
        st = dtake__buf_append(&text, coordinates.text, coordinates.len);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&text, "]}");
    if (st == DTAKE_OK)
        st = dtake__geometry_from_geojson(dtake__buf_str(&text), text.len, out, err);
    dtake__buf_dispose(&text);
    return st;
}

/* The corners of the first band that has a grid. */
static dtake_status outline_of(const dtake__ee_bands *bands, dtake__geometry *out, dtake_error *err)
{
    static const double side[5][2] = { { 0, 0 }, { 0, 1 }, { 1, 1 }, { 1, 0 }, { 0, 0 } };
    double xy[10];
    char text[600] = "";
    size_t len = 0, at = 0;
    while (at < bands->count && !bands->band[at].has_grid)
        at++;
    if (at == bands->count)
        return DTAKE_E_EMPTY;
    const dtake__ee_band *band = &bands->band[at];
    for (int i = 0; i < 5; i++) {
        double col = side[i][0] * (double)band->width, row = side[i][1] * (double)band->height;
        xy[2 * i] = band->transform.x0 + col * band->transform.col_x + row * band->transform.row_x;
        xy[2 * i + 1] = band->transform.y0 + col * band->transform.col_y + row * band->transform.row_y;
    }
    dtake_status st = dtake__crs_transform(band->crs, "OGC:CRS84", xy, 5, err);
    for (int i = 0; i < 5 && st == DTAKE_OK; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.15g %.15g", i > 0 ? "," : "POLYGON((",
                                xy[2 * i], xy[2 * i + 1]);
    snprintf(text + len, sizeof text - len, "))");
    return st == DTAKE_OK ? dtake__geometry_from_wkt(text, strlen(text), out, err) : st;
}

static dtake_status write_place(const dtake__geometry *geometry, dtake__json *json, dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(MAX_GEOMETRY);
    dtake__geometry_facts facts;
    dtake_status st = dtake__geometry_facts_of(geometry, &facts, err);
    if (st == DTAKE_OK)
        st = dtake__geometry_to_geojson(geometry, &text, err);
    if (st == DTAKE_OK) {
        const double box[4] = { facts.min_x, facts.min_y, facts.max_x, facts.max_y };
        dtake__json_raw_span(json, "geometry", (dtake__span){ dtake__buf_str(&text), text.len });
        dtake__json_array(json, "bbox");
        for (int i = 0; i < 4; i++)
            dtake__json_f64(json, NULL, box[i]);
        dtake__json_end(json, ']');
    }
    dtake__buf_dispose(&text);
    return st;
}

/* An image without bounds, as those that are computed, has none. */
static dtake_status write_geometry(const image *m, const dtake__ee_bands *bands, dtake__json *json,
                                   dtake_error *err)
{
    dtake__geometry geometry = { 0 };
    dtake__geometry_facts facts;
    dtake_status st =
        m->footprint.len > 0 ? read_footprint(m, &geometry, NULL) : outline_of(bands, &geometry, NULL);
    if (st == DTAKE_OK)
        st = dtake__geometry_check_degrees(&geometry, NULL);
    if (st == DTAKE_OK)
        st = dtake__geometry_facts_of(&geometry, &facts, NULL);
    if (st == DTAKE_OK && facts.points > 0)
        st = write_place(&geometry, json, err);
    else if (st != DTAKE_E_NOMEM) {
        dtake__json_null(json, "geometry");
        st = DTAKE_OK;
    }
    dtake__geometry_dispose(&geometry);
    return st;
}

/* --- the item --- */

static char *plain_of(dtake__json_quoted text)
{
    char *plain = dtake__alloc(text.raw.len + 1);
    if (plain != NULL)
        plain[dtake__json_unescape(text, plain)] = '\0';
    return plain;
}

/* Of an image that is an asset no longer there is nothing to fetch by name. */
static bool can_be_named(const char *asset)
{
    for (const char *at = asset; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || strchr("#?%\"<>\\", *at) != NULL)
            return false;
    return asset[0] != '\0';
}

/* Reflectance of Sentinel-2 is masked where it is 0, and nowhere else. In the harmonized collections a valid
 * sample may be 0, too. */
static bool masks_zero(const char *dataset, const dtake__ee_band *band)
{
    bool reflectance =
        band->type == DTAKE_U16 && band->band[0] == 'B' && isdigit((unsigned char)band->band[1]);
    return reflectance && (strcmp(dataset, "COPERNICUS/S2") == 0 || strcmp(dataset, "COPERNICUS/S2_SR") == 0);
}

static dtake_status write_item(const dtake__ee_origin *from, const image *m, const char *id,
                               const char *index, dtake_buf *out, dtake_error *err)
{
    dtake__json json = { .out = out };
    dtake__ee_bands bands;
    dtake_status st = dtake__ee_bands_read(&bands, from->source, id, m->bands, err);
    if (st == DTAKE_OK && !can_be_named(id))
        dtake__ee_bands_dispose(&bands);
    dtake__json_object(&json, NULL);
    dtake__json_text(&json, "type", "Feature");
    dtake__json_text(&json, "stac_version", "1.0.0");
    dtake__json_text(&json, "id", index);
    dtake__json_text(&json, "collection", from->dataset);
    for (size_t i = 0; i < bands.count; i++) {
        bands.band[i].version = m->facts.version;
        bands.band[i].has_nodata = masks_zero(from->dataset, &bands.band[i]);
    }
    if (st == DTAKE_OK)
        st = write_geometry(m, &bands, &json, err);
    if (st == DTAKE_OK)
        st = write_properties(m, &bands, &json);
    if (st == DTAKE_OK)
        st = dtake__ee_bands_write(&bands, from->dataset, &json);
    dtake__json_end(&json, '}');
    dtake__ee_bands_dispose(&bands);
    return st == DTAKE_OK ? json.status : st;
}

dtake_status dtake__ee_item_write(const dtake__ee_origin *from, dtake__span text, dtake_buf *out,
                                  dtake_error *err)
{
    image m;
    dtake_status st = read_image(&m, text, err);
    if (st != DTAKE_OK)
        return st;
    if (m.index.raw.len == 0 || m.index.raw.len > MAX_INDEX || m.id.raw.len > 2 * MAX_INDEX)
        return dtake__fail(err, DTAKE_E_FORMAT, "an image without system:index");
    if (!m.facts.has_time)
        return dtake__fail(err, DTAKE_E_FORMAT, "image %.*s has no system:time_start", (int)m.index.raw.len,
                           m.index.raw.text);
    char *id = plain_of(m.id), *index = plain_of(m.index);
    st = id != NULL && index != NULL ? write_item(from, &m, id, index, out, err) : DTAKE_E_NOMEM;
    dtake__free(id);
    dtake__free(index);
    return st == DTAKE_E_NOMEM || st == DTAKE_E_LIMIT
               ? dtake__fail(err, st, "an image: %s", dtake_status_text(st))
               : st;
}
