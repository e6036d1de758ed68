/* Fields and enums of a schema as descriptors, and what is said beside them. */
#include "protocol/tilebox/type_writer.h"

#include <stdio.h>

enum { LABEL_OPTIONAL = 1, LABEL_REPEATED = 3, MAX_ENUM_NUMBER = 255 };

/* --- enums --- */

/* Values that a client can show: names of a protobuf enum, numbers of a byte. */
static bool is_plain_enum(const dtake_field *field)
{
    for (size_t i = 0; i < field->enum_count; i++) {
        const dtake_enum_value *value = &field->enum_values[i];
        if (value->value < 0 || value->value > MAX_ENUM_NUMBER)
            return false;
        for (const char *c = value->name; *c != '\0'; c++)
            if (!(*c >= '0' && *c <= '9') && *c != '_' && !(*c >= 'A' && *c <= 'Z'))
                return false;
    }
    return true;
}

static const dtake__tilebox_enum *known_enum(const dtake_field *field)
{
    return dtake__tilebox_enum_of(field->enum_values, field->enum_count);
}

/* Enums that nobody knows are written inside the message; those a client could not show are strings. */
static bool has_own_enum(const dtake__type_writer *w, const dtake_field *field)
{
    return field->type == DTAKE_FIELD_ENUM && known_enum(field) == NULL && is_plain_enum(field) &&
           !w->no_own_enums;
}

static void put_value(dtake__type_writer *w, const char *prefix, const char *name, int32_t number)
{
    char text[DTAKE_MAX_FIELD_NAME_BYTES * 3];
    size_t value = dtake__pb_begin(&w->out, 2);
    snprintf(text, sizeof text, "%s%s", prefix, name);
    dtake__pb_put_text(&w->out, 1, text);
    dtake__pb_put_i64(&w->out, 2, number);
    dtake__pb_end(&w->out, value);
}

/* Zero comes first, as the format wants it. */
static void put_enum(dtake__type_writer *w, const dtake_field *field, const char *name, uint32_t number)
{
    char prefix[DTAKE_MAX_FIELD_NAME_BYTES * 2 + 8];
    const char *zero = "UNSPECIFIED";
    dtake__tilebox_enum_prefix(dtake__span_of(name), prefix, sizeof prefix);
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value == 0)
            zero = field->enum_values[i].name;
    size_t mark = dtake__pb_begin(&w->out, number);
    dtake__pb_put_text(&w->out, 1, name);
    put_value(w, prefix, zero, 0);
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value != 0)
            put_value(w, prefix, field->enum_values[i].name, field->enum_values[i].value);
    dtake__pb_end(&w->out, mark);
}

/* --- fields --- */

typedef struct wire_type {
    dtake__tilebox_scalar scalar;
    dtake__tilebox_message message;
    bool repeated;
} wire_type;

static wire_type vector_type(const dtake_field *field)
{
    dtake__tilebox_message message = field->width == 3   ? DTAKE__MESSAGE_VEC3
                                     : field->width == 4 ? DTAKE__MESSAGE_QUATERNION
                                     : field->width == 2 && strcmp(field->unit, "lat_lon") == 0
                                         ? DTAKE__MESSAGE_LAT_LON
                                         : DTAKE__MESSAGE_NONE;
    if (field->width == 3 && strcmp(field->unit, "lat_lon_alt") == 0)
        message = DTAKE__MESSAGE_LAT_LON_ALT;
    if (message != DTAKE__MESSAGE_NONE)
        return (wire_type){ DTAKE__SCALAR_MESSAGE, message, false };
    return (wire_type){ DTAKE__SCALAR_DOUBLE, DTAKE__MESSAGE_NONE, true };
}

static wire_type wire_type_of(const dtake__type_writer *w, const dtake_field *field)
{
    static const wire_type types[] = {
        [DTAKE_FIELD_BOOL] = { .scalar = DTAKE__SCALAR_BOOL },
        [DTAKE_FIELD_INT64] = { .scalar = DTAKE__SCALAR_INT64 },
        [DTAKE_FIELD_UINT64] = { .scalar = DTAKE__SCALAR_UINT64 },
        [DTAKE_FIELD_FLOAT64] = { .scalar = DTAKE__SCALAR_DOUBLE },
        [DTAKE_FIELD_STRING] = { .scalar = DTAKE__SCALAR_STRING },
        [DTAKE_FIELD_BYTES] = { .scalar = DTAKE__SCALAR_BYTES },
        [DTAKE_FIELD_TIMESTAMP] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_TIMESTAMP, false },
        [DTAKE_FIELD_DURATION] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_DURATION, false },
        [DTAKE_FIELD_UUID] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_UUID, false },
        [DTAKE_FIELD_GEOMETRY] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_GEOMETRY, false },
        [DTAKE_FIELD_JSON] = { .scalar = DTAKE__SCALAR_STRING },
        [DTAKE_FIELD_ASSETS] = { .scalar = DTAKE__SCALAR_STRING },
    };
    wire_type type = types[field->type];
    if (field->type == DTAKE_FIELD_VECTOR)
        return vector_type(field);
    if (field->type == DTAKE_FIELD_ENUM)
        type.scalar = known_enum(field) || has_own_enum(w, field) ? DTAKE__SCALAR_ENUM : DTAKE__SCALAR_STRING;
    if (field->type == DTAKE_FIELD_ENUM && field->repeated) /* clients cannot show lists of enums */
        type.scalar = DTAKE__SCALAR_STRING;
    if (field->type == DTAKE_FIELD_GEOMETRY && w->of_2024)
        type.message = DTAKE__MESSAGE_GEOBUF;
    type.repeated = field->repeated;
    return type;
}

