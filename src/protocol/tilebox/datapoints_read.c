/* Messages to columns: each field goes to the end of its column as it is met. */
#include "protocol/tilebox/datapoints_plan.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"
#include "format/utf8.h"
#include "protocol/tilebox/geobuf.h"
#include "protocol/tilebox/stac_assets.h"
#include "protocol/tilebox/wkb_column.h"
#include "table/builder.h"
#include "table/growing.h"
#include "table/schema.h"

#include <datatake/id.h>

#include <stdlib.h>

enum { MAX_ASSETS_BYTES = 16 << 20, LIKELY_TEXT_BYTES = 128 };

static const int64_t NS_IN_SECOND = 1000000000;

/* A field of the message: what becomes of it. */
typedef struct slot {
    uint32_t number;
    uint8_t wire; /* dtake__pb_wire of one value */
    uint8_t travel;
    bool repeated;
    int32_t width;
    size_t field; /* of the schema */
    dtake__growing *column;
    uint64_t enum_below_64; /* which of the numbers 0 to 63 the enum has */
} slot;

struct dtake__datapoints_decoder {
    dtake__tilebox_type *type;
    const dtake_schema *schema; /* the builder's */
    dtake__builder *builder;
    slot *slots; /* in the order of their numbers; those beside the message come first, with number 0 */
    size_t count, beside;
    int64_t rows, bytes;
    dtake_buf wkb;    /* of a Geobuf */
    dtake_buf assets; /* JSON */
};

/* --- making --- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const slot *)a)->number, y = ((const slot *)b)->number;
    return x < y ? -1 : x > y;
}

static uint64_t enum_mask(const dtake_field *field)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value >= 0 && field->enum_values[i].value < 64)
            mask |= UINT64_C(1) << field->enum_values[i].value;
    return mask;
}

static dtake_status add_slot(dtake__datapoints_decoder *d, size_t field, dtake_error *err)
{
    int column = dtake__tilebox_type_column(d->type, field, d->schema);
    dtake__travel travel;
    if (column < 0)
        return DTAKE_OK;
    const dtake_field *to = dtake_schema_field(d->schema, (size_t)column);
    dtake_status st = dtake__datapoint_pair(d->type, field, to, &travel, err);
    if (st != DTAKE_OK)
        return st;
    d->slots[d->count++] = (slot){ .number = d->type->fields[field].number,
                                   .wire = (uint8_t)dtake__travel_wire(travel),
                                   .travel = (uint8_t)travel,
                                   .repeated = to->repeated,
                                   .width = to->width,
                                   .field = (size_t)column,
                                   .column = dtake__builder_column(d->builder, (size_t)column),
                                   .enum_below_64 = enum_mask(to) };
    d->beside += d->type->fields[field].number == 0;
    return DTAKE_OK;
}

dtake_status dtake__datapoints_decoder_new(dtake__datapoints_decoder **out, const dtake__tilebox_type *type,
                                           const dtake_schema *schema, dtake_error *err)
{
    dtake__datapoints_decoder *d = dtake__calloc(1, sizeof *d);
    if (d == NULL)
        return dtake__fail_nomem(err, "a reader of datapoints");
    size_t fields = dtake_schema_count(type->schema);
    d->type = dtake__tilebox_type_retain(type);
    d->wkb = DTAKE_BUF_INIT(DTAKE__GEOMETRY_MAX_BYTES);
    d->assets = DTAKE_BUF_INIT(MAX_ASSETS_BYTES);
    d->slots = dtake__calloc(fields, sizeof *d->slots);
    dtake_status st = dtake__builder_new(&d->builder, schema != NULL ? schema : type->schema, err);
    if (st == DTAKE_OK && d->slots == NULL)
        st = dtake__fail_nomem(err, "a reader of datapoints");
    d->schema = st == DTAKE_OK ? dtake__builder_schema(d->builder) : NULL;
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++)
        st = add_slot(d, i, err);
    if (st != DTAKE_OK) {
        dtake__datapoints_decoder_free(d);
        return st;
    }
    qsort(d->slots, d->count, sizeof *d->slots, by_number);
    *out = d;
    return DTAKE_OK;
}

void dtake__datapoints_decoder_free(dtake__datapoints_decoder *decoder)
{
    if (decoder == NULL)
        return;
    dtake__tilebox_type_release(decoder->type);
    dtake__builder_free(decoder->builder);
    dtake__buf_dispose(&decoder->wkb);
    dtake__buf_dispose(&decoder->assets);
    dtake__free(decoder->slots);
    dtake__free(decoder);
}

void dtake__datapoints_expect(dtake__datapoints_decoder *decoder, int64_t rows)
{
    for (size_t i = 0; i < decoder->count; i++)
        dtake__growing_expect(decoder->slots[i].column, rows, LIKELY_TEXT_BYTES);
}

int64_t dtake__datapoints_rows(const dtake__datapoints_decoder *decoder)
{
    return decoder->rows;
}

int64_t dtake__datapoints_bytes(const dtake__datapoints_decoder *decoder)
{
    return decoder->bytes;
}

dtake_status dtake__datapoints_take(dtake__datapoints_decoder *decoder, dtake_batch **out, dtake_error *err)
{
    dtake_status st = dtake__builder_take(decoder->builder, out, err);
    if (st == DTAKE_OK)
        decoder->rows = decoder->bytes = 0;
    return st;
}

/* --- values --- */

