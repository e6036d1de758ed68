#include "access/fields.h"

#include "core/text.h"

#include <math.h>
#include <string.h>

/* JSON has no nan and no inf: they are written as text. */
void dtake__field_put(json_t **object, const char *key, json_t *value)
{
    if (*object == NULL) {
        json_decref(value);
    } else if (json_object_set_new(*object, key, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

json_t *dtake__number_to_json(double value)
{
    if (isfinite(value))
        return json_real(value);
    return json_string(isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

bool dtake__number_from_json(const json_t *json, double *out)
{
    if (json_is_string(json))
        return dtake__parse_f64(json_string_value(json), out);
    *out = json_number_value(json);
    return json_is_number(json);
}

/* NULL when there is nothing to write. */
static json_t *field_to_json(const dtake__field *field, const void *base)
{
    const void *value = (const char *)base + field->offset;
    int64_t integer = 0;
    switch (field->kind) {
    case DTAKE__FIELD_BOOL:
        return *(const bool *)value ? json_true() : NULL;
    case DTAKE__FIELD_F64:
        return *(const double *)value != 0 ? dtake__number_to_json(*(const double *)value) : NULL;
    case DTAKE__FIELD_TEXT:
        return *(char *const *)value != NULL ? json_string(*(char *const *)value) : NULL;
    case DTAKE__FIELD_INT:
        integer = *(const int *)value;
        break;
    case DTAKE__FIELD_I32:
        integer = *(const int32_t *)value;
        break;
    case DTAKE__FIELD_I64:
        integer = *(const int64_t *)value;
        break;
    }
    return integer != 0 ? json_integer(integer) : NULL;
}

static bool field_is_set(const dtake__field *field, const void *base)
{
    json_t *json = field_to_json(field, base);
    const void *value = (const char *)base + field->offset;
    bool set = json != NULL || (field->kind == DTAKE__FIELD_TEXT && *(char *const *)value != NULL);
    json_decref(json);
    return set;
}

bool dtake__fields_to_json(json_t *out, const dtake__field *fields, size_t count, const void *base)
{
    for (size_t i = 0; i < count; i++)
        if (field_is_set(&fields[i], base) &&
            json_object_set_new(out, fields[i].name, field_to_json(&fields[i], base)) != 0)
            return false;
    return true;
}

static bool integer_fits(const json_t *json, int64_t min, int64_t max)
{
    return json_is_integer(json) && json_integer_value(json) >= min && json_integer_value(json) <= max;
}

/* Text stays the JSON's own. */
bool dtake__field_from_json(const dtake__field *field, void *base, const json_t *json)
{
    void *value = (char *)base + field->offset;
    switch (field->kind) {
    case DTAKE__FIELD_BOOL:
        *(bool *)value = json_is_true(json);
        return json_is_boolean(json);
    case DTAKE__FIELD_F64:
        return dtake__number_from_json(json, value);
    case DTAKE__FIELD_TEXT:
        *(const char **)value = json_string_value(json);
        return json_is_string(json);
    case DTAKE__FIELD_INT:
        *(int *)value = (int)json_integer_value(json);
        return integer_fits(json, INT32_MIN, INT32_MAX);
    case DTAKE__FIELD_I32:
        *(int32_t *)value = (int32_t)json_integer_value(json);
        return integer_fits(json, INT32_MIN, INT32_MAX);
    case DTAKE__FIELD_I64:
        *(int64_t *)value = json_integer_value(json);
        return json_is_integer(json);
    }
    return false;
}

const dtake__field *dtake__find_field(const dtake__field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

bool dtake__fields_from_json(const dtake__field *fields, size_t count, void *base, const json_t *json)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(json, fields[i].name);
        if (value != NULL && !dtake__field_from_json(&fields[i], base, value))
            return false;
    }
    return true;
}
