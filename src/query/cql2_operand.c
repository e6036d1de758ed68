/* What stands on either side of a comparison in CQL2 text: fields, functions, arithmetic. */
#include "core/alloc.h"
#include "query/cql2_parse.h"
#include "query/operands.h"

#include <stdio.h>
#include <string.h>

static dtake__filter *parse_field(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__span word = dtake__cql2_word(in);
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_FIELD, column);
    if (node == NULL)
        return NULL;
    if (word.len > 0) {
        node->text = dtake__strndup(word.text, word.len);
        dtake__cql2_skip(in, word.len);
    } else {
        node->text = dtake__cql2_take_quoted(in, '"');
    }
    if (node->text != NULL && node->text[0] != '\0')
        return node;
    bool empty = node->text != NULL;
    dtake__filter_free(node);
    return empty ? dtake__cql2_fail(in, column, "the name is empty") : dtake__cql2_no_memory(in);
}

/* "POINT(", "POLYGON Z(", "GEOMETRYCOLLECTION EMPTY" */
static bool geometry_ahead(dtake__cql2 *in)
{
    static const char *const kinds[] = { "POINT",           "LINESTRING",   "POLYGON",           "MULTIPOINT",
                                         "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION" };
    static const char *const next[] = { "Z", "M", "ZM", "EMPTY" };
    dtake__cql2 look = *in;
    bool kind = false, more = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !kind; i++)
        kind = dtake__cql2_take_word(&look, kinds[i]);
    for (size_t i = 0; kind && i < sizeof next / sizeof next[0] && !more; i++)
        more = dtake__cql2_take_word(&look, next[i]);
    return kind && (more || dtake__cql2_take_sign(&look, "("));
}

static dtake__filter *parse_array_or_sum(dtake__cql2 *in);

/* What stands in the brackets of a function; the '(' has been taken. */
static dtake__filter *parse_operands(dtake__cql2 *in, dtake__filter_op op, uint32_t column)
{
    bool arrays = op >= DTAKE__FILTER_A_CONTAINS && op <= DTAKE__FILTER_A_OVERLAPS;
    dtake__filter *node =
        dtake__cql2_list(in, dtake__cql2_node(in, op, column), arrays ? parse_array_or_sum : dtake__cql2_sum);
    const char *wants = node != NULL ? dtake__filter_wants_count(node) : NULL;
    if (wants == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "%s takes %s", dtake__filter_op_name(op), wants);
}

static dtake__filter *no_such_function(dtake__cql2 *in, uint32_t column, const char *name)
{
    const char *near = dtake__filter_op_near(name, true);
    return near != NULL
               ? dtake__cql2_fail(in, column, "there is no function '%s'; did you mean %s?", name, near)
               : dtake__cql2_fail(in, column, "there is no function '%s'", name);
}

static dtake__filter *parse_function(dtake__cql2 *in)
{
    char name[48];
    uint32_t column = dtake__cql2_column(in);
    dtake__span word = dtake__cql2_word(in);
    snprintf(name, sizeof name, "%.*s", word.len < sizeof name ? (int)word.len : (int)sizeof name - 1,
             word.text);
    dtake__cql2_skip(in, word.len);
    dtake__cql2_take_sign(in, "(");
    dtake__filter_op op = dtake__filter_op_find(name);
    if (op == DTAKE__FILTER_DATE || op == DTAKE__FILTER_TIMESTAMP)
        return dtake__cql2_instant(in, op);
    if (op == DTAKE__FILTER_INTERVAL)
        return dtake__cql2_interval(in, column);
    if (op == DTAKE__FILTER_BBOX)
        return dtake__cql2_bbox(in, column);
    bool is_function = (op >= DTAKE__FILTER_S_INTERSECTS && op <= DTAKE__FILTER_A_OVERLAPS) ||
                       op == DTAKE__FILTER_CASEI || op == DTAKE__FILTER_ACCENTI;
    return is_function ? parse_operands(in, op, column) : no_such_function(in, column, name);
}

/* '(' has been taken: a test or an operand. */
static dtake__filter *parse_bracket(dtake__cql2 *in)
{
    dtake__filter *node = dtake__cql2_or(in);
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "')'");
}

static dtake__filter *parse_bool(dtake__cql2 *in, bool truth, uint32_t column)
{
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_BOOL, column);
    if (node != NULL)
        node->truth = truth;
    return node;
}

