/* LIKE, CASEI and ACCENTI: texts character by character. */
#include "core/alloc.h"
#include "core/error.h"
#include "format/utf8.h"
#include "query/match.h"

#include <string.h>

const dtake__filter *dtake__filter_unfold(const dtake__filter *operand, unsigned *fold)
{
    *fold = 0;
    while ((operand->op == DTAKE__FILTER_CASEI || operand->op == DTAKE__FILTER_ACCENTI) &&
           operand->arg_count == 1) {
        *fold |= operand->op == DTAKE__FILTER_CASEI ? DTAKE__FOLD_CASE : DTAKE__FOLD_ACCENTS;
        operand = operand->args[0];
    }
    return operand;
}

/* The character at `at`; a byte that is no UTF-8 stands for itself, above all characters. */
static uint32_t decode(const char **at, const char *end)
{
    const unsigned char *b = (const unsigned char *)*at;
    int len = dtake__utf8_length(*at, end);
    *at += len > 0 ? len : 1;
    switch (len) {
    case 1:
        return b[0];
    case 2:
        return (uint32_t)(b[0] & 0x1f) << 6 | (b[1] & 0x3f);
    case 3:
        return (uint32_t)(b[0] & 0x0f) << 12 | (uint32_t)(b[1] & 0x3f) << 6 | (b[2] & 0x3f);
    case 4:
        return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3f) << 12 | (uint32_t)(b[2] & 0x3f) << 6 |
               (b[3] & 0x3f);
    default:
        return 0x110000u + b[0];
    }
}

/* Pairs of a capital and a small letter side by side: even and odd, or odd and even from U+0139 and U+0179
 * on. */
static uint32_t lower_of_pair(uint32_t c)
{
    bool odd_first = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
    return (c & 1) == (odd_first ? 1u : 0u) ? c + 1 : c;
}

static uint32_t fold_case(uint32_t c)
{
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c < 0x100)
        return c >= 0xc0 && c <= 0xde && c != 0xd7 ? c + 32 : c;
    if (c == 0x178)
        return 0xff;
    if (c == 0x130)
        return 'i';
    if (c < 0x17f)
        return c == 0x131 || c == 0x138 || c == 0x149 ? c : lower_of_pair(c);
    if (c >= 0x391 && c <= 0x3ab && c != 0x3a2)
        return c + 32;
    if (c == 0x386)
        return 0x3ac;
    if (c >= 0x388 && c <= 0x38a)
        return c + 37;
    if (c == 0x38c || c == 0x38e || c == 0x38f)
        return c == 0x38c ? 0x3cc : c + 63;
    if (c == 0x3c2)
        return 0x3c3; /* final sigma */
    if (c >= 0x410 && c <= 0x42f)
        return c + 32;
    if (c >= 0x400 && c <= 0x40f)
        return c + 80;
    if ((c >= 0x1e00 && c <= 0x1e95) || (c >= 0x1ea0 && c <= 0x1eff))
        return c & 1 ? c : c + 1;
    return c;
}

/* U+00C0 to U+017F without their accents; '.' stays as it is. */
static const char bare[] =
    "AAAAAA.CEEEEIIII.NOOOOO.OUUUUY..aaaaaa.ceeeeiiii.nooooo.ouuuuy.y"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiI...JjKk.LlLlLlLlLlNnNnNn...OoOoOo..RrRrRrSsSs"
    "SsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZz.";

_Static_assert(sizeof bare - 1 == 0x180 - 0xc0, "one for each character");

/* The Greek vowels with tonos and dialytika, and й, ё. */
static uint32_t fold_accent(uint32_t c)
{
    static const struct {
        uint16_t from, to;
    } others[] = {
        { 0x386, 0x391 }, { 0x388, 0x395 }, { 0x389, 0x397 }, { 0x38a, 0x399 }, { 0x38c, 0x39f },
        { 0x38e, 0x3a5 }, { 0x38f, 0x3a9 }, { 0x390, 0x3b9 }, { 0x3aa, 0x399 }, { 0x3ab, 0x3a5 },
        { 0x3ac, 0x3b1 }, { 0x3ad, 0x3b5 }, { 0x3ae, 0x3b7 }, { 0x3af, 0x3b9 }, { 0x3b0, 0x3c5 },
        { 0x3ca, 0x3b9 }, { 0x3cb, 0x3c5 }, { 0x3cc, 0x3bf }, { 0x3cd, 0x3c5 }, { 0x3ce, 0x3c9 },
        { 0x401, 0x415 }, { 0x419, 0x418 }, { 0x439, 0x438 }, { 0x451, 0x435 },
    };
    if (c >= 0xc0 && c < 0x180)
        return bare[c - 0xc0] != '.' ? (uint32_t)bare[c - 0xc0] : c;
    for (size_t i = 0; c >= 0x386 && c <= 0x451 && i < sizeof others / sizeof others[0]; i++)
        if (others[i].from == c)
            return others[i].to;
    return c;
}

