#include "core/error.h"
#include "core/number.h"
#include "format/row_expression_parts.h"

#include <math.h>

/* Texts in messages are cut to this. */
enum { SHOWN = 60 };

static int shown(dtake__span text)
{
    return (int)(text.len < SHOWN ? text.len : SHOWN);
}

dtake_status dtake__row_number(const dtake__row_run *run, const dtake__row_node *node,
                               dtake__row_value *value)
{
    if (value->kind != DTAKE__ROW_TEXT)
        return DTAKE_OK;
    dtake__span text = value->text;
    bool named = node->op == DTAKE__ROW_COLUMN;
    if (!dtake__parse_f64_span(text, &value->number[0]) || isinf(value->number[0]))
        return dtake__fail(run->err, DTAKE_E_FORMAT, "%s%.*s%s'%.*s' is not a number",
                           named ? "column '" : "", named ? shown(node->text) : 0, node->text.text,
                           named ? "': " : "", shown(text), text.text);
    value->kind = isnan(value->number[0]) ? DTAKE__ROW_NULL : DTAKE__ROW_NUMBER;
    return DTAKE_OK;
}

static dtake_status evaluate(const dtake__row_run *run, int index, dtake__row_value *out);

static dtake_status evaluate_number(const dtake__row_run *run, int index, dtake__row_value *out)
{
    dtake_status st = evaluate(run, index, out);
    return st == DTAKE_OK ? dtake__row_number(run, &run->expression->node[index], out) : st;
}

static dtake_status calculate(const dtake__row_run *run, const dtake__row_node *node, dtake__row_value *out)
{
    dtake__row_value right = { .kind = DTAKE__ROW_NUMBER };
    dtake_status st = evaluate_number(run, node->argument[0], out);
    if (st == DTAKE_OK && node->op == DTAKE__ROW_ARITHMETIC)
        st = evaluate_number(run, node->argument[1], &right);
    if (st != DTAKE_OK || out->kind == DTAKE__ROW_NULL || right.kind == DTAKE__ROW_NULL) {
        out->kind = DTAKE__ROW_NULL;
        return st;
    }
    double a = out->number[0], b = right.number[0];
    char sign = node->sign;
    double value = node->op == DTAKE__ROW_NEGATE ? -a
                   : sign == '+'                 ? a + b
                   : sign == '-'                 ? a - b
                   : sign == '*'                 ? a * b
                                                 : a / b;
    if (!isfinite(value))
        return dtake__fail(run->err, DTAKE_E_FORMAT, "%.17g %c %.17g is not a number", a, sign, b);
    out->number[0] = value;
    return DTAKE_OK;
}

static dtake_status call(const dtake__row_run *run, const dtake__row_node *node, dtake__row_value *out)
{
    const dtake__row_function *f = node->function;
    dtake__row_value argument[DTAKE__ROW_MAX_ARGUMENTS];
    size_t letters = strlen(f->wants);
    bool is_null = false;
    for (int i = 0; i < node->argument_count; i++) {
        char wants = f->wants[(size_t)i < letters ? (size_t)i : letters - 1];
        dtake_status st = wants == 'n' ? evaluate_number(run, node->argument[i], &argument[i])
                                       : evaluate(run, node->argument[i], &argument[i]);
        if (st != DTAKE_OK)
            return st;
        is_null |= argument[i].kind == DTAKE__ROW_NULL;
    }
    out->kind = DTAKE__ROW_NULL;
    if (is_null && !f->takes_nulls)
        return DTAKE_OK;
    dtake_status st = f->call(run, argument, node->argument_count, out);
    if (out->kind != DTAKE__ROW_NULL && out->text.len == 0 &&
        (out->kind == DTAKE__ROW_TEXT || out->kind >= DTAKE__ROW_WKT))
        out->kind = DTAKE__ROW_NULL;
    return st;
}

static dtake_status evaluate(const dtake__row_run *run, int index, dtake__row_value *out)
{
    const dtake__row_node *node = &run->expression->node[index];
    switch (node->op) {
    case DTAKE__ROW_COLUMN:
        out->text = node->column < run->field_count ? run->field[node->column] : (dtake__span){ NULL, 0 };
        out->kind = out->text.len > 0 ? DTAKE__ROW_TEXT : DTAKE__ROW_NULL;
        return DTAKE_OK;
    case DTAKE__ROW_LITERAL:
        out->text = node->text;
        out->number[0] = node->number;
        out->kind = node->kind == DTAKE__ROW_TEXT && node->text.len == 0 ? DTAKE__ROW_NULL : node->kind;
        return DTAKE_OK;
    case DTAKE__ROW_CALL:
        return call(run, node, out);
    default:
        return calculate(run, node, out);
    }
}

size_t dtake__row_expression_columns(const dtake__row_expression *expression, size_t *out, size_t room)
{
    size_t count = 0;
    for (int i = 0; i < expression->node_count; i++) {
        const dtake__row_node *node = &expression->node[i];
        bool seen = node->op != DTAKE__ROW_COLUMN;
        for (int k = 0; k < i && !seen; k++)
            seen = expression->node[k].op == DTAKE__ROW_COLUMN && expression->node[k].column == node->column;
        if (!seen && count < room)
            out[count] = node->column;
        count += !seen;
    }
    return count;
}

dtake__row_kind dtake__row_expression_numbers(const dtake__row_expression *expression, size_t out[4])
{
    const dtake__row_node *root = &expression->node[expression->root];
    bool numbers = root->kind == DTAKE__ROW_POINT || root->kind == DTAKE__ROW_BOX;
    if (root->op != DTAKE__ROW_CALL || !numbers || root->argument_count > 4)
        return DTAKE__ROW_NULL;
    for (int i = 0; i < root->argument_count; i++) {
        const dtake__row_node *node = &expression->node[root->argument[i]];
        if (node->op != DTAKE__ROW_COLUMN)
            return DTAKE__ROW_NULL;
        out[i] = node->column;
    }
    return root->kind;
}

dtake_status dtake__row_expression_evaluate(const dtake__row_expression *expression, const dtake__span *field,
                                            size_t field_count, dtake__row_scratch *scratch,
                                            dtake__row_value *out, dtake_error *err)
{
    dtake__row_run run = { expression, field, field_count, scratch, err };
    return evaluate(&run, expression->root, out);
}
