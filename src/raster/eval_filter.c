#include "raster/eval_filter.h"
#include "raster/eval_state.h"

#include "core/error.h"
#include "geo/area.h"
#include "raster/eval_date.h"
#include "raster/eval_element.h"
#include "raster/eval_shape.h"

#include <math.h>
#include <string.h>

enum {
    MAX_DEPTH = 100,
    MAX_EQUAL =
        4000000,       /* values within values that are compared: they may hold one another many times over */
    MAX_VISITS = 4096, /* of filters within a filter, likewise */
    FREE_VISITS = 64,
};

/* --- values beside one another --- */

static bool is_number(const dtake__value *value)
{
    return !value->null &&
           (value->kind == DTAKE__NUMBER || value->kind == DTAKE__DATE || value->kind == DTAKE__BOOLEAN);
}

static double number_of(const dtake__value *value)
{
    return value->kind == DTAKE__BOOLEAN ? value->boolean : value->number;
}

bool dtake__value_compare(const dtake__value *a, const dtake__value *b, int *order)
{
    if (is_number(a) && is_number(b)) {
        double x = number_of(a), y = number_of(b);
        *order = (x > y) - (x < y);
        return true;
    }
    if (a->null || b->null || a->kind != DTAKE__STRING || b->kind != DTAKE__STRING)
        return false;
    int sign = strcmp(a->text, b->text);
    *order = (sign > 0) - (sign < 0);
    return true;
}

static bool equal(dtake__eval *eval, const dtake__value *a, const dtake__value *b, int depth)
{
    int order;
    if (a->null || b->null)
        return a->null && b->null;
    if (dtake__value_compare(a, b, &order))
        return order == 0;
    if (a->kind != b->kind || depth > MAX_DEPTH || !dtake__budget_compare(&eval->budget, 1))
        return false;
    switch (a->kind) {
    case DTAKE__LIST:
    case DTAKE__DICTIONARY:
        if (a->list.count != b->list.count)
            return false;
        /* Keys are looked for one by one. */
        if (a->kind == DTAKE__DICTIONARY &&
            !dtake__budget_compare(&eval->budget, (int64_t)(a->list.count * (a->list.count / 4))))
            return false;
        for (size_t i = 0; i < a->list.count; i++) {
            const dtake__value *other =
                a->kind == DTAKE__LIST ? &b->list.item[i] : dtake__properties_get(b, a->list.key[i]);
            if (other == NULL ? !a->list.item[i].null : !equal(eval, &a->list.item[i], other, depth + 1))
                return false;
        }
        return true;
    case DTAKE__DATE_RANGE:
        return a->range.start == b->range.start && a->range.end == b->range.end;
    case DTAKE__IMAGE:
        return a->image == b->image;
    case DTAKE__FEATURE:
        return a->feature == b->feature;
    case DTAKE__GEOMETRY:
        return a->shape == b->shape;
    default:
        return false;
    }
}

bool dtake__value_equal(dtake__eval *eval, const dtake__value *a, const dtake__value *b)
{
    return equal(eval, a, b, 0);
}

/* --- operands --- */

static bool is_shape_field(const char *field)
{
    return strcmp(field, ".all") == 0 || strcmp(field, ".geo") == 0;
}

static dtake__value operand_of(const dtake__filter_operand *operand, const dtake__value *element)
{
    if (operand->field == NULL)
        return operand->value;
    if (is_shape_field(operand->field)) {
        const dtake__figure *shape = dtake__element_shape(element);
        return shape != NULL ? (dtake__value){ .kind = DTAKE__GEOMETRY, .shape = shape }
                             : (dtake__value){ .null = true };
    }
    /* Items of lists have no properties: "item" is the item. */
    return element->null || dtake__element_properties(element) != NULL || element->kind == DTAKE__IMAGE ||
                   element->kind == DTAKE__FEATURE
               ? dtake__element_get(element, operand->field)
           : strcmp(operand->field, "item") == 0 ? *element
                                                 : (dtake__value){ .null = true };
}

static bool holds(dtake__eval *eval, const dtake__value *list, const dtake__value *value)
{
    if (list->null || value->null || list->kind != DTAKE__LIST)
        return false;
    for (size_t i = 0; i < list->list.count; i++)
        if (dtake__value_equal(eval, &list->list.item[i], value))
            return true;
    return false;
}

