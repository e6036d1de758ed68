/* The properties of an item into the fields of their names. What does not fit a field without loss is kept
 * verbatim in the rest. */
#include "protocol/stac/item_row.h"

#include "core/error.h"
#include "protocol/stac/item_time.h"
#include "table/schema.h"

#include <string.h>

/* The largest whole number up to which a double has every one. */
static const uint64_t EXACT_WHOLE = UINT64_C(1) << 53;

/* Outcome of one value. */
typedef enum fit {
    FITS,      /* the field has it, as it was written */
    FITS_ALSO, /* the field has its value, the text must be kept as well */
    FITS_NOT,
    FAILED, /* r->status of the put */
} fit;

static fit of_put(dtake_status st)
{
    return st == DTAKE_OK ? FITS : st == DTAKE_E_NOMEM || st == DTAKE_E_LIMIT ? FAILED : FITS_NOT;
}

static fit put_number(dtake__item_reader *r, size_t at, const dtake_field *field, dtake__json_in *in)
{
    dtake__decimal number;
    int64_t i64;
    uint64_t u64;
    double f64;
    if (dtake__json_peek(in) != DTAKE__JSON_NUMBER || !dtake__json_read_number(in, &number))
        return FITS_NOT;
    switch (field->type) {
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_DURATION:
        return dtake__decimal_i64(&number, &i64) ? of_put(dtake__put_i64(r->builder, at, i64)) : FITS_NOT;
    case DTAKE_FIELD_UINT64:
        return dtake__decimal_u64(&number, &u64) ? of_put(dtake__put_u64(r->builder, at, u64)) : FITS_NOT;
    default:
        break;
    }
    if (!dtake__decimal_f64(&number, &f64))
        return FITS_NOT;
    fit fits = of_put(dtake__put_f64(r->builder, at, f64));
    bool exact = !number.whole || (!number.truncated && number.mantissa <= EXACT_WHOLE);
    return fits == FITS && !exact ? FITS_ALSO : fits;
}

static fit put_text(dtake__item_reader *r, size_t at, const dtake_field *field, dtake__json_in *in)
{
    dtake__json_quoted quoted;
    dtake__span text;
    int64_t time_ns;
    bool same;
    if (dtake__json_peek(in) != DTAKE__JSON_TEXT || !dtake__json_read_text(in, &quoted))
        return FITS_NOT;
    if (dtake__item_text(r, quoted, &text) != DTAKE_OK)
        return FAILED;
    if (field->type == DTAKE_FIELD_STRING)
        return of_put(dtake__put_bytes(r->builder, at, text.text, text.len));
    if (field->type == DTAKE_FIELD_TIMESTAMP) {
        if (!dtake__item_time_read(text, &time_ns, &same))
            return FITS_NOT;
        fit fits = of_put(dtake__put_i64(r->builder, at, time_ns));
        return fits == FITS && !same ? FITS_ALSO : fits;
    }
    const dtake_enum_value *value = dtake__enum_by_name(r->schema, at, text.text, text.len);
    return value != NULL ? of_put(dtake__put_i64(r->builder, at, value->value)) : FITS_NOT;
}

static fit put_one(dtake__item_reader *r, size_t at, const dtake_field *field, dtake__json_in *in)
{
    dtake__span raw;
    bool truth;
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        if (dtake__json_peek(in) != DTAKE__JSON_BOOL || !dtake__json_read_bool(in, &truth))
            return FITS_NOT;
        return of_put(dtake__put_bool(r->builder, at, truth));
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_UINT64:
    case DTAKE_FIELD_FLOAT64:
    case DTAKE_FIELD_DURATION:
        return put_number(r, at, field, in);
    case DTAKE_FIELD_STRING:
    case DTAKE_FIELD_TIMESTAMP:
    case DTAKE_FIELD_ENUM:
        return put_text(r, at, field, in);
    case DTAKE_FIELD_JSON:
        if (dtake__item_raw(r, in, &raw) != DTAKE_OK)
            return FITS_NOT;
        return of_put(dtake__put_bytes(r->builder, at, raw.text, raw.len));
    default:
        return FITS_NOT;
    }
}

static fit put_list(dtake__item_reader *r, size_t at, const dtake_field *field, dtake__json_in *in)
{
    fit all = FITS;
    if (dtake__json_peek(in) != DTAKE__JSON_ARRAY || !dtake__json_enter_array(in))
        return FITS_NOT;
    if (dtake__put_list(r->builder, at) != DTAKE_OK)
        return FAILED;
    while ((all == FITS || all == FITS_ALSO) && dtake__json_next_element(in)) {
        fit one = put_one(r, at, field, in);
        all = one == FITS ? all : one;
    }
    return all;
}

