#include "format/time_pattern.h"

#include "core/clock.h"

typedef struct reading {
    const char *at, *end;
    dtake__civil time;
    int day_of_year; /* 0: not said */
} reading;

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static bool read_digits(reading *r, int count, int *out)
{
    int value = 0;
    if (r->end - r->at < count)
        return false;
    for (int i = 0; i < count; i++) {
        if (!is_digit(r->at[i]))
            return false;
        value = value * 10 + (r->at[i] - '0');
    }
    r->at += count;
    *out = value;
    return true;
}

static bool read_fraction(reading *r)
{
    int64_t unit = 100000000;
    r->time.ns = 0;
    if (r->at == r->end || !is_digit(*r->at))
        return false;
    for (; r->at < r->end && is_digit(*r->at) && unit > 0; r->at++, unit /= 10)
        r->time.ns += (*r->at - '0') * unit;
    return true;
}

static bool read_month_name(reading *r)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (r->end - r->at < 3)
        return false;
    for (int month = 0; month < 12; month++) {
        const char *name = names + 3 * month;
        if ((r->at[0] | 0x20) == name[0] && (r->at[1] | 0x20) == name[1] && (r->at[2] | 0x20) == name[2]) {
            r->time.month = month + 1;
            r->at += 3;
            return true;
        }
    }
    return false;
}

static bool read_zone(reading *r)
{
    int hours, minutes = 0;
    if (r->at < r->end && (*r->at | 0x20) == 'z') {
        r->at++;
        r->time.zone_s = 0;
        return true;
    }
    if (r->at == r->end || (*r->at != '+' && *r->at != '-'))
        return false;
    int sign = *r->at++ == '-' ? -1 : 1;
    if (!read_digits(r, 2, &hours))
        return false;
    bool colon = r->at < r->end && *r->at == ':';
    if (colon)
        r->at++;
    if ((colon || (r->at < r->end && is_digit(*r->at))) && !read_digits(r, 2, &minutes))
        return false;
    r->time.zone_s = sign * (hours * 3600 + minutes * 60);
    return hours < 24 && minutes < 60;
}

static bool read_part(reading *r, char letter)
{
    switch (letter) {
    case 'Y':
        return read_digits(r, 4, &r->time.year);
    case 'y':
        if (!read_digits(r, 2, &r->time.year))
            return false;
        r->time.year += r->time.year < 69 ? 2000 : 1900;
        return true;
    case 'm':
        return read_digits(r, 2, &r->time.month);
    case 'd':
        return read_digits(r, 2, &r->time.day);
    case 'j':
        return read_digits(r, 3, &r->day_of_year) && r->day_of_year > 0;
    case 'H':
        return read_digits(r, 2, &r->time.hour);
    case 'M':
        return read_digits(r, 2, &r->time.minute);
    case 'S':
        return read_digits(r, 2, &r->time.second);
    case 'f':
        return read_fraction(r);
    case 'b':
        return read_month_name(r);
    case 'z':
        return read_zone(r);
    default:
        return r->at < r->end && *r->at++ == letter; /* %% */
    }
}

bool dtake__time_pattern_valid(dtake__span pattern)
{
    for (size_t i = 0; i < pattern.len; i++)
        if (pattern.text[i] == '%' && (++i == pattern.len || pattern.text[i] == '\0' ||
                                       memchr("YymdjHMSfbz%", pattern.text[i], 12) == NULL))
            return false;
    return pattern.len > 0;
}

static bool finish(const reading *r, int64_t *out_ns)
{
    int64_t start;
    if (r->day_of_year == 0)
        return dtake__time_from_civil(&r->time, out_ns);
    dtake__civil january = r->time;
    january.month = january.day = 1;
    bool leap = (january.year % 4 == 0 && january.year % 100 != 0) || january.year % 400 == 0;
    if (r->day_of_year > 365 + leap || !dtake__time_from_civil(&january, &start))
        return false;
    *out_ns = start + (r->day_of_year - 1) * 86400 * INT64_C(1000000000);
    return true;
}

bool dtake__time_match(dtake__span text, dtake__span pattern, int64_t *out_ns)
{
    reading r = { text.text, text.text + text.len, .time = { .year = 1970, .month = 1, .day = 1 } };
    const char *end = pattern.text + pattern.len;
    for (const char *p = pattern.text; p < end; p++) {
        if (*p == '%' && p + 1 < end) {
            if (!read_part(&r, *++p))
                return false;
        } else if (*p == ' ') {
            while (r.at < r.end && *r.at == ' ')
                r.at++;
        } else if (r.at == r.end || *r.at++ != *p) {
            return false;
        }
    }
    return r.at == r.end && finish(&r, out_ns);
}
