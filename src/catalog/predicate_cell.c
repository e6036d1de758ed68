/* The meaning of filters, row by row. */
#include "catalog/predicate.h"

#include "core/error.h"
#include "query/bounds.h"
#include "table/column.h"
#include "table/schema.h"

#include <math.h>
#include <string.h>

/* --- values of fields --- */

static void cell_of(const dtake_field *field, const dtake_column *c, int64_t row, dtake__node *n,
                    dtake__cell *out)
{
    switch (field->type) {
    case DTAKE_FIELD_BOOL:
        *out = (dtake__cell){ .kind = DTAKE__CELL_BOOL, .truth = dtake__get_bool(c, row) };
        return;
    case DTAKE_FIELD_INT64:
    case DTAKE_FIELD_DURATION:
        *out = (dtake__cell){ .kind = DTAKE__CELL_INT, .i64 = dtake__get_i64(c, row) };
        return;
    case DTAKE_FIELD_UINT64:
        *out = (dtake__cell){ .kind = DTAKE__CELL_UINT, .u64 = dtake__get_u64(c, row) };
        return;
    case DTAKE_FIELD_FLOAT64:
        *out = (dtake__cell){ .kind = DTAKE__CELL_FLOAT, .f64 = dtake__get_f64(c, row) };
        return;
    case DTAKE_FIELD_TIMESTAMP: {
        int64_t t = dtake__get_i64(c, row);
        *out = (dtake__cell){ .kind = DTAKE__CELL_TIME, .time = { .start_ns = t, .end_ns = t } };
        return;
    }
    case DTAKE_FIELD_ENUM: /* known by name; a number beside it is compared by dtake__cell_compare */
        *out = (dtake__cell){ .kind = DTAKE__CELL_INT, .i64 = dtake__get_enum(c, row) };
        return;
    case DTAKE_FIELD_UUID: {
        dtake_id id;
        memcpy(id.bytes, dtake__get_uuid(c, row), 16);
        dtake_id_format(id, n->text);
        *out = (dtake__cell){ .kind = DTAKE__CELL_TEXT, .bytes = { n->text, strlen(n->text) } };
        return;
    }
    case DTAKE_FIELD_VECTOR:
        *out = (dtake__cell){ .kind = DTAKE__CELL_LIST,
                              .list = { n, (int32_t)(row * field->width),
                                        (int32_t)((row + 1) * field->width) } };
        return;
    default:
        out->kind = field->type == DTAKE_FIELD_GEOMETRY ? DTAKE__CELL_GEOMETRY : DTAKE__CELL_TEXT;
        out->bytes.at = dtake__get_bytes(c, row, &out->bytes.len);
    }
}

static void field_cell(dtake__node *n, int64_t row, dtake__cell *out)
{
    const dtake_column *c = n->column;
    if (!dtake__has_value(c, row))
        out->kind = DTAKE__CELL_NULL;
    else if (n->field->repeated)
        *out = (dtake__cell){ .kind = DTAKE__CELL_LIST, .list = { n, c->offsets[row], c->offsets[row + 1] } };
    else
        cell_of(n->field, c, row, n, out);
}

/* --- comparing --- */

static bool is_number(const dtake__cell *c)
{
    return c->kind == DTAKE__CELL_INT || c->kind == DTAKE__CELL_UINT || c->kind == DTAKE__CELL_FLOAT;
}

static dtake__filter number_of(const dtake__cell *c)
{
    dtake__filter f = { .op = DTAKE__FILTER_INT, .i64 = c->i64 };
    if (c->kind == DTAKE__CELL_UINT)
        f = (dtake__filter){ .op = DTAKE__FILTER_UINT, .u64 = c->u64 };
    else if (c->kind == DTAKE__CELL_FLOAT)
        f = (dtake__filter){ .op = DTAKE__FILTER_FLOAT, .f64 = c->f64 };
    return f;
}

/* A UINT that an INT could hold is one: the order of literals takes all UINTs for larger. */
static dtake__cell settled(const dtake__cell *c)
{
    if (c->kind == DTAKE__CELL_UINT && c->u64 <= INT64_MAX)
        return (dtake__cell){ .kind = DTAKE__CELL_INT, .i64 = (int64_t)c->u64 };
    return *c;
}

static bool compare_numbers(const dtake__cell *a, const dtake__cell *b, int *order)
{
    dtake__cell x = settled(a), y = settled(b);
    if ((x.kind == DTAKE__CELL_FLOAT && isnan(x.f64)) || (y.kind == DTAKE__CELL_FLOAT && isnan(y.f64)))
        return false;
    dtake__filter left = number_of(&x), right = number_of(&y);
    return dtake__filter_compare(&left, &right, order);
}

static int compare_bytes(const dtake__cell *a, const dtake__cell *b)
{
    size_t least = a->bytes.len < b->bytes.len ? a->bytes.len : b->bytes.len;
    int order = least > 0 ? memcmp(a->bytes.at, b->bytes.at, least) : 0;
    if (order != 0)
        return order < 0 ? -1 : 1;
    return a->bytes.len < b->bytes.len ? -1 : a->bytes.len > b->bytes.len;
}

