#include "config/toml_line.h"

#include "core/error.h"

#include <ctype.h>
#include <string.h>

static const char *skip_blanks(const char *c)
{
    while (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\n')
        c++;
    return c;
}

static bool at_end(const char *c)
{
    c = skip_blanks(c);
    return *c == '\0' || *c == '#';
}

/* A bare name, or one in quotes: [A-Za-z0-9_-]+. Returns the place behind it, NULL when there is none. */
static const char *take_name(const char *c, char out[DTAKE_CONFIG_NAME_BYTES])
{
    char quote = *c == '"' || *c == '\'' ? *c++ : '\0';
    size_t len = 0;
    while ((isalnum((unsigned char)*c) || *c == '_' || *c == '-') && len < DTAKE_CONFIG_NAME_BYTES - 1)
        out[len++] = *c++;
    out[len] = '\0';
    if (len == 0 || (quote != '\0' && *c++ != quote))
        return NULL;
    return c;
}

static dtake_status parse_section(const char *c, dtake__toml_line *out, dtake_error *err)
{
    out->kind = DTAKE__TOML_SECTION;
    if (c[1] == '[')
        return dtake__fail(err, DTAKE_E_USAGE, "arrays of tables ([[...]]) are not read here; use [section]");
    c = take_name(skip_blanks(c + 1), out->name);
    if (c != NULL && *skip_blanks(c) == '.')
        return dtake__fail(err, DTAKE_E_USAGE, "nested sections ([a.b]) are not read here; use [section]");
    if (c == NULL || *skip_blanks(c) != ']' || !at_end(skip_blanks(c) + 1))
        return dtake__fail(err, DTAKE_E_USAGE, "expected [section]");
    return DTAKE_OK;
}

static bool unescape(char c, char *out)
{
    static const char from[] = "\"\\ntrbf", to[] = "\"\\\n\t\r\b\f";
    const char *at = c != '\0' ? strchr(from, c) : NULL;
    if (at != NULL)
        *out = to[at - from];
    return at != NULL;
}

static dtake_status parse_quoted(const char *c, char *out, dtake_error *err)
{
    char quote = *c++;
    if (c[0] == quote && c[1] == quote)
        return dtake__fail(err, DTAKE_E_USAGE, "strings over several lines are not read here");
    while (*c != quote) {
        if (*c == '\0' || *c == '\n')
            return dtake__fail(err, DTAKE_E_USAGE, "the string is not closed");
        if (*c != '\\' || quote == '\'')
            *out++ = *c++;
        else if (unescape(c[1], out++))
            c += 2;
        else
            return dtake__fail(err, DTAKE_E_USAGE,
                               "unknown escape '\\%c' (write '...' for text without escapes)", c[1]);
    }
    *out = '\0';
    if (!at_end(c + 1))
        return dtake__fail(err, DTAKE_E_USAGE, "unexpected text behind the string");
    return DTAKE_OK;
}

/* 1_000 is a thousand in TOML; only such text loses its underscores. */
static void strip_digit_groups(char *text)
{
    bool seen = false;
    for (const char *c = text; *c != '\0'; c++) {
        if (!isdigit((unsigned char)*c) && strchr("_+-.", *c) == NULL)
            return;
        seen = seen || *c == '_';
    }
    if (!seen)
        return;
    char *to = text;
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '_')
            *to++ = *c;
    *to = '\0';
}

static dtake_status parse_bare(const char *c, char *out, dtake_error *err)
{
    size_t len = 0;
    for (; *c != '\0' && *c != '\n' && !(*c == '#' && (len == 0 || isspace((unsigned char)c[-1]))); c++)
        out[len++] = *c;
    while (len > 0 && isspace((unsigned char)out[len - 1]))
        len--;
    out[len] = '\0';
    if (len == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "no value behind '='");
    strip_digit_groups(out);
    return DTAKE_OK;
}

static dtake_status parse_pair(const char *c, dtake__toml_line *out, dtake_error *err)
{
    out->kind = DTAKE__TOML_PAIR;
    c = take_name(c, out->name);
    if (c == NULL || *skip_blanks(c) == '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "expected key = value");
    for (char *u = out->name; *u != '\0'; u++)
        if (*u == '_')
            *u = '-';
    c = skip_blanks(c);
    if (*c == '.')
        return dtake__fail(err, DTAKE_E_USAGE,
                           "dotted keys are not read here; use [section] and key = value");
    if (*c != '=')
        return dtake__fail(err, DTAKE_E_USAGE, "expected '=' behind '%s'", out->name);
    c = skip_blanks(c + 1);
    if (*c == '[' || *c == '{')
        return dtake__fail(err, DTAKE_E_USAGE, "%s = %s is not read here; write a list as text: \"a,b\"",
                           out->name, *c == '[' ? "[array]" : "{inline table}");
    return *c == '"' || *c == '\'' ? parse_quoted(c, out->value, err) : parse_bare(c, out->value, err);
}

dtake_status dtake__toml_line_parse(const char *text, dtake__toml_line *out, dtake_error *err)
{
    if (strlen(text) >= DTAKE_TOML_LINE_BYTES)
        return dtake__fail(err, DTAKE_E_USAGE, "the line is longer than %d bytes", DTAKE_TOML_LINE_BYTES - 1);
    const char *c = skip_blanks(text);
    out->kind = DTAKE__TOML_BLANK;
    out->name[0] = out->value[0] = '\0';
    if (at_end(c))
        return DTAKE_OK;
    return *c == '[' ? parse_section(c, out, err) : parse_pair(c, out, err);
}
