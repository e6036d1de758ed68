/* The short form of a filter, as stac-client's --query has it: eo:cloud_cover<20, platform=sentinel-2a. */
#include "core/alloc.h"
#include "core/error.h"
#include "core/number.h"
#include "core/text.h"
#include "format/utf8.h"
#include "query/filter.h"

#include <string.h>

static const struct {
    const char *sign;
    dtake__filter_op op;
} signs[] = {
    { "<=", DTAKE__FILTER_LE }, { ">=", DTAKE__FILTER_GE }, { "<>", DTAKE__FILTER_NE },
    { "!=", DTAKE__FILTER_NE }, { "==", DTAKE__FILTER_EQ }, { "=", DTAKE__FILTER_EQ },
    { "<", DTAKE__FILTER_LT },  { ">", DTAKE__FILTER_GT },  { "~", DTAKE__FILTER_LIKE },
};

/* * any characters, ? one; what LIKE would take for a wildcard is escaped. */
static dtake__filter *pattern_of(const char *glob)
{
    dtake__filter *node = dtake__filter_new(DTAKE__FILTER_STRING);
    char *out = dtake__alloc(2 * strlen(glob) + 1);
    if (node == NULL || out == NULL) {
        dtake__filter_free(node);
        dtake__free(out);
        return NULL;
    }
    node->text = out;
    for (; *glob != '\0'; glob++) {
        if (*glob == '%' || *glob == '_' || *glob == '\\')
            *out++ = '\\';
        *out++ = *glob == '*' ? '%' : *glob == '?' ? '_' : *glob;
    }
    *out = '\0';
    return node;
}

/* A number or true and false when it is written like one; within quotes always a text. */
static dtake__filter *value_of(const char *text, dtake__filter_op op)
{
    size_t len = strlen(text);
    dtake__span span = { text, len };
    if (len >= 2 && (text[0] == '"' || text[0] == '\'') && text[len - 1] == text[0]) {
        char *inner = dtake__strndup(text + 1, len - 2);
        dtake__filter *node = inner == NULL              ? NULL
                              : op == DTAKE__FILTER_LIKE ? pattern_of(inner)
                                                         : dtake__filter_string(inner);
        dtake__free(inner);
        return node;
    }
    if (op == DTAKE__FILTER_LIKE)
        return pattern_of(text);
    dtake__decimal number;
    if (!dtake__decimal_scan(text, text + len, &number) || number.end != text + len) {
        bool truth = strcmp(text, "true") == 0;
        if (!truth && strcmp(text, "false") != 0)
            return dtake__filter_string(text);
        dtake__filter *node = dtake__filter_new(DTAKE__FILTER_BOOL);
        if (node != NULL)
            node->truth = truth;
        return node;
    }
    int64_t i64;
    uint64_t u64;
    double f64;
    if (number.whole && dtake__parse_i64_span(span, &i64))
        return dtake__filter_int(i64);
    if (number.whole && dtake__parse_u64_span(span, &u64)) {
        dtake__filter *node = dtake__filter_new(DTAKE__FILTER_UINT);
        if (node != NULL)
            node->u64 = u64;
        return node;
    }
    return dtake__decimal_f64(&number, &f64) ? dtake__filter_float(f64) : dtake__filter_string(text);
}

/* K=null and K!=null. */
static dtake__filter *null_test(dtake__filter *field, bool negated)
{
    dtake__filter *node = field != NULL ? dtake__filter_of(DTAKE__FILTER_IS_NULL, &field, 1) : NULL;
    return negated && node != NULL ? dtake__filter_of(DTAKE__FILTER_NOT, &node, 1) : node;
}

static dtake__filter *comparison(const char *name, dtake__filter_op op, const char *value)
{
    dtake__filter *args[2] = { dtake__filter_field(name), NULL };
    if (strcmp(value, "null") == 0 && (op == DTAKE__FILTER_EQ || op == DTAKE__FILTER_NE))
        return null_test(args[0], op == DTAKE__FILTER_NE);
    args[1] = value_of(value, op);
    if (args[0] != NULL && args[1] != NULL)
        return dtake__filter_of(op, args, 2);
    dtake__filter_free(args[0]);
    dtake__filter_free(args[1]);
    return NULL;
}

/* Without the blanks around it. */
static char *trimmed(const char *text, size_t len)
{
    while (len > 0 && *text == ' ')
        text++, len--;
    while (len > 0 && text[len - 1] == ' ')
        len--;
    return dtake__strndup(text, len);
}

dtake_status dtake__filter_parse_short(const char *text, dtake__filter **out, dtake_error *err)
{
    *out = NULL;
    size_t at = strcspn(text, "<>=!~"), i = 0, count = sizeof signs / sizeof signs[0];
    if (strlen(text) > DTAKE__FILTER_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "filter: at most %d bytes are read", DTAKE__FILTER_MAX_BYTES);
    if (!dtake__utf8_valid(dtake__span_of(text)))
        return dtake__fail(err, DTAKE_E_USAGE, "filter: the text is not UTF-8");
    while (i < count && !dtake__starts_with(text + at, signs[i].sign))
        i++;
    if (i == count)
        return dtake__fail(err, DTAKE_E_USAGE,
                           "filter '%.80s': column %zu: expected <, <=, >, >=, =, != or ~", text, at + 1);
    char *name = trimmed(text, at),
         *value = trimmed(text + at + strlen(signs[i].sign), strlen(text) - at - strlen(signs[i].sign));
    dtake_status st = DTAKE_OK;
    if (name == NULL || value == NULL)
        st = dtake__fail_nomem(err, "filter");
    else if (name[0] == '\0')
        st = dtake__fail(err, DTAKE_E_USAGE, "filter '%.80s': column 1: expected a property before '%s'",
                         text, signs[i].sign);
    else if (value[0] == '\0')
        st = dtake__fail(err, DTAKE_E_USAGE, "filter '%.80s': column %zu: expected a value after '%s'", text,
                         at + strlen(signs[i].sign) + 1, signs[i].sign);
    else if ((*out = comparison(name, signs[i].op, value)) == NULL)
        st = dtake__fail_nomem(err, "filter");
    dtake__free(name);
    dtake__free(value);
    return st;
}
