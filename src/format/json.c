#include "format/json.h"

#include "core/error.h"
#include "format/json_text.h"

#include <stdio.h>

static const char *blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Stands at the end from now on, where every call finds nothing to read and fails as well. */
static bool mistake(dtake__json_in *in, const char *at, const char *wanted)
{
    if (in->wrong == NULL) {
        in->wrong = at;
        in->wanted = wanted;
    }
    in->at = in->end;
    in->first = false;
    return false;
}

bool dtake__json_reject(dtake__json_in *in, const char *at, const char *wanted)
{
    return mistake(in, at, wanted);
}

void dtake__json_start(dtake__json_in *in, const char *text, size_t len)
{
    bool marked = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
    *in = (dtake__json_in){ .start = text, .end = len > 0 ? text + len : text, .line = 1 };
    in->at = blanks(marked ? text + 3 : text, in->end);
}

/* What stands at the mistake, cut to a few visible characters. */
static void describe_found(const dtake__json_in *in, char out[32])
{
    size_t left = (size_t)(in->end - in->wrong), len = 0;
    if (left == 0) {
        strcpy(out, "the end");
        return;
    }
    while (len < left && len < 16 && in->wrong[len] > ' ' && in->wrong[len] < 0x7F)
        len++;
    if (len == 0)
        snprintf(out, 32, "byte 0x%02x", (unsigned char)in->wrong[0]);
    else
        snprintf(out, 32, "%.*s%s", (int)len, in->wrong, len == 16 ? "..." : "");
}

dtake_status dtake__json_status(const dtake__json_in *in, dtake_error *err)
{
    if (in->wrong == NULL)
        return DTAKE_OK;
    uint64_t line = in->line;
    const char *line_start = in->start;
    for (const char *at = in->start; at < in->wrong; at++)
        if (*at == '\n') {
            line++;
            line_start = at + 1;
        }
    char found[32];
    describe_found(in, found);
    return dtake__fail(err, DTAKE_E_FORMAT, "line %llu, column %zu: expected %s, found %s",
                       (unsigned long long)line, (size_t)(in->wrong - line_start) + 1, in->wanted, found);
}

dtake_status dtake__json_finish(dtake__json_in *in, dtake_error *err)
{
    in->at = blanks(in->at, in->end);
    if (in->at < in->end)
        mistake(in, in->at, "nothing more");
    else if (in->depth > 0)
        mistake(in, in->at, "a closing bracket");
    return dtake__json_status(in, err);
}

dtake__json_kind dtake__json_peek(dtake__json_in *in)
{
    switch (in->at < in->end ? *in->at : '\0') {
    case '{':
        return DTAKE__JSON_OBJECT;
    case '[':
        return DTAKE__JSON_ARRAY;
    case '"':
        return DTAKE__JSON_TEXT;
    case 't':
    case 'f':
        return DTAKE__JSON_BOOL;
    case 'n':
        return DTAKE__JSON_NULL;
    case '-':
        return DTAKE__JSON_NUMBER;
    default:
        return in->at < in->end && *in->at >= '0' && *in->at <= '9' ? DTAKE__JSON_NUMBER : DTAKE__JSON_BROKEN;
    }
}

static bool enter(dtake__json_in *in, char bracket, const char *wanted)
{
    if (in->at == in->end || *in->at != bracket)
        return mistake(in, in->at, wanted);
    if (in->depth == DTAKE__JSON_MAX_DEPTH)
        return mistake(in, in->at, "at most 256 objects and arrays within one another");
    in->at++;
    in->depth++;
    in->first = true;
    return true;
}

bool dtake__json_enter_object(dtake__json_in *in)
{
    return enter(in, '{', "an object");
}

bool dtake__json_enter_array(dtake__json_in *in)
{
    return enter(in, '[', "an array");
}

/* Stands on what follows the comma, or behind the closing bracket. */
static bool next(dtake__json_in *in, char closing, const char *wanted)
{
    const char *at = blanks(in->at, in->end);
    if (at < in->end && *at == closing) {
        in->at = at + 1;
        in->depth--;
        in->first = false;
        return false;
    }
    if (!in->first) {
        if (at == in->end || *at != ',')
            return mistake(in, at, wanted);
        at = blanks(at + 1, in->end);
    }
    in->first = false;
    in->at = at;
    return true;
}

/* Behind the string at `at`, NULL after a mistake. */
static const char *read_text(dtake__json_in *in, const char *at, dtake__json_quoted *out)
{
    const char *wanted;
    if (at == in->end || *at != '"') {
        mistake(in, at, "text in quotes");
        return NULL;
    }
    const char *stop = dtake__json_text_end(at + 1, in->end, &out->escaped, &wanted);
    if (wanted != NULL) {
        mistake(in, stop, wanted);
        return NULL;
    }
    out->raw = (dtake__span){ at + 1, (size_t)(stop - at) - 1 };
    return stop + 1;
}

