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

/* A copy that lives as long as the shape; "" when there is nothing. NULL: no memory. */
static const char *keep(dtake__tilebox_shape *shape, dtake__span text)
{
    if (text.len == 0)
        return "";
    if (dtake__strings_add(&shape->texts, text.text, text.len) != DTAKE_OK)
        return NULL;
    return shape->texts.at[shape->texts.count - 1];
}

static dtake_status make_room(dtake__tilebox_shape *shape)
{
    if (shape->count < shape->cap)
        return DTAKE_OK;
    size_t cap = shape->cap ? 2 * shape->cap : 32;
    dtake_field *fields = dtake__realloc_array(shape->fields, cap, sizeof *fields);
    shape->fields = fields ? fields : shape->fields;
    dtake__tilebox_field *wires = dtake__realloc_array(shape->wires, cap, sizeof *wires);
    shape->wires = wires ? wires : shape->wires;
    dtake_enum_value **enums = dtake__realloc_array(shape->enums, cap, sizeof(dtake_enum_value *));
    shape->enums = enums ? enums : shape->enums;
    if (!fields || !wires || !enums)
        return DTAKE_E_NOMEM;
    shape->cap = cap;
    return DTAKE_OK;
}

/* --- enums --- */

typedef struct value_descriptor {
    dtake__span name;
    int32_t number;
} value_descriptor;

static value_descriptor read_value(dtake__pb_in *in)
{
    value_descriptor value = { DTAKE__SPAN(""), 0 };
    dtake__pb_in inside = dtake__pb_enter(in);
    while (dtake__pb_next(&inside))
        if (inside.field == 1)
            value.name = dtake__pb_text(&inside);
        else if (inside.field == 2)
            value.number = dtake__pb_i32(&inside);
    dtake__pb_leave(in, &inside);
    return value;
}

static bool has_number(const dtake_enum_value *values, size_t count, int32_t number)
{
    for (size_t i = 0; i < count; i++)
        if (values[i].value == number)
            return true;
    return false;
}

static bool names_differ(const dtake_enum_value *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(values[i].name, values[j].name) == 0)
                return false;
    return true;
}

/* The values' names without `prefix`, where that leaves something; of values with one number the first. */
static dtake_status read_values(dtake__tilebox_shape *shape, dtake__span bytes, const char *prefix,
                                dtake_enum_value *values, size_t *count, dtake_error *err)
{
    size_t prefix_len = strlen(prefix);
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    *count = 0;
    while (dtake__pb_next(&in)) {
        if (in.field != 2)
            continue;
        value_descriptor value = read_value(&in);
        if (has_number(values, *count, value.number))
            continue;
        if (value.name.len > prefix_len && memcmp(value.name.text, prefix, prefix_len) == 0) {
            value.name.text += prefix_len;
            value.name.len -= prefix_len;
        }
        const char *name = keep(shape, value.name);
        if (name == NULL)
            return dtake__fail_nomem(err, "an enum");
        if (*count < DTAKE_MAX_ENUM_VALUES)
            values[*count] = (dtake_enum_value){ name, value.number };
        if (++*count > DTAKE_MAX_ENUM_VALUES)
            return DTAKE_OK;
    }
    return dtake__pb_finish(&in, "an enum's descriptor", err);
}

static dtake__span last_part(dtake__span name)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.text[i - 1] == '.')
            return (dtake__span){ name.text + i, name.len - i };
    return name;
}

/* From the set of descriptors, else one that everybody knows. */
static dtake_status shape_enum(dtake__tilebox_shape *shape, dtake_field *field, dtake_enum_value **memory,
                               const descriptor *d, dtake__span set, dtake_error *err)
{
    dtake__span bytes;
    char prefix[300];
    const dtake__tilebox_enum *known = dtake__tilebox_enum_find(d->type_name);
    if (!dtake__tilebox_enum_descriptor(set, d->type_name, &bytes)) {
        if (known == NULL)
            return dtake__fail(err, DTAKE_E_FORMAT, "field %s: there is no enum %.*s", field->name,
                               (int)(d->type_name.len < 200 ? d->type_name.len : 200), d->type_name.text);
        field->enum_values = known->values;
        field->enum_count = known->count;
        return DTAKE_OK;
    }
    *memory = dtake__calloc(DTAKE_MAX_ENUM_VALUES, sizeof **memory);
    if (*memory == NULL)
        return dtake__fail_nomem(err, "an enum");
    dtake__tilebox_enum_prefix(last_part(d->type_name), prefix, sizeof prefix);
    dtake_status st = read_values(shape, bytes, prefix, *memory, &field->enum_count, err);
    if (st == DTAKE_OK && field->enum_count <= DTAKE_MAX_ENUM_VALUES &&
        !names_differ(*memory, field->enum_count))
        st = read_values(shape, bytes, "", *memory, &field->enum_count, err);
    field->enum_values = *memory;
    if (st == DTAKE_OK && (field->enum_count == 0 || field->enum_count > DTAKE_MAX_ENUM_VALUES ||
                           !names_differ(*memory, field->enum_count))) {
        field->type = DTAKE_FIELD_INT64;
        field->enum_values = NULL;
        field->enum_count = 0;
    }
    return st;
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

static bool has_role(const dtake__tilebox_shape *shape, dtake_field_role role)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].role == role)
            return true;
    return false;
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
             !has_role(shape, DTAKE_ROLE_NAME))
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
    field->name = keep(shape, own);
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
    if (make_room(shape) != DTAKE_OK)
        return dtake__fail_nomem(err, "a dataset's type");
    dtake_field field = { .type = scalar_type(d.scalar),
                          .repeated = d.repeated,
                          .unit = "",
                          .description = keep(shape, a.description),
                          .example = keep(shape, a.example) };
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
        st = shape_enum(shape, &field, &memory, &d, set, err);
    if (st == DTAKE_OK) {
        field.role = standard_role(&field);
        annotate(shape, &field, &a);
    }
    shape->fields[shape->count] = field;
    shape->wires[shape->count] = wire;
    shape->enums[shape->count++] = memory;
    return st;
}

