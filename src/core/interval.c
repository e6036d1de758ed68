#include <datatake/time.h>

#include "core/clock.h"
#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t NS_PER_DAY = 86400LL * 1000000000LL;

static bool is_open(const char *text)
{
    return text[0] == '\0' || strcmp(text, "..") == 0;
}

/* "2024" or "2024-07": where it begins, and where the next one does. */
static bool is_month_or_year(const char *text, char begin[32], char next[32])
{
    size_t len = strlen(text);
    if (strspn(text, "0123456789") != 4 || (len != 4 && (len != 7 || text[4] != '-')) ||
        (len == 7 && strspn(text + 5, "0123456789") != 2))
        return false;
    int year = atoi(text), month = len == 7 ? atoi(text + 5) : 1;
    int next_month = len == 7 ? month + 1 : 13;
    snprintf(begin, 32, "%04d-%02d-01", year, month);
    snprintf(next, 32, "%04d-%02d-01", next_month > 12 ? year + 1 : year, next_month > 12 ? 1 : next_month);
    return year < 2261 && month >= 1 && month <= 12;
}

/* One instant, or a whole day, month or year: from start_ns to end_ns. */
static dtake_status parse_instants(const char *text, dtake_interval *out, dtake_error *err)
{
    char begin[32], next[32];
    if (is_month_or_year(text, begin, next)) {
        dtake_status st = dtake__time_parse(begin, &out->start_ns, NULL, err);
        if (st == DTAKE_OK)
            st = dtake__time_parse(next, &out->end_ns, NULL, err);
        out->end_ns--;
        return st;
    }
    bool is_day;
    dtake_status st = dtake__time_parse(text, &out->start_ns, &is_day, err);
    if (st == DTAKE_OK)
        out->end_ns = is_day ? out->start_ns + (NS_PER_DAY - 1) : out->start_ns;
    return st;
}

static dtake_status parse_pair(const char *start, const char *end, dtake_interval_reading reading,
                               dtake_interval *out, dtake_error *err)
{
    dtake_interval first = { .start_ns = INT64_MIN }, last = { .end_ns = INT64_MAX };
    dtake_status st = is_open(start) ? DTAKE_OK : parse_instants(start, &first, err);
    if (st == DTAKE_OK && !is_open(end)) {
        st = parse_instants(end, &last, err);
        last.end_exclusive = reading == DTAKE_INTERVAL_HALF_OPEN;
    }
    *out = (dtake_interval){ .start_ns = first.start_ns,
                             .end_ns = last.end_exclusive ? last.start_ns : last.end_ns,
                             .end_exclusive = last.end_exclusive };
    return st;
}

dtake_status dtake_interval_read(const char *text, dtake_interval_reading reading, dtake_interval *out,
                                 dtake_error *err)
{
    char start[64], end[64];
    const char *slash = strchr(text, '/');
    size_t start_len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    size_t end_len = slash != NULL ? strlen(slash + 1) : 0;
    if (start_len >= sizeof start || end_len >= sizeof end || start_len + end_len == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "datetime '%s': expected A/B, ../B, A/.. or A", text);
    memcpy(start, text, start_len);
    start[start_len] = '\0';
    memcpy(end, text + strlen(text) - end_len, end_len + 1);

    dtake_interval interval = { 0 };
    dtake_status st;
    if (slash != NULL)
        st = parse_pair(start, end, reading, &interval, err);
    else if (is_open(start))
        st = parse_pair(start, start, reading, &interval, err);
    else
        st = parse_instants(start, &interval, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "datetime");
        return st;
    }
    if (interval.start_ns > interval.end_ns)
        return dtake__fail(err, DTAKE_E_USAGE, "datetime '%s': the start is after the end", text);
    *out = interval;
    return DTAKE_OK;
}

dtake_status dtake_interval_parse(const char *text, dtake_interval *out, dtake_error *err)
{
    return dtake_interval_read(text, DTAKE_INTERVAL_CLOSED, out, err);
}
