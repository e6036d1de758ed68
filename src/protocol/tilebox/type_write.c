/* A schema of ours as a protobuf type: what type_fields.c reads, the other way round. */
#include "core/alloc.h"
#include "core/error.h"
#include "protocol/tilebox/type_struct.h"

#include <stdio.h>

enum { LABEL_OPTIONAL = 1, LABEL_REPEATED = 3, EDITION_2023 = 1000, FIRST_NUMBER = 4, MAX_ENUM_NUMBER = 255 };

typedef struct writer {
    dtake__pb_out out;
    const dtake_schema *schema;
    dtake_dataset_kind kind;
    bool of_2024;
    bool no_own_enums; /* there is no place for them */
    char package[80];
    char message[DTAKE_MAX_FIELD_NAME_BYTES + 1];
    uint32_t *numbers; /* of the fields; 0: not in the message */
    char **names;      /* on the wire; NULL: left out */
} writer;

/* --- names --- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* "granule_name" becomes "granuleName", with `first` "GranuleName"; as the service has it, "md5sum" becomes
 * "md5Sum". */
static void camel(const char *name, bool first, char *out, size_t size)
{
    size_t len = 0;
    bool raise = first;
    for (; *name != '\0' && len + 1 < size; name++) {
        if (*name != '_')
            out[len++] = raise ? upper(*name) : *name;
        raise = *name == '_' || is_digit(*name);
    }
    out[len] = '\0';
}

static bool same_json_name(const char *a, const char *b)
{
    while (*a == '_')
        a++;
    while (*b == '_')
        b++;
    for (; *a != '\0' && upper(*a) == upper(*b); a++, b++)
        while (a[1] == '_' || b[1] == '_') {
            a += a[1] == '_';
            b += b[1] == '_';
        }
    return *a == '\0' && *b == '\0';
}

static bool is_taken(const writer *w, const char *name)
{
    for (size_t i = 0; i < dtake_schema_count(w->schema); i++)
        if (w->names[i] != NULL && same_json_name(w->names[i], name))
            return true;
    return false;
}

void dtake__tilebox_wire_name(const char *name, size_t len, char *out)
{
    if (len == 0 || !is_letter(name[0]))
        *out++ = 'f';
    if (len > 0 && is_digit(name[0]))
        *out++ = '_';
    for (size_t i = 0; i < len; i++)
        *out++ = is_letter(name[i]) || is_digit(name[i]) ? name[i] : '_';
    *out = '\0';
}

/* What protobuf takes as a name, and no other field has; names of JSON must differ as well. */
static dtake_status name_field(writer *w, size_t field)
{
    const char *name = dtake_schema_field(w->schema, field)->name;
    size_t room = strlen(name) + 16;
    char *out = dtake__alloc(room);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    dtake__tilebox_wire_name(name, strlen(name), out);
    size_t len = strlen(out);
    for (int again = 2; is_taken(w, out); again++)
        snprintf(out + len, room - len, "_%d", again);
    w->names[field] = out;
    return DTAKE_OK;
}

/* --- enums --- */

/* Values that a client can show: names of a protobuf enum, numbers of a byte. */
static bool is_plain_enum(const dtake_field *field)
{
    for (size_t i = 0; i < field->enum_count; i++) {
        const dtake_enum_value *value = &field->enum_values[i];
        if (value->value < 0 || value->value > MAX_ENUM_NUMBER)
            return false;
        for (const char *c = value->name; *c != '\0'; c++)
            if (!is_digit(*c) && *c != '_' && !(*c >= 'A' && *c <= 'Z'))
                return false;
    }
    return true;
}

static const dtake__tilebox_enum *known_enum(const dtake_field *field)
{
    return dtake__tilebox_enum_of(field->enum_values, field->enum_count);
}

/* Enums that nobody knows are written inside the message; those a client could not show are strings. */
static bool has_own_enum(const writer *w, const dtake_field *field)
{
    return field->type == DTAKE_FIELD_ENUM && known_enum(field) == NULL && is_plain_enum(field) &&
           !w->no_own_enums;
}

static void put_value(writer *w, const char *prefix, const char *name, int32_t number)
{
    char text[DTAKE_MAX_FIELD_NAME_BYTES * 3];
    size_t value = dtake__pb_begin(&w->out, 2);
    snprintf(text, sizeof text, "%s%s", prefix, name);
    dtake__pb_put_text(&w->out, 1, text);
    dtake__pb_put_i64(&w->out, 2, number);
    dtake__pb_end(&w->out, value);
}