/* Reads the value a second time, as it is written, after the field had its turn. */
static dtake_status keep_rest(dtake__item_reader *r, dtake__json_in *in, const dtake__json_in *before,
                              dtake__json_quoted key)
{
    dtake__span raw;
    *in = *before;
    dtake_status st = dtake__item_raw(r, in, &raw);
    return st == DTAKE_OK ? dtake__item_keep(&r->rest, key, raw) : st;
}

static dtake_status put_property(dtake__item_reader *r, dtake__json_in *in, dtake__json_quoted key, int at)
{
    const dtake__json_in before = *in;
    fit fits = FITS_NOT;
    if (at >= 0) {
        const dtake_field *field = dtake_schema_field(r->schema, (size_t)at);
        fits = field->repeated ? put_list(r, (size_t)at, field, in) : put_one(r, (size_t)at, field, in);
        if (fits == FAILED)
            return dtake__fail(r->err, DTAKE_E_NOMEM, "property '%.100s': out of memory", field->name);
        if (fits == FITS_NOT && dtake__put_null(r->builder, (size_t)at) == DTAKE_E_NOMEM)
            return dtake__fail_nomem(r->err, "an item");
    }
    return fits == FITS ? DTAKE_OK : keep_rest(r, in, &before, key);
}

/* The field of a property; -1: none. Items of one kind have theirs in the same order. */
static int find_property(dtake__item_reader *r, dtake__json_quoted key)
{
    if (key.escaped)
        return -1;
    size_t count = dtake_schema_count(r->schema);
    int at = -1;
    if (r->next_property < count) {
        const char *name = dtake_schema_field(r->schema, r->next_property)->name;
        if (strncmp(name, key.raw.text, key.raw.len) == 0 && name[key.raw.len] == '\0')
            at = (int)r->next_property;
    }
    if (at < 0)
        at = dtake__schema_find(r->schema, key.raw.text, key.raw.len);
    if (at < 0 || !r->layout.is_property[at])
        return -1;
    r->next_property = (size_t)at + 1;
    return at;
}

/* Which of the places of the time this property is; -1: none. */
static int time_place(const dtake__item_reader *r, dtake__json_quoted key)
{
    if (r->time_name != NULL)
        return dtake__json_text_equal(key, dtake__span_of(r->time_name)) ? 0 : -1;
    if (dtake__json_key_is(key, "datetime"))
        return 0;
    if (dtake__json_key_is(key, "start_datetime"))
        return 1;
    return dtake__json_key_is(key, "startTime") ? 2 : -1;
}

/* Remembers the time, of one that comes twice the last, and goes back before it; true when the time field
 * alone says all of it. */
static bool read_time(dtake__item_reader *r, dtake__json_in *in, int place)
{
    const dtake__json_in before = *in;
    dtake__json_quoted text;
    bool same = false, again = r->row.saw_time[place];
    r->row.has_time[place] = dtake__json_peek(in) == DTAKE__JSON_TEXT && dtake__json_read_text(in, &text) &&
                             !text.escaped && dtake__item_time_read(text.raw, &r->row.time_ns[place], &same);
    r->row.saw_time[place] = true;
    if (place == 0 && r->time_name == NULL && same && !again)
        return true;
    *in = before;
    return false;
}

static bool is_name(const dtake__item_reader *r, dtake__json_quoted key)
{
    if (r->name_name != NULL)
        return dtake__json_text_equal(key, dtake__span_of(r->name_name));
    return !r->row.has_id &&
           (dtake__json_key_is(key, "fileID") || (!r->row.has_name && dtake__json_key_is(key, "sceneName")));
}

static dtake_status read_name(dtake__item_reader *r, dtake__json_in *in)
{
    const dtake__json_in before = *in;
    dtake__json_quoted quoted;
    dtake__span text;
    int at = r->layout.at[DTAKE__ITEM_NAME];
    dtake_status st = DTAKE_OK;
    if (dtake__json_peek(in) == DTAKE__JSON_TEXT && dtake__json_read_text(in, &quoted) &&
        quoted.raw.len > 0) {
        st = dtake__item_text(r, quoted, &text);
        r->row.has_name = true;
        if (st == DTAKE_OK && at >= 0)
            st = dtake__put_bytes(r->builder, (size_t)at, text.text, text.len);
    }
    *in = before;
    return st;
}

dtake_status dtake__item_read_properties(dtake__item_reader *r, dtake__json_in *in)
{
    dtake__json_quoted key;
    dtake_status st = DTAKE_OK;
    if (dtake__json_peek(in) == DTAKE__JSON_NULL)
        return dtake__json_read_null(in) ? DTAKE_OK : DTAKE_E_FORMAT;
    if (!dtake__json_enter_object(in))
        return DTAKE_E_FORMAT;
    while (st == DTAKE_OK && dtake__json_next_key(in, &key)) {
        int place = time_place(r, key);
        if (place >= 0 && read_time(r, in, place))
            continue;
        if (is_name(r, key))
            st = read_name(r, in);
        if (st == DTAKE_OK)
            st = put_property(r, in, key, find_property(r, key));
    }
    return st;
}
