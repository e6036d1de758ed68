/* What the fields of a schema are called on the wire, and their numbers. */
#include "protocol/tilebox/type_writer.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdio.h>

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
void dtake__type_camel(const char *name, bool first, char *out, size_t size)
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

static bool is_taken(const dtake__type_writer *w, const char *name)
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
static dtake_status name_field(dtake__type_writer *w, size_t field)
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

int dtake__type_order_of_role(dtake_field_role role)
{
    return role == DTAKE_ROLE_TIME             ? 0
           : role == DTAKE_ROLE_ID             ? 1
           : role == DTAKE_ROLE_INGESTION_TIME ? 2
           : role == DTAKE_ROLE_GEOMETRY       ? 3
                                               : -1;
}

dtake_status dtake__type_writer_name(dtake__type_writer *w, dtake_error *err)
{
    size_t count = dtake_schema_count(w->schema);
    w->names = dtake__calloc(count, sizeof *w->names);
    dtake_status st = w->names != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    /* the names of roles are fixed: nobody else may have them */
    for (int role = 0; role < 4 && st == DTAKE_OK; role++)
        for (size_t i = 0; i < count && st == DTAKE_OK; i++) {
            static const char *const names[] = { "time", "id", "ingestion_time", "geometry" };
            if (dtake__type_order_of_role(dtake_schema_field(w->schema, i)->role) == role &&
                (w->names[i] = dtake__strdup(names[role])) == NULL)
                st = DTAKE_E_NOMEM;
        }
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        if (w->names[i] == NULL && dtake_schema_field(w->schema, i)->role != DTAKE_ROLE_COLLECTION)
            st = name_field(w, i);
    return st == DTAKE_OK ? DTAKE_OK : dtake__fail_nomem(err, "a dataset's type");
}

dtake_status dtake__type_writer_number(dtake__type_writer *w, dtake_error *err)
{
    size_t count = dtake_schema_count(w->schema);
    w->numbers = dtake__calloc(count, sizeof *w->numbers);
    if (w->numbers == NULL)
        return dtake__fail_nomem(err, "a dataset's type");
    bool has_geometry = w->kind == DTAKE_SPATIOTEMPORAL;
    uint32_t next = w->of_2024 ? 1 : has_geometry ? DTAKE__TYPE_FIRST_NUMBER + 1 : DTAKE__TYPE_FIRST_NUMBER;
    for (size_t i = 0; i < count; i++) {
        int order = dtake__type_order_of_role(dtake_schema_field(w->schema, i)->role);
        if (w->names[i] == NULL || (w->of_2024 && order >= 0 && order < 3))
            continue;
        bool is_fixed = !w->of_2024 && order >= 0 && (order < 3 || has_geometry);
        w->numbers[i] = is_fixed ? (uint32_t)order + 1 : next++;
    }
    return DTAKE_OK;
}

void dtake__type_writer_dispose(dtake__type_writer *w)
{
    for (size_t i = 0; w->names != NULL && i < dtake_schema_count(w->schema); i++)
        dtake__free(w->names[i]);
    dtake__free(w->names);
    dtake__free(w->numbers);
}
