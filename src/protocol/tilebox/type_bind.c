/* A type of somebody else's and a schema of ours that go together. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"

/* As the schema would be sent: the fields with the names that they have on the wire. */
static dtake_status own_type(dtake__tilebox_type **out, const dtake__tilebox_type *type,
                             const dtake_schema *schema, dtake_error *err)
{
    static const dtake__tilebox_naming naming = { .code_name = "own" };
    return dtake__tilebox_type_new(out, schema, type->kind, &naming, err);
}

/* What a service gives itself. */
static bool is_given(dtake_field_role role)
{
    return role == DTAKE_ROLE_ID || role == DTAKE_ROLE_INGESTION_TIME;
}

static dtake_status bind_field(dtake__tilebox_type *type, const dtake__tilebox_type *own, size_t field,
                               dtake_error *err)
{
    const dtake_field *wanted = dtake_schema_field(own->schema, field);
    const char *origin = own->fields[field].origin;
    int at = dtake__tilebox_type_find_wire(type, wanted->name);
    if (at < 0)
        return is_given(wanted->role) ? DTAKE_OK
                                      : dtake__fail(err, DTAKE_E_STATE,
                                                    "field %s: the service's dataset has none", wanted->name);
    type->fields[at].origin = dtake__strdup(origin != NULL ? origin : wanted->name);
    return type->fields[at].origin != NULL ? DTAKE_OK : dtake__fail_nomem(err, "a dataset's type");
}

dtake_status dtake__tilebox_type_bind(dtake__tilebox_type **out, const dtake__tilebox_type *type,
                                      const dtake_schema *schema, dtake_error *err)
{
    dtake__tilebox_type *own = NULL, *bound = NULL;
    dtake_status st = own_type(&own, type, schema, err);
    if (st == DTAKE_OK)
        st = dtake__tilebox_type_read(&bound, type->annotated.data, type->annotated.len, err);
    for (size_t i = 0; st == DTAKE_OK && i < dtake_schema_count(own->schema); i++)
        st = bind_field(bound, own, i, err);
    dtake__tilebox_type_release(own);
    if (st == DTAKE_OK)
        *out = bound;
    else
        dtake__tilebox_type_release(bound);
    return st;
}

dtake_status dtake__tilebox_type_merge(dtake_schema **out, bool *more, const dtake__tilebox_type *type,
                                       const dtake_schema *schema, dtake_error *err)
{
    dtake__tilebox_type *own = NULL;
    size_t count = dtake_schema_count(type->schema);
    *more = false;
    dtake_status st = own_type(&own, type, schema, err);
    if (st != DTAKE_OK)
        return st;
    dtake_field *fields = dtake__calloc(count + dtake_schema_count(own->schema), sizeof *fields);
    if (fields == NULL)
        st = dtake__fail_nomem(err, "a dataset's type");
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        fields[i] = *dtake_schema_field(type->schema, i);
    for (size_t i = 0; st == DTAKE_OK && i < dtake_schema_count(own->schema); i++) {
        const dtake_field *field = dtake_schema_field(own->schema, i);
        const char *origin = own->fields[i].origin != NULL ? own->fields[i].origin : field->name;
        int at = dtake_schema_find(schema, origin);
        if (at >= 0 && dtake__tilebox_type_find_wire(type, field->name) < 0 && !is_given(field->role)) {
            fields[count++] = *dtake_schema_field(schema, (size_t)at);
            *more = true;
        }
    }
    if (st == DTAKE_OK)
        st = dtake_schema_new(out, fields, count, err);
    dtake__free(fields);
    dtake__tilebox_type_release(own);
    return st;
}