/* Zero comes first, as the format wants it. */
static void put_enum(writer *w, const dtake_field *field, const char *name)
{
    char prefix[DTAKE_MAX_FIELD_NAME_BYTES * 2 + 8];
    const char *zero = "UNSPECIFIED";
    dtake__tilebox_enum_prefix(dtake__span_of(name), prefix, sizeof prefix);
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value == 0)
            zero = field->enum_values[i].name;
    size_t mark = dtake__pb_begin(&w->out, 4);
    dtake__pb_put_text(&w->out, 1, name);
    put_value(w, prefix, zero, 0);
    for (size_t i = 0; i < field->enum_count; i++)
        if (field->enum_values[i].value != 0)
            put_value(w, prefix, field->enum_values[i].name, field->enum_values[i].value);
    dtake__pb_end(&w->out, mark);
}

/* --- fields --- */

typedef struct wire_type {
    dtake__tilebox_scalar scalar;
    dtake__tilebox_message message;
    bool repeated;
} wire_type;

static wire_type vector_type(const dtake_field *field)
{
    dtake__tilebox_message message = field->width == 3   ? DTAKE__MESSAGE_VEC3
                                     : field->width == 4 ? DTAKE__MESSAGE_QUATERNION
                                     : field->width == 2 && strcmp(field->unit, "lat_lon") == 0
                                         ? DTAKE__MESSAGE_LAT_LON
                                         : DTAKE__MESSAGE_NONE;
    if (field->width == 3 && strcmp(field->unit, "lat_lon_alt") == 0)
        message = DTAKE__MESSAGE_LAT_LON_ALT;
    if (message != DTAKE__MESSAGE_NONE)
        return (wire_type){ DTAKE__SCALAR_MESSAGE, message, false };
    return (wire_type){ DTAKE__SCALAR_DOUBLE, DTAKE__MESSAGE_NONE, true };
}

static wire_type wire_type_of(const writer *w, const dtake_field *field)
{
    static const wire_type types[] = {
        [DTAKE_FIELD_BOOL] = { .scalar = DTAKE__SCALAR_BOOL },
        [DTAKE_FIELD_INT64] = { .scalar = DTAKE__SCALAR_INT64 },
        [DTAKE_FIELD_UINT64] = { .scalar = DTAKE__SCALAR_UINT64 },
        [DTAKE_FIELD_FLOAT64] = { .scalar = DTAKE__SCALAR_DOUBLE },
        [DTAKE_FIELD_STRING] = { .scalar = DTAKE__SCALAR_STRING },
        [DTAKE_FIELD_BYTES] = { .scalar = DTAKE__SCALAR_BYTES },
        [DTAKE_FIELD_TIMESTAMP] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_TIMESTAMP, false },
        [DTAKE_FIELD_DURATION] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_DURATION, false },
        [DTAKE_FIELD_UUID] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_UUID, false },
        [DTAKE_FIELD_GEOMETRY] = { DTAKE__SCALAR_MESSAGE, DTAKE__MESSAGE_GEOMETRY, false },
        [DTAKE_FIELD_JSON] = { .scalar = DTAKE__SCALAR_STRING },
        [DTAKE_FIELD_ASSETS] = { .scalar = DTAKE__SCALAR_STRING },
    };
    wire_type type = types[field->type];
    if (field->type == DTAKE_FIELD_VECTOR)
        return vector_type(field);
    if (field->type == DTAKE_FIELD_ENUM)
        type.scalar = known_enum(field) || has_own_enum(w, field) ? DTAKE__SCALAR_ENUM : DTAKE__SCALAR_STRING;
    if (field->type == DTAKE_FIELD_ENUM && field->repeated) /* clients cannot show lists of enums */
        type.scalar = DTAKE__SCALAR_STRING;
    if (field->type == DTAKE_FIELD_GEOMETRY && w->of_2024)
        type.message = DTAKE__MESSAGE_GEOBUF;
    type.repeated = field->repeated;
    return type;
}

