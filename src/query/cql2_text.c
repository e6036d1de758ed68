/* CQL2 text to a tree. Weakest first: or, and, not, comparisons, + -, * / % div, ^. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/number.h"
#include "format/utf8.h"
#include "query/operands.h"
#include "query/cql2_lex.h"

#include <stdio.h>
#include <string.h>

static dtake__filter *parse_or(dtake__cql2 *in);
static dtake__filter *parse_sum(dtake__cql2 *in);

/* --- nodes --- */

static dtake__filter *made(dtake__cql2 *in, dtake__filter *node, uint32_t column)
{
    if (node == NULL)
        return dtake__cql2_no_memory(in);
    node->column = column;
    if (++in->nodes <= DTAKE__FILTER_MAX_NODES)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "more than %d parts", DTAKE__FILTER_MAX_NODES);
}

static dtake__filter *new_node(dtake__cql2 *in, dtake__filter_op op, uint32_t column)
{
    return made(in, dtake__filter_new(op), column);
}

/* Adds an operand that was just read: NULL (told already) ends it all. Takes both; NULL on failure. */
static dtake__filter *with(dtake__cql2 *in, dtake__filter *node, dtake__filter *arg)
{
    if (node == NULL || arg == NULL) {
        dtake__filter_free(node);
        dtake__filter_free(arg);
        return NULL;
    }
    uint32_t column = arg->column;
    dtake_status st = dtake__filter_add_arg(node, arg);
    if (st != DTAKE_OK) {
        dtake__filter_free(node);
        return st == DTAKE_E_NOMEM ? dtake__cql2_no_memory(in) : dtake__cql2_too_deep(in, column);
    }
    const char *wants = dtake__filter_wants(node, node->arg_count - 1);
    if (wants == NULL)
        return node;
    const char *op = dtake__filter_op_name(node->op);
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "%s needs %s here", op, wants);
}

/* Enters one level; false: told. */
static bool deeper(dtake__cql2 *in)
{
    /* brackets and operators come to three levels of ours for each of the tree's, which is limited by itself
     */
    if (++in->depth <= 3 * DTAKE__FILTER_MAX_DEPTH)
        return true;
    dtake__cql2_too_deep(in, dtake__cql2_column(in));
    return false;
}

/* --- literals --- */

static dtake__filter *parse_string(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__filter *node = new_node(in, DTAKE__FILTER_STRING, column);
    if (node == NULL)
        return NULL;
    node->text = dtake__cql2_take_quoted(in, '\'');
    if (node->text != NULL)
        return node;
    dtake__filter_free(node);
    return NULL;
}

static dtake__filter *parse_number(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__decimal number;
    int64_t i64;
    uint64_t u64;
    double f64;
    if (!dtake__decimal_scan(in->at, in->end, &number))
        return dtake__cql2_expected(in, "a number");
    dtake__filter *node = new_node(in, DTAKE__FILTER_INT, column);
    if (node == NULL)
        return NULL;
    if (number.whole && dtake__decimal_i64(&number, &i64)) {
        node->i64 = i64;
    } else if (number.whole && dtake__decimal_u64(&number, &u64)) {
        node->op = DTAKE__FILTER_UINT;
        node->u64 = u64;
    } else if (dtake__decimal_f64(&number, &f64)) {
        node->op = DTAKE__FILTER_FLOAT;
        node->f64 = f64;
    } else {
        dtake__filter_free(node);
        return dtake__cql2_fail(in, column, "a number that is too large");
    }
    dtake__cql2_skip(in, (size_t)(number.end - in->at));
    return node;
}

static dtake__filter *parse_list(dtake__cql2 *in, dtake__filter *node,
                                 dtake__filter *(*element)(dtake__cql2 *))
{
    do
        node = with(in, node, element(in));
    while (node != NULL && dtake__cql2_take_sign(in, ","));
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "',' or ')'");
}

/* Text of a time within quotes; ".." where `in_interval`. */
static dtake__filter *parse_time_text(dtake__cql2 *in, dtake__filter_op op, bool in_interval)
{
    uint32_t column = dtake__cql2_column(in);
    if (*in->at != '\'')
        return dtake__cql2_expected(in, "a time in single quotes");
    char *text = dtake__cql2_take_quoted(in, '\'');
    dtake__filter *node = text != NULL ? new_node(in, op, column) : NULL;
    bool is_day = false;
    dtake_error why = { 0 };
    if (node != NULL && in_interval && strcmp(text, "..") == 0) {
        node->op = DTAKE__FILTER_OPEN;
    } else if (node != NULL && dtake__time_parse(text, &node->time_ns, &is_day, &why) != DTAKE_OK) {
        dtake__filter_free(node);
        node = dtake__cql2_fail(in, column, "%s", why.message);
    } else if (node != NULL && in_interval) {
        node->op = is_day ? DTAKE__FILTER_DATE : DTAKE__FILTER_TIMESTAMP;
    } else if (node != NULL && op == DTAKE__FILTER_DATE && !is_day) {
        dtake__filter_free(node);
        node = dtake__cql2_fail(in, column,
                                "DATE takes a day as '2024-07-31'; with a time of day write TIMESTAMP");
    } else if (node != NULL && op == DTAKE__FILTER_TIMESTAMP && is_day) {
        dtake__filter_free(node);
        node = dtake__cql2_fail(in, column,
                                "TIMESTAMP takes a time as '2024-07-31T15:59:00Z'; for a day write DATE");
    }
    dtake__free(text);
    return node;
}