bool dtake__cell_compare(const dtake__cell *a, const dtake__cell *b, int *order)
{
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b, order);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case DTAKE__CELL_BOOL:
        *order = a->truth - b->truth;
        return true;
    case DTAKE__CELL_TEXT:
    case DTAKE__CELL_GEOMETRY:
        *order = compare_bytes(a, b);
        return true;
    case DTAKE__CELL_TIME: /* a day is equal to all of its instants */
        *order = a->time.end_ns < b->time.start_ns ? -1 : a->time.start_ns > b->time.end_ns;
        return true;
    default:
        return false;
    }
}

/* An enum beside a text goes by its name. */
static void name_enum(const dtake__node *n, dtake__cell *cell, const dtake__cell *other)
{
    if (n->op != DTAKE__FILTER_FIELD || n->field->type != DTAKE_FIELD_ENUM || cell->kind != DTAKE__CELL_INT ||
        other->kind != DTAKE__CELL_TEXT)
        return;
    for (size_t i = 0; i < n->field->enum_count; i++)
        if (n->field->enum_values[i].value == cell->i64) {
            const char *name = n->field->enum_values[i].name;
            *cell = (dtake__cell){ .kind = DTAKE__CELL_TEXT, .bytes = { name, strlen(name) } };
            return;
        }
}

static dtake_status two_cells(dtake__node *n, size_t second, int64_t row, dtake__cell *a, dtake__cell *b,
                              dtake_error *err)
{
    dtake_status st = dtake__node_cell(n->args[0], row, a, err);
    if (st == DTAKE_OK)
        st = dtake__node_cell(n->args[second], row, b, err);
    if (st == DTAKE_OK) {
        name_enum(n->args[0], a, b);
        name_enum(n->args[second], b, a);
    }
    return st;
}

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
    dtake_status st = two_cells(n, second, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    if (a.kind == DTAKE__CELL_NULL || b.kind == DTAKE__CELL_NULL)
        *out = DTAKE__UNKNOWN;
    else if (!dtake__cell_compare(&a, &b, &order))
        *out = is_number(&a) && is_number(&b) ? DTAKE__UNKNOWN : op == DTAKE__FILTER_NE;
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
    dtake_status st = two_cells(n, 1, row, &a, &b, err);
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
    dtake_status st = two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    *out = a.kind != DTAKE__CELL_TIME || b.kind != DTAKE__CELL_TIME
               ? DTAKE__UNKNOWN
               : dtake__times_related(n->op, &a.time, &b.time);
    return DTAKE_OK;
}

static dtake_status interval_cell(dtake__node *n, int64_t row, dtake__cell *out, dtake_error *err)
{
    dtake__cell a, b;
    dtake_status st = two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    out->kind =
        a.kind == DTAKE__CELL_TIME && b.kind == DTAKE__CELL_TIME ? DTAKE__CELL_TIME : DTAKE__CELL_NULL;
    out->time = (dtake_interval){ .start_ns = a.time.start_ns, .end_ns = b.time.end_ns };
    return DTAKE_OK;
}

/* --- lists --- */

static int32_t list_length(const dtake__cell *list)
{
    return list->list.end - list->list.first;
}

static dtake_status item_of(const dtake__cell *list, int32_t i, dtake__cell *out, dtake_error *err)
{
    dtake__node *n = (dtake__node *)list->list.node;
    if (n->op == DTAKE__FILTER_ARRAY)
        return dtake__node_cell(n->args[i], 0, out, err);
    int32_t at = list->list.first + i;
    dtake_field item = *n->field;
    item.repeated = false;
    if (item.type == DTAKE_FIELD_VECTOR)
        *out = (dtake__cell){ .kind = DTAKE__CELL_FLOAT, .f64 = ((const double *)n->column->values)[at] };
    else if (!dtake__has_value(n->column->items, at))
        out->kind = DTAKE__CELL_NULL;
    else
        cell_of(&item, n->column->items, at, n, out);
    return DTAKE_OK;
}

