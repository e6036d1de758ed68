#include "catalog/chunk.h"

#include "catalog/order.h"
#include "catalog/placing.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <math.h>

/* The head, all of it under a checksum at its end:
 *   magic, rows, kind of ids, flags, fields;
 *   per field: name, type, repeated, role, width, values that are null, where in the body, how long; its head
 *   ids: where, how long; checksum per frame
 *   with geometries: where the order of results is and its head; a box of floats per frame
 *   with names: where the filter is, how long, its checksum */

enum { HEAD_MAX_BYTES = 64 << 20, HAS_ORDER = 1, HAS_BOXES = 2, HAS_FILTER = 4 };

typedef struct drafting {
    dtake_batch *stored; /* the rows in stored order */
    const dtake_schema *schema;
    int time, id, name, geometry;
    int64_t rows;
    int level;
    dtake__placing placing;
    dtake__chunk_draft *out;
} drafting;

void dtake__chunk_draft_dispose(dtake__chunk_draft *draft)
{
    dtake__buf_dispose(&draft->head);
    dtake__buf_dispose(&draft->body);
}

static const int64_t *times_of(const drafting *d)
{
    return dtake_batch_column(d->stored, (size_t)d->time)->values;
}

static const uint8_t (*ids_of(const drafting *d))[16]
{
    return dtake_batch_column(d->stored, (size_t)d->id)->values;
}

/* --- pieces of the head --- */

static dtake_status append_body(drafting *d, const dtake__encoding *e, uint64_t *offset)
{
    *offset = d->out->body.len;
    return dtake__buf_append(&d->out->body, e->body.data, e->body.len);
}

static dtake_status put_field(drafting *d, size_t index, dtake_error *err)
{
    const dtake_field *field = dtake_schema_field(d->schema, index);
    const dtake_column *column = dtake_batch_column(d->stored, index);
    dtake__encoding e = DTAKE__ENCODING_INIT(d->level);
    dtake_buf *head = &d->out->head;
    uint64_t offset = 0;
    size_t name_len = strlen(field->name);
    uint8_t facts[4] = { (uint8_t)field->type, field->repeated, (uint8_t)field->role, (uint8_t)field->width };
    dtake_status st = dtake__encode_column(&e, field, column, err);
    if (st != DTAKE_OK)
        goto done;
    st = append_body(d, &e, &offset);
    if (st == DTAKE_OK)
        st = dtake__put_u8(head, (uint8_t)name_len);
    if (st == DTAKE_OK)
        st = dtake__buf_append(head, field->name, name_len);
    if (st == DTAKE_OK)
        st = dtake__buf_append(head, facts, sizeof facts);
    if (st == DTAKE_OK)
        st = dtake__put_u32(head, (uint32_t)column->null_count);
    if (st == DTAKE_OK)
        st = dtake__put_u64_le(head, offset);
    if (st == DTAKE_OK)
        st = dtake__put_u64_le(head, e.body.len);
    if (st == DTAKE_OK)
        st = dtake__buf_append(head, e.head.data, e.head.len);
    if (st != DTAKE_OK)
        dtake__fail(err, st, "encode %s: %s", field->name, dtake_status_text(st));
done:
    dtake__encoding_dispose(&e);
    return st;
}

/* --- ids --- */

static bool ids_begin_with_time(const drafting *d)
{
    const int64_t *times = times_of(d);
    const uint8_t(*ids)[16] = ids_of(d);
    for (int64_t i = 0; i < d->rows; i++)
        if (dtake__id_ms(ids[i]) != dtake__ms_of(times[i]))
            return false;
    return true;
}

static bool ids_follow_names(const drafting *d)
{
    const dtake_column *names = dtake_batch_column(d->stored, (size_t)d->name);
    const uint8_t(*ids)[16] = ids_of(d);
    for (int64_t i = 0; i < d->rows; i++) {
        uint8_t id[16];
        size_t len;
        const char *name = dtake__get_bytes(names, i, &len);
        dtake__id_put_name(id, name, len);
        if (!dtake__has_value(names, i) || memcmp(id + 6, ids[i] + 6, DTAKE__ID_HASH_BYTES) != 0)
            return false;
    }
    return true;
}

static dtake__id_kind kind_of_ids(const drafting *d)
{
    if (!ids_begin_with_time(d))
        return DTAKE__IDS_WHOLE;
    return d->name >= 0 && ids_follow_names(d) ? DTAKE__IDS_FROM_NAME : DTAKE__IDS_HASHES;
}

