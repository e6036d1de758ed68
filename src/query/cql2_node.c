/* The nodes of a tree while it grows. */
#include "query/cql2_parse.h"

#include "query/operands.h"

dtake__filter *dtake__cql2_made(dtake__cql2 *in, dtake__filter *node, uint32_t column)
{
    if (node == NULL)
        return dtake__cql2_no_memory(in);
    node->column = column;
    if (++in->nodes <= DTAKE__FILTER_MAX_NODES)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "more than %d parts", DTAKE__FILTER_MAX_NODES);
}

dtake__filter *dtake__cql2_node(dtake__cql2 *in, dtake__filter_op op, uint32_t column)
{
    return dtake__cql2_made(in, dtake__filter_new(op), column);
}

dtake__filter *dtake__cql2_with(dtake__cql2 *in, dtake__filter *node, dtake__filter *arg)
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

bool dtake__cql2_deeper(dtake__cql2 *in)
{
    /* brackets and operators come to three levels of ours for each of the tree's, which is limited by itself
     */
    if (++in->depth <= 3 * DTAKE__FILTER_MAX_DEPTH)
        return true;
    dtake__cql2_too_deep(in, dtake__cql2_column(in));
    return false;
}

dtake__filter *dtake__cql2_list(dtake__cql2 *in, dtake__filter *node,
                                dtake__filter *(*element)(dtake__cql2 *))
{
    do
        node = dtake__cql2_with(in, node, element(in));
    while (node != NULL && dtake__cql2_take_sign(in, ","));
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "',' or ')'");
}

dtake__filter *dtake__cql2_binary(dtake__cql2 *in, dtake__filter_op op, dtake__filter *left,
                                  dtake__filter *(*right)(dtake__cql2 *), uint32_t column)
{
    dtake__filter *node = dtake__cql2_with(in, dtake__cql2_node(in, op, column), left);
    return node != NULL ? dtake__cql2_with(in, node, right(in)) : NULL;
}
