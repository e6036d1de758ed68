#include "server/condition.h"

#include "core/clock.h"

#include <string.h>

/* Is `etag` in one field's list of entity tags, or the list "*"? A weak tag in the list counts only if
 * `weak`. */
static bool list_holds(const char *list, const char *etag, bool weak)
{
    if (strcmp(list, "*") == 0)
        return true;
    for (;;) {
        list += strspn(list, " \t,");
        bool is_weak = strncmp(list, "W/", 2) == 0;
        const char *tag = is_weak ? list + 2 : list;
        if (*tag != '"')
            return false;
        const char *end = strchr(tag + 1, '"');
        if (end == NULL)
            return false;
        size_t len = (size_t)(end - tag) + 1;
        if ((weak || !is_weak) && len == strlen(etag) && memcmp(tag, etag, len) == 0)
            return true;
        list = end + 1;
    }
}

static bool any_holds(const dtake__request *request, const char *name, const char *etag, bool weak,
                      bool *present)
{
    const char *list;
    size_t at = 0;
    *present = false;
    while ((list = dtake__request_next_field(request, name, &at)) != NULL) {
        *present = true;
        if (list_holds(list, etag, weak))
            return true;
    }
    return false;
}

/* A date that cannot be read is as good as none. */
static bool date_field(const dtake__request *request, const char *name, int64_t *unix_s)
{
    const char *value = dtake__request_field(request, name);
    return value != NULL && dtake__http_date_parse(value, unix_s);
}

int dtake__condition_status(const dtake__request *request, const dtake__validators *now)
{
    bool present;
    int64_t date;
    bool match = any_holds(request, "If-Match", now->etag, false, &present);
    if (present && !match)
        return 412;
    if (!present && date_field(request, "If-Unmodified-Since", &date) && now->modified_s > date)
        return 412;
    match = any_holds(request, "If-None-Match", now->etag, true, &present);
    if (match)
        return 304;
    if (!present && date_field(request, "If-Modified-Since", &date) && now->modified_s <= date)
        return 304;
    return 0;
}

bool dtake__condition_range(const dtake__request *request, const dtake__validators *now, int64_t unix_s)
{
    const char *value = dtake__request_field(request, "If-Range");
    int64_t date;
    if (value == NULL)
        return true;
    if (value[0] == '"')
        return strcmp(value, now->etag) == 0;
    /* A date of the last second may stand for two contents (RFC 9110, 8.8.2.2). */
    return dtake__http_date_parse(value, &date) && date == now->modified_s && now->modified_s < unix_s;
}