/* The next character, folded; false at the end. */
static bool next_char(const char **at, const char *end, unsigned fold, uint32_t *out)
{
    while (*at < end) {
        uint32_t c = decode(at, end);
        if ((fold & DTAKE__FOLD_ACCENTS) && c >= 0x300 && c <= 0x36f)
            continue;
        c = fold & DTAKE__FOLD_ACCENTS ? fold_accent(c) : c;
        *out = fold & DTAKE__FOLD_CASE ? fold_case(c) : c;
        return true;
    }
    return false;
}

dtake_status dtake__fold_text(const char *text, size_t len, unsigned fold, dtake_buf *out)
{
    const char *at = text, *end = len > 0 ? text + len : text;
    uint32_t c;
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK && next_char(&at, end, fold, &c)) {
        char bytes[4] = { (char)(c - 0x110000u) };
        int count = c >= 0x110000u ? 1 : dtake__utf8_encode(c, bytes);
        st = dtake__buf_append(out, bytes, (size_t)count);
    }
    return st;
}

/* --- patterns --- */

static const uint32_t ANY = 0xffffffff, ONE = 0xfffffffe; /* % and _ */

struct dtake__like {
    unsigned fold;
    char *prefix;
    size_t count;
    uint32_t pattern[];
};

/* Characters of the pattern, folded, with % and _ as ANY and ONE; several % are one. */
static size_t compile(const char *text, unsigned fold, uint32_t *out)
{
    const char *at = text, *end = text + strlen(text);
    size_t count = 0;
    while (at < end) {
        bool escaped = *at == '\\' && at + 1 < end;
        at += escaped;
        if (!escaped && (*at == '%' || *at == '_')) {
            uint32_t c = *at++ == '%' ? ANY : ONE;
            if (c == ONE || count == 0 || out[count - 1] != ANY)
                out[count++] = c;
            continue;
        }
        const char *next = at;
        decode(&next, end);
        uint32_t c;
        if (next_char(&at, next, fold, &c))
            out[count++] = c;
    }
    return count;
}

/* What stands before the first % or _, when texts are not folded before they are compared with it. */
static char *prefix_of(const uint32_t *pattern, size_t count, unsigned fold)
{
    char *out = dtake__alloc(4 * count + 1);
    size_t len = 0;
    for (size_t i = 0; out != NULL && fold == 0 && i < count && pattern[i] < 0x110000u; i++)
        len += (size_t)dtake__utf8_encode(pattern[i], out + len);
    if (out != NULL)
        out[len] = '\0';
    return out;
}

dtake_status dtake__like_new(dtake__like **out, const dtake__filter *filter, dtake_error *err)
{
    unsigned text_fold, pattern_fold;
    dtake__filter_unfold(filter->args[0], &text_fold);
    const char *pattern = dtake__filter_unfold(filter->args[1], &pattern_fold)->text;
    dtake__like *like = dtake__alloc(sizeof *like + strlen(pattern) * sizeof like->pattern[0]);
    *out = NULL;
    if (like == NULL)
        return dtake__fail_nomem(err, "filter: LIKE");
    like->fold = text_fold;
    like->count = compile(pattern, pattern_fold, like->pattern);
    like->prefix = prefix_of(like->pattern, like->count, text_fold);
    if (like->prefix == NULL) {
        dtake__free(like);
        return dtake__fail_nomem(err, "filter: LIKE");
    }
    *out = like;
    return DTAKE_OK;
}

void dtake__like_free(dtake__like *like)
{
    if (like == NULL)
        return;
    dtake__free(like->prefix);
    dtake__free(like);
}

const char *dtake__like_prefix(const dtake__like *like)
{
    return like->prefix;
}

/* What does not fit behind a % is tried again one character on; only the last % needs to be gone back to, so
 * the work is at most the product of both lengths. */
bool dtake__like_match(const dtake__like *like, const char *text, size_t len)
{
    const char *at = text, *end = len > 0 ? text + len : text, *retry_at = NULL;
    size_t i = 0, retry_i = 0;
    for (;;) {
        const char *next = at;
        uint32_t c;
        bool has = next_char(&next, end, like->fold, &c);
        if (i < like->count && like->pattern[i] == ANY) {
            retry_i = ++i;
            retry_at = at;
        } else if (has && i < like->count && (like->pattern[i] == ONE || like->pattern[i] == c)) {
            i++;
            at = next;
        } else if (!has && i == like->count) {
            return true;
        } else if (retry_at == NULL || !next_char(&retry_at, end, like->fold, &c)) {
            return false;
        } else {
            i = retry_i;
            at = retry_at;
        }
    }
}
