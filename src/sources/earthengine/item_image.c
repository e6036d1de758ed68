#include "sources/earthengine/item_image.h"

#include "core/text.h"

#include <math.h>

static const int64_t NS_IN_MS = 1000000;

const char *const dtake__ee_cloud_names[] = { "CLOUDY_PIXEL_PERCENTAGE", "CLOUD_COVER",
                                              "CLOUD_COVERAGE_ASSESSMENT", "cloud_cover", NULL };

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

bool dtake__ee_read_quoted(dtake__json_in *in, dtake__json_quoted *out)
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
    } else if (dtake__ee_read_quoted(in, &text) && !dtake__parse_i64_span(text.raw, &version)) {
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

static void read_property(dtake__ee_told_image *m, dtake__json_in *in, dtake__json_quoted key)
{
    size_t cloud = cloud_of(key);
    if (dtake__json_key_is(key, "system:index"))
        dtake__ee_read_quoted(in, &m->index);
    else if (dtake__json_key_is(key, "system:time_start"))
        m->facts.has_time = read_ms(in, &m->facts.time_ms);
    else if (dtake__json_key_is(key, "system:time_end"))
        m->has_end = read_ms(in, &m->end_ms);
    else if (dtake__json_key_is(key, "system:footprint"))
        dtake__json_read_raw(in, &m->footprint);
    else if (dtake__json_key_is(key, "datetime"))
        dtake__ee_read_quoted(in, &m->datetime);
    else if (dtake__json_key_is(key, "SPACECRAFT_NAME") || dtake__json_key_is(key, "SPACECRAFT_ID"))
        dtake__ee_read_quoted(in, &m->spacecraft);
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

static void read_properties(dtake__ee_told_image *m, dtake__json_in *in)
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
static void find_index(dtake__ee_told_image *m)
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

dtake_status dtake__ee_image_read(dtake__ee_told_image *m, dtake__span text, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    const dtake__json_quoted none = { DTAKE__SPAN(""), false };
    *m = (dtake__ee_told_image){ .facts = { .index = none.raw, .cloud = none.raw },
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
            dtake__ee_read_quoted(&in, &m->id);
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
    dtake__ee_told_image m;
    dtake_status st = dtake__ee_image_read(&m, text, err);
    *out = m.facts;
    return st;
}
