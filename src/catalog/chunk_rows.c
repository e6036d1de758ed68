/* What a chunk knows of its rows beside their fields: ids, the order of results, boxes, a filter of names. */
#include "catalog/drafting.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/column.h"

#include <math.h>

dtake_status dtake__drafting_append(dtake__drafting *d, const dtake__encoding *e, uint64_t *offset)
{
    *offset = d->out->body.len;
    return dtake__buf_append(&d->out->body, e->body.data, e->body.len);
}

static bool ids_begin_with_time(const dtake__drafting *d)
{
    const int64_t *times = dtake__drafted_times(d);
    const uint8_t(*ids)[16] = dtake__drafted_ids(d);
    for (int64_t i = 0; i < d->rows; i++)
        if (dtake__id_ms(ids[i]) != dtake__ms_of(times[i]))
            return false;
    return true;
}

static bool ids_follow_names(const dtake__drafting *d)
{
    const dtake_column *names = dtake_batch_column(d->stored, (size_t)d->name);
    const uint8_t(*ids)[16] = dtake__drafted_ids(d);
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

dtake__id_kind dtake__drafting_id_kind(const dtake__drafting *d)
{
    if (!ids_begin_with_time(d))
        return DTAKE__IDS_WHOLE;
    return d->name >= 0 && ids_follow_names(d) ? DTAKE__IDS_FROM_NAME : DTAKE__IDS_HASHES;
}

dtake_status dtake__drafting_put_ids(dtake__drafting *d, dtake__id_kind kind, dtake_error *err)
{
    const uint8_t(*ids)[16] = dtake__drafted_ids(d);
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
dtake_status dtake__drafting_put_order(dtake__drafting *d, dtake_error *err)
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
        st = dtake__drafting_append(d, &e, &offset);
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

dtake_status dtake__drafting_put_boxes(dtake__drafting *d, dtake_error *err)
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

dtake_status dtake__drafting_put_filter(dtake__drafting *d, dtake_error *err)
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
