/* Between the files that read CQL2 JSON. What returns a node returns NULL when it has told what is wrong. */
#ifndef DTAKE_QUERY_CQL2_JSON_H
#define DTAKE_QUERY_CQL2_JSON_H

#include "format/json.h"
#include "query/filter.h"

typedef struct dtake__cql2_json {
    dtake__json_in in;
    size_t nodes;
    dtake_status status; /* of the first failure that is not the JSON reader's own */
    dtake_error *err;
} dtake__cql2_json;

/* --- cql2_json_node.c --- */

/* These tell the first failure only, and return NULL. */
dtake__filter *dtake__cql2_json_fail(dtake__cql2_json *r, const char *at, const char *what);
dtake__filter *dtake__cql2_json_no_memory(dtake__cql2_json *r);
dtake__filter *dtake__cql2_json_rejected(dtake__cql2_json *r, const char *at, const char *wanted);

dtake__filter *dtake__cql2_json_node(dtake__cql2_json *r, dtake__filter_op op, const char *at);
dtake__filter *dtake__cql2_json_with(dtake__cql2_json *r, dtake__filter *node,
                                     dtake__filter *arg); /* takes both */
/* Takes `node`, and the elements of an array as its operands. */
dtake__filter *dtake__cql2_json_list(dtake__cql2_json *r, dtake__filter *node,
                                     dtake__filter *(*read)(dtake__cql2_json *));
/* A text of its own, without escapes. NULL: told. */
char *dtake__cql2_json_text(dtake__cql2_json *r);

/* --- cql2_json_literal.c --- */

dtake__filter *dtake__cql2_json_string(dtake__cql2_json *r, dtake__filter_op op);
dtake__filter *dtake__cql2_json_number(dtake__cql2_json *r);
dtake__filter *dtake__cql2_json_bool(dtake__cql2_json *r);
/* op OPS: an end of an interval, which a bare day, a time, ".." may be. */
dtake__filter *dtake__cql2_json_instant(dtake__cql2_json *r, dtake__filter_op op);
dtake__filter *dtake__cql2_json_interval(dtake__cql2_json *r);
dtake__filter *dtake__cql2_json_bbox(dtake__cql2_json *r);
/* GeoJSON, of which `before` is the begin. */
dtake__filter *dtake__cql2_json_geometry(dtake__cql2_json *r, dtake__json_in before, const char *at);

/* --- cql2_json.c --- */

dtake__filter *dtake__cql2_json_value(dtake__cql2_json *r);

#endif
