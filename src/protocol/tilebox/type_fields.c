/* Field descriptors to fields of a schema. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"

typedef struct descriptor {
    dtake__span name, type_name;
    uint32_t number;
    bool repeated;
    dtake__tilebox_scalar scalar;
} descriptor;

static dtake_status read_descriptor(dtake__span bytes, descriptor *out, dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in))
        switch (in.field) {
        case 1:
            out->name = dtake__pb_text(&in);
            break;
        case 3:
            out->number = dtake__pb_u32(&in);
            break;
        case 4:
            out->repeated = dtake__pb_u64(&in) == 3;
            break;
        case 5:
            out->scalar = (dtake__tilebox_scalar)dtake__pb_u32(&in);
            break;
        case 6:
            out->type_name = dtake__pb_text(&in);
            break;
        default:
            break;
        }
    if (out->type_name.len > 0 && out->type_name.text[0] == '.') {
        out->type_name.text++;
        out->type_name.len--;
    }
    return dtake__pb_finish(&in, "a field's descriptor", err);
}

static dtake_status read_annotation(dtake__span bytes, dtake__tilebox_annotation *out, dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in)) {
        dtake__pb_run run = { 0 };
        uint64_t role;
        switch (in.field) {
        case 1:
            out->description = dtake__pb_text(&in);
            break;
        case 2:
            out->example = dtake__pb_text(&in);
            break;
        case 3:
            out->source_pointer = dtake__pb_text(&in);
            break;
        case 4:
            out->queryable = dtake__pb_bool(&in);
            break;
        case 5:
            out->json_schema = dtake__pb_text(&in);
            break;
        case 6:
            while (dtake__pb_each(&in, &run, DTAKE__PB_VARINT, &role))
                out->is_title |= role == 1;
            break;
        default:
            break;
        }
    }
    return dtake__pb_finish(&in, "a field's annotation", err);
}

/* --- types --- */

static dtake_field_type scalar_type(dtake__tilebox_scalar scalar)
{
    switch (scalar) {
    case DTAKE__SCALAR_DOUBLE:
    case DTAKE__SCALAR_FLOAT:
        return DTAKE_FIELD_FLOAT64;
    case DTAKE__SCALAR_INT64:
    case DTAKE__SCALAR_INT32:
    case DTAKE__SCALAR_SINT32:
    case DTAKE__SCALAR_SINT64:
    case DTAKE__SCALAR_SFIXED32:
    case DTAKE__SCALAR_SFIXED64:
    case DTAKE__SCALAR_UINT32:
    case DTAKE__SCALAR_FIXED32:
        return DTAKE_FIELD_INT64;
    case DTAKE__SCALAR_UINT64:
    case DTAKE__SCALAR_FIXED64:
        return DTAKE_FIELD_UINT64;
    case DTAKE__SCALAR_BOOL:
        return DTAKE_FIELD_BOOL;
    case DTAKE__SCALAR_STRING:
        return DTAKE_FIELD_STRING;
    case DTAKE__SCALAR_BYTES:
    case DTAKE__SCALAR_MESSAGE:
        return DTAKE_FIELD_BYTES;
    case DTAKE__SCALAR_ENUM:
        return DTAKE_FIELD_ENUM;
    default:
        return DTAKE_FIELD_NONE;
    }
}

static void shape_message(dtake_field *field, dtake__tilebox_field *wire, dtake__span type_name)
{
    dtake__tilebox_message message = dtake__tilebox_message_find(type_name);
    const dtake__tilebox_message_facts *facts = dtake__tilebox_message_facts_of(message);
    if (message == DTAKE__MESSAGE_NONE ||
        (field->repeated && (facts->width > 0 || message == DTAKE__MESSAGE_STAC_ASSETS)))
        return;
    wire->message = message;
    field->type = facts->type;
    field->width = facts->width;
    field->unit = facts->unit;
}

static dtake_field_role standard_role(const dtake_field *field)
{
    if (field->repeated)
        return DTAKE_ROLE_NONE;
    if (strcmp(field->name, "time") == 0 && field->type == DTAKE_FIELD_TIMESTAMP)
        return DTAKE_ROLE_TIME;
    if (strcmp(field->name, "id") == 0 && field->type == DTAKE_FIELD_UUID)
        return DTAKE_ROLE_ID;
    if (strcmp(field->name, "ingestion_time") == 0 && field->type == DTAKE_FIELD_TIMESTAMP)
        return DTAKE_ROLE_INGESTION_TIME;
    if (strcmp(field->name, "geometry") == 0 && field->type == DTAKE_FIELD_GEOMETRY)
        return DTAKE_ROLE_GEOMETRY;
    return DTAKE_ROLE_NONE;
}

