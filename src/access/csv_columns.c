#include "access/csv_columns.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/number.h"
#include "core/text.h"
#include "protocol/stac/item_time.h"

#include <string.h>

enum {
    SEEN_BOOL = 1,
    SEEN_INT = 2,
    SEEN_FLOAT = 4,
    SEEN_TIME = 8,
    SEEN_TEXT = 16,
};

/* Names that every dataset has for itself. */
static bool is_reserved(const char *name)
{
    return strcmp(name, "id") == 0 || strcmp(name, "time") == 0 || strcmp(name, "ingestion_time") == 0 ||
           strcmp(name, "geometry") == 0;
}

/* "a=b" cut at its first '='; false without one. */
static bool cut(const char *text, char sign, char *left, size_t left_size, const char **right)
{
    const char *at = strchr(text, sign);
    if (at == NULL || at == text || at[1] == '\0' || (size_t)(at - text) >= left_size)
        return false;
    memcpy(left, text, (size_t)(at - text));
    left[at - text] = '\0';
    *right = at + 1;
    return true;
}

static dtake_status read_type(const char *text, dtake_field_type *out, dtake_error *err)
{
    *out = dtake_field_type_find(text);
    switch (*out) {
    case DTAKE_FIELD_BOOL:
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_UINT64:
    case DTAKE_FIELD_FLOAT64:
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_BYTES:
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_DURATION:
    case DTAKE_FIELD_UUID:
    case DTAKE_FIELD_JSON:
    case DTAKE_FIELD_ASSETS:
        return DTAKE_OK;
    default:
        return dtake__fail(err, DTAKE_E_USAGE,
                           "'%.60s' is no type of a column; there are bool, int64, uint64, float64, string, "
                           "bytes, timestamp, duration, uuid, json, assets, and what a --schema says",
                           text);
    }
}

/* "column" or "column:type"; a name may have ':' in it ("eo:cloud_cover"), so only a type behind the last one
 * counts.
 */
static dtake_status cut_type(const char *text, char *column, size_t size, dtake_field_type *type,
                             dtake_error *err)
{
    const char *colon = strrchr(text, ':');
    bool typed = colon != NULL && dtake_field_type_find(colon + 1) != DTAKE_FIELD_NONE;
    size_t len = typed ? (size_t)(colon - text) : strlen(text);
    if (len == 0 || len >= size)
        return dtake__fail(err, DTAKE_E_USAGE, "'%.100s': not the name of a column", text);
    memcpy(column, text, len);
    column[len] = '\0';
    return typed ? read_type(colon + 1, type, err) : DTAKE_OK;
}

static dtake_status apply_options(dtake__csv_column *c, const dtake_ingest_options *o, dtake_error *err)
{
    char left[256], column[256];
    const char *right;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < o->map_count && st == DTAKE_OK; i++) {
        dtake_field_type type = DTAKE_FIELD_NONE;
        if (!cut(o->maps[i], '=', left, sizeof left, &right))
            return dtake__fail(err, DTAKE_E_USAGE,
                               "--map '%.100s': expected FIELD=COLUMN or FIELD=COLUMN:TYPE", o->maps[i]);
        st = cut_type(right, column, sizeof column, &type, err);
        if (st != DTAKE_OK || strcmp(column, c->column) != 0)
            continue;
        dtake__free(c->field);
        c->type = type;
        if ((c->field = dtake__strdup(left)) == NULL)
            st = dtake__fail_nomem(err, "columns");
    }
    for (size_t i = 0; i < o->type_count && st == DTAKE_OK; i++) {
        if (!cut(o->types[i], '=', left, sizeof left, &right))
            return dtake__fail(err, DTAKE_E_USAGE, "--types '%.100s': expected COLUMN=TYPE", o->types[i]);
        if (strcmp(left, c->column) == 0)
            st = read_type(right, &c->type, err);
    }
    for (size_t i = 0; i < o->drop_count; i++)
        c->dropped = c->dropped || strcmp(o->drops[i], c->column) == 0;
    return st;
}

