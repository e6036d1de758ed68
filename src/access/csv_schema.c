/* The schema that columns of CSV make. */
#include "access/csv_mapper.h"
#include "core/alloc.h"
#include "core/error.h"
#include "table/schema.h"

#include <string.h>

bool dtake__csv_is_field(const dtake__csv_mapper *m, const dtake__csv_column *c)
{
    bool is_place = strcmp(m->place_text, c->column) == 0;
    bool is_time = m->time_column != NULL && strcmp(m->time_column, c->column) == 0;
    return !c->dropped && !is_time && !is_place;
}

bool dtake__csv_is_name(const dtake__csv_mapper *m, const dtake__csv_column *c)
{
    return m->options->name_column != NULL && strcmp(m->options->name_column, c->column) == 0;
}

static bool is_there(const dtake_field *fields, size_t count, const dtake_field *field)
{
    for (size_t i = 0; i < count; i++)
        if (field->role != DTAKE_ROLE_NONE ? fields[i].role == field->role
                                           : strcmp(fields[i].name, field->name) == 0)
            return true;
    return false;
}

static size_t add_roles(const dtake__csv_mapper *m, dtake_field *fields, size_t count)
{
    const dtake_field roles[] = {
        { .name = "time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_TIME },
        { .name = "id", .type = DTAKE_FIELD_UUID, .role = DTAKE_ROLE_ID },
        { .name = "ingestion_time", .type = DTAKE_FIELD_TIMESTAMP, .role = DTAKE_ROLE_INGESTION_TIME },
        { .name = "geometry", .type = DTAKE_FIELD_GEOMETRY, .role = DTAKE_ROLE_GEOMETRY },
    };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        bool wanted = roles[i].role != DTAKE_ROLE_GEOMETRY || m->place_text[0] != '\0';
        if (wanted && !is_there(fields, count, &roles[i]))
            fields[count++] = roles[i];
    }
    return count;
}

/* With a schema of the user's own only its fields are made, otherwise one a column. */
static dtake_status make_schema(const dtake__csv_mapper *m, const dtake_schema *base, bool only_base,
                                dtake_schema **out, dtake_error *err)
{
    size_t base_count = base != NULL ? dtake_schema_count(base) : 0, count = 0;
    dtake_field *fields = dtake__calloc(base_count + 4 + m->columns.count, sizeof *fields);
    if (fields == NULL)
        return dtake__fail_nomem(err, "a schema");
    for (; count < base_count; count++)
        fields[count] = *dtake_schema_field(base, count);
    count = add_roles(m, fields, count);
    for (size_t i = 0; i < m->columns.count && !only_base; i++) {
        const dtake__csv_column *c = &m->columns.at[i];
        dtake_field field = { .name = c->field,
                              .type =
                                  dtake__csv_is_name(m, c) ? DTAKE_FIELD_STRING : dtake__csv_column_type(c),
                              .role = dtake__csv_is_name(m, c) ? DTAKE_ROLE_NAME : DTAKE_ROLE_NONE };
        if (dtake__csv_is_field(m, c) && !is_there(fields, count, &field))
            fields[count++] = field;
    }
    dtake_status st = dtake_schema_new(out, fields, count, err);
    dtake__free(fields);
    return st;
}

dtake_status dtake__csv_expression_new(dtake__row_expression **out, const dtake__csv_mapper *m,
                                       const char *text, const char *option, dtake_error *err)
{
    if (text == NULL || text[0] == '\0')
        return DTAKE_OK;
    dtake_status st = dtake__row_expression_new(out, text, m->fields, m->header_count, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "%s", option);
    return st;
}

/* That the expressions are sound is to be known before anything is made. */
static dtake_status check_expressions(dtake__csv_mapper *m, dtake_error *err)
{
    const struct {
        const char *text, *option;
    } given[] = { { m->time_text, "--time" },
                  { m->place_text, "--geometry" },
                  { m->options->collection_expression, "--collection-from" } };
    dtake_status st = DTAKE_OK;
    m->header_count = m->columns.count;
    for (size_t i = 0; i < m->columns.count; i++)
        m->fields[i] = dtake__span_of(m->columns.at[i].column);
    for (size_t i = 0; i < sizeof given / sizeof given[0] && st == DTAKE_OK; i++) {
        dtake__row_expression *expression = NULL;
        st = dtake__csv_expression_new(&expression, m, given[i].text, given[i].option, err);
        dtake__row_expression_free(expression);
    }
    if (st == DTAKE_OK && m->place_text[0] != '\0')
        st = dtake__csv_geometry_new(&m->geometry, m->options->crs, err);
    return st;
}

dtake_status dtake__csv_schema(dtake__mapper *mapper, const dtake_schema *base, dtake_schema **out,
                               dtake_error *err)
{
    dtake__csv_mapper *m = (dtake__csv_mapper *)mapper;
    const char *json = m->options->schema_json;
    dtake_schema *given = NULL;
    dtake_status st = dtake__csv_columns_check(&m->columns, m->options, err);
    if (st == DTAKE_OK)
        st = dtake__csv_find_time(m, err);
    if (st == DTAKE_OK)
        st = dtake__csv_find_place(m, err);
    if (st == DTAKE_OK)
        st = check_expressions(m, err);
    if (st == DTAKE_OK && json != NULL)
        st = dtake__schema_from_json(&given, json, strlen(json), err);
    if (st == DTAKE_OK)
        st = make_schema(m, given != NULL ? given : base, given != NULL, out, err);
    dtake_schema_release(given);
    return st;
}
