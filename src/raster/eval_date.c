#include "raster/eval_date.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double DAY_MS = 86400000.;

/* Years -9999 to 9999. */
static const double MAX_MS = 3.2e14;

/* Days since 1970 of a day of the proleptic Gregorian calendar (H. Hinnant, chrono-compatible algorithms). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year += (month - 1) / 12;
    month = (month - 1) % 12 + 1;
    if (month < 1) {
        month += 12;
        year--;
    }
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

double dtake__calendar_ms(int64_t year, int64_t month, int64_t day)
{
    return (double)days_of(year, month, day) * DAY_MS;
}

static void civil_of(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2);
}

void dtake__calendar_of(double ms, int zone_s, dtake__calendar *out)
{
    double local = ms + zone_s * 1000.;
    int64_t days = (int64_t)floor(local / DAY_MS);
    double rest = local - (double)days * DAY_MS;
    civil_of(days, &out->year, &out->month, &out->day);
    out->hour = (int)(rest / 3600000);
    out->minute = (int)(rest / 60000) % 60;
    out->second = fmod(rest, 60000) / 1000;
    out->day_of_year = (int)(days - days_of(out->year, 1, 1)) + 1;
    out->day_of_week = (int)(((days + 3) % 7 + 7) % 7) + 1; /* 1970-01-01 was a Thursday */
    int64_t thursday = days - out->day_of_week + 4;         /* of the same week: its year is the week's */
    int month, day;
    civil_of(thursday, &out->week_year, &month, &day);
    out->week = (int)((thursday - days_of(out->week_year, 1, 1)) / 7) + 1;
}

dtake_status dtake__zone_of(const char *zone, int *out_s, dtake_error *err)
{
    int hours = 0, minutes = 0, used = 0;
    char sign = '+';
    *out_s = 0;
    if (zone == NULL || strcmp(zone, "UTC") == 0 || strcmp(zone, "Etc/UTC") == 0 ||
        strcmp(zone, "GMT") == 0 || strcmp(zone, "Z") == 0 || strcmp(zone, "Etc/GMT") == 0)
        return DTAKE_OK;
    if (sscanf(zone, "Etc/GMT%c%2d%n", &sign, &hours, &used) == 2 && zone[used] == '\0' &&
        strchr("+-", sign) != NULL && hours <= 14) {
        *out_s = (sign == '+' ? -1 : 1) * hours * 3600; /* POSIX counts west */
        return DTAKE_OK;
    }
    used = 0;
    if (sscanf(zone, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) == 3 && zone[used] == '\0' &&
        strchr("+-", sign) != NULL && hours <= 18 && minutes < 60) {
        *out_s = (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
        return DTAKE_OK;
    }
    return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                       "the time zone '%.60s' is not known: UTC, Etc/GMT+1 or +01:00 are", zone);
}

/* "2024", "2024-01", "2024-01-05", a time of day behind a T or a blank, a fraction, a zone. */
static dtake_status parse(const char *text, int zone_s, double *out_ms, dtake_error *err)
{
    int year = 0, month = 1, day = 1, hour = 0, minute = 0, used = 0;
    double second = 0;
    const char *at = text;
    bool wrong = sscanf(at, "%4d%n", &year, &used) != 1 || used != 4;
    at += wrong ? 0 : used;
    used = 0;
    if (!wrong && *at == '-' && !(wrong = sscanf(at, "-%2d%n", &month, &used) != 1 || used == 0))
        at += used;
    used = 0;
    if (!wrong && *at == '-' && !(wrong = sscanf(at, "-%2d%n", &day, &used) != 1 || used == 0))
        at += used;
    used = 0;
    if (!wrong && (*at == 'T' || *at == ' ')) {
        at++;
        wrong = sscanf(at, "%2d%n", &hour, &used) != 1;
        at += used;
        used = 0;
        if (!wrong && *at == ':' && !(wrong = sscanf(at, ":%2d%n", &minute, &used) != 1))
            at += used;
        size_t digits = !wrong && *at == ':' ? strspn(at + 1, "0123456789.") : 0;
        char number[32] = "";
        if (digits > 0 && digits < sizeof number) {
            memcpy(number, at + 1, digits);
            wrong = !dtake__parse_f64(number, &second);
            at += 1 + digits;
        }
    }
    if (!wrong && *at != '\0')
        wrong = dtake__zone_of(at, &zone_s, NULL) != DTAKE_OK;
    wrong = wrong || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 24 || minute < 0 ||
            minute > 59 || !(second >= 0 && second < 60) ||
            day > days_of(year, month + 1, 1) - days_of(year, month, 1);
    if (wrong)
        return dtake__fail(err, DTAKE_E_USAGE, "Unable to parse date: '%.60s'", text);
    *out_ms = dtake__calendar_ms(year, month, day) + hour * 3600000. + minute * 60000. +
              floor(second * 1000 + 0.5) - zone_s * 1000.;
    return DTAKE_OK;
}

