/* Columns to messages. A row's message is written where it will lie: room for all it can take is made first,
 * so that its fields need no further look. */
#include "protocol/tilebox/datapoints_plan.h"

#include "core/alloc.h"
#include "core/copy.h"
#include "core/error.h"
#include "geo/geometry.h"
#include "protocol/tilebox/geobuf.h"
#include "table/column.h"
#include "table/schema.h"

#include <datatake/id.h>

#include <stdlib.h>

static const int64_t NS_IN_SECOND = 1000000000, NS_IN_MS = 1000000;
enum {
    MAX_TAG = 5,
    MAX_TIME = 2 + 2 * DTAKE__PB_MAX_VARINT + 2, /* tags and numbers of a Timestamp, its length */
    EWKB_HEAD = 9,
    WKB_HEAD = 5,
    WGS_84 = 4326,
    MAX_MESSAGE = 64 << 20,
    MAX_HEAD = 4, /* bytes of a message's length: up to 256 MiB */
};

typedef struct lane {
    uint8_t tag[8];
    uint8_t tag_bytes;
    uint8_t travel;
    bool repeated, to_ms;
    int32_t width;
    uint32_t number;
    size_t field; /* of the schema */
    const dtake_column *column;
} lane;

struct dtake__datapoints_encoder {
    dtake__tilebox_type *type;
    dtake_schema *schema;
    lane *lanes; /* in the order of their numbers */
    size_t count;
    size_t fixed_bytes; /* the most that all but texts, lists and geometries take */
    size_t gap;         /* kept for a message's length: what the one before needed */
    dtake_buf scratch;  /* geometries that must be written anew, lists */
};

/* --- making --- */

static bool is_left_out(dtake_field_role role, dtake__datapoints_part part)
{
    bool is_given = role == DTAKE_ROLE_ID || role == DTAKE_ROLE_INGESTION_TIME;
    if (part == DTAKE__DATAPOINTS_KEYS)
        return !is_given && role != DTAKE_ROLE_TIME;
    return part == DTAKE__DATAPOINTS_INGEST && is_given;
}

static dtake_status add_lane(dtake__datapoints_encoder *e, size_t field, dtake__datapoints_part part,
                             dtake_error *err)
{
    const dtake__tilebox_field *wire = &e->type->fields[field];
    dtake_field_role role = dtake_schema_field(e->type->schema, field)->role;
    int column = dtake__tilebox_type_column(e->type, field, e->schema);
    dtake__travel travel;
    if (column < 0 || wire->number == 0 || is_left_out(role, part))
        return DTAKE_OK;
    const dtake_field *from = dtake_schema_field(e->schema, (size_t)column);
    dtake_status st = dtake__datapoint_pair(e->type, field, from, &travel, err);
    if (st != DTAKE_OK)
        return st;
    if (travel == DTAKE__TRAVEL_STAC_ASSETS)
        return dtake__fail(err, DTAKE_E_UNSUPPORTED, "field %s: assets are read from a Tilebox service only",
                           from->name);
    if (travel == DTAKE__TRAVEL_WKB && role == DTAKE_ROLE_GEOMETRY)
        travel = DTAKE__TRAVEL_EWKB;
    lane *l = &e->lanes[e->count++];
    *l = (lane){ .travel = (uint8_t)travel,
                 .repeated = from->repeated,
                 .to_ms = part == DTAKE__DATAPOINTS_KEYS && role == DTAKE_ROLE_INGESTION_TIME,
                 .width = from->width,
                 .number = wire->number,
                 .field = (size_t)column };
    bool packed = travel == DTAKE__TRAVEL_VECTOR_RUN || (from->repeated && dtake__travel_packs(travel));
    uint64_t tag = dtake__pb_tag(wire->number, packed ? DTAKE__PB_BYTES : dtake__travel_wire(travel));
    l->tag_bytes = (uint8_t)(dtake__pb_varint_write(l->tag, tag) - l->tag);
    e->fixed_bytes += MAX_TAG + MAX_TIME + 10 * (size_t)from->width;
    return DTAKE_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const lane *)a)->number, y = ((const lane *)b)->number;
    return x < y ? -1 : x > y;
}

