#include "protocol/tilebox/type_struct.h"

#include "core/alloc.h"
#include "core/error.h"
#include "table/schema.h"

enum { MAX_TYPE_BYTES = 4 << 20 };

dtake__tilebox_type *dtake__tilebox_type_retain(const dtake__tilebox_type *type)
{
    dtake__tilebox_type *held = (dtake__tilebox_type *)type;
    atomic_fetch_add(&held->refs, 1);
    return held;
}

void dtake__tilebox_type_release(dtake__tilebox_type *type)
{
    if (type == NULL || atomic_fetch_sub(&type->refs, 1) > 1)
        return;
    size_t count = type->schema ? dtake_schema_count(type->schema) : 0;
    for (size_t i = 0; type->fields != NULL && i < count; i++) {
        dtake__free(type->fields[i].origin);
        dtake__free(type->fields[i].wire_name);
    }
    dtake__free(type->fields);
    dtake__free(type->url);
    dtake_schema_release(type->schema);
    dtake__buf_dispose(&type->annotated);
    dtake__free(type);
}

const char *dtake__tilebox_type_url(const dtake__tilebox_type *type)
{
    return type->url;
}

const dtake_schema *dtake__tilebox_type_schema(const dtake__tilebox_type *type)
{
    return type->schema;
}

dtake_dataset_kind dtake__tilebox_type_kind(const dtake__tilebox_type *type)
{
    return type->kind;
}

bool dtake__tilebox_type_is_of_2024(const dtake__tilebox_type *type)
{
    return type->of_2024;
}

void dtake__tilebox_type_write(const dtake__tilebox_type *type, dtake__pb_out *out)
{
    if (out->status == DTAKE_OK)
        out->status = dtake__buf_append(out->to, type->annotated.data, type->annotated.len);
}

int dtake__tilebox_type_column(const dtake__tilebox_type *type, size_t field, const dtake_schema *schema)
{
    const dtake_field *own = dtake_schema_field(type->schema, field);
    const char *origin = type->fields[field].origin;
    int index = own->role != DTAKE_ROLE_NONE ? dtake_schema_find_role(schema, own->role) : -1;
    return index >= 0 ? index : dtake_schema_find(schema, origin != NULL ? origin : own->name);
}

int dtake__tilebox_type_find_wire(const dtake__tilebox_type *type, const char *name)
{
    for (size_t i = 0; i < dtake_schema_count(type->schema); i++) {
        const char *wire = type->fields[i].wire_name;
        if (strcmp(wire != NULL ? wire : dtake_schema_field(type->schema, i)->name, name) == 0)
            return (int)i;
    }
    return -1;
}

/* --- reading --- */

typedef struct annotated {
    dtake__span set, url;
    dtake_dataset_kind kind;
} annotated;

static dtake_status read_annotated(dtake__span bytes, annotated *out, dtake_error *err)
{
    dtake__pb_in in = dtake__pb_read(bytes.text, bytes.len);
    while (dtake__pb_next(&in))
        if (in.field == 1)
            out->set = dtake__pb_bytes(&in);
        else if (in.field == 2)
            out->url = dtake__pb_text(&in);
        else if (in.field == 5)
            out->kind = (dtake_dataset_kind)dtake__pb_u32(&in);
    return dtake__pb_finish(&in, "a dataset's type", err);
}

/* The next of the repeated fields of that number; empty after the last. */
static dtake__span next_of(dtake__pb_in *in, uint32_t field)
{
    while (dtake__pb_next(in))
        if (in->field == field)
            return dtake__pb_bytes(in);
    return DTAKE__SPAN("");
}

/* Fields and their annotations, both in one order. */
static dtake_status read_fields(dtake__tilebox_shape *shape, dtake__span message, dtake__span set,
                                dtake__span bytes, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    dtake__pb_in fields = dtake__pb_read(message.text, message.len);
    dtake__pb_in annotations = dtake__pb_read(bytes.text, bytes.len);
    while (st == DTAKE_OK) {
        dtake__span field = next_of(&fields, 2);
        if (field.len == 0)
            break;
        if (shape->count == DTAKE_MAX_FIELDS)
            return dtake__fail(err, DTAKE_E_LIMIT, "read a dataset's type: it has more than %d fields",
                               DTAKE_MAX_FIELDS);
        st = dtake__tilebox_shape_add(shape, field, next_of(&annotations, 4), set, err);
    }
    return st == DTAKE_OK ? dtake__pb_finish(&fields, "a message's descriptor", err) : st;
}

static dtake_status finish(dtake__tilebox_type *type, dtake__tilebox_shape *shape, dtake_error *err)
{
    bool had_time = false;
    for (size_t i = 0; i < shape->count; i++)
        had_time |= shape->fields[i].role == DTAKE_ROLE_TIME;
    type->of_2024 = !had_time;
    dtake_status st = dtake__tilebox_shape_complete(shape, false, err);
    if (st == DTAKE_OK)
        st = dtake_schema_new(&type->schema, shape->fields, shape->count, err);
    if (st != DTAKE_OK)
        return st;
    type->fields = shape->wires;
    shape->wires = NULL;
    if (type->kind != DTAKE_TEMPORAL && type->kind != DTAKE_SPATIOTEMPORAL)
        type->kind = dtake_schema_find_role(type->schema, DTAKE_ROLE_GEOMETRY) >= 0 ? DTAKE_SPATIOTEMPORAL
                                                                                    : DTAKE_TEMPORAL;
    return DTAKE_OK;
}

