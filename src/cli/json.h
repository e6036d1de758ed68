/* One JSON document, written member by member into a buffer. Commas and quotes are its business; nesting is
 * at most 16 deep. Numbers that JSON does not know (nan, inf) become strings. */
#ifndef DTAKE_CLI_JSON_H
#define DTAKE_CLI_JSON_H

#include "core/buf.h"

typedef struct dtake__json {
    dtake_buf *out;
    int depth;
    bool has_member[16];
    dtake_status status; /* the first failure; after it nothing is written */
} dtake__json;

/* `key` is NULL inside arrays and for the document itself. */
void dtake__json_object(dtake__json *json, const char *key);
void dtake__json_array(dtake__json *json, const char *key);
void dtake__json_end(dtake__json *json, char bracket); /* '}' or ']' */
void dtake__json_text(dtake__json *json, const char *key,
                      const char *value); /* bytes that are not UTF-8 become U+FFFD */
void dtake__json_i64(dtake__json *json, const char *key, int64_t value);
void dtake__json_f64(dtake__json *json, const char *key, double value);
void dtake__json_seconds(dtake__json *json, const char *key, double value); /* rounded to a microsecond */
void dtake__json_bool(dtake__json *json, const char *key, bool value);
void dtake__json_null(dtake__json *json, const char *key);
void dtake__json_raw(dtake__json *json, const char *key, const char *document); /* is JSON already */

#endif
