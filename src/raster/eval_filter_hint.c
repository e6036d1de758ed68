/* What of a filter a catalogue can be asked: never less than passes. */
#include "core/error.h"
#include "raster/eval_date.h"
#include "raster/eval_filter.h"

#include <math.h>
#include <string.h>

enum {
    MAX_DEPTH = 20,
    MAX_LIST = 1000,
    MAX_VISITS = 4096 /* filters may hold one another many times over */
};

static dtake__filter *literal_of(const dtake__value *value)
{
    if (value->null)
        return NULL;
    if (value->kind == DTAKE__STRING)
        return dtake__filter_string(value->text);
    if (value->kind == DTAKE__NUMBER && isfinite(value->number))
        return dtake__filter_float(value->number);
    return NULL;
}

/* Takes both, which may be NULL: then there is none. */
static dtake__filter *pair_of(dtake__filter_op op, dtake__filter *a, dtake__filter *b)
{
    dtake__filter *const args[] = { a, b };
    if (a != NULL && b != NULL)
        return dtake__filter_of(op, args, 2);
    dtake__filter_free(a);
    dtake__filter_free(b);
    return NULL;
}

static bool is_property(const dtake__filter_operand *operand)
{
    return operand->field != NULL && operand->field[0] != '.';
}

static dtake__filter *comparison_of(const dtake__filter_value *f)
{
    dtake__filter_op op = f->kind == DTAKE__F_EQUALS ? DTAKE__FILTER_EQ
                          : f->kind == DTAKE__F_LESS ? DTAKE__FILTER_LT
                                                     : DTAKE__FILTER_GT;
    if (is_property(&f->left) && f->right.field == NULL)
        return pair_of(op, dtake__filter_field(f->left.field), literal_of(&f->right.value));
    op = op == DTAKE__FILTER_LT ? DTAKE__FILTER_GT : op == DTAKE__FILTER_GT ? DTAKE__FILTER_LT : op;
    return is_property(&f->right) && f->left.field == NULL
               ? pair_of(op, dtake__filter_field(f->right.field), literal_of(&f->left.value))
               : NULL;
}

/* The value is one of a list. */
static dtake__filter *member_of(const dtake__filter_value *f)
{
    const dtake__value *list = &f->left.value;
    if (!is_property(&f->right) || f->left.field != NULL || list->null || list->kind != DTAKE__LIST ||
        list->list.count == 0 || list->list.count > MAX_LIST)
        return NULL;
    dtake__filter *in = dtake__filter_new(DTAKE__FILTER_IN);
    dtake__filter *field = in != NULL ? dtake__filter_field(f->right.field) : NULL;
    bool whole = field != NULL && dtake__filter_add_arg(in, field) == DTAKE_OK;
    for (size_t i = 0; i < list->list.count && whole; i++) {
        dtake__filter *one = literal_of(&list->list.item[i]);
        whole = one != NULL && dtake__filter_add_arg(in, one) == DTAKE_OK;
    }
    if (!whole) {
        dtake__filter_free(in);
        return NULL;
    }
    return in;
}

static dtake__filter *tree_of(const dtake__filter_value *f, int depth, int *visits)
{
    if (depth > MAX_DEPTH || ++*visits > MAX_VISITS)
        return NULL;
    switch (f->kind) {
    case DTAKE__F_EQUALS:
    case DTAKE__F_LESS:
    case DTAKE__F_GREATER:
        return comparison_of(f);
    case DTAKE__F_LIST_CONTAINS:
        return member_of(f);
    case DTAKE__F_NOT: { /* what has no such property passes, too */
        const dtake__filter_value *part = f->part[0];
        dtake__filter *inner =
            part->kind == DTAKE__F_EQUALS || part->kind == DTAKE__F_LESS || part->kind == DTAKE__F_GREATER
                ? comparison_of(part)
                : NULL;
        if (inner == NULL)
            return NULL;
        const char *name = is_property(&part->left) ? part->left.field : part->right.field;
        dtake__filter *field = dtake__filter_field(name);
        dtake__filter *missing = field != NULL ? dtake__filter_of(DTAKE__FILTER_IS_NULL, &field, 1) : NULL;
        return pair_of(DTAKE__FILTER_OR, dtake__filter_of(DTAKE__FILTER_NOT, &inner, 1), missing);
    }
    case DTAKE__F_OR: {
        dtake__filter *any = f->parts > 1 ? dtake__filter_new(DTAKE__FILTER_OR) : NULL;
        for (size_t i = 0; any != NULL && i < f->parts; i++) {
            dtake__filter *one = tree_of(f->part[i], depth + 1, visits);
            if (one == NULL || dtake__filter_add_arg(any, one) != DTAKE_OK) {
                dtake__filter_free(any);
                return NULL;
            }
        }
        return any;
    }
    default:
        return NULL;
    }
}

