/* Dates and ranges of them. */
#include "raster/eval_date.h"
#include "raster/eval_element.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static dtake_status give_date(dtake__call *call, double ms)
{
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__DATE, .number = ms });
}

static const char *text_or_null(const dtake__value *value)
{
    return value->null ? NULL : value->text;
}

static dtake_status date(dtake__call *call, dtake_error *err)
{
    double ms;
    dtake_status st = dtake__date_of(&call->arg[0], text_or_null(&call->arg[1]), &ms, err);
    return st == DTAKE_OK ? give_date(call, ms) : st;
}
DTAKE__FUNCTION(date, "Date", DATE, date, { "value", DTAKE__OBJECT }, { "timeZone", DTAKE__STRING, "null" });

static dtake_status from_ymd(dtake__call *call, dtake_error *err)
{
    int zone_s;
    dtake_status st = dtake__zone_of(text_or_null(&call->arg[3]), &zone_s, err);
    double year = call->arg[0].number, month = call->arg[1].number, day = call->arg[2].number;
    if (st != DTAKE_OK)
        return st;
    if (!(fabs(year) < 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31))
        return dtake__fail(err, DTAKE_E_USAGE, "%g-%g-%g is no date", year, month, day);
    return give_date(call, dtake__calendar_ms((int64_t)year, (int64_t)month, (int64_t)day) - zone_s * 1000.);
}
DTAKE__FUNCTION(date_from_ymd, "Date.fromYMD", DATE, from_ymd, { "year", DTAKE__NUMBER },
                { "month", DTAKE__NUMBER }, { "day", DTAKE__NUMBER }, { "timeZone", DTAKE__STRING, "null" });

static dtake_status millis(dtake__call *call, dtake_error *err)
{
    (void)err;
    return dtake__call_give(call, dtake__value_of_number(call->arg[0].number));
}
DTAKE__FUNCTION(date_millis, "Date.millis", NUMBER, millis, { "date", DTAKE__DATE });

static dtake_status unit_of(const char *unit, double *months, double *ms, dtake_error *err)
{
    return dtake__unit_of(unit, months, ms)
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE,
                             "unit '%.40s' is not known: year, month, week, day, hour, minute and second are",
                             unit);
}

static dtake_status advance(dtake__call *call, dtake_error *err)
{
    double months, ms, delta = call->arg[1].number;
    int zone_s;
    dtake_status st = unit_of(call->arg[2].text, &months, &ms, err);
    if (st == DTAKE_OK)
        st = dtake__zone_of(text_or_null(&call->arg[3]), &zone_s, err);
    if (st != DTAKE_OK)
        return st;
    if (!(fabs(delta * (months * 2.7e9 + ms)) < 3e14))
        return dtake__fail(err, DTAKE_E_RANGE, "delta %g leads to no date", delta);
    return give_date(call, dtake__date_advance(call->arg[0].number, delta * months, delta * ms, zone_s));
}
DTAKE__FUNCTION(date_advance, "Date.advance", DATE, advance, { "date", DTAKE__DATE },
                { "delta", DTAKE__NUMBER }, { "unit", DTAKE__STRING }, { "timeZone", DTAKE__STRING, "null" });

/* Months and years are of their mean length in the Gregorian calendar. */
static dtake_status difference(dtake__call *call, dtake_error *err)
{
    double months, ms;
    dtake_status st = unit_of(call->arg[2].text, &months, &ms, err);
    const double month_ms = 365.2425 * 86400000 / 12;
    return st == DTAKE_OK
               ? dtake__call_give(call, dtake__value_of_number((call->arg[0].number - call->arg[1].number) /
                                                               (months > 0 ? months * month_ms : ms)))
               : st;
}
DTAKE__FUNCTION(date_difference, "Date.difference", NUMBER, difference, { "date", DTAKE__DATE },
                { "start", DTAKE__DATE }, { "unit", DTAKE__STRING });

static dtake_status calendar_of(dtake__call *call, int zone, dtake__calendar *out, dtake_error *err)
{
    int zone_s;
    dtake_status st = dtake__zone_of(text_or_null(&call->arg[zone]), &zone_s, err);
    if (st == DTAKE_OK)
        dtake__calendar_of(call->arg[0].number, zone_s, out);
    return st;
}