static bool both_text(const dtake__value *a, const dtake__value *b)
{
    return !a->null && !b->null && a->kind == DTAKE__STRING && b->kind == DTAKE__STRING;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

static dtake_status dates_hold(const dtake__value *range, const dtake__value *date, bool *out,
                               dtake_error *err)
{
    double start, end, at;
    *out = false;
    if (range->null || date->null)
        return DTAKE_OK;
    dtake_status st = dtake__range_of(range, &start, &end, err);
    if (st == DTAKE_OK)
        st = dtake__date_of(date, NULL, &at, err);
    *out = st == DTAKE_OK && at >= start && at < end;
    return st;
}

/* From low to high, both included; from high over the end of the cycle to low where low is the greater one.
 */
static bool in_cycle(double value, double low, double high)
{
    return low <= high ? value >= low && value <= high : value >= low || value <= high;
}

static dtake_status in_calendar(const dtake__filter_value *f, const dtake__value *date, bool *out,
                                dtake_error *err)
{
    dtake__calendar at;
    double ms;
    *out = false;
    if (date->null)
        return DTAKE_OK;
    dtake_status st = dtake__date_of(date, NULL, &ms, err);
    if (st != DTAKE_OK)
        return st;
    dtake__calendar_of(ms, 0, &at);
    const struct {
        const char *name;
        double value;
    } fields[] = { { "year", (double)at.year },
                   { "month", at.month },
                   { "hour", at.hour },
                   { "minute", at.minute },
                   { "day_of_year", at.day_of_year },
                   { "day_of_month", at.day },
                   { "day_of_week", at.day_of_week } };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(fields[i].name, f->unit) == 0) {
            *out = in_cycle(fields[i].value, f->low, f->high);
            return DTAKE_OK;
        }
    return dtake__fail(err, DTAKE_E_USAGE, "a calendar has no field '%.40s'", f->unit);
}

static dtake_status shapes_test(dtake__eval *eval, const dtake__filter_value *f, const dtake__value *left,
                                const dtake__value *right, bool *out, dtake_error *err)
{
    static const dtake__relation relations[] = { [DTAKE__F_INTERSECTS] = DTAKE__INTERSECTS,
                                                 [DTAKE__F_CONTAINS_SHAPE] = DTAKE__CONTAINS,
                                                 [DTAKE__F_IS_CONTAINED] = DTAKE__WITHIN,
                                                 [DTAKE__F_DISJOINT] = DTAKE__DISJOINT };
    dtake__value a, b;
    *out = false;
    if (left->null || right->null)
        return DTAKE_OK;
    dtake_status st = dtake__eval_cast(eval, left, DTAKE__GEOMETRY, &a, err);
    if (st == DTAKE_OK)
        st = dtake__eval_cast(eval, right, DTAKE__GEOMETRY, &b, err);
    if (st != DTAKE_OK)
        return st;
    if (f->kind == DTAKE__F_WITHIN_DISTANCE) {
        double metres;
        st = dtake__figure_distance(eval, a.shape, b.shape, &metres, err);
        *out = st == DTAKE_OK && metres <= f->low;
        return st;
    }
    return dtake__figure_relate(eval, a.shape, b.shape, relations[f->kind], out, err);
}

static bool all_set(const dtake__filter_value *f, const dtake__value *element)
{
    const dtake__value *names = &f->right.value;
    for (size_t i = 0; i < names->list.count; i++) {
        const dtake__value *name = &names->list.item[i];
        if (name->null || name->kind != DTAKE__STRING || dtake__element_get(element, name->text).null)
            return false;
    }
    return true;
}

static dtake_status compare(dtake__eval *eval, const dtake__filter_value *f, const dtake__value *left,
                            const dtake__value *right, bool *out)
{
    int order = 0;
    bool fits = dtake__value_compare(left, right, &order);
    switch (f->kind) {
    case DTAKE__F_EQUALS:
        *out = !left->null && !right->null && dtake__value_equal(eval, left, right);
        break;
    case DTAKE__F_LESS:
        *out = fits && order < 0;
        break;
    case DTAKE__F_GREATER:
        *out = fits && order > 0;
        break;
    case DTAKE__F_STARTS:
        *out = both_text(left, right) && strncmp(left->text, right->text, strlen(right->text)) == 0;
        break;
    case DTAKE__F_ENDS:
        *out = both_text(left, right) && ends_with(left->text, right->text);
        break;
    case DTAKE__F_CONTAINS:
        *out = both_text(left, right) && strstr(left->text, right->text) != NULL;
        break;
    case DTAKE__F_LIST_CONTAINS:
        *out = holds(eval, left, right);
        break;
    case DTAKE__F_MAX_DIFFERENCE:
        *out = is_number(left) && is_number(right) && fabs(number_of(left) - number_of(right)) <= f->low;
        break;
    default: /* a range */
        *out = is_number(left) && number_of(left) >= f->low && number_of(left) <= f->high;
        break;
    }
    return DTAKE_OK;
}