static dtake_status put_ids(drafting *d, dtake__id_kind kind, dtake_error *err)
{
    const uint8_t(*ids)[16] = ids_of(d);
    size_t skip = kind == DTAKE__IDS_HASHES ? DTAKE__ID_TIME_BYTES : 0, size = 16 - skip;
    uint64_t offset = d->out->body.len;
    dtake_buf *head = &d->out->head;
    if (kind == DTAKE__IDS_FROM_NAME)
        return DTAKE_OK;
    dtake_status st = dtake__buf_reserve(&d->out->body, size * (size_t)d->rows);
    for (int64_t i = 0; i < d->rows && st == DTAKE_OK; i++)
        st = dtake__buf_append(&d->out->body, ids[i] + skip, size);
    d->out->facts.id_bytes = (int64_t)(d->out->body.len - offset);
    if (st == DTAKE_OK)
        st = dtake__put_u64_le(head, offset);
    for (int64_t i = 0; i < d->rows && st == DTAKE_OK; i += DTAKE__FRAME_ROWS) {
        int64_t n = d->rows - i < DTAKE__FRAME_ROWS ? d->rows - i : DTAKE__FRAME_ROWS;
        st = dtake__put_u32(head,
                            dtake__checksum(d->out->body.data + offset + (size_t)i * size, (size_t)n * size));
    }
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode ids: %s", dtake_status_text(st));
}

/* --- order, boxes, filter --- */

/* The order of results in terms of stored rows. */
static dtake_status put_order(drafting *d, dtake_error *err)
{
    dtake__encoding e = DTAKE__ENCODING_INIT(d->level);
    uint64_t *places = dtake__alloc((size_t)d->rows * sizeof *places), offset = 0;
    uint32_t starts[DTAKE__CHUNK_MAX_FRAMES + 1];
    dtake_status st = places != NULL ? DTAKE_OK : dtake__fail_nomem(err, "encode an order");
    if (st == DTAKE_OK) {
        for (int64_t i = 0; i < d->rows; i++)
            places[d->placing.by_place[i]] = (uint64_t)i;
        dtake__frame_starts(starts, d->rows);
        st = dtake__encode_ints(&e, places, starts, dtake__frames_of(d->rows), err);
    }
    if (st == DTAKE_OK) {
        st = append_body(d, &e, &offset);
        if (st == DTAKE_OK)
            st = dtake__put_u64_le(&d->out->head, offset);
        if (st == DTAKE_OK)
            st = dtake__buf_append(&d->out->head, e.head.data, e.head.len);
        if (st != DTAKE_OK)
            dtake__fail(err, st, "encode an order: %s", dtake_status_text(st));
    }
    dtake__free(places);
    dtake__encoding_dispose(&e);
    return st;
}

/* Floats, rounded so that the box grows. */
static dtake_status put_box(dtake_buf *head, dtake_box box)
{
    float sides[4] = { (float)box.west, (float)box.south, (float)box.east, (float)box.north };
    if (box.south <= box.north) {
        sides[0] = (double)sides[0] > box.west ? nextafterf(sides[0], -HUGE_VALF) : sides[0];
        sides[1] = (double)sides[1] > box.south ? nextafterf(sides[1], -HUGE_VALF) : sides[1];
        sides[2] = (double)sides[2] < box.east ? nextafterf(sides[2], HUGE_VALF) : sides[2];
        sides[3] = (double)sides[3] < box.north ? nextafterf(sides[3], HUGE_VALF) : sides[3];
    }
    return dtake__buf_append(head, sides, sizeof sides);
}

static dtake_status put_boxes(drafting *d, dtake_error *err)
{
    dtake__cover all = { 0 };
    dtake_status st = DTAKE_OK;
    for (uint32_t f = 0; f < dtake__frames_of(d->rows) && st == DTAKE_OK; f++) {
        dtake__cover_add(&all, d->placing.boxes[f]);
        st = put_box(&d->out->head, d->placing.boxes[f]);
    }
    d->out->facts.has_box = all.any;
    d->out->facts.box = all.box;
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode boxes: %s", dtake_status_text(st));
}

static dtake_status put_filter(drafting *d, dtake_error *err)
{
    const dtake_column *names = dtake_batch_column(d->stored, (size_t)d->name);
    size_t bytes = dtake__filter_size(d->rows);
    uint8_t *filter = dtake__calloc(bytes, 1);
    if (filter == NULL)
        return dtake__fail_nomem(err, "encode names");
    for (int64_t i = 0; i < d->rows; i++) {
        size_t len;
        const char *name = dtake__get_bytes(names, i, &len);
        if (dtake__has_value(names, i))
            dtake__filter_add(filter, bytes, dtake__name_hash(name, len));
    }
    dtake_status st = dtake__put_u64_le(&d->out->head, d->out->body.len);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&d->out->head, (uint32_t)bytes);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&d->out->head, dtake__checksum(filter, bytes));
    if (st == DTAKE_OK)
        st = dtake__buf_append(&d->out->body, filter, bytes);
    dtake__free(filter);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail(err, st, "encode names: %s", dtake_status_text(st));
}

/* --- the whole --- */

