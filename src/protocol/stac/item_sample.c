#include "protocol/stac/item_sample.h"

#include "core/alloc.h"
#include "core/error.h"
#include "format/json.h"
#include "protocol/stac/item_fields.h"
#include "protocol/stac/item_time.h"

#include <string.h>

/* What values of a property were seen, alone or as elements of lists. */
enum {
    SEEN_BOOL = 1,
    SEEN_INT = 2,
    SEEN_FLOAT = 4,
    SEEN_TEXT = 8,
    SEEN_TIME = 16,
    SEEN_OTHER = 32,
};

typedef struct property {
    char *name;
    size_t len;
    unsigned alone, listed;
    bool in_list;
} property;

struct dtake__item_sample {
    property *at;
    size_t count, room;
    size_t next; /* items have their properties mostly in the same order */
};

dtake__item_sample *dtake__item_sample_new(void)
{
    return dtake__calloc(1, sizeof(dtake__item_sample));
}

void dtake__item_sample_free(dtake__item_sample *sample)
{
    if (sample == NULL)
        return;
    for (size_t i = 0; i < sample->count; i++)
        dtake__free(sample->at[i].name);
    dtake__free(sample->at);
    dtake__free(sample);
}

static property *find(dtake__item_sample *sample, const char *name, size_t len)
{
    for (size_t i = 0; i < sample->count; i++) {
        property *p = &sample->at[(sample->next + i) % sample->count];
        if (p->len == len && memcmp(p->name, name, len) == 0) {
            sample->next = (size_t)(p - sample->at) + 1;
            return p;
        }
    }
    return NULL;
}

static property *add(dtake__item_sample *sample, const char *name, size_t len)
{
    property *grown = dtake__room_for_one(sample->at, sample->count, &sample->room, sizeof *grown);
    if (grown == NULL)
        return NULL;
    sample->at = grown;
    property *p = &sample->at[sample->count];
    *p = (property){ .name = dtake__strndup(name, len), .len = len };
    if (p->name == NULL)
        return NULL;
    sample->count++;
    return p;
}

/* Of a number, text or truth value; anything else is passed over. */
static unsigned read_kind(dtake__json_in *in)
{
    dtake__decimal number;
    dtake__json_quoted text;
    bool truth;
    int64_t whole;
    switch (dtake__json_peek(in)) {
    case DTAKE__JSON_NULL:
        dtake__json_read_null(in);
        return 0;
    case DTAKE__JSON_BOOL:
        dtake__json_read_bool(in, &truth);
        return SEEN_BOOL;
    case DTAKE__JSON_NUMBER:
        if (!dtake__json_read_number(in, &number))
            return SEEN_OTHER;
        return number.whole && dtake__decimal_i64(&number, &whole) ? SEEN_INT : SEEN_FLOAT;
    case DTAKE__JSON_TEXT:
        if (!dtake__json_read_text(in, &text))
            return SEEN_OTHER;
        return !text.escaped && dtake__item_time_is_full(text.raw) ? SEEN_TIME : SEEN_TEXT;
    default:
        dtake__json_skip(in);
        return SEEN_OTHER;
    }
}

static void look_at_value(dtake__json_in *in, property *p)
{
    if (dtake__json_peek(in) != DTAKE__JSON_ARRAY) {
        p->alone |= read_kind(in);
        return;
    }
    p->in_list = true;
    dtake__json_enter_array(in);
    while (dtake__json_next_element(in))
        if (dtake__json_peek(in) == DTAKE__JSON_NULL) {
            dtake__json_read_null(in);
            p->listed |= SEEN_OTHER; /* lists with gaps stay as they are */
        } else {
            p->listed |= read_kind(in);
        }
}