static void narrow_time(const dtake__filter_value *f, dtake__asset_query *query)
{
    double start, end;
    if (f->right.field == NULL || strcmp(f->right.field, "system:time_start") != 0 || f->left.field != NULL ||
        dtake__range_of(&f->left.value, &start, &end, NULL) != DTAKE_OK)
        return;
    query->start_ms = start > query->start_ms ? start : query->start_ms;
    query->end_ms = end < query->end_ms ? end : query->end_ms;
}

/* The box of a shape in longitude and latitude, with room for the tolerance of such filters. */
static void narrow_box(const dtake__filter_value *f, dtake__asset_query *query)
{
    const dtake__value *value = f->left.field == NULL ? &f->left.value : &f->right.value;
    const dtake__figure *shape = value->null                      ? NULL
                                 : value->kind == DTAKE__GEOMETRY ? value->shape
                                 : value->kind == DTAKE__FEATURE  ? value->feature->shape
                                                                  : NULL;
    const char *field = f->left.field != NULL ? f->left.field : f->right.field;
    const double room = 1e-5;
    if (query->has_box || field == NULL || field[0] != '.' || shape == NULL || shape->crs != NULL ||
        shape->points == 0 || shape->box[0] < -180 || shape->box[2] > 180)
        return;
    query->has_box = true;
    query->box = (dtake_box){ fmax(shape->box[0] - room, -180), fmax(shape->box[1] - room, -90),
                              fmin(shape->box[2] + room, 180), fmin(shape->box[3] + room, 90) };
}

static dtake_status narrow(const dtake__filter_value *f, int depth, int *visits, dtake__filter **filter,
                           dtake__asset_query *query, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    if (++*visits > MAX_VISITS)
        return DTAKE_OK;
    if (f->kind == DTAKE__F_AND && depth < MAX_DEPTH) {
        for (size_t i = 0; i < f->parts && st == DTAKE_OK; i++)
            st = narrow(f->part[i], depth + 1, visits, filter, query, err);
        return st;
    }
    if (f->kind == DTAKE__F_DATE_RANGE_CONTAINS)
        narrow_time(f, query);
    if (f->kind == DTAKE__F_INTERSECTS || f->kind == DTAKE__F_CONTAINS_SHAPE ||
        f->kind == DTAKE__F_IS_CONTAINED)
        narrow_box(f, query);
    dtake__filter *tree = tree_of(f, 0, visits);
    if (tree == NULL)
        return DTAKE_OK;
    st = dtake__filter_and(filter, tree);
    return st == DTAKE_E_LIMIT ? DTAKE_OK : st; /* too much to be asked is not asked */
}

dtake_status dtake__filter_hint(const dtake__filter_value *const *filter, size_t count,
                                dtake__asset_query *query, dtake_error *err)
{
    dtake__filter *all = NULL;
    dtake_status st = DTAKE_OK;
    int visits = 0;
    for (size_t i = 0; i < count && st == DTAKE_OK; i++)
        st = narrow(filter[i], 0, &visits, &all, query, err);
    query->filter = all;
    return st;
}
