/* Rows of CSV as rows of a table. */
#include "access/csv_columns.h"
#include "access/csv_geometry.h"
#include "access/csv_value.h"
#include "access/mapper.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "core/text.h"
#include "format/csv.h"
#include "format/row_expression.h"
#include "protocol/stac/item_time.h"
#include "table/schema.h"

#include <stdio.h>
#include <string.h>

enum { MAX_EXPRESSION_BYTES = 1024 };

typedef struct csv {
    dtake__mapper mapper;
    const dtake_ingest_options *options;
    char delimiter;
    dtake__csv_columns columns;
    char time_text[MAX_EXPRESSION_BYTES], place_text[MAX_EXPRESSION_BYTES]; /* expressions; "": none */
    char *time_column; /* which is the time as it is, and so no field of its own; NULL: none */
    dtake__row_expression *time, *place, *collection; /* of the present input */
    dtake__csv_geometry *geometry;
    int time_at, geometry_at;
    size_t header_count;
    dtake__row_scratch *scratch;
    dtake_buf copy; /* of a record that must stay as it is */
    char collection_name[256];
    dtake__span fields[DTAKE__CSV_MAX_FIELDS];
} csv;

static void drop_expressions(csv *m)
{
    dtake__row_expression_free(m->time);
    dtake__row_expression_free(m->place);
    dtake__row_expression_free(m->collection);
    m->time = m->place = m->collection = NULL;
}

static void csv_free(dtake__mapper *mapper)
{
    csv *m = (csv *)mapper;
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
static dtake_status read_header(csv *m, char *text, size_t len, dtake_error *err)
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
    csv *m = (csv *)mapper;
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

/* --- which columns are the time and the place --- */

static const dtake__csv_column *present(const csv *m, const char *name)
{
    const dtake__csv_column *c = dtake__csv_columns_find(&m->columns, name);
    return c != NULL && !c->dropped ? c : NULL;
}

static dtake_status set_time_column(csv *m, const char *name, dtake_error *err)
{
    snprintf(m->time_text, sizeof m->time_text, "time(\"%s\")", name);
    m->time_column = dtake__strdup(name);
    return m->time_column != NULL ? DTAKE_OK : dtake__fail_nomem(err, "columns");
}

static dtake_status find_time(csv *m, dtake_error *err)
{
    static const char *const names[] = {
        "time",       "datetime",  "timestamp",     "acquisition_time", "acquired", "acquisition_date",
        "start_time", "startTime", "date_acquired", "sensing_time",     "date"
    };
    const char *given = m->options->time;
    if (given != NULL && dtake__csv_columns_find(&m->columns, given) != NULL)
        return set_time_column(m, given, err);
    if (given != NULL) {
        snprintf(m->time_text, sizeof m->time_text, "%s", given);
        return strlen(given) < sizeof m->time_text
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_LIMIT, "--time: an expression of more than %d characters",
                                 MAX_EXPRESSION_BYTES);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const dtake__csv_column *c = present(m, names[i]);
        if (c != NULL && dtake__csv_column_type(c) == DTAKE_FIELD_TIMESTAMP)
            return set_time_column(m, names[i], err);
    }
    return dtake__fail(err, DTAKE_E_USAGE,
                       "which column is the time? Say it with --time COLUMN or --time EXPRESSION, such as "
                       "\"strptime(name, '%%Y%%m%%d')\"");
}

static dtake_status find_place(csv *m, dtake_error *err)
{
    static const char *const boxes[][4] = { { "min_lon", "min_lat", "max_lon", "max_lat" },
                                            { "west", "south", "east", "north" },
                                            { "lon_min", "lat_min", "lon_max", "lat_max" } };
    static const char *const points[][2] = { { "lon", "lat" },
                                             { "longitude", "latitude" },
                                             { "lng", "lat" } };
    static const char *const texts[] = { "geometry", "wkt", "geom", "footprint" };
    const char *given = m->options->geometry;
    if (given != NULL) {
        snprintf(m->place_text, sizeof m->place_text, "%s", given);
        return strlen(given) < sizeof m->place_text
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_LIMIT, "--geometry: an expression of more than %d characters",
                                 MAX_EXPRESSION_BYTES);
    }
    for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++)
        if (present(m, boxes[i][0]) && present(m, boxes[i][1]) && present(m, boxes[i][2]) &&
            present(m, boxes[i][3])) {
            snprintf(m->place_text, sizeof m->place_text, "box(%s, %s, %s, %s)", boxes[i][0], boxes[i][1],
                     boxes[i][2], boxes[i][3]);
            return DTAKE_OK;
        }
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        if (present(m, points[i][0]) && present(m, points[i][1])) {
            snprintf(m->place_text, sizeof m->place_text, "point(%s, %s)", points[i][0], points[i][1]);
            return DTAKE_OK;
        }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (present(m, texts[i]) && dtake__csv_column_type(present(m, texts[i])) == DTAKE_FIELD_STRING) {
            snprintf(m->place_text, sizeof m->place_text, "%s", texts[i]);
            return DTAKE_OK;
        }
    if (m->options->crs != NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "--crs: of which geometry? Say it with --geometry");
    return DTAKE_OK;
}

