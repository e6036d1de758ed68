/* The inside of a schema, for the files of this folder. */
#ifndef DTAKE_TABLE_SCHEMA_STRUCT_H
#define DTAKE_TABLE_SCHEMA_STRUCT_H

#include "table/schema.h"

#include <stdatomic.h>

enum { DTAKE__ROLE_COUNT = DTAKE_ROLE_COLLECTION + 1 };

struct dtake_schema {
    atomic_long refs;
    size_t count;
    dtake_field *fields;
    const dtake_enum_value **by_value; /* a field: its enum values in order of their numbers */
    uint16_t *slots;                   /* names by hash: index of the field + 1, 0 is free */
    size_t slot_count;                 /* a power of two */
    int roles[DTAKE__ROLE_COUNT];      /* index of the field, -1 */
    char *memory;                      /* texts and enum values of all fields */
};

#endif
