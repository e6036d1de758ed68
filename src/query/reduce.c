#include "query/reduce.h"

#include <string.h>

bool dtake__filter_is_field(const dtake__filter *node, const char *field)
{
    return node->op == DTAKE__FILTER_FIELD && strcmp(node->text, field) == 0;
}

bool dtake__filter_is_literal(const dtake__filter *node)
{
    return (node->op >= DTAKE__FILTER_STRING && node->op <= DTAKE__FILTER_DATE);
}

static dtake__filter_op opposite(dtake__filter_op op)
{
    switch (op) {
    case DTAKE__FILTER_EQ:
        return DTAKE__FILTER_NE;
    case DTAKE__FILTER_NE:
        return DTAKE__FILTER_EQ;
    case DTAKE__FILTER_LT:
        return DTAKE__FILTER_GE;
    case DTAKE__FILTER_LE:
        return DTAKE__FILTER_GT;
    case DTAKE__FILTER_GT:
        return DTAKE__FILTER_LE;
    default:
        return DTAKE__FILTER_LT;
    }
}

dtake__filter_op dtake__filter_exchanged(dtake__filter_op op)
{
    switch (op) {
    case DTAKE__FILTER_LT:
        return DTAKE__FILTER_GT;
    case DTAKE__FILTER_LE:
        return DTAKE__FILTER_GE;
    case DTAKE__FILTER_GT:
        return DTAKE__FILTER_LT;
    case DTAKE__FILTER_GE:
        return DTAKE__FILTER_LE;
    default:
        return op;
    }
}

bool dtake__filter_reduce(const dtake__filter *node, const char *field, bool negated, dtake__filter_op *op,
                          const dtake__filter **literal)
{
    if (node->op < DTAKE__FILTER_EQ || node->op > DTAKE__FILTER_GE)
        return false;
    bool turned = !dtake__filter_is_field(node->args[0], field);
    if (turned && !dtake__filter_is_field(node->args[1], field))
        return false;
    *literal = node->args[turned ? 0 : 1];
    *op = turned ? dtake__filter_exchanged(node->op) : node->op;
    *op = negated ? opposite(*op) : *op;
    return dtake__filter_is_literal(*literal);
}
