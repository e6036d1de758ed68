/* A column of batches and the field of datapoint messages it goes to; for datapoints_*.c only. */
#ifndef DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_LANE_H
#define DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_LANE_H

#include "core/copy.h"
#include "format/protobuf.h"
#include "protocol/tilebox/datapoints_plan.h"
#include "table/column.h"

enum {
    DTAKE__LANE_MAX_TAG = 5,
    DTAKE__LANE_MAX_TIME = 2 + 2 * DTAKE__PB_MAX_VARINT + 2, /* tags and numbers of a Timestamp, its length */
    DTAKE__LANE_MAX_HEAD = 4,                                /* bytes of a message's length: up to 256 MiB */
    DTAKE__LANE_SLACK = 8, /* bytes behind a value that may be written over */
};

typedef struct dtake__lane {
    uint8_t tag[8];
    uint8_t tag_bytes;
    uint8_t travel;
    bool repeated, to_ms;
    int32_t width;
    uint32_t number;
    size_t field;               /* of the schema */
    const dtake_column *column; /* of the batch at hand */
} dtake__lane;

struct dtake__datapoints_encoder {
    dtake__tilebox_type *type;
    dtake_schema *schema;
    dtake__lane *lanes; /* in the order of their numbers */
    size_t count;
    bool is_plain;      /* no lists, no Geobuf */
    size_t fixed_bytes; /* the most that a row takes beside the bytes of texts and geometries, and lists */
    size_t gap;         /* kept for a message's length: what the one before needed */
    dtake_buf scratch;  /* geometries that must be written anew, lists */
};

/* Values without their tag, to where there is room for them; gives the place behind. */

static inline uint8_t *dtake__lane_put_bytes(uint8_t *to, const void *bytes, size_t len)
{
    to = dtake__pb_varint_write(to, len);
    dtake__copy(to, bytes, len);
    return to + len;
}

/* Timestamps count nanoseconds up from their second, durations both in one direction. */
uint8_t *dtake__lane_put_seconds(uint8_t *to, int64_t ns, bool is_duration);
uint8_t *dtake__lane_put_ewkb(uint8_t *to, const uint8_t *wkb, size_t len); /* of flat geometries */
/* One of a column, or of the items of its lists. What must be rewritten lies in the scratch. */
uint8_t *dtake__lane_put(dtake__datapoints_encoder *e, uint8_t *to, const dtake__lane *l,
                         const dtake_column *column, int64_t row);

/* Flat geometries only: their parts have no flags, so that the head is all that differs. */
static inline bool dtake__lane_is_flat(const uint8_t *wkb, size_t len)
{
    return len > 5 && wkb[0] == 1 && wkb[1] <= 7 && wkb[2] == 0 && wkb[3] == 0 && wkb[4] == 0;
}

static inline uint8_t *dtake__lane_put_tag(uint8_t *to, const dtake__lane *l)
{
    memcpy(to, l->tag, sizeof l->tag);
    return to + l->tag_bytes;
}

/* The most that a value takes beyond what fixed_bytes counts. */
size_t dtake__lane_text_bytes(const dtake__datapoints_encoder *e, const dtake__lane *l,
                              const dtake_column *column, int64_t row);
/* It cannot be copied, and goes to the scratch first. */
bool dtake__lane_is_rewritten(const dtake__lane *l, const char *wkb, size_t len);

/* Makes room behind out->len for `bytes`; gives the place `used` bytes behind it. */
uint8_t *dtake__lane_room(dtake_buf *out, size_t used, size_t bytes, dtake_status *st);
/* The field of a row with its tag, *used bytes behind out->len, which itself does not move. */
dtake_status dtake__lane_put_list(dtake__datapoints_encoder *e, const dtake__lane *l, int64_t row,
                                  dtake_buf *out, size_t *used, dtake_error *err);
dtake_status dtake__lane_put_rewritten(dtake__datapoints_encoder *e, const dtake__lane *l, int64_t row,
                                       dtake_buf *out, size_t *used, size_t rest, dtake_error *err);

/* datapoints_write_quick.c: rows as they mostly are. Those from `row` up to `end` that hold nothing but what
 * can be copied, each a field `number`; gives the first that was not written, which is the careful writer's.
 */
int64_t dtake__lanes_write_quickly(dtake__datapoints_encoder *e, int64_t row, int64_t end, uint32_t number,
                                   dtake_buf *out);

/* datapoints_write.c: the columns of this batch. */
dtake_status dtake__datapoints_bind(dtake__datapoints_encoder *e, const dtake_batch *batch, dtake_error *err);

#endif