static void find_facts(drafting *d)
{
    dtake__chunk_facts *f = &d->out->facts;
    const int64_t *times = times_of(d);
    const uint8_t(*ids)[16] = ids_of(d);
    int64_t first = 0, last = d->rows - 1;
    for (int64_t i = 0; i < d->rows && d->placing.has_order; i++) {
        first = d->placing.by_place[i] == 0 ? i : first;
        last = d->placing.by_place[i] == d->rows - 1 ? i : last;
    }
    f->rows = d->rows;
    f->time_min = times[first];
    f->time_max = times[last];
    memcpy(f->first_id, ids[first], 16);
    memcpy(f->last_id, ids[last], 16);
    f->id_ms_min = INT64_MAX;
    f->id_ms_max = INT64_MIN;
    for (int64_t i = 0; i < d->rows; i++) {
        int64_t ms = dtake__id_ms(ids[i]);
        f->id_ms_min = ms < f->id_ms_min ? ms : f->id_ms_min;
        f->id_ms_max = ms > f->id_ms_max ? ms : f->id_ms_max;
    }
}

static dtake_status put_start(drafting *d, dtake__id_kind kind)
{
    dtake_buf *head = &d->out->head;
    uint32_t fields = (uint32_t)dtake_schema_count(d->schema) - 1; /* ids stand apart */
    uint8_t flags = (uint8_t)((d->placing.has_order ? HAS_ORDER : 0) | (d->geometry >= 0 ? HAS_BOXES : 0) |
                              (d->name >= 0 ? HAS_FILTER : 0));
    dtake_status st = dtake__buf_append(head, "DTK1", 4);
    if (st == DTAKE_OK)
        st = dtake__put_u32(head, (uint32_t)d->rows);
    if (st == DTAKE_OK)
        st = dtake__put_u8(head, (uint8_t)kind);
    if (st == DTAKE_OK)
        st = dtake__put_u8(head, flags);
    return st == DTAKE_OK ? dtake__put_u32(head, fields) : st;
}

/* Geometry first, then time and ids: what most queries look at lies together. */
static dtake_status put_all(drafting *d, dtake_error *err)
{
    dtake__id_kind kind = kind_of_ids(d);
    dtake_status st = put_start(d, kind);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "encode a chunk: %s", dtake_status_text(st));
    if (d->geometry >= 0)
        st = put_field(d, (size_t)d->geometry, err);
    for (size_t i = 0; i < dtake_schema_count(d->schema) && st == DTAKE_OK; i++)
        if ((int)i != d->geometry && (int)i != d->id)
            st = put_field(d, i, err);
    if (st == DTAKE_OK)
        st = put_ids(d, kind, err);
    if (st == DTAKE_OK && d->placing.has_order)
        st = put_order(d, err);
    if (st == DTAKE_OK && d->geometry >= 0)
        st = put_boxes(d, err);
    if (st == DTAKE_OK && d->name >= 0)
        st = put_filter(d, err);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&d->out->head, dtake__checksum(d->out->head.data, d->out->head.len));
    return st;
}

dtake_status dtake__chunk_encode_picked(dtake__picked *rows, int level, dtake__chunk_draft *out,
                                        dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(rows->batches[0]);
    drafting d = { .level = level, .out = out, .rows = rows->rows };
    d.time = dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    d.id = dtake_schema_find_role(schema, DTAKE_ROLE_ID);
    d.name = dtake_schema_find_role(schema, DTAKE_ROLE_NAME);
    d.geometry = dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY);
    *out = (dtake__chunk_draft){ .head = DTAKE_BUF_INIT(HEAD_MAX_BYTES),
                                 .body = DTAKE_BUF_INIT(DTAKE__ENCODED_MAX_BYTES) };
    dtake_status st = dtake__placing_make(&d.placing, rows, d.geometry, err);
    if (st == DTAKE_OK)
        st = dtake__picked_gather(rows, &d.stored, err);
    dtake__picked_dispose(rows);
    if (st == DTAKE_OK) {
        d.schema = dtake_batch_schema(d.stored);
        find_facts(&d);
        st = put_all(&d, err);
        out->facts.bytes = (int64_t)out->body.len;
    }
    dtake_batch_release(d.stored);
    dtake__placing_dispose(&d.placing);
    if (st != DTAKE_OK)
        dtake__chunk_draft_dispose(out);
    return st;
}

dtake_status dtake__chunk_encode(const dtake_batch *batch, int level, dtake__chunk_draft *out,
                                 dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(batch);
    int64_t rows = dtake_batch_rows(batch);
    dtake_batch *one = (dtake_batch *)batch; /* only its references are counted */
    dtake__picked picked = { 0 };
    int32_t *order = dtake__alloc((size_t)rows * sizeof *order);
    dtake_status st =
        order != NULL
            ? dtake__order_rows(
                  dtake_batch_column(batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_TIME))->values,
                  dtake_batch_column(batch, (size_t)dtake_schema_find_role(schema, DTAKE_ROLE_ID))->values,
                  rows, order)
            : DTAKE_E_NOMEM;
    if (st == DTAKE_OK)
        st = dtake__picked_make(&picked, &one, 1, order, rows, err);
    else
        dtake__fail(err, st, "encode a chunk: %s", dtake_status_text(st));
    dtake__free(order);
    return st == DTAKE_OK ? dtake__chunk_encode_picked(&picked, level, out, err) : st;
}