dtake_status dtake__datapoints_encoder_new(dtake__datapoints_encoder **out, const dtake__tilebox_type *type,
                                           const dtake_schema *schema, dtake__datapoints_part part,
                                           dtake_error *err)
{
    dtake__datapoints_encoder *e = dtake__calloc(1, sizeof *e);
    if (e == NULL)
        return dtake__fail_nomem(err, "a writer of datapoints");
    size_t fields = dtake_schema_count(type->schema);
    e->type = dtake__tilebox_type_retain(type);
    e->schema = dtake_schema_retain(schema);
    e->scratch = DTAKE_BUF_INIT(MAX_MESSAGE);
    e->gap = 2;
    e->lanes = dtake__calloc(fields, sizeof *e->lanes);
    dtake_status st = e->lanes != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a writer of datapoints");
    for (size_t i = 0; i < fields && st == DTAKE_OK; i++)
        st = add_lane(e, i, part, err);
    if (st != DTAKE_OK) {
        dtake__datapoints_encoder_free(e);
        return st;
    }
    qsort(e->lanes, e->count, sizeof *e->lanes, by_number);
    *out = e;
    return DTAKE_OK;
}

void dtake__datapoints_encoder_free(dtake__datapoints_encoder *encoder)
{
    if (encoder == NULL)
        return;
    dtake__tilebox_type_release(encoder->type);
    dtake_schema_release(encoder->schema);
    dtake__buf_dispose(&encoder->scratch);
    dtake__free(encoder->lanes);
    dtake__free(encoder);
}

/* --- values; `to` has room for them --- */

static inline uint8_t *put_bytes(uint8_t *to, const void *bytes, size_t len)
{
    to = dtake__pb_varint_write(to, len);
    dtake__copy(to, bytes, len);
    return to + len;
}

static inline uint8_t *put_fixed(uint8_t *to, const void *value, size_t bytes)
{
    memcpy(to, value, bytes); /* little endian here as there: the columns are Arrow's */
    return to + bytes;
}

/* Timestamps count nanoseconds up from their second, durations both in one direction. */
static uint8_t *put_seconds(uint8_t *to, int64_t ns, bool is_duration)
{
    int64_t seconds = ns / NS_IN_SECOND, nanos = ns % NS_IN_SECOND;
    if (nanos < 0 && !is_duration) {
        nanos += NS_IN_SECOND;
        seconds--;
    }
    uint8_t *len = to++;
    if (seconds != 0) {
        *to++ = 0x08;
        to = dtake__pb_varint_write(to, (uint64_t)seconds);
    }
    if (nanos != 0) {
        *to++ = 0x10;
        to = dtake__pb_varint_write(to, (uint64_t)nanos);
    }
    *len = (uint8_t)(to - len - 1);
    return to;
}

static uint8_t *put_uuid(uint8_t *to, const uint8_t *uuid)
{
    *to++ = 18;
    *to++ = 0x0a;
    *to++ = 16;
    memcpy(to, uuid, 16);
    return to + 16;
}

/* A message whose only field is these bytes. */
static uint8_t *put_wrapped(uint8_t *to, const void *bytes, size_t len)
{
    to = dtake__pb_varint_write(to, len == 0 ? 0 : 1 + dtake__pb_varint_bytes(len) + len);
    if (len == 0)
        return to;
    *to++ = 0x0a;
    return put_bytes(to, bytes, len);
}

/* Flat geometries only: their parts have no flags, so that the head is all that differs. */
static uint8_t *put_ewkb(uint8_t *to, const uint8_t *wkb, size_t len)
{
    static const uint8_t srid[] = { WGS_84 & 0xff, WGS_84 >> 8, 0, 0 };
    size_t whole = len + sizeof srid;
    to = dtake__pb_varint_write(to, 1 + dtake__pb_varint_bytes(whole) + whole);
    *to++ = 0x0a;
    to = dtake__pb_varint_write(to, whole);
    memcpy(to, wkb, WKB_HEAD);
    to[WKB_HEAD - 1] |= 0x20;
    memcpy(to + WKB_HEAD, srid, sizeof srid);
    memcpy(to + EWKB_HEAD, wkb + WKB_HEAD, len - WKB_HEAD);
    return to + whole;
}

