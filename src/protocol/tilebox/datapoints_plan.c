#include "protocol/tilebox/datapoints_plan.h"

#include "core/error.h"

static dtake__travel travel_of_whole(dtake__tilebox_scalar scalar)
{
    switch (scalar) {
    case DTAKE__SCALAR_INT64:
        return DTAKE__TRAVEL_VARINT;
    case DTAKE__SCALAR_INT32:
    case DTAKE__SCALAR_ENUM:
        return DTAKE__TRAVEL_I32;
    case DTAKE__SCALAR_UINT32:
        return DTAKE__TRAVEL_U32;
    case DTAKE__SCALAR_SINT32:
    case DTAKE__SCALAR_SINT64:
        return DTAKE__TRAVEL_ZIGZAG;
    case DTAKE__SCALAR_SFIXED64:
        return DTAKE__TRAVEL_FIXED64;
    case DTAKE__SCALAR_FIXED32:
        return DTAKE__TRAVEL_FIXED32;
    case DTAKE__SCALAR_SFIXED32:
        return DTAKE__TRAVEL_SFIXED32;
    default:
        return DTAKE__TRAVEL_NOT;
    }
}

static dtake__travel travel_of_message(const dtake__tilebox_field *wire, const dtake_field *column)
{
    const dtake__tilebox_message_facts *facts = dtake__tilebox_message_facts_of(wire->message);
    if (wire->message == DTAKE__MESSAGE_NONE)
        return column->type == DTAKE_FIELD_BYTES ? DTAKE__TRAVEL_BYTES : DTAKE__TRAVEL_NOT;
    if (facts->type != column->type || facts->width != column->width)
        return DTAKE__TRAVEL_NOT;
    switch (wire->message) {
    case DTAKE__MESSAGE_TIMESTAMP:
        return DTAKE__TRAVEL_TIME;
    case DTAKE__MESSAGE_DURATION:
        return DTAKE__TRAVEL_DURATION;
    case DTAKE__MESSAGE_UUID:
        return DTAKE__TRAVEL_UUID;
    case DTAKE__MESSAGE_GEOMETRY:
        return DTAKE__TRAVEL_WKB;
    case DTAKE__MESSAGE_GEOBUF:
        return DTAKE__TRAVEL_GEOBUF;
    case DTAKE__MESSAGE_STAC_ASSETS:
        return DTAKE__TRAVEL_STAC_ASSETS;
    default:
        return DTAKE__TRAVEL_VECTOR;
    }
}

static dtake__travel travel_of(const dtake__tilebox_field *wire, const dtake_field *column)
{
    if (wire->scalar == DTAKE__SCALAR_MESSAGE)
        return travel_of_message(wire, column);
    switch (column->type) {
    case DTAKE_FIELD_BOOL:
        return wire->scalar == DTAKE__SCALAR_BOOL ? DTAKE__TRAVEL_BOOL : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_INT64:
        return travel_of_whole(wire->scalar);
    case DTAKE_FIELD_UINT64:
        return wire->scalar == DTAKE__SCALAR_UINT64    ? DTAKE__TRAVEL_VARINT
               : wire->scalar == DTAKE__SCALAR_FIXED64 ? DTAKE__TRAVEL_FIXED64
                                                       : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_FLOAT64:
        return wire->scalar == DTAKE__SCALAR_DOUBLE  ? DTAKE__TRAVEL_FIXED64
               : wire->scalar == DTAKE__SCALAR_FLOAT ? DTAKE__TRAVEL_F32
                                                     : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_STRING:
        return wire->scalar == DTAKE__SCALAR_STRING ? DTAKE__TRAVEL_TEXT : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        return wire->scalar == DTAKE__SCALAR_STRING ? DTAKE__TRAVEL_JSON : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_BYTES:
        return wire->scalar == DTAKE__SCALAR_BYTES ? DTAKE__TRAVEL_BYTES : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_VECTOR:
        return wire->scalar == DTAKE__SCALAR_DOUBLE ? DTAKE__TRAVEL_VECTOR_RUN : DTAKE__TRAVEL_NOT;
    case DTAKE_FIELD_ENUM:
        return wire->scalar == DTAKE__SCALAR_ENUM     ? DTAKE__TRAVEL_ENUM
               : wire->scalar == DTAKE__SCALAR_STRING ? DTAKE__TRAVEL_ENUM_NAME
                                                      : DTAKE__TRAVEL_NOT;
    default:
        return DTAKE__TRAVEL_NOT;
    }
}

dtake_status dtake__datapoint_pair(const dtake__tilebox_type *type, size_t field, const dtake_field *column,
                                   dtake__travel *out, dtake_error *err)
{
    const dtake_field *own = dtake_schema_field(type->schema, field);
    dtake__travel travel = travel_of(&type->fields[field], column);
    bool repeats = own->repeated && travel != DTAKE__TRAVEL_VECTOR_RUN;
    if (travel == DTAKE__TRAVEL_NOT || repeats != column->repeated)
        return dtake__fail(err, DTAKE_E_STATE, "field %s: %s%s of %s cannot become %s%s", own->name,
                           own->repeated ? "a list of " : "", dtake_field_type_name(own->type), type->url,
                           column->repeated ? "a list of " : "", dtake_field_type_name(column->type));
    *out = travel;
    return DTAKE_OK;
}

dtake__pb_wire dtake__travel_wire(dtake__travel travel)
{
    switch (travel) {
    case DTAKE__TRAVEL_BOOL:
    case DTAKE__TRAVEL_VARINT:
    case DTAKE__TRAVEL_I32:
    case DTAKE__TRAVEL_U32:
    case DTAKE__TRAVEL_ZIGZAG:
    case DTAKE__TRAVEL_ENUM:
        return DTAKE__PB_VARINT;
    case DTAKE__TRAVEL_FIXED64:
    case DTAKE__TRAVEL_VECTOR_RUN:
        return DTAKE__PB_FIXED64;
    case DTAKE__TRAVEL_F32:
    case DTAKE__TRAVEL_FIXED32:
    case DTAKE__TRAVEL_SFIXED32:
        return DTAKE__PB_FIXED32;
    default:
        return DTAKE__PB_BYTES;
    }
}
