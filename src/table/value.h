/* One value as text, for files and for people, and as JSON. */
#ifndef DTAKE_TABLE_VALUE_H
#define DTAKE_TABLE_VALUE_H

#include <datatake/table.h>

#include "format/json_write.h"

/* Appends: times as RFC 3339, geometries as WKT, enums by name, UUIDs in their usual form, durations in
 * seconds, bytes in hexadecimal digits, lists and vectors as JSON; nothing for null. DTAKE_E_FORMAT: not WKB.
 */
dtake_status dtake__value_text(const dtake_schema *schema, size_t field, const dtake_column *column,
                               int64_t row, dtake_buf *out);

/* After dtake__json_key, or as an element: the same texts as strings, but numbers, booleans, JSON and lists
 * as they are, geometries as GeoJSON, and null for null and for numbers that JSON does not know. */
void dtake__value_json(dtake__json *json, const dtake_schema *schema, size_t field,
                       const dtake_column *column, int64_t row);

#endif
