/* Schemas made from schemas: some of the fields of one, all the fields of several. */
#include "table/schema.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

static int find_near(const dtake_schema *schema, const char *name)
{
    int best = -1, least = 4;
    for (size_t i = 0; i < dtake_schema_count(schema); i++) {
        int distance = dtake__edit_distance(dtake_schema_field(schema, i)->name, name);
        if (distance < least) {
            least = distance;
            best = (int)i;
        }
    }
    return best;
}

dtake_status dtake__schema_project(dtake_schema **out, const dtake_schema *schema, const char *const *names,
                                   size_t count, dtake_error *err)
{
    dtake_field *fields = dtake__calloc(count, sizeof *fields);
    dtake_status st = fields ? DTAKE_OK : dtake__fail_nomem(err, "some fields of a schema");
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        int index = dtake_schema_find(schema, names[i]);
        if (index >= 0) {
            fields[i] = *dtake_schema_field(schema, (size_t)index);
            continue;
        }
        int near = find_near(schema, names[i]);
        st = near < 0 ? dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no field %s", names[i])
                      : dtake__fail(err, DTAKE_E_NOT_FOUND, "there is no field %s; did you mean %s?",
                                    names[i], dtake_schema_field(schema, (size_t)near)->name);
    }
    if (st == DTAKE_OK)
        st = dtake_schema_new(out, fields, count, err);
    dtake__free(fields);
    return st;
}

/* --- union --- */

typedef struct merging {
    dtake_field *fields;
    size_t count;
    dtake_enum_value **values; /* of a field whose values were added up */
} merging;

static dtake_field *find_same(merging *m, const dtake_field *field)
{
    for (size_t i = 0; field->role != DTAKE_ROLE_NONE && i < m->count; i++)
        if (m->fields[i].role == field->role)
            return &m->fields[i];
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->fields[i].name, field->name) == 0)
            return &m->fields[i];
    return NULL;
}

static bool is_number(const dtake_field *field)
{
    return field->type == DTAKE_FIELD_INT64 || field->type == DTAKE_FIELD_UINT64 ||
           field->type == DTAKE_FIELD_FLOAT64;
}

static const dtake_enum_value *find_value(const dtake_field *field, const dtake_enum_value *like,
                                          bool by_name)
{
    for (size_t i = 0; i < field->enum_count; i++)
        if (by_name ? strcmp(field->enum_values[i].name, like->name) == 0
                    : field->enum_values[i].value == like->value)
            return &field->enum_values[i];
    return NULL;
}

static dtake_status merge_values(merging *m, dtake_field *to, const dtake_field *from, dtake_error *err)
{
    size_t index = (size_t)(to - m->fields);
    dtake_enum_value *all = dtake__calloc(to->enum_count + from->enum_count, sizeof *all);
    if (!all)
        return dtake__fail_nomem(err, "a union of schemas");
    memcpy(all, to->enum_values, to->enum_count * sizeof *all);
    size_t count = to->enum_count;
    for (size_t i = 0; i < from->enum_count; i++) {
        const dtake_enum_value *value = &from->enum_values[i];
        const dtake_enum_value *same = find_value(to, value, true), *number = find_value(to, value, false);
        if (same != number) {
            dtake__free(all);
            return dtake__fail(err, DTAKE_E_STATE, "field %s: its value %s = %d is another elsewhere",
                               to->name, value->name, (int)value->value);
        }
        if (!same)
            all[count++] = *value;
    }
    dtake__free(m->values[index]);
    m->values[index] = all;
    to->enum_values = all;
    to->enum_count = count;
    return DTAKE_OK;
}

static dtake_status merge_field(merging *m, const dtake_field *field, dtake_error *err)
{
    dtake_field *to = find_same(m, field);
    if (!to) {
        if (m->count == DTAKE_MAX_FIELDS)
            return dtake__fail(err, DTAKE_E_LIMIT, "the fields of all together are more than %d",
                               DTAKE_MAX_FIELDS);
        m->fields[m->count++] = *field;
        return DTAKE_OK;
    }
    if (to->role != field->role && to->role != DTAKE_ROLE_NONE && field->role != DTAKE_ROLE_NONE)
        return dtake__fail(err, DTAKE_E_STATE, "field %s has another role elsewhere", field->name);
    bool widen = to->type != field->type && is_number(to) && is_number(field) && !to->repeated &&
                 !field->repeated && (to->type == DTAKE_FIELD_FLOAT64 || field->type == DTAKE_FIELD_FLOAT64);
    if ((to->type != field->type && !widen) || to->repeated != field->repeated || to->width != field->width)
        return dtake__fail(err, DTAKE_E_STATE, "field %s is a %s%s here and a %s%s there", field->name,
                           to->repeated ? "list of " : "", dtake_field_type_name(to->type),
                           field->repeated ? "list of " : "", dtake_field_type_name(field->type));
    if (widen)
        to->type = DTAKE_FIELD_FLOAT64;
    if (to->role == DTAKE_ROLE_NONE)
        to->role = field->role;
    to->not_queryable = to->not_queryable || field->not_queryable;
    return to->type == DTAKE_FIELD_ENUM ? merge_values(m, to, field, err) : DTAKE_OK;
}

dtake_status dtake__schema_union(dtake_schema **out, const dtake_schema *const *schemas, size_t count,
                                 dtake_error *err)
{
    merging m = { .fields = dtake__calloc(DTAKE_MAX_FIELDS, sizeof *m.fields),
                  .values = dtake__calloc(DTAKE_MAX_FIELDS, sizeof(dtake_enum_value *)) };
    dtake_status st = m.fields && m.values ? DTAKE_OK : dtake__fail_nomem(err, "a union of schemas");
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        for (size_t k = 0; k < dtake_schema_count(schemas[i]) && st == DTAKE_OK; k++)
            st = merge_field(&m, dtake_schema_field(schemas[i], k), err);
    if (st == DTAKE_OK)
        st = dtake_schema_new(out, m.fields, m.count, err);
    for (size_t i = 0; i < m.count && m.values; i++)
        dtake__free(m.values[i]);
    dtake__free(m.fields);
    dtake__free(m.values);
    return st;
}