static void put_type_name(writer *w, const dtake_field *field, const char *name, wire_type type)
{
    char text[4 * DTAKE_MAX_FIELD_NAME_BYTES], own[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    const dtake__tilebox_enum *known = type.scalar == DTAKE__SCALAR_ENUM ? known_enum(field) : NULL;
    if (type.message != DTAKE__MESSAGE_NONE)
        snprintf(text, sizeof text, ".%s", dtake__tilebox_message_facts_of(type.message)->name);
    else if (known != NULL)
        snprintf(text, sizeof text, ".%s", known->name);
    else if (type.scalar == DTAKE__SCALAR_ENUM) {
        camel(name, true, own, sizeof own);
        snprintf(text, sizeof text, ".%s.%s.%s", w->package, w->message, own);
    } else
        return;
    dtake__pb_put_text(&w->out, 6, text);
}

/* Numbers and json names are the server's; a client that makes a dataset leaves them out. */
static void put_field(writer *w, size_t i, uint32_t field_number)
{
    char json_name[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    const dtake_field *field = dtake_schema_field(w->schema, i);
    wire_type type = wire_type_of(w, field);
    size_t mark = dtake__pb_begin(&w->out, field_number);
    dtake__pb_put_text(&w->out, 1, w->names[i]);
    if (w->numbers != NULL)
        dtake__pb_put_u64(&w->out, 3, w->numbers[i]);
    dtake__pb_put_u64(&w->out, 4, type.repeated ? LABEL_REPEATED : LABEL_OPTIONAL);
    dtake__pb_put_u64(&w->out, 5, type.scalar);
    put_type_name(w, field, w->names[i], type);
    camel(w->names[i], false, json_name, sizeof json_name);
    if (w->numbers != NULL)
        dtake__pb_put_text(&w->out, 10, json_name);
    dtake__pb_end(&w->out, mark);
}

/* Whoever reads the type finds the name again. */
static void put_former_name(writer *w, const char *name)
{
    char pointer[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    snprintf(pointer, sizeof pointer, "/properties/%s", name);
    if (strpbrk(name, "/~") == NULL)
        dtake__pb_put_text(&w->out, 3, pointer);
}

static void put_annotation(writer *w, size_t i, uint32_t field_number)
{
    const dtake_field *field = dtake_schema_field(w->schema, i);
    size_t mark = dtake__pb_begin(&w->out, field_number);
    bool is_own = field->role == DTAKE_ROLE_NONE || field->role == DTAKE_ROLE_NAME;
    if (field->description[0] != '\0')
        dtake__pb_put_text(&w->out, 1, field->description);
    if (field->example[0] != '\0')
        dtake__pb_put_text(&w->out, 2, field->example);
    if (field->role == DTAKE_ROLE_NAME)
        dtake__pb_put_text(&w->out, 3, "/id");
    else if (is_own && strcmp(w->names[i], field->name) != 0)
        put_former_name(w, field->name);
    if (is_own && !field->not_queryable)
        dtake__pb_put_bool(&w->out, 4, true);
    if (field->type == DTAKE_FIELD_JSON || field->type == DTAKE_FIELD_ASSETS)
        dtake__pb_put_text(&w->out, 5, field->type == DTAKE_FIELD_JSON ? "#" : "#/definitions/assets");
    if (field->role == DTAKE_ROLE_NAME) {
        size_t roles = dtake__pb_begin(&w->out, 6);
        dtake__pb_add_varint(&w->out, 1);
        dtake__pb_end(&w->out, roles);
    }
    dtake__pb_end(&w->out, mark);
}

/* --- the whole --- */

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

static int order_of_role(dtake_field_role role)
{
    return role == DTAKE_ROLE_TIME             ? 0
           : role == DTAKE_ROLE_ID             ? 1
           : role == DTAKE_ROLE_INGESTION_TIME ? 2
           : role == DTAKE_ROLE_GEOMETRY       ? 3
                                               : -1;
}

static dtake_status begin(writer *w, dtake_error *err)
{
    size_t count = dtake_schema_count(w->schema);
    w->names = dtake__calloc(count, sizeof *w->names);
    dtake_status st = w->names != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    /* the names of roles are fixed: nobody else may have them */
    for (int role = 0; role < 4 && st == DTAKE_OK; role++)
        for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
            static const char *const names[] = { "time", "id", "ingestion_time", "geometry" };
            if (order_of_role(dtake_schema_field(w->schema, i)->role) == role &&
                (w->names[i] = dtake__strdup(names[role])) == NULL)
                st = DTAKE_E_NOMEM;
        }
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        if (w->names[i] == NULL && dtake_schema_field(w->schema, i)->role != DTAKE_ROLE_COLLECTION)
            st = name_field(w, i);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "a dataset's type");
}

static void end(writer *w)
{
    for (size_t i = 0; w->names != NULL && i < dtake_schema_count(w->schema); i++)
        dtake__free(w->names[i]);
    dtake__free(w->names);
    dtake__free(w->numbers);
}

static dtake_status number_fields(writer *w, dtake_error *err)
{
    size_t count = dtake_schema_count(w->schema);
    w->numbers = dtake__calloc(count, sizeof *w->numbers);
    if (w->numbers == NULL)
        return dtake__fail_nomem(err, "a dataset's type");
    bool has_geometry = w->kind == DTAKE_SPATIOTEMPORAL;
    uint32_t next = w->of_2024 ? 1 : has_geometry ? FIRST_NUMBER + 1 : FIRST_NUMBER;
    for (size_t i = 0; i < count; i++) {
        int order = order_of_role(dtake_schema_field(w->schema, i)->role);
        if (w->names[i] == NULL || (w->of_2024 && order >= 0 && order < 3))
            continue;
        bool is_fixed = !w->of_2024 && order >= 0 && (order < 3 || has_geometry);
        w->numbers[i] = is_fixed ? (uint32_t)order + 1 : next++;
    }
    return DTAKE_OK;
}

/* Calls `put` for every field that is in the message, in the order of their numbers. */
static void each_field(writer *w, void (*put)(writer *w, size_t field))
{
    size_t count = dtake_schema_count(w->schema);
    for (uint32_t number = 1; number <= FIRST_NUMBER; number++)
        for (size_t i = 0; i < count; i++)
            if (w->numbers[i] == number)
                put(w, i);
    for (size_t i = 0; i < count; i++)
        if (w->numbers[i] > FIRST_NUMBER)
            put(w, i);
}

static void put_field_of_message(writer *w, size_t i)
{
    put_field(w, i, 2);
}

static void put_annotation_of_type(writer *w, size_t i)
{
    put_annotation(w, i, 4);
}

static void put_own_enum(writer *w, size_t i)
{
    char name[DTAKE_MAX_FIELD_NAME_BYTES + 16];
    const dtake_field *field = dtake_schema_field(w->schema, i);
    if (!has_own_enum(w, field) || field->repeated)
        return;
    camel(w->names[i], true, name, sizeof name);
    put_enum(w, field, name);
}

static void put_file(writer *w)
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
    each_field(w, put_field_of_message);
    each_field(w, put_own_enum);
    dtake__pb_end(&w->out, message);
    dtake__pb_put_text(&w->out, 12, w->of_2024 ? "proto3" : "editions");
    if (!w->of_2024)
        dtake__pb_put_u64(&w->out, 14, EDITION_2023);
    dtake__pb_end(&w->out, file);
}

