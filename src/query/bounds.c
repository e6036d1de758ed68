#include "query/bounds.h"

#include "core/alloc.h"
#include "core/error.h"
#include "query/reduce.h"

#include <string.h>

static const dtake__filter_range anything;

static dtake__filter_range never(void)
{
    return (dtake__filter_range){ .never = true };
}

/* The narrower of two minima (or maxima): both must hold. Where they cannot be compared either will do. */
static dtake__filter_bound narrower(dtake__filter_bound a, dtake__filter_bound b, int sign)
{
    int order;
    if (a.value == NULL || b.value == NULL)
        return a.value == NULL ? b : a;
    if (!dtake__filter_compare(a.value, b.value, &order))
        return a;
    if (order == 0)
        return a.exclusive ? a : b;
    return order * sign > 0 ? a : b;
}

static dtake__filter_bound wider(dtake__filter_bound a, dtake__filter_bound b, int sign)
{
    int order;
    if (a.value == NULL || b.value == NULL || !dtake__filter_compare(a.value, b.value, &order))
        return (dtake__filter_bound){ 0 };
    if (order == 0)
        return a.exclusive ? b : a;
    return order * sign > 0 ? b : a;
}

static bool is_empty(const dtake__filter_range *range)
{
    int order;
    if (range->min.value == NULL || range->max.value == NULL ||
        !dtake__filter_compare(range->min.value, range->max.value, &order))
        return false;
    bool day = range->min.value->op == DTAKE__FILTER_DATE;
    return order > 0 || (order == 0 && !day && (range->min.exclusive || range->max.exclusive));
}

static dtake__filter_range both(dtake__filter_range a, dtake__filter_range b)
{
    if (a.never || b.never)
        return never();
    dtake__filter_range out = { .min = narrower(a.min, b.min, 1), .max = narrower(a.max, b.max, -1) };
    return is_empty(&out) ? never() : out;
}

static dtake__filter_range either(dtake__filter_range a, dtake__filter_range b)
{
    if (a.never || b.never)
        return a.never ? b : a;
    return (dtake__filter_range){ .min = wider(a.min, b.min, 1), .max = wider(a.max, b.max, -1) };
}

static dtake__filter_range range_of_comparison(dtake__filter_op op, const dtake__filter *literal)
{
    dtake__filter_bound at = { literal, false }, beyond = { literal, true };
    switch (op) {
    case DTAKE__FILTER_EQ:
        return (dtake__filter_range){ .min = at, .max = at };
    case DTAKE__FILTER_LT:
        return (dtake__filter_range){ .max = beyond };
    case DTAKE__FILTER_LE:
        return (dtake__filter_range){ .max = at };
    case DTAKE__FILTER_GT:
        return (dtake__filter_range){ .min = beyond };
    case DTAKE__FILTER_GE:
        return (dtake__filter_range){ .min = at };
    default:
        return anything;
    }
}

static dtake__filter_range range_of_between(const dtake__filter *node, const char *field)
{
    dtake__filter_range out = anything;
    if (!dtake__filter_is_field(node->args[0], field))
        return out;
    if (dtake__filter_is_literal(node->args[1]))
        out.min.value = node->args[1];
    if (dtake__filter_is_literal(node->args[2]))
        out.max.value = node->args[2];
    return is_empty(&out) ? never() : out;
}

static dtake__filter_range range_of_in(const dtake__filter *node, const char *field)
{
    dtake__filter_range out = never();
    if (!dtake__filter_is_field(node->args[0], field))
        return anything;
    for (size_t i = 1; i < node->arg_count; i++)
        out = either(out, dtake__filter_is_literal(node->args[i])
                              ? range_of_comparison(DTAKE__FILTER_EQ, node->args[i])
                              : anything);
    return out;
}

