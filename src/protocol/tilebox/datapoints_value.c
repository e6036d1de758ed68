/* Values from the wire to the ends of columns, whatever they are. */
#include "protocol/tilebox/datapoints_slot.h"

#include "core/error.h"
#include "format/json.h"
#include "format/utf8.h"
#include "protocol/tilebox/geobuf.h"
#include "protocol/tilebox/stac_assets.h"
#include "protocol/tilebox/wkb_column.h"
#include "table/schema.h"

static const int64_t NS_IN_SECOND = 1000000000;

dtake_status dtake__slot_wrong(const dtake__datapoints_decoder *d, const dtake__slot *s, dtake_status status,
                               const char *why, dtake_error *err)
{
    return dtake__fail(err, status, "read a datapoint of %.200s: field %.100s: %s", d->type->url,
                       dtake_schema_field(d->schema, s->field)->name, why);
}

/* Seconds (1) and nanoseconds (2), in that order and nothing else, as everybody writes them. */
static bool read_seconds_quickly(dtake__span bytes, int64_t *seconds, int64_t *nanos)
{
    uint64_t number;
    const uint8_t *at = (const uint8_t *)bytes.text, *end = at + bytes.len;
    if (at < end && *at == 0x08) {
        if ((at = dtake__pb_varint(at + 1, end, &number)) == NULL)
            return false;
        *seconds = (int64_t)number;
    }
    if (at < end && *at == 0x10) {
        if ((at = dtake__pb_varint(at + 1, end, &number)) == NULL)
            return false;
        *nanos = (int32_t)number;
    }
    return at == end;
}

static bool read_seconds(dtake__span bytes, int64_t *seconds, int64_t *nanos)
{
    *seconds = *nanos = 0;
    if (bytes.len == 0 || read_seconds_quickly(bytes, seconds, nanos))
        return true;
    *seconds = *nanos = 0;
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in))
        if (in.field == 1)
            *seconds = dtake__pb_i64(&in);
        else if (in.field == 2)
            *nanos = dtake__pb_i32(&in);
    return in.wrong == NULL;
}

dtake_status dtake__slot_put_time(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                  dtake__growing *to, dtake__span bytes, dtake_error *err)
{
    int64_t seconds, nanos, ns;
    if (!read_seconds(bytes, &seconds, &nanos))
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "it is no time", err);
    if (nanos >= NS_IN_SECOND || nanos <= -NS_IN_SECOND || (nanos < 0 && s->travel == DTAKE__TRAVEL_TIME))
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "a time of more nanoseconds than a second has", err);
    if (seconds < 0 && nanos > 0) { /* the first of all nanoseconds has a second that does not fit */
        seconds++;
        nanos -= NS_IN_SECOND;
    }
    if (__builtin_mul_overflow(seconds, NS_IN_SECOND, &ns) || __builtin_add_overflow(ns, nanos, &ns))
        return dtake__slot_wrong(d, s, DTAKE_E_RANGE, "a time beyond the years 1677 to 2262", err);
    return dtake__growing_add_word(to, &ns);
}

/* What field 1 of a message holds, which mostly is all of it. */
static bool read_only_field(dtake__span message, dtake__span *out)
{
    uint64_t len;
    const uint8_t *at = (const uint8_t *)message.text, *end = at + message.len;
    *out = DTAKE__SPAN("");
    if (message.len == 0)
        return true;
    if (*at == 0x0a && (at = dtake__pb_varint(at + 1, end, &len)) != NULL && len == (uint64_t)(end - at)) {
        *out = (dtake__span){ (const char *)at, (size_t)len };
        return true;
    }
    dtake__pb_in in = dtake__pb_read(message.text, message.len);
    while (dtake__pb_next(&in))
        if (in.field == 1)
            *out = dtake__pb_bytes(&in);
    return in.wrong == NULL;
}

/* A message without content stands for no value; of a list it is one of its items. */
static dtake_status put_nothing(const dtake__slot *s, dtake__growing *to)
{
    return s->repeated ? dtake__growing_pad(to, to->rows + 1) : DTAKE_OK;
}

static dtake_status put_uuid(const dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                             dtake__span bytes, dtake_error *err)
{
    dtake__span uuid;
    if (!read_only_field(bytes, &uuid) || (uuid.len != 16 && uuid.len != 0))
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "a UUID has 16 bytes", err);
    return uuid.len == 0 ? put_nothing(s, to) : dtake__growing_add_fixed(to, uuid.text);
}

static dtake_status add_geometry(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                                 dtake__span bytes, dtake_error *err)
{
    if (s->travel == DTAKE__TRAVEL_WKB)
        return dtake__wkb_column_add(to, (const uint8_t *)bytes.text, bytes.len, err);
    dtake__buf_clear(&d->wkb);
    dtake_status st = dtake__geobuf_read(bytes.text, bytes.len, &d->wkb, err);
    return st == DTAKE_OK ? dtake__growing_add_bytes(to, d->wkb.data, d->wkb.len) : st;
}

static dtake_status put_geometry(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                                 dtake__span bytes, dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__span inside = bytes;
    if (s->travel == DTAKE__TRAVEL_WKB && !read_only_field(bytes, &inside))
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "it is no geometry", err);
    if (inside.len == 0)
        return put_nothing(s, to);
    dtake_status st = add_geometry(d, s, to, inside, &why);
    return st == DTAKE_E_FORMAT ? dtake__slot_wrong(d, s, st, why.message, err) : st;
}

