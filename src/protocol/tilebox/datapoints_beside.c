/* 2024: time, id and ingestion_time come beside the message. */
#include "protocol/tilebox/datapoints_lane.h"
#include "protocol/tilebox/datapoints_slot.h"

#include <datatake/id.h>

static const dtake__slot *slot_of_role(const dtake__datapoints_decoder *d, dtake_field_role role)
{
    for (size_t i = 0; i < d->beside; i++)
        if (dtake_schema_field(d->schema, d->slots[i].field)->role == role)
            return &d->slots[i];
    return NULL;
}

static dtake_status put_id_text(const dtake__datapoints_decoder *d, const dtake__slot *s, dtake__span text,
                                dtake_error *err)
{
    char copy[DTAKE_ID_TEXT] = "";
    dtake_id id;
    memcpy(copy, text.text, text.len < sizeof copy ? text.len : 0);
    if (dtake_id_parse(copy, &id, NULL) != DTAKE_OK)
        return dtake__slot_wrong(d, s, DTAKE_E_FORMAT, "it is no UUID", err);
    return dtake__growing_add_fixed(s->column, id.bytes);
}

dtake_status dtake__datapoint_read_beside(dtake__datapoints_decoder *d, const void *meta, size_t len,
                                          dtake_error *err)
{
    static const dtake_field_role roles[] = { DTAKE_ROLE_NONE, DTAKE_ROLE_TIME, DTAKE_ROLE_INGESTION_TIME,
                                              DTAKE_ROLE_ID };
    dtake__pb_in in = dtake__pb_read(meta, len);
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && dtake__pb_next(&in)) {
        const dtake__slot *s = in.field <= 3 ? slot_of_role(d, roles[in.field]) : NULL;
        if (s == NULL)
            continue;
        dtake__span bytes = dtake__pb_bytes(&in);
        if (in.wrong != NULL || (in.field == 3 && bytes.len == 0))
            continue;
        st = dtake__slot_level(s, d->rows);
        if (st == DTAKE_OK)
            st = in.field == 3 ? put_id_text(d, s, bytes, err)
                               : dtake__slot_put_time(d, s, s->column, bytes, err);
    }
    return st == DTAKE_OK ? dtake__pb_finish(&in, "what comes beside a datapoint", err) : st;
}

/* --- columns to what comes beside messages --- */

static const dtake_column *column_of_role(const dtake__datapoints_encoder *e, const dtake_batch *batch,
                                          dtake_field_role role)
{
    int at = dtake_schema_find_role(e->schema, role);
    return at >= 0 ? dtake_batch_column(batch, (size_t)at) : NULL;
}

static void put_time_beside(dtake__pb_out *out, uint32_t number, const dtake_column *column, int64_t row)
{
    uint8_t bytes[DTAKE__LANE_MAX_TIME + 1];
    if (column == NULL || !dtake__has_value(column, row))
        return;
    uint8_t *end = dtake__lane_put_seconds(bytes, dtake__get_i64(column, row), false);
    dtake__pb_put_bytes(out, number, bytes + 1, (size_t)(end - bytes) - 1);
}

dtake_status dtake__datapoints_write_meta(dtake__datapoints_encoder *e, const dtake_batch *batch,
                                          int64_t start, int64_t count, bool only_ids, uint32_t number,
                                          dtake_buf *out, dtake_error *err)
{
    dtake_status st = dtake__datapoints_bind(e, batch, err);
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