static bool is_flat(const uint8_t *wkb, size_t len)
{
    return len > WKB_HEAD && wkb[0] == 1 && wkb[1] <= DTAKE__COLLECTION && wkb[2] == 0 && wkb[3] == 0 &&
           wkb[4] == 0;
}

/* Four numbers at most: the length is one byte. */
static uint8_t *put_vector(uint8_t *to, const double *values, int32_t width)
{
    uint8_t *len = to++;
    for (int32_t i = 0; i < width; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        if (bits == 0)
            continue;
        *to++ = (uint8_t)((i + 1) << 3 | DTAKE__PB_FIXED64);
        to = put_fixed(to, &bits, sizeof bits);
    }
    *len = (uint8_t)(to - len - 1);
    return to;
}

static uint8_t *put_f32(uint8_t *to, double wide)
{
    float narrow = (float)wide;
    return put_fixed(to, &narrow, sizeof narrow);
}

/* The number of one value, after its tag or inside a run. */
static uint8_t *put_number(uint8_t *to, const lane *l, const dtake_column *column, int64_t row)
{
    uint32_t narrow;
    switch ((dtake__travel)l->travel) {
    case DTAKE__TRAVEL_BOOL:
        *to = dtake__get_bool(column, row);
        return to + 1;
    case DTAKE__TRAVEL_ENUM:
        return dtake__pb_varint_write(to, (uint64_t)(int64_t)dtake__get_enum(column, row));
    case DTAKE__TRAVEL_ZIGZAG:
        return dtake__pb_varint_write(to, dtake__pb_to_zigzag(dtake__get_i64(column, row)));
    case DTAKE__TRAVEL_I32:
        return dtake__pb_varint_write(to, (uint64_t)(int64_t)(int32_t)dtake__get_i64(column, row));
    case DTAKE__TRAVEL_U32:
        return dtake__pb_varint_write(to, (uint32_t)dtake__get_i64(column, row));
    case DTAKE__TRAVEL_F32:
        return put_f32(to, dtake__get_f64(column, row));
    case DTAKE__TRAVEL_FIXED32:
    case DTAKE__TRAVEL_SFIXED32:
        narrow = (uint32_t)dtake__get_i64(column, row);
        return put_fixed(to, &narrow, sizeof narrow);
    case DTAKE__TRAVEL_FIXED64:
        return put_fixed(to, &((const uint64_t *)column->values)[row], 8);
    default:
        return dtake__pb_varint_write(to, dtake__get_u64(column, row));
    }
}

/* --- values of any length --- */

static dtake_status fail_field(const dtake__datapoints_encoder *e, const lane *l, dtake_status st,
                               dtake_error *err)
{
    dtake__error_prefix(err,
                        "write field %.100s of a datapoint: ", dtake_schema_field(e->schema, l->field)->name);
    return st;
}

/* A geometry that is written anew goes to the scratch first. */
static dtake_status rewrite(dtake__datapoints_encoder *e, const lane *l, const char *wkb, size_t len,
                            dtake_error *err)
{
    dtake_status st;
    dtake__buf_clear(&e->scratch);
    if (l->travel == DTAKE__TRAVEL_GEOBUF) {
        dtake__pb_out out = { .to = &e->scratch };
        st = dtake__geobuf_write(wkb, len, &out, err);
    } else {
        dtake__geometry geometry = dtake__geometry_view(wkb, len);
        geometry.srid = WGS_84;
        st = dtake__geometry_to_ewkb(&geometry, &e->scratch, err);
    }
    return st == DTAKE_OK ? st : fail_field(e, l, st, err);
}

static bool is_rewritten(const lane *l, const char *wkb, size_t len)
{
    return l->travel == DTAKE__TRAVEL_GEOBUF ||
           (l->travel == DTAKE__TRAVEL_EWKB && !is_flat((const uint8_t *)wkb, len));
}

static const char *enum_name(const dtake__datapoints_encoder *e, const lane *l, const dtake_column *column,
                             int64_t row)
{
    const dtake_enum_value *value = dtake__enum_by_value(e->schema, l->field, dtake__get_enum(column, row));
    return value != NULL ? value->name : "";
}