static dtake__filter *parse_instant(dtake__cql2 *in, dtake__filter_op op)
{
    dtake__filter *node = parse_time_text(in, op, false);
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "')'");
}

static dtake__filter *parse_interval_end(dtake__cql2 *in)
{
    dtake__cql2_column(in);
    return *in->at == '\'' ? parse_time_text(in, DTAKE__FILTER_TIMESTAMP, true) : parse_sum(in);
}

static dtake__filter *parse_interval(dtake__cql2 *in, uint32_t column)
{
    dtake__filter *node = parse_list(in, new_node(in, DTAKE__FILTER_INTERVAL, column), parse_interval_end);
    const char *wrong = node != NULL ? dtake__filter_settle_interval(node) : NULL;
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "%s", wrong);
}

static dtake__filter *parse_bbox(dtake__cql2 *in, uint32_t column)
{
    double number[6];
    int count = 0;
    do {
        dtake__decimal decimal;
        dtake__cql2_column(in);
        if (!dtake__decimal_scan(in->at, in->end, &decimal) || count == 6 ||
            !dtake__decimal_f64(&decimal, &number[count]))
            return dtake__cql2_expected(in, count == 6 ? "')'" : "a number");
        count++;
        dtake__cql2_skip(in, (size_t)(decimal.end - in->at));
    } while (dtake__cql2_take_sign(in, ","));
    if (!dtake__cql2_take_sign(in, ")"))
        return dtake__cql2_expected(in, "',' or ')'");
    dtake__filter *node = new_node(in, DTAKE__FILTER_BBOX, column);
    const char *wrong = node != NULL ? dtake__filter_settle_bbox(number, count, &node->box) : NULL;
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "BBOX: %s", wrong);
}

static dtake__filter *parse_geometry(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__filter *node = new_node(in, DTAKE__FILTER_GEOMETRY, column);
    if (node == NULL)
        return NULL;
    size_t used;
    dtake_error why = { 0 };
    dtake_status st =
        dtake__geometry_from_wkt_part(in->at, (size_t)(in->end - in->at), &used, &node->geometry, &why);
    dtake__cql2_skip(in, used);
    if (st != DTAKE_OK)
        column = dtake__cql2_column(in);
    else
        st = dtake__filter_settle_geometry(&node->geometry, &why);
    if (st == DTAKE_OK)
        return node;
    dtake__filter_free(node);
    return st == DTAKE_E_NOMEM ? dtake__cql2_no_memory(in) : dtake__cql2_fail(in, column, "%s", why.message);
}

/* --- operands --- */

static dtake__filter *parse_field(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__span word = dtake__cql2_word(in);
    dtake__filter *node = new_node(in, DTAKE__FILTER_FIELD, column);
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
    dtake__filter *node = parse_list(in, new_node(in, op, column), arrays ? parse_array_or_sum : parse_sum);
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
        return parse_instant(in, op);
    if (op == DTAKE__FILTER_INTERVAL)
        return parse_interval(in, column);
    if (op == DTAKE__FILTER_BBOX)
        return parse_bbox(in, column);
    bool is_function = (op >= DTAKE__FILTER_S_INTERSECTS && op <= DTAKE__FILTER_A_OVERLAPS) ||
                       op == DTAKE__FILTER_CASEI || op == DTAKE__FILTER_ACCENTI;
    return is_function ? parse_operands(in, op, column) : no_such_function(in, column, name);
}

/* '(' has been taken: a test or an operand. */
static dtake__filter *parse_bracket(dtake__cql2 *in)
{
    dtake__filter *node = parse_or(in);
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "')'");
}

static dtake__filter *parse_bool(dtake__cql2 *in, bool truth, uint32_t column)
{
    dtake__filter *node = new_node(in, DTAKE__FILTER_BOOL, column);
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
        return parse_string(in);
    if (c == '"')
        return parse_field(in);
    if ((c >= '0' && c <= '9') || c == '.')
        return parse_number(in);
    if (dtake__cql2_take_sign(in, "("))
        return parse_bracket(in);
    if (dtake__cql2_take_word(in, "TRUE"))
        return parse_bool(in, true, column);
    if (dtake__cql2_take_word(in, "FALSE"))
        return parse_bool(in, false, column);
    if (geometry_ahead(in))
        return parse_geometry(in);
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
        return parse_number(in);
    if (!dtake__cql2_take_sign(in, "-"))
        return dtake__cql2_expected(in, "a property or a value");
    dtake__filter *node = new_node(in, DTAKE__FILTER_MUL, column);
    node = with(in, node, made(in, dtake__filter_int(-1), column));
    if (node == NULL || !deeper(in)) {
        dtake__filter_free(node);
        return NULL;
    }
    node = with(in, node, parse_signed(in));
    in->depth--;
    return node;
}

