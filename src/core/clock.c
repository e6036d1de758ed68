#include "core/clock.h"

#include "core/error.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t NS_PER_S = 1000000000;

static int64_t read_clock(clockid_t clock, int64_t unit_ns)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * (NS_PER_S / unit_ns) + now.tv_nsec / unit_ns;
}

int64_t dtake__now_ms(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000);
}

int64_t dtake__now_us(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000);
}

int64_t dtake__unix_now_ns(void)
{
    return read_clock(CLOCK_REALTIME, 1);
}

/* Days since 1970-01-01 of a civil date of the proleptic Gregorian calendar. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static bool digits(const char **text, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!is_digit(**text))
            return false;
        *out = *out * 10 + (**text - '0');
    }
    return true;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool parse_date(const char **at, int64_t *out_days, int *year)
{
    int month, day;
    if (!digits(at, 4, year) || *(*at)++ != '-' || !digits(at, 2, &month) || *(*at)++ != '-' ||
        !digits(at, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(*year, month))
        return false;
    *out_days = days_from_civil(*year, month, day);
    return true;
}

static int64_t parse_fraction(const char **at)
{
    int64_t ns = 0, unit = NS_PER_S / 10;
    for (; is_digit(**at); (*at)++, unit /= 10)
        ns += (**at - '0') * unit;
    return ns;
}

/* "Z" or "+hh:mm"; seconds east of UTC. */
static bool parse_zone(const char **at, int64_t *seconds)
{
    if (**at == 'Z' || **at == 'z') {
        (*at)++;
        *seconds = 0;
        return true;
    }
    if (**at != '+' && **at != '-')
        return false;
    int sign = *(*at)++ == '-' ? -1 : 1, hours, minutes;
    if (!digits(at, 2, &hours) || *(*at)++ != ':' || !digits(at, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

dtake_status dtake__time_parse(const char *text, int64_t *out_ns, bool *date_only, dtake_error *err)
{
    const char *at = text;
    int64_t days, zone_s, fraction = 0;
    int year, hour, minute, second;

    if (!parse_date(&at, &days, &year))
        return dtake__fail(err, DTAKE_E_USAGE,
                           "'%s' is not a time: expected 2024-07-31 or 2024-07-31T15:59:00Z", text);
    if (year < 1678 || year > 2261)
        return dtake__fail(err, DTAKE_E_USAGE, "'%s': years from 1678 to 2261 only", text);
    if (date_only != NULL)
        *date_only = *at == '\0';
    if (*at == '\0') {
        *out_ns = days * 86400 * NS_PER_S;
        return DTAKE_OK;
    }
    if ((*at != 'T' && *at != 't' && *at != ' ') || (at++, !digits(&at, 2, &hour)) || *at++ != ':' ||
        !digits(&at, 2, &minute) || *at++ != ':' || !digits(&at, 2, &second) || hour > 23 || minute > 59 ||
        second > 60)
        return dtake__fail(err, DTAKE_E_USAGE, "'%s' is not a time: expected hh:mm:ss after the date", text);
    if (second == 60)
        return dtake__fail(err, DTAKE_E_USAGE, "'%s': leap seconds are not supported; use :59", text);
    if (*at == '.') {
        at++;
        fraction = parse_fraction(&at);
    }
    if (!parse_zone(&at, &zone_s) || *at != '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "'%s' needs a zone at the end: Z or +hh:mm", text);
    *out_ns = (days * 86400 + hour * 3600 + minute * 60 + second - zone_s) * NS_PER_S + fraction;
    return DTAKE_OK;
}

dtake_status dtake__time_parse_span(dtake__span text, int64_t *out_ns, bool *date_only, dtake_error *err)
{
    char copy[64]; /* no time is longer, and one word of it makes the end of the text a character like others
                    */
    if (text.len == 0)
        return dtake__time_parse("", out_ns, date_only, err);
    if (text.len >= sizeof copy || memchr(text.text, '\0', text.len) != NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "'%.*s' is not a time", (int)(text.len < 60 ? text.len : 60),
                           text.text);
    memcpy(copy, text.text, text.len);
    copy[text.len] = '\0';
    return dtake__time_parse(copy, out_ns, date_only, err);
}

bool dtake__time_from_civil(const dtake__civil *at, int64_t *out_ns)
{
    if (at->year < 1678 || at->year > 2261 || at->month < 1 || at->month > 12 || at->day < 1 ||
        at->day > days_in_month(at->year, at->month) || at->hour < 0 || at->hour > 23 || at->minute < 0 ||
        at->minute > 59 || at->second < 0 || at->second > 59 || at->ns < 0 || at->ns >= NS_PER_S)
        return false;
    int64_t days = days_from_civil(at->year, at->month, at->day);
    *out_ns =
        (days * 86400 + at->hour * 3600 + at->minute * 60 + at->second - at->zone_s) * NS_PER_S + at->ns;
    return true;
}

/* The other way round; of the years that 64 bits of nanoseconds reach, all after Christ. */
static void civil_from_days(int64_t days, int *year, int *month, int *day)
{
    int64_t since = days + 719468; /* from 0000-03-01: leap days are the last of their year */
    int64_t era = since / 146097, day_of_era = since % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = (int)(day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100));
    int from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int)(year_of_era + era * 400) + (*month <= 2);
}

static char *put_digits(char *at, int value, int count, char behind)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = behind;
    return at + count + 1;
}

/* By hand: tables have millions of times, and strftime is ten times slower. */
void dtake__time_format(int64_t time_ns, char *out, size_t size)
{
    int64_t ns = time_ns % NS_PER_S, seconds = time_ns / NS_PER_S;
    if (ns < 0) {
        ns += NS_PER_S;
        seconds--;
    }
    int64_t days = seconds / 86400;
    int second = (int)(seconds % 86400), year, month, day;
    if (second < 0) {
        second += 86400;
        days--;
    }
    civil_from_days(days, &year, &month, &day);
    char text[40], *at = put_digits(text, year, 4, '-');
    at = put_digits(at, month, 2, '-');
    at = put_digits(at, day, 2, 'T');
    at = put_digits(at, second / 3600, 2, ':');
    at = put_digits(at, second / 60 % 60, 2, ':');
    at = put_digits(at, second % 60, 2, ns != 0 ? '.' : 'Z');
    if (ns != 0) {
        at = put_digits(at, (int)ns, 9, 'Z') - 1;
        while (at[-1] == '0')
            at--;
        *at++ = 'Z';
    }
    size_t len = (size_t)(at - text) < size ? (size_t)(at - text) : size - 1;
    memcpy(out, text, len);
    out[len] = '\0';
}

static const char *const week_days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

void dtake__http_date_format(int64_t unix_s, char *out, size_t size)
{
    time_t t = (time_t)unix_s;
    struct tm tm;
    gmtime_r(&t, &tm);
    snprintf(out, size, "%s, %02d %s %04d %02d:%02d:%02d GMT", week_days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool dtake__http_date_parse(const char *text, int64_t *unix_s)
{
    const char *at = strchr(text, ',');
    int day, year, hour, minute, second, month = 0;
    if (at == NULL || at[1] != ' ')
        return false;
    at += 2;
    if (!digits(&at, 2, &day) || *at++ != ' ')
        return false;
    while (month < 12 && strncmp(at, months[month], 3) != 0)
        month++;
    if (month == 12)
        return false;
    at += 3;
    if (*at++ != ' ' || !digits(&at, 4, &year) || *at++ != ' ' || !digits(&at, 2, &hour) || *at++ != ':' ||
        !digits(&at, 2, &minute) || *at++ != ':' || !digits(&at, 2, &second) || strcmp(at, " GMT") != 0)
        return false;
    if (day < 1 || day > days_in_month(year, month + 1) || hour > 23 || minute > 59 || second > 60)
        return false;
    *unix_s = days_from_civil(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second;
    return true;
}
