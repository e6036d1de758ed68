/* Literals of CQL2 text. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/number.h"
#include "query/cql2_parse.h"
#include "query/literal.h"
#include "query/operands.h"

#include <string.h>

dtake__filter *dtake__cql2_string(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_STRING, column);
    if (node == NULL)
        return NULL;
    node->text = dtake__cql2_take_quoted(in, '\'');
    if (node->text != NULL)
        return node;
    dtake__filter_free(node);
    return NULL;
}

dtake__filter *dtake__cql2_number(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__decimal number;
    if (!dtake__decimal_scan(in->at, in->end, &number))
        return dtake__cql2_expected(in, "a number");
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_INT, column);
    if (node == NULL)
        return NULL;
    if (!dtake__literal_set_number(node, &number)) {
        dtake__filter_free(node);
        return dtake__cql2_fail(in, column, "a number that is too large");
    }
    dtake__cql2_skip(in, (size_t)(number.end - in->at));
    return node;
}

/* Text of a time within quotes; ".." where `in_interval`. */
static dtake__filter *parse_time_text(dtake__cql2 *in, dtake__filter_op op, bool in_interval)
{
    uint32_t column = dtake__cql2_column(in);
    if (*in->at != '\'')
        return dtake__cql2_expected(in, "a time in single quotes");
    char *text = dtake__cql2_take_quoted(in, '\'');
    dtake__filter *node = text != NULL ? dtake__cql2_node(in, op, column) : NULL;
    bool is_day = false;
    dtake_error why = { 0 };
    if (node != NULL && in_interval && strcmp(text, "..") == 0) {
        node->op = DTAKE__FILTER_OPEN;
    } else if (node != NULL && dtake__time_parse(text, &node->time_ns, &is_day, &why) != DTAKE_OK) {
        dtake__filter_free(node);
        node = dtake__cql2_fail(in, column, "%s", why.message);
    } else if (node != NULL && in_interval) {
        node->op = is_day ? DTAKE__FILTER_DATE : DTAKE__FILTER_TIMESTAMP;
    } else if (node != NULL && op == DTAKE__FILTER_DATE && !is_day) {
        dtake__filter_free(node);
        node = dtake__cql2_fail(in, column,
                                "DATE takes a day as '2024-07-31'; with a time of day write TIMESTAMP");
    } else if (node != NULL && op == DTAKE__FILTER_TIMESTAMP && is_day) {
        dtake__filter_free(node);
        node = dtake__cql2_fail(in, column,
                                "TIMESTAMP takes a time as '2024-07-31T15:59:00Z'; for a day write DATE");
    }
    dtake__free(text);
    return node;
}

dtake__filter *dtake__cql2_instant(dtake__cql2 *in, dtake__filter_op op)
{
    dtake__filter *node = parse_time_text(in, op, false);
    if (node == NULL || dtake__cql2_take_sign(in, ")"))
        return node;
    dtake__filter_free(node);
    return dtake__cql2_expected(in, "')'");
}

static dtake__filter *parse_interval_end(dtake__cql2 *in)
{
    dtake__cql2_column(in);
    return *in->at == '\'' ? parse_time_text(in, DTAKE__FILTER_TIMESTAMP, true) : dtake__cql2_sum(in);
}

dtake__filter *dtake__cql2_interval(dtake__cql2 *in, uint32_t column)
{
    dtake__filter *node =
        dtake__cql2_list(in, dtake__cql2_node(in, DTAKE__FILTER_INTERVAL, column), parse_interval_end);
    const char *wrong = node != NULL ? dtake__filter_settle_interval(node) : NULL;
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "%s", wrong);
}

dtake__filter *dtake__cql2_bbox(dtake__cql2 *in, uint32_t column)
{
    double number[6];
    int count = 0;
    do {
        dtake__decimal decimal;
        dtake__cql2_column(in);
        if (!dtake__decimal_scan(in->at, in->end, &decimal) || count == 6 ||
            !dtake__decimal_f64(&decimal, &number[count]))
            return dtake__cql2_expected(in, count == 6 ? "')'" : "a number");
        count++;
        dtake__cql2_skip(in, (size_t)(decimal.end - in->at));
    } while (dtake__cql2_take_sign(in, ","));
    if (!dtake__cql2_take_sign(in, ")"))
        return dtake__cql2_expected(in, "',' or ')'");
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_BBOX, column);
    const char *wrong = node != NULL ? dtake__filter_settle_bbox(number, count, &node->box) : NULL;
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_fail(in, column, "BBOX: %s", wrong);
}

dtake__filter *dtake__cql2_geometry(dtake__cql2 *in)
{
    uint32_t column = dtake__cql2_column(in);
    dtake__filter *node = dtake__cql2_node(in, DTAKE__FILTER_GEOMETRY, column);
    if (node == NULL)
        return NULL;
    size_t used;
    dtake_error why = { 0 };
    dtake_status st =
        dtake__geometry_from_wkt_part(in->at, (size_t)(in->end - in->at), &used, &node->geometry, &why);
    dtake__cql2_skip(in, used);
    if (st != DTAKE_OK)
        column = dtake__cql2_column(in);
    else
        st = dtake__filter_settle_geometry(&node->geometry, &why);
    if (st == DTAKE_OK)
        return node;
    dtake__filter_free(node);
    return st == DTAKE_E_NOMEM ? dtake__cql2_no_memory(in) : dtake__cql2_fail(in, column, "%s", why.message);
}
