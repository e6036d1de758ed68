/* Strings. */
#include "raster/eval_function.h"
#include "raster/eval_json.h"
#include "raster/eval_regex.h"

#include "core/error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 1 << 20, MAX_PIECES = 100000 };

static dtake_status give_text(dtake__call *call, const char *text, size_t len, dtake_error *err)
{
    char *kept = dtake__slab_text(dtake__eval_slab(call->eval), text, len);
    return kept != NULL ? dtake__call_give(call, dtake__value_of_text(kept))
                        : dtake__fail(err, DTAKE_E_LIMIT, "more text than fits into memory");
}

static dtake_status give_buf(dtake__call *call, dtake_status st, dtake_buf *buf, dtake_error *err)
{
    if (st == DTAKE_OK)
        st = give_text(call, dtake__buf_str(buf), buf->len, err);
    else if (st == DTAKE_E_LIMIT || st == DTAKE_E_NOMEM)
        st = dtake__fail(err, st, "a text of more than %d bytes", MAX_TEXT);
    dtake__buf_dispose(buf);
    return st;
}

static dtake_status string(dtake__call *call, dtake_error *err)
{
    const dtake__value *from = &call->arg[0];
    dtake_buf buf = DTAKE_BUF_INIT(MAX_TEXT);
    if (from->kind == DTAKE__STRING)
        return dtake__call_give(call, *from);
    if (from->kind == DTAKE__DATE)
        return dtake__eval_call(call->eval, "Date.format", from, 1, &call->out, err);
    dtake_status st = dtake__value_to_json(call->eval, from, &buf, err);
    if (st != DTAKE_OK) {
        dtake__buf_dispose(&buf);
        return st;
    }
    return give_buf(call, DTAKE_OK, &buf, err);
}
DTAKE__FUNCTION(string, "String", STRING, string, { "input", DTAKE__OBJECT });

static dtake_status cat(dtake__call *call, dtake_error *err)
{
    dtake_buf buf = DTAKE_BUF_INIT(MAX_TEXT);
    dtake_status st = dtake__buf_puts(&buf, call->arg[0].text);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&buf, call->arg[1].text);
    return give_buf(call, st, &buf, err);
}
DTAKE__FUNCTION(string_cat, "String.cat", STRING, cat, { "string1", DTAKE__STRING },
                { "string2", DTAKE__STRING });

static dtake_status length(dtake__call *call, dtake_error *err)
{
    double count = 0;
    (void)err;
    for (const char *at = call->arg[0].text; *at != '\0'; at++)
        count += ((unsigned char)*at & 0xc0) != 0x80;
    return dtake__call_give(call, dtake__value_of_number(count));
}
DTAKE__FUNCTION(string_length, "String.length", NUMBER, length, { "string", DTAKE__STRING });

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static const char *skip(const char *text, size_t count)
{
    while (*text != '\0' && count > 0) {
        text++;
        while (((unsigned char)*text & 0xc0) == 0x80)
            text++;
        count--;
    }
    return text;
}

static size_t within(double at, size_t count)
{
    at = at < 0 ? at + (double)count : at;
    return at <= 0 ? 0 : at >= (double)count ? count : (size_t)at;
}

static dtake_status slice(dtake__call *call, dtake_error *err)
{
    const char *text = call->arg[0].text;
    size_t count = characters(text), start = within(call->arg[1].number, count);
    size_t end = call->arg[2].null ? count : within(call->arg[2].number, count);
    const char *from = skip(text, start);
    return give_text(call, from, end > start ? (size_t)(skip(from, end - start) - from) : 0, err);
}
DTAKE__FUNCTION(string_slice, "String.slice", STRING, slice, { "string", DTAKE__STRING },
                { "start", DTAKE__NUMBER }, { "end", DTAKE__NUMBER, "null" });

static dtake_status fold(dtake__call *call, int (*letter)(int), dtake_error *err)
{
    size_t len = strlen(call->arg[0].text);
    char *out = dtake__call_alloc(call, len + 1, 1, err);
    if (out == NULL)
        return DTAKE_E_NOMEM;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)call->arg[0].text[i];
        out[i] = (char)(c < 128 ? letter(c) : c);
    }
    return dtake__call_give(call, dtake__value_of_text(out));
}

static dtake_status lower(dtake__call *call, dtake_error *err)
{
    return fold(call, tolower, err);
}
DTAKE__FUNCTION(string_to_lower_case, "String.toLowerCase", STRING, lower, { "string", DTAKE__STRING });

static dtake_status upper(dtake__call *call, dtake_error *err)
{
    return fold(call, toupper, err);
}
DTAKE__FUNCTION(string_to_upper_case, "String.toUpperCase", STRING, upper, { "string", DTAKE__STRING });

