#include "protocol/tilebox/stac_assets.h"

#include "core/error.h"
#include "format/json_write.h"
#include "format/protobuf.h"
#include "protocol/tilebox/stac_assets_table.h"

enum { MAX_PROFILES = 1024, MAX_HREF_BYTES = 1 << 20 };

/* What the assets of one datapoint share. */
typedef struct shared {
    dtake__span access[MAX_PROFILES], bands[MAX_PROFILES];
    size_t access_count, band_count;
    dtake__json json;
    dtake_buf href;
    const char *wrong; /* the first mistake */
} shared;

/* --- messages by tables --- */

static void note(shared *s, const dtake__pb_in *in)
{
    if (s->wrong == NULL)
        s->wrong = in->wrong;
}

/* The field's last value: what is there twice counts once. */
static bool find_last(shared *s, dtake__span message, uint32_t field, dtake__pb_in *out)
{
    bool found = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in))
        if (in.field == field) {
            *out = in;
            found = true;
        }
    note(s, &in);
    return found && in.wrong == NULL;
}

static dtake__span bytes_of(shared *s, dtake__span message, uint32_t field)
{
    dtake__pb_in in;
    if (!find_last(s, message, field, &in))
        return DTAKE__SPAN("");
    dtake__span bytes = dtake__pb_bytes(&in);
    note(s, &in);
    return bytes;
}

static void put_hex(shared *s, const char *key, dtake__span bytes)
{
    char text[2 * 128 + 1];
    size_t len = bytes.len < 128 ? bytes.len : 128;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = "0123456789abcdef"[(uint8_t)bytes.text[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[(uint8_t)bytes.text[i] & 15];
    }
    dtake__json_span(&s->json, key, (dtake__span){ text, 2 * len });
}

static void put_numbers(shared *s, dtake__span message, const dtake__stac_part *p)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t number;
        double real;
        while (in.field == p->field &&
               dtake__pb_each(&in, &run, p->kind == DTAKE__STAC_REALS ? DTAKE__PB_FIXED64 : DTAKE__PB_VARINT,
                              &number)) {
            if (!begun)
                dtake__json_array(&s->json, p->key);
            begun = true;
            memcpy(&real, &number, sizeof real);
            if (p->kind == DTAKE__STAC_REALS)
                dtake__json_f64(&s->json, NULL, real);
            else
                dtake__json_i64(&s->json, NULL, (int64_t)number);
        }
    }
    if (begun)
        dtake__json_end(&s->json, ']');
    note(s, &in);
}

static void put_parts(shared *s, dtake__span message, const dtake__stac_table *of);

/* What was found, as the part says. Tables are no deeper than two. */
static void put_value(shared *s, dtake__pb_in *in, const dtake__stac_part *p)
{
    const char *name;
    switch (p->kind) {
    case DTAKE__STAC_TEXT:
        dtake__json_span(&s->json, p->key, dtake__pb_text(in));
        break;
    case DTAKE__STAC_REAL:
        dtake__json_f64(&s->json, p->key, dtake__pb_f64(in));
        break;
    case DTAKE__STAC_WHOLE:
        dtake__json_u64(&s->json, p->key, dtake__pb_u64(in));
        break;
    case DTAKE__STAC_HEX:
        put_hex(s, p->key, dtake__pb_bytes(in));
        break;
    case DTAKE__STAC_NAME:
        name = dtake__stac_name_of(p->names, dtake__pb_u64(in));
        if (name != NULL)
            dtake__json_text(&s->json, p->key, name);
        break;
    case DTAKE__STAC_OBJECT:
        dtake__json_object(&s->json, p->key);
        put_parts(s, dtake__pb_bytes(in), p->table);
        dtake__json_end(&s->json, '}');
        break;
    default:
        put_parts(s, dtake__pb_bytes(in), p->table);
        break;
    }
    note(s, in);
}

static void put_parts(shared *s, dtake__span message, const dtake__stac_table *of)
{
    for (size_t i = 0; i < of->count; i++) {
        const dtake__stac_part *p = &of->parts[i];
        dtake__pb_in in;
        if (p->kind == DTAKE__STAC_REALS || p->kind == DTAKE__STAC_WHOLES)
            put_numbers(s, message, p);
        else if (find_last(s, message, p->field, &in))
            put_value(s, &in, p);
    }
}

/* --- addresses --- */

/* The begin of the address stands in a profile; an alternate one without an end has that of the primary. */
static void put_href(shared *s, dtake__span location, dtake__span otherwise, dtake__span *profile)
{
    dtake__pb_in in;
    dtake__span end = find_last(s, location, 2, &in) ? dtake__pb_text(&in) : otherwise;
    *profile = DTAKE__SPAN("");
    if (find_last(s, location, 1, &in)) {
        uint32_t index = dtake__pb_u32(&in);
        note(s, &in);
        if (index >= s->access_count && s->wrong == NULL)
            s->wrong = "an asset's access profile is not there";
        else if (index < s->access_count)
            *profile = s->access[index];
    }
    dtake__span base = bytes_of(s, *profile, 3);
    dtake__buf_clear(&s->href);
    if (dtake__buf_append(&s->href, base.text, base.len) != DTAKE_OK ||
        dtake__buf_append(&s->href, end.text, end.len) != DTAKE_OK)
        s->wrong = s->wrong != NULL ? s->wrong : "an asset's address is too long";
}

