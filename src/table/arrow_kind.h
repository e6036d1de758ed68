/* Arrow's format strings and metadata, as far as columns of ours can hold what they say. */
#ifndef DTAKE_TABLE_ARROW_KIND_H
#define DTAKE_TABLE_ARROW_KIND_H

#include <datatake/table.h>

#include "core/span.h"

typedef enum dtake__arrow_form {
    DTAKE__ARROW_OTHER, /* not for us */
    DTAKE__ARROW_NULL,
    DTAKE__ARROW_BOOL,
    DTAKE__ARROW_WHOLE, /* integers and times */
    DTAKE__ARROW_FLOAT,
    DTAKE__ARROW_TEXT,
    DTAKE__ARROW_BINARY,
    DTAKE__ARROW_FIXED_BINARY,
    DTAKE__ARROW_LIST,
    DTAKE__ARROW_FIXED_LIST,
    DTAKE__ARROW_STRUCT,
} dtake__arrow_form;

enum { DTAKE__ARROW_VIEW_BYTES = 16 };

typedef struct dtake__arrow_kind {
    dtake__arrow_form form;
    int64_t bytes;  /* WHOLE, FLOAT: of a value. TEXT, BINARY, LIST: of an offset, or DTAKE__ARROW_VIEW_BYTES.
                       FIXED_BINARY: of a value. FIXED_LIST: items a row */
    bool is_signed; /* WHOLE */
    int64_t multiplier;    /* WHOLE: nanoseconds of a unit, or 1 */
    dtake_field_type type; /* WHOLE: INT64, UINT64, TIMESTAMP, DURATION */
} dtake__arrow_kind;

dtake__arrow_kind dtake__arrow_kind_of(const char *format);

/* The value of a key in Arrow's metadata, which may be NULL. */
bool dtake__arrow_metadata_find(const char *metadata, const char *key, dtake__span *out);

#define DTAKE__ARROW_SCHEMA_KEY         "datatake:schema"
#define DTAKE__ARROW_EXTENSION_NAME     "ARROW:extension:name"
#define DTAKE__ARROW_EXTENSION_METADATA "ARROW:extension:metadata"

#endif