static dtake_status look_at_properties(dtake__item_sample *sample, dtake__json_in *in, dtake_error *err)
{
    dtake__json_quoted key;
    dtake__json_enter_object(in);
    while (dtake__json_next_key(in, &key)) {
        bool usable = !key.escaped && key.raw.len > 0 && key.raw.len <= DTAKE_MAX_FIELD_NAME_BYTES;
        property *p = usable ? find(sample, key.raw.text, key.raw.len) : NULL;
        if (p == NULL && usable && sample->count < DTAKE__MAX_SAMPLED_FIELDS &&
            (p = add(sample, key.raw.text, key.raw.len)) == NULL)
            return dtake__fail_nomem(err, "a schema");
        if (p != NULL)
            look_at_value(in, p);
        else
            dtake__json_skip(in);
    }
    return DTAKE_OK;
}

dtake_status dtake__item_sample_add(dtake__item_sample *sample, dtake__span text, dtake_error *err)
{
    dtake__json_in in;
    dtake__json_quoted key;
    dtake__json_start(&in, text.text, text.len);
    if (dtake__json_peek(&in) != DTAKE__JSON_OBJECT)
        return DTAKE_OK;
    dtake__json_enter_object(&in);
    while (dtake__json_next_key(&in, &key)) {
        if (!dtake__json_key_is(key, "properties") || dtake__json_peek(&in) != DTAKE__JSON_OBJECT) {
            dtake__json_skip(&in);
            continue;
        }
        dtake_status st = look_at_properties(sample, &in, err);
        if (st != DTAKE_OK)
            return st;
    }
    return DTAKE_OK;
}

/* By specification numbers with fractions, though many items write them without. */
static bool is_fractional(const char *name)
{
    static const char *const names[] = { "eo:cloud_cover", "eo:snow_cover", "cloud_cover", "gsd" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "view:", 5) == 0;
}

static dtake_field_type type_of(unsigned seen, const char *name)
{
    switch (seen) {
    case SEEN_BOOL:
        return DTAKE_FIELD_BOOL;
    case SEEN_INT:
        return is_fractional(name) ? DTAKE_FIELD_FLOAT64 : DTAKE_FIELD_INT64;
    case SEEN_FLOAT:
    case SEEN_INT | SEEN_FLOAT:
        return DTAKE_FIELD_FLOAT64;
    case SEEN_TIME:
        return DTAKE_FIELD_TIMESTAMP;
    case SEEN_TEXT:
    case SEEN_TEXT | SEEN_TIME:
        return DTAKE_FIELD_STRING;
    default:
        return DTAKE_FIELD_NONE;
    }
}

static dtake_field field_of(const property *p)
{
    bool repeated = p->in_list && p->alone == 0;
    bool mixed = p->in_list && p->alone != 0;
    return (dtake_field){ .name = p->name,
                          .type =
                              mixed ? DTAKE_FIELD_NONE : type_of(repeated ? p->listed : p->alone, p->name),
                          .repeated = repeated };
}

static bool is_taken(const dtake_field *fields, size_t count, const dtake_field *field)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, field->name) == 0 ||
            (field->role != DTAKE_ROLE_NONE && fields[i].role == field->role))
            return true;
    return false;
}

dtake_status dtake__item_sample_schema(const dtake__item_sample *sample, const dtake_schema *base,
                                       dtake_schema **out, dtake_error *err)
{
    size_t base_count = base != NULL ? dtake_schema_count(base) : 0, count = 0;
    size_t room = base_count + DTAKE__ITEM_FIELDS + sample->count;
    dtake_field *fields = dtake__calloc(room, sizeof *fields);
    if (fields == NULL)
        return dtake__fail_nomem(err, "a schema");
    for (; count < base_count; count++)
        fields[count] = *dtake_schema_field(base, count);
    for (int i = 0; i < DTAKE__ITEM_FIELDS; i++)
        if (!is_taken(fields, count, &dtake__item_fields[i]))
            fields[count++] = dtake__item_fields[i];
    for (size_t i = 0; i < sample->count && count < DTAKE_MAX_FIELDS; i++) {
        dtake_field field = field_of(&sample->at[i]);
        bool is_datetime = strcmp(field.name, "datetime") == 0; /* that is the time */
        if (field.type != DTAKE_FIELD_NONE && !is_datetime && !is_taken(fields, count, &field))
            fields[count++] = field;
    }
    dtake_status st = dtake_schema_new(out, fields, count, err);
    dtake__free(fields);
    return st;
}
