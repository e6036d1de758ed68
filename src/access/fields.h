/* Plain fields of a struct as members of a JSON object, both ways by one table. */
#ifndef DTAKE_ACCESS_FIELDS_H
#define DTAKE_ACCESS_FIELDS_H

#include <datatake/status.h>

#include <jansson.h>

typedef enum dtake__field_kind {
    DTAKE__FIELD_BOOL,
    DTAKE__FIELD_INT,
    DTAKE__FIELD_I32,
    DTAKE__FIELD_I64,
    DTAKE__FIELD_F64,
    DTAKE__FIELD_TEXT,
} dtake__field_kind;

typedef struct dtake__field {
    const char *name;
    dtake__field_kind kind;
    size_t offset;
} dtake__field;

#define DTAKE__FIELD(type, kind, name)                                                                       \
    {                                                                                                        \
#name, DTAKE__FIELD_##kind, offsetof(type, name)                                                     \
    }

/* What is zero is left out. False: no memory, or text that is not UTF-8. */
bool dtake__fields_to_json(json_t *out, const dtake__field *fields, size_t count, const void *base);

const dtake__field *dtake__find_field(const dtake__field *fields, size_t count,
                                      const char *name); /* NULL: none */
/* False: another type, or out of range. Text stays the JSON's own. */
bool dtake__field_from_json(const dtake__field *field, void *base, const json_t *json);
/* All members that the table knows; others are passed over. */
bool dtake__fields_from_json(const dtake__field *fields, size_t count, void *base, const json_t *json);

/* Takes `value`; NULL fails. On failure *object is gone. */
void dtake__field_put(json_t **object, const char *key, json_t *value);

json_t *dtake__number_to_json(double value); /* nan and inf as text */
bool dtake__number_from_json(const json_t *json, double *out);

#endif