static dtake_status trim(dtake__call *call, dtake_error *err)
{
    const char *from = call->arg[0].text + strspn(call->arg[0].text, " \t\r\n\f\v");
    size_t len = strlen(from);
    while (len > 0 && strchr(" \t\r\n\f\v", from[len - 1]) != NULL)
        len--;
    return give_text(call, from, len, err);
}
DTAKE__FUNCTION(string_trim, "String.trim", STRING, trim, { "string", DTAKE__STRING });

static dtake_status index_of(dtake__call *call, dtake_error *err)
{
    const char *text = call->arg[0].text, *found = strstr(text, call->arg[1].text);
    double at = -1;
    (void)err;
    for (const char *p = text; found != NULL && p <= found; p++)
        at += ((unsigned char)*p & 0xc0) != 0x80 || *p == '\0';
    return dtake__call_give(call, dtake__value_of_number(at));
}
DTAKE__FUNCTION(string_index, "String.index", NUMBER, index_of, { "target", DTAKE__STRING },
                { "pattern", DTAKE__STRING });

static dtake_status rindex_of(dtake__call *call, dtake_error *err)
{
    const char *text = call->arg[0].text, *last = NULL;
    double at = -1;
    (void)err;
    for (const char *p = strstr(text, call->arg[1].text); p != NULL; p = strstr(p + 1, call->arg[1].text)) {
        last = p;
        if (*p == '\0')
            break;
    }
    for (const char *p = text; last != NULL && p <= last; p++)
        at += ((unsigned char)*p & 0xc0) != 0x80 || *p == '\0';
    return dtake__call_give(call, dtake__value_of_number(at));
}
DTAKE__FUNCTION(string_rindex, "String.rindex", NUMBER, rindex_of, { "target", DTAKE__STRING },
                { "pattern", DTAKE__STRING });

static dtake_status compare_to(dtake__call *call, dtake_error *err)
{
    (void)err;
    int order = strcmp(call->arg[0].text, call->arg[1].text);
    return dtake__call_give(call, dtake__value_of_number((order > 0) - (order < 0)));
}
DTAKE__FUNCTION(string_compare_to, "String.compareTo", NUMBER, compare_to, { "string1", DTAKE__STRING },
                { "string2", DTAKE__STRING });

static dtake_status equals(dtake__call *call, dtake_error *err)
{
    (void)err;
    const dtake__value *other = &call->arg[1];
    bool same = !other->null && other->kind == DTAKE__STRING && strcmp(call->arg[0].text, other->text) == 0;
    return dtake__call_give(call, (dtake__value){ .kind = DTAKE__BOOLEAN, .boolean = same });
}
DTAKE__FUNCTION(string_equals, "String.equals", BOOLEAN, equals, { "string1", DTAKE__STRING },
                { "string2", DTAKE__OBJECT, "null" });

/* --- regular expressions --- */

/* $1 in a replacement is the first group. */
static dtake_status put_replacement(dtake_buf *out, const char *replacement, const char *text,
                                    const regmatch_t *group)
{
    dtake_status st = DTAKE_OK;
    for (const char *at = replacement; *at != '\0' && st == DTAKE_OK; at++) {
        const regmatch_t *g = *at == '$' && isdigit((unsigned char)at[1]) ? &group[at[1] - '0'] : NULL;
        if (*at == '\\' && at[1] != '\0')
            at++;
        if (g == NULL)
            st = dtake__buf_append(out, at, 1);
        else {
            if (g->rm_so >= 0)
                st = dtake__buf_append(out, text + g->rm_so, (size_t)(g->rm_eo - g->rm_so));
            at++;
        }
    }
    return st;
}

static dtake_status replace(dtake__call *call, dtake_error *err)
{
    const char *at = call->arg[0].text;
    bool all = strchr(call->arg[3].text, 'g') != NULL;
    dtake_buf out = DTAKE_BUF_INIT(MAX_TEXT);
    regex_t regex;
    regmatch_t group[10];
    dtake_status st = dtake__regex_compile(&regex, call->arg[1].text, call->arg[3].text, false, err);
    if (st != DTAKE_OK)
        return st;
    for (bool first = true; st == DTAKE_OK && (first || all) && (first || *at != '\0') &&
                            regexec(&regex, at, 10, group, first ? 0 : REG_NOTBOL) == 0;
         first = false) {
        size_t end = (size_t)group[0].rm_eo;
        st = dtake__buf_append(&out, at, (size_t)group[0].rm_so);
        if (st == DTAKE_OK)
            st = put_replacement(&out, call->arg[2].text, at, group);
        if (st == DTAKE_OK && group[0].rm_so == group[0].rm_eo && at[end] != '\0')
            st = dtake__buf_append(&out, &at[end++], 1); /* nothing was found: go on behind it */
        at += end;
    }
    regfree(&regex);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&out, at);
    return give_buf(call, st, &out, err);
}
DTAKE__FUNCTION(string_replace, "String.replace", STRING, replace, { "input", DTAKE__STRING },
                { "regex", DTAKE__STRING }, { "replacement", DTAKE__STRING }, { "flags", DTAKE__STRING, "" });