static void put_alternates(shared *s, dtake__span message, dtake__span primary)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__span profile;
        if (in.field != 3)
            continue;
        put_href(s, dtake__pb_bytes(&in), bytes_of(s, primary, 2), &profile);
        if (!begun)
            dtake__json_object(&s->json, "alternate");
        begun = true;
        dtake__json_key(&s->json, bytes_of(s, profile, 1));
        dtake__json_object(&s->json, NULL);
        dtake__json_span(&s->json, "href", (dtake__span){ dtake__buf_str(&s->href), s->href.len });
        dtake__json_end(&s->json, '}');
    }
    if (begun)
        dtake__json_end(&s->json, '}');
    note(s, &in);
}

/* --- assets --- */

static void put_media_type(shared *s, dtake__span message)
{
    dtake__pb_in in;
    const char *known = NULL;
    dtake__span type = bytes_of(s, message, 4), custom = bytes_of(s, type, 2);
    if (find_last(s, type, 1, &in))
        known = dtake__stac_name_of(&dtake__stac_media, dtake__pb_u64(&in));
    if (custom.len > 0)
        dtake__json_span(&s->json, "type", custom);
    else if (known != NULL)
        dtake__json_text(&s->json, "type", known);
}

static void put_roles(shared *s, dtake__span message)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t number;
        if (in.field != 7 && in.field != 8)
            continue;
        if (!begun)
            dtake__json_array(&s->json, "roles");
        begun = true;
        if (in.field == 8)
            dtake__json_span(&s->json, NULL, dtake__pb_text(&in));
        else
            while (dtake__pb_each(&in, &run, DTAKE__PB_VARINT, &number))
                if (dtake__stac_name_of(&dtake__stac_roles, number) != NULL)
                    dtake__json_text(&s->json, NULL, dtake__stac_name_of(&dtake__stac_roles, number));
    }
    if (begun)
        dtake__json_end(&s->json, ']');
    note(s, &in);
}

static void put_bands(shared *s, dtake__span message)
{
    bool begun = false;
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t index;
        while (in.field == 10 && dtake__pb_each(&in, &run, DTAKE__PB_VARINT, &index)) {
            if (index >= s->band_count) {
                dtake__pb_wrong(&in, "an asset's band is not there");
                break;
            }
            if (!begun)
                dtake__json_array(&s->json, "bands");
            begun = true;
            dtake__json_object(&s->json, NULL);
            put_parts(s, s->bands[index], &dtake__stac_band);
            dtake__json_end(&s->json, '}');
        }
    }
    if (begun)
        dtake__json_end(&s->json, ']');
    note(s, &in);
}

static void put_asset(shared *s, dtake__span message)
{
    dtake__span primary = bytes_of(s, message, 2), profile;
    dtake__json_key(&s->json, bytes_of(s, message, 1));
    dtake__json_object(&s->json, NULL);
    put_href(s, primary, DTAKE__SPAN(""), &profile);
    if (s->href.len > 0)
        dtake__json_span(&s->json, "href", (dtake__span){ dtake__buf_str(&s->href), s->href.len });
    put_media_type(s, message);
    put_roles(s, message);
    put_parts(s, message, &dtake__stac_asset);
    put_bands(s, message);
    put_alternates(s, message, primary);
    dtake__json_end(&s->json, '}');
}

static void gather(shared *s, dtake__pb_in *in, dtake__span *list, size_t *count)
{
    if (*count == MAX_PROFILES)
        s->wrong = s->wrong != NULL ? s->wrong : "more profiles than a datapoint may have";
    else
        list[(*count)++] = dtake__pb_bytes(in);
}

dtake_status dtake__stac_assets_json(dtake__span message, dtake_buf *out, dtake_error *err)
{
    shared s = { .json = { .out = out }, .href = DTAKE_BUF_INIT(MAX_HREF_BYTES) };
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in))
        if (in.field == 1)
            gather(&s, &in, s.access, &s.access_count);
        else if (in.field == 2)
            gather(&s, &in, s.bands, &s.band_count);
    note(&s, &in);
    dtake__json_object(&s.json, NULL);
    in = dtake__pb_read(message.text, message.len);
    while (s.wrong == NULL && s.json.status == DTAKE_OK && dtake__pb_next(&in))
        if (in.field == 3)
            put_asset(&s, dtake__pb_bytes(&in));
    note(&s, &in);
    dtake__json_end(&s.json, '}');
    dtake__buf_dispose(&s.href);
    if (s.wrong != NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "read assets: %s", s.wrong);
    if (s.json.status != DTAKE_OK)
        return dtake__fail(err, s.json.status, "read assets: %s", dtake_status_text(s.json.status));
    return DTAKE_OK;
}
