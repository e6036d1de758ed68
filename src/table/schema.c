#include "table/schema_struct.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = { "none",
#define TYPE_NAME(name, text, arrow) text,
                                          DTAKE_FIELD_TYPE_MAP(TYPE_NAME)
#undef TYPE_NAME
};

enum { TYPE_COUNT = sizeof type_names / sizeof type_names[0] };

const char *dtake_field_type_name(dtake_field_type type)
{
    return (unsigned)type < TYPE_COUNT ? type_names[type] : type_names[0];
}

dtake_field_type dtake_field_type_find(const char *name)
{
    for (int i = 1; i < TYPE_COUNT; i++)
        if (strcmp(type_names[i], name) == 0)
            return (dtake_field_type)i;
    return DTAKE_FIELD_NONE;
}

/* FNV-1a: names are short and trusted as much as their dataset is; a row of equal hashes costs compares. */
static size_t hash(const char *name, size_t len)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (uint8_t)name[i]) * 16777619u;
    return h ^ h >> 15;
}

/* The slot that holds the name, or the free one where it belongs. */
static uint16_t *find_slot(const dtake_schema *schema, const char *name, size_t len)
{
    for (size_t at = hash(name, len);; at++) {
        uint16_t *slot = &schema->slots[at & (schema->slot_count - 1)];
        if (*slot == 0)
            return slot;
        const char *other = schema->fields[*slot - 1].name;
        if (strncmp(other, name, len) == 0 && other[len] == '\0')
            return slot;
    }
}

int dtake__schema_find(const dtake_schema *schema, const char *name, size_t len)
{
    return len <= DTAKE_MAX_FIELD_NAME_BYTES ? *find_slot(schema, name, len) - 1 : -1;
}

int dtake_schema_find(const dtake_schema *schema, const char *name)
{
    return dtake__schema_find(schema, name, strlen(name));
}

int dtake_schema_find_role(const dtake_schema *schema, dtake_field_role role)
{
    return role > DTAKE_ROLE_NONE && role <= DTAKE_ROLE_COLLECTION ? schema->roles[role] : -1;
}

size_t dtake_schema_count(const dtake_schema *schema)
{
    return schema->count;
}

const dtake_field *dtake_schema_field(const dtake_schema *schema, size_t index)
{
    return index < schema->count ? &schema->fields[index] : NULL;
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 1;
}

static size_t field_bytes(const dtake_field *field)
{
    size_t bytes = text_bytes(field->name) + text_bytes(field->unit) + text_bytes(field->description) +
                   text_bytes(field->example) + 2 * field->enum_count * sizeof(dtake_enum_value);
    for (size_t i = 0; i < field->enum_count; i++)
        bytes += text_bytes(field->enum_values[i].name);
    return bytes;
}

static const char *copy_text(char **at, const char *text)
{
    size_t bytes = text_bytes(text);
    char *copy = memcpy(*at, text ? text : "", bytes);
    *at += bytes;
    return copy;
}

static int compare_values(const void *a, const void *b)
{
    int32_t x = ((const dtake_enum_value *)a)->value, y = ((const dtake_enum_value *)b)->value;
    return (x > y) - (x < y);
}

/* Enum values stand at the front of the memory, where they are aligned; texts from `texts` on. */
static void copy_field(dtake_schema *schema, size_t index, const dtake_field *from, dtake_enum_value **values,
                       char **texts)
{
    dtake_field *to = &schema->fields[index];
    *to = *from;
    to->name = copy_text(texts, from->name);
    to->unit = copy_text(texts, from->unit);
    to->description = copy_text(texts, from->description);
    to->example = copy_text(texts, from->example);
    to->enum_values = NULL;
    if (from->enum_count == 0)
        return;
    dtake_enum_value *own = *values, *sorted = own + from->enum_count;
    *values += 2 * from->enum_count;
    for (size_t i = 0; i < from->enum_count; i++)
        own[i] =
            (dtake_enum_value){ copy_text(texts, from->enum_values[i].name), from->enum_values[i].value };
    memcpy(sorted, own, from->enum_count * sizeof *own);
    qsort(sorted, from->enum_count, sizeof *sorted, compare_values);
    to->enum_values = own;
    schema->by_value[index] = sorted;
}