static dtake_status add(dtake__csv_columns *columns, dtake__span name, const dtake_ingest_options *o,
                        dtake_error *err)
{
    if (columns->count == columns->room) {
        size_t room = columns->room == 0 ? 16 : columns->room * 2;
        dtake__csv_column *grown = dtake__realloc_array(columns->at, room, sizeof *grown);
        if (grown == NULL)
            return dtake__fail_nomem(err, "columns");
        columns->at = grown;
        columns->room = room;
    }
    dtake__csv_column *c = &columns->at[columns->count];
    *c = (dtake__csv_column){ .column = dtake__strndup(name.text, name.len), .at = -1, .field_at = -1 };
    if (c->column == NULL)
        return dtake__fail_nomem(err, "columns");
    columns->count++;
    size_t len = strlen(c->column);
    bool reserved = is_reserved(c->column);
    if ((c->field = dtake__calloc(1, len + 2)) == NULL)
        return dtake__fail_nomem(err, "columns");
    memcpy(c->field, c->column, len);
    if (reserved)
        c->field[len] = '_';
    return apply_options(c, o, err);
}

dtake__csv_column *dtake__csv_columns_find(const dtake__csv_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->at[i].column, name) == 0)
            return &columns->at[i];
    return NULL;
}

static dtake__csv_column *find_span(const dtake__csv_columns *columns, dtake__span name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (dtake__span_equal(dtake__span_of(columns->at[i].column), name))
            return &columns->at[i];
    return NULL;
}

dtake_status dtake__csv_columns_bind(dtake__csv_columns *columns, const dtake__span *header, size_t count,
                                     const dtake_ingest_options *options, dtake_error *err)
{
    for (size_t i = 0; i < columns->count; i++)
        columns->at[i].at = -1;
    for (size_t i = 0; i < count; i++) {
        dtake__csv_column *c = find_span(columns, header[i]);
        if (header[i].len == 0)
            continue; /* a column without a name is passed over */
        if (c != NULL && c->at >= 0)
            return dtake__fail(err, DTAKE_E_FORMAT, "two columns are named '%.100s'", c->column);
        if (c == NULL) {
            dtake_status st = add(columns, header[i], options, err);
            if (st != DTAKE_OK)
                return st;
            c = &columns->at[columns->count - 1];
        }
        c->at = (int)i;
    }
    return DTAKE_OK;
}

static dtake_status check_name(const dtake__csv_columns *columns, const char *name, const char *option,
                               dtake_error *err)
{
    if (dtake__csv_columns_find(columns, name) != NULL)
        return DTAKE_OK;
    const char *near = NULL;
    int least = 4;
    for (size_t i = 0; i < columns->count; i++) {
        int edits = dtake__edit_distance(columns->at[i].column, name);
        if (edits < least) {
            least = edits;
            near = columns->at[i].column;
        }
    }
    return near != NULL
               ? dtake__fail(err, DTAKE_E_USAGE, "%s: there is no column '%.100s'; did you mean '%.100s'?",
                             option, name, near)
               : dtake__fail(err, DTAKE_E_USAGE, "%s: there is no column '%.100s'", option, name);
}

dtake_status dtake__csv_columns_check(const dtake__csv_columns *columns, const dtake_ingest_options *o,
                                      dtake_error *err)
{
    char left[256];
    const char *right;
    dtake_field_type type = DTAKE_FIELD_NONE;
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < o->map_count && st == DTAKE_OK; i++)
        if (cut(o->maps[i], '=', left, sizeof left, &right) &&
            (st = cut_type(right, left, sizeof left, &type, err)) == DTAKE_OK)
            st = check_name(columns, left, "--map", err);
    for (size_t i = 0; i < o->type_count && st == DTAKE_OK; i++)
        if (cut(o->types[i], '=', left, sizeof left, &right))
            st = check_name(columns, left, "--types", err);
    for (size_t i = 0; i < o->drop_count && st == DTAKE_OK; i++)
        st = check_name(columns, o->drops[i], "--drop", err);
    if (st == DTAKE_OK && o->name_column != NULL)
        st = check_name(columns, o->name_column, "--name", err);
    return st;
}

