/* What makes a field a field, and two of them the same. */
#include "table/schema.h"

#include "core/error.h"

#include <string.h>

static dtake_field_type type_of_role(dtake_field_role role)
{
    switch (role) {
    case DTAKE_ROLE_TIME:
    case DTAKE_ROLE_INGESTION_TIME:
        return DTAKE_FIELD_TIMESTAMP;
    case DTAKE_ROLE_ID:
        return DTAKE_FIELD_UUID;
    case DTAKE_ROLE_GEOMETRY:
        return DTAKE_FIELD_GEOMETRY;
    case DTAKE_ROLE_NAME:
    case DTAKE_ROLE_COLLECTION:
        return DTAKE_FIELD_STRING;
    default:
        return DTAKE_FIELD_NONE;
    }
}

static dtake_status check_enum(const dtake_field *field, dtake_error *err)
{
    if (field->type != DTAKE_FIELD_ENUM)
        return field->enum_count == 0 ? DTAKE_OK
                                      : dtake__fail(err, DTAKE_E_USAGE, "field %s: a %s has no enum values",
                                                    field->name, dtake_field_type_name(field->type));
    if (field->enum_count == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "field %s: an enum needs values", field->name);
    if (field->enum_count > DTAKE_MAX_ENUM_VALUES)
        return dtake__fail(err, DTAKE_E_LIMIT, "field %s: more than %d values", field->name,
                           DTAKE_MAX_ENUM_VALUES);
    for (size_t i = 0; i < field->enum_count; i++) {
        const dtake_enum_value *value = &field->enum_values[i];
        if (!value->name || !*value->name)
            return dtake__fail(err, DTAKE_E_USAGE, "field %s: the value %d has no name", field->name,
                               (int)value->value);
        for (size_t k = 0; k < i; k++)
            if (field->enum_values[k].value == value->value ||
                strcmp(field->enum_values[k].name, value->name) == 0)
                return dtake__fail(err, DTAKE_E_USAGE, "field %s: the value %s = %d is there twice",
                                   field->name, value->name, (int)value->value);
    }
    return DTAKE_OK;
}

dtake_status dtake__field_check(const dtake_field *field, size_t index, dtake_error *err)
{
    if (!field->name || !*field->name)
        return dtake__fail(err, DTAKE_E_USAGE, "schema: field %zu has no name", index + 1);
    if (strlen(field->name) > DTAKE_MAX_FIELD_NAME_BYTES)
        return dtake__fail(err, DTAKE_E_USAGE, "field %.40s...: the name is longer than %d bytes",
                           field->name, DTAKE_MAX_FIELD_NAME_BYTES);
    if (field->type <= DTAKE_FIELD_NONE || field->type > DTAKE_FIELD_ASSETS)
        return dtake__fail(err, DTAKE_E_USAGE, "field %s: there is no type %d", field->name,
                           (int)field->type);
    if (field->role < DTAKE_ROLE_NONE || field->role > DTAKE_ROLE_COLLECTION)
        return dtake__fail(err, DTAKE_E_USAGE, "field %s: there is no role %d", field->name,
                           (int)field->role);
    if (field->role != DTAKE_ROLE_NONE && (field->type != type_of_role(field->role) || field->repeated))
        return dtake__fail(err, DTAKE_E_USAGE, "field %s: in its role it must be one %s", field->name,
                           dtake_field_type_name(type_of_role(field->role)));
    bool vector = field->type == DTAKE_FIELD_VECTOR;
    if (vector ? field->width < 1 || field->width > DTAKE_MAX_VECTOR_WIDTH : field->width != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "field %s: a %s cannot be %d wide", field->name,
                           dtake_field_type_name(field->type), (int)field->width);
    if (vector && field->repeated)
        return dtake__fail(err, DTAKE_E_USAGE, "field %s: there are no lists of vectors", field->name);
    return check_enum(field, err);
}

static bool same_field(const dtake_field *a, const dtake_field *b)
{
    if (strcmp(a->name, b->name) != 0 || a->type != b->type || a->role != b->role ||
        a->repeated != b->repeated || a->width != b->width || a->enum_count != b->enum_count)
        return false;
    for (size_t i = 0; i < a->enum_count; i++)
        if (a->enum_values[i].value != b->enum_values[i].value ||
            strcmp(a->enum_values[i].name, b->enum_values[i].name) != 0)
            return false;
    return true;
}

dtake_status dtake__schema_grows(const dtake_schema *from, const dtake_schema *to, dtake_error *err)
{
    for (size_t i = 0; i < dtake_schema_count(from); i++) {
        const dtake_field *old = dtake_schema_field(from, i), *new = dtake_schema_field(to, i);
        if (!new || strcmp(old->name, new->name) != 0)
            return dtake__fail(
                err, DTAKE_E_STATE,
                "field %s (number %zu of the schema) would go or move: a schema only grows, at "
                "its end",
                old->name, i + 1);
        if (!same_field(old, new))
            return dtake__fail(err, DTAKE_E_STATE,
                               "field %s is another %s%s than before: fields never change", old->name,
                               new->repeated ? "list of " : "", dtake_field_type_name(new->type));
    }
    return DTAKE_OK;
}

bool dtake__schema_same(const dtake_schema *a, const dtake_schema *b)
{
    return a == b || (dtake_schema_count(a) == dtake_schema_count(b) && !dtake__schema_grows(a, b, NULL));
}
