#include "sources/earthengine/item.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "sources/earthengine/item_image.h"

#include <ctype.h>
#include <string.h>

enum { MAX_INDEX = 1000, MAX_NAME = 1 << 20 };

static const int64_t NS_IN_MS = 1000000;

/* --- time --- */

/* An item that a server of ours passes on may know it more closely than in milliseconds. */
static int64_t time_of(const dtake__ee_told_image *m)
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

static void write_times(const dtake__ee_told_image *m, dtake__json *json)
{
    put_time(json, "datetime", time_of(m));
    if (!m->has_end || m->end_ms <= m->facts.time_ms || m->has_start_datetime || m->has_end_datetime)
        return;
    put_time(json, "start_datetime", time_of(m));
    put_time(json, "end_datetime", m->end_ms * NS_IN_MS);
}

/* --- properties --- */

/* "Sentinel-2A" is "sentinel-2a". */
static void write_platform(const dtake__ee_told_image *m, dtake__json *json)
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
static dtake_status write_own(const dtake__ee_told_image *m, dtake__json *json)
{
    dtake__json_in in;
    dtake__json_quoted key;
    dtake__span value;
    dtake_buf plain = DTAKE_BUF_INIT(MAX_NAME);
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

static dtake_status write_properties(const dtake__ee_told_image *m, const dtake__ee_bands *bands,
                                     dtake__json *json)
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

static dtake_status write_item(const dtake__ee_origin *from, const dtake__ee_told_image *m, const char *id,
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
        st = dtake__ee_geometry_write(m, &bands, &json, err);
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
    dtake__ee_told_image m;
    dtake_status st = dtake__ee_image_read(&m, text, err);
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