/* left op right, with left read already. */
static dtake__filter *binary(dtake__cql2 *in, dtake__filter_op op, dtake__filter *left,
                             dtake__filter *(*right)(dtake__cql2 *), uint32_t column)
{
    dtake__filter *node = with(in, new_node(in, op, column), left);
    return node != NULL ? with(in, node, right(in)) : NULL;
}

/* Brackets make another power of the exponent. */
static dtake__filter *parse_power(dtake__cql2 *in)
{
    dtake__filter *node = parse_signed(in);
    uint32_t column = dtake__cql2_column(in);
    return node != NULL && dtake__cql2_take_sign(in, "^")
               ? binary(in, DTAKE__FILTER_POW, node, parse_signed, column)
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
        node = binary(in, op, node, parse_power, column);
    }
    return node;
}

static dtake__filter *parse_sum(dtake__cql2 *in)
{
    if (!deeper(in))
        return NULL;
    dtake__filter *node = parse_product(in);
    while (node != NULL) {
        uint32_t column = dtake__cql2_column(in);
        dtake__filter_op op = dtake__cql2_take_sign(in, "+")   ? DTAKE__FILTER_ADD
                              : dtake__cql2_take_sign(in, "-") ? DTAKE__FILTER_SUB
                                                               : DTAKE__FILTER_OPS;
        if (op == DTAKE__FILTER_OPS)
            break;
        node = binary(in, op, node, parse_product, column);
    }
    in->depth--;
    return node;
}

/* ('a', 'b') is an array, in the functions for them. */
static dtake__filter *parse_array_or_sum(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    if (!dtake__cql2_take_sign(in, "("))
        return parse_sum(in);
    dtake__filter *node = new_node(in, DTAKE__FILTER_ARRAY, column);
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    if (!deeper(in)) {
        dtake__filter_free(node);
        return NULL;
    }
    node = parse_list(in, node, parse_array_or_sum);
    in->depth--;
    return node;
}

/* --- tests --- */

static dtake__filter *negated(dtake__cql2 *in, dtake__filter *node, bool negate, uint32_t column)
{
    return negate && node != NULL ? with(in, new_node(in, DTAKE__FILTER_NOT, column), node) : node;
}

static dtake__filter *parse_between(dtake__cql2 *in, dtake__filter *value, uint32_t column)
{
    dtake__filter *node = binary(in, DTAKE__FILTER_BETWEEN, value, parse_sum, column);
    if (node == NULL || dtake__cql2_take_word(in, "AND"))
        return node != NULL ? with(in, node, parse_sum(in)) : NULL;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "AND and the upper bound");
}

static dtake__filter *parse_in(dtake__cql2 *in, dtake__filter *value, uint32_t column)
{
    dtake__filter *node = with(in, new_node(in, DTAKE__FILTER_IN, column), value);
    if (node == NULL || dtake__cql2_take_sign(in, "("))
        return node != NULL ? parse_list(in, node, parse_sum) : NULL;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "'(' and the values");
}

static dtake__filter *parse_is_null(dtake__cql2 *in, dtake__filter *value, uint32_t column)
{
    bool negate = dtake__cql2_take_word(in, "NOT");
    dtake__filter *node = with(in, new_node(in, DTAKE__FILTER_IS_NULL, column), value);
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
    return binary(in, op, left, parse_sum, column);
}

static dtake__filter *parse_predicate(dtake__cql2 *in)
{
    dtake__filter *left = parse_sum(in);
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
        return negated(in, binary(in, DTAKE__FILTER_LIKE, left, parse_sum, column), negate, column);
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
    if (!deeper(in))
        return NULL;
    dtake__filter *node = with(in, new_node(in, DTAKE__FILTER_NOT, column), parse_not(in));
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
    node = with(in, new_node(in, op, column), node);
    do
        node = node != NULL ? with(in, node, part(in)) : NULL;
    while (node != NULL && dtake__cql2_take_word(in, word));
    return node;
}

static dtake__filter *parse_and(dtake__cql2 *in)
{
    return parse_joined(in, DTAKE__FILTER_AND, "AND", parse_not);
}

static dtake__filter *parse_or(dtake__cql2 *in)
{
    if (!deeper(in))
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
    dtake__filter *node = parse_or(&in);
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
