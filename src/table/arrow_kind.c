#include "table/arrow_kind.h"

#include <stdlib.h>

static const struct {
    const char *format;
    dtake__arrow_kind kind;
} kinds[] = {
    { "n", { DTAKE__ARROW_NULL } },
    { "b", { DTAKE__ARROW_BOOL } },
    { "c", { DTAKE__ARROW_WHOLE, 1, true, 1, DTAKE_FIELD_INT64 } },
    { "C", { DTAKE__ARROW_WHOLE, 1, false, 1, DTAKE_FIELD_UINT64 } },
    { "s", { DTAKE__ARROW_WHOLE, 2, true, 1, DTAKE_FIELD_INT64 } },
    { "S", { DTAKE__ARROW_WHOLE, 2, false, 1, DTAKE_FIELD_UINT64 } },
    { "i", { DTAKE__ARROW_WHOLE, 4, true, 1, DTAKE_FIELD_INT64 } },
    { "I", { DTAKE__ARROW_WHOLE, 4, false, 1, DTAKE_FIELD_UINT64 } },
    { "l", { DTAKE__ARROW_WHOLE, 8, true, 1, DTAKE_FIELD_INT64 } },
    { "L", { DTAKE__ARROW_WHOLE, 8, false, 1, DTAKE_FIELD_UINT64 } },
    { "f", { DTAKE__ARROW_FLOAT, 4 } },
    { "g", { DTAKE__ARROW_FLOAT, 8 } },
    { "u", { DTAKE__ARROW_TEXT, 4 } },
    { "U", { DTAKE__ARROW_TEXT, 8 } },
    { "vu", { DTAKE__ARROW_TEXT, DTAKE__ARROW_VIEW_BYTES } },
    { "z", { DTAKE__ARROW_BINARY, 4 } },
    { "Z", { DTAKE__ARROW_BINARY, 8 } },
    { "vz", { DTAKE__ARROW_BINARY, DTAKE__ARROW_VIEW_BYTES } },
    { "tdD", { DTAKE__ARROW_WHOLE, 4, true, 86400000000000, DTAKE_FIELD_TIMESTAMP } },
    { "tdm", { DTAKE__ARROW_WHOLE, 8, true, 1000000, DTAKE_FIELD_TIMESTAMP } },
    { "tDs", { DTAKE__ARROW_WHOLE, 8, true, 1000000000, DTAKE_FIELD_DURATION } },
    { "tDm", { DTAKE__ARROW_WHOLE, 8, true, 1000000, DTAKE_FIELD_DURATION } },
    { "tDu", { DTAKE__ARROW_WHOLE, 8, true, 1000, DTAKE_FIELD_DURATION } },
    { "tDn", { DTAKE__ARROW_WHOLE, 8, true, 1, DTAKE_FIELD_DURATION } },
    { "+l", { DTAKE__ARROW_LIST, 4 } },
    { "+L", { DTAKE__ARROW_LIST, 8 } },
    { "+s", { DTAKE__ARROW_STRUCT } },
};

/* "tsn:UTC": whatever the zone's name, the numbers count from 1970 UTC; without a zone they are taken so. */
static bool read_timestamp(const char *format, dtake__arrow_kind *out)
{
    static const char units[] = "smun";
    static const int64_t multipliers[] = { 1000000000, 1000000, 1000, 1 };
    const char *unit = format[0] == 't' && format[1] == 's' && format[2] ? strchr(units, format[2]) : NULL;
    if (!unit || format[3] != ':')
        return false;
    *out =
        (dtake__arrow_kind){ DTAKE__ARROW_WHOLE, 8, true, multipliers[unit - units], DTAKE_FIELD_TIMESTAMP };
    return true;
}

static bool read_sized(const char *format, const char *prefix, dtake__arrow_form form, dtake__arrow_kind *out)
{
    size_t len = strlen(prefix);
    if (strncmp(format, prefix, len) != 0 || format[len] < '0' || format[len] > '9')
        return false;
    char *end;
    long long size = strtoll(format + len, &end, 10);
    *out = (dtake__arrow_kind){ form, size };
    return *end == '\0' && size <= INT32_MAX;
}

dtake__arrow_kind dtake__arrow_kind_of(const char *format)
{
    dtake__arrow_kind kind;
    for (size_t i = 0; format && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].format, format) == 0)
            return kinds[i].kind;
    if (format &&
        (read_timestamp(format, &kind) || read_sized(format, "w:", DTAKE__ARROW_FIXED_BINARY, &kind) ||
         read_sized(format, "+w:", DTAKE__ARROW_FIXED_LIST, &kind)))
        return kind;
    return (dtake__arrow_kind){ DTAKE__ARROW_OTHER };
}

static bool next_text(const char **at, dtake__span *out)
{
    int32_t len;
    memcpy(&len, *at, sizeof len);
    if (len < 0)
        return false;
    *out = (dtake__span){ *at + sizeof len, (size_t)len };
    *at += sizeof len + (size_t)len;
    return true;
}

bool dtake__arrow_metadata_find(const char *metadata, const char *key, dtake__span *out)
{
    int32_t pairs = 0;
    dtake__span name;
    if (!metadata)
        return false;
    memcpy(&pairs, metadata, sizeof pairs);
    metadata += sizeof pairs;
    while (pairs-- > 0 && next_text(&metadata, &name) && next_text(&metadata, out))
        if (dtake__span_equal(name, dtake__span_of(key)))
            return true;
    return false;
}
