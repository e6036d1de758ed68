#include "server/path.h"

#include "core/text.h"

#include <string.h>

/* One character of encoded text, a percent triple taken as one; -1: malformed. */
static int decoded(const char **at, const char *end)
{
    const char *c = (*at)++;
    if (*c != '%')
        return (unsigned char)*c;
    if (end - c < 3 || dtake__hex_digit(c[1]) < 0 || dtake__hex_digit(c[2]) < 0)
        return -1;
    *at = c + 3;
    return dtake__hex_digit(c[1]) * 16 + dtake__hex_digit(c[2]);
}

/* The segment out[start .. len) is complete: returns the new length, which ends with a '/'. */
static size_t close_segment(char *out, size_t start, size_t len)
{
    size_t size = len - start;
    if (size == 0 || (size == 1 && out[start] == '.'))
        return start;
    if (size == 2 && out[start] == '.' && out[start + 1] == '.') {
        while (start > 1 && out[start - 2] != '/')
            start--;
        return start > 1 ? start - 1 : 1;
    }
    out[len] = '/';
    return len + 1;
}

bool dtake__path_clean(const char *raw, size_t len, char *out)
{
    const char *end = raw + len;
    size_t start = 1, at = 1;
    out[0] = '/';
    while (raw < end) {
        int c = decoded(&raw, end);
        if (c <= 0)
            return false;
        if (c == '/')
            start = at = close_segment(out, start, at);
        else
            out[at++] = (char)c;
    }
    bool dots = (at - start == 1 && out[start] == '.') ||
                (at - start == 2 && out[start] == '.' && out[start + 1] == '.');
    if (dots)
        at = close_segment(out, start, at);
    out[at] = '\0';
    return true;
}

bool dtake__query_value(const char *query, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    for (;;) {
        size_t len = strcspn(query, "&");
        if (len > name_len && strncmp(query, name, name_len) == 0 && query[name_len] == '=') {
            const char *at = query + name_len + 1, *end = query + len;
            size_t used = 0;
            while (at < end) {
                int c = *at == '+' ? (at++, ' ') : decoded(&at, end);
                if (c <= 0 || used + 1 >= size)
                    return false;
                out[used++] = (char)c;
            }
            out[used] = '\0';
            return true;
        }
        if (query[len] == '\0')
            return false;
        query += len + 1;
    }
}

dtake_status dtake__put_url(dtake_buf *buf, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    dtake_status st = DTAKE_OK;
    for (; *text != '\0' && st == DTAKE_OK; text++) {
        unsigned char c = (unsigned char)*text;
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     strchr("-._~/", c) != NULL;
        char triple[] = { '%', hex[c >> 4], hex[c & 15] };
        st = plain ? dtake__buf_append(buf, text, 1) : dtake__buf_append(buf, triple, 3);
    }
    return st;
}

/* Bytes of the UTF-8 character at `text`; 0 when it is not one (overlong, surrogate, too high, cut off). */
static int utf8_length(const unsigned char *text)
{
    int len = text[0] < 0x80   ? 1
              : text[0] < 0xc2 ? 0
              : text[0] < 0xe0 ? 2
              : text[0] < 0xf0 ? 3
              : text[0] < 0xf5 ? 4
                               : 0;
    for (int i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
        (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return len;
}

static dtake_status put_escaped(dtake_buf *buf, const char *text,
                                const char *(*escape)(unsigned char, char[8]))
{
    dtake_status st = DTAKE_OK;
    while (*text != '\0' && st == DTAKE_OK) {
        int len = utf8_length((const unsigned char *)text);
        char space[8];
        const char *escaped = len == 0   ? "\xef\xbf\xbd"
                              : len == 1 ? escape((unsigned char)*text, space)
                                         : NULL;
        st = escaped != NULL ? dtake__buf_puts(buf, escaped) : dtake__buf_append(buf, text, (size_t)len);
        text += len == 0 ? 1 : len;
    }
    return st;
}

static const char *html_escape(unsigned char c, char space[8])
{
    (void)space;
    return c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&quot;"
           : c == '\'' ? "&#39;"
                       : NULL;
}

static const char *json_escape(unsigned char c, char space[8])
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        space[0] = '\\';
        space[1] = (char)c;
        space[2] = '\0';
        return space;
    }
    if (c >= 0x20)
        return NULL;
    memcpy(space, "\\u00", 4);
    space[4] = hex[c >> 4];
    space[5] = hex[c & 15];
    space[6] = '\0';
    return space;
}

dtake_status dtake__put_html(dtake_buf *buf, const char *text)
{
    return put_escaped(buf, text, html_escape);
}

dtake_status dtake__put_json(dtake_buf *buf, const char *text)
{
    return put_escaped(buf, text, json_escape);
}
