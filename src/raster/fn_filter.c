/* Filters as values. */
#include "raster/eval_filter.h"
#include "raster/eval_function.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static dtake__filter_value *make(dtake__call *call, dtake__filter_kind kind, dtake_error *err)
{
    dtake__filter_value *f = dtake__call_alloc(call, 1, sizeof *f, err);
    if (f != NULL) {
        *f = (dtake__filter_value){ .kind = kind,
                                    .left.value = { .null = true },
                                    .right.value = { .null = true } };
        call->out = (dtake__value){ .kind = DTAKE__FILTER, .filter = f };
    }
    return f;
}

/* The field if there is one, else the value. */
static void operand(dtake__filter_operand *out, const dtake__value *field, const dtake__value *value)
{
    out->field = field->null ? NULL : field->text;
    out->value = *value;
}

/* leftField, rightValue, rightField, leftValue from argument `first` on. */
static dtake_status pair(dtake__call *call, dtake__filter_kind kind, int first, dtake_error *err)
{
    const dtake__value *arg = call->arg + first;
    dtake__filter_value *f = make(call, kind, err);
    if (f == NULL)
        return DTAKE_E_NOMEM;
    operand(&f->left, &arg[0], &arg[3]);
    operand(&f->right, &arg[2], &arg[1]);
    if (f->left.field == NULL && f->right.field == NULL)
        return dtake__fail(err, DTAKE_E_USAGE, "neither leftField nor rightField is given");
    return DTAKE_OK;
}

#define OPERANDS                                                                                             \
    { "leftField", DTAKE__STRING, "null" }, { "rightValue", DTAKE__OBJECT, "null" },                         \
        { "rightField", DTAKE__STRING, "null" },                                                             \
    {                                                                                                        \
        "leftValue", DTAKE__OBJECT, "null"                                                                   \
    }