/* One value behind its tag. */
static uint8_t *put_value(dtake__datapoints_encoder *e, uint8_t *to, const lane *l,
                          const dtake_column *column, int64_t row)
{
    size_t len;
    const char *bytes;
    switch ((dtake__travel)l->travel) {
    case DTAKE__TRAVEL_TEXT:
    case DTAKE__TRAVEL_JSON:
    case DTAKE__TRAVEL_BYTES:
        bytes = dtake__get_bytes(column, row, &len);
        return put_bytes(to, bytes, len);
    case DTAKE__TRAVEL_TIME:
    case DTAKE__TRAVEL_DURATION: {
        int64_t ns = dtake__get_i64(column, row);
        if (l->to_ms)
            ns -= ns % NS_IN_MS < 0 ? ns % NS_IN_MS + NS_IN_MS : ns % NS_IN_MS;
        return put_seconds(to, ns, l->travel == DTAKE__TRAVEL_DURATION);
    }
    case DTAKE__TRAVEL_UUID:
        return put_uuid(to, dtake__get_uuid(column, row));
    case DTAKE__TRAVEL_WKB:
        bytes = dtake__get_bytes(column, row, &len);
        return put_wrapped(to, bytes, len);
    case DTAKE__TRAVEL_EWKB:
        bytes = dtake__get_bytes(column, row, &len);
        return is_rewritten(l, bytes, len) ? put_wrapped(to, e->scratch.data, e->scratch.len)
                                           : put_ewkb(to, (const uint8_t *)bytes, len);
    case DTAKE__TRAVEL_GEOBUF:
        return put_bytes(to, e->scratch.data, e->scratch.len);
    case DTAKE__TRAVEL_VECTOR:
        return put_vector(to, (const double *)column->values + row * l->width, l->width);
    case DTAKE__TRAVEL_VECTOR_RUN:
        return put_bytes(to, (const double *)column->values + row * l->width,
                         (size_t)l->width * sizeof(double));
    case DTAKE__TRAVEL_ENUM_NAME:
        bytes = enum_name(e, l, column, row);
        return put_bytes(to, bytes, strlen(bytes));
    default:
        return put_number(to, l, column, row);
    }
}

/* The most that a value takes beyond what fixed_bytes counts. */
static size_t most_bytes(const dtake__datapoints_encoder *e, const lane *l, const dtake_column *column,
                         int64_t row)
{
    switch ((dtake__travel)l->travel) {
    case DTAKE__TRAVEL_TEXT:
    case DTAKE__TRAVEL_JSON:
    case DTAKE__TRAVEL_BYTES:
    case DTAKE__TRAVEL_WKB:
    case DTAKE__TRAVEL_EWKB:
    case DTAKE__TRAVEL_GEOBUF:
        return (size_t)(column->offsets[row + 1] - column->offsets[row]) + 2 * DTAKE__PB_MAX_VARINT;
    case DTAKE__TRAVEL_ENUM_NAME:
        return strlen(enum_name(e, l, column, row));
    default:
        return 0;
    }
}

static inline uint8_t *put_tag(uint8_t *to, const lane *l)
{
    memcpy(to, l->tag, sizeof l->tag);
    return to + l->tag_bytes;
}

/* Makes room behind out->len for `bytes`; gives the place `used` bytes behind it. */
static uint8_t *make_room(dtake_buf *out, size_t used, size_t bytes, dtake_status *st)
{
    *st = dtake__buf_reserve(out, used + bytes + sizeof(uint64_t));
    return *st == DTAKE_OK ? out->data + out->len + used : NULL;
}

/* The list of a row: packed numbers in one run, others each with its tag. Items without a value are left out
 * of a list of messages and texts as empty ones, of numbers as zeros: lists of the protocol have no gaps. */
