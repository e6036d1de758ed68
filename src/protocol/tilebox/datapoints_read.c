/* Messages to columns: each field goes to the end of its column as it is met. */
#include "protocol/tilebox/datapoints_slot.h"

#include "core/alloc.h"
#include "core/error.h"
#include "geo/geometry.h"

#include <stdlib.h>

enum { MAX_ASSETS_BYTES = 16 << 20, LIKELY_TEXT_BYTES = 128 };

/* --- making --- */

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const dtake__slot *)a)->number, y = ((const dtake__slot *)b)->number;
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

/* Lists of numbers come in one run. */
static void set_tag(dtake__slot *s)
{
    uint8_t bytes[DTAKE__PB_MAX_VARINT] = { 0 };
    bool is_run = s->repeated || s->travel == DTAKE__TRAVEL_VECTOR_RUN;
    uint64_t tag = dtake__pb_tag(s->number, is_run ? DTAKE__PB_BYTES : (dtake__pb_wire)s->wire);
    s->tag_bytes = (uint8_t)(dtake__pb_varint_write(bytes, tag) - bytes);
    memcpy(&s->tag, bytes, sizeof s->tag);
    s->tag_mask = s->tag_bytes == 1 ? 0xff : 0xffff;
    if (s->tag_bytes > sizeof s->tag) { /* no two bytes are that */
        s->tag = 1;
        s->tag_mask = 0;
    }
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
    dtake__slot *s = &d->slots[d->count++];
    *s = (dtake__slot){ .number = d->type->fields[field].number,
                        .wire = (uint8_t)dtake__travel_wire(travel),
                        .travel = (uint8_t)travel,
                        .repeated = to->repeated,
                        .width = to->width,
                        .field = (size_t)column,
                        .column = dtake__builder_column(d->builder, (size_t)column),
                        .enum_below_64 = enum_mask(to) };
    set_tag(s);
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

dtake_status dtake__datapoints_take(dtake__datapoints_decoder *decoder, dtake_batch **out, dtake_error *err)
{
    dtake_status st = dtake__builder_take(decoder->builder, out, err);
    if (st == DTAKE_OK)
        decoder->rows = 0;
    return st;
}

/* --- fields --- */

static dtake_status put_list_items(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__pb_in *in,
                                   dtake_error *err)
{
    dtake__growing *items = s->column->items;
    dtake__pb_run run = { 0 };
    uint64_t number;
    dtake_status st = DTAKE_OK;
    if (s->wire == DTAKE__PB_BYTES)
        return in->wire == DTAKE__PB_BYTES
                   ? dtake__slot_put_bytes(d, s, items, dtake__pb_bytes(in), err)
                   : dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "another wire type than its kind", err);
    while (st == DTAKE_OK && dtake__pb_each(in, &run, (dtake__pb_wire)s->wire, &number))
        st = dtake__slot_put_number(d, s, items, number, err);
    return st;
}

static dtake_status put_item(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__pb_in *in,
                             dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (s->column->rows <= d->rows) {
        st = dtake__slot_level(s, d->rows);
        if (st == DTAKE_OK)
            st = dtake__growing_add_list(s->column);
    }
    if (st == DTAKE_OK)
        st = put_list_items(d, s, in, err);
    if (st == DTAKE_OK)
        dtake__growing_end_item(s->column);
    return st;
}

static dtake_status put(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__pb_in *in,
                        dtake_error *err)
{
    if (s->repeated)
        return put_item(d, s, in, err);
    dtake_status st = dtake__slot_level(s, d->rows);
    if (st != DTAKE_OK)
        return st;
    if (s->travel == DTAKE__TRAVEL_VECTOR_RUN && in->wire == DTAKE__PB_BYTES)
        return dtake__slot_put_vector_run(d, s, s->column, dtake__pb_bytes(in), err);
    if (in->wire != s->wire)
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "another wire type than its kind", err);
    return in->wire == DTAKE__PB_BYTES
               ? dtake__slot_put_bytes(d, s, s->column, (dtake__span){ (const char *)in->bytes, in->len },
                                       err)
               : dtake__slot_put_number(d, s, s->column, in->number, err);
}

/* Fields mostly come in the order of their numbers: `*at` is where the last one was found. */
static const dtake__slot *find_slot(const dtake__datapoints_decoder *d, size_t *at, uint32_t number)
{
    size_t i = *at < d->count && d->slots[*at].number <= number ? *at : d->beside;
    while (i < d->count && d->slots[i].number < number)
        i++;
    *at = i;
    return i < d->count && d->slots[i].number == number ? &d->slots[i] : NULL;
}

/* Bytes up to `limit` may be looked at. */
static dtake_status read_fields(dtake__datapoints_decoder *d, const void *message, size_t len,
                                const uint8_t *limit, dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(message, len);
    size_t at = d->beside;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK) {
        in.at = dtake__slots_put_quickly(d, in.at, in.end, limit, &at);
        if (!dtake__pb_next_quick(&in))
            break;
        const dtake__slot *s = find_slot(d, &at, in.field);
        if (s != NULL)
            st = put(d, s, &in, err);
    }
    return st == DTAKE_OK ? dtake__pb_finish(&in, d->type->url, err) : st;
}

/* Ends the row, or leaves what was put of it. */
static dtake_status end_row(dtake__datapoints_decoder *d, dtake_status st, dtake_error *err)
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
    return DTAKE_OK;
}

dtake_status dtake__datapoints_read(dtake__datapoints_decoder *d, const void *message, size_t len,
                                    dtake_error *err)
{
    const uint8_t *limit = len > 0 ? (const uint8_t *)message + len : message;
    return end_row(d, read_fields(d, message, len, limit, err), err);
}

dtake_status dtake__datapoints_read_meta(dtake__datapoints_decoder *d, const void *message, size_t len,
                                         const void *meta, size_t meta_len, dtake_error *err)
{
    const uint8_t *limit = len > 0 ? (const uint8_t *)message + len : message;
    dtake_status st = dtake__datapoint_read_beside(d, meta, meta_len, err);
    if (st == DTAKE_OK)
        st = read_fields(d, message, len, limit, err);
    return end_row(d, st, err);
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
                st = end_row(d, read_fields(d, value.text, value.len, in.end, err), err);
        }
    return st == DTAKE_OK ? dtake__pb_finish(&in, "a page of datapoints", err) : st;
}