static dtake_status read_type(dtake__tilebox_type *type, dtake__span bytes, bool plain, dtake_error *err)
{
    annotated a = { 0 };
    dtake__tilebox_message_descriptor found = { 0 };
    dtake__tilebox_shape shape = { .plain = plain };
    dtake_status st = read_annotated(bytes, &a, err);
    if (st == DTAKE_OK)
        st = dtake__tilebox_message_descriptor_find(a.set, a.url, &found, err);
    if (st == DTAKE_OK)
        st = read_fields(&shape, found.message, a.set, bytes, err);
    type->kind = a.kind;
    if (st == DTAKE_OK)
        st = finish(type, &shape, err);
    if (st == DTAKE_OK && (type->url = dtake__strndup(a.url.text, a.url.len)) == NULL)
        st = dtake__fail_nomem(err, "a dataset's type");
    dtake__tilebox_shape_dispose(&shape);
    return st;
}

static dtake_status read_new(dtake__tilebox_type **out, const void *bytes, size_t len, bool plain,
                             dtake_error *err)
{
    if (len > MAX_TYPE_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT,
                           "read a dataset's type: it has %zu bytes, at most %d are taken", len,
                           MAX_TYPE_BYTES);
    dtake__tilebox_type *type = dtake__calloc(1, sizeof *type);
    if (type == NULL)
        return dtake__fail_nomem(err, "a dataset's type");
    type->refs = 1;
    type->annotated = DTAKE_BUF_INIT(MAX_TYPE_BYTES);
    dtake_status st = dtake__buf_append(&type->annotated, bytes, len);
    if (st != DTAKE_OK)
        dtake__fail(err, st, "read a dataset's type: %s", dtake_status_text(st));
    else
        st = read_type(type, (dtake__span){ bytes, len }, plain, err);
    if (st != DTAKE_OK)
        dtake__tilebox_type_release(type);
    else
        *out = type;
    return st;
}

dtake_status dtake__tilebox_type_read(dtake__tilebox_type **out, const void *bytes, size_t len,
                                      dtake_error *err)
{
    return read_new(out, bytes, len, false, err);
}

dtake_status dtake__tilebox_type_read_plain(dtake__tilebox_type **out, const void *bytes, size_t len,
                                            dtake_error *err)
{
    return read_new(out, bytes, len, true, err);
}

static dtake_status read_wanted_field(dtake__tilebox_shape *shape, dtake__pb_in *in, dtake_error *err)
{
    dtake__span descriptor = DTAKE__SPAN(""), annotation = DTAKE__SPAN("");
    dtake__pb_in inside = dtake__pb_enter(in);
    while (dtake__pb_next(&inside))
        if (inside.field == 1)
            descriptor = dtake__pb_bytes(&inside);
        else if (inside.field == 2)
            annotation = dtake__pb_bytes(&inside);
    dtake__pb_leave(in, &inside);
    if (shape->count == DTAKE_MAX_FIELDS)
        return dtake__fail(err, DTAKE_E_LIMIT, "a dataset has at most %d fields", DTAKE_MAX_FIELDS);
    dtake_status st = dtake__tilebox_shape_add(shape, descriptor, annotation, DTAKE__SPAN(""), err);
    if (st == DTAKE_OK && shape->wires[shape->count - 1].message == DTAKE__MESSAGE_STAC_ASSETS) {
        /* who stores such messages gets them back as they are */
        shape->wires[shape->count - 1].message = DTAKE__MESSAGE_NONE;
        shape->fields[shape->count - 1].type = DTAKE_FIELD_BYTES;
    }
    return st;
}

dtake_status dtake__tilebox_dataset_type_read(dtake_schema **schema, dtake_dataset_kind *kind,
                                              const void *bytes, size_t len, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    dtake__tilebox_shape shape = { 0 };
    dtake__pb_in in = dtake__pb_read(bytes, len);
    *kind = 0;
    while (st == DTAKE_OK && dtake__pb_next(&in))
        if (in.field == 1)
            *kind = (dtake_dataset_kind)dtake__pb_u32(&in);
        else if (in.field == 2)
            st = read_wanted_field(&shape, &in, err);
    if (st == DTAKE_OK)
        st = dtake__pb_finish(&in, "type", err);
    if (st == DTAKE_OK && *kind != DTAKE_TEMPORAL && *kind != DTAKE_SPATIOTEMPORAL)
        st = dtake__fail(err, DTAKE_E_USAGE, "type.kind: must be temporal (1) or spatiotemporal (2)");
    if (st == DTAKE_OK)
        st = dtake__tilebox_shape_complete(&shape, *kind == DTAKE_SPATIOTEMPORAL, err);
    if (st == DTAKE_OK)
        st = dtake_schema_new(schema, shape.fields, shape.count, err);
    dtake__tilebox_shape_dispose(&shape);
    return st;
}
