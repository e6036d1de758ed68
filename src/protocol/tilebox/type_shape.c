/* Fields of a schema on their way into one: their memory, and those that every datapoint has. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"

const char *dtake__tilebox_shape_keep(dtake__tilebox_shape *shape, dtake__span text)
{
    if (text.len == 0)
        return "";
    if (dtake__strings_add(&shape->texts, text.text, text.len) != DTAKE_OK)
        return NULL;
    return shape->texts.at[shape->texts.count - 1];
}

dtake_status dtake__tilebox_shape_room(dtake__tilebox_shape *shape)
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

bool dtake__tilebox_shape_has(const dtake__tilebox_shape *shape, dtake_field_role role)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->fields[i].role == role)
            return true;
    return false;
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
        if (dtake__tilebox_shape_has(shape, standard[i].role))
            continue;
        if (has_name(shape, standard[i].name))
            return dtake__fail(
                err, DTAKE_E_FORMAT,
                "read a dataset's type: its field %s is not what every datapoint has under that "
                "name",
                standard[i].name);
        if (dtake__tilebox_shape_room(shape) != DTAKE_OK)
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
