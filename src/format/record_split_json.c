#include "format/record_split.h"

#include "format/scan.h"

uint64_t dtake__split_json_line(dtake__splitter *s, const dtake__batch *batch, size_t at)
{
    if (at > s->counted) {
        s->line += dtake__count_byte(batch->bytes + s->counted, batch->bytes + at, '\n');
        s->counted = at;
    }
    return s->line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' ||
           c == '\x1E'; /* the last begins a record in RFC 8142 */
}

static void begin_list(dtake__splitter *s, const dtake__batch *batch, size_t at, bool in_object)
{
    s->list_line = dtake__split_json_line(s, batch, at);
    s->list_in_object = in_object;
    s->place = DTAKE__JSON_LIST;
    s->start = s->scanned = at + 1;
}

static dtake_status end_record(dtake__splitter *s, dtake__batch *batch, size_t end)
{
    dtake_status st = dtake__batch_add(batch, s->start, end, dtake__split_json_line(s, batch, s->start));
    s->place = s->list_line > 0 ? DTAKE__JSON_LIST : DTAKE__JSON_OUTSIDE;
    s->start = s->scanned = end;
    return st;
}

/* Outside of values, and between elements. */
static void find_value(dtake__splitter *s, const dtake__batch *batch)
{
    bool list = s->place == DTAKE__JSON_LIST;
    while (s->scanned < batch->len &&
           (is_blank(batch->bytes[s->scanned]) || (list && batch->bytes[s->scanned] == ',')))
        s->scanned++;
    s->start = s->scanned;
    if (s->scanned == batch->len)
        return;
    char c = batch->bytes[s->scanned];
    if (list && c == ']') {
        s->place = s->list_in_object ? DTAKE__JSON_REST : DTAKE__JSON_OUTSIDE;
        s->depth = 1;
        s->list_line = 0;
        s->start = ++s->scanned;
    } else if (c == '[' && !list) {
        begin_list(s, batch, s->scanned, false);
    } else if (c == '{' || c == '[') {
        s->place = list ? DTAKE__JSON_ELEMENT : DTAKE__JSON_VALUE;
        s->depth = 1;
        s->is_features = false;
        s->scanned++;
    } else {
        s->place = DTAKE__JSON_SCALAR;
        s->scanned++;
    }
}

/* Ends at the line's end, in a list also at a comma or the list's end. */
static dtake_status pass_scalar(dtake__splitter *s, dtake__batch *batch)
{
    for (; s->scanned < batch->len; s->scanned++) {
        char c = batch->bytes[s->scanned];
        if (c == '\n' || (s->list_line > 0 && (c == ',' || c == ']')))
            return end_record(s, batch, s->scanned);
    }
    return DTAKE_OK;
}

/* To behind the closing quote. */
static void pass_text(dtake__splitter *s, const dtake__batch *batch)
{
    const char *at = batch->bytes + s->scanned, *end = batch->bytes + batch->len;
    if (s->escaped && at < end) {
        s->escaped = false;
        at++;
    }
    while ((at = dtake__scan_either(at, end, '"', '\\')) < end && *at == '\\') {
        s->escaped = ++at == end;
        at += !s->escaped;
    }
    s->scanned = (size_t)(at - batch->bytes);
    if (at == end)
        return;
    if (s->place == DTAKE__JSON_VALUE && s->depth == 1)
        s->is_features = s->scanned - s->text_start == 8 && memcmp(at - 8, "features", 8) == 0;
    s->in_text = false;
    s->scanned++;
}

/* Within objects and arrays, outside of text: one bracket or the beginning of a text. */
static dtake_status pass_bracket(dtake__splitter *s, dtake__batch *batch)
{
    const char *at = dtake__scan_json_bracket(batch->bytes + s->scanned, batch->bytes + batch->len);
    size_t place = (size_t)(at - batch->bytes);
    s->scanned = place < batch->len ? place + 1 : place;
    if (place == batch->len)
        return DTAKE_OK;
    if (*at == '"') {
        s->in_text = true;
        s->text_start = s->scanned;
    } else if (*at == '[' && s->place == DTAKE__JSON_VALUE && s->depth == 1 && s->is_features) {
        begin_list(s, batch, place, true);
    } else if (*at == '{' || *at == '[') {
        s->depth++;
    } else if (--s->depth == 0 && s->place == DTAKE__JSON_REST) {
        s->place = DTAKE__JSON_OUTSIDE;
        s->start = s->scanned; /* nothing may follow: the bracket is no record of its own */
    } else if (s->depth == 0) {
        return end_record(s, batch, s->scanned);
    }
    return DTAKE_OK;
}

dtake_status dtake__split_json(dtake__splitter *s, dtake__batch *batch)
{
    dtake_status st = DTAKE_OK;
    while (s->scanned < batch->len && st == DTAKE_OK) {
        if (s->place == DTAKE__JSON_OUTSIDE || s->place == DTAKE__JSON_LIST)
            find_value(s, batch);
        else if (s->place == DTAKE__JSON_SCALAR)
            st = pass_scalar(s, batch);
        else if (s->in_text)
            pass_text(s, batch);
        else
            st = pass_bracket(s, batch);
        if (s->place == DTAKE__JSON_REST)
            s->start = s->scanned;
    }
    return st;
}
