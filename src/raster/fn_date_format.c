/* Dates as text, by the patterns of Joda. */
#include "raster/eval_date.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One run of a letter, and what it is a field of. */
typedef struct field {
    char letter;
    int run;
    const dtake__calendar *at;
    int zone_s;
    char text[64];
} field;

static bool put(field *f, long long number)
{
    snprintf(f->text, sizeof f->text, "%0*lld", f->run, number);
    return true;
}

static bool put_word(field *f, const char *word, int letters)
{
    snprintf(f->text, sizeof f->text, "%.*s", letters, word);
    return true;
}

static bool put_month(field *f)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    return f->run >= 3 ? put_word(f, months[f->at->month - 1], f->run == 3 ? 3 : 20) : put(f, f->at->month);
}

/* Days and longer; false: it is none of them. */
static bool write_day(field *f)
{
    static const char *const days[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday" };
    long long year = (long long)(f->letter == 'x' ? f->at->week_year : f->at->year);
    switch (f->letter) {
    case 'Y':
    case 'y':
    case 'x':
    case 'u':
        return put(f, f->run == 2 ? ((year % 100) + 100) % 100 : year);
    case 'M':
        return put_month(f);
    case 'd':
        return put(f, f->at->day);
    case 'D':
        return put(f, f->at->day_of_year);
    case 'w':
        return put(f, f->at->week);
    case 'e':
        return put(f, f->at->day_of_week);
    case 'E':
        return put_word(f, days[f->at->day_of_week - 1], f->run >= 4 ? 20 : 3);
    case 'G':
        return put_word(f, f->at->year > 0 ? "AD" : "BC", 2);
    default:
        return false;
    }
}

/* Parts of a second, as many digits as letters. */
static bool put_fraction(field *f)
{
    char digits[16];
    int milli = (int)floor((f->at->second - floor(f->at->second)) * 1000 + 0.5);
    snprintf(digits, sizeof digits, "%03d", milli < 1000 ? milli : 999);
    snprintf(f->text, sizeof f->text, "%.*s%.*s", f->run, digits, f->run > 3 ? f->run - 3 : 0,
             "000000000000");
    return true;
}

static bool put_zone(field *f)
{
    int minutes = f->zone_s / 60, size = minutes < 0 ? -minutes : minutes;
    snprintf(f->text, sizeof f->text, f->run == 1 ? "%c%02d%02d" : "%c%02d:%02d", minutes < 0 ? '-' : '+',
             size / 60, size % 60);
    return true;
}

/* Hours and shorter. */
static bool write_time(field *f)
{
    int hour = f->at->hour;
    switch (f->letter) {
    case 'H':
        return put(f, hour);
    case 'k':
        return put(f, hour == 0 ? 24 : hour);
    case 'h':
        return put(f, hour % 12 == 0 ? 12 : hour % 12);
    case 'K':
        return put(f, hour % 12);
    case 'm':
        return put(f, f->at->minute);
    case 's':
        return put(f, (int)f->at->second);
    case 'S':
        return put_fraction(f);
    case 'a':
        return put_word(f, hour < 12 ? "AM" : "PM", 2);
    case 'Z':
        return put_zone(f);
    case 'z':
        return put_word(f, "UTC", 3);
    default:
        return false;
    }
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What is quoted stands for itself; two quotes for one. */
static bool read_quoted(const char **at, field *f)
{
    const char *end = strchr(*at + 1, '\'');
    size_t len = end != NULL ? (size_t)(end - *at - 1) : 0;
    if (end == NULL || len >= sizeof f->text)
        return false;
    memcpy(f->text, len > 0 ? *at + 1 : "'", len > 0 ? len : 1);
    f->text[len > 0 ? len : 1] = '\0';
    *at = end + 1;
    return true;
}

/* What comes next in the pattern becomes text. */
static dtake_status next_field(const char *pattern, const char **at, field *f, dtake_error *err)
{
    f->letter = **at;
    if (f->letter == '\'')
        return read_quoted(at, f)
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_USAGE, "a quote does not end in '%.60s'", pattern);
    f->text[0] = f->letter;
    f->text[1] = '\0';
    if (!is_letter(f->letter)) {
        (*at)++;
        return DTAKE_OK;
    }
    for (f->run = 0; **at == f->letter && f->run < 20; (*at)++)
        f->run++;
    return write_day(f) || write_time(f)
               ? DTAKE_OK
               : dtake__fail(err, DTAKE_E_USAGE, "'%c' is no field of a date in '%.60s'", f->letter, pattern);
}

static dtake_status format(dtake__call *call, dtake_error *err)
{
    const char *pattern = call->arg[1].null ? "YYYY-MM-dd'T'HH:mm:ss" : call->arg[1].text, *at = pattern;
    char out[512] = "";
    size_t used = 0;
    dtake__calendar when;
    field f = { .at = &when };
    dtake_status st = dtake__zone_of(call->arg[2].null ? NULL : call->arg[2].text, &f.zone_s, err);
    if (st == DTAKE_OK)
        dtake__calendar_of(call->arg[0].number, f.zone_s, &when);
    while (st == DTAKE_OK && *at != '\0') {
        st = next_field(pattern, &at, &f, err);
        size_t len = st == DTAKE_OK ? strlen(f.text) : 0;
        if (used + len >= sizeof out)
            return dtake__fail(err, DTAKE_E_LIMIT, "a date's text is too long");
        memcpy(out + used, f.text, len);
        used += len;
    }
    const char *text = st == DTAKE_OK ? dtake__call_text(call, err, "%.*s", (int)used, out) : NULL;
    return text != NULL     ? dtake__call_give(call, dtake__value_of_text(text))
           : st != DTAKE_OK ? st
                            : DTAKE_E_LIMIT;
}
DTAKE__FUNCTION(date_format, "Date.format", STRING, format, { "date", DTAKE__DATE },
                { "format", DTAKE__STRING, "null" }, { "timeZone", DTAKE__STRING, "null" });