dtake_status dtake__date_of(const dtake__value *from, const char *zone, double *out_ms, dtake_error *err)
{
    int zone_s;
    dtake_status st = dtake__zone_of(zone, &zone_s, err);
    if (st != DTAKE_OK)
        return st;
    if (!from->null && (from->kind == DTAKE__NUMBER || from->kind == DTAKE__DATE)) {
        *out_ms = trunc(from->number);
        return fabs(*out_ms) <= MAX_MS
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_USAGE, "%g milliseconds since 1970 are no date", from->number);
    }
    if (!from->null && from->kind == DTAKE__STRING)
        return parse(from->text, zone_s, out_ms, err);
    if (!from->null && from->kind == DTAKE__DATE_RANGE) {
        *out_ms = from->range.start;
        return DTAKE_OK;
    }
    return dtake__fail(err, DTAKE_E_USAGE, "a %s is no date",
                       from->null ? "null" : dtake__kind_name(from->kind));
}

dtake_status dtake__range_of(const dtake__value *from, double *start_ms, double *end_ms, dtake_error *err)
{
    if (!from->null && from->kind == DTAKE__DATE_RANGE) {
        *start_ms = from->range.start;
        *end_ms = from->range.end;
        return DTAKE_OK;
    }
    if (!from->null && from->kind == DTAKE__LIST && from->list.count == 2) {
        dtake_status st = dtake__date_of(&from->list.item[0], NULL, start_ms, err);
        return st == DTAKE_OK ? dtake__date_of(&from->list.item[1], NULL, end_ms, err) : st;
    }
    dtake_status st = dtake__date_of(from, NULL, start_ms, err);
    *end_ms = *start_ms + 1;
    return st;
}

bool dtake__unit_of(const char *unit, double *months, double *ms)
{
    static const struct {
        const char *name;
        double months, ms;
    } units[] = {
        { "year", 12, 0 },       { "month", 1, 0 },       { "week", 0, 7 * 86400000. },
        { "day", 0, 86400000. }, { "hour", 0, 3600000. }, { "minute", 0, 60000. },
        { "second", 0, 1000 },   { "millisecond", 0, 1 },
    };
    size_t len = strlen(unit);
    len -= len > 1 && unit[len - 1] == 's';
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].name) == len && strncmp(units[i].name, unit, len) == 0) {
            *months = units[i].months;
            *ms = units[i].ms;
            return true;
        }
    return false;
}

/* The same day of a later month, or its last day; fractions of a month are taken of the month they are in. */
double dtake__date_advance(double ms, double months, double extra_ms, int zone_s)
{
    dtake__calendar at;
    double whole = floor(months), rest = months - whole;
    dtake__calendar_of(ms, zone_s, &at);
    int64_t month = at.month + (int64_t)whole;
    int64_t first = days_of(at.year, month, 1), length = days_of(at.year, month + 1, 1) - first;
    int64_t day = at.day < length ? at.day : length;
    double of_day = ms + zone_s * 1000. - (double)days_of(at.year, at.month, at.day) * DAY_MS;
    double moved = months == 0 ? ms : (double)(first + day - 1) * DAY_MS + of_day - zone_s * 1000.;
    return floor(moved + rest * (double)length * DAY_MS + extra_ms + 0.5);
}
