#include "server/range.h"

#include <string.h>
#include <strings.h>

/* Digits at *text; beyond int64 they stay at its largest value, which is past every end. -1: none there. */
static int64_t digits(const char **text)
{
    int64_t value = -1;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        if (value < 0)
            value = 0;
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, **text - '0', &value))
            value = INT64_MAX;
    }
    return value;
}

static void skip_separators(const char **text)
{
    *text += strspn(*text, " \t,");
}

dtake__range_kind dtake__range_parse(const char *value, int64_t size, int64_t *at, int64_t *len)
{
    if (value == NULL || strncasecmp(value, "bytes=", 6) != 0)
        return DTAKE__RANGE_NONE;
    value += 6;
    skip_separators(&value);
    int64_t first = digits(&value);
    if (*value++ != '-')
        return DTAKE__RANGE_NONE;
    int64_t last = digits(&value);
    skip_separators(&value);
    if (*value != '\0' || (first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
        return DTAKE__RANGE_NONE;
    if (first < 0) { /* the last so many bytes */
        if (last == 0)
            return DTAKE__RANGE_BAD;
        first = last < size ? size - last : 0;
        last = size - 1;
        if (size == 0) /* satisfiable by the letter, but no Content-Range can say so */
            return DTAKE__RANGE_NONE;
    }
    if (first >= size)
        return DTAKE__RANGE_BAD;
    if (last < 0 || last >= size)
        last = size - 1;
    *at = first;
    *len = last - first + 1;
    return DTAKE__RANGE_ONE;
}
