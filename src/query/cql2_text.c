/* CQL2 text to a tree. Weakest first: or, and, not, comparisons, + -, * / % div, ^. */
#include "core/error.h"
#include "format/utf8.h"
#include "query/cql2_parse.h"
#include "query/operands.h"

#include <stdio.h>
#include <string.h>

static dtake__filter *negated(dtake__cql2 *in, dtake__filter *node, bool negate, uint32_t column)
{
    return negate && node != NULL
               ? dtake__cql2_with(in, dtake__cql2_node(in, DTAKE__FILTER_NOT, column), node)
               : node;
}

static dtake__filter *parse_between(dtake__cql2 *in, dtake__filter *value, uint32_t column)
{
    dtake__filter *node = dtake__cql2_binary(in, DTAKE__FILTER_BETWEEN, value, dtake__cql2_sum, column);
    if (node == NULL || dtake__cql2_take_word(in, "AND"))
        return node != NULL ? dtake__cql2_with(in, node, dtake__cql2_sum(in)) : NULL;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "AND and the upper bound");
}

static dtake__filter *parse_in(dtake__cql2 *in, dtake__filter *value, uint32_t column)
{
    dtake__filter *node = dtake__cql2_with(in, dtake__cql2_node(in, DTAKE__FILTER_IN, column), value);
    if (node == NULL || dtake__cql2_take_sign(in, "("))
        return node != NULL ? dtake__cql2_list(in, node, dtake__cql2_sum) : NULL;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "'(' and the values");
}

static dtake__filter *parse_is_null(dtake__cql2 *in, dtake__filter *value, uint32_t column)
{
    bool negate = dtake__cql2_take_word(in, "NOT");
    dtake__filter *node = dtake__cql2_with(in, dtake__cql2_node(in, DTAKE__FILTER_IS_NULL, column), value);
    if (node == NULL || dtake__cql2_take_word(in, "NULL"))
        return negated(in, node, negate, column);
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "NULL");
}