static dtake_status add_field(dtake_schema *schema, size_t index, dtake_error *err)
{
    const dtake_field *field = &schema->fields[index];
    uint16_t *slot = find_slot(schema, field->name, strlen(field->name));
    if (*slot != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "schema: two fields are named %s", field->name);
    *slot = (uint16_t)(index + 1);
    if (field->role == DTAKE_ROLE_NONE)
        return DTAKE_OK;
    int *holder = &schema->roles[field->role];
    if (*holder >= 0)
        return dtake__fail(err, DTAKE_E_USAGE, "schema: %s and %s have the same role",
                           schema->fields[*holder].name, field->name);
    *holder = (int)index;
    return DTAKE_OK;
}

static dtake_status allocate(dtake_schema **out, const dtake_field *fields, size_t count, dtake_error *err)
{
    dtake_schema *schema = dtake__calloc(1, sizeof *schema);
    if (!schema)
        return dtake__fail_nomem(err, "a schema");
    size_t bytes = 1;
    for (size_t i = 0; i < count; i++)
        bytes += field_bytes(&fields[i]);
    schema->slot_count = 4;
    while (schema->slot_count < 2 * count)
        schema->slot_count *= 2;
    schema->refs = 1;
    schema->count = count;
    schema->fields = dtake__calloc(count, sizeof *schema->fields);
    schema->by_value = dtake__calloc(count, sizeof *schema->by_value);
    schema->slots = dtake__calloc(schema->slot_count, sizeof *schema->slots);
    schema->memory = dtake__alloc(bytes);
    memset(schema->roles, -1, sizeof schema->roles);
    if (!schema->fields || !schema->by_value || !schema->slots || !schema->memory) {
        dtake_schema_release(schema);
        return dtake__fail_nomem(err, "a schema");
    }
    *out = schema;
    return DTAKE_OK;
}

dtake_status dtake_schema_new(dtake_schema **out, const dtake_field *fields, size_t count, dtake_error *err)
{
    dtake_schema *schema = NULL;
    if (count > DTAKE_MAX_FIELDS)
        return dtake__fail(err, DTAKE_E_LIMIT, "schema: %zu fields are more than %d", count,
                           DTAKE_MAX_FIELDS);
    size_t values = 0;
    for (size_t i = 0; i < count; i++) {
        dtake_status st = dtake__field_check(&fields[i], i, err);
        if (st != DTAKE_OK)
            return st;
        values += 2 * fields[i].enum_count;
    }
    dtake_status st = allocate(&schema, fields, count, err);
    if (st != DTAKE_OK)
        return st;
    dtake_enum_value *value = (dtake_enum_value *)schema->memory;
    char *text = (char *)(value + values);
    for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
        copy_field(schema, i, &fields[i], &value, &text);
        st = add_field(schema, i, err);
    }
    if (st != DTAKE_OK)
        dtake_schema_release(schema);
    else
        *out = schema;
    return st;
}

dtake_schema *dtake_schema_retain(const dtake_schema *schema)
{
    dtake_schema *own = (dtake_schema *)schema;
    atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
    return own;
}

void dtake_schema_release(dtake_schema *schema)
{
    if (!schema || atomic_fetch_sub_explicit(&schema->refs, 1, memory_order_acq_rel) != 1)
        return;
    dtake__free(schema->fields);
    dtake__free(schema->by_value);
    dtake__free(schema->slots);
    dtake__free(schema->memory);
    dtake__free(schema);
}

const dtake_enum_value *dtake__enum_by_value(const dtake_schema *schema, size_t field, int64_t value)
{
    const dtake_enum_value *sorted = schema->by_value[field];
    size_t low = 0, high = schema->fields[field].enum_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sorted[middle].value < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < schema->fields[field].enum_count && sorted[low].value == value ? &sorted[low] : NULL;
}

const dtake_enum_value *dtake__enum_sorted(const dtake_schema *schema, size_t field)
{
    return schema->by_value[field];
}

const dtake_enum_value *dtake__enum_by_name(const dtake_schema *schema, size_t field, const char *name,
                                            size_t len)
{
    const dtake_field *f = &schema->fields[field];
    for (size_t i = 0; i < f->enum_count; i++)
        if (strlen(f->enum_values[i].name) == len && memcmp(f->enum_values[i].name, name, len) == 0)
            return &f->enum_values[i];
    return NULL;
}