#define COMPARISON(id, title, kind)                                                                          \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return pair(call, kind, 0, err);                                                                     \
    }                                                                                                        \
    DTAKE__FUNCTION(filter_##id, title, FILTER, fn_##id, OPERANDS)
#define SPATIAL(id, title, kind)                                                                             \
    static dtake_status fn_##id(dtake__call *call, dtake_error *err)                                         \
    {                                                                                                        \
        return pair(call, kind, 0, err);                                                                     \
    }                                                                                                        \
    DTAKE__FUNCTION(filter_##id, title, FILTER, fn_##id, OPERANDS, { "maxError", DTAKE__OBJECT, "null" })

COMPARISON(equals, "Filter.equals", DTAKE__F_EQUALS);
COMPARISON(less_than, "Filter.lessThan", DTAKE__F_LESS);
COMPARISON(greater_than, "Filter.greaterThan", DTAKE__F_GREATER);
COMPARISON(string_starts_with, "Filter.stringStartsWith", DTAKE__F_STARTS);
COMPARISON(string_ends_with, "Filter.stringEndsWith", DTAKE__F_ENDS);
COMPARISON(string_contains, "Filter.stringContains", DTAKE__F_CONTAINS);
COMPARISON(list_contains, "Filter.listContains", DTAKE__F_LIST_CONTAINS);
COMPARISON(date_range_contains, "Filter.dateRangeContains", DTAKE__F_DATE_RANGE_CONTAINS);
SPATIAL(intersects, "Filter.intersects", DTAKE__F_INTERSECTS);
SPATIAL(contains, "Filter.contains", DTAKE__F_CONTAINS_SHAPE);
SPATIAL(is_contained, "Filter.isContained", DTAKE__F_IS_CONTAINED);
SPATIAL(disjoint, "Filter.disjoint", DTAKE__F_DISJOINT);

static dtake_status max_difference(dtake__call *call, dtake_error *err)
{
    dtake_status st = pair(call, DTAKE__F_MAX_DIFFERENCE, 1, err);
    if (st == DTAKE_OK)
        ((dtake__filter_value *)(uintptr_t)call->out.filter)->low = call->arg[0].number;
    return st;
}
DTAKE__FUNCTION(filter_max_difference, "Filter.maxDifference", FILTER, max_difference,
                { "difference", DTAKE__NUMBER }, OPERANDS);

static dtake_status within_distance(dtake__call *call, dtake_error *err)
{
    dtake_status st = pair(call, DTAKE__F_WITHIN_DISTANCE, 1, err);
    if (st == DTAKE_OK)
        ((dtake__filter_value *)(uintptr_t)call->out.filter)->low = call->arg[0].number;
    return st;
}
DTAKE__FUNCTION(filter_within_distance, "Filter.withinDistance", FILTER, within_distance,
                { "distance", DTAKE__NUMBER }, OPERANDS, { "maxError", DTAKE__OBJECT, "null" });

static dtake_status range_contains(dtake__call *call, dtake_error *err)
{
    dtake__filter_value *f = make(call, DTAKE__F_RANGE_CONTAINS, err);
    if (f == NULL)
        return DTAKE_E_NOMEM;
    f->left.field = call->arg[0].text;
    if (call->arg[1].kind != DTAKE__NUMBER || call->arg[2].kind != DTAKE__NUMBER)
        return dtake__fail(err, DTAKE_E_USAGE, "minValue and maxValue must be numbers");
    f->low = call->arg[1].number;
    f->high = call->arg[2].number;
    return DTAKE_OK;
}
DTAKE__FUNCTION(filter_range_contains, "Filter.rangeContains", FILTER, range_contains,
                { "field", DTAKE__STRING }, { "minValue", DTAKE__OBJECT }, { "maxValue", DTAKE__OBJECT });

static dtake_status calendar_range(dtake__call *call, dtake_error *err)
{
    dtake__filter_value *f = make(call, DTAKE__F_CALENDAR, err);
    if (f == NULL)
        return DTAKE_E_NOMEM;
    f->left.field = "system:time_start";
    f->low = call->arg[0].number;
    f->high = call->arg[1].null ? f->low : call->arg[1].number;
    f->unit = call->arg[2].text;
    return DTAKE_OK;
}
DTAKE__FUNCTION(filter_calendar_range, "Filter.calendarRange", FILTER, calendar_range,
                { "start", DTAKE__NUMBER }, { "end", DTAKE__NUMBER, "null" },
                { "field", DTAKE__STRING, "day_of_year" });

static dtake_status not_null(dtake__call *call, dtake_error *err)
{
    dtake__filter_value *f = make(call, DTAKE__F_NOT_NULL, err);
    if (f == NULL)
        return DTAKE_E_NOMEM;
    f->right.value = call->arg[0];
    return DTAKE_OK;
}
DTAKE__FUNCTION(filter_not_null, "Filter.notNull", FILTER, not_null, { "properties", DTAKE__LIST });

static dtake_status and_all(dtake__call *call, dtake_error *err)
{
    call->out = (dtake__value){ .kind = DTAKE__FILTER };
    return dtake__filter_all(call->eval, &call->arg[0], &call->out.filter, err);
}
DTAKE__FUNCTION(filter_and, "Filter.and", FILTER, and_all, { "filters", DTAKE__LIST });

static dtake_status or_any(dtake__call *call, dtake_error *err)
{
    dtake_status st = and_all(call, err);
    if (st == DTAKE_OK)
        ((dtake__filter_value *)(uintptr_t)call->out.filter)->kind = DTAKE__F_OR;
    return st;
}
DTAKE__FUNCTION(filter_or, "Filter.or", FILTER, or_any, { "filters", DTAKE__LIST });

static dtake_status negate(dtake__call *call, dtake_error *err)
{
    const dtake__filter_value **part = dtake__call_alloc(call, 1, sizeof *part, err);
    const dtake__filter_value *inner = call->arg[0].filter;
    dtake__filter_value *f = make(call, DTAKE__F_NOT, err);
    if (part == NULL || f == NULL)
        return DTAKE_E_NOMEM;
    part[0] = inner;
    f->part = part;
    f->parts = 1;
    return DTAKE_OK;
}
DTAKE__FUNCTION(filter_not, "Filter.not", FILTER, negate, { "filter", DTAKE__FILTER });