static dtake_status wrong(const dtake__datapoints_decoder *d, const slot *s, dtake_status status,
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

static dtake_status put_seconds(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                                dtake__span bytes, dtake_error *err)
{
    int64_t seconds, nanos, ns;
    if (!read_seconds(bytes, &seconds, &nanos))
        return wrong(d, s, DTAKE_E_FORMAT, "it is no time", err);
    if (nanos >= NS_IN_SECOND || nanos <= -NS_IN_SECOND || (nanos < 0 && s->travel == DTAKE__TRAVEL_TIME))
        return wrong(d, s, DTAKE_E_FORMAT, "a time of more nanoseconds than a second has", err);
    if (seconds < 0 && nanos > 0) { /* the first of all nanoseconds has a second that does not fit */
        seconds++;
        nanos -= NS_IN_SECOND;
    }
    if (__builtin_mul_overflow(seconds, NS_IN_SECOND, &ns) || __builtin_add_overflow(ns, nanos, &ns))
        return wrong(d, s, DTAKE_E_RANGE, "a time beyond the years 1677 to 2262", err);
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
static dtake_status put_nothing(const slot *s, dtake__growing *to)
{
    return s->repeated ? dtake__growing_pad(to, to->rows + 1) : DTAKE_OK;
}

static dtake_status put_uuid(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                             dtake__span bytes, dtake_error *err)
{
    dtake__span uuid;
    if (!read_only_field(bytes, &uuid) || (uuid.len != 16 && uuid.len != 0))
        return wrong(d, s, DTAKE_E_FORMAT, "a UUID has 16 bytes", err);
    return uuid.len == 0 ? put_nothing(s, to) : dtake__growing_add_fixed(to, uuid.text);
}

static dtake_status add_geometry(dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                                 dtake__span bytes, dtake_error *err)
{
    if (s->travel == DTAKE__TRAVEL_WKB)
        return dtake__wkb_column_add(to, (const uint8_t *)bytes.text, bytes.len, err);
    dtake__buf_clear(&d->wkb);
    dtake_status st = dtake__geobuf_read(bytes.text, bytes.len, &d->wkb, err);
    return st == DTAKE_OK ? dtake__growing_add_bytes(to, d->wkb.data, d->wkb.len) : st;
}

static dtake_status put_geometry(dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                                 dtake__span bytes, dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__span inside = bytes;
    if (s->travel == DTAKE__TRAVEL_WKB && !read_only_field(bytes, &inside))
        return wrong(d, s, DTAKE_E_FORMAT, "it is no geometry", err);
    if (inside.len == 0)
        return put_nothing(s, to);
    dtake_status st = add_geometry(d, s, to, inside, &why);
    return st == DTAKE_E_FORMAT ? wrong(d, s, st, why.message, err) : st;
}

static dtake_status put_vector(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                               dtake__span bytes, dtake_error *err)
{
    double values[DTAKE_MAX_VECTOR_WIDTH] = { 0 };
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in))
        if (in.field <= (uint32_t)s->width)
            values[in.field - 1] = dtake__pb_f64(&in);
    if (in.wrong != NULL)
        return wrong(d, s, DTAKE_E_FORMAT, in.wrong, err);
    return dtake__growing_add_fixed(to, values);
}

static dtake_status put_vector_run(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                                   dtake__span bytes, dtake_error *err)
{
    double values[DTAKE_MAX_VECTOR_WIDTH];
    if (bytes.len != (size_t)s->width * sizeof *values)
        return wrong(d, s, DTAKE_E_FORMAT, "as many numbers are wanted as the vector is wide", err);
    memcpy(values, bytes.text, bytes.len);
    return dtake__growing_add_fixed(to, values);
}

