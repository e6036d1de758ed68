/* The meaning of filters, row by row, in the logic of three values. */
#include "catalog/predicate.h"

#include "query/bounds.h"

static uint8_t truth_of_order(dtake__filter_op op, int order)
{
    switch (op) {
    case DTAKE__FILTER_EQ:
        return order == 0;
    case DTAKE__FILTER_NE:
        return order != 0;
    case DTAKE__FILTER_LT:
        return order < 0;
    case DTAKE__FILTER_LE:
        return order <= 0;
    case DTAKE__FILTER_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static dtake_status compare(dtake__node *n, size_t second, dtake__filter_op op, int64_t row, uint8_t *out,
                            dtake_error *err)
{
    dtake__cell a, b;
    int order;
    dtake_status st = dtake__node_two_cells(n, second, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    if (a.kind == DTAKE__CELL_NULL || b.kind == DTAKE__CELL_NULL)
        *out = DTAKE__UNKNOWN;
    else if (!dtake__cell_compare(&a, &b, &order))
        *out =
            dtake__cell_is_number(&a) && dtake__cell_is_number(&b) ? DTAKE__UNKNOWN : op == DTAKE__FILTER_NE;
    else
        *out = truth_of_order(op, order);
    return DTAKE_OK;
}

static uint8_t and_of(uint8_t a, uint8_t b)
{
    return a == DTAKE__FALSE || b == DTAKE__FALSE       ? DTAKE__FALSE
           : a == DTAKE__UNKNOWN || b == DTAKE__UNKNOWN ? DTAKE__UNKNOWN
                                                        : DTAKE__TRUE;
}

static uint8_t not_of(uint8_t a)
{
    return a == DTAKE__UNKNOWN ? DTAKE__UNKNOWN : !a;
}

static uint8_t or_of(uint8_t a, uint8_t b)
{
    return not_of(and_of(not_of(a), not_of(b)));
}

/* --- space and time --- */

static dtake_status test_space(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    dtake__cell a, b;
    bool holds = false;
    dtake_status st = dtake__node_two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    if (a.kind != DTAKE__CELL_GEOMETRY || b.kind != DTAKE__CELL_GEOMETRY) {
        *out = DTAKE__UNKNOWN;
        return DTAKE_OK;
    }
    dtake__geometry first = dtake__geometry_view(a.bytes.at, a.bytes.len);
    dtake__geometry second = dtake__geometry_view(b.bytes.at, b.bytes.len);
    dtake__prepared *made = NULL;
    if (n->prepared == NULL)
        st = dtake__prepared_new(&made, &first, DTAKE_EDGES_PLANAR, err);
    if (st == DTAKE_OK)
        st = dtake__prepared_test(made != NULL ? made : n->prepared, n->relation,
                                  n->prepared_arg == 1 ? &first : &second, &holds, err);
    dtake__prepared_free(made);
    *out = holds;
    return st;
}

static dtake_status test_time(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    dtake__cell a, b;
    dtake_status st = dtake__node_two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    *out = a.kind != DTAKE__CELL_TIME || b.kind != DTAKE__CELL_TIME
               ? DTAKE__UNKNOWN
               : dtake__times_related(n->op, &a.time, &b.time);
    return DTAKE_OK;
}

/* --- lists --- */

static int32_t list_length(const dtake__cell *list)
{
    return list->list.end - list->list.first;
}

static dtake_status has_item(const dtake__cell *list, const dtake__cell *item, bool *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = false;
    for (int32_t i = 0; i < list_length(list) && st == DTAKE_OK && !*out; i++) {
        dtake__cell mine, other = *item;
        int order = 1;
        st = dtake__cell_item(list, i, &mine, err);
        dtake__cell_name_enum(list->list.node, &mine, &other);
        *out = st == DTAKE_OK && dtake__cell_compare(&mine, &other, &order) && order == 0;
    }
    return st;
}

/* How many items of `b` are in `a`. */
static dtake_status shared_items(const dtake__cell *a, const dtake__cell *b, int32_t *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = 0;
    for (int32_t i = 0; i < list_length(b) && st == DTAKE_OK; i++) {
        dtake__cell item;
        bool has = false;
        st = dtake__cell_item(b, i, &item, err);
        if (st == DTAKE_OK)
            st = has_item(a, &item, &has, err);
        *out += has;
    }
    return st;
}

static dtake_status test_lists(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    dtake__cell a, b;
    int32_t in_a = 0, in_b = 0;
    dtake_status st = dtake__node_two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    *out = DTAKE__UNKNOWN;
    if (a.kind != DTAKE__CELL_LIST || b.kind != DTAKE__CELL_LIST)
        return DTAKE_OK;
    st = shared_items(&a, &b, &in_a, err);
    if (st == DTAKE_OK)
        st = shared_items(&b, &a, &in_b, err);
    bool a_has_b = in_a == list_length(&b), b_has_a = in_b == list_length(&a);
    *out = n->op == DTAKE__FILTER_A_CONTAINS       ? a_has_b
           : n->op == DTAKE__FILTER_A_CONTAINED_BY ? b_has_a
           : n->op == DTAKE__FILTER_A_EQUALS       ? a_has_b && b_has_a && list_length(&a) == list_length(&b)
                                                   : in_a > 0;
    return st;
}

/* --- truth --- */

static dtake_status test_in(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = DTAKE__FALSE;
    for (size_t i = 1; i < n->arg_count && st == DTAKE_OK && *out != DTAKE__TRUE; i++) {
        uint8_t one = DTAKE__FALSE;
        st = compare(n, i, DTAKE__FILTER_EQ, row, &one, err);
        *out = or_of(*out, one);
    }
    return st;
}

static dtake_status test_like(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    unsigned fold; /* the pattern's matcher folds by itself */
    dtake__node *operand = n->args[0];
    dtake__cell text;
    (void)dtake__filter_unfold(n->source->args[0], &fold);
    while (operand->op == DTAKE__FILTER_CASEI || operand->op == DTAKE__FILTER_ACCENTI)
        operand = operand->args[0];
    dtake_status st = dtake__node_cell(operand, row, &text, err);
    if (st != DTAKE_OK)
        return st;
    dtake__cell as_text = { .kind = DTAKE__CELL_TEXT };
    dtake__cell_name_enum(operand, &text, &as_text);
    *out = text.kind == DTAKE__CELL_TEXT ? dtake__like_match(n->like, text.bytes.at, text.bytes.len)
                                         : DTAKE__UNKNOWN;
    return DTAKE_OK;
}

static dtake_status test_joined(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    bool all = n->op == DTAKE__FILTER_AND;
    *out = all;
    for (size_t i = 0; i < n->arg_count && st == DTAKE_OK; i++) {
        uint8_t one = DTAKE__FALSE;
        st = dtake__node_truth(n->args[i], row, &one, err);
        *out = all ? and_of(*out, one) : or_of(*out, one);
        if (*out == (all ? DTAKE__FALSE : DTAKE__TRUE))
            break;
    }
    return st;
}

dtake_status dtake__node_truth(dtake__node *n, int64_t row, uint8_t *out, dtake_error *err)
{
    dtake__cell cell;
    uint8_t low, high;
    dtake_status st;
    if (n->op == DTAKE__FILTER_AND || n->op == DTAKE__FILTER_OR)
        return test_joined(n, row, out, err);
    if (n->op >= DTAKE__FILTER_EQ && n->op <= DTAKE__FILTER_GE)
        return compare(n, 1, n->op, row, out, err);
    if (n->op >= DTAKE__FILTER_S_INTERSECTS && n->op <= DTAKE__FILTER_S_OVERLAPS)
        return test_space(n, row, out, err);
    if (n->op >= DTAKE__FILTER_T_AFTER && n->op <= DTAKE__FILTER_T_STARTS)
        return test_time(n, row, out, err);
    if (n->op >= DTAKE__FILTER_A_CONTAINS && n->op <= DTAKE__FILTER_A_OVERLAPS)
        return test_lists(n, row, out, err);
    switch (n->op) {
    case DTAKE__FILTER_NOT:
        st = dtake__node_truth(n->args[0], row, out, err);
        *out = not_of(*out);
        return st;
    case DTAKE__FILTER_BETWEEN:
        st = compare(n, 1, DTAKE__FILTER_GE, row, &low, err);
        if (st == DTAKE_OK)
            st = compare(n, 2, DTAKE__FILTER_LE, row, &high, err);
        if (st == DTAKE_OK)
            *out = and_of(low, high);
        return st;
    case DTAKE__FILTER_IN:
        return test_in(n, row, out, err);
    case DTAKE__FILTER_LIKE:
        return test_like(n, row, out, err);
    case DTAKE__FILTER_IS_NULL:
        st = dtake__node_cell(n->args[0], row, &cell, err);
        *out = cell.kind == DTAKE__CELL_NULL;
        return st;
    default: /* a truth that stands for itself */
        st = dtake__node_cell(n, row, &cell, err);
        *out = cell.kind == DTAKE__CELL_BOOL ? cell.truth : DTAKE__UNKNOWN;
        return st;
    }
}