static void put_type(writer *w)
{
    char url[2 * DTAKE_MAX_FIELD_NAME_BYTES];
    size_t set = dtake__pb_begin(&w->out, 1);
    put_file(w);
    dtake__pb_end(&w->out, set);
    snprintf(url, sizeof url, "%s.%s", w->package, w->message);
    dtake__pb_put_text(&w->out, 2, url);
    each_field(w, put_annotation_of_type);
    dtake__pb_put_u64(&w->out, 5, (uint64_t)w->kind);
}

/* Where the names on the wire come from, for those that had to change. */
static dtake_status note_origins(dtake__tilebox_type *type, const writer *w)
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

static void name_type(writer *w, const dtake__tilebox_naming *naming)
{
    size_t len = (size_t)snprintf(w->package, sizeof w->package, "datasets.v1.group_");
    for (size_t i = 0; i < sizeof naming->group_id; i++)
        len += (size_t)snprintf(w->package + len, sizeof w->package - len, "%02x", naming->group_id[i]);
    camel(naming->code_name, true, w->message, sizeof w->message);
    if (w->of_2024) /* the same dataset under both protocols is not one type */
        snprintf(w->package + len, sizeof w->package - len, "_2024");
}

dtake_status dtake__tilebox_type_new(dtake__tilebox_type **out, const dtake_schema *schema,
                                     dtake_dataset_kind kind, const dtake__tilebox_naming *naming,
                                     dtake_error *err)
{
    dtake_buf buf = DTAKE_BUF_INIT(4 << 20);
    writer w = { .out = { .to = &buf },
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
        st = begin(&w, err);
    }
    if (st == DTAKE_OK)
        st = number_fields(&w, err);
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
    end(&w);
    dtake_schema_release(whole);
    dtake__buf_dispose(&buf);
    return st;
}

dtake_status dtake__tilebox_dataset_type_write(const dtake_schema *schema, dtake_dataset_kind kind,
                                               dtake__pb_out *out, dtake_error *err)
{
    writer w = { .out = *out, .schema = schema, .kind = kind, .no_own_enums = true };
    dtake_status st = begin(&w, err);
    if (st == DTAKE_OK) {
        dtake__pb_put_u64(&w.out, 1, (uint64_t)kind);
        for (int pass = 0; pass < 5; pass++)
            for (size_t i = 0; i < dtake_schema_count(schema); i++) {
                int order = order_of_role(dtake_schema_field(schema, i)->role);
                if (w.names[i] == NULL || (order < 0 ? 4 : order) != pass)
                    continue;
                size_t mark = dtake__pb_begin(&w.out, 2);
                put_field(&w, i, 1);
                put_annotation(&w, i, 2);
                dtake__pb_end(&w.out, mark);
            }
    }
    out->status = w.out.status;
    end(&w);
    return st;
}