static dtake_status get(dtake__call *call, dtake_error *err)
{
    dtake__calendar at;
    double months, ms;
    dtake_status st = calendar_of(call, 2, &at, err);
    if (st == DTAKE_OK)
        st = unit_of(call->arg[1].text, &months, &ms, err);
    if (st != DTAKE_OK)
        return st;
    return dtake__call_give(call, dtake__value_of_number(months == 12          ? (double)at.year
                                                         : months == 1         ? at.month
                                                         : ms == 7 * 86400000. ? at.week
                                                         : ms == 86400000.     ? at.day
                                                         : ms == 3600000       ? at.hour
                                                         : ms == 60000         ? at.minute
                                                         : ms == 1000          ? floor(at.second)
                                                                               : fmod(at.second, 1) * 1000));
}
DTAKE__FUNCTION(date_get, "Date.get", NUMBER, get, { "date", DTAKE__DATE }, { "unit", DTAKE__STRING },
                { "timeZone", DTAKE__STRING, "null" });

/* Where in its unit the date is: 0 to 1. */
static dtake_status get_fraction(dtake__call *call, dtake_error *err)
{
    dtake__calendar at;
    double months, ms, start, end;
    int zone_s;
    dtake_status st = calendar_of(call, 2, &at, err);
    if (st == DTAKE_OK)
        st = dtake__zone_of(text_or_null(&call->arg[2]), &zone_s, err);
    if (st == DTAKE_OK)
        st = unit_of(call->arg[1].text, &months, &ms, err);
    if (st != DTAKE_OK)
        return st;
    double local = call->arg[0].number + zone_s * 1000.;
    if (months > 0) {
        start = dtake__calendar_ms(at.year, months == 12 ? 1 : at.month, 1);
        end = dtake__calendar_ms(at.year, months == 12 ? 13 : at.month + 1, 1);
    } else {
        start = floor(local / ms) * ms;
        if (ms == 7 * 86400000.)
            start = dtake__calendar_ms(at.year, at.month, at.day - at.day_of_week + 1);
        end = start + ms;
    }
    return dtake__call_give(call, dtake__value_of_number((local - start) / (end - start)));
}
DTAKE__FUNCTION(date_get_fraction, "Date.getFraction", NUMBER, get_fraction, { "date", DTAKE__DATE },
                { "unit", DTAKE__STRING }, { "timeZone", DTAKE__STRING, "null" });

/* Days since 1970, months since then ... */
static dtake_status get_relative(dtake__call *call, dtake_error *err)
{
    dtake__calendar at;
    dtake_status st = calendar_of(call, 3, &at, err);
    const char *unit = call->arg[1].text, *in = call->arg[2].text;
    double rest, day = at.day_of_year - 1;
    if (st != DTAKE_OK)
        return st;
    if (strcmp(in, "year") == 0)
        rest = strcmp(unit, "month") == 0 ? at.month - 1 : strcmp(unit, "week") == 0 ? floor(day / 7) : day;
    else if (strcmp(in, "month") == 0)
        rest = day = at.day - 1;
    else if (strcmp(in, "week") == 0)
        rest = day = at.day_of_week - 1;
    else
        rest = day = 0;
    if (strcmp(unit, "hour") == 0)
        rest = day * 24 + at.hour;
    else if (strcmp(unit, "minute") == 0)
        rest = (day * 24 + at.hour) * 60 + at.minute;
    else if (strcmp(unit, "second") == 0)
        rest = ((day * 24 + at.hour) * 60 + at.minute) * 60 + floor(at.second);
    else if (strcmp(unit, "day") != 0 && strcmp(unit, "month") != 0 && strcmp(unit, "week") != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "unit '%.40s' is not counted within another", unit);
    return dtake__call_give(call, dtake__value_of_number(rest));
}
DTAKE__FUNCTION(date_get_relative, "Date.getRelative", NUMBER, get_relative, { "date", DTAKE__DATE },
                { "unit", DTAKE__STRING }, { "inUnit", DTAKE__STRING },
                { "timeZone", DTAKE__STRING, "null" });

static dtake_status update(dtake__call *call, dtake_error *err)
{
    dtake__calendar at;
    int zone_s;
    dtake_status st = calendar_of(call, 7, &at, err);
    if (st == DTAKE_OK)
        st = dtake__zone_of(text_or_null(&call->arg[7]), &zone_s, err);
    double now[6] = { (double)at.year, at.month, at.day, at.hour, at.minute, at.second };
    for (int i = 0; i < 6 && st == DTAKE_OK; i++)
        if (!call->arg[i + 1].null)
            now[i] = call->arg[i + 1].number;
    if (st != DTAKE_OK)
        return st;
    for (int i = 0; i < 6; i++)
        if (!(fabs(now[i]) < 100000))
            return dtake__fail(err, DTAKE_E_USAGE, "%g is no part of a date", now[i]);
    return give_date(call, dtake__calendar_ms((int64_t)now[0], (int64_t)now[1], (int64_t)now[2]) +
                               now[3] * 3600000 + now[4] * 60000 + floor(now[5] * 1000 + 0.5) -
                               zone_s * 1000.);
}
DTAKE__FUNCTION(date_update, "Date.update", DATE, update, { "date", DTAKE__DATE },
                { "year", DTAKE__NUMBER, "null" }, { "month", DTAKE__NUMBER, "null" },
                { "day", DTAKE__NUMBER, "null" }, { "hour", DTAKE__NUMBER, "null" },
                { "minute", DTAKE__NUMBER, "null" }, { "second", DTAKE__NUMBER, "null" },
                { "timeZone", DTAKE__STRING, "null" });