static const char *read_name(dtake__json_in *in, const char *at, dtake__json_quoted *out)
{
    at = read_text(in, at, out);
    if (at == NULL)
        return NULL;
    at = blanks(at, in->end);
    if (at == in->end || *at != ':') {
        mistake(in, at, "':' after a name");
        return NULL;
    }
    return blanks(at + 1, in->end);
}

bool dtake__json_next_key(dtake__json_in *in, dtake__json_quoted *key)
{
    if (!next(in, '}', "',' or '}' after a value"))
        return false;
    const char *at = read_name(in, in->at, key);
    if (at == NULL)
        return false;
    in->at = at;
    return true;
}

bool dtake__json_next_element(dtake__json_in *in)
{
    return next(in, ']', "',' or ']' after a value");
}

bool dtake__json_read_text(dtake__json_in *in, dtake__json_quoted *out)
{
    const char *at = read_text(in, in->at, out);
    if (at == NULL)
        return false;
    in->at = at;
    return true;
}

static bool read_word(dtake__json_in *in, dtake__span word)
{
    if ((size_t)(in->end - in->at) < word.len || memcmp(in->at, word.text, word.len) != 0)
        return false;
    in->at += word.len;
    return true;
}

bool dtake__json_read_bool(dtake__json_in *in, bool *out)
{
    bool yes = read_word(in, DTAKE__SPAN("true"));
    if (!yes && !read_word(in, DTAKE__SPAN("false")))
        return mistake(in, in->at, "true or false");
    *out = yes;
    return true;
}

bool dtake__json_read_null(dtake__json_in *in)
{
    return read_word(in, DTAKE__SPAN("null")) || mistake(in, in->at, "null");
}

bool dtake__json_read_number(dtake__json_in *in, dtake__decimal *out)
{
    dtake__decimal n;
    if (!dtake__decimal_scan(in->at, in->end, &n) || !n.plain)
        return mistake(in, in->at, "a number");
    in->at = n.end;
    *out = n;
    return true;
}

bool dtake__json_read_i64(dtake__json_in *in, int64_t *out)
{
    dtake__decimal n;
    return dtake__json_read_number(in, &n) &&
           (dtake__decimal_i64(&n, out) || mistake(in, n.text, "a whole number from -2^63 to 2^63 - 1"));
}

bool dtake__json_read_u64(dtake__json_in *in, uint64_t *out)
{
    dtake__decimal n;
    return dtake__json_read_number(in, &n) &&
           (dtake__decimal_u64(&n, out) || mistake(in, n.text, "a whole number from 0 to 2^64 - 1"));
}

bool dtake__json_read_f64(dtake__json_in *in, double *out)
{
    dtake__decimal n;
    return dtake__json_read_number(in, &n) &&
           (dtake__decimal_f64(&n, out) || mistake(in, n.text, "a number that fits into a double"));
}

static bool skip_scalar(dtake__json_in *in)
{
    dtake__json_quoted text;
    dtake__decimal number;
    bool truth;
    switch (dtake__json_peek(in)) {
    case DTAKE__JSON_TEXT:
        return dtake__json_read_text(in, &text);
    case DTAKE__JSON_NUMBER:
        return dtake__json_read_number(in, &number);
    case DTAKE__JSON_BOOL:
        return dtake__json_read_bool(in, &truth);
    case DTAKE__JSON_NULL:
        return dtake__json_read_null(in);
    default:
        return mistake(in, in->at, "a value");
    }
}

/* Moves on from a finished value to the next one within what skip has entered; false when there is none. */
static bool next_within(dtake__json_in *in, const uint64_t *is_object, int outside)
{
    dtake__json_quoted name;
    while (in->depth > outside) {
        int level = in->depth - 1;
        if (is_object[level / 64] >> (level % 64) & 1 ? dtake__json_next_key(in, &name)
                                                      : dtake__json_next_element(in))
            return true;
        if (in->wrong != NULL)
            return false;
    }
    return false;
}

bool dtake__json_skip(dtake__json_in *in)
{
    uint64_t is_object[DTAKE__JSON_MAX_DEPTH / 64] = {
        0
    }; /* one bit for each level; those outside are not looked at */
    int outside = in->depth;
    do {
        char c = in->at < in->end ? *in->at : '\0';
        if (c == '{' || c == '[') {
            int level = in->depth;
            if (c == '{' ? !dtake__json_enter_object(in) : !dtake__json_enter_array(in))
                return false;
            uint64_t bit = 1ULL << (level % 64);
            is_object[level / 64] = c == '{' ? is_object[level / 64] | bit : is_object[level / 64] & ~bit;
        } else if (!skip_scalar(in)) {
            return false;
        }
    } while (next_within(in, is_object, outside));
    return in->wrong == NULL;
}

bool dtake__json_read_raw(dtake__json_in *in, dtake__span *out)
{
    const char *start = in->at;
    if (!dtake__json_skip(in))
        return false;
    *out = (dtake__span){ start, (size_t)(in->at - start) };
    return true;
}