static dtake__filter_op take_comparison(dtake__cql2 *in)
{
    static const struct {
        const char *sign;
        dtake__filter_op op;
    } signs[] = {
        { "<>", DTAKE__FILTER_NE }, { "!=", DTAKE__FILTER_NE }, { "<=", DTAKE__FILTER_LE },
        { ">=", DTAKE__FILTER_GE }, { "=", DTAKE__FILTER_EQ },  { "<", DTAKE__FILTER_LT },
        { ">", DTAKE__FILTER_GT },
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (dtake__cql2_take_sign(in, signs[i].sign))
            return signs[i].op;
    return DTAKE__FILTER_OPS;
}

/* Fingers that know other languages. */
static dtake__filter *parse_compared(dtake__cql2 *in, dtake__filter_op op, dtake__filter *left,
                                     uint32_t column)
{
    if (op == DTAKE__FILTER_EQ && *in->at == '=') {
        dtake__filter_free(left);
        return dtake__cql2_fail(in, column, "'==': did you mean '='?");
    }
    dtake__cql2 look = *in;
    if (dtake__cql2_take_word(&look, "NULL")) {
        dtake__filter_free(left);
        return dtake__cql2_fail(in, dtake__cql2_column(in),
                                "nothing equals NULL; write IS NULL or IS NOT NULL");
    }
    dtake__cql2_column(in);
    if (*in->at == '\0') {
        dtake__filter_free(left);
        return dtake__cql2_expected(in, "a value");
    }
    return dtake__cql2_binary(in, op, left, dtake__cql2_sum, column);
}

static dtake__filter *parse_predicate(dtake__cql2 *in)
{
    dtake__filter *left = dtake__cql2_sum(in);
    if (left == NULL)
        return NULL;
    uint32_t column = dtake__cql2_column(in);
    dtake__filter_op op = take_comparison(in);
    if (op != DTAKE__FILTER_OPS)
        return parse_compared(in, op, left, column);
    if (dtake__cql2_take_word(in, "IS"))
        return parse_is_null(in, left, column);
    bool negate = dtake__cql2_take_word(in, "NOT");
    if (dtake__cql2_take_word(in, "LIKE"))
        return negated(in, dtake__cql2_binary(in, DTAKE__FILTER_LIKE, left, dtake__cql2_sum, column), negate,
                       column);
    if (dtake__cql2_take_word(in, "BETWEEN"))
        return negated(in, parse_between(in, left, column), negate, column);
    if (dtake__cql2_take_word(in, "IN"))
        return negated(in, parse_in(in, left, column), negate, column);
    if (!negate)
        return left;
    dtake__filter_free(left);
    return dtake__cql2_expected(in, "LIKE, BETWEEN or IN");
}

static dtake__filter *parse_not(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    if (!dtake__cql2_take_word(in, "NOT"))
        return parse_predicate(in);
    if (!dtake__cql2_deeper(in))
        return NULL;
    dtake__filter *node =
        dtake__cql2_with(in, dtake__cql2_node(in, DTAKE__FILTER_NOT, column), parse_not(in));
    in->depth--;
    return node;
}

/* One of them stays alone; several become one node. */
static dtake__filter *parse_joined(dtake__cql2 *in, dtake__filter_op op, const char *word,
                                   dtake__filter *(*part)(dtake__cql2 *))
{
    dtake__filter *node = part(in);
    uint32_t column = dtake__cql2_column(in);
    if (node == NULL || !dtake__cql2_take_word(in, word))
        return node;
    node = dtake__cql2_with(in, dtake__cql2_node(in, op, column), node);
    do
        node = node != NULL ? dtake__cql2_with(in, node, part(in)) : NULL;
    while (node != NULL && dtake__cql2_take_word(in, word));
    return node;
}

static dtake__filter *parse_and(dtake__cql2 *in)
{
    return parse_joined(in, DTAKE__FILTER_AND, "AND", parse_not);
}

dtake__filter *dtake__cql2_or(dtake__cql2 *in)
{
    if (!dtake__cql2_deeper(in))
        return NULL;
    dtake__filter *node = parse_joined(in, DTAKE__FILTER_OR, "OR", parse_and);
    in->depth--;
    return node;
}

/* There is more where an operator should be. */
static void tell_rest(dtake__cql2 *in)
{
    char name[48];
    uint32_t column = dtake__cql2_column(in);
    dtake__span word = dtake__cql2_word(in);
    snprintf(name, sizeof name, "%.*s", word.len < sizeof name ? (int)word.len : (int)sizeof name - 1,
             word.text);
    const char *near = word.len > 0 ? dtake__filter_op_near(name, false) : NULL;
    if (near != NULL)
        dtake__cql2_fail(in, column, "expected an operator, found '%s'; did you mean %s?", name, near);
    else if (strncmp(in->at, "&&", 2) == 0 || strncmp(in->at, "||", 2) == 0)
        dtake__cql2_fail(in, column, "'%.2s': did you mean %s?", in->at, *in->at == '&' ? "AND" : "OR");
    else
        dtake__cql2_expected(in, "an operator");
}

dtake_status dtake__filter_parse_text(const char *cql2, dtake__filter **out, dtake_error *err)
{
    dtake__cql2 in;
    *out = NULL;
    dtake__cql2_start(&in, cql2, err);
    if (in.end - in.text > DTAKE__FILTER_MAX_BYTES)
        return dtake__fail(err, DTAKE_E_LIMIT, "filter of %zu bytes: at most %d are read", strlen(cql2),
                           DTAKE__FILTER_MAX_BYTES);
    if (dtake__cql2_at_end(&in))
        return dtake__fail(err, DTAKE_E_USAGE, "filter: the text is empty");
    if (!dtake__utf8_valid(dtake__span_of(cql2)))
        return dtake__fail(err, DTAKE_E_USAGE, "filter: the text is not UTF-8");
    dtake__filter *node = dtake__cql2_or(&in);
    if (node != NULL && !dtake__cql2_at_end(&in))
        tell_rest(&in);
    else if (node != NULL && !dtake__filter_op_is_test(node->op) && node->op != DTAKE__FILTER_BOOL)
        dtake__cql2_expected(&in, "a comparison");
    if (in.status != DTAKE_OK)
        dtake__filter_free(node);
    else
        *out = node;
    return in.status;
}