static dtake_status put_list(dtake__datapoints_encoder *e, const lane *l, int64_t row, dtake_buf *out,
                             size_t *used, dtake_error *err)
{
    static const size_t most_fixed = MAX_TAG + MAX_TIME + 10 * DTAKE_MAX_VECTOR_WIDTH;
    const dtake_column *items = l->column->items;
    int32_t first = l->column->offsets[row], last = l->column->offsets[row + 1];
    bool packed = dtake__travel_packs((dtake__travel)l->travel);
    dtake_status st = DTAKE_OK;
    uint8_t *to;
    if (packed) {
        dtake__buf_clear(&e->scratch);
        to = make_room(&e->scratch, 0, (size_t)(last - first) * DTAKE__PB_MAX_VARINT, &st);
        for (int32_t i = first; to != NULL && i < last; i++)
            to = put_number(to, l, items, i);
        if (to == NULL)
            return dtake__fail(err, st, "%s", dtake_status_text(st));
        e->scratch.len = (size_t)(to - e->scratch.data);
        to = make_room(out, *used, MAX_TAG + DTAKE__PB_MAX_VARINT + e->scratch.len, &st);
        if (to != NULL && first < last)
            *used =
                (size_t)(put_bytes(put_tag(to, l), e->scratch.data, e->scratch.len) - out->data) - out->len;
        return st;
    }
    for (int32_t i = first; i < last && st == DTAKE_OK; i++) {
        size_t len = 0;
        const char *bytes = items->offsets != NULL ? dtake__get_bytes(items, i, &len) : NULL;
        if (bytes != NULL && is_rewritten(l, bytes, len) && (st = rewrite(e, l, bytes, len, err)) != DTAKE_OK)
            return st;
        to = make_room(out, *used, most_fixed + most_bytes(e, l, items, i) + e->scratch.len, &st);
        if (to == NULL)
            break;
        to = put_tag(to, l);
        if (dtake__has_value(items, i))
            to = put_value(e, to, l, items, i);
        else
            *to++ = 0;
        *used = (size_t)(to - out->data) - out->len;
    }
    return st;
}

/* --- rows --- */

static size_t row_bytes(const dtake__datapoints_encoder *e, int64_t row)
{
    size_t bytes = e->fixed_bytes;
    for (size_t i = 0; i < e->count; i++)
        if (!e->lanes[i].repeated && dtake__has_value(e->lanes[i].column, row))
            bytes += most_bytes(e, &e->lanes[i], e->lanes[i].column, row);
    return bytes;
}

/* Geometries that are written anew may be longer than they were: their room is made when it is known. */
static dtake_status put_rewritten(dtake__datapoints_encoder *e, const lane *l, int64_t row, dtake_buf *out,
                                  size_t *used, size_t rest, dtake_error *err)
{
    size_t len;
    dtake_status st;
    const char *wkb = dtake__get_bytes(l->column, row, &len);
    st = rewrite(e, l, wkb, len, err);
    if (st != DTAKE_OK)
        return st;
    uint8_t *to = make_room(out, *used, rest + e->scratch.len + MAX_TAG + 2 * DTAKE__PB_MAX_VARINT, &st);
    if (to == NULL)
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    *used = (size_t)(put_value(e, put_tag(to, l), l, l->column, row) - out->data) - out->len;
    return DTAKE_OK;
}

/* Behind out->len + *used; out->len itself does not move. */
static dtake_status put_fields(dtake__datapoints_encoder *e, int64_t row, dtake_buf *out, size_t *used,
                               dtake_error *err)
{
    size_t rest = row_bytes(e, row);
    dtake_status st;
    uint8_t *to = make_room(out, *used, rest, &st);
    if (to == NULL)
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    for (size_t i = 0; i < e->count; i++) {
        const lane *l = &e->lanes[i];
        if (!dtake__has_value(l->column, row))
            continue;
        size_t len = 0;
        const char *bytes = l->travel == DTAKE__TRAVEL_EWKB || l->travel == DTAKE__TRAVEL_GEOBUF
                                ? l->repeated ? NULL : dtake__get_bytes(l->column, row, &len)
                                : NULL;
        if (!l->repeated && !(bytes != NULL && is_rewritten(l, bytes, len))) {
            to = put_value(e, put_tag(to, l), l, l->column, row);
            continue;
        }
        *used = (size_t)(to - out->data) - out->len;
        st = l->repeated ? put_list(e, l, row, out, used, err)
                         : put_rewritten(e, l, row, out, used, rest, err);
        if (st == DTAKE_OK && (to = make_room(out, *used, rest, &st)) == NULL)
            dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
        if (st != DTAKE_OK)
            return st;
    }
    *used = (size_t)(to - out->data) - out->len;
    return DTAKE_OK;
}

