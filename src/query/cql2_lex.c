#include "query/cql2_lex.h"

#include "core/alloc.h"
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dtake__cql2_start(dtake__cql2 *in, const char *text, dtake_error *err)
{
    *in = (dtake__cql2){
        .text = text, .at = text, .end = text + strlen(text), .counted = text, .column = 1, .err = err
    };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool begins_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (unsigned char)c >= 0x80;
}

static bool continues_word(char c)
{
    return begins_word(c) || (c >= '0' && c <= '9') || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

uint32_t dtake__cql2_column(dtake__cql2 *in)
{
    while (is_blank(*in->at))
        in->at++;
    for (; in->counted < in->at; in->counted++)
        in->column += ((unsigned char)*in->counted & 0xc0) != 0x80;
    return in->column;
}

static void skip_blanks(dtake__cql2 *in)
{
    while (is_blank(*in->at))
        in->at++;
}

bool dtake__cql2_at_end(dtake__cql2 *in)
{
    skip_blanks(in);
    return *in->at == '\0';
}

void dtake__cql2_skip(dtake__cql2 *in, size_t bytes)
{
    in->before = (dtake__span){ in->at, bytes };
    in->at += bytes;
}

dtake__span dtake__cql2_word(dtake__cql2 *in)
{
    skip_blanks(in);
    size_t len = 0;
    if (begins_word(*in->at))
        while (continues_word(in->at[len]))
            len++;
    return (dtake__span){ in->at, len };
}

bool dtake__cql2_take_word(dtake__cql2 *in, const char *word)
{
    dtake__span ahead = dtake__cql2_word(in);
    if (ahead.len == 0 || ahead.len != strlen(word))
        return false;
    for (size_t i = 0; i < ahead.len; i++)
        if (lower(ahead.text[i]) != lower(word[i]))
            return false;
    dtake__cql2_skip(in, ahead.len);
    return true;
}

bool dtake__cql2_take_sign(dtake__cql2 *in, const char *sign)
{
    size_t len = strlen(sign);
    skip_blanks(in);
    if (strncmp(in->at, sign, len) != 0)
        return false;
    dtake__cql2_skip(in, len);
    return true;
}

bool dtake__cql2_word_then_bracket(dtake__cql2 *in)
{
    dtake__span word = dtake__cql2_word(in);
    const char *next = word.text + word.len;
    while (is_blank(*next))
        next++;
    return word.len > 0 && *next == '(';
}

/* A quote within is written twice. CQL2 also lets \' stand for ' in texts; so that a text may end in a
 * backslash, backslashes right before a quote are read in pairs, each pair one backslash. */
static const char *copy_quoted(const char *at, char quote, char *out)
{
    for (;;) {
        size_t slashes = 0;
        while (at[slashes] == '\\')
            slashes++;
        if (quote != '\'' || at[slashes] != quote) {
            memcpy(out, at, slashes);
            out += slashes;
            at += slashes;
        } else if (slashes > 0) {
            memset(out, '\\', slashes / 2);
            out += slashes / 2;
            at += slashes;
            if (slashes % 2 == 1) {
                *out++ = *at++;
                continue;
            }
        }
        if (*at == '\0')
            return NULL;
        if (*at == quote && *++at != quote) {
            *out = '\0';
            return at;
        }
        *out++ = *at++;
    }
}

char *dtake__cql2_take_quoted(dtake__cql2 *in, char quote)
{
    uint32_t column = dtake__cql2_column(in);
    char *out = dtake__alloc((size_t)(in->end - in->at) + 1);
    if (out == NULL) {
        dtake__cql2_no_memory(in);
        return NULL;
    }
    const char *end = copy_quoted(in->at + 1, quote, out);
    if (end == NULL) {
        dtake__cql2_fail(in, column, "the quote %c is not closed", quote);
        dtake__free(out);
        return NULL;
    }
    dtake__cql2_skip(in, (size_t)(end - in->at));
    char *fitting = dtake__realloc(out, strlen(out) + 1);
    return fitting != NULL ? fitting : out;
}

dtake__filter *dtake__cql2_fail(dtake__cql2 *in, uint32_t column, const char *fmt, ...)
{
    if (in->status != DTAKE_OK)
        return NULL;
    char message[DTAKE_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    in->status = dtake__fail(in->err, DTAKE_E_USAGE, "filter: column %u: %s", column, message);
    return NULL;
}

/* As much of a word as fits into a message. */
static int shown(dtake__span word)
{
    return word.len > 40 ? 40 : (int)word.len;
}

static dtake__span next_token(dtake__cql2 *in)
{
    dtake__span word = dtake__cql2_word(in);
    if (word.len == 0 && *in->at != '\0')
        word.len = 1;
    while (word.len > 0 && ((unsigned char)word.text[word.len] & 0xc0) == 0x80)
        word.len++;
    return word;
}

dtake__filter *dtake__cql2_expected(dtake__cql2 *in, const char *what)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__span found = next_token(in);
    if (found.len > 0)
        return dtake__cql2_fail(in, column, "expected %s, found '%.*s'", what, shown(found), found.text);
    if (in->before.len > 0)
        return dtake__cql2_fail(in, column, "expected %s after '%.*s'", what, shown(in->before),
                                in->before.text);
    return dtake__cql2_fail(in, column, "expected %s", what);
}

dtake__filter *dtake__cql2_too_deep(dtake__cql2 *in, uint32_t column)
{
    return dtake__cql2_fail(in, column, "nested more than %d deep", DTAKE__FILTER_MAX_DEPTH);
}

dtake__filter *dtake__cql2_no_memory(dtake__cql2 *in)
{
    if (in->status == DTAKE_OK)
        in->status = dtake__fail_nomem(in->err, "filter");
    return NULL;
}