static void put_type_name(dtake__type_writer *w, const dtake_field *field, const char *name, wire_type type)
{
    char text[4 * DTAKE_MAX_FIELD_NAME_BYTES], own[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    const dtake__tilebox_enum *known = type.scalar == DTAKE__SCALAR_ENUM ? known_enum(field) : NULL;
    if (type.message != DTAKE__MESSAGE_NONE)
        snprintf(text, sizeof text, ".%s", dtake__tilebox_message_facts_of(type.message)->name);
    else if (known != NULL)
        snprintf(text, sizeof text, ".%s", known->name);
    else if (type.scalar == DTAKE__SCALAR_ENUM) {
        dtake__type_camel(name, true, own, sizeof own);
        snprintf(text, sizeof text, ".%s.%s.%s", w->package, w->message, own);
    } else
        return;
    dtake__pb_put_text(&w->out, 6, text);
}

/* Numbers and json names are the server's; a client that makes a dataset leaves them out. */
void dtake__type_put_field(dtake__type_writer *w, size_t i, uint32_t number)
{
    char json_name[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    const dtake_field *field = dtake_schema_field(w->schema, i);
    wire_type type = wire_type_of(w, field);
    size_t mark = dtake__pb_begin(&w->out, number);
    dtake__pb_put_text(&w->out, 1, w->names[i]);
    if (w->numbers != NULL)
        dtake__pb_put_u64(&w->out, 3, w->numbers[i]);
    dtake__pb_put_u64(&w->out, 4, type.repeated ? LABEL_REPEATED : LABEL_OPTIONAL);
    dtake__pb_put_u64(&w->out, 5, type.scalar);
    put_type_name(w, field, w->names[i], type);
    dtake__type_camel(w->names[i], false, json_name, sizeof json_name);
    if (w->numbers != NULL)
        dtake__pb_put_text(&w->out, 10, json_name);
    dtake__pb_end(&w->out, mark);
}

/* Whoever reads the type finds the name again. */
static void put_former_name(dtake__type_writer *w, const char *name)
{
    char pointer[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    snprintf(pointer, sizeof pointer, "/properties/%s", name);
    if (strpbrk(name, "/~") == NULL)
        dtake__pb_put_text(&w->out, 3, pointer);
}

void dtake__type_put_annotation(dtake__type_writer *w, size_t i, uint32_t number)
{
    const dtake_field *field = dtake_schema_field(w->schema, i);
    size_t mark = dtake__pb_begin(&w->out, number);
    bool is_own = field->role == DTAKE_ROLE_NONE || field->role == DTAKE_ROLE_NAME;
    if (field->description[0] != '\0')
        dtake__pb_put_text(&w->out, 1, field->description);
    if (field->example[0] != '\0')
        dtake__pb_put_text(&w->out, 2, field->example);
    if (field->role == DTAKE_ROLE_NAME)
        dtake__pb_put_text(&w->out, 3, "/id");
    else if (is_own && strcmp(w->names[i], field->name) != 0)
        put_former_name(w, field->name);
    if (is_own && !field->not_queryable)
        dtake__pb_put_bool(&w->out, 4, true);
    if (field->type == DTAKE_FIELD_JSON || field->type == DTAKE_FIELD_ASSETS)
        dtake__pb_put_text(&w->out, 5, field->type == DTAKE_FIELD_JSON ? "#" : "#/definitions/assets");
    if (field->role == DTAKE_ROLE_NAME) {
        size_t roles = dtake__pb_begin(&w->out, 6);
        dtake__pb_add_varint(&w->out, 1);
        dtake__pb_end(&w->out, roles);
    }
    dtake__pb_end(&w->out, mark);
}

void dtake__type_put_enum(dtake__type_writer *w, size_t i, uint32_t number)
{
    char name[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    const dtake_field *field = dtake_schema_field(w->schema, i);
    if (!has_own_enum(w, field) || field->repeated)
        return;
    dtake__type_camel(w->names[i], true, name, sizeof name);
    put_enum(w, field, name, number);
}
