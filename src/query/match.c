#include "query/match.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <string.h>

static const int64_t LAST_NS_OF_DAY = 86399999999999;

dtake_status dtake__filter_string_to_time(dtake__filter *string, dtake_error *err)
{
    int64_t time_ns;
    bool is_day;
    dtake_status st = dtake__time_parse(string->text, &time_ns, &is_day, err);
    if (st != DTAKE_OK) {
        if (string->column > 0)
            dtake__error_prefix(err, "filter: column %u", string->column);
        else
            dtake__error_prefix(err, "filter");
        return st;
    }
    dtake__free(string->text);
    string->text = NULL;
    string->op = is_day ? DTAKE__FILTER_DATE : DTAKE__FILTER_TIMESTAMP;
    string->time_ns = time_ns;
    return DTAKE_OK;
}

bool dtake__filter_instants(const dtake__filter *filter, dtake_interval *out)
{
    dtake_interval start, end;
    switch (filter->op) {
    case DTAKE__FILTER_TIMESTAMP:
        *out = (dtake_interval){ .start_ns = filter->time_ns, .end_ns = filter->time_ns };
        return true;
    case DTAKE__FILTER_DATE:
        *out = (dtake_interval){ .start_ns = filter->time_ns, .end_ns = filter->time_ns + LAST_NS_OF_DAY };
        return true;
    case DTAKE__FILTER_OPEN:
        *out = (dtake_interval){ .start_ns = INT64_MIN, .end_ns = INT64_MAX };
        return true;
    case DTAKE__FILTER_INTERVAL:
        if (filter->arg_count != 2 || !dtake__filter_instants(filter->args[0], &start) ||
            !dtake__filter_instants(filter->args[1], &end))
            return false;
        *out = (dtake_interval){ .start_ns = start.start_ns, .end_ns = end.end_ns };
        return true;
    default:
        return false;
    }
}

bool dtake__times_related(dtake__filter_op op, const dtake_interval *a, const dtake_interval *b)
{
    int64_t as = a->start_ns, ae = a->end_ns, bs = b->start_ns, be = b->end_ns;
    switch (op) {
    case DTAKE__FILTER_T_AFTER:
        return as > be;
    case DTAKE__FILTER_T_BEFORE:
        return ae < bs;
    case DTAKE__FILTER_T_CONTAINS:
        return as < bs && ae > be;
    case DTAKE__FILTER_T_DISJOINT:
        return ae < bs || as > be;
    case DTAKE__FILTER_T_DURING:
        return as > bs && ae < be;
    case DTAKE__FILTER_T_EQUALS:
        return as == bs && ae == be;
    case DTAKE__FILTER_T_FINISHED_BY:
        return as < bs && ae == be;
    case DTAKE__FILTER_T_FINISHES:
        return as > bs && ae == be;
    case DTAKE__FILTER_T_INTERSECTS:
        return as <= be && ae >= bs;
    case DTAKE__FILTER_T_MEETS:
        return ae == bs;
    case DTAKE__FILTER_T_MET_BY:
        return as == be;
    case DTAKE__FILTER_T_OVERLAPPED_BY:
        return as > bs && as < be && ae > be;
    case DTAKE__FILTER_T_OVERLAPS:
        return as < bs && ae > bs && ae < be;
    case DTAKE__FILTER_T_STARTED_BY:
        return as == bs && ae > be;
    default:
        return as == bs && ae < be;
    }
}

dtake__relation dtake__filter_relation(dtake__filter_op op)
{
    switch (op) {
    case DTAKE__FILTER_S_DISJOINT:
        return DTAKE__DISJOINT;
    case DTAKE__FILTER_S_CONTAINS:
        return DTAKE__CONTAINS;
    case DTAKE__FILTER_S_WITHIN:
        return DTAKE__WITHIN;
    case DTAKE__FILTER_S_EQUALS:
        return DTAKE__EQUALS;
    case DTAKE__FILTER_S_TOUCHES:
        return DTAKE__TOUCHES;
    case DTAKE__FILTER_S_CROSSES:
        return DTAKE__CROSSES;
    case DTAKE__FILTER_S_OVERLAPS:
        return DTAKE__OVERLAPS;
    default:
        return DTAKE__INTERSECTS;
    }
}

dtake__relation dtake__relation_reversed(dtake__relation relation)
{
    return relation == DTAKE__CONTAINS ? DTAKE__WITHIN
           : relation == DTAKE__WITHIN ? DTAKE__CONTAINS
                                       : relation;
}
