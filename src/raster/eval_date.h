/* Dates: milliseconds since 1970, UTC. */
#ifndef DTAKE_RASTER_EVAL_DATE_H
#define DTAKE_RASTER_EVAL_DATE_H

#include "raster/eval_value.h"

/* A date of a number, an ISO 8601 text, or a date. `zone` as of texts without one; NULL: UTC. */
dtake_status dtake__date_of(const dtake__value *from, const char *zone, double *out_ms, dtake_error *err);
/* Two dates, or one and what follows it for a millisecond. */
dtake_status dtake__range_of(const dtake__value *from, double *start_ms, double *end_ms, dtake_error *err);

/* Seconds east of UTC; "UTC", "Etc/GMT+3", "+02:00". Other zones need rules that are not here. */
dtake_status dtake__zone_of(const char *zone, int *out_s, dtake_error *err);

typedef struct dtake__calendar {
    int64_t year;
    int month, day, hour, minute; /* month and day from 1 */
    double second;
    int day_of_year, week, day_of_week; /* from 1; weeks of ISO 8601, Monday is 1 */
    int64_t week_year;
} dtake__calendar;

void dtake__calendar_of(double ms, int zone_s, dtake__calendar *out);
double dtake__calendar_ms(int64_t year, int64_t month, int64_t day); /* month and day may run over */

/* "year", "months" ...; false: no unit. In months, or in milliseconds. */
bool dtake__unit_of(const char *unit, double *months, double *ms);
double dtake__date_advance(double ms, double months, double extra_ms, int zone_s);

#endif
