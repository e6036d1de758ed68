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

/* One range-spec; `out->len` 0 when it lies past the end. */
static bool parse_one(const char **text, int64_t size, dtake__range *out)
{
    int64_t first = digits(text);
    if (**text != '-')
        return false;
    ++*text;
    int64_t last = digits(text);
    if ((first < 0 && last < 0) || (first >= 0 && last >= 0 && last < first))
        return false;
    if (first < 0) { /* the last so many bytes */
        first = last < size ? size - last : 0;
        last = size - 1;
    }
    if (last < 0 || last >= size)
        last = size - 1;
    *out = (dtake__range){ first, first < size ? last - first + 1 : 0 };
    return true;
}

static bool are_near(const dtake__range *a, const dtake__range *b)
{
    int64_t gap = a->at < b->at ? b->at - (a->at + a->len) : a->at - (b->at + b->len);
    return gap <= DTAKE__RANGES_JOIN_BYTES;
}

static dtake__range joined(dtake__range a, dtake__range b)
{
    int64_t at = a.at < b.at ? a.at : b.at, a_end = a.at + a.len, b_end = b.at + b.len;
    return (dtake__range){ at, (a_end > b_end ? a_end : b_end) - at };
}

/* Takes the place of the first range near it; what it grows to may be near others, then. */
static void add(dtake__ranges *ranges, dtake__range added)
{
    size_t place = ranges->count, i = 0;
    while (i < ranges->count) {
        dtake__range *at = &ranges->range[i];
        if (!are_near(at, &added)) {
            i++;
            continue;
        }
        added = joined(*at, added);
        place = i < place ? i : place;
        memmove(at, at + 1, (--ranges->count - i) * sizeof *at);
        i = 0;
    }
    dtake__range *at = &ranges->range[place];
    memmove(at + 1, at, (ranges->count++ - place) * sizeof *at);
    *at = added;
}

dtake__range_kind dtake__range_parse(const char *value, int64_t size, dtake__ranges *out)
{
    out->count = 0;
    if (value == NULL || strncasecmp(value, "bytes=", 6) != 0)
        return DTAKE__RANGE_NONE;
    value += 6;
    int asked = 0;
    for (value += strspn(value, " \t,"); *value != '\0'; value += strspn(value, " \t,")) {
        dtake__range range;
        /* Of an empty file "the last 5 bytes" can be had by the letter, but no Content-Range can say so. */
        if (asked++ == DTAKE__RANGES_MAX || (*value == '-' && size == 0) || !parse_one(&value, size, &range))
            return DTAKE__RANGE_NONE;
        value += strspn(value, " \t");
        if (*value != ',' && *value != '\0')
            return DTAKE__RANGE_NONE;
        if (range.len > 0)
            add(out, range);
    }
    return out->count > 0 ? DTAKE__RANGE_SOME : asked > 0 ? DTAKE__RANGE_BAD : DTAKE__RANGE_NONE;
}