dtake_status dtake__csv_columns_copy(const dtake__csv_columns *from, dtake__csv_columns *out,
                                     dtake_error *err)
{
    *out = (dtake__csv_columns){ 0 };
    for (size_t i = 0; i < from->count; i++) {
        dtake__csv_column *grown = dtake__room_for_one(out->at, out->count, &out->room, sizeof *out->at);
        if (grown == NULL)
            return dtake__fail_nomem(err, "columns");
        out->at = grown;
        dtake__csv_column *c = &out->at[out->count++];
        *c = from->at[i];
        c->column = dtake__strdup(from->at[i].column);
        c->field = dtake__strdup(from->at[i].field);
        if (c->column == NULL || c->field == NULL)
            return dtake__fail_nomem(err, "columns");
    }
    return DTAKE_OK;
}

void dtake__csv_columns_dispose(dtake__csv_columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        dtake__free(columns->at[i].column);
        dtake__free(columns->at[i].field);
    }
    dtake__free(columns->at);
    *columns = (dtake__csv_columns){ 0 };
}

static bool is_word(dtake__span value, const char *word)
{
    return value.len == strlen(word) && strncasecmp(value.text, word, value.len) == 0;
}

/* Of digits alone, or with one point between them; 0: look closer. */
static unsigned plain_kind_of(dtake__span value)
{
    size_t points = 0, last = value.len - 1;
    if (value.len > 15 || (value.text[0] == '0' && value.len > 1 && value.text[1] != '.'))
        return 0;
    for (size_t i = 0; i < value.len; i++) {
        bool point = value.text[i] == '.' && i > 0 && i < last;
        points += point;
        if (!point && (value.text[i] < '0' || value.text[i] > '9'))
            return 0;
    }
    return points == 0 ? SEEN_INT : points == 1 ? SEEN_FLOAT : 0;
}

static unsigned kind_of(dtake__span value, int64_t *time_ns)
{
    dtake__decimal number;
    int64_t whole;
    double real;
    bool same;
    unsigned plain = plain_kind_of(value);
    if (plain != 0)
        return plain;
    const char *end = value.text + value.len;
    if (dtake__decimal_scan(value.text, end, &number) && number.end == end) {
        if (!number.plain && number.whole)
            return SEEN_TEXT; /* 007 is a code */
        return number.whole && dtake__decimal_i64(&number, &whole) ? SEEN_INT : SEEN_FLOAT;
    }
    if (dtake__parse_f64_span(value, &real))
        return SEEN_FLOAT;
    if (is_word(value, "true") || is_word(value, "false"))
        return SEEN_BOOL;
    return dtake__item_time_read(value, time_ns, &same) ? SEEN_TIME : SEEN_TEXT;
}

void dtake__csv_column_remember(dtake__csv_column *column, dtake__span text, int64_t time_ns)
{
    column->last_len = text.len <= sizeof column->last ? text.len : 0;
    memcpy(column->last, text.text, column->last_len);
    column->last_ns = time_ns;
}

void dtake__csv_column_look(dtake__csv_column *column, dtake__span value)
{
    int64_t time_ns;
    if (value.len == 0 || column->type != DTAKE_FIELD_NONE || (column->seen & SEEN_TEXT) != 0)
        return;
    if (value.len == column->last_len && memcmp(value.text, column->last, value.len) == 0)
        return; /* the last time again */
    unsigned kind = kind_of(value, &time_ns);
    column->seen |= kind;
    if (kind == SEEN_TIME)
        dtake__csv_column_remember(column, value, time_ns);
}

dtake_field_type dtake__csv_column_type(const dtake__csv_column *column)
{
    if (column->type != DTAKE_FIELD_NONE)
        return column->type;
    switch (column->seen) {
    case SEEN_BOOL:
        return DTAKE_FIELD_BOOL;
    case SEEN_INT:
        return DTAKE_FIELD_INT64;
    case SEEN_FLOAT:
    case SEEN_INT | SEEN_FLOAT:
        return DTAKE_FIELD_FLOAT64;
    case SEEN_TIME:
        return DTAKE_FIELD_TIMESTAMP;
    default:
        return DTAKE_FIELD_STRING;
    }
}