/* --- the schema --- */

static bool is_field(const csv *m, const dtake__csv_column *c)
{
    bool is_place = strcmp(m->place_text, c->column) == 0;
    bool is_time = m->time_column != NULL && strcmp(m->time_column, c->column) == 0;
    return !c->dropped && !is_time && !is_place;
}

static bool is_name(const csv *m, const dtake__csv_column *c)
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

static size_t add_roles(const csv *m, dtake_field *fields, size_t count)
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
static dtake_status make_schema(const csv *m, const dtake_schema *base, bool only_base, dtake_schema **out,
                                dtake_error *err)
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
                              .type = is_name(m, c) ? DTAKE_FIELD_STRING : dtake__csv_column_type(c),
                              .role = is_name(m, c) ? DTAKE_ROLE_NAME : DTAKE_ROLE_NONE };
        if (is_field(m, c) && !is_there(fields, count, &field))
            fields[count++] = field;
    }
    dtake_status st = dtake_schema_new(out, fields, count, err);
    dtake__free(fields);
    return st;
}

static dtake_status new_expression(dtake__row_expression **out, const csv *m, const char *text,
                                   const char *option, dtake_error *err)
{
    if (text == NULL || text[0] == '\0')
        return DTAKE_OK;
    dtake_status st = dtake__row_expression_new(out, text, m->fields, m->header_count, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "%s", option);
    return st;
}

/* That the expressions are sound is to be known before anything is made. */
static dtake_status check_expressions(csv *m, dtake_error *err)
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
        st = new_expression(&expression, m, given[i].text, given[i].option, err);
        dtake__row_expression_free(expression);
    }
    if (st == DTAKE_OK && m->place_text[0] != '\0')
        st = dtake__csv_geometry_new(&m->geometry, m->options->crs, err);
    return st;
}

static dtake_status csv_schema(dtake__mapper *mapper, const dtake_schema *base, dtake_schema **out,
                               dtake_error *err)
{
    csv *m = (csv *)mapper;
    const char *json = m->options->schema_json;
    dtake_schema *given = NULL;
    dtake_status st = dtake__csv_columns_check(&m->columns, m->options, err);
    if (st == DTAKE_OK)
        st = find_time(m, err);
    if (st == DTAKE_OK)
        st = find_place(m, err);
    if (st == DTAKE_OK)
        st = check_expressions(m, err);
    if (st == DTAKE_OK && json != NULL)
        st = dtake__schema_from_json(&given, json, strlen(json), err);
    if (st == DTAKE_OK)
        st = make_schema(m, given != NULL ? given : base, given != NULL, out, err);
    dtake_schema_release(given);
    return st;
}

/* --- rows --- */

static dtake_status csv_begin(dtake__mapper *mapper, const dtake_schema *schema, dtake_error *err)
{
    csv *m = (csv *)mapper;
    m->time_at = dtake_schema_find_role(schema, DTAKE_ROLE_TIME);
    m->geometry_at = dtake_schema_find_role(schema, DTAKE_ROLE_GEOMETRY);
    for (size_t i = 0; i < m->columns.count; i++) {
        dtake__csv_column *c = &m->columns.at[i];
        c->field_at = !is_field(m, c) ? -1
                      : is_name(m, c) ? dtake_schema_find_role(schema, DTAKE_ROLE_NAME)
                                      : dtake_schema_find(schema, c->field);
        if (c->field_at >= 0) {
            c->type = dtake_schema_field(schema, (size_t)c->field_at)->type;
            c->repeated = dtake_schema_field(schema, (size_t)c->field_at)->repeated;
        }
    }
    (void)err;
    return DTAKE_OK;
}

