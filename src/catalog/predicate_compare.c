/* Two values beside each other. */
#include "catalog/predicate.h"

#include "query/bounds.h"

#include <math.h>
#include <string.h>

bool dtake__cell_is_number(const dtake__cell *c)
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

dtake__cell dtake__cell_settled(const dtake__cell *c)
{
    if (c->kind == DTAKE__CELL_UINT && c->u64 <= INT64_MAX)
        return (dtake__cell){ .kind = DTAKE__CELL_INT, .i64 = (int64_t)c->u64 };
    return *c;
}

static bool compare_numbers(const dtake__cell *a, const dtake__cell *b, int *order)
{
    dtake__cell x = dtake__cell_settled(a), y = dtake__cell_settled(b);
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
    if (dtake__cell_is_number(a) && dtake__cell_is_number(b))
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

void dtake__cell_name_enum(const dtake__node *n, dtake__cell *cell, const dtake__cell *other)
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

dtake_status dtake__node_two_cells(dtake__node *n, size_t second, int64_t row, dtake__cell *a, dtake__cell *b,
                                   dtake_error *err)
{
    dtake_status st = dtake__node_cell(n->args[0], row, a, err);
    if (st == DTAKE_OK)
        st = dtake__node_cell(n->args[second], row, b, err);
    if (st == DTAKE_OK) {
        dtake__cell_name_enum(n->args[0], a, b);
        dtake__cell_name_enum(n->args[second], b, a);
    }
    return st;
}