static dtake__filter_range range_of(const dtake__filter *node, const char *field, bool negated)
{
    dtake__filter_op op;
    const dtake__filter *literal;
    if (dtake__filter_reduce(node, field, negated, &op, &literal))
        return range_of_comparison(op, literal);
    if (node->op == DTAKE__FILTER_NOT)
        return range_of(node->args[0], field, !negated);
    if (node->op == DTAKE__FILTER_BOOL)
        return node->truth != negated ? anything : never();
    if (node->op == DTAKE__FILTER_BETWEEN && !negated)
        return range_of_between(node, field);
    if (node->op == DTAKE__FILTER_IN && !negated)
        return range_of_in(node, field);
    if (node->op > DTAKE__FILTER_OR)
        return anything;
    bool all = dtake__filter_joined_by(node->op, negated) == DTAKE__FILTER_AND;
    dtake__filter_range out = all ? anything : never();
    for (size_t i = 0; i < node->arg_count; i++) {
        dtake__filter_range one = range_of(node->args[i], field, negated);
        out = all ? both(out, one) : either(out, one);
    }
    return out;
}

void dtake__filter_bounds(const dtake__filter *filter, const char *field, dtake__filter_range *out)
{
    *out = range_of(filter, field, false);
}

/* --- values --- */

typedef struct values {
    const dtake__filter **at; /* NULL with `any` */
    size_t count, cap;
    bool any;
} values;

static dtake_status add_value(values *to, const dtake__filter *value)
{
    if (to->any)
        return DTAKE_OK;
    if (!dtake__filter_is_literal(value)) {
        to->any = true;
        return DTAKE_OK;
    }
    const dtake__filter **at = dtake__room_for_one(to->at, to->count, &to->cap, sizeof *at);
    if (at == NULL)
        return DTAKE_E_NOMEM;
    to->at = at;
    to->at[to->count++] = value;
    return DTAKE_OK;
}

static dtake_status values_of(const dtake__filter *node, const char *field, bool negated, values *out);

/* The shortest list of any operand. */
static dtake_status values_of_all(const dtake__filter *node, const char *field, bool negated, values *out)
{
    values best = { .any = true };
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < node->arg_count && st == DTAKE_OK; i++) {
        values one = { 0 };
        st = values_of(node->args[i], field, negated, &one);
        bool better = !one.any && (best.any || one.count < best.count);
        dtake__free(better ? best.at : one.at);
        if (better)
            best = one;
    }
    if (st == DTAKE_OK && best.any)
        out->any = true;
    for (size_t i = 0; i < best.count && !best.any && st == DTAKE_OK; i++)
        st = add_value(out, best.at[i]);
    dtake__free(best.at);
    return st;
}

static dtake_status values_of(const dtake__filter *node, const char *field, bool negated, values *out)
{
    dtake__filter_op op;
    const dtake__filter *literal;
    dtake_status st = DTAKE_OK;
    if (dtake__filter_reduce(node, field, negated, &op, &literal) && op == DTAKE__FILTER_EQ)
        return add_value(out, literal);
    if (node->op == DTAKE__FILTER_NOT)
        return values_of(node->args[0], field, !negated, out);
    if (node->op == DTAKE__FILTER_IN && !negated && dtake__filter_is_field(node->args[0], field)) {
        for (size_t i = 1; i < node->arg_count && st == DTAKE_OK; i++)
            st = add_value(out, node->args[i]);
        return st;
    }
    if (node->op == DTAKE__FILTER_BOOL && node->truth == negated)
        return DTAKE_OK;
    if (node->op > DTAKE__FILTER_OR) {
        out->any = true;
        return DTAKE_OK;
    }
    if (dtake__filter_joined_by(node->op, negated) == DTAKE__FILTER_AND)
        return values_of_all(node, field, negated, out);
    for (size_t i = 0; i < node->arg_count && st == DTAKE_OK; i++)
        st = values_of(node->args[i], field, negated, out);
    return st;
}

dtake_status dtake__filter_values(const dtake__filter *filter, const char *field, const dtake__filter ***out,
                                  size_t *count, dtake_error *err)
{
    values found = { 0 };
    dtake_status st = values_of(filter, field, false, &found);
    *out = NULL;
    *count = 0;
    if (st == DTAKE_OK && !found.any && found.at == NULL) { /* no value passes: an array of none */
        found.at = dtake__alloc(sizeof *found.at);
        st = found.at != NULL ? DTAKE_OK : DTAKE_E_NOMEM;
    }
    if (st != DTAKE_OK || found.any) {
        dtake__free(found.at);
        return st == DTAKE_OK ? st : dtake__fail_nomem(err, "filter");
    }
    *out = found.at;
    *count = found.count;
    return DTAKE_OK;
}