static dtake_status put_row(dtake__datapoints_encoder *e, int64_t row, uint32_t number, dtake_buf *out,
                            dtake_error *err)
{
    size_t gap = e->gap, used = gap, head, len;
    dtake_status st = dtake__buf_reserve(out, MAX_TAG + MAX_HEAD);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    size_t start = out->len;
    out->len = (size_t)(dtake__pb_varint_write(out->data + start, dtake__pb_tag(number, DTAKE__PB_BYTES)) -
                        out->data);
    st = put_fields(e, row, out, &used, err);
    len = used - gap;
    head = dtake__pb_varint_bytes(len);
    if (st == DTAKE_OK && head > MAX_HEAD)
        st = dtake__fail(err, DTAKE_E_LIMIT, "write a datapoint: it has %zu bytes", len);
    if (st != DTAKE_OK) {
        out->len = start;
        return st;
    }
    if (head > gap && (st = dtake__buf_reserve(out, head + len)) != DTAKE_OK) {
        out->len = start;
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    }
    if (head != gap)
        memmove(out->data + out->len + head, out->data + out->len + gap, len);
    e->gap = head;
    dtake__pb_varint_write(out->data + out->len, len);
    out->len += head + len;
    return DTAKE_OK;
}

static dtake_status bind(dtake__datapoints_encoder *e, const dtake_batch *batch, dtake_error *err)
{
    if (!dtake__schema_same(dtake_batch_schema(batch), e->schema))
        return dtake__fail(err, DTAKE_E_STATE, "write datapoints: the batch is of another schema");
    for (size_t i = 0; i < e->count; i++)
        e->lanes[i].column = dtake_batch_column(batch, e->lanes[i].field);
    return DTAKE_OK;
}

dtake_status dtake__datapoints_write(dtake__datapoints_encoder *e, const dtake_batch *batch, int64_t start,
                                     int64_t count, uint32_t number, dtake_buf *out, dtake_error *err)
{
    dtake_status st = bind(e, batch, err);
    for (int64_t row = start; row < start + count && st == DTAKE_OK; row++)
        st = put_row(e, row, number, out, err);
    if (out->data != NULL)
        out->data[out->len] = '\0';
    return st;
}

/* --- 2024 --- */

static const dtake_column *column_of_role(const dtake__datapoints_encoder *e, const dtake_batch *batch,
                                          dtake_field_role role)
{
    int at = dtake_schema_find_role(e->schema, role);
    return at >= 0 ? dtake_batch_column(batch, (size_t)at) : NULL;
}

static void put_time_beside(dtake__pb_out *out, uint32_t number, const dtake_column *column, int64_t row)
{
    uint8_t bytes[MAX_TIME + 1];
    if (column == NULL || !dtake__has_value(column, row))
        return;
    uint8_t *end = put_seconds(bytes, dtake__get_i64(column, row), false);
    dtake__pb_put_bytes(out, number, bytes + 1, (size_t)(end - bytes) - 1);
}

dtake_status dtake__datapoints_write_meta(dtake__datapoints_encoder *e, const dtake_batch *batch,
                                          int64_t start, int64_t count, bool only_ids, uint32_t number,
                                          dtake_buf *out, dtake_error *err)
{
    dtake_status st = bind(e, batch, err);
    if (st != DTAKE_OK)
        return st;
    dtake__pb_out pb = { .to = out };
    const dtake_column *id = column_of_role(e, batch, DTAKE_ROLE_ID);
    const dtake_column *time = only_ids ? NULL : column_of_role(e, batch, DTAKE_ROLE_TIME);
    const dtake_column *arrived = only_ids ? NULL : column_of_role(e, batch, DTAKE_ROLE_INGESTION_TIME);
    for (int64_t row = start; row < start + count; row++) {
        char text[DTAKE_ID_TEXT];
        size_t mark = dtake__pb_begin(&pb, number);
        put_time_beside(&pb, 1, time, row);
        put_time_beside(&pb, 2, arrived, row);
        if (id != NULL && dtake__has_value(id, row)) {
            dtake_id each;
            memcpy(each.bytes, dtake__get_uuid(id, row), sizeof each.bytes);
            dtake_id_format(each, text);
            dtake__pb_put_text(&pb, 3, text);
        }
        dtake__pb_end(&pb, mark);
    }
    return dtake__pb_done(&pb, "what comes beside datapoints", err);
}