static bool reserved_ahead(dtake__cql2 *in)
{
    static const char *const words[] = { "AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL", "DIV" };
    dtake__cql2 look = *in;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (dtake__cql2_take_word(&look, words[i]))
            return true;
    return false;
}

static dtake__filter *parse_operand(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    char c = *in->at;
    if (c == '\'')
        return dtake__cql2_string(in);
    if (c == '"')
        return parse_field(in);
    if ((c >= '0' && c <= '9') || c == '.')
        return dtake__cql2_number(in);
    if (dtake__cql2_take_sign(in, "("))
        return parse_bracket(in);
    if (dtake__cql2_take_word(in, "TRUE"))
        return parse_bool(in, true, column);
    if (dtake__cql2_take_word(in, "FALSE"))
        return parse_bool(in, false, column);
    if (geometry_ahead(in))
        return dtake__cql2_geometry(in);
    if (dtake__cql2_word(in).len == 0 || reserved_ahead(in))
        return dtake__cql2_expected(in, "a property or a value");
    return dtake__cql2_word_then_bracket(in) ? parse_function(in) : parse_field(in);
}

/* -x is -1 * x; numbers have their sign themselves. */
static dtake__filter *parse_signed(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    if (*in->at != '-' && *in->at != '+')
        return parse_operand(in);
    char next = in->at[1];
    if ((next >= '0' && next <= '9') || next == '.')
        return dtake__cql2_number(in);
    if (!dtake__cql2_take_sign(in, "-"))
        return dtake__cql2_expected(in, "a property or a value");
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_MUL, column);
    node = dtake__cql2_with(in, node, dtake__cql2_made(in, dtake__filter_int(-1), column));
    if (node == NULL || !dtake__cql2_deeper(in)) {
        dtake__filter_free(node);
        return NULL;
    }
    node = dtake__cql2_with(in, node, parse_signed(in));
    in->depth--;
    return node;
}

/* Brackets make another power of the exponent. */
static dtake__filter *parse_power(dtake__cql2 *in)
{
    dtake__filter *node = parse_signed(in);
    uint32_t column = dtake__cql2_column(in);
    return node != NULL && dtake__cql2_take_sign(in, "^")
               ? dtake__cql2_binary(in, DTAKE__FILTER_POW, node, parse_signed, column)
               : node;
}

static dtake__filter *parse_product(dtake__cql2 *in)
{
    dtake__filter *node = parse_power(in);
    while (node != NULL) {
        uint32_t column = dtake__cql2_column(in);
        dtake__filter_op op = dtake__cql2_take_sign(in, "*")     ? DTAKE__FILTER_MUL
                              : dtake__cql2_take_sign(in, "/")   ? DTAKE__FILTER_DIV
                              : dtake__cql2_take_sign(in, "%")   ? DTAKE__FILTER_MOD
                              : dtake__cql2_take_word(in, "div") ? DTAKE__FILTER_IDIV
                                                                 : DTAKE__FILTER_OPS;
        if (op == DTAKE__FILTER_OPS)
            break;
        node = dtake__cql2_binary(in, op, node, parse_power, column);
    }
    return node;
}

dtake__filter *dtake__cql2_sum(dtake__cql2 *in)
{
    if (!dtake__cql2_deeper(in))
        return NULL;
    dtake__filter *node = parse_product(in);
    while (node != NULL) {
        uint32_t column = dtake__cql2_column(in);
        dtake__filter_op op = dtake__cql2_take_sign(in, "+")   ? DTAKE__FILTER_ADD
                              : dtake__cql2_take_sign(in, "-") ? DTAKE__FILTER_SUB
                                                               : DTAKE__FILTER_OPS;
        if (op == DTAKE__FILTER_OPS)
            break;
        node = dtake__cql2_binary(in, op, node, parse_product, column);
    }
    in->depth--;
    return node;
}

/* ('a', 'b') is an array, in the functions for them. */
static dtake__filter *parse_array_or_sum(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    if (!dtake__cql2_take_sign(in, "("))
        return dtake__cql2_sum(in);
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_ARRAY, column);
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    if (!dtake__cql2_deeper(in)) {
        dtake__filter_free(node);
        return NULL;
    }
    node = dtake__cql2_list(in, node, parse_array_or_sum);
    in->depth--;
    return node;
}
