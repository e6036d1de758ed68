/* Records of CSV as rows. */
#include "access/csv_mapper.h"
#include "access/csv_value.h"
#include "core/error.h"
#include "core/number.h"
#include "protocol/stac/item_time.h"

#include <math.h>
#include <string.h>
#include <strings.h>

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
    dtake__csv_column_remember(c, value, *out);
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

static dtake_status evaluate(dtake__csv_mapper *m, const dtake__row_expression *expression, size_t count,
                             const char *option, dtake__row_value *out, dtake_error *err)
{
    dtake_status st = dtake__row_expression_evaluate(expression, m->fields, count, m->scratch, out, err);
    if (st != DTAKE_OK)
        dtake__error_prefix(err, "%s", option);
    return st;
}

/* --- the time --- */

static bool is_last_time(const dtake__csv_mapper *m)
{
    const dtake__csv_memo *last = &m->last_time;
    if (!last->known)
        return false;
    for (size_t i = 0; i < last->columns; i++) {
        dtake__span text = m->fields[last->column[i]];
        if (text.len != last->len[i] || memcmp(text.text, last->text[i], text.len) != 0)
            return false;
    }
    return true;
}

static void remember_time(dtake__csv_mapper *m, int64_t time_ns)
{
    dtake__csv_memo *last = &m->last_time;
    last->known = last->columns > 0;
    for (size_t i = 0; i < last->columns && last->known; i++) {
        dtake__span text = m->fields[last->column[i]];
        last->known = text.len <= DTAKE__CSV_MEMO_BYTES;
        last->len[i] = text.len;
        if (last->known)
            memcpy(last->text[i], text.text, text.len);
    }
    last->time_ns = time_ns;
}

static dtake_status make_time(dtake__csv_mapper *m, size_t count, int64_t *out, dtake_error *err)
{
    dtake__row_value value;
    dtake_status st = evaluate(m, m->time, count, "--time", &value, err);
    bool same;
    if (st != DTAKE_OK)
        return st;
    *out = value.time_ns;
    if (value.kind == DTAKE__ROW_NULL)
        return dtake__fail(err, DTAKE_E_FORMAT, "no time");
    if (value.kind == DTAKE__ROW_TEXT && !dtake__item_time_read(value.text, out, &same))
        return dtake__fail(err, DTAKE_E_FORMAT, "--time: '%.*s' is not a time",
                           (int)(value.text.len < 60 ? value.text.len : 60), value.text.text);
    if (value.kind != DTAKE__ROW_TIME && value.kind != DTAKE__ROW_TEXT)
        return dtake__fail(err, DTAKE_E_FORMAT,
                           "--time: this is not a time; use time(), strptime() or epoch()");
    return DTAKE_OK;
}

static dtake_status put_time(dtake__csv_mapper *m, dtake__builder *builder, size_t count, dtake_error *err)
{
    int64_t time_ns = m->last_time.time_ns;
    if (!is_last_time(m)) {
        dtake_status st = make_time(m, count, &time_ns, err);
        if (st != DTAKE_OK)
            return st;
        remember_time(m, time_ns);
    }
    return dtake__put_i64(builder, (size_t)m->time_at, time_ns);
}

/* --- the place --- */

/* False: something else stands in one of the columns; the expression says what that means. */
static bool read_numbers(const dtake__csv_mapper *m, dtake__row_value *out)
{
    int count = m->place_kind == DTAKE__ROW_POINT ? 2 : 4;
    out->kind = m->place_kind;
    for (int i = 0; i < count; i++)
        if (!dtake__parse_f64_span(m->fields[m->place_column[i]], &out->number[i]) ||
            !isfinite(out->number[i]))
            return false;
    return true;
}

static dtake_status put_place(dtake__csv_mapper *m, dtake__builder *builder, size_t count, dtake_error *err)
{
    dtake__row_value value;
    dtake__span wkb;
    dtake_status st = DTAKE_OK;
    if (m->place == NULL || m->geometry_at < 0)
        return DTAKE_OK;
    if (m->place_kind == DTAKE__ROW_NULL || !read_numbers(m, &value))
        st = evaluate(m, m->place, count, "--geometry", &value, err);
    if (st == DTAKE_OK)
        st = dtake__csv_geometry_make(m->geometry, &value, &wkb, err);
    if (st != DTAKE_OK || wkb.len == 0)
        return st;
    return dtake__put_bytes(builder, (size_t)m->geometry_at, wkb.text, wkb.len);
}

/* --- the row --- */

static dtake_status find_collection(dtake__csv_mapper *m, size_t count, dtake__mapper_result *result,
                                    dtake_error *err)
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

dtake_status dtake__csv_put_row(dtake__csv_mapper *m, dtake__builder *builder, const dtake__record *record,
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
