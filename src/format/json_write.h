/* One JSON document, written member by member into a buffer. Commas and quotes are its business; nesting is
 * at most 64 deep. Numbers that JSON does not know (nan, inf) become strings. */
#ifndef DTAKE_FORMAT_JSON_WRITE_H
#define DTAKE_FORMAT_JSON_WRITE_H

#include "core/buf.h"
#include "core/span.h"

typedef struct dtake__json {
    dtake_buf *out;
    int depth;
    uint64_t has_member; /* one bit for each level */
    bool named;          /* the next value's name has been written */
    dtake_status status; /* the first failure; after it nothing is written */
} dtake__json;

/* `key` is NULL inside arrays and for the document itself, and after dtake__json_key. */
void dtake__json_object(dtake__json *json, const char *key);
void dtake__json_array(dtake__json *json, const char *key);
void dtake__json_end(dtake__json *json, char bracket); /* '}' or ']' */
void dtake__json_key(dtake__json *json, dtake__span key);

/* Bytes that are not UTF-8 become U+FFFD; what a terminal would obey is escaped. */
void dtake__json_text(dtake__json *json, const char *key, const char *value);
void dtake__json_span(dtake__json *json, const char *key, dtake__span value); /* text too */
void dtake__json_i64(dtake__json *json, const char *key, int64_t value);
void dtake__json_u64(dtake__json *json, const char *key, uint64_t value);
void dtake__json_f64(dtake__json *json, const char *key, double value);
void dtake__json_seconds(dtake__json *json, const char *key, double value); /* rounded to a microsecond */
void dtake__json_bool(dtake__json *json, const char *key, bool value);
void dtake__json_null(dtake__json *json, const char *key);
void dtake__json_raw(dtake__json *json, const char *key, const char *document); /* is JSON already */
void dtake__json_raw_span(dtake__json *json, const char *key, dtake__span document);

#endif
