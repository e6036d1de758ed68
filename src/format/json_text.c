#include "format/json_text.h"

#include "core/text.h"
#include "format/json.h"
#include "format/scan.h"
#include "format/utf8.h"

/* Of four digits; -1 when they are not. */
static int32_t hex_unit(const char *at, const char *end)
{
    int32_t unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = dtake__hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Reads the escape at `at`, a backslash; bytes read, 0 when it is none. */
static int read_escape(const char *at, const char *end, uint32_t *code)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (end - at < 2)
        return 0;
    const char *letter = memchr(letters, at[1], sizeof letters - 1);
    if (letter != NULL) {
        *code = (uint32_t)meanings[letter - letters];
        return 2;
    }
    int32_t unit = at[1] == 'u' ? hex_unit(at + 2, end) : -1;
    if (unit < 0 || (unit & 0xFC00) == 0xDC00)
        return 0;
    *code = (uint32_t)unit;
    if ((unit & 0xFC00) != 0xD800)
        return 6;
    int32_t low = end - at >= 12 && at[6] == '\\' && at[7] == 'u' ? hex_unit(at + 8, end) : -1;
    if (low < 0 || (low & 0xFC00) != 0xDC00)
        return 0;
    *code = 0x10000 + (((uint32_t)unit & 0x3FF) << 10 | ((uint32_t)low & 0x3FF));
    return 12;
}

const char *dtake__json_text_end(const char *at, const char *end, bool *escaped, const char **wanted)
{
    uint32_t code;
    *escaped = false;
    *wanted = NULL;
    for (;;) {
        at = dtake__scan_json_text(at, end);
        if (at == end) {
            *wanted = "a closing quote";
            return at;
        }
        if (*at == '"')
            return at;
        int len;
        if (*at == '\\') {
            len = read_escape(at, end, &code);
            *escaped = true;
            *wanted =
                len == 0 ? "an escape such as \\n, or \\u and four digits (surrogates only in pairs)" : NULL;
        } else {
            len = (unsigned char)*at < 0x20 ? 0 : dtake__utf8_length(at, end);
            *wanted = len == 0 ? "text in UTF-8 without control characters" : NULL;
        }
        if (len == 0)
            return at;
        at += len;
    }
}

/* The next escape, decoded into `small`, or the plain text up to it. The text was checked before. */
static void next_piece(const char **at, const char *end, char small[4], dtake__span *piece)
{
    uint32_t code;
    if (**at == '\\') {
        *at += read_escape(*at, end, &code);
        *piece = (dtake__span){ small, (size_t)dtake__utf8_encode(code, small) };
        return;
    }
    const char *stop = memchr(*at, '\\', (size_t)(end - *at));
    stop = stop != NULL ? stop : end;
    *piece = (dtake__span){ *at, (size_t)(stop - *at) };
    *at = stop;
}

bool dtake__json_text_equal(dtake__json_quoted text, dtake__span name)
{
    if (!text.escaped)
        return dtake__span_equal(text.raw, name);
    const char *at = text.raw.text, *end = at + text.raw.len;
    size_t done = 0;
    while (at < end) {
        char small[4];
        dtake__span piece;
        next_piece(&at, end, small, &piece);
        if (piece.len > name.len - done || memcmp(piece.text, name.text + done, piece.len) != 0)
            return false;
        done += piece.len;
    }
    return done == name.len;
}

size_t dtake__json_unescape(dtake__json_quoted text, char *out)
{
    const char *at = text.raw.text, *end = at + text.raw.len;
    size_t len = 0;
    while (at < end) {
        char small[4];
        dtake__span piece;
        next_piece(&at, end, small, &piece);
        memmove(out + len, piece.text, piece.len);
        len += piece.len;
    }
    return len;
}

size_t dtake__json_compact(dtake__span raw, char *out)
{
    const char *at = raw.text, *end = at + raw.len;
    size_t len = 0;
    while (at < end) {
        const char *start = at;
        if (*at == '"') {
            do
                at = dtake__scan_either(at + 1 + (*at == '\\'), end, '"', '\\');
            while (at < end && *at == '\\');
            at += at < end;
        } else {
            while (at < end && (unsigned char)*at > ' ' && *at != '"')
                at++;
        }
        if (out + len != start)
            memmove(out + len, start, (size_t)(at - start));
        len += (size_t)(at - start);
        while (at < end && (unsigned char)*at <= ' ')
            at++;
    }
    return len;
}
