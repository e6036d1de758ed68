#include "format/record_split.h"

#include "format/scan.h"

static bool is_empty(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r'))
        len--;
    return len == 0;
}

/* From the record's start to the line end at `end`. */
static dtake_status add_line(dtake__splitter *s, dtake__batch *batch, size_t end)
{
    dtake_status st = DTAKE_OK;
    size_t len = end - s->start;
    if (len > 0 && batch->bytes[end - 1] == '\r')
        len--;
    if (!is_empty(batch->bytes + s->start, len))
        st = dtake__batch_add(batch, s->start, s->start + len, s->line);
    s->start = s->scanned = end + 1;
    return st;
}

dtake_status dtake__split_lines(dtake__splitter *s, dtake__batch *batch)
{
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK) {
        const char *from = batch->bytes + s->scanned;
        const char *end = memchr(from, '\n', batch->len - s->scanned);
        if (end == NULL) {
            s->scanned = batch->len;
            break;
        }
        st = add_line(s, batch, (size_t)(end - batch->bytes));
        s->line++;
    }
    return st;
}

/* Passes the quotes before `stop`. */
static void pass_quotes(dtake__splitter *s, const char *bytes, size_t stop)
{
    const char *at = bytes + s->scanned, *end = bytes + stop;
    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        size_t place = (size_t)(at - bytes);
        if (s->in_quotes)
            s->closed = place + 1;
        /* a field's first, or a doubled one's second */
        s->in_quotes =
            !s->in_quotes && (place == s->start || place == s->closed || bytes[place - 1] == s->delimiter);
        at++;
    }
    s->scanned = stop;
}

dtake_status dtake__split_csv(dtake__splitter *s, dtake__batch *batch)
{
    dtake_status st = DTAKE_OK;
    while (st == DTAKE_OK) {
        const char *from = batch->bytes + s->scanned;
        const char *end = memchr(from, '\n', batch->len - s->scanned);
        pass_quotes(s, batch->bytes, end != NULL ? (size_t)(end - batch->bytes) : batch->len);
        if (end == NULL)
            break;
        s->lines_within++;
        s->scanned++;
        if (s->in_quotes)
            continue;
        st = add_line(s, batch, s->scanned - 1);
        s->line += s->lines_within;
        s->lines_within = 0;
    }
    return st;
}
