#include "format/json_write.h"

#include "core/number.h"
#include "format/scan.h"
#include "format/utf8.h"

#include <math.h>
#include <stdio.h>

enum { MAX_DEPTH = 64 };

static void put(dtake__json *json, const char *text, size_t len)
{
    if (json->status == DTAKE_OK)
        json->status = dtake__buf_append(json->out, text, len);
}

static void put_text(dtake__json *json, const char *text)
{
    put(json, text, strlen(text));
}

/* Writes the character at `at`, which is not a plain one; returns its bytes. */
static int put_special(dtake__json *json, const char *at, const char *end)
{
    char escape[8];
    unsigned char c = (unsigned char)at[0];
    int len = dtake__utf8_length(at, end);
    if (c == '"' || c == '\\') {
        put(json, (char[]){ '\\', at[0] }, 2);
    } else if (len == 0) {
        put_text(json, "\\ufffd");
        len = 1;
    } else if (c < 0x20 || c == 0x7f || (c == 0xc2 && (unsigned char)at[1] < 0xa0)) {
        snprintf(escape, sizeof escape, "\\u%04x", len == 2 ? (unsigned char)at[1] : c);
        put_text(json, escape);
    } else {
        put(json, at, (size_t)len);
    }
    return len;
}

static void put_quoted(dtake__json *json, dtake__span text)
{
    const char *at = text.text, *end = at + text.len;
    put(json, "\"", 1);
    while (at < end) {
        const char *special = dtake__scan_json_text(at, end);
        const char *delete = memchr(at, 0x7f, (size_t)(special - at));
        special = delete != NULL ? delete : special;
        put(json, at, (size_t)(special - at));
        at = special < end ? special + put_special(json, special, end) : end;
    }
    put(json, "\"", 1);
}

static void begin(dtake__json *json, const char *key)
{
    if (json->named) {
        json->named = false;
        return;
    }
    if (json->depth > 0) {
        uint64_t bit = 1ULL << (json->depth - 1);
        if (json->has_member & bit)
            put(json, ",", 1);
        json->has_member |= bit;
    }
    if (key != NULL) {
        put_quoted(json, dtake__span_of(key));
        put(json, ":", 1);
    }
}

void dtake__json_key(dtake__json *json, dtake__span key)
{
    begin(json, NULL);
    put_quoted(json, key);
    put(json, ":", 1);
    json->named = true;
}

static void open_bracket(dtake__json *json, const char *key, const char *bracket)
{
    begin(json, key);
    put(json, bracket, 1);
    if (json->depth == MAX_DEPTH)
        json->status = DTAKE_E_LIMIT;
    else
        json->has_member &= ~(1ULL << json->depth++);
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

void dtake__json_span(dtake__json *json, const char *key, dtake__span value)
{
    begin(json, key);
    put_quoted(json, value);
}

void dtake__json_text(dtake__json *json, const char *key, const char *value)
{
    dtake__json_span(json, key, dtake__span_of(value));
}

void dtake__json_raw_span(dtake__json *json, const char *key, dtake__span document)
{
    begin(json, key);
    put(json, document.text, document.len);
}

void dtake__json_raw(dtake__json *json, const char *key, const char *document)
{
    dtake__json_raw_span(json, key, dtake__span_of(document));
}

void dtake__json_i64(dtake__json *json, const char *key, int64_t value)
{
    char text[24];
    dtake__json_raw_span(json, key, (dtake__span){ text, dtake__format_i64(value, text) });
}

void dtake__json_u64(dtake__json *json, const char *key, uint64_t value)
{
    char text[24];
    dtake__json_raw_span(json, key, (dtake__span){ text, dtake__format_u64(value, text) });
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
