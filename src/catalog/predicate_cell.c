/* Values of one row: of fields, of items of lists, of arithmetic. */
#include "catalog/predicate.h"

#include "core/error.h"
#include "query/bounds.h"
#include "table/column.h"
#include "table/schema.h"

#include <math.h>
#include <string.h>

/* --- fields --- */

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

dtake_status dtake__cell_item(const dtake__cell *list, int32_t i, dtake__cell *out, dtake_error *err)
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

static dtake_status interval_cell(dtake__node *n, int64_t row, dtake__cell *out, dtake_error *err)
{
    dtake__cell a, b;
    dtake_status st = dtake__node_two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    out->kind =
        a.kind == DTAKE__CELL_TIME && b.kind == DTAKE__CELL_TIME ? DTAKE__CELL_TIME : DTAKE__CELL_NULL;
    out->time = (dtake_interval){ .start_ns = a.time.start_ns, .end_ns = b.time.end_ns };
    return DTAKE_OK;
}

/* --- arithmetic and texts --- */

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
    dtake_status st = dtake__node_two_cells(n, 1, row, &a, &b, err);
    if (st != DTAKE_OK)
        return st;
    out->kind = DTAKE__CELL_NULL;
    if (!dtake__cell_is_number(&a) || !dtake__cell_is_number(&b))
        return DTAKE_OK;
    a = dtake__cell_settled(&a);
    b = dtake__cell_settled(&b);
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
    dtake__cell_name_enum(n->args[0], &inner, &as_text);
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
