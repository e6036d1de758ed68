/* Documents to items. A list is cut into its elements by counting brackets, and only one element at a time is
 * parsed as JSON: a tree of the whole document would take ten times its text. */
#include "protocol/stac/json.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

enum { MAX_DEPTH = 64 };
static const size_t MAX_ITEM_BYTES = (size_t)64 << 20;

typedef struct scan {
    const char *at, *end;
} scan;

static void skip_space(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
        s->at++;
}

static bool skip_string(scan *s)
{
    for (s->at++; s->at < s->end; s->at++) {
        if (*s->at == '\\')
            s->at++;
        else if (*s->at == '"') {
            s->at++;
            return true;
        }
    }
    return false;
}

/* Goes behind one value; what is between its brackets is only counted. */
static dtake_status skip_value(scan *s)
{
    int depth = 0;
    do {
        skip_space(s);
        if (s->at >= s->end)
            return DTAKE_E_FORMAT;
        char c = *s->at;
        if (c == '"') {
            if (!skip_string(s))
                return DTAKE_E_FORMAT;
        } else if (c == '{' || c == '[') {
            if (++depth > MAX_DEPTH)
                return DTAKE_E_LIMIT;
            s->at++;
        } else if (c == '}' || c == ']') {
            if (--depth < 0)
                return DTAKE_E_FORMAT;
            s->at++;
        } else if (depth > 0 && (c == ',' || c == ':')) {
            s->at++;
        } else {
            const char *from = s->at;
            while (s->at < s->end && strchr(" \t\r\n,:{}[]\"", *s->at) == NULL)
                s->at++;
            if (s->at == from)
                return DTAKE_E_FORMAT;
        }
    } while (depth > 0);
    return DTAKE_OK;
}

typedef struct feed {
    const dtake__stac_reader *reader;
    dtake__stac_place place;
} feed;

static dtake_status fail_at(const dtake__stac_place *place, dtake_error *err, dtake_status st)
{
    if (place->number > 0)
        dtake__error_prefix(err, "%s %zu", place->unit, place->number);
    if (place->base != NULL && place->base[0] != '\0')
        dtake__error_prefix(err, "read %.200s", place->base);
    return st;
}

static dtake_status read_one(const dtake__stac_place *place, dtake__stac_item *item, const char *text,
                             size_t len, dtake_error *err)
{
    if (len > MAX_ITEM_BYTES)
        return fail_at(place, err,
                       dtake__fail(err, DTAKE_E_LIMIT, "an item of more than %zu MiB", MAX_ITEM_BYTES >> 20));
    scan s = { text, text + len };
    dtake_status st = skip_value(&s);
    if (st == DTAKE_E_LIMIT)
        return fail_at(place, err, dtake__fail(err, st, "JSON nested more than %d deep", MAX_DEPTH));
    json_error_t why;
    json_t *json = json_loadb(text, len, 0, &why);
    if (json == NULL)
        return fail_at(
            place, err,
            dtake__fail(err, DTAKE_E_FORMAT, "not JSON: %.120s (byte %d)", why.text, why.position));
    const char *type = json_string_value(json_object_get(json, "type"));
    if (type != NULL && (strcmp(type, "Collection") == 0 || strcmp(type, "Catalog") == 0))
        st = dtake__fail(err, DTAKE_E_FORMAT, "a STAC %s, not an item", type);
    else
        st = dtake__stac_item_read(item, json, place->base, err);
    json_decref(json);
    return st == DTAKE_OK ? st : fail_at(place, err, st);
}

dtake_status dtake__stac_one(const char *text, size_t len, const dtake__stac_place *place,
                             const dtake__stac_reader *reader, dtake_error *err)
{
    dtake__stac_item item = { 0 };
    dtake_error why = { 0 };
    dtake_status st = read_one(place, &item, text, len, &why);
    if (st == DTAKE_OK)
        st = reader->each(&item, reader->ctx, err);
    else if (place->number > 0 && reader->broken != NULL && st != DTAKE_E_NOMEM)
        st = reader->broken(&why, reader->ctx, err);
    else
        dtake__error_copy(err, &why);
    dtake__stac_item_dispose(&item);
    return st;
}

static dtake_status fail_list(const feed *f, dtake_status st, dtake_error *err)
{
    if (st == DTAKE_E_LIMIT)
        return fail_at(&f->place, err, dtake__fail(err, st, "JSON nested more than %d deep", MAX_DEPTH));
    return fail_at(&f->place, err,
                   dtake__fail(err, DTAKE_E_FORMAT, "not JSON: it ends early or brackets do not match"));
}

/* `s` stands at '['. */
static dtake_status feed_list(feed *f, scan *s, dtake_error *err)
{
    f->place.unit = "feature";
    s->at++;
    skip_space(s);
    if (s->at < s->end && *s->at == ']')
        return DTAKE_OK;
    for (;;) {
        f->place.number++;
        skip_space(s);
        const char *from = s->at;
        dtake_status st = skip_value(s);
        if (st != DTAKE_OK)
            return fail_list(f, st, err);
        st = dtake__stac_one(from, (size_t)(s->at - from), &f->place, f->reader, err);
        if (st != DTAKE_OK)
            return st;
        skip_space(s);
        if (s->at >= s->end || (*s->at != ',' && *s->at != ']'))
            return fail_list(f, DTAKE_E_FORMAT, err);
        if (*s->at++ == ']')
            return DTAKE_OK;
    }
}

