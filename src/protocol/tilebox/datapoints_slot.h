/* A field of datapoint messages and the column it goes to; for datapoints_*.c only. */
#ifndef DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_SLOT_H
#define DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_SLOT_H

#include "format/protobuf.h"
#include "protocol/tilebox/datapoints_plan.h"
#include "table/builder.h"
#include "table/growing.h"

typedef struct dtake__slot {
    uint16_t tag, tag_mask; /* as it lies in the bytes, one or two of them; of more: none is that */
    uint8_t tag_bytes;
    uint8_t wire; /* dtake__pb_wire of one value */
    uint8_t travel;
    bool repeated;
    int32_t width;
    uint32_t number;
    size_t field; /* of the schema */
    dtake__growing *column;
    uint64_t enum_below_64; /* which of the numbers 0 to 63 the enum has */
} dtake__slot;

struct dtake__datapoints_decoder {
    dtake__tilebox_type *type;
    const dtake_schema *schema; /* the builder's */
    dtake__builder *builder;
    dtake__slot
        *slots; /* in the order of their numbers; those beside the message come first, with number 0 */
    size_t count, beside;
    int64_t rows;
    dtake_buf wkb;    /* of a Geobuf */
    dtake_buf assets; /* JSON */
};

/* The column, as long as the rows before this one; of fields that occur twice the last one counts. */
static inline dtake_status dtake__slot_level(const dtake__slot *s, int64_t rows)
{
    dtake__growing *column = s->column;
    if (column->rows == rows)
        return DTAKE_OK;
    if (column->rows > rows) {
        dtake__growing_cut(column, rows);
        return DTAKE_OK;
    }
    return dtake__growing_pad(column, rows);
}

/* datapoints_value.c: one value to the end of a column, `s->column` or its items */
dtake_status dtake__slot_put_number(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                    dtake__growing *to, uint64_t number, dtake_error *err);
dtake_status dtake__slot_put_bytes(dtake__datapoints_decoder *d, const dtake__slot *s, dtake__growing *to,
                                   dtake__span bytes, dtake_error *err);
dtake_status dtake__slot_put_time(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                  dtake__growing *to, dtake__span bytes, dtake_error *err);
dtake_status dtake__slot_put_vector_run(const dtake__datapoints_decoder *d, const dtake__slot *s,
                                        dtake__growing *to, dtake__span bytes, dtake_error *err);
dtake_status dtake__slot_wrong(const dtake__datapoints_decoder *d, const dtake__slot *s, dtake_status status,
                               const char *why, dtake_error *err);

/* datapoints_quick.c: fields as they mostly are. Puts those from `at` on that it knows to be sound, in the
 * order of their numbers from slot *next on, and gives the place behind them. Bytes up to `limit` may be
 * looked at, they belong to the message up to `end`. */
const uint8_t *dtake__slots_put_quickly(dtake__datapoints_decoder *d, const uint8_t *at, const uint8_t *end,
                                        const uint8_t *limit, size_t *next);

/* datapoints_beside.c: DatapointMetadata of 2024 */
dtake_status dtake__datapoint_read_beside(dtake__datapoints_decoder *d, const void *meta, size_t len,
                                          dtake_error *err);

#endif