/* Of one pair of elements. */
typedef struct trial {
    dtake__eval *eval;
    const dtake__value *left, *right; /* right NULL: of one element */
    int visits;
} trial;

static dtake_status passes(trial *t, const dtake__filter_value *f, int depth, bool *out, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (++t->visits > MAX_VISITS)
        return dtake__fail(err, DTAKE_E_LIMIT, "a filter of more than %d parts", MAX_VISITS);
    if (depth > MAX_DEPTH)
        return dtake__fail(err, DTAKE_E_LIMIT, "filters lie more than %d deep in one another", MAX_DEPTH);
    if (f->kind == DTAKE__F_AND || f->kind == DTAKE__F_OR) {
        *out = f->kind == DTAKE__F_AND;
        for (size_t i = 0; i < f->parts && st == DTAKE_OK && *out == (f->kind == DTAKE__F_AND); i++)
            st = passes(t, f->part[i], depth + 1, out, err);
        return st;
    }
    if (f->kind == DTAKE__F_NOT) {
        st = passes(t, f->part[0], depth + 1, out, err);
        *out = !*out;
        return st;
    }
    const dtake__value left = operand_of(&f->left, t->left);
    const dtake__value right = operand_of(&f->right, t->right != NULL ? t->right : t->left);
    switch (f->kind) {
    case DTAKE__F_NOT_NULL:
        *out = all_set(f, t->left);
        return DTAKE_OK;
    case DTAKE__F_DATE_RANGE_CONTAINS:
        return dates_hold(&left, &right, out, err);
    case DTAKE__F_CALENDAR:
        return in_calendar(f, &left, out, err);
    case DTAKE__F_INTERSECTS:
    case DTAKE__F_CONTAINS_SHAPE:
    case DTAKE__F_IS_CONTAINED:
    case DTAKE__F_DISJOINT:
    case DTAKE__F_WITHIN_DISTANCE:
        return shapes_test(t->eval, f, &left, &right, out, err);
    case DTAKE__F_LIST_CONTAINS:
        st = left.null || left.kind != DTAKE__LIST ? DTAKE_OK
                                                   : dtake__eval_compare(t->eval, left.list.count, 1, err);
        return st == DTAKE_OK ? compare(t->eval, f, &left, &right, out) : st;
    default:
        return compare(t->eval, f, &left, &right, out);
    }
}

dtake_status dtake__filter_passes(dtake__eval *eval, const dtake__filter_value *filter,
                                  const dtake__value *left, const dtake__value *right, bool *out,
                                  dtake_error *err)
{
    trial t = { eval, left, right, 0 };
    dtake_status st = passes(&t, filter, 0, out, err);
    return st == DTAKE_OK && t.visits > FREE_VISITS ? dtake__eval_spend(eval, t.visits / FREE_VISITS, err)
                                                    : st;
}

dtake_status dtake__filter_all(dtake__eval *eval, const dtake__value *list, const dtake__filter_value **out,
                               dtake_error *err)
{
    dtake__slab *slab = dtake__eval_slab(eval);
    dtake__filter_value *all = dtake__slab_alloc(slab, 1, sizeof *all);
    const dtake__filter_value **part = dtake__slab_alloc(slab, list->list.count + 1, sizeof *part);
    if (all == NULL || part == NULL)
        return dtake__fail_nomem(err, "a filter");
    for (size_t i = 0; i < list->list.count; i++) {
        dtake__value one;
        dtake_status st = dtake__eval_cast(eval, &list->list.item[i], DTAKE__FILTER, &one, err);
        if (st != DTAKE_OK)
            return st;
        part[i] = one.filter;
    }
    *all = (dtake__filter_value){ .kind = DTAKE__F_AND, .part = part, .parts = list->list.count };
    *out = all;
    return DTAKE_OK;
}
