#include "core/number.h"

#include "core/c_locale.h"
#include "core/decimal.h"
#include "core/shortest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool scan_whole(dtake__span text, dtake__decimal *n)
{
    const char *end = text.text + text.len;
    return dtake__decimal_scan(text.text, end, n) && n->end == end;
}

enum { SHORT_DIGITS = 15 }; /* all below 2^53: exact as doubles */

/* At most 15 digits, perhaps a sign before and a point among them, as most numbers are that people have
 * written. False: read it the long way. */
static bool read_short(dtake__span text, uint64_t *digits, int *decimals, bool *negative)
{
    const char *at = text.text, *end = at + text.len, *dot = NULL;
    uint64_t value = 0;
    *negative = at < end && *at == '-';
    at += *negative;
    if (end - at > SHORT_DIGITS)
        return false;
    const char *first = at;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';
        if (digit < 10)
            value = value * 10 + digit;
        else if (*at == '.' && dot == NULL)
            dot = at;
        else
            return false;
    }
    *digits = value;
    *decimals = dot != NULL ? (int)(end - dot) - 1 : -1;
    return end - first > (dot != NULL);
}

bool dtake__parse_i64_span(dtake__span text, int64_t *out)
{
    dtake__decimal n;
    uint64_t digits;
    int decimals;
    bool negative;
    if (read_short(text, &digits, &decimals, &negative) && decimals < 0) {
        *out = negative ? -(int64_t)digits : (int64_t)digits;
        return true;
    }
    return scan_whole(text, &n) && n.whole && dtake__decimal_i64(&n, out);
}

bool dtake__parse_u64_span(dtake__span text, uint64_t *out)
{
    dtake__decimal n;
    return scan_whole(text, &n) && n.whole && dtake__decimal_u64(&n, out);
}

static bool equal_word(const char *text, size_t len, const char *word)
{
    if (strlen(word) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((text[i] | 0x20) != word[i])
            return false;
    return true;
}

static bool parse_named(dtake__span text, double *out)
{
    bool negative = text.len > 0 && text.text[0] == '-',
         sign = negative || (text.len > 0 && text.text[0] == '+');
    const char *word = text.text + sign;
    size_t len = text.len - sign;
    if (equal_word(word, len, "nan"))
        *out = NAN;
    else if (equal_word(word, len, "inf") || equal_word(word, len, "infinity"))
        *out = negative ? -INFINITY : INFINITY;
    else
        return false;
    return true;
}

bool dtake__parse_f64_span(dtake__span text, double *out)
{
    static const double tens[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14 };
    dtake__decimal n;
    uint64_t digits;
    int decimals;
    bool negative;
    /* one operation on exact operands rounds once, where doubles are doubles */
    if (FLT_EVAL_METHOD == 0 && read_short(text, &digits, &decimals, &negative)) {
        double size = decimals > 0 ? (double)digits / tens[decimals] : (double)digits;
        *out = negative ? -size : size;
        return true;
    }
    return scan_whole(text, &n) ? dtake__decimal_f64(&n, out) : parse_named(text, out);
}

bool dtake__parse_i64(const char *text, int64_t *out)
{
    return dtake__parse_i64_span(dtake__span_of(text), out);
}

bool dtake__parse_f64(const char *text, double *out)
{
    return dtake__parse_f64_span(dtake__span_of(text), out);
}

/* At most 15 digits, as most numbers are that people have written: the fewest behind the point that read
 * back. Below 2^53 both operands of the division are exact, so that it rounds like a reader of the text. */
static bool format_short(double value, char *out)
{
    uint64_t scale = 1;
    double size = fabs(value);
    if (!(size >= 1e-4 && size < 1e15))
        return false;
    for (int decimals = 0; size * (double)scale < 1e15; decimals++, scale *= 10) {
        uint64_t digits = (uint64_t)(size * (double)scale + 0.5);
        if ((double)digits / (double)scale != size)
            continue;
        out[0] = '-';
        out += signbit(value) != 0;
        out += dtake__format_u64(digits / scale, out);
        if (decimals == 0)
            return true;
        *out = '.';
        out[1 + decimals] = '\0';
        for (uint64_t rest = digits % scale; decimals > 0; rest /= 10)
            out[decimals--] = (char)('0' + rest % 10);
        return true;
    }
    return false;
}

/* 16 and 17 digits, as most numbers have that were computed. */
static bool format_long(double value, char *out)
{
    uint64_t digits;
    int exponent;
    double size = fabs(value);
    if (!(size >= 1e-4 && size < 1e15) || !dtake__shortest(size, &digits, &exponent))
        return false;
    for (; digits % 10 == 0; digits /= 10)
        exponent++;
    char text[24];
    int len = (int)dtake__format_u64(digits, text), whole = len + exponent; /* digits before the point */
    if (exponent >= 0)
        return false;
    if (signbit(value))
        *out++ = '-';
    if (whole <= 0)
        *out++ = '0';
    for (int i = whole < 0 ? whole : 0; i < len; i++) {
        if (i == whole)
            *out++ = '.';
        *out++ = i < 0 ? '0' : text[i];
    }
    *out = '\0';
    return true;
}

void dtake__format_f64(double value, char *out, size_t size)
{
    char text[32];
    if (!format_short(value, text) && !format_long(value, text)) {
        locale_t old = uselocale(dtake__c_locale());
        for (int count = 15; count <= 17; count++) {
            snprintf(text, sizeof text, "%.*g", count, value);
            if (strtod_l(text, NULL, dtake__c_locale()) == value)
                break;
        }
        uselocale(old);
    }
    size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

size_t dtake__format_u64(uint64_t value, char *out)
{
    char reversed[20];
    size_t len = 0;
    do
        reversed[len++] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    for (size_t i = 0; i < len; i++)
        out[i] = reversed[len - 1 - i];
    out[len] = '\0';
    return len;
}

size_t dtake__format_i64(int64_t value, char *out)
{
    out[0] = '-';
    return value < 0 ? 1 + dtake__format_u64(0 - (uint64_t)value, out + 1)
                     : dtake__format_u64((uint64_t)value, out);
}