/* --- what every datapoint has --- */

static const struct {
    const char *name, *description, *example;
    dtake_field_type type;
    dtake_field_role role;
    dtake__tilebox_message message;
} standard[] = {
    { "time", "The timestamp associated with each data point.", "2022-10-17T14:35:28Z", DTAKE_FIELD_TIMESTAMP,
      DTAKE_ROLE_TIME, DTAKE__MESSAGE_TIMESTAMP },
    { "id", "The unique identifier of each data point.", "4e8a2836-72f8-4ac2-a9e9-cbe3492ef60c",
      DTAKE_FIELD_UUID, DTAKE_ROLE_ID, DTAKE__MESSAGE_UUID },
    { "ingestion_time", "The time the data point was stored.", "2022-10-17T14:35:28Z", DTAKE_FIELD_TIMESTAMP,
      DTAKE_ROLE_INGESTION_TIME, DTAKE__MESSAGE_TIMESTAMP },
    { "geometry", "The area on the Earth's surface of each data point.", "", DTAKE_FIELD_GEOMETRY,
      DTAKE_ROLE_GEOMETRY, DTAKE__MESSAGE_GEOMETRY },
};

static bool has_name(const dtake__tilebox_shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (strcmp(shape->fields[i].name, name) == 0)
            return true;
    return false;
}

static void insert(dtake__tilebox_shape *shape, size_t at, dtake_field field, dtake__tilebox_field wire)
{
    size_t behind = shape->count - at;
    memmove(&shape->fields[at + 1], &shape->fields[at], behind * sizeof *shape->fields);
    memmove(&shape->wires[at + 1], &shape->wires[at], behind * sizeof *shape->wires);
    memmove(&shape->enums[at + 1], &shape->enums[at], behind * sizeof *shape->enums);
    shape->fields[at] = field;
    shape->wires[at] = wire;
    shape->enums[at] = NULL;
    shape->count++;
}

dtake_status dtake__tilebox_shape_complete(dtake__tilebox_shape *shape, bool with_geometry, dtake_error *err)
{
    size_t count = with_geometry ? 4 : 3;
    for (size_t i = 0; i < count; i++) {
        if (has_role(shape, standard[i].role))
            continue;
        if (has_name(shape, standard[i].name))
            return dtake__fail(
                err, DTAKE_E_FORMAT,
                "read a dataset's type: its field %s is not what every datapoint has under that "
                "name",
                standard[i].name);
        if (make_room(shape) != DTAKE_OK)
            return dtake__fail_nomem(err, "a dataset's type");
        dtake_field field = { .name = standard[i].name,
                              .type = standard[i].type,
                              .role = standard[i].role,
                              .unit = "",
                              .description = standard[i].description,
                              .example = standard[i].example };
        dtake__tilebox_field wire = { .scalar = DTAKE__SCALAR_MESSAGE, .message = standard[i].message };
        insert(shape, i < shape->count ? i : shape->count, field, wire);
    }
    return DTAKE_OK;
}

void dtake__tilebox_shape_dispose(dtake__tilebox_shape *shape)
{
    for (size_t i = 0; i < shape->count; i++)
        dtake__free(shape->enums[i]);
    for (size_t i = 0; shape->wires != NULL && i < shape->count; i++)
        dtake__free(shape->wires[i].wire_name);
    dtake__free(shape->fields);
    dtake__free(shape->wires);
    dtake__free(shape->enums);
    dtake__strings_dispose(&shape->texts);
    *shape = (dtake__tilebox_shape){ 0 };
}
