/* Rows of CSV as rows of a table. */
#include "access/csv_mapper.h"
#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

static void drop_expressions(dtake__csv_mapper *m)
{
    dtake__row_expression_free(m->time);
    dtake__row_expression_free(m->place);
    dtake__row_expression_free(m->collection);
    m->time = m->place = m->collection = NULL;
}

static void csv_free(dtake__mapper *mapper)
{
    dtake__csv_mapper *m = (dtake__csv_mapper *)mapper;
    drop_expressions(m);
    dtake__csv_columns_dispose(&m->columns);
    dtake__csv_geometry_free(m->geometry);
    dtake__buf_dispose(&m->copy);
    dtake__free(m->time_column);
    dtake__free(m->scratch);
    dtake__free(m);
}

/* --- headers and samples --- */

/* `text` is changed. */
static dtake_status read_header(dtake__csv_mapper *m, char *text, size_t len, dtake_error *err)
{
    size_t count;
    m->delimiter = dtake__csv_guess_delimiter(text, len);
    dtake_status st =
        dtake__csv_split(text, len, m->delimiter, m->fields, DTAKE__CSV_MAX_FIELDS, &count, err);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        dtake__span *f = &m->fields[i];
        while (f->len > 0 && (*f->text == ' ' || *f->text == '\t'))
            *f = (dtake__span){ f->text + 1, f->len - 1 };
        while (f->len > 0 && (f->text[f->len - 1] == ' ' || f->text[f->len - 1] == '\t'))
            f->len--;
    }
    if (st == DTAKE_OK)
        st = dtake__csv_columns_bind(&m->columns, m->fields, count, m->options, err);
    m->header_count = count;
    return st;
}

static dtake_status csv_sample(dtake__mapper *mapper, const dtake__record *record, bool first,
                               dtake_error *err)
{
    dtake__csv_mapper *m = (dtake__csv_mapper *)mapper;
    size_t count;
    dtake__buf_clear(&m->copy);
    dtake_status st = dtake__buf_append(&m->copy, record->text, record->len);
    if (st != DTAKE_OK)
        return dtake__fail_nomem(err, "a row");
    char *text = (char *)m->copy.data;
    if (first)
        return read_header(m, text, record->len, err);
    st = dtake__csv_split(text, record->len, m->delimiter, m->fields, DTAKE__CSV_MAX_FIELDS, &count, NULL);
    if (st != DTAKE_OK || count != m->header_count)
        return DTAKE_OK; /* said when it is its turn */
    for (size_t i = 0; i < m->columns.count; i++)
        if (m->columns.at[i].at >= 0)
            dtake__csv_column_look(&m->columns.at[i], m->fields[m->columns.at[i].at]);
    return DTAKE_OK;
}

/* --- rows --- */

static dtake_status csv_begin(dtake__mapper *mapper, const dtake_schema *schema, dtake_error *err)
{
    dtake__csv_mapper *m = (dtake__csv_mapper *)mapper;
    m->time_at = dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    m->geometry_at = dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY);
    for (size_t i = 0; i < m->columns.count; i++) {
        dtake__csv_column *c = &m->columns.at[i];
        c->field_at = !dtake__csv_is_field(m, c) ? -1
                      : dtake__csv_is_name(m, c) ? dtake_schema_find_role(schema, DTAKE_ROLE_NAME)
                                                 : dtake_schema_find(schema, c->field);
        if (c->field_at >= 0) {
            c->type = dtake_schema_field(schema, (size_t)c->field_at)->type;
            c->repeated = dtake_schema_field(schema, (size_t)c->field_at)->repeated;
        }
    }
    (void)err;
    return DTAKE_OK;
}

