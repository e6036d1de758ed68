#include <datatake/get.h>

#include "core/clock.h"
#include "core/error.h"

#include <string.h>

static const int64_t NS_PER_DAY = 86400LL * 1000000000LL;

/* One end: "" and ".." are open. A bare date as the end means the last nanosecond of that day. */
static dtake_status parse_end(const char *text, bool is_end, int64_t *out, dtake_error *err)
{
    if (text[0] == '\0' || strcmp(text, "..") == 0) {
        *out = is_end ? INT64_MAX : INT64_MIN;
        return DTAKE_OK;
    }
    bool date_only;
    dtake_status st = dtake__time_parse(text, out, &date_only, err);
    if (st == DTAKE_OK && is_end && date_only)
        *out += NS_PER_DAY - 1;
    return st;
}

dtake_status dtake_interval_parse(const char *text, dtake_interval *out, dtake_error *err)
{
    char start[64], end[64];
    const char *slash = strchr(text, '/');
    size_t start_len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    const char *end_text = slash != NULL ? slash + 1 : text;

    if (start_len >= sizeof start || strlen(end_text) >= sizeof end || start_len + strlen(end_text) == 0)
        return dtake__fail(err, DTAKE_E_USAGE, "datetime '%s': expected A/B, ../B, A/.. or A", text);
    memcpy(start, text, start_len);
    start[start_len] = '\0';
    strcpy(end, end_text);

    *out = (dtake_interval){ 0 };
    dtake_status st = parse_end(start, false, &out->start_ns, err);
    if (st == DTAKE_OK)
        st = parse_end(end, true, &out->end_ns, err);
    if (st != DTAKE_OK) {
        dtake__error_prefix(err, "datetime");
        return st;
    }
    if (out->start_ns > out->end_ns)
        return dtake__fail(err, DTAKE_E_USAGE, "datetime '%s': the start is after the end", text);
    return DTAKE_OK;
}
