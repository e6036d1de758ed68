/* A schema of ours as a protobuf type: what type_fields.c reads, the other way round. */
#include "protocol/tilebox/type_writer.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>

enum { EDITION_2023 = 1000 };

/* A time of ingestion is sent even when the table keeps none. */
static dtake_status complete_schema(dtake_schema **out, const dtake_schema *schema, dtake_error *err)
{
    size_t count = dtake_schema_count(schema);
    if (dtake_schema_find_role(schema, DTAKE_ROLE_INGESTION_TIME) >= 0) {
        *out = dtake_schema_retain(schema);
        return DTAKE_OK;
    }
    dtake_field *fields = dtake__calloc(count + 1, sizeof *fields);
    if (fields == NULL)
        return dtake__fail_nomem(err, "a dataset's type");
    for (size_t i = 0; i < count; i++)
        fields[i] = *dtake_schema_field(schema, i);
    fields[count] = (dtake_field){ .name = dtake_schema_find(schema, "ingestion_time") < 0 ? "ingestion_time"
                                                                                           : "ingested at",
                                   .type = DTAKE_FIELD_TIMESTAMP,
                                   .role = DTAKE_ROLE_INGESTION_TIME };
    dtake_status st = dtake_schema_new(out, fields, count + 1, err);
    dtake__free(fields);
    return st;
}

/* Calls `put` for every field that is in the message, in the order of their numbers; `as`: see there. */
static void each_field(dtake__type_writer *w, void (*put)(dtake__type_writer *w, size_t field, uint32_t as),
                       uint32_t as)
{
    size_t count = dtake_schema_count(w->schema);
    for (uint32_t number = 1; number <= DTAKE__TYPE_FIRST_NUMBER; number++)
        for (size_t i = 0; i < count; i++)
            if (w->numbers[i] == number)
                put(w, i, as);
    for (size_t i = 0; i < count; i++)
        if (w->numbers[i] > DTAKE__TYPE_FIRST_NUMBER)
            put(w, i, as);
}

static void put_file(dtake__type_writer *w)
{
    char text[2 * DTAKE_MAX_FIELD_NAME_BYTES];
    size_t file = dtake__pb_begin(&w->out, 1), message;
    snprintf(text, sizeof text, "datasets/v1/%s/%s.proto", w->package + strlen("datasets.v1."), w->message);
    dtake__pb_put_text(&w->out, 1, text);
    dtake__pb_put_text(&w->out, 2, w->package);
    dtake__pb_put_text(&w->out, 3, "google/protobuf/duration.proto");
    dtake__pb_put_text(&w->out, 3, "google/protobuf/timestamp.proto");
    dtake__pb_put_text(&w->out, 3, "datasets/v1/well_known_types.proto");
    message = dtake__pb_begin(&w->out, 4);
    dtake__pb_put_text(&w->out, 1, w->message);
    each_field(w, dtake__type_put_field, 2);
    each_field(w, dtake__type_put_enum, 4);
    dtake__pb_end(&w->out, message);
    dtake__pb_put_text(&w->out, 12, w->of_2024 ? "proto3" : "editions");
    if (!w->of_2024)
        dtake__pb_put_u64(&w->out, 14, EDITION_2023);
    dtake__pb_end(&w->out, file);
}

static void put_type(dtake__type_writer *w)
{
    char url[2 * DTAKE_MAX_FIELD_NAME_BYTES];
    size_t set = dtake__pb_begin(&w->out, 1);
    put_file(w);
    dtake__pb_end(&w->out, set);
    snprintf(url, sizeof url, "%s.%s", w->package, w->message);
    dtake__pb_put_text(&w->out, 2, url);
    each_field(w, dtake__type_put_annotation, 4);
    dtake__pb_put_u64(&w->out, 5, (uint64_t)w->kind);
}

