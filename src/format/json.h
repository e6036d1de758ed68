/* Reading JSON (RFC 8259) that lies whole in memory, value by value: no tree, no memory, one pass.
 *
 *     dtake__json_start(&in, text, len);
 *     dtake__json_enter_object(&in);
 *     while (dtake__json_next_key(&in, &key))
 *         if (dtake__json_key_is(key, "id"))
 *             dtake__json_read_text(&in, &id);
 *         else
 *             dtake__json_skip(&in);
 *     st = dtake__json_finish(&in, err);
 *
 * After the first mistake every call returns false and changes nothing, so that one look at the end is
 * enough. Each member must be read, entered or skipped before the next is asked for. Everything that was
 * passed over is valid JSON and valid UTF-8 as well: a value's raw text can be kept and written out again as
 * it is.
 *
 * Strict: no comments, no comma at the end, no NaN, no lone surrogates; a byte order mark at the start is
 * passed over. Names that occur twice are the caller's to judge. Spans point into the text. */
#ifndef DTAKE_FORMAT_JSON_H
#define DTAKE_FORMAT_JSON_H

#include "core/decimal.h"

#include <datatake/status.h>

enum { DTAKE__JSON_MAX_DEPTH = 256 }; /* objects and arrays within one another */

typedef struct dtake__json_in {
    const char *start, *at, *end;
    const char *wrong;  /* where the first mistake is; NULL: none so far */
    const char *wanted; /* static */
    uint64_t line;      /* of start, for messages: 1, unless the caller knows better */
    int depth;          /* of what was entered and not left */
    bool first;         /* no comma is due */
} dtake__json_in;

typedef enum dtake__json_kind {
    DTAKE__JSON_BROKEN, /* no value begins here, or there was a mistake before */
    DTAKE__JSON_NULL,
    DTAKE__JSON_BOOL,
    DTAKE__JSON_NUMBER,
    DTAKE__JSON_TEXT,
    DTAKE__JSON_ARRAY,
    DTAKE__JSON_OBJECT,
} dtake__json_kind;

/* What stands between the quotes. */
typedef struct dtake__json_quoted {
    dtake__span raw;
    bool escaped; /* there are backslashes: raw is not yet the text */
} dtake__json_quoted;

void dtake__json_start(dtake__json_in *in, const char *text, size_t len);

/* Nothing but blanks may be left. DTAKE_E_FORMAT with line and column (from 1, in bytes), what was expected
 * there and what was found. */
dtake_status dtake__json_finish(dtake__json_in *in, dtake_error *err);
dtake_status dtake__json_status(const dtake__json_in *in,
                                dtake_error *err); /* the same, but more may follow */

/* Makes a mistake of a value that was read but is not what the caller wants; `wanted` is static: "a time". */
bool dtake__json_reject(dtake__json_in *in, const char *at, const char *wanted);

dtake__json_kind dtake__json_peek(dtake__json_in *in); /* of the next value, which stays where it is */

bool dtake__json_enter_object(dtake__json_in *in);
bool dtake__json_enter_array(dtake__json_in *in);
/* The next member or element; false at the closing bracket, which is then behind us, and after a mistake. */
bool dtake__json_next_key(dtake__json_in *in, dtake__json_quoted *key);
bool dtake__json_next_element(dtake__json_in *in);

bool dtake__json_read_text(dtake__json_in *in, dtake__json_quoted *out);
bool dtake__json_read_bool(dtake__json_in *in, bool *out);
bool dtake__json_read_null(dtake__json_in *in);
bool dtake__json_read_number(dtake__json_in *in, dtake__decimal *out); /* as written, whatever its size */
/* Numbers that do not fit are mistakes: 1e400 for f64, 2^63 for i64. See dtake__decimal_i64 for 5.0. */
bool dtake__json_read_i64(dtake__json_in *in, int64_t *out);
bool dtake__json_read_u64(dtake__json_in *in, uint64_t *out);
bool dtake__json_read_f64(dtake__json_in *in, double *out);

bool dtake__json_skip(dtake__json_in *in);
bool dtake__json_read_raw(dtake__json_in *in,
                          dtake__span *out); /* any value, verbatim, blanks around it cut */

/* Whether the text, unescaped, equals `name`. */
bool dtake__json_text_equal(dtake__json_quoted text, dtake__span name);
#define dtake__json_key_is(key, literal) dtake__json_text_equal((key), DTAKE__SPAN(literal))

/* Writes the text without its escapes into out, which has room for raw.len bytes (it never gets longer);
 * returns the bytes written. They may contain '\0', as \u0000. `out` may be raw.text itself. */
size_t dtake__json_unescape(dtake__json_quoted text, char *out);

/* Writes what was read as raw without the blanks between its parts, on one line as NDJSON wants it; else
 * unchanged. `out` has room for raw.len bytes and may be raw.text itself; returns the bytes written. */
size_t dtake__json_compact(dtake__span raw, char *out);

#endif
