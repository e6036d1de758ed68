/* Enum descriptors to the values of a field. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"

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
        const char *name = dtake__tilebox_shape_keep(shape, value.name);
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

dtake_status dtake__tilebox_shape_enum(dtake__tilebox_shape *shape, dtake_field *field,
                                       dtake_enum_value **memory, dtake__span type_name, dtake__span set,
                                       dtake_error *err)
{
    dtake__span bytes;
    char prefix[300];
    const dtake__tilebox_enum *known = dtake__tilebox_enum_find(type_name);
    if (!dtake__tilebox_enum_descriptor(set, type_name, &bytes)) {
        if (known == NULL)
            return dtake__fail(err, DTAKE_E_FORMAT, "field %s: there is no enum %.*s", field->name,
                               (int)(type_name.len < 200 ? type_name.len : 200), type_name.text);
        field->enum_values = known->values;
        field->enum_count = known->count;
        return DTAKE_OK;
    }
    *memory = dtake__calloc(DTAKE_MAX_ENUM_VALUES, sizeof **memory);
    if (*memory == NULL)
        return dtake__fail_nomem(err, "an enum");
    dtake__tilebox_enum_prefix(last_part(type_name), prefix, sizeof prefix);
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