/* Where the names on the wire come from, for those that had to change. */
static dtake_status note_origins(dtake__tilebox_type *type, const dtake__type_writer *w)
{
    for (size_t i = 0; i < dtake_schema_count(w->schema); i++) {
        const dtake_field *field = dtake_schema_field(w->schema, i);
        int at = w->names[i] != NULL ? dtake_schema_find(type->schema, w->names[i]) : -1;
        if (at < 0 || strcmp(w->names[i], field->name) == 0)
            continue;
        type->fields[at].origin = dtake__strdup(field->name);
        if (type->fields[at].origin == NULL)
            return DTAKE_E_NOMEM;
    }
    return DTAKE_OK;
}

static void name_type(dtake__type_writer *w, const dtake__tilebox_naming *naming)
{
    size_t len = (size_t)snprintf(w->package, sizeof w->package, "datasets.v1.group_");
    for (size_t i = 0; i < sizeof naming->group_id; i++)
        len += (size_t)snprintf(w->package + len, sizeof w->package - len, "%02x", naming->group_id[i]);
    dtake__type_camel(naming->code_name, true, w->message, sizeof w->message);
    if (w->of_2024) /* the same dataset under both protocols is not one type */
        snprintf(w->package + len, sizeof w->package - len, "_2024");
}

dtake_status dtake__tilebox_type_new(dtake__tilebox_type **out, const dtake_schema *schema,
                                     dtake_dataset_kind kind, const dtake__tilebox_naming *naming,
                                     dtake_error *err)
{
    dtake_buf buf = DTAKE_BUF_INIT(4 << 20);
    dtake__type_writer w = { .out = { .to = &buf },
                             .schema = schema,
                             .kind = kind,
                             .of_2024 = naming->as_of_2024,
                             .no_own_enums = naming->as_of_2024 };
    dtake__tilebox_type *type = NULL;
    dtake_schema *whole = NULL;
    name_type(&w, naming);
    dtake_status st = complete_schema(&whole, schema, err);
    if (st == DTAKE_OK) {
        w.schema = whole;
        st = dtake__type_writer_name(&w, err);
    }
    if (st == DTAKE_OK)
        st = dtake__type_writer_number(&w, err);
    if (st == DTAKE_OK) {
        put_type(&w);
        st = dtake__pb_done(&w.out, "a dataset's type", err);
    }
    if (st == DTAKE_OK)
        st = dtake__tilebox_type_read_plain(&type, buf.data, buf.len, err);
    if (st == DTAKE_OK && (st = note_origins(type, &w)) != DTAKE_OK) {
        dtake__tilebox_type_release(type);
        st = dtake__fail_nomem(err, "a dataset's type");
    }
    if (st == DTAKE_OK)
        *out = type;
    dtake__type_writer_dispose(&w);
    dtake_schema_release(whole);
    dtake__buf_dispose(&buf);
    return st;
}

dtake_status dtake__tilebox_dataset_type_write(const dtake_schema *schema, dtake_dataset_kind kind,
                                               dtake__pb_out *out, dtake_error *err)
{
    dtake__type_writer w = { .out = *out, .schema = schema, .kind = kind, .no_own_enums = true };
    dtake_status st = dtake__type_writer_name(&w, err);
    if (st == DTAKE_OK) {
        dtake__pb_put_u64(&w.out, 1, (uint64_t)kind);
        for (int pass = 0; pass < 5; pass++)
            for (size_t i = 0; i < dtake_schema_count(schema); i++) {
                int order = dtake__type_order_of_role(dtake_schema_field(schema, i)->role);
                if (w.names[i] == NULL || (order < 0 ? 4 : order) != pass)
                    continue;
                size_t mark = dtake__pb_begin(&w.out, 2);
                dtake__type_put_field(&w, i, 1);
                dtake__type_put_annotation(&w, i, 2);
                dtake__pb_end(&w.out, mark);
            }
    }
    out->status = w.out.status;
    dtake__type_writer_dispose(&w);
    return st;
}
