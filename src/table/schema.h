/* What the library may ask of a schema beside include/datatake/table.h. */
#ifndef DTAKE_TABLE_SCHEMA_H
#define DTAKE_TABLE_SCHEMA_H

#include <datatake/table.h>

#include "core/buf.h"

/* As dtake_schema_find, with a name that is not ended by '\0'. Constant time. */
int dtake__schema_find(const dtake_schema *schema, const char *name, size_t len);

/* The value of an ENUM field by its number or its name; NULL if there is none. */
const dtake_enum_value *dtake__enum_by_value(const dtake_schema *schema, size_t field, int64_t value);
const dtake_enum_value *dtake__enum_by_name(const dtake_schema *schema, size_t field, const char *name,
                                            size_t len);
const dtake_enum_value *dtake__enum_sorted(const dtake_schema *schema,
                                           size_t field); /* by number; NULL: none */

/* DTAKE_E_USAGE says what is wrong with one field by itself. */
dtake_status dtake__field_check(const dtake_field *field, size_t index, dtake_error *err);

/* The same names, types, roles, widths, values: what columns depend on, not the words about it. */
bool dtake__schema_same(const dtake_schema *a, const dtake_schema *b);

/* DTAKE_OK when `to` has the fields of `from`, in their order, and perhaps more behind them; DTAKE_E_STATE
 * names the first field where that ends. */
dtake_status dtake__schema_grows(const dtake_schema *from, const dtake_schema *to, dtake_error *err);

/* The fields with these names, in that order. DTAKE_E_NOT_FOUND names near ones. */
dtake_status dtake__schema_project(dtake_schema **out, const dtake_schema *schema, const char *const *names,
                                   size_t count, dtake_error *err);

/* One schema that holds the datapoints of all: fields are one where their role or their name is the same.
 * Whole numbers and float64 become float64, values of enums add up; DTAKE_E_STATE names what does not fit. */
dtake_status dtake__schema_union(dtake_schema **out, const dtake_schema *const *schemas, size_t count,
                                 dtake_error *err);

/* {"fields":[{"name":"cloud_cover","type":"float64","unit":"percent"},...]}, on one line. Read are also
 * documents that say more (as `datatake info DATASET --json` prints them), but a field that does is refused.
 */
dtake_status dtake__schema_to_json(const dtake_schema *schema, dtake_buf *out, dtake_error *err);
dtake_status dtake__schema_from_json(dtake_schema **out, const char *text, size_t len, dtake_error *err);

#endif