static dtake_status has_item(const dtake__cell *list, const dtake__cell *item, bool *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    *out = false;
    for (int32_t i = 0; i < list_length(list) && st == DTAKE_OK && !*out; i++) {
        dtake__cell mine, other = *item;
        int order = 1;
        st = item_of(list, i, &mine, err);
        name_enum(list->list.node, &mine, &other);
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
        st = item_of(b, i, &item, err);
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
    dtake_status st = two_cells(n, 1, row, &a, &b, err);
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
    name_enum(operand, &text, &as_text);
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

/* --- values --- */

static double double_of(const dtake__cell *c)
{
    return c->kind == DTAKE__CELL_INT    ? (double)c->i64
           : c->kind == DTAKE__CELL_UINT ? (double)c->u64
                                         : c->f64;
}

/* Whole numbers stay whole while they fit. */
static bool whole_result(dtake__filter_op op, int64_t a, int64_t b, int64_t *out)
{
    switch (op) {
    case DTAKE__FILTER_ADD:
        return !__builtin_add_overflow(a, b, out);
    case DTAKE__FILTER_SUB:
        return !__builtin_sub_overflow(a, b, out);
    case DTAKE__FILTER_MUL:
        return !__builtin_mul_overflow(a, b, out);
    case DTAKE__FILTER_IDIV:
        if (b == 0 || (a == INT64_MIN && b == -1))
            return false;
        *out = a / b;
        return true;
    case DTAKE__FILTER_MOD:
        if (b == 0)
            return false;
        *out = b == -1 ? 0 : a % b;
        return true;
    default:
        return false;
    }
}

static double double_result(dtake__filter_op op, double a, double b)
{
    switch (op) {
    case DTAKE__FILTER_ADD:
        return a + b;
    case DTAKE__FILTER_SUB:
        return a - b;
    case DTAKE__FILTER_MUL:
        return a * b;
    case DTAKE__FILTER_DIV:
        return a / b;
    case DTAKE__FILTER_IDIV:
        return trunc(a / b);
    case DTAKE__FILTER_MOD:
        return fmod(a, b);
    default:
        return pow(a, b);
    }
}

static dtake_status arithmetic(dtake__node *n, int64_t row, dtake__cell *out, dtake_error *err)
{
    dtake__cell a, b;
    int64_t whole;
    dtake_status st = two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    out->kind = DTAKE__CELL_NULL;
    if (!is_number(&a) || !is_number(&b))
        return DTAKE_OK;
    a = settled(&a);
    b = settled(&b);
    bool divides = n->op == DTAKE__FILTER_DIV || n->op == DTAKE__FILTER_IDIV || n->op == DTAKE__FILTER_MOD;
    if (divides && double_of(&b) == 0)
        return DTAKE_OK;
    if (a.kind == DTAKE__CELL_INT && b.kind == DTAKE__CELL_INT && whole_result(n->op, a.i64, b.i64, &whole))
        *out = (dtake__cell){ .kind = DTAKE__CELL_INT, .i64 = whole };
    else
        *out = (dtake__cell){ .kind = DTAKE__CELL_FLOAT,
                              .f64 = double_result(n->op, double_of(&a), double_of(&b)) };
    return DTAKE_OK;
}

static dtake_status folded(dtake__node *n, int64_t row, dtake__cell *out, dtake_error *err)
{
    dtake__cell inner, as_text = { .kind = DTAKE__CELL_TEXT };
    dtake_status st = dtake__node_cell(n->args[0], row, &inner, err);
    if (st != DTAKE_OK)
        return st;
    name_enum(n->args[0], &inner, &as_text);
    out->kind = DTAKE__CELL_NULL;
    if (inner.kind != DTAKE__CELL_TEXT)
        return DTAKE_OK;
    dtake__buf_clear(&n->scratch);
    st = dtake__fold_text(inner.bytes.at, inner.bytes.len, n->fold, &n->scratch);
    if (st != DTAKE_OK)
        return dtake__fail(err, st, "filter: %s", dtake_status_text(st));
    *out =
        (dtake__cell){ .kind = DTAKE__CELL_TEXT, .bytes = { dtake__buf_str(&n->scratch), n->scratch.len } };
    return DTAKE_OK;
}

dtake_status dtake__node_cell(dtake__node *n, int64_t row, dtake__cell *out, dtake_error *err)
{
    uint8_t truth;
    dtake_status st;
    *out = (dtake__cell){ .kind = DTAKE__CELL_NULL };
    switch (n->op) {
    case DTAKE__FILTER_FIELD:
        field_cell(n, row, out);
        return DTAKE_OK;
    case DTAKE__FILTER_ARRAY:
        *out = (dtake__cell){ .kind = DTAKE__CELL_LIST, .list = { n, 0, (int32_t)n->arg_count } };
        return DTAKE_OK;
    case DTAKE__FILTER_INTERVAL:
        return interval_cell(n, row, out, err);
    case DTAKE__FILTER_CASEI:
    case DTAKE__FILTER_ACCENTI:
        return folded(n, row, out, err);
    default:
        break;
    }
    if (n->op >= DTAKE__FILTER_ADD && n->op <= DTAKE__FILTER_POW)
        return arithmetic(n, row, out, err);
    if (!dtake__filter_op_is_test(n->op) || n->op == DTAKE__FILTER_BOOL) {
        *out = n->literal;
        return DTAKE_OK;
    }
    st = dtake__node_truth(n, row, &truth, err);
    out->kind = truth == DTAKE__UNKNOWN ? DTAKE__CELL_NULL : DTAKE__CELL_BOOL;
    out->truth = truth == DTAKE__TRUE;
    return st;
}