/* The value of a member of the object that `text` begins with; false when it has none or is no object. */
static bool find_member(const char *text, size_t len, const char *name, scan *value)
{
    scan s = { text, text + len };
    size_t name_len = strlen(name);
    skip_space(&s);
    if (s.at >= s.end || *s.at++ != '{')
        return false;
    for (;;) {
        skip_space(&s);
        const char *key = s.at;
        if (s.at >= s.end || *s.at != '"' || !skip_string(&s))
            return false;
        size_t key_len = (size_t)(s.at - key) - 2;
        skip_space(&s);
        if (s.at >= s.end || *s.at++ != ':')
            return false;
        skip_space(&s);
        *value = s;
        if (key_len == name_len && memcmp(key + 1, name, name_len) == 0)
            return s.at < s.end;
        if (skip_value(&s) != DTAKE_OK)
            return false;
        skip_space(&s);
        if (s.at >= s.end || *s.at++ != ',')
            return false;
    }
}

static dtake_status feed_lines(feed *f, const char *text, size_t len, dtake_error *err)
{
    const char *end = text + len;
    f->place.unit = "line";
    for (const char *line = text; line < end; line++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            stop = end;
        f->place.number++;
        scan s = { line, stop };
        skip_space(&s);
        dtake_status st =
            s.at == stop ? DTAKE_OK : dtake__stac_one(s.at, (size_t)(stop - s.at), &f->place, f->reader, err);
        if (st != DTAKE_OK)
            return st;
        line = stop;
    }
    return DTAKE_OK;
}

/* The first line is a value of its own and something follows it. */
static bool is_ndjson(const char *text, size_t len)
{
    const char *stop = memchr(text, '\n', len);
    if (stop == NULL)
        return false;
    scan first = { text, stop }, rest = { stop, text + len };
    if (skip_value(&first) != DTAKE_OK)
        return false;
    skip_space(&first);
    skip_space(&rest);
    return first.at == first.end && rest.at < rest.end;
}

dtake_status dtake__stac_each(const char *text, size_t len, const char *base,
                              const dtake__stac_reader *reader, dtake_error *err)
{
    feed f = { .place.base = base, .reader = reader };
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    scan s = { text, text + len };
    skip_space(&s);
    if (s.at == s.end)
        return fail_at(&f.place, err,
                       dtake__fail(err, DTAKE_E_FORMAT, "empty where STAC items were expected"));
    len = (size_t)(s.end - s.at);
    if (*s.at == '[')
        return feed_list(&f, &s, err);
    if (is_ndjson(s.at, len))
        return feed_lines(&f, text, (size_t)(s.end - text), err);
    scan features, whole = s;
    dtake_status st = skip_value(&whole);
    if (st != DTAKE_OK)
        return fail_list(&f, st, err);
    if (find_member(s.at, len, "features", &features) && *features.at == '[')
        return feed_list(&f, &features, err);
    return dtake__stac_one(s.at, len, &f.place, reader, err);
}

static dtake_status append_item(dtake__stac_item *item, void *ctx, dtake_error *err)
{
    dtake__stac_items *items = ctx;
    dtake__stac_item *grown = dtake__room_for_one(items->item, items->count, &items->capacity, sizeof *grown);
    if (grown == NULL)
        return dtake__fail_nomem(err, "the list of items");
    items->item = grown;
    items->item[items->count++] = *item;
    *item = (dtake__stac_item){ 0 };
    return DTAKE_OK;
}

dtake_status dtake__stac_items_parse(dtake__stac_items *items, const char *text, size_t len, const char *base,
                                     dtake_error *err)
{
    return dtake__stac_each(text, len, base, &(dtake__stac_reader){ append_item, NULL, items }, err);
}

void dtake__stac_items_dispose(dtake__stac_items *items)
{
    for (size_t i = 0; i < items->count; i++)
        dtake__stac_item_dispose(&items->item[i]);
    dtake__free(items->item);
    *items = (dtake__stac_items){ 0 };
}

static bool member_is(const char *text, size_t len, const char *name, const char *value)
{
    scan s;
    size_t n = strlen(value);
    return find_member(text, len, name, &s) && (size_t)(s.end - s.at) >= n + 2 && s.at[0] == '"' &&
           memcmp(s.at + 1, value, n) == 0 && s.at[n + 1] == '"';
}

bool dtake__stac_looks_like_item(const char *text, size_t len)
{
    scan s = { text, text + len }, member;
    skip_space(&s);
    if (s.at < s.end && *s.at == '[') { /* a list: what its first element is */
        s.at++;
        skip_space(&s);
    }
    len = (size_t)(s.end - s.at);
    if (member_is(s.at, len, "type", "FeatureCollection") || member_is(s.at, len, "type", "ItemCollection"))
        return find_member(s.at, len, "features", &member) && *member.at == '[' &&
               dtake__stac_looks_like_item(member.at, (size_t)(member.end - member.at));
    return find_member(s.at, len, "assets", &member) && *member.at == '{' &&
           !member_is(s.at, len, "type", "Collection");
}
