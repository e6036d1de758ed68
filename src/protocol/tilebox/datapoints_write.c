/* Columns to messages. A row's message is written where it will lie: room for all it can take is made first,
 * so that its fields need no further look. */
#include "protocol/tilebox/datapoints_lane.h"

#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"
#include "table/schema.h"

#include <stdlib.h>

enum { MAX_MESSAGE = 64 << 20 };

/* --- making --- */

static bool is_left_out(dtake_field_role role, dtake__datapoints_part part)
{
    bool is_given = role == DTAKE_ROLE_ID || role == DTAKE_ROLE_INGESTION_TIME;
    if (part == DTAKE__DATAPOINTS_KEYS)
        return !is_given && role != DTAKE_ROLE_TIME;
    return part == DTAKE__DATAPOINTS_INGEST && is_given;
}

/* The most that a value takes; of texts and geometries, what comes beside their bytes. */
static size_t most_bytes(dtake__travel travel, const dtake_field *field)
{
    size_t longest = 0;
    switch (travel) {
    case DTAKE__TRAVEL_VECTOR:
    case DTAKE__TRAVEL_VECTOR_RUN:
        return 2 + 9 * (size_t)field->width;
    case DTAKE__TRAVEL_UUID:
        return 3 + 16;
    case DTAKE__TRAVEL_ENUM_NAME:
        for (size_t i = 0; i < field->enum_count; i++)
            longest =
                strlen(field->enum_values[i].name) > longest ? strlen(field->enum_values[i].name) : longest;
        return DTAKE__PB_MAX_VARINT + longest;
    default:
        return DTAKE__LANE_MAX_TIME; /* two numbers; an EWKB has two lengths and an SRID */
    }
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
    dtake__lane *l = &e->lanes[e->count++];
    *l = (dtake__lane){ .travel = (uint8_t)travel,
                        .repeated = from->repeated,
                        .to_ms = part == DTAKE__DATAPOINTS_KEYS && role == DTAKE_ROLE_INGESTION_TIME,
                        .width = from->width,
                        .number = wire->number,
                        .field = (size_t)column };
    bool packed = travel == DTAKE__TRAVEL_VECTOR_RUN || (from->repeated && dtake__travel_packs(travel));
    uint64_t tag = dtake__pb_tag(wire->number, packed ? DTAKE__PB_BYTES : dtake__travel_wire(travel));
    l->tag_bytes = (uint8_t)(dtake__pb_varint_write(l->tag, tag) - l->tag);
    e->fixed_bytes += DTAKE__LANE_MAX_TAG + most_bytes(travel, from);
    e->is_plain = e->is_plain && !from->repeated && travel != DTAKE__TRAVEL_GEOBUF;
    return DTAKE_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const dtake__lane *)a)->number, y = ((const dtake__lane *)b)->number;
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
    e->is_plain = true;
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

/* --- rows --- */

static size_t row_bytes(const dtake__datapoints_encoder *e, int64_t row)
{
    size_t bytes = e->fixed_bytes;
    for (size_t i = 0; i < e->count; i++)
        if (!e->lanes[i].repeated && dtake__has_value(e->lanes[i].column, row))
            bytes += dtake__lane_text_bytes(e, &e->lanes[i], e->lanes[i].column, row);
    return bytes;
}

/* Behind out->len + *used; out->len itself does not move. */
static dtake_status put_fields(dtake__datapoints_encoder *e, int64_t row, dtake_buf *out, size_t *used,
                               dtake_error *err)
{
    size_t rest = row_bytes(e, row);
    dtake_status st;
    uint8_t *to = dtake__lane_room(out, *used, rest, &st);
    if (to == NULL)
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    for (size_t i = 0; i < e->count; i++) {
        const dtake__lane *l = &e->lanes[i];
        if (!dtake__has_value(l->column, row))
            continue;
        size_t len = 0;
        const char *bytes = l->travel == DTAKE__TRAVEL_EWKB || l->travel == DTAKE__TRAVEL_GEOBUF
                                ? l->repeated ? NULL : dtake__get_bytes(l->column, row, &len)
                                : NULL;
        if (!l->repeated && !(bytes != NULL && dtake__lane_is_rewritten(l, bytes, len))) {
            to = dtake__lane_put(e, dtake__lane_put_tag(to, l), l, l->column, row);
            continue;
        }
        *used = (size_t)(to - out->data) - out->len;
        st = l->repeated ? dtake__lane_put_list(e, l, row, out, used, err)
                         : dtake__lane_put_rewritten(e, l, row, out, used, rest, err);
        if (st == DTAKE_OK && (to = dtake__lane_room(out, *used, rest, &st)) == NULL)
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
    dtake_status st = dtake__buf_reserve(out, DTAKE__LANE_MAX_TAG + DTAKE__LANE_MAX_HEAD);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "write a datapoint: %s", dtake_status_text(st));
    size_t start = out->len;
    out->len = (size_t)(dtake__pb_varint_write(out->data + start, dtake__pb_tag(number, DTAKE__PB_BYTES)) -
                        out->data);
    st = put_fields(e, row, out, &used, err);
    len = used - gap;
    head = dtake__pb_varint_bytes(len);
    if (st == DTAKE_OK && head > DTAKE__LANE_MAX_HEAD)
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

dtake_status dtake__datapoints_bind(dtake__datapoints_encoder *e, const dtake_batch *batch, dtake_error *err)
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
    dtake_status st = dtake__datapoints_bind(e, batch, err);
    for (int64_t row = start, end = start + count; row < end && st == DTAKE_OK;) {
        row = dtake__lanes_write_quickly(e, row, end, number, out);
        if (row < end)
            st = put_row(e, row++, number, out, err);
    }
    if (out->data != NULL)
        out->data[out->len] = '\0';
    return st;
}
