/* Filters reduced to comparisons of one field with literals, with `not` pushed down to them. */
#ifndef DTAKE_QUERY_REDUCE_H
#define DTAKE_QUERY_REDUCE_H

#include "query/filter.h"

/* Is the node this field? */
bool dtake__filter_is_field(const dtake__filter *node, const char *field);

/* A literal that bounds may be made of. */
bool dtake__filter_is_literal(const dtake__filter *node);

/* `field op literal`, either way round, of a comparison that must hold (or, negated, must fail). False: the
 * node is nothing like it. */
bool dtake__filter_reduce(const dtake__filter *node, const char *field, bool negated, dtake__filter_op *op,
                          const dtake__filter **literal);

/* The comparison that says the same with its sides exchanged: `<` for `>`. */
dtake__filter_op dtake__filter_exchanged(dtake__filter_op op);

/* What joins the operands of AND and OR, when it must hold or, negated, must fail: DTAKE__FILTER_AND or _OR.
 */
static inline dtake__filter_op dtake__filter_joined_by(dtake__filter_op op, bool negated)
{
    return (op == DTAKE__FILTER_AND) != negated ? DTAKE__FILTER_AND : DTAKE__FILTER_OR;
}

#endif
