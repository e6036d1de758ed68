#include "format/csv.h"

#include "core/error.h"
#include "format/scan.h"

/* Unquotes the field at `at`, a quote; what follows it, NULL when it is not closed. */
static char *unquote(char *at, char *end, dtake__span *field)
{
    char *to = ++at, *start = at;
    for (;;) {
        char *quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL)
            return NULL;
        bool doubled = quote + 1 < end && quote[1] == '"';
        size_t len = (size_t)(quote - at) + doubled;
        if (to != at)
            memmove(to, at, len);
        to += len;
        at = quote + 1 + doubled;
        if (!doubled)
            break;
    }
    *field = (dtake__span){ start, (size_t)(to - start) };
    return at;
}

/* Where delimiters lie among the 16 bytes that were looked at last: fields are mostly shorter. */
typedef struct finder {
    const char *end; /* of these */
    unsigned mask;
} finder;

static const char *find_delimiter(finder *f, const char *at, const char *end, char delimiter)
{
#ifdef __SSE2__
    const __m128i all = _mm_set1_epi8(delimiter);
    if (at < f->end) {
        unsigned left = f->mask >> (16 - (f->end - at));
        if (left != 0)
            return at + __builtin_ctz(left);
        at = f->end;
    }
    for (; end - at >= 16; at += 16) {
        unsigned mask = (unsigned)_mm_movemask_epi8(
            _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), all));
        *f = (finder){ at + 16, mask };
        if (mask != 0)
            return at + __builtin_ctz(mask);
    }
#else
    (void)f;
#endif
    while (at < end && *at != delimiter)
        at++;
    return at;
}

dtake_status dtake__csv_split(char *text, size_t len, char delimiter, dtake__span *field, size_t room,
                              size_t *count, dtake_error *err)
{
    char *at = text, *end = text + len;
    finder f = { text, 0 };
    for (*count = 0; *count < room;) {
        dtake__span *to = &field[(*count)++];
        if (at < end && *at == '"') {
            char *stop = unquote(at, end, to);
            if (stop == NULL)
                return dtake__fail(err, DTAKE_E_FORMAT, "field %zu: its quote is not closed", *count);
            if (stop < end && *stop != delimiter)
                return dtake__fail(err, DTAKE_E_FORMAT, "field %zu: text behind its closing quote", *count);
            at = stop;
        } else {
            const char *stop = find_delimiter(&f, at, end, delimiter);
            *to = (dtake__span){ at, (size_t)(stop - at) };
            at += to->len;
        }
        if (at == end)
            return DTAKE_OK;
        at++;
    }
    return dtake__fail(err, DTAKE_E_LIMIT, "more than %zu fields in a row", room);
}

char dtake__csv_guess_delimiter(const char *header, size_t len)
{
    static const char candidates[] = ",;\t|";
    size_t seen[4] = { 0 };
    int best = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        quoted ^= header[i] == '"';
        const char *candidate = quoted ? NULL : memchr(candidates, header[i], sizeof seen / sizeof seen[0]);
        if (candidate != NULL)
            seen[candidate - candidates]++;
    }
    for (int i = 1; i < 4; i++)
        if (seen[i] > seen[best])
            best = i;
    return candidates[best];
}

static bool needs_quotes(dtake__span field, char delimiter)
{
    if (field.len == 0)
        return false;
    if (field.text[0] == ' ' || field.text[field.len - 1] == ' ')
        return true;
    const char *end = field.text + field.len;
    return dtake__scan_either(field.text, end, delimiter, '"') < end ||
           dtake__scan_either(field.text, end, '\n', '\r') < end;
}

dtake_status dtake__csv_put(dtake_buf *buf, dtake__span field, char delimiter)
{
    if (!needs_quotes(field, delimiter))
        return dtake__buf_append(buf, field.text, field.len);
    dtake_status st = dtake__buf_append(buf, "\"", 1);
    const char *at = field.text, *end = at + field.len;
    while (at < end && st == DTAKE_OK) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        const char *stop = quote != NULL ? quote + 1 : end;
        st = dtake__buf_append(buf, at, (size_t)(stop - at));
        if (quote != NULL && st == DTAKE_OK)
            st = dtake__buf_append(buf, "\"", 1);
        at = stop;
    }
    return st == DTAKE_OK ? dtake__buf_append(buf, "\"", 1) : st;
}
