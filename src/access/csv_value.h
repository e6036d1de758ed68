/* Values of CSV for fields that text says in more than one way. */
#ifndef DTAKE_ACCESS_CSV_VALUE_H
#define DTAKE_ACCESS_CSV_VALUE_H

#include "core/span.h"
#include "table/builder.h"

/* Puts what `load` writes into CSV for a field of this type: a UUID; an enum's value by name or number;
 * seconds as a duration; a vector or a list as an array of JSON; hexadecimal digits as bytes; a geometry as
 * WKT (also GeoJSON, WKB in hexadecimal digits). DTAKE_E_FORMAT without words when the text is none of these.
 */
dtake_status dtake__csv_put_text(dtake__builder *builder, size_t field, dtake__span text);

#endif
