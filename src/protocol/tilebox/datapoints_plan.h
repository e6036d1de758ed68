/* How a field on the wire and a column meet; for datapoints_*.c only. */
#ifndef DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_PLAN_H
#define DTAKE_PROTOCOL_TILEBOX_DATAPOINTS_PLAN_H

#include "protocol/tilebox/datapoints.h"
#include "protocol/tilebox/type_struct.h"

typedef enum dtake__travel {
    DTAKE__TRAVEL_NOT,
    DTAKE__TRAVEL_BOOL,
    DTAKE__TRAVEL_VARINT, /* int64, uint64 */
    DTAKE__TRAVEL_I32,
    DTAKE__TRAVEL_U32,
    DTAKE__TRAVEL_ZIGZAG,
    DTAKE__TRAVEL_FIXED64, /* double, fixed64, sfixed64 */
    DTAKE__TRAVEL_F32,
    DTAKE__TRAVEL_FIXED32,
    DTAKE__TRAVEL_SFIXED32,
    DTAKE__TRAVEL_TEXT,
    DTAKE__TRAVEL_JSON,
    DTAKE__TRAVEL_BYTES,
    DTAKE__TRAVEL_TIME,
    DTAKE__TRAVEL_DURATION,
    DTAKE__TRAVEL_UUID,
    DTAKE__TRAVEL_WKB,
    DTAKE__TRAVEL_EWKB, /* written only: with SRID 4326 */
    DTAKE__TRAVEL_GEOBUF,
    DTAKE__TRAVEL_STAC_ASSETS, /* read only: a message that becomes JSON */
    DTAKE__TRAVEL_VECTOR,      /* a message of so many doubles */
    DTAKE__TRAVEL_VECTOR_RUN,  /* a list of doubles */
    DTAKE__TRAVEL_ENUM,
    DTAKE__TRAVEL_ENUM_NAME,
} dtake__travel;

/* DTAKE_E_STATE names the field when the two do not fit. */
dtake_status dtake__datapoint_pair(const dtake__tilebox_type *type, size_t field, const dtake_field *column,
                                   dtake__travel *out, dtake_error *err);

/* The wire type of one value. */
dtake__pb_wire dtake__travel_wire(dtake__travel travel);

static inline bool dtake__travel_packs(dtake__travel travel)
{
    return dtake__travel_wire(travel) != DTAKE__PB_BYTES;
}

#endif