static dtake_status put_vector(const dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                               dtake__span bytes, dtake_error *err)
{
    double values[DTAKE_MAX_VECTOR_WIDTH] = { 0 };
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in))
        if (in.field <= (uint32_t)s->width)
            values[in.field - 1] = dtake__pb_f64(&in);
    if (in.wrong != NULL)
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, in.wrong, err);
    return dtake__growing_add_fixed(to, values);
}

dtake_status dtake__slot_put_vector_run(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                        dtake__growing *to, dtake__span bytes, dtake_error *err)
{
    double values[DTAKE_MAX_VECTOR_WIDTH];
    if (bytes.len != (size_t)s->width * sizeof *values)
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "as many numbers are wanted as the vector is wide",
                                 err);
    memcpy(values, bytes.text, bytes.len);
    return dtake__growing_add_fixed(to, values);
}

static dtake_status put_assets(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                               dtake__span message, dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__buf_clear(&d->assets);
    dtake_status st = dtake__stac_assets_json(message, &d->assets, &why);
    return st == DTAKE_OK ? dtake__growing_add_bytes(to, d->assets.data, d->assets.len)
                          : dtake__slot_wrong(d, s, st, why.message, err);
}

static bool is_json(dtake__span text)
{
    dtake__json_in in;
    dtake__json_start(&in, text.text, text.len);
    dtake__json_skip(&in);
    return dtake__json_finish(&in, NULL) == DTAKE_OK;
}

static dtake_status put_enum_name(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                  dtake__growing *to, dtake__span text, dtake_error *err)
{
    const dtake_enum_value *value = dtake__enum_by_name(d->schema, s->field, text.text, text.len);
    if (value == NULL)
        return dtake__slot_wrong(d, s, DTAKE_E_RANGE, "a name that is none of its values", err);
    return dtake__growing_add_fixed(to, &value->value);
}

dtake_status dtake__slot_put_bytes(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                                   dtake__span bytes, dtake_error *err)
{
    switch ((dtake__travel)s->travel) {
    case DTAKE__TRAVEL_TEXT:
        if (!dtake__utf8_valid(bytes))
            return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "it is not UTF-8", err);
        return dtake__growing_add_bytes(to, bytes.text, bytes.len);
    case DTAKE__TRAVEL_JSON:
        if (!is_json(bytes))
            return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "it is not JSON", err);
        return dtake__growing_add_bytes(to, bytes.text, bytes.len);
    case DTAKE__TRAVEL_BYTES:
        return dtake__growing_add_bytes(to, bytes.text, bytes.len);
    case DTAKE__TRAVEL_TIME:
    case DTAKE__TRAVEL_DURATION:
        return dtake__slot_put_time(d, s, to, bytes, err);
    case DTAKE__TRAVEL_UUID:
        return put_uuid(d, s, to, bytes, err);
    case DTAKE__TRAVEL_WKB:
    case DTAKE__TRAVEL_GEOBUF:
        return put_geometry(d, s, to, bytes, err);
    case DTAKE__TRAVEL_STAC_ASSETS:
        return put_assets(d, s, to, bytes, err);
    case DTAKE__TRAVEL_VECTOR:
        return put_vector(d, s, to, bytes, err);
    case DTAKE__TRAVEL_ENUM_NAME:
        return put_enum_name(d, s, to, bytes, err);
    default:
        return DTAKE_E_OTHER;
    }
}

static dtake_status put_enum(const dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                             uint64_t number, dtake_error *err)
{
    int32_t value = (int32_t)number;
    bool is_known = value >= 0 && value < 64 ? s->enum_below_64 >> value & 1
                                             : dtake__enum_by_value(d->schema, s->field, value) != NULL;
    if (!is_known)
        return dtake__fail(
            err, DTAKE_E_RANGE,
            "read a datapoint of %.200s: field %.100s: %d is none of its values; leave the field out",
            d->type->url, dtake_schema_field(d->schema, s->field)->name, (int)value);
    return dtake__growing_add_fixed(to, &value);
}

dtake_status dtake__slot_put_number(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                    dtake__growing *to, uint64_t number, dtake_error *err)
{
    int64_t value = (int64_t)number;
    switch ((dtake__travel)s->travel) {
    case DTAKE__TRAVEL_BOOL:
        return dtake__growing_add_bool(to, number != 0);
    case DTAKE__TRAVEL_VARINT:
    case DTAKE__TRAVEL_FIXED64:
        return dtake__growing_add_word(to, &number);
    case DTAKE__TRAVEL_ENUM:
        return put_enum(d, s, to, number, err);
    case DTAKE__TRAVEL_I32:
    case DTAKE__TRAVEL_SFIXED32:
        value = (int32_t)number;
        break;
    case DTAKE__TRAVEL_U32:
    case DTAKE__TRAVEL_FIXED32:
        value = (uint32_t)number;
        break;
    case DTAKE__TRAVEL_ZIGZAG:
        value = dtake__pb_unzigzag(number);
        break;
    case DTAKE__TRAVEL_F32: {
        uint32_t bits = (uint32_t)number;
        float narrow;
        memcpy(&narrow, &bits, sizeof narrow);
        double wide = narrow;
        return dtake__growing_add_word(to, &wide);
    }
    default:
        return DTAKE_E_OTHER;
    }
    return dtake__growing_add_word(to, &value);
}