typedef struct pieces {
    dtake__value *item;
    size_t count, room;
} pieces;

static dtake_status add_piece(dtake__call *call, pieces *p, const char *text, size_t len, dtake_error *err)
{
    if (p->count == MAX_PIECES)
        return dtake__fail(err, DTAKE_E_LIMIT, "more than %d pieces", MAX_PIECES);
    if (p->count == p->room) {
        size_t room = p->room == 0 ? 16 : p->room * 2;
        dtake__value *grown = dtake__call_alloc(call, room, sizeof *grown, err);
        if (grown == NULL)
            return DTAKE_E_NOMEM;
        if (p->count > 0)
            memcpy(grown, p->item, p->count * sizeof *grown);
        p->item = grown;
        p->room = room;
    }
    char *kept = dtake__slab_text(dtake__eval_slab(call->eval), text, len);
    if (kept == NULL)
        return dtake__fail(err, DTAKE_E_LIMIT, "more text than fits into memory");
    p->item[p->count++] = dtake__value_of_text(kept);
    return DTAKE_OK;
}

static dtake_status give_pieces(dtake__call *call, dtake_status st, const pieces *p)
{
    return st == DTAKE_OK ? dtake__call_give(call, (dtake__value){ .kind = DTAKE__LIST,
                                                                   .list = { p->item, NULL, p->count } })
                          : st;
}

static dtake_status split(dtake__call *call, dtake_error *err)
{
    const char *at = call->arg[0].text;
    pieces p = { 0 };
    regex_t regex;
    regmatch_t group[1];
    dtake_status st = dtake__regex_compile(&regex, call->arg[1].text, call->arg[2].text, false, err);
    if (st != DTAKE_OK)
        return st;
    while (st == DTAKE_OK && *at != '\0' &&
           regexec(&regex, at, 1, group, p.count > 0 ? REG_NOTBOL : 0) == 0) {
        size_t end = (size_t)group[0].rm_eo, len = (size_t)group[0].rm_so;
        if (end == 0) { /* between characters */
            len = end = (size_t)(skip(at, 1) - at);
            if (at[end] == '\0')
                break;
        }
        st = add_piece(call, &p, at, len, err);
        at += end;
    }
    regfree(&regex);
    if (st == DTAKE_OK)
        st = add_piece(call, &p, at, strlen(at), err);
    return give_pieces(call, st, &p);
}
DTAKE__FUNCTION(string_split, "String.split", LIST, split, { "string", DTAKE__STRING },
                { "regex", DTAKE__STRING }, { "flags", DTAKE__STRING, "" });

/* The match and its groups; with the flag g all matches. Nothing: an empty list. */
static dtake_status match(dtake__call *call, dtake_error *err)
{
    const char *at = call->arg[0].text;
    bool all = strchr(call->arg[2].text, 'g') != NULL;
    pieces p = { 0 };
    regex_t regex;
    regmatch_t group[10];
    dtake_status st = dtake__regex_compile(&regex, call->arg[1].text, call->arg[2].text, false, err);
    if (st != DTAKE_OK)
        return st;
    size_t groups = regex.re_nsub < 9 ? regex.re_nsub : 9;
    while (st == DTAKE_OK && regexec(&regex, at, 10, group, at > call->arg[0].text ? REG_NOTBOL : 0) == 0) {
        for (size_t i = 0; i <= (all ? 0 : groups) && st == DTAKE_OK; i++)
            st = group[i].rm_so >= 0 ? add_piece(call, &p, at + group[i].rm_so,
                                                 (size_t)(group[i].rm_eo - group[i].rm_so), err)
                                     : add_piece(call, &p, "", 0, err);
        at += group[0].rm_eo + (group[0].rm_eo == group[0].rm_so);
        if (!all || at[-(group[0].rm_eo == group[0].rm_so)] == '\0')
            break;
    }
    regfree(&regex);
    return give_pieces(call, st, &p);
}
DTAKE__FUNCTION(string_match, "String.match", LIST, match, { "input", DTAKE__STRING },
                { "regex", DTAKE__STRING }, { "flags", DTAKE__STRING, "" });
