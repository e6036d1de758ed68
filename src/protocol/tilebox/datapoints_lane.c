/* Values of a column to the wire, whatever they are. */
#include "protocol/tilebox/datapoints_lane.h"

#include "core/error.h"
#include "geo/geometry.h"
#include "protocol/tilebox/geobuf.h"
#include "table/schema.h"

static const int64_t NS_IN_SECOND = 1000000000, NS_IN_MS = 1000000;
enum { EWKB_HEAD = 9, WKB_HEAD = 5, WGS_84 = 4326 };

static inline uint8_t *put_fixed(uint8_t *to, const void *value, size_t bytes)
{
    memcpy(to, value, bytes); /* little endian here as there: the columns are Arrow's */
    return to + bytes;
}

/* Timestamps count nanoseconds up from their second, durations both in one direction. */
uint8_t *dtake__lane_put_seconds(uint8_t *to, int64_t ns, bool is_duration)
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
    return dtake__lane_put_bytes(to, bytes, len);
}

/* Flat geometries only: their parts have no flags, so that the head is all that differs. */
uint8_t *dtake__lane_put_ewkb(uint8_t *to, const uint8_t *wkb, size_t len)
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
static uint8_t *put_number(uint8_t *to, const dtake__lane *l, const dtake_column *column, int64_t row)
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

static dtake_status fail_field(const dtake__datapoints_encoder *e, const dtake__lane *l, dtake_status st,
                               dtake_error *err)
{
    dtake__error_prefix(err,
                        "write field %.100s of a datapoint: ", dtake_schema_field(e->schema, l->field)->name);
    return st;
}