/* Column numbers differ from file to file, so expressions are made anew with each header. */
static dtake_status begin_input(csv *m, const dtake__record *record, dtake_error *err)
{
    drop_expressions(m);
    dtake_status st = read_header(m, record->text, record->len, err);
    if (st == DTAKE_OK)
        st = new_expression(&m->time, m, m->time_text, "--time", err);
    if (st == DTAKE_OK)
        st = new_expression(&m->place, m, m->place_text, "--geometry", err);
    if (st == DTAKE_OK)
        st = new_expression(&m->collection, m, m->options->collection_expression, "--collection-from", err);
    return st;
}

static dtake_status bad_value(const dtake__csv_column *c, dtake__span value, dtake_error *err)
{
    return dtake__fail(
        err, DTAKE_E_FORMAT, "column %.100s: '%.*s' is not a %s (--types %.100s=string takes it)", c->column,
        (int)(value.len < 60 ? value.len : 60), value.text, dtake_field_type_name(c->type), c->column);
}

static bool read_bool(dtake__span value, bool *out)
{
    static const char *const yes[] = { "true", "1", "yes" }, *const no[] = { "false", "0", "no" };
    for (size_t i = 0; i < 3; i++) {
        bool is_yes = value.len == strlen(yes[i]) && strncasecmp(value.text, yes[i], value.len) == 0;
        bool is_no = value.len == strlen(no[i]) && strncasecmp(value.text, no[i], value.len) == 0;
        if (is_yes || is_no) {
            *out = is_yes;
            return true;
        }
    }
    return false;
}

static bool read_time(dtake__csv_column *c, dtake__span value, int64_t *out)
{
    bool same;
    if (value.len == c->last_len && memcmp(value.text, c->last, value.len) == 0) {
        *out = c->last_ns;
        return true;
    }
    if (!dtake__item_time_read(value, out, &same))
        return false;
    c->last_len = value.len <= sizeof c->last ? value.len : 0;
    memcpy(c->last, value.text, c->last_len);
    c->last_ns = *out;
    return true;
}

static dtake_status put_value(dtake__builder *builder, dtake__csv_column *c, dtake__span value,
                              dtake_error *err)
{
    size_t at = (size_t)c->field_at;
    int64_t i64;
    uint64_t u64;
    double f64;
    bool truth;
    dtake_status st;
    switch (c->repeated ? DTAKE_FIELD_NONE : c->type) {
    case DTAKE_FIELD_INT64:
        if (!dtake__parse_i64_span(value, &i64))
            return bad_value(c, value, err);
        st = dtake__put_i64(builder, at, i64);
        break;
    case DTAKE_FIELD_UINT64:
        if (!dtake__parse_u64_span(value, &u64))
            return bad_value(c, value, err);
        st = dtake__put_u64(builder, at, u64);
        break;
    case DTAKE_FIELD_FLOAT64:
        if (!dtake__parse_f64_span(value, &f64))
            return bad_value(c, value, err);
        st = dtake__put_f64(builder, at, f64);
        break;
    case DTAKE_FIELD_BOOL:
        if (!read_bool(value, &truth))
            return bad_value(c, value, err);
        st = dtake__put_bool(builder, at, truth);
        break;
    case DTAKE_FIELD_TIMESTAMP:
        if (!read_time(c, value, &i64))
            return bad_value(c, value, err);
        st = dtake__put_i64(builder, at, i64);
        break;
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        st = dtake__put_bytes(builder, at, value.text, value.len);
        break;
    default:
        st = dtake__csv_put_text(builder, at, value);
        if (st == DTAKE_E_FORMAT)
            return dtake__fail(err, st, "column %.100s: '%.*s' is not a %s%s", c->column,
                               (int)(value.len < 60 ? value.len : 60), value.text,
                               c->repeated ? "list of " : "", dtake_field_type_name(c->type));
    }
    return st == DTAKE_OK ? st
           : st == DTAKE_E_FORMAT
               ? dtake__fail(err, st, "column %.100s: not UTF-8", c->column)
               : dtake__fail(err, st, "column %.100s: %s", c->column, dtake_status_text(st));
}

static dtake_status evaluate(csv *m, const dtake__row_expression *expression, size_t count,
                             const char *option, dtake__row_value *out, dtake_error *err)
{
    dtake_status st = dtake__row_expression_evaluate(expression, m->fields, count, m->scratch, out, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "%s", option);
    return st;
}

