#include "io/http_text.h"

#include "core/clock.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Digits only, no sign, no blanks; moves behind them. */
static bool take_number(const char **at, int64_t *out)
{
    const char *start = *at;
    int64_t value = 0;
    while (isdigit((unsigned char)**at)) {
        int digit = *(*at)++ - '0';
        if (value > (INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return *at != start;
}

bool dtake__content_range_parse(const char *text, dtake__content_range *out)
{
    *out = (dtake__content_range){ -1, -1, -1 };
    const char *at = text;
    for (const char *unit = "bytes"; *unit != '\0'; unit++, at++)
        if (tolower((unsigned char)*at) != *unit)
            return false;
    if (*at != ' ')
        return false;
    while (*at == ' ')
        at++;
    if (*at == '*') {
        at++;
    } else if (!take_number(&at, &out->first) || *at++ != '-' || !take_number(&at, &out->last) ||
               out->last < out->first) {
        return false;
    }
    if (*at++ != '/')
        return false;
    if (*at == '*')
        at++;
    else if (!take_number(&at, &out->total) || (out->last >= 0 && out->total <= out->last))
        return false;
    /* "*" on both sides says nothing */
    return *at == '\0' && (out->first >= 0 || out->total >= 0);
}

bool dtake__retry_after_parse(const char *text, int64_t now_s, int64_t *wait_s)
{
    const char *at = text;
    if (take_number(&at, wait_s))
        return *at == '\0';
    int64_t date;
    if (!dtake__http_date_parse(text, &date))
        return false;
    *wait_s = date > now_s ? date - now_s : 0;
    return true;
}

bool dtake__content_length_parse(const char *text, int64_t *out)
{
    const char *at = text;
    return take_number(&at, out) && *at == '\0';
}

bool dtake__status_line_parse(const char *line, int *status)
{
    if (!dtake__starts_with(line, "HTTP/"))
        return false;
    const char *at = strchr(line, ' ');
    if (at == NULL)
        return false;
    while (*at == ' ')
        at++;
    int64_t number;
    if (!take_number(&at, &number) || number < 100 || number > 999)
        return false;
    *status = (int)number;
    return true;
}

bool dtake__etag_is_strong(const char *etag)
{
    size_t len = strlen(etag);
    return len >= 2 && etag[0] == '"' && etag[len - 1] == '"';
}

/* How many bytes belong to markup that starts at `at`: a tag, or a whole script or style element. */
static size_t markup_bytes(const char *at, size_t len)
{
    static const char *const elements[] = { "script", "style" };
    const char *end = memchr(at, '>', len);
    if (end == NULL)
        return len;
    for (size_t i = 0; i < 2; i++) {
        size_t name = strlen(elements[i]);
        if (len < name + 2 || strncasecmp(at + 1, elements[i], name) != 0)
            continue;
        for (const char *close = end; close + name + 2 < at + len; close++)
            if (close[0] == '<' && close[1] == '/' && strncasecmp(close + 2, elements[i], name) == 0)
                return markup_bytes(close, len - (size_t)(close - at)) + (size_t)(close - at);
        return len;
    }
    return (size_t)(end - at) + 1;
}

void dtake__first_words(const char *body, size_t len, char *out, size_t size)
{
    size_t used = 0, at = 0;
    bool gap = false;
    while (at < len && used + 1 < size) {
        unsigned char c = (unsigned char)body[at];
        if (c == '<' && at + 1 < len &&
            (isalpha((unsigned char)body[at + 1]) || strchr("/!?", body[at + 1]) != NULL)) {
            at += markup_bytes(body + at, len - at);
            gap = used > 0;
            continue;
        }
        at++;
        if (c <= ' ' || c == 0x7f) {
            gap = used > 0;
            continue;
        }
        if (gap && used + 2 < size)
            out[used++] = ' ';
        gap = false;
        out[used++] = (char)c;
    }
    out[used] = '\0';
}