static dtake_status put_assets(dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                               dtake__span message, dtake_error *err)
{
    dtake_error why = { 0 };
    dtake__buf_clear(&d->assets);
    dtake_status st = dtake__stac_assets_json(message, &d->assets, &why);
    return st == DTAKE_OK ? dtake__growing_add_bytes(to, d->assets.data, d->assets.len)
                          : wrong(d, s, st, why.message, err);
}

static bool is_json(dtake__span text)
{
    dtake__json_in in;
    dtake__json_start(&in, text.text, text.len);
    dtake__json_skip(&in);
    return dtake__json_finish(&in, NULL) == DTAKE_OK;
}

static dtake_status put_enum_name(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                                  dtake__span text, dtake_error *err)
{
    const dtake_enum_value *value = dtake__enum_by_name(d->schema, s->field, text.text, text.len);
    if (value == NULL)
        return wrong(d, s, DTAKE_E_RANGE, "a name that is none of its values", err);
    return dtake__growing_add_fixed(to, &value->value);
}

static dtake_status put_bytes(dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                              dtake__span bytes, dtake_error *err)
{
    switch ((dtake__travel)s->travel) {
    case DTAKE__TRAVEL_TEXT:
        if (!dtake__utf8_valid(bytes))
            return wrong(d, s, DTAKE_E_FORMAT, "it is not UTF-8", err);
        return dtake__growing_add_bytes(to, bytes.text, bytes.len);
    case DTAKE__TRAVEL_JSON:
        if (!is_json(bytes))
            return wrong(d, s, DTAKE_E_FORMAT, "it is not JSON", err);
        return dtake__growing_add_bytes(to, bytes.text, bytes.len);
    case DTAKE__TRAVEL_BYTES:
        return dtake__growing_add_bytes(to, bytes.text, bytes.len);
    case DTAKE__TRAVEL_TIME:
    case DTAKE__TRAVEL_DURATION:
        return put_seconds(d, s, to, bytes, err);
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

static dtake_status put_enum(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
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

static dtake_status put_number(const dtake__datapoints_decoder *d, const slot *s, dtake__growing *to,
                               uint64_t number, dtake_error *err)
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

/* --- fields --- */

/* The column, as long as the rows before this one; of fields that occur twice the last one counts. */
static inline dtake_status level(dtake__growing *column, int64_t rows)
{
    if (column->rows == rows)
        return DTAKE_OK;
    if (column->rows > rows) {
        dtake__growing_cut(column, rows);
        return DTAKE_OK;
    }
    return dtake__growing_pad(column, rows);
}

static dtake_status put_list_items(dtake__datapoints_decoder *d, const slot *s, dtake__pb_in *in,
                                   dtake_error *err)
{
    dtake__growing *items = s->column->items;
    dtake__pb_run run = { 0 };
    uint64_t number;
    dtake_status st = DTAKE_OK;
    if (s->wire == DTAKE__PB_BYTES)
        return in->wire == DTAKE__PB_BYTES
                   ? put_bytes(d, s, items, dtake__pb_bytes(in), err)
                   : wrong(d, s, DTAKE_E_FORMAT, "another wire type than its kind", err);
    while (st == DTAKE_OK && dtake__pb_each(in, &run, (dtake__pb_wire)s->wire, &number))
        st = put_number(d, s, items, number, err);
    return st;
}

static dtake_status put_item(dtake__datapoints_decoder *d, const slot *s, dtake__pb_in *in, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (s->column->rows <= d->rows) {
        st = level(s->column, d->rows);
        if (st == DTAKE_OK)
            st = dtake__growing_add_list(s->column);
    }
    if (st == DTAKE_OK)
        st = put_list_items(d, s, in, err);
    if (st == DTAKE_OK)
        dtake__growing_end_item(s->column);
    return st;
}

static dtake_status put(dtake__datapoints_decoder *d, const slot *s, dtake__pb_in *in, dtake_error *err)
{
    if (s->repeated)
        return put_item(d, s, in, err);
    dtake_status st = level(s->column, d->rows);
    if (st != DTAKE_OK)
        return st;
    if (s->travel == DTAKE__TRAVEL_VECTOR_RUN && in->wire == DTAKE__PB_BYTES)
        return put_vector_run(d, s, s->column, dtake__pb_bytes(in), err);
    if (in->wire != s->wire)
        return wrong(d, s, DTAKE_E_FORMAT, "another wire type than its kind", err);
    return in->wire == DTAKE__PB_BYTES
               ? put_bytes(d, s, s->column, (dtake__span){ (const char *)in->bytes, in->len }, err)
               : put_number(d, s, s->column, in->number, err);
}

/* Fields mostly come in the order of their numbers: `*at` is where the last one was found. */
static const slot *find_slot(const dtake__datapoints_decoder *d, size_t *at, uint32_t number)
{
    size_t i = *at < d->count && d->slots[*at].number <= number ? *at : d->beside;
    while (i < d->count && d->slots[i].number < number)
        i++;
    *at = i;
    return i < d->count && d->slots[i].number == number ? &d->slots[i] : NULL;
}

static dtake_status read_fields(dtake__datapoints_decoder *d, dtake__pb_in *in, dtake_error *err)
{
    size_t at = d->beside;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && dtake__pb_next_quick(in)) {
        const slot *s = find_slot(d, &at, in->field);
        if (s != NULL)
            st = put(d, s, in, err);
    }
    return st == DTAKE_OK ? dtake__pb_finish(in, d->type->url, err) : st;
}

/* Ends the row, or leaves what was put of it. */
static dtake_status end_row(dtake__datapoints_decoder *d, dtake_status st, size_t bytes, dtake_error *err)
{
    if (st == DTAKE_OK)
        st = dtake__builder_end_row(d->builder);
    if (st != DTAKE_OK) {
        dtake__builder_drop_row(d->builder);
        if (st == DTAKE_E_NOMEM || st == DTAKE_E_LIMIT)
            dtake__fail(err, st, "read a datapoint of %.200s: %s", d->type->url, dtake_status_text(st));
        return st;
    }
    d->rows++;
    d->bytes += (int64_t)bytes;
    return DTAKE_OK;
}

dtake_status dtake__datapoints_read(dtake__datapoints_decoder *d, const void *message, size_t len,
                                    dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(message, len);
    return end_row(d, read_fields(d, &in, err), len, err);
}

dtake_status dtake__datapoints_read_all(dtake__datapoints_decoder *d, const void *bytes, size_t len,
                                        uint32_t number, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    dtake__pb_in in = dtake__pb_read(bytes, len);
    while (st == DTAKE_OK && dtake__pb_next(&in))
        if (in.field == number) {
            dtake__span value = dtake__pb_bytes(&in);
            if (in.wrong == NULL)
                st = dtake__datapoints_read(d, value.text, value.len, err);
        }
    return st == DTAKE_OK ? dtake__pb_finish(&in, "a page of datapoints", err) : st;
}

/* --- 2024: time, id and ingestion_time come beside the message --- */

static const slot *slot_of_role(const dtake__datapoints_decoder *d, dtake_field_role role)
{
    for (size_t i = 0; i < d->beside; i++)
        if (dtake_schema_field(d->schema, d->slots[i].field)->role == role)
            return &d->slots[i];
    return NULL;
}

static dtake_status put_id_text(const dtake__datapoints_decoder *d, const slot *s, dtake__span text,
                                dtake_error *err)
{
    char copy[DTAKE_ID_TEXT] = "";
    dtake_id id;
    memcpy(copy, text.text, text.len < sizeof copy ? text.len : 0);
    if (dtake_id_parse(copy, &id, NULL) != DTAKE_OK)
        return wrong(d, s, DTAKE_E_FORMAT, "it is no UUID", err);
    return dtake__growing_add_fixed(s->column, id.bytes);
}

static dtake_status read_beside(dtake__datapoints_decoder *d, dtake__pb_in *in, dtake_error *err)
{
    static const dtake_field_role roles[] = { DTAKE_ROLE_NONE, DTAKE_ROLE_TIME, DTAKE_ROLE_INGESTION_TIME,
                                              DTAKE_ROLE_ID };
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && dtake__pb_next(in)) {
        const slot *s = in->field <= 3 ? slot_of_role(d, roles[in->field]) : NULL;
        if (s == NULL)
            continue;
        dtake__span bytes = dtake__pb_bytes(in);
        st = in->wrong == NULL ? level(s->column, d->rows) : DTAKE_OK;
        if (st == DTAKE_OK && in->wrong == NULL && (in->field != 3 || bytes.len > 0))
            st = in->field == 3 ? put_id_text(d, s, bytes, err) : put_seconds(d, s, s->column, bytes, err);
    }
    return st == DTAKE_OK ? dtake__pb_finish(in, "what comes beside a datapoint", err) : st;
}

dtake_status dtake__datapoints_read_meta(dtake__datapoints_decoder *d, const void *message, size_t len,
                                         const void *meta, size_t meta_len, dtake_error *err)
{
    dtake__pb_in beside = dtake__pb_read(meta, meta_len), in = dtake__pb_read(message, len);
    dtake_status st = read_beside(d, &beside, err);
    if (st == DTAKE_OK)
        st = read_fields(d, &in, err);
    return end_row(d, st, len + meta_len, err);
}