static dtake_status csv_copy(const dtake__mapper *mapper, dtake__mapper **out, dtake_error *err)
{
    const dtake__csv_mapper *m = (const dtake__csv_mapper *)mapper;
    dtake_status st = dtake__mapper_csv_new(out, m->options, err);
    if (st != DTAKE_OK)
        return st;
    dtake__csv_mapper *copy = (dtake__csv_mapper *)*out;
    memcpy(copy->time_text, m->time_text, sizeof copy->time_text);
    memcpy(copy->place_text, m->place_text, sizeof copy->place_text);
    if (m->time_column != NULL && (copy->time_column = dtake__strdup(m->time_column)) == NULL)
        st = dtake__fail_nomem(err, "a mapping");
    if (st == DTAKE_OK)
        st = dtake__csv_columns_copy(&m->columns, &copy->columns, err);
    if (st == DTAKE_OK && m->geometry != NULL)
        st = dtake__csv_geometry_new(&copy->geometry, m->options->crs, err);
    if (st == DTAKE_OK)
        return st;
    csv_free(*out);
    *out = NULL;
    return st;
}

/* Column numbers differ from file to file, so expressions are made anew with each header. */
static dtake_status begin_input(dtake__csv_mapper *m, const dtake__record *record, dtake_error *err)
{
    drop_expressions(m);
    m->last_time = (dtake__csv_memo){ 0 };
    m->place_kind = DTAKE__ROW_NULL;
    dtake_status st = read_header(m, record->text, record->len, err);
    if (st == DTAKE_OK)
        st = dtake__csv_expression_new(&m->time, m, m->time_text, "--time", err);
    if (st == DTAKE_OK)
        st = dtake__csv_expression_new(&m->place, m, m->place_text, "--geometry", err);
    if (st == DTAKE_OK)
        st = dtake__csv_expression_new(&m->collection, m, m->options->collection_expression,
                                       "--collection-from", err);
    if (st != DTAKE_OK)
        return st;
    size_t columns = dtake__row_expression_columns(m->time, m->last_time.column, 2);
    m->last_time.columns = columns <= 2 ? columns : 0;
    if (m->place != NULL)
        m->place_kind = dtake__row_expression_numbers(m->place, m->place_column);
    return DTAKE_OK;
}

/* Fields in quotes are unquoted in place; a list of failures wants them as they were. */
static dtake_status keep_text(dtake__csv_mapper *m, const dtake__record *record, dtake__mapper_result *result,
                              dtake_error *err)
{
    if (m->options->failed_path == NULL || memchr(record->text, '"', record->len) == NULL)
        return DTAKE_OK;
    dtake__buf_clear(&m->copy);
    if (dtake__buf_append(&m->copy, record->text, record->len) != DTAKE_OK)
        return dtake__fail_nomem(err, "a row");
    result->text = (dtake__span){ dtake__buf_str(&m->copy), m->copy.len };
    return DTAKE_OK;
}

static dtake_status csv_put(dtake__mapper *mapper, dtake__builder *builder, const dtake__record *record,
                            bool first, dtake__mapper_result *result, dtake_error *err)
{
    dtake__csv_mapper *m = (dtake__csv_mapper *)mapper;
    if (first) {
        dtake_status st = begin_input(m, record, err);
        result->made = false;
        result->fatal = st != DTAKE_OK;
        return st;
    }
    dtake_status st = keep_text(m, record, result, err);
    if (st == DTAKE_OK)
        st = dtake__csv_put_row(m, builder, record, result, err);
    if (st != DTAKE_OK)
        dtake__builder_drop_row(builder);
    return st;
}

static const dtake__mapper_kind csv_kind = {
    .free = csv_free,
    .sample = csv_sample,
    .schema = dtake__csv_schema,
    .begin = csv_begin,
    .copy = csv_copy,
    .put = csv_put,
};

dtake_status dtake__mapper_csv_new(dtake__mapper **out, const dtake_ingest_options *options, dtake_error *err)
{
    dtake__csv_mapper *m = dtake__calloc(1, sizeof *m);
    if (m == NULL || (m->scratch = dtake__calloc(1, sizeof *m->scratch)) == NULL) {
        dtake__free(m);
        return dtake__fail_nomem(err, "a mapping");
    }
    m->mapper.kind = &csv_kind;
    m->options = options;
    m->delimiter = ',';
    m->copy = DTAKE_BUF_INIT((size_t)64 << 20);
    *out = &m->mapper;
    return DTAKE_OK;
}
