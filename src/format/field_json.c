#include "format/field_json.h"

#include <string.h>

static const char *const role_names[] = { "none",     "time", "id",        "ingestion_time",
                                          "geometry", "name", "collection" };
enum { ROLE_COUNT = sizeof role_names / sizeof role_names[0] };

const char *dtake__role_name(dtake_field_role role)
{
    return (unsigned)role < ROLE_COUNT ? role_names[role] : role_names[0];
}

bool dtake__role_find(const char *name, dtake_field_role *out)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(role_names[i], name) == 0) {
            *out = (dtake_field_role)i;
            return true;
        }
    return false;
}

static void put_filled(dtake__json *json, const char *key, const char *text)
{
    if (*text)
        dtake__json_text(json, key, text);
}

void dtake__json_field(dtake__json *json, const dtake_field *field)
{
    dtake__json_object(json, NULL);
    dtake__json_text(json, "name", field->name);
    dtake__json_text(json, "type", dtake_field_type_name(field->type));
    if (field->role != DTAKE_ROLE_NONE)
        dtake__json_text(json, "role", dtake__role_name(field->role));
    if (field->repeated)
        dtake__json_bool(json, "repeated", true);
    if (field->not_queryable)
        dtake__json_bool(json, "not_queryable", true);
    if (field->width > 0)
        dtake__json_i64(json, "width", field->width);
    if (field->enum_count > 0) {
        dtake__json_object(json, "values");
        for (size_t i = 0; i < field->enum_count; i++)
            dtake__json_i64(json, field->enum_values[i].name, field->enum_values[i].value);
        dtake__json_end(json, '}');
    }
    put_filled(json, "unit", field->unit);
    put_filled(json, "description", field->description);
    put_filled(json, "example", field->example);
    dtake__json_end(json, '}');
}
