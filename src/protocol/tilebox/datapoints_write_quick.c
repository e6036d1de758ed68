/* Rows as they mostly are: without lists, their geometries flat. Room is made for a run of rows at once. */
#include "protocol/tilebox/datapoints_lane.h"

#include "table/schema.h"

enum { RUN_ROWS = 64, WKB_HEAD = 5 };
static const int64_t NS_IN_SECOND = 1000000000, NS_IN_MS = 1000000;
static const uint64_t HIGH_BITS = 0x8080808080808080;

/* Eight bytes may be written. */
static inline uint8_t *put_varint(uint8_t *to, uint64_t value)
{
    if (value < 0x80) {
        *to = (uint8_t)value;
        return to + 1;
    }
    if (value >> 56 != 0)
        return dtake__pb_varint_write(to, value);
    size_t bytes = dtake__pb_varint_bytes(value);
    uint64_t word = (value & 0x000000000fffffff) | (value & 0x00fffffff0000000) << 4;
    word = (word & 0x00003fff00003fff) | (word & 0x0fffc0000fffc000) << 2;
    word = (word & 0x007f007f007f007f) | (word & 0x3f803f803f803f80) << 1;
    word |= HIGH_BITS & ((UINT64_C(1) << (8 * (bytes - 1))) - 1);
    memcpy(to, &word, sizeof word);
    return to + bytes;
}

static inline uint8_t *put_word(uint8_t *to, uint64_t word)
{
    memcpy(to, &word, sizeof word);
    return to + sizeof word;
}

static inline uint8_t *put_text(uint8_t *to, const void *bytes, size_t len)
{
    to = put_varint(to, len);
    dtake__copy(to, bytes, len);
    return to + len;
}

static inline uint8_t *put_time(uint8_t *to, int64_t ns, bool to_ms)
{
    if (to_ms)
        ns -= ns % NS_IN_MS;
    int64_t seconds = ns / NS_IN_SECOND, nanos = ns % NS_IN_SECOND;
    uint8_t *len = to++;
    if (seconds != 0) {
        *to = 0x08;
        to = put_varint(to + 1, (uint64_t)seconds);
    }
    if (nanos != 0) {
        *to = 0x10;
        to = put_varint(to + 1, (uint64_t)nanos);
    }
    *len = (uint8_t)(to - len - 1);
    return to;
}

static inline uint8_t *put_uuid(uint8_t *to, const uint8_t *uuid)
{
    static const uint8_t head[] = { 18, 0x0a, 16 };
    memcpy(to, head, sizeof head);
    memcpy(to + sizeof head, uuid, 16);
    return to + sizeof head + 16;
}

static inline uint8_t *put_value(dtake__datapoints_encoder *e, uint8_t *to, const dtake__lane *l, int64_t row)
{
    const dtake_column *column = l->column;
    size_t len;
    const char *bytes;
    switch ((dtake__travel)l->travel) {
    case DTAKE__TRAVEL_TEXT:
    case DTAKE__TRAVEL_JSON:
    case DTAKE__TRAVEL_BYTES:
        bytes = dtake__get_bytes(column, row, &len);
        return put_text(to, bytes, len);
    case DTAKE__TRAVEL_TIME: {
        int64_t ns = dtake__get_i64(column, row);
        return ns >= 0 ? put_time(to, ns, l->to_ms) : dtake__lane_put(e, to, l, column, row);
    }
    case DTAKE__TRAVEL_UUID:
        return put_uuid(to, dtake__get_uuid(column, row));
    case DTAKE__TRAVEL_EWKB:
        bytes = dtake__get_bytes(column, row, &len);
        return dtake__lane_is_flat((const uint8_t *)bytes, len)
                   ? dtake__lane_put_ewkb(to, (const uint8_t *)bytes, len)
                   : NULL;
    case DTAKE__TRAVEL_FIXED64:
        return put_word(to, dtake__get_u64(column, row));
    case DTAKE__TRAVEL_VARINT:
        return put_varint(to, dtake__get_u64(column, row));
    case DTAKE__TRAVEL_ENUM:
        return put_varint(to, (uint64_t)(int64_t)dtake__get_enum(column, row));
    case DTAKE__TRAVEL_BOOL:
        *to = dtake__get_bool(column, row);
        return to + 1;
    default:
        return dtake__lane_put(e, to, l, column, row);
    }
}

/* NULL: the row is the careful writer's. */
static uint8_t *put_row(dtake__datapoints_encoder *e, int64_t row, uint64_t tag, uint8_t *to)
{
    uint8_t *head = put_varint(to, tag);
    to = head + e->gap;
    for (const dtake__lane *l = e->lanes, *end = l + e->count; l < end; l++) {
        if (!dtake__has_value(l->column, row))
            continue;
        to = put_value(e, dtake__lane_put_tag(to, l), l, row);
        if (to == NULL)
            return NULL;
    }
    size_t len = (size_t)(to - head) - e->gap, bytes = dtake__pb_varint_bytes(len);
    if (bytes > DTAKE__LANE_MAX_HEAD)
        return NULL;
    if (bytes != e->gap)
        memmove(head + bytes, head + e->gap, len);
    e->gap = bytes;
    dtake__pb_varint_write(head, len);
    return head + bytes + len;
}

/* The most that the rows can take. */
static size_t run_bytes(const dtake__datapoints_encoder *e, int64_t row, int64_t end)
{
    size_t bytes = (size_t)(end - row) * (DTAKE__LANE_MAX_TAG + DTAKE__LANE_MAX_HEAD + e->fixed_bytes);
    for (const dtake__lane *l = e->lanes; l < e->lanes + e->count; l++)
        if (l->column->offsets != NULL)
            bytes += (size_t)(l->column->offsets[end] - l->column->offsets[row]);
    return bytes + DTAKE__LANE_SLACK;
}

int64_t dtake__lanes_write_quickly(dtake__datapoints_encoder *e, int64_t row, int64_t end, uint32_t number,
                                   dtake_buf *out)
{
    uint64_t tag = dtake__pb_tag(number, DTAKE__PB_BYTES);
    while (e->is_plain && row < end) {
        int64_t stop = end - row < RUN_ROWS ? end : row + RUN_ROWS;
        if (dtake__buf_reserve(out, run_bytes(e, row, stop)) != DTAKE_OK)
            return row;
        for (; row < stop; row++) {
            uint8_t *after = put_row(e, row, tag, out->data + out->len);
            if (after == NULL)
                return row;
            out->len = (size_t)(after - out->data);
        }
    }
    return row;
}
