/* A schema as JSON text: what the catalogue keeps, and what a person writes for --schema. */
#include "table/schema.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/field_json.h"
#include "format/json.h"

#include <string.h>

enum { MOST_BYTES = 16 * 1024 * 1024 };

dtake_status dtake__schema_to_json(const dtake_schema *schema, dtake_buf *out, dtake_error *err)
{
    dtake__json json = { .out = out };
    dtake__json_object(&json, NULL);
    dtake__json_array(&json, "fields");
    for (size_t i = 0; i < dtake_schema_count(schema); i++)
        dtake__json_field(&json, dtake_schema_field(schema, i));
    dtake__json_end(&json, ']');
    dtake__json_end(&json, '}');
    return json.status == DTAKE_OK ? DTAKE_OK
                                   : dtake__fail(err, json.status, "write a schema of %zu fields: %s",
                                                 dtake_schema_count(schema), dtake_status_text(json.status));
}

typedef struct reading {
    dtake__json_in in;
    char *texts; /* room for all texts of the document */
    dtake_field *fields;
    size_t *first_value; /* a field: index into values, which moves while it grows */
    size_t count;
    dtake_enum_value *values;
    size_t value_count, value_room;
    bool no_memory;
} reading;

/* A copy of the text without escapes, ended by '\0'. Two quotes in the document make room for one '\0'. */
static const char *keep(reading *r, dtake__json_quoted text)
{
    char *copy = r->texts;
    size_t len = dtake__json_unescape(text, copy);
    if (memchr(copy, '\0', len)) {
        dtake__json_reject(&r->in, text.raw.text, "text without the character 0");
        return NULL;
    }
    copy[len] = '\0';
    r->texts += len + 1;
    return copy;
}

static bool read_text(reading *r, const char **out)
{
    dtake__json_quoted text;
    return dtake__json_read_text(&r->in, &text) && (*out = keep(r, text)) != NULL;
}

static bool read_type(reading *r, dtake_field *field)
{
    const char *at = r->in.at, *name;
    if (!read_text(r, &name))
        return false;
    field->type = dtake_field_type_find(name);
    return field->type != DTAKE_FIELD_NONE || dtake__json_reject(&r->in, at, "a type, as \"float64\"");
}

static bool read_role(reading *r, dtake_field *field)
{
    const char *at = r->in.at, *name;
    if (!read_text(r, &name))
        return false;
    return dtake__role_find(name, &field->role) || dtake__json_reject(&r->in, at, "a role, as \"time\"");
}

static bool read_int32(reading *r, int32_t *out)
{
    const char *at = r->in.at;
    int64_t value;
    if (!dtake__json_read_i64(&r->in, &value))
        return false;
    *out = (int32_t)value;
    return value == *out || dtake__json_reject(&r->in, at, "a number of 32 bits");
}

static bool read_values(reading *r, dtake_field *field)
{
    dtake__json_quoted key;
    if (!dtake__json_enter_object(&r->in))
        return false;
    r->first_value[r->count] = r->value_count;
    field->enum_count = 0;
    while (dtake__json_next_key(&r->in, &key)) {
        dtake_enum_value *grown =
            dtake__room_for_one(r->values, r->value_count, &r->value_room, sizeof *grown);
        if (!grown) {
            r->no_memory = true;
            return false;
        }
        r->values = grown;
        dtake_enum_value *value = &r->values[r->value_count++];
        field->enum_count++;
        value->name = keep(r, key);
        if (!value->name || !read_int32(r, &value->value))
            return false;
    }
    return true;
}

static bool read_member(reading *r, dtake__json_quoted key, dtake_field *field)
{
    if (dtake__json_key_is(key, "name"))
        return read_text(r, &field->name);
    if (dtake__json_key_is(key, "type"))
        return read_type(r, field);
    if (dtake__json_key_is(key, "role"))
        return read_role(r, field);
    if (dtake__json_key_is(key, "repeated"))
        return dtake__json_read_bool(&r->in, &field->repeated);
    if (dtake__json_key_is(key, "width"))
        return read_int32(r, &field->width);
    if (dtake__json_key_is(key, "values"))
        return read_values(r, field);
    if (dtake__json_key_is(key, "unit"))
        return read_text(r, &field->unit);
    if (dtake__json_key_is(key, "description"))
        return read_text(r, &field->description);
    if (dtake__json_key_is(key, "example"))
        return read_text(r, &field->example);
    if (dtake__json_key_is(key, "not_queryable"))
        return dtake__json_read_bool(&r->in, &field->not_queryable);
    return dtake__json_reject(&r->in, key.raw.text,
                              "one of name, type, role, repeated, not_queryable, width, values, unit, "
                              "description, example");
}

static bool read_fields(reading *r)
{
    dtake__json_quoted key;
    if (!dtake__json_enter_array(&r->in))
        return false;
    while (dtake__json_next_element(&r->in)) {
        if (r->count == DTAKE_MAX_FIELDS)
            return dtake__json_reject(&r->in, r->in.at, "no more than 1000 fields");
        dtake_field *field = &r->fields[r->count];
        if (!dtake__json_enter_object(&r->in))
            return false;
        while (dtake__json_next_key(&r->in, &key))
            if (!read_member(r, key, field))
                return false;
        r->count++;
    }
    return true;
}

static bool read_document(reading *r)
{
    dtake__json_quoted key;
    bool found = false;
    if (!dtake__json_enter_object(&r->in))
        return false;
    while (dtake__json_next_key(&r->in, &key)) {
        if (!dtake__json_key_is(key, "fields")) {
            dtake__json_skip(&r->in);
            continue;
        }
        if (found)
            return dtake__json_reject(&r->in, key.raw.text, "\"fields\" only once");
        if (!read_fields(r))
            return false;
        found = true;
    }
    return found || dtake__json_reject(&r->in, r->in.start, "an object with \"fields\"");
}

dtake_status dtake__schema_from_json(dtake_schema **out, const char *text, size_t len, dtake_error *err)
{
    if (len > MOST_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "schema: %zu bytes of JSON are more than %d", len, MOST_BYTES);
    reading r = { .fields = dtake__calloc(DTAKE_MAX_FIELDS, sizeof *r.fields),
                  .first_value = dtake__calloc(DTAKE_MAX_FIELDS, sizeof *r.first_value) };
    char *texts = r.texts = dtake__alloc(len);
    dtake_status st;
    dtake__json_start(&r.in, text, len);
    r.no_memory = !r.fields || !r.first_value || !r.texts;
    if (!r.no_memory)
        read_document(&r);
    if (r.no_memory) {
        st = dtake__fail_nomem(err, "schema");
    } else if ((st = dtake__json_finish(&r.in, err)) != DTAKE_OK) {
        dtake__error_prefix(err, "schema");
    } else {
        for (size_t i = 0; i < r.count; i++)
            if (r.fields[i].enum_count > 0)
                r.fields[i].enum_values = r.values + r.first_value[i];
        st = dtake_schema_new(out, r.fields, r.count, err);
    }
    dtake__free(r.fields);
    dtake__free(r.first_value);
    dtake__free(r.values);
    dtake__free(texts);
    return st;
}
