#include "query/filter.h"

#include "core/alloc.h"

#include <string.h>

static const char *const op_names[] = {
#define OP_NAME(name, text, least, most) text,
    DTAKE__FILTER_MAP(OP_NAME)
#undef OP_NAME
};

const char *dtake__filter_op_name(dtake__filter_op op)
{
    return (unsigned)op < DTAKE__FILTER_OPS ? op_names[op] : "?";
}

bool dtake__filter_op_is_test(dtake__filter_op op)
{
    return op <= DTAKE__FILTER_A_OVERLAPS;
}

dtake__filter *dtake__filter_new(dtake__filter_op op)
{
    dtake__filter *filter = dtake__calloc(1, sizeof *filter);
    if (filter != NULL)
        filter->op = op;
    return filter;
}

static dtake__filter *with_text(dtake__filter_op op, const char *text)
{
    dtake__filter *filter = dtake__filter_new(op);
    if (filter == NULL)
        return NULL;
    filter->text = dtake__strdup(text);
    if (filter->text == NULL) {
        dtake__filter_free(filter);
        return NULL;
    }
    return filter;
}

dtake__filter *dtake__filter_field(const char *name)
{
    return with_text(DTAKE__FILTER_FIELD, name);
}

dtake__filter *dtake__filter_string(const char *text)
{
    return with_text(DTAKE__FILTER_STRING, text);
}

dtake__filter *dtake__filter_int(int64_t value)
{
    dtake__filter *filter = dtake__filter_new(DTAKE__FILTER_INT);
    if (filter != NULL)
        filter->i64 = value;
    return filter;
}

dtake__filter *dtake__filter_float(double value)
{
    dtake__filter *filter = dtake__filter_new(DTAKE__FILTER_FLOAT);
    if (filter != NULL)
        filter->f64 = value;
    return filter;
}

dtake__filter *dtake__filter_time(int64_t time_ns)
{
    dtake__filter *filter = dtake__filter_new(DTAKE__FILTER_TIMESTAMP);
    if (filter != NULL)
        filter->time_ns = time_ns;
    return filter;
}

/* Capacities are powers of two, so that the count tells when one is full. */
dtake_status dtake__filter_add_arg(dtake__filter *filter, dtake__filter *arg)
{
    if (arg == NULL)
        return DTAKE_E_NOMEM;
    uint32_t depth = arg->depth + 1;
    if (depth > DTAKE__FILTER_MAX_DEPTH) {
        dtake__filter_free(arg);
        return DTAKE_E_LIMIT;
    }
    size_t count = filter->arg_count;
    if ((count & (count - 1)) == 0) {
        dtake__filter **args = dtake__realloc_array(filter->args, count == 0 ? 1 : count * 2, sizeof *args);
        if (args == NULL) {
            dtake__filter_free(arg);
            return DTAKE_E_NOMEM;
        }
        filter->args = args;
    }
    filter->args[filter->arg_count++] = arg;
    filter->depth = depth > filter->depth ? depth : filter->depth;
    return DTAKE_OK;
}

dtake__filter *dtake__filter_of(dtake__filter_op op, dtake__filter *const *args, size_t count)
{
    dtake__filter *filter = dtake__filter_new(op);
    bool whole = filter != NULL;
    for (size_t i = 0; i < count; i++) {
        if (whole)
            whole = dtake__filter_add_arg(filter, args[i]) == DTAKE_OK;
        else
            dtake__filter_free(args[i]);
    }
    if (whole)
        return filter;
    dtake__filter_free(filter);
    return NULL;
}

static dtake_status join(dtake__filter **filter, dtake__filter *more)
{
    uint32_t depth = ((*filter)->depth > more->depth ? (*filter)->depth : more->depth) + 1;
    dtake__filter *both = dtake__filter_new(DTAKE__FILTER_AND);
    dtake__filter **args = dtake__calloc(2, sizeof *args);
    if (both == NULL || args == NULL || depth > DTAKE__FILTER_MAX_DEPTH) {
        dtake_status st = both == NULL || args == NULL ? DTAKE_E_NOMEM : DTAKE_E_LIMIT;
        dtake__free(both);
        dtake__free(args);
        dtake__filter_free(more);
        return st;
    }
    args[0] = *filter;
    args[1] = more;
    both->args = args;
    both->arg_count = 2;
    both->depth = depth;
    *filter = both;
    return DTAKE_OK;
}

dtake_status dtake__filter_and(dtake__filter **filter, dtake__filter *more)
{
    if (more == NULL)
        return DTAKE_E_NOMEM;
    if (*filter != NULL)
        return (*filter)->op == DTAKE__FILTER_AND ? dtake__filter_add_arg(*filter, more) : join(filter, more);
    *filter = more;
    return DTAKE_OK;
}

void dtake__filter_free(dtake__filter *filter)
{
    if (filter == NULL)
        return;
    for (size_t i = 0; i < filter->arg_count; i++)
        dtake__filter_free(filter->args[i]);
    dtake__free(filter->args);
    dtake__free(filter->text);
    dtake__geometry_dispose(&filter->geometry);
    dtake__free(filter);
}

static bool copy_inside(const dtake__filter *from, dtake__filter *to)
{
    if (from->text != NULL && (to->text = dtake__strdup(from->text)) == NULL)
        return false;
    if (from->op == DTAKE__FILTER_GEOMETRY)
        return dtake__geometry_copy(&from->geometry, &to->geometry, NULL) == DTAKE_OK;
    for (size_t i = 0; i < from->arg_count; i++)
        if (dtake__filter_add_arg(to, dtake__filter_copy(from->args[i])) != DTAKE_OK)
            return false;
    return true;
}

dtake__filter *dtake__filter_copy(const dtake__filter *filter)
{
    dtake__filter *copy = dtake__filter_new(filter->op);
    if (copy == NULL)
        return NULL;
    copy->column = filter->column;
    copy->box = filter->box; /* the largest of the values that share its place */
    if (copy_inside(filter, copy))
        return copy;
    dtake__filter_free(copy);
    return NULL;
}

static bool values_equal(const dtake__filter *a, const dtake__filter *b)
{
    switch (a->op) {
    case DTAKE__FILTER_FIELD:
    case DTAKE__FILTER_STRING:
        return strcmp(a->text, b->text) == 0;
    case DTAKE__FILTER_INT:
    case DTAKE__FILTER_TIMESTAMP:
    case DTAKE__FILTER_DATE:
        return a->i64 == b->i64;
    case DTAKE__FILTER_UINT:
        return a->u64 == b->u64;
    case DTAKE__FILTER_FLOAT:
        return a->f64 == b->f64;
    case DTAKE__FILTER_BOOL:
        return a->truth == b->truth;
    case DTAKE__FILTER_BBOX:
        return a->box.west == b->box.west && a->box.south == b->box.south && a->box.east == b->box.east &&
               a->box.north == b->box.north;
    case DTAKE__FILTER_GEOMETRY:
        return dtake__geometry_equal(&a->geometry, &b->geometry);
    default:
        return true;
    }
}

bool dtake__filter_equal(const dtake__filter *a, const dtake__filter *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->op != b->op || a->arg_count != b->arg_count || !values_equal(a, b))
        return false;
    for (size_t i = 0; i < a->arg_count; i++)
        if (!dtake__filter_equal(a->args[i], b->args[i]))
            return false;
    return true;
}
