#include "server/earthengine_filter.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

void dtake__ee_asset_filter_dispose(dtake__ee_asset_filter *filter)
{
    for (size_t i = 0; i < filter->terms; i++) {
        dtake__free(filter->term[i].name);
        dtake__free(filter->term[i].text);
    }
    dtake__free(filter->area);
    *filter = (dtake__ee_asset_filter){ 0 };
}

static dtake_status wrong(const char *at, const char *wanted, dtake_error *err)
{
    return dtake__fail(err, DTAKE_E_USAGE, "Invalid filter: %s was expected at '%.60s'.", wanted, at);
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* "...", with \" inside. NULL: none begins here, or no memory. */
static char *read_quoted(const char **at)
{
    const char *from = *at + 1;
    if (**at != '"')
        return NULL;
    char *out = dtake__alloc(strlen(from) + 1);
    size_t len = 0;
    for (; out != NULL && *from != '\0' && *from != '"'; from++) {
        from += *from == '\\' && from[1] != '\0';
        out[len++] = *from;
    }
    if (out == NULL || *from != '"') {
        dtake__free(out);
        return NULL;
    }
    out[len] = '\0';
    *at = from + 1;
    return out;
}

static bool read_op(const char **at, char out[3])
{
    static const char *const ops[] = { "<=", ">=", "!=", "<", ">", "=" };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (dtake__starts_with(*at, ops[i])) {
            strcpy(out, ops[i]);
            *at += strlen(ops[i]);
            return true;
        }
    return false;
}

static dtake_status read_area(dtake__ee_asset_filter *f, const char **at, dtake_error *err)
{
    const char *from = skip_blanks(*at);
    if (*from == '(')
        from = skip_blanks(from + 1);
    dtake__free(f->area);
    f->area = read_quoted(&from);
    if (f->area == NULL)
        return wrong(from, "a geometry in quotes", err);
    if (f->area[0] == '{') /* GeoJSON, whose quotes are single ones here */
        for (char *c = f->area; *c != '\0'; c++)
            *c = (char)(*c == '\'' ? '"' : *c);
    from = skip_blanks(from);
    *at = *from == ')' ? from + 1 : from;
    return DTAKE_OK;
}

static dtake_status read_value(dtake__ee_term *term, const char **at, bool is_time, dtake_error *err)
{
    char word[64];
    const char *from = *at;
    if (*from == '"') {
        term->text = read_quoted(at);
        if (term->text == NULL)
            return wrong(from, "a text", err);
    } else {
        size_t len = strcspn(from, " \t\r\n)");
        if (len == 0 || len >= sizeof word)
            return wrong(from, "a value", err);
        memcpy(word, from, len);
        word[len] = '\0';
        term->is_number = dtake__parse_f64(word, &term->number);
        if (!term->is_number && (term->text = dtake__strdup(word)) == NULL)
            return dtake__fail_nomem(err, "a filter");
        *at = from + len;
    }
    if (!is_time)
        return DTAKE_OK;
    dtake_interval when;
    if (term->text == NULL ||
        dtake_interval_read(term->text, DTAKE_INTERVAL_HALF_OPEN, &when, NULL) != DTAKE_OK)
        return wrong(from, "a time", err);
    term->is_number = true;
    term->number = (double)when.start_ns / 1e6;
    return DTAKE_OK;
}

/* As far as the catalogue can be asked: startTime. */
static void narrow(dtake__ee_asset_filter *f, const dtake__ee_term *term)
{
    if (term->name != NULL)
        return;
    if (term->op[0] == '>' && !term->is_end)
        f->start_ms = fmax(f->start_ms, term->number);
    if (term->op[0] == '<')
        f->end_ms = fmin(f->end_ms, term->number + (term->op[1] == '=' ? 1 : 0));
}

static dtake_status read_term(dtake__ee_asset_filter *f, const char **at, dtake_error *err)
{
    static const char property[] = "properties.";
    const char *from = skip_blanks(*at);
    size_t len = strcspn(from, "<>=! \t\r\n(");
    bool area = len == 10 && strncmp(from, "intersects", len) == 0;
    *at = from + len;
    if (area)
        return read_area(f, at, err);
    if (f->terms == DTAKE__EE_TERMS)
        return dtake__fail(err, DTAKE_E_LIMIT, "Invalid filter: more than %d terms.", DTAKE__EE_TERMS);
    dtake__ee_term *term = &f->term[f->terms++];
    *term = (dtake__ee_term){ .is_end = len == 7 && strncmp(from, "endTime", len) == 0 };
    bool is_time = term->is_end || (len == 9 && strncmp(from, "startTime", len) == 0);
    if (!is_time) {
        size_t skip = dtake__starts_with(from, property) ? sizeof property - 1 : 0;
        if (len <= skip || skip == 0)
            return wrong(from, "startTime, endTime, intersects() or properties.NAME", err);
        term->name = dtake__strndup(from + skip, len - skip);
        if (term->name == NULL)
            return dtake__fail_nomem(err, "a filter");
    }
    *at = skip_blanks(*at);
    if (!read_op(at, term->op))
        return wrong(*at, "=, !=, <, <=, > or >=", err);
    *at = skip_blanks(*at);
    dtake_status st = read_value(term, at, is_time, err);
    if (st == DTAKE_OK)
        narrow(f, term);
    return st;
}

dtake_status dtake__ee_asset_filter_read(dtake__ee_asset_filter *out, const char *text, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = (dtake__ee_asset_filter){ .start_ms = -HUGE_VAL, .end_ms = HUGE_VAL };
    const char *at = skip_blanks(text);
    while (*at != '\0' && st == DTAKE_OK) {
        st = read_term(out, &at, err);
        at = skip_blanks(at);
        if (st != DTAKE_OK || *at == '\0')
            break;
        if (strncasecmp(at, "and", 3) != 0 || isalnum((unsigned char)at[3]))
            return wrong(at, "AND", err);
        at += 3;
    }
    return st;
}

static bool holds(const char op[3], int order)
{
    switch (op[0]) {
    case '<':
        return order < 0 || (op[1] == '=' && order == 0);
    case '>':
        return order > 0 || (op[1] == '=' && order == 0);
    case '!':
        return order != 0;
    default:
        return order == 0;
    }
}

static bool term_passes(const dtake__ee_term *term, const dtake__ee_image *image)
{
    if (term->name == NULL) {
        int64_t ns = term->is_end ? image->end_ns : image->time_ns;
        double ms = (double)ns / 1e6;
        return ns != INT64_MIN && holds(term->op, (ms > term->number) - (ms < term->number));
    }
    const json_t *value = json_object_get(image->properties, term->name);
    if (json_is_number(value) && term->is_number) {
        double number = json_number_value(value);
        return holds(term->op, (number > term->number) - (number < term->number));
    }
    return json_is_string(value) && term->text != NULL &&
           holds(term->op, strcmp(json_string_value(value), term->text));
}

bool dtake__ee_asset_passes(const dtake__ee_asset_filter *filter, const dtake__ee_image *image)
{
    for (size_t i = 0; i < filter->terms; i++)
        if (!term_passes(&filter->term[i], image))
            return false;
    return true;
}