/* What the annotation adds: texts, JSON in a string, the unique name of a datapoint. */
static void annotate(const dtake__tilebox_shape *shape, dtake_field *field,
                     const dtake__tilebox_annotation *a)
{
    if (field->type != DTAKE_FIELD_STRING || field->repeated)
        return;
    if (dtake__span_equal(a->json_schema, DTAKE__SPAN("#/definitions/assets")))
        field->type = DTAKE_FIELD_ASSETS;
    else if (a->json_schema.len > 0)
        field->type = DTAKE_FIELD_JSON;
    else if (a->is_title && dtake__span_equal(a->source_pointer, DTAKE__SPAN("/id")) &&
             !dtake__tilebox_shape_has(shape, DTAKE_ROLE_NAME))
        field->role = DTAKE_ROLE_NAME;
}

/* The name that a field had before it became one of protobuf: where it says that it is a property of an item,
 * and the two differ only where protobuf wants them to. */
static dtake__span former_name(dtake__span name, dtake__span pointer)
{
    static const char prefix[] = "/properties/";
    const size_t skip = sizeof prefix - 1;
    char wire[DTAKE_MAX_FIELD_NAME_BYTES + 8];
    if (pointer.len <= skip || memcmp(pointer.text, prefix, skip) != 0)
        return name;
    dtake__span was = { pointer.text + skip, pointer.len - skip };
    if (was.len != name.len || was.len > DTAKE_MAX_FIELD_NAME_BYTES)
        return name;
    dtake__tilebox_wire_name(was.text, was.len, wire);
    for (size_t i = 0; i < was.len; i++)
        if (was.text[i] != name.text[i] && strchr(":.-", was.text[i]) == NULL)
            return name;
    return dtake__span_equal(dtake__span_of(wire), name) ? was : name;
}

static dtake_status name_field(dtake__tilebox_shape *shape, dtake_field *field, dtake__tilebox_field *wire,
                               dtake__span name, dtake__span pointer)
{
    dtake__span own = shape->plain ? name : former_name(name, pointer);
    if (!dtake__span_equal(own, name) && (wire->wire_name = dtake__strndup(name.text, name.len)) == NULL)
        return DTAKE_E_NOMEM;
    field->name = dtake__tilebox_shape_keep(shape, own);
    return field->name != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
}

dtake_status dtake__tilebox_shape_add(dtake__tilebox_shape *shape, dtake__span bytes, dtake__span annotation,
                                      dtake__span set, dtake_error *err)
{
    descriptor d = { 0 };
    dtake__tilebox_annotation a = { 0 };
    dtake_enum_value *memory = NULL;
    dtake_status st = read_descriptor(bytes, &d, err);
    if (st == DTAKE_OK)
        st = read_annotation(annotation, &a, err);
    if (st != DTAKE_OK)
        return st;
    if (dtake__tilebox_shape_room(shape) != DTAKE_OK)
        return dtake__fail_nomem(err, "a dataset's type");
    dtake_field field = { .type = scalar_type(d.scalar),
                          .repeated = d.repeated,
                          .unit = "",
                          .description = dtake__tilebox_shape_keep(shape, a.description),
                          .example = dtake__tilebox_shape_keep(shape, a.example) };
    dtake__tilebox_field wire = { .number = d.number, .scalar = d.scalar, .queryable = a.queryable };
    if (name_field(shape, &field, &wire, d.name, a.source_pointer) != DTAKE_OK || !field.description ||
        !field.example) {
        dtake__free(wire.wire_name);
        return dtake__fail_nomem(err, "a dataset's type");
    }
    if (field.type == DTAKE_FIELD_NONE)
        st = dtake__fail(err, DTAKE_E_FORMAT, "field %.200s is of type %d, which does not exist", field.name,
                         (int)d.scalar);
    if (d.scalar == DTAKE__SCALAR_MESSAGE)
        shape_message(&field, &wire, d.type_name);
    if (d.scalar == DTAKE__SCALAR_ENUM && st == DTAKE_OK)
        st = dtake__tilebox_shape_enum(shape, &field, &memory, d.type_name, set, err);
    if (st == DTAKE_OK) {
        field.role = standard_role(&field);
        annotate(shape, &field, &a);
    }
    shape->fields[shape->count] = field;
    shape->wires[shape->count] = wire;
    shape->enums[shape->count++] = memory;
    return st;
}
