#include "catalog/drafting.h"

#include "catalog/order.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

/* The head, all of it under a checksum at its end:
 *   magic, rows, kind of ids, flags, fields;
 *   per field: name, type, repeated, role, width, values that are null, where in the body, how long; its head
 *   ids: where, how long; checksum per frame
 *   with geometries: where the order of results is and its head; a box of floats per frame
 *   with names: where the filter is, how long, its checksum */

enum { HEAD_MAX_BYTES = 64 << 20, HAS_ORDER = 1, HAS_BOXES = 2, HAS_FILTER = 4 };

void dtake__chunk_draft_dispose(dtake__chunk_draft *draft)
{
    dtake__buf_dispose(&draft->head);
    dtake__buf_dispose(&draft->body);
}

/* --- pieces of the head --- */

static dtake_status put_field(dtake__drafting *d, size_t index, dtake_error *err)
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
    st = dtake__drafting_append(d, &e, &offset);
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

/* --- the whole --- */

static void find_facts(dtake__drafting *d)
{
    dtake__chunk_facts *f = &d->out->facts;
    const int64_t *times = dtake__drafted_times(d);
    const uint8_t(*ids)[16] = dtake__drafted_ids(d);
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

static dtake_status put_start(dtake__drafting *d, dtake__id_kind kind)
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
static dtake_status put_all(dtake__drafting *d, dtake_error *err)
{
    dtake__id_kind kind = dtake__drafting_id_kind(d);
    dtake_status st = put_start(d, kind);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "encode a chunk: %s", dtake_status_text(st));
    if (d->geometry >= 0)
        st = put_field(d, (size_t)d->geometry, err);
    for (size_t i = 0; i < dtake_schema_count(d->schema) && st == DTAKE_OK; i++)
        if ((int)i != d->geometry && (int)i != d->id)
            st = put_field(d, i, err);
    if (st == DTAKE_OK)
        st = dtake__drafting_put_ids(d, kind, err);
    if (st == DTAKE_OK && d->placing.has_order)
        st = dtake__drafting_put_order(d, err);
    if (st == DTAKE_OK && d->geometry >= 0)
        st = dtake__drafting_put_boxes(d, err);
    if (st == DTAKE_OK && d->name >= 0)
        st = dtake__drafting_put_filter(d, err);
    if (st == DTAKE_OK)
        st = dtake__put_u32(&d->out->head, dtake__checksum(d->out->head.data, d->out->head.len));
    return st;
}

dtake_status dtake__chunk_encode_picked(dtake__picked *rows, int level, dtake__chunk_draft *out,
                                        dtake_error *err)
{
    const dtake_schema *schema = dtake_batch_schema(rows->batches[0]);
    dtake__drafting d = { .level = level, .out = out, .rows = rows->rows };
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
