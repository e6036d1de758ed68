#include "core/alloc.h"
#include "core/error.h"
#include "core/decimal.h"
#include "core/text.h"
#include "format/row_expression_parts.h"
#include "format/time_pattern.h"

#include <stdio.h>

typedef struct parser {
    dtake__row_expression *expression;
    char *at;
    const char *end, *original;
    const dtake__span *column;
    size_t column_count;
    int depth;
    dtake_error *err;
} parser;

static int parse_sum(parser *p);

static int wrong(parser *p, const char *at, const char *what)
{
    dtake__fail(p->err, DTAKE_E_USAGE, "expression '%.200s', column %zu: %s", p->original,
                (size_t)(at - p->expression->text) + 1, what);
    return -1;
}

static char peek(parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n'))
        p->at++;
    return p->at < p->end ? *p->at : '\0';
}

static bool take(parser *p, char c)
{
    if (peek(p) != c)
        return false;
    p->at++;
    return true;
}

/* -1 when the expression is too long. */
static int add(parser *p, dtake__row_node node)
{
    dtake__row_expression *e = p->expression;
    if (e->node_count == DTAKE__ROW_MAX_NODES)
        return wrong(p, p->at, "too many parts");
    e->node[e->node_count] = node;
    return e->node_count++;
}

/* What stands in quotes, doubled ones made one, in place. */
static bool read_quoted(parser *p, dtake__span *out)
{
    char quote = *p->at, *start = p->at + 1, *to = start;
    for (char *at = start; at < p->end; at++) {
        if (*at == quote && (at + 1 == p->end || at[1] != quote)) {
            *out = (dtake__span){ start, (size_t)(to - start) };
            p->at = at + 1;
            return true;
        }
        at += *at == quote;
        *to++ = *at;
    }
    wrong(p, p->at, "the quote is not closed");
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static dtake__span read_word(parser *p)
{
    const char *start = p->at;
    while (p->at < p->end &&
           (is_letter(*p->at) || (*p->at >= '0' && *p->at <= '9') || *p->at == ':' || *p->at == '.'))
        p->at++;
    return (dtake__span){ start, (size_t)(p->at - start) };
}

static int unknown_column(parser *p, dtake__span name)
{
    char wanted[64], names[200] = "";
    size_t len = 0, best = 0;
    int nearest = 3;
    snprintf(wanted, sizeof wanted, "%.*s", (int)name.len, name.text);
    for (size_t i = 0; i < p->column_count; i++) {
        char candidate[64];
        snprintf(candidate, sizeof candidate, "%.*s", (int)p->column[i].len, p->column[i].text);
        int distance = dtake__edit_distance(wanted, candidate);
        if (distance < nearest) {
            nearest = distance;
            best = i;
        }
        if (len < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "", candidate);
    }
    if (nearest < 3)
        dtake__fail(p->err, DTAKE_E_USAGE, "expression '%.200s': no column '%s'; did you mean '%.*s'?",
                    p->original, wanted, (int)p->column[best].len, p->column[best].text);
    else
        dtake__fail(p->err, DTAKE_E_USAGE, "expression '%.200s': no column '%s'; there are: %s%s",
                    p->original, wanted, names, len >= sizeof names ? "..." : "");
    return -1;
}

static int parse_column(parser *p, dtake__span name)
{
    for (size_t i = 0; i < p->column_count; i++)
        if (dtake__span_equal(p->column[i], name))
            return add(p, (dtake__row_node){
                              .op = DTAKE__ROW_COLUMN, .kind = DTAKE__ROW_TEXT, .text = name, .column = i });
    return unknown_column(p, name);
}

/* Whether the argument is what the function wants there. */
static bool check_argument(parser *p, const dtake__row_node *call, int index, const char *at)
{
    const dtake__row_function *f = call->function;
    const dtake__row_node *nodes = p->expression->node, *given = &nodes[call->argument[index]];
    size_t letters = strlen(f->wants);
    char what[160], wants = f->wants[(size_t)index < letters ? (size_t)index : letters - 1];
    bool text = given->kind == DTAKE__ROW_TEXT;
    const char *wanted = NULL;
    if (wants == 't' && !text)
        wanted = "text";
    else if (wants == 'n' && !text && given->kind != DTAKE__ROW_NUMBER)
        wanted = "a number";
    else if (wants == 'p' &&
             (given->op != DTAKE__ROW_LITERAL || !text || !dtake__time_pattern_valid(given->text)))
        wanted = "a pattern in single quotes, such as '%Y%m%dT%H%M%S'";
    else if (wants == 'a' && given->kind != nodes[call->argument[0]].kind)
        wanted = "arguments of one kind";
    if (wanted == NULL)
        return true;
    snprintf(what, sizeof what, "%s wants %s as argument %d", f->name, wanted, index + 1);
    wrong(p, at, what);
    return false;
}

static int parse_call(parser *p, dtake__span name)
{
    char what[256];
    const char *place = name.text;
    dtake__row_node call = { .op = DTAKE__ROW_CALL, .function = dtake__row_function_find(name) };
    if (call.function == NULL) {
        snprintf(what, sizeof what, "no such function; there are %s", dtake__row_function_names());
        return wrong(p, place, what);
    }
    while (call.argument_count == 0 ? peek(p) != ')' : take(p, ',')) {
        const char *at = (peek(p), p->at);
        if (call.argument_count == DTAKE__ROW_MAX_ARGUMENTS)
            return wrong(p, at, "at most 16 arguments");
        int argument = parse_sum(p);
        if (argument < 0)
            return -1;
        call.argument[call.argument_count++] = argument;
        if (!check_argument(p, &call, call.argument_count - 1, at))
            return -1;
    }
    if (!take(p, ')'))
        return wrong(p, p->at, "expected ',' or ')'");
    if (call.argument_count < call.function->least || call.argument_count > call.function->most) {
        snprintf(what, sizeof what, "%s takes %d to %d arguments", call.function->name, call.function->least,
                 call.function->most);
        return wrong(p, place, what);
    }
    call.kind =
        call.function->wants[0] == 'a' ? p->expression->node[call.argument[0]].kind : call.function->kind;
    return add(p, call);
}

static int parse_number(parser *p)
{
    dtake__decimal number;
    dtake__row_node node = { .op = DTAKE__ROW_LITERAL, .kind = DTAKE__ROW_NUMBER };
    if (!dtake__decimal_scan(p->at, p->end, &number) || !dtake__decimal_f64(&number, &node.number))
        return wrong(p, p->at, "expected a column, a number, 'text' or a function");
    p->at += number.end - number.text;
    return add(p, node);
}

static int parse_primary(parser *p)
{
    char c = peek(p);
    dtake__span name;
    if (c == '(') {
        p->at++;
        int inner = parse_sum(p);
        return inner < 0 || take(p, ')') ? inner : wrong(p, p->at, "expected ')'");
    }
    if (c == '\'')
        return read_quoted(p, &name)
                   ? add(p,
                         (dtake__row_node){ .op = DTAKE__ROW_LITERAL, .kind = DTAKE__ROW_TEXT, .text = name })
                   : -1;
    if (c == '"')
        return read_quoted(p, &name) ? parse_column(p, name) : -1;
    if (!is_letter(c))
        return parse_number(p);
    name = read_word(p);
    return take(p, '(') ? parse_call(p, name) : parse_column(p, name);
}

static bool is_numeric(parser *p, int index, const char *at)
{
    dtake__row_kind kind = p->expression->node[index].kind;
    if (kind == DTAKE__ROW_TEXT || kind == DTAKE__ROW_NUMBER)
        return true;
    wrong(p, at, "expected a number");
    return false;
}

static int parse_signed(parser *p)
{
    const char *at = (peek(p), p->at);
    int inner;
    if (p->depth == DTAKE__ROW_MAX_DEPTH)
        return wrong(p, at, "too deep");
    p->depth++;
    if (take(p, '-')) {
        inner = parse_signed(p);
        if (inner >= 0)
            inner = is_numeric(p, inner, at) ? add(p, (dtake__row_node){ .op = DTAKE__ROW_NEGATE,
                                                                         .kind = DTAKE__ROW_NUMBER,
                                                                         .argument = { inner },
                                                                         .argument_count = 1 })
                                             : -1;
    } else {
        inner = parse_primary(p);
    }
    p->depth--;
    return inner;
}

/* Terms joined by one of two signs, from left to right. */
static int parse_chain(parser *p, int (*parse_term)(parser *), char a, char b)
{
    int left = parse_term(p);
    while (left >= 0 && (peek(p) == a || peek(p) == b)) {
        const char *at = p->at;
        char sign = *p->at++;
        int right = parse_term(p);
        if (right < 0 || !is_numeric(p, left, at) || !is_numeric(p, right, at))
            return -1;
        left = add(p, (dtake__row_node){ .op = DTAKE__ROW_ARITHMETIC,
                                         .kind = DTAKE__ROW_NUMBER,
                                         .sign = sign,
                                         .argument = { left, right },
                                         .argument_count = 2 });
    }
    return left;
}

static int parse_product(parser *p)
{
    return parse_chain(p, parse_signed, '*', '/');
}

static int parse_sum(parser *p)
{
    return parse_chain(p, parse_product, '+', '-');
}

dtake_status dtake__row_expression_new(dtake__row_expression **out, const char *text,
                                       const dtake__span *column, size_t column_count, dtake_error *err)
{
    size_t len = strlen(text);
    if (len > DTAKE__ROW_MAX_TEXT)
        return dtake__fail(err, DTAKE_E_USAGE, "expression '%.40s...': longer than %d characters", text,
                           DTAKE__ROW_MAX_TEXT);
    dtake__row_expression *e = dtake__calloc(1, sizeof *e + len + 1);
    if (e == NULL || (e->node = dtake__calloc(DTAKE__ROW_MAX_NODES, sizeof *e->node)) == NULL) {
        dtake__free(e);
        return dtake__fail_nomem(err, "an expression");
    }
    memcpy(e->text, text, len);
    parser p = { e, e->text, e->text + len, text, column, column_count, 0, err };
    e->root = parse_sum(&p);
    if (e->root >= 0 && peek(&p) != '\0')
        e->root = wrong(&p, p.at, "expected nothing more");
    if (e->root < 0) {
        dtake__row_expression_free(e);
        return DTAKE_E_USAGE;
    }
    *out = e;
    return DTAKE_OK;
}

void dtake__row_expression_free(dtake__row_expression *expression)
{
    if (expression == NULL)
        return;
    dtake__free(expression->node);
    dtake__free(expression);
}

dtake__row_kind dtake__row_expression_kind(const dtake__row_expression *expression)
{
    return expression->node[expression->root].kind;
}
