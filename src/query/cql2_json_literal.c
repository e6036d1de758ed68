#include "query/cql2_json.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "query/literal.h"
#include "query/operands.h"

#include <string.h>

dtake__filter *dtake__cql2_json_string(dtake__cql2_json *r, dtake__filter_op op)
{
    dtake__filter *node = dtake__cql2_json_node(r, op, r->in.at);
    if (node == NULL)
        return NULL;
    const char *at = r->in.at;
    node->text = dtake__cql2_json_text(r);
    bool empty = node->text != NULL && op == DTAKE__FILTER_FIELD && node->text[0] == '\0';
    if (node->text != NULL && !empty)
        return node;
    dtake__filter_free(node);
    return empty ? dtake__cql2_json_fail(r, at, "the name is empty") : NULL;
}

dtake__filter *dtake__cql2_json_number(dtake__cql2_json *r)
{
    const char *at = r->in.at;
    dtake__decimal number;
    if (!dtake__json_read_number(&r->in, &number))
        return NULL;
    dtake__filter *node = dtake__cql2_json_node(r, DTAKE__FILTER_INT, at);
    if (node == NULL)
        return NULL;
    if (!dtake__literal_set_number(node, &number)) {
        dtake__filter_free(node);
        return dtake__cql2_json_rejected(r, at, "a number that is not so large");
    }
    return node;
}

dtake__filter *dtake__cql2_json_bool(dtake__cql2_json *r)
{
    dtake__filter *node = dtake__cql2_json_node(r, DTAKE__FILTER_BOOL, r->in.at);
    if (node == NULL || dtake__json_read_bool(&r->in, &node->truth))
        return node;
    dtake__filter_free(node);
    return NULL;
}

dtake__filter *dtake__cql2_json_instant(dtake__cql2_json *r, dtake__filter_op op)
{
    const char *at = r->in.at;
    char *text = dtake__cql2_json_text(r);
    dtake__filter *node = text != NULL ? dtake__cql2_json_node(r, op, at) : NULL;
    bool is_day = false, in_interval = op == DTAKE__FILTER_OPS;
    dtake_error why = { 0 };
    const char *wrong = NULL;
    if (node != NULL && in_interval && strcmp(text, "..") == 0)
        node->op = DTAKE__FILTER_OPEN;
    else if (node != NULL && dtake__time_parse(text, &node->time_ns, &is_day, &why) != DTAKE_OK)
        wrong = why.message;
    else if (node != NULL && in_interval)
        node->op = is_day ? DTAKE__FILTER_DATE : DTAKE__FILTER_TIMESTAMP;
    else if (node != NULL && is_day != (op == DTAKE__FILTER_DATE))
        wrong = is_day ? "a timestamp needs a time of day" : "a date has no time of day";
    dtake__free(text);
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_json_fail(r, at, wrong);
}

static dtake__filter *read_interval_end(dtake__cql2_json *r)
{
    return dtake__json_peek(&r->in) == DTAKE__JSON_TEXT ? dtake__cql2_json_instant(r, DTAKE__FILTER_OPS)
                                                        : dtake__cql2_json_value(r);
}

dtake__filter *dtake__cql2_json_interval(dtake__cql2_json *r)
{
    const char *at = r->in.at;
    dtake__filter *node =
        dtake__cql2_json_list(r, dtake__cql2_json_node(r, DTAKE__FILTER_INTERVAL, at), read_interval_end);
    const char *wrong = node == NULL ? NULL : dtake__filter_settle_interval(node);
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_json_fail(r, at, wrong);
}

dtake__filter *dtake__cql2_json_bbox(dtake__cql2_json *r)
{
    const char *at = r->in.at;
    double number[7];
    int count = 0;
    if (!dtake__json_enter_array(&r->in))
        return NULL;
    while (dtake__json_next_element(&r->in) && dtake__json_read_f64(&r->in, &number[count]))
        count += count < 6;
    dtake__filter *node = r->in.wrong == NULL ? dtake__cql2_json_node(r, DTAKE__FILTER_BBOX, at) : NULL;
    const char *wrong = node != NULL ? dtake__filter_settle_bbox(number, count, &node->box) : NULL;
    if (wrong == NULL)
        return node;
    dtake__filter_free(node);
    return dtake__cql2_json_fail(r, at, wrong);
}

dtake__filter *dtake__cql2_json_geometry(dtake__cql2_json *r, dtake__json_in before, const char *at)
{
    dtake__span raw;
    r->in = before;
    if (!dtake__json_read_raw(&r->in, &raw))
        return NULL;
    dtake__filter *node = dtake__cql2_json_node(r, DTAKE__FILTER_GEOMETRY, at);
    if (node == NULL)
        return NULL;
    dtake_error why = { 0 };
    dtake_status st = dtake__geometry_from_geojson(raw.text, raw.len, &node->geometry, &why);
    if (st == DTAKE_OK)
        st = dtake__filter_settle_geometry(&node->geometry, &why);
    if (st == DTAKE_OK)
        return node;
    dtake__filter_free(node);
    return st == DTAKE_E_NOMEM ? dtake__cql2_json_no_memory(r) : dtake__cql2_json_fail(r, at, why.message);
}