/* --- ranges --- */

static dtake_status give_range(dtake__call *call, double start, double end)
{
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__DATE_RANGE, .range = { start, end } });
}

static dtake_status range(dtake__call *call, dtake_error *err)
{
    double start, end;
    const char *zone = text_or_null(&call->arg[2]);
    dtake_status st = dtake__date_of(&call->arg[0], zone, &start, err);
    end = start + 1;
    if (st == DTAKE_OK && !call->arg[1].null)
        st = dtake__date_of(&call->arg[1], zone, &end, err);
    if (st == DTAKE_OK && end <= start)
        return dtake__fail(err, DTAKE_E_USAGE, "Empty date ranges not supported for the current operation.");
    return st == DTAKE_OK ? give_range(call, start, end) : st;
}
DTAKE__FUNCTION(date_range, "DateRange", DATE_RANGE, range, { "start", DTAKE__OBJECT },
                { "end", DTAKE__OBJECT, "null" }, { "timeZone", DTAKE__STRING, "null" });

static dtake_status range_start(dtake__call *call, dtake_error *err)
{
    (void)err;
    return give_date(call, call->arg[0].range.start);
}
DTAKE__FUNCTION(date_range_start, "DateRange.start", DATE, range_start, { "dateRange", DTAKE__DATE_RANGE });

static dtake_status range_end(dtake__call *call, dtake_error *err)
{
    (void)err;
    return give_date(call, call->arg[0].range.end);
}
DTAKE__FUNCTION(date_range_end, "DateRange.end", DATE, range_end, { "dateRange", DTAKE__DATE_RANGE });

static dtake_status range_contains(dtake__call *call, dtake_error *err)
{
    double at;
    dtake_status st = dtake__date_of(&call->arg[1], NULL, &at, err);
    return st == DTAKE_OK
               ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__BOOLEAN,
                                                        .boolean = at >= call->arg[0].range.start &&
                                                                   at < call->arg[0].range.end })
               : st;
}
DTAKE__FUNCTION(date_range_contains, "DateRange.contains", BOOLEAN, range_contains,
                { "dateRange", DTAKE__DATE_RANGE }, { "other", DTAKE__OBJECT });

/* The unit that a date lies in. */
static dtake_status get_range(dtake__call *call, dtake_error *err)
{
    dtake__calendar at;
    int zone_s;
    double months, ms, start;
    dtake_status st = calendar_of(call, 2, &at, err);
    if (st == DTAKE_OK)
        st = dtake__zone_of(text_or_null(&call->arg[2]), &zone_s, err);
    if (st == DTAKE_OK)
        st = unit_of(call->arg[1].text, &months, &ms, err);
    if (st != DTAKE_OK)
        return st;
    double local = call->arg[0].number + zone_s * 1000., shift = zone_s * 1000.;
    if (months > 0) {
        start = dtake__calendar_ms(at.year, months == 12 ? 1 : at.month, 1);
        return give_range(call, start - shift,
                          dtake__calendar_ms(at.year, months == 12 ? 13 : at.month + 1, 1) - shift);
    }
    start = ms == 7 * 86400000. ? dtake__calendar_ms(at.year, at.month, at.day - at.day_of_week + 1)
                                : floor(local / ms) * ms;
    return give_range(call, start - shift, start + ms - shift);
}
DTAKE__FUNCTION(date_get_range, "Date.getRange", DATE_RANGE, get_range, { "date", DTAKE__DATE },
                { "unit", DTAKE__STRING }, { "timeZone", DTAKE__STRING, "null" });

static dtake_status image_date(dtake__call *call, dtake_error *err)
{
    const dtake__value at = dtake__element_get(&call->arg[0], "system:time_start");
    double ms;
    if (at.null)
        return dtake__fail(err, DTAKE_E_NOT_FOUND, "the image has no system:time_start");
    dtake_status st = dtake__date_of(&at, NULL, &ms, err);
    return st == DTAKE_OK ? give_date(call, ms) : st;
}
DTAKE__FUNCTION(image_date, "Image.date", DATE, image_date, { "image", DTAKE__ELEMENT });
