#include "catalog/part.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <string.h>

static const dtake_field collection_field = { .name = "collection",
                                              .type = DTAKE_FIELD_STRING,
                                              .role = DTAKE_ROLE_COLLECTION,
                                              .description = "the collection that the datapoint is of" };

typedef struct fields {
    dtake_field *at;
    size_t count;
    int collection;
} fields;

static bool has(const fields *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->at[i].name, name) == 0)
            return true;
    return false;
}

static void add(fields *f, const dtake_query *query, const dtake_field *field)
{
    if (has(f, field->name) || dtake__strings_have(&query->fields_without, field->name))
        return;
    if (field->role == DTAKE_ROLE_COLLECTION)
        f->collection = (int)f->count;
    f->at[f->count++] = *field;
}

/* By name; the time and the collection of any dataset also as "datetime" and "collection". */
static const dtake_field *find(const dtake_schema *dataset, const char *name)
{
    int at = dtake_schema_find(dataset, name);
    if (at < 0 && (strcmp(name, "datetime") == 0 || strcmp(name, "time") == 0))
        at = dtake_schema_find_role(dataset, DTAKE_ROLE_TIME);
    if (at < 0 && strcmp(name, "id") == 0)
        at = dtake_schema_find_role(dataset, DTAKE_ROLE_ID);
    if (at < 0 && strcmp(name, collection_field.name) == 0)
        return &collection_field;
    return at >= 0 ? dtake_schema_field(dataset, (size_t)at) : NULL;
}

static dtake_status add_named(fields *f, const dtake_query *query, const dtake_schema *dataset,
                              const char *name, dtake_error *err)
{
    const dtake_field *field = find(dataset, name);
    const char *near = NULL;
    int edits = (int)strlen(name) / 3 + 2;
    if (field != NULL) {
        add(f, query, field);
        return DTAKE_OK;
    }
    for (size_t i = 0; i < dtake_schema_count(dataset); i++) {
        int distance = dtake__edit_distance(name, dtake_schema_field(dataset, i)->name);
        if (distance < edits) {
            edits = distance;
            near = dtake_schema_field(dataset, i)->name;
        }
    }
    return near != NULL
               ? dtake__fail(err, DTAKE_E_USAGE, "fields: no field '%s'; did you mean '%s'?", name, near)
               : dtake__fail(err, DTAKE_E_USAGE, "fields: no field '%s' in the dataset", name);
}

static dtake_status choose(fields *f, const dtake_schema *dataset, const dtake_query *query, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    size_t count = dtake_schema_count(dataset);
    if (query->skip_data) {
        add(f, query, dtake_schema_field(dataset, (size_t)dtake_schema_find_role(dataset, DTAKE_ROLE_TIME)));
        add(f, query, dtake_schema_field(dataset, (size_t)dtake_schema_find_role(dataset, DTAKE_ROLE_ID)));
        add(f, query, &collection_field);
        return DTAKE_OK;
    }
    for (size_t i = 0; i < query->fields.count && st == DTAKE_OK; i++)
        st = add_named(f, query, dataset, query->fields.at[i], err);
    if (query->fields.count > 0)
        return st;
    for (size_t i = 0; i < count; i++)
        add(f, query, dtake_schema_field(dataset, i));
    add(f, query, &collection_field);
    return DTAKE_OK;
}

dtake_status dtake__result_schema_make(dtake__result_schema *out, const dtake_schema *dataset,
                                       const dtake_query *query, dtake_error *err)
{
    size_t room = dtake_schema_count(dataset) + query->fields.count + 2;
    fields f = { .at = dtake__alloc(room * sizeof *f.at), .collection = -1 };
    *out = (dtake__result_schema){ .collection = -1 };
    if (f.at == NULL)
        return dtake__fail_nomem(err, "read a query");
    dtake_status st = choose(&f, dataset, query, err);
    if (st == DTAKE_OK)
        st = dtake_schema_new(&out->schema, f.at, f.count, err);
    out->collection = f.collection;
    if (st == DTAKE_OK && f.collection >= 0) {
        memmove(f.at + f.collection, f.at + f.collection + 1,
                (f.count - (size_t)f.collection - 1) * sizeof *f.at);
        st = dtake_schema_new(&out->stored, f.at, f.count - 1, err);
    } else if (st == DTAKE_OK) {
        out->stored = dtake_schema_retain(out->schema);
    }
    dtake__free(f.at);
    if (st != DTAKE_OK)
        dtake__result_schema_dispose(out);
    return st;
}

static dtake__result_schema retain(const dtake__result_schema *schema)
{
    return (dtake__result_schema){ .schema = dtake_schema_retain(schema->schema),
                                   .stored = dtake_schema_retain(schema->stored),
                                   .collection = schema->collection };
}

dtake_status dtake__result_schema_of(dtake__result_schema *out, const dtake__dataset *dataset,
                                     const dtake_query *query, dtake_error *err)
{
    _Atomic(dtake__result_schema *) *whole = (_Atomic(dtake__result_schema *) *)&dataset->whole;
    dtake__result_schema *known = atomic_load(whole), *none = NULL;
    if (query->skip_data || query->fields.count > 0 || query->fields_without.count > 0)
        return dtake__result_schema_make(out, dataset->schema, query, err);
    if (known != NULL) {
        *out = retain(known);
        return DTAKE_OK;
    }
    dtake_status st = dtake__result_schema_make(out, dataset->schema, query, err);
    known = st == DTAKE_OK ? dtake__alloc(sizeof *known) : NULL;
    if (known == NULL) /* the next query makes its own */
        return st;
    *known = retain(out);
    if (!atomic_compare_exchange_strong(whole, &none, known)) {
        dtake__result_schema_dispose(out);
        *out = retain(none); /* another thread's */
        dtake__result_schema_free(known);
    }
    return st;
}

void dtake__result_schema_free(dtake__result_schema *schema)
{
    if (schema != NULL)
        dtake__result_schema_dispose(schema);
    dtake__free(schema);
}

void dtake__result_schema_dispose(dtake__result_schema *schema)
{
    dtake_schema_release(schema->schema);
    dtake_schema_release(schema->stored);
    *schema = (dtake__result_schema){ .collection = -1 };
}