/* A geometry that is written anew goes to the scratch first. */
static dtake_status rewrite(dtake__datapoints_encoder *e, const dtake__lane *l, const char *wkb, size_t len,
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

bool dtake__lane_is_rewritten(const dtake__lane *l, const char *wkb, size_t len)
{
    return l->travel == DTAKE__TRAVEL_GEOBUF ||
           (l->travel == DTAKE__TRAVEL_EWKB && !dtake__lane_is_flat((const uint8_t *)wkb, len));
}

static const char *enum_name(const dtake__datapoints_encoder *e, const dtake__lane *l,
                             const dtake_column *column, int64_t row)
{
    const dtake_enum_value *value = dtake__enum_by_value(e->schema, l->field, dtake__get_enum(column, row));
    return value != NULL ? value->name : "";
}

/* One value behind its tag. */
uint8_t *dtake__lane_put(dtake__datapoints_encoder *e, uint8_t *to, const dtake__lane *l,
                         const dtake_column *column, int64_t row)
{
    size_t len;
    const char *bytes;
    switch ((dtake__travel)l->travel) {
    case DTAKE__TRAVEL_TEXT:
    case DTAKE__TRAVEL_JSON:
    case DTAKE__TRAVEL_BYTES:
        bytes = dtake__get_bytes(column, row, &len);
        return dtake__lane_put_bytes(to, bytes, len);
    case DTAKE__TRAVEL_TIME:
    case DTAKE__TRAVEL_DURATION: {
        int64_t ns = dtake__get_i64(column, row);
        if (l->to_ms)
            ns -= ns % NS_IN_MS < 0 ? ns % NS_IN_MS + NS_IN_MS : ns % NS_IN_MS;
        return dtake__lane_put_seconds(to, ns, l->travel == DTAKE__TRAVEL_DURATION);
    }
    case DTAKE__TRAVEL_UUID:
        return put_uuid(to, dtake__get_uuid(column, row));
    case DTAKE__TRAVEL_WKB:
        bytes = dtake__get_bytes(column, row, &len);
        return put_wrapped(to, bytes, len);
    case DTAKE__TRAVEL_EWKB:
        bytes = dtake__get_bytes(column, row, &len);
        return dtake__lane_is_rewritten(l, bytes, len)
                   ? put_wrapped(to, e->scratch.data, e->scratch.len)
                   : dtake__lane_put_ewkb(to, (const uint8_t *)bytes, len);
    case DTAKE__TRAVEL_GEOBUF:
        return dtake__lane_put_bytes(to, e->scratch.data, e->scratch.len);
    case DTAKE__TRAVEL_VECTOR:
        return put_vector(to, (const double *)column->values + row * l->width, l->width);
    case DTAKE__TRAVEL_VECTOR_RUN:
        return dtake__lane_put_bytes(to, (const double *)column->values + row * l->width,
                                     (size_t)l->width * sizeof(double));
    case DTAKE__TRAVEL_ENUM_NAME:
        bytes = enum_name(e, l, column, row);
        return dtake__lane_put_bytes(to, bytes, strlen(bytes));
    default:
        return put_number(to, l, column, row);
    }
}

/* The most that a value takes beyond what fixed_bytes counts. */
size_t dtake__lane_text_bytes(const dtake__datapoints_encoder *e, const dtake__lane *l,
                              const dtake_column *column, int64_t row)
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

/* Makes room behind out->len for `bytes`; gives the place `used` bytes behind it. */
uint8_t *dtake__lane_room(dtake_buf *out, size_t used, size_t bytes, dtake_status *st)
{
    *st = dtake__buf_reserve(out, used + bytes + sizeof(uint64_t));
    return *st == DTAKE_OK ? out->data + out->len + used : NULL;
}

/* The list of a row: packed numbers in one run, others each with its tag. Items without a value are left out
 * of a list of messages and texts as empty ones, of numbers as zeros: lists of the protocol have no gaps. */
dtake_status dtake__lane_put_list(dtake__datapoints_encoder *e, const dtake__lane *l, int64_t row,
                                  dtake_buf *out, size_t *used, dtake_error *err)
{
    static const size_t most_fixed = DTAKE__LANE_MAX_TAG + DTAKE__LANE_MAX_TIME + 10 * DTAKE_MAX_VECTOR_WIDTH;
    const dtake_column *items = l->column->items;
    int32_t first = l->column->offsets[row], last = l->column->offsets[row + 1];
    bool packed = dtake__travel_packs((dtake__travel)l->travel);
    dtake_status st = DTAKE_OK;
    uint8_t *to;
    if (packed) {
        dtake__buf_clear(&e->scratch);
        to = dtake__lane_room(&e->scratch, 0, (size_t)(last - first) * DTAKE__PB_MAX_VARINT, &st);
        for (int32_t i = first; to != NULL && i < last; i++)
            to = put_number(to, l, items, i);
        if (to == NULL)
            return dtake__fail(err, st, "%s", dtake_status_text(st));
        e->scratch.len = (size_t)(to - e->scratch.data);
        to = dtake__lane_room(out, *used, DTAKE__LANE_MAX_TAG + DTAKE__PB_MAX_VARINT + e->scratch.len, &st);
        if (to != NULL && first < last)
            *used =
                (size_t)(dtake__lane_put_bytes(dtake__lane_put_tag(to, l), e->scratch.data, e->scratch.len) -
                         out->data) -
                out->len;
        return st;
    }
    for (int32_t i = first; i < last && st == DTAKE_OK; i++) {
        size_t len = 0;
        const char *bytes = items->offsets != NULL ? dtake__get_bytes(items, i, &len) : NULL;
        if (bytes != NULL && dtake__lane_is_rewritten(l, bytes, len) &&
            (st = rewrite(e, l, bytes, len, err)) != DTAKE_OK)
            return st;
        to = dtake__lane_room(out, *used,
                              most_fixed + dtake__lane_text_bytes(e, l, items, i) + e->scratch.len, &st);
        if (to == NULL)
            break;
        to = dtake__lane_put_tag(to, l);
        if (dtake__has_value(items, i))
            to = dtake__lane_put(e, to, l, items, i);
        else
            *to++ = 0;
        *used = (size_t)(to - out->data) - out->len;
    }
    return st;
}

/* Geometries that are written anew may be longer than they were: their room is made when it is known. */
dtake_status dtake__lane_put_rewritten(dtake__datapoints_encoder *e, const dtake__lane *l, int64_t row,
                                       dtake_buf *out, size_t *used, size_t rest, dtake_error *err)
{
    size_t len;
    dtake_status st;
    const char *wkb = dtake__get_bytes(l->column, row, &len);
    st = rewrite(e, l, wkb, len, err);
    if (st != DTAKE_OK)
        return st;
    uint8_t *to = dtake__lane_room(
        out, *used, rest + e->scratch.len + DTAKE__LANE_MAX_TAG + 2 * DTAKE__PB_MAX_VARINT, &st);
    if (to == NULL)
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    *used =
        (size_t)(dtake__lane_put(e, dtake__lane_put_tag(to, l), l, l->column, row) - out->data) - out->len;
    return DTAKE_OK;
}
