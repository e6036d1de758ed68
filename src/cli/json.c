#include "cli/json.h"

#include "cli/print.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 16 };

static void put(dtake__json *json, const char *text, size_t len)
{
    if (json->status == DTAKE_OK)
        json->status = dtake__buf_append(json->out, text, len);
}

static void put_text(dtake__json *json, const char *text)
{
    put(json, text, strlen(text));
}

static void put_quoted(dtake__json *json, const char *text)
{
    const char *c = text;
    put_text(json, "\"");
    while (*c != '\0') {
        char escape[8];
        size_t len = dtake__visible_char(c);
        if (*c == '"' || *c == '\\') {
            snprintf(escape, sizeof escape, "\\%c", *c);
            put_text(json, escape);
        } else if (len > 0) {
            put(json, c, len);
        } else if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*c);
            put_text(json, escape);
        } else if ((unsigned char)c[0] == 0xc2 && (c[1] & 0xe0) == 0x80) {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)c[1]);
            put_text(json, escape);
            len = 2;
        } else {
            put_text(json, "\\ufffd");
        }
        c += len > 0 ? len : 1;
    }
    put_text(json, "\"");
}

static void begin(dtake__json *json, const char *key)
{
    if (json->depth > 0 && json->has_member[json->depth - 1])
        put_text(json, ",");
    if (json->depth > 0)
        json->has_member[json->depth - 1] = true;
    if (key != NULL) {
        put_quoted(json, key);
        put_text(json, ":");
    }
}

static void open_bracket(dtake__json *json, const char *key, const char *bracket)
{
    begin(json, key);
    put_text(json, bracket);
    if (json->depth == MAX_DEPTH)
        json->status = DTAKE_E_LIMIT;
    else
        json->has_member[json->depth++] = false;
}

void dtake__json_object(dtake__json *json, const char *key)
{
    open_bracket(json, key, "{");
}

void dtake__json_array(dtake__json *json, const char *key)
{
    open_bracket(json, key, "[");
}

void dtake__json_end(dtake__json *json, char bracket)
{
    put(json, &bracket, 1);
    if (json->depth > 0)
        json->depth--;
}

void dtake__json_text(dtake__json *json, const char *key, const char *value)
{
    begin(json, key);
    put_quoted(json, value);
}

void dtake__json_raw(dtake__json *json, const char *key, const char *document)
{
    begin(json, key);
    put_text(json, document);
}

void dtake__json_i64(dtake__json *json, const char *key, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    dtake__json_raw(json, key, text);
}

void dtake__json_f64(dtake__json *json, const char *key, double value)
{
    char text[32];
    if (isnan(value)) {
        dtake__json_text(json, key, "nan");
    } else if (isinf(value)) {
        dtake__json_text(json, key, value > 0 ? "inf" : "-inf");
    } else {
        dtake__format_f64(value, text, sizeof text);
        dtake__json_raw(json, key, text);
    }
}

void dtake__json_seconds(dtake__json *json, const char *key, double value)
{
    dtake__json_f64(json, key, round(value * 1e6) / 1e6);
}

void dtake__json_bool(dtake__json *json, const char *key, bool value)
{
    dtake__json_raw(json, key, value ? "true" : "false");
}

void dtake__json_null(dtake__json *json, const char *key)
{
    dtake__json_raw(json, key, "null");
}
