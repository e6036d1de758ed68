#include "core/error.h"
#include "format/row_expression_parts.h"

#include <math.h>

static const dtake__span nothing = { "", 0 };

static int shown(dtake__span text)
{
    return (int)(text.len < 60 ? text.len : 60);
}

static dtake_status give_text(dtake__row_value *out, dtake__span text)
{
    out->kind = DTAKE__ROW_TEXT;
    out->text = text;
    return DTAKE_OK;
}

/* Room in the scratch; NULL after the error. */
static char *room(const dtake__row_run *run, size_t len, dtake_status *st)
{
    dtake__row_scratch *s = run->scratch;
    if (len > sizeof s->bytes - s->used) {
        *st = dtake__fail(run->err, DTAKE_E_LIMIT,
                          "the texts put together from one row are longer than %zu bytes", sizeof s->bytes);
        return NULL;
    }
    *st = DTAKE_OK;
    char *bytes = s->bytes + s->used;
    s->used += len;
    return bytes;
}

dtake_status dtake__row_concat(const dtake__row_run *run, const dtake__row_value *argument, int count,
                               dtake__row_value *out)
{
    size_t len = 0, at = 0;
    dtake_status st;
    for (int i = 0; i < count; i++)
        len += argument[i].kind == DTAKE__ROW_NULL ? 0 : argument[i].text.len;
    char *bytes = room(run, len, &st);
    for (int i = 0; i < count && bytes != NULL; i++)
        if (argument[i].kind != DTAKE__ROW_NULL) {
            memcpy(bytes + at, argument[i].text.text, argument[i].text.len);
            at += argument[i].text.len;
        }
    return bytes != NULL ? give_text(out, (dtake__span){ bytes, len }) : st;
}

/* Counted from 1, from the end when negative, into 0 to `count`; `count` when it is behind the last. */
static bool place(double number, size_t count, size_t *out)
{
    if (number == 0 || number != floor(number) || fabs(number) > 1e9)
        return false;
    int64_t at = number > 0 ? (int64_t)number - 1 : (int64_t)count + (int64_t)number;
    *out = at < 0 ? 0 : (uint64_t)at > count ? count : (size_t)at;
    return true;
}

dtake_status dtake__row_substr(const dtake__row_run *run, const dtake__row_value *argument, int count,
                               dtake__row_value *out)
{
    dtake__span text = argument[0].text;
    double wanted = count == 3 ? argument[2].number[0] : 1e9;
    size_t from;
    if (!place(argument[1].number[0], text.len, &from) || wanted < 0)
        return dtake__fail(run->err, DTAKE_E_FORMAT,
                           "substr('%.*s', %.17g, ...): characters are counted from 1", shown(text),
                           text.text, argument[1].number[0]);
    size_t left = text.len - from, len = wanted < (double)left ? (size_t)wanted : left;
    return give_text(out, (dtake__span){ text.text + from, len });
}

/* Of `what` in `text` from `from` on; SIZE_MAX when there is none. */
static size_t find(dtake__span text, size_t from, dtake__span what)
{
    const char *at = from <= text.len && text.len > 0
                         ? memmem(text.text + from, text.len - from, what.text, what.len)
                         : NULL;
    return at != NULL ? (size_t)(at - text.text) : SIZE_MAX;
}

dtake_status dtake__row_split(const dtake__row_run *run, const dtake__row_value *argument, int count,
                              dtake__row_value *out)
{
    (void)count;
    dtake__span text = argument[0].text, mark = argument[1].text;
    double number = argument[2].number[0];
    size_t pieces = 1, wanted, start = 0, end;
    for (size_t at = 0; (at = find(text, at, mark)) != SIZE_MAX; at += mark.len)
        pieces++;
    if (!place(number, pieces, &wanted))
        return dtake__fail(run->err, DTAKE_E_FORMAT, "split('%.*s', ..., %.17g): pieces are counted from 1",
                           shown(text), text.text, number);
    if (wanted == pieces || number < -(double)pieces)
        return DTAKE_OK;
    for (; wanted > 0; wanted--)
        start = find(text, start, mark) + mark.len;
    end = find(text, start, mark);
    return give_text(out, (dtake__span){ text.text + start, (end == SIZE_MAX ? text.len : end) - start });
}

dtake_status dtake__row_between(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                dtake__row_value *out)
{
    (void)run, (void)count;
    dtake__span text = argument[0].text;
    size_t start = find(text, 0, argument[1].text);
    if (start == SIZE_MAX)
        return DTAKE_OK;
    start += argument[1].text.len;
    size_t end = find(text, start, argument[2].text);
    return end == SIZE_MAX ? DTAKE_OK : give_text(out, (dtake__span){ text.text + start, end - start });
}

dtake_status dtake__row_replace(const dtake__row_run *run, const dtake__row_value *argument, int count,
                                dtake__row_value *out)
{
    (void)count;
    if (argument[0].kind == DTAKE__ROW_NULL)
        return DTAKE_OK;
    dtake__span text = argument[0].text, what = argument[1].text;
    dtake__span with = argument[2].kind == DTAKE__ROW_NULL ? nothing : argument[2].text;
    size_t found = 0, from = 0, len = 0;
    dtake_status st;
    if (argument[1].kind == DTAKE__ROW_NULL)
        return give_text(out, text);
    for (size_t at = 0; (at = find(text, at, what)) != SIZE_MAX; at += what.len)
        found++;
    char *bytes = room(run, text.len - found * what.len + found * with.len, &st);
    if (bytes == NULL)
        return st;
    for (; found > 0; found--) {
        size_t at = find(text, from, what);
        memcpy(bytes + len, text.text + from, at - from);
        memcpy(bytes + len + (at - from), with.text, with.len);
        len += at - from + with.len;
        from = at + what.len;
    }
    memcpy(bytes + len, text.text + from, text.len - from);
    return give_text(out, (dtake__span){ bytes, len + text.len - from });
}

static dtake_status change_case(const dtake__row_run *run, dtake__span text, char first,
                                dtake__row_value *out)
{
    dtake_status st;
    char *bytes = room(run, text.len, &st);
    if (bytes == NULL)
        return st;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.text[i];
        bytes[i] = c >= first && c < first + 26 ? (char)(c ^ 0x20) : c;
    }
    return give_text(out, (dtake__span){ bytes, text.len });
}

dtake_status dtake__row_upper(const dtake__row_run *run, const dtake__row_value *argument, int count,
                              dtake__row_value *out)
{
    (void)count;
    return change_case(run, argument[0].text, 'a', out);
}

dtake_status dtake__row_lower(const dtake__row_run *run, const dtake__row_value *argument, int count,
                              dtake__row_value *out)
{
    (void)count;
    return change_case(run, argument[0].text, 'A', out);
}

dtake_status dtake__row_trim(const dtake__row_run *run, const dtake__row_value *argument, int count,
                             dtake__row_value *out)
{
    (void)run, (void)count;
    dtake__span text = argument[0].text;
    while (text.len > 0 && (unsigned char)text.text[text.len - 1] <= ' ')
        text.len--;
    while (text.len > 0 && (unsigned char)text.text[0] <= ' ') {
        text.text++;
        text.len--;
    }
    return give_text(out, text);
}