static dtake_status put_time(csv *m, dtake__builder *builder, size_t count, dtake_error *err)
{
    dtake__row_value value;
    dtake_status st = evaluate(m, m->time, count, "--time", &value, err);
    int64_t time_ns = value.time_ns;
    bool same;
    if (st != DTAKE_OK)
        return st;
    if (value.kind == DTAKE__ROW_NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "no time");
    if (value.kind == DTAKE__ROW_TEXT && !dtake__item_time_read(value.text, &time_ns, &same))
        return dtake__fail(err, DTAKE_E_FORMAT, "--time: '%.*s' is not a time",
                           (int)(value.text.len < 60 ? value.text.len : 60), value.text.text);
    if (value.kind != DTAKE__ROW_TIME && value.kind != DTAKE__ROW_TEXT)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "--time: this is not a time; use time(), strptime() or epoch()");
    return dtake__put_i64(builder, (size_t)m->time_at, time_ns);
}

static dtake_status put_place(csv *m, dtake__builder *builder, size_t count, dtake_error *err)
{
    dtake__row_value value;
    dtake__span wkb;
    if (m->place == NULL || m->geometry_at < 0)
        return DTAKE_OK;
    dtake_status st = evaluate(m, m->place, count, "--geometry", &value, err);
    if (st == DTAKE_OK)
        st = dtake__csv_geometry_make(m->geometry, &value, &wkb, err);
    if (st != DTAKE_OK || wkb.len == 0)
        return st;
    return dtake__put_bytes(builder, (size_t)m->geometry_at, wkb.text, wkb.len);
}

static dtake_status find_collection(csv *m, size_t count, dtake__mapper_result *result, dtake_error *err)
{
    dtake__row_value value;
    if (m->collection == NULL)
        return DTAKE_OK;
    dtake_status st = evaluate(m, m->collection, count, "--collection-from", &value, err);
    if (st != DTAKE_OK)
        return st;
    if (value.kind != DTAKE__ROW_TEXT || value.text.len == 0 || value.text.len >= sizeof m->collection_name)
        return dtake__fail(err, DTAKE_E_FORMAT, "--collection-from: not the name of a collection");
    memcpy(m->collection_name, value.text.text, value.text.len);
    result->collection = (dtake__span){ m->collection_name, value.text.len };
    return DTAKE_OK;
}

static dtake_status put_row(csv *m, dtake__builder *builder, const dtake__record *record,
                            dtake__mapper_result *result, dtake_error *err)
{
    size_t count;
    dtake_status st = dtake__csv_split(record->text, record->len, m->delimiter, m->fields,
                                       DTAKE__CSV_MAX_FIELDS, &count, err);
    if (st == DTAKE_OK && count != m->header_count)
        return dtake__fail(err, DTAKE_E_FORMAT, "%zu fields where the header has %zu", count,
                           m->header_count);
    m->scratch->used = 0;
    if (st == DTAKE_OK)
        st = find_collection(m, count, result, err);
    if (st == DTAKE_OK)
        st = put_time(m, builder, count, err);
    if (st == DTAKE_OK)
        st = put_place(m, builder, count, err);
    for (size_t i = 0; i < m->columns.count && st == DTAKE_OK; i++) {
        dtake__csv_column *c = &m->columns.at[i];
        if (c->field_at >= 0 && c->at >= 0 && m->fields[c->at].len > 0)
            st = put_value(builder, c, m->fields[c->at], err);
    }
    return st == DTAKE_OK ? dtake__builder_end_row(builder) : st;
}

/* Fields in quotes are unquoted in place; a list of failures wants them as they were. */
static dtake_status keep_text(csv *m, const dtake__record *record, dtake__mapper_result *result,
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
    csv *m = (csv *)mapper;
    if (first) {
        dtake_status st = begin_input(m, record, err);
        result->made = false;
        result->fatal = st != DTAKE_OK;
        return st;
    }
    dtake_status st = keep_text(m, record, result, err);
    if (st == DTAKE_OK)
        st = put_row(m, builder, record, result, err);
    if (st != DTAKE_OK)
        dtake__builder_drop_row(builder);
    return st;
}

static const dtake__mapper_kind csv_kind = {
    .free = csv_free,
    .sample = csv_sample,
    .schema = csv_schema,
    .begin = csv_begin,
    .put = csv_put,
};

dtake_status dtake__mapper_csv_new(dtake__mapper **out, const dtake_ingest_options *options, dtake_error *err)
{
    csv *m = dtake__calloc(1, sizeof *m);
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
