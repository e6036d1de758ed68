/* Which operands an operator takes, for both readers of CQL2. */
#ifndef DTAKE_QUERY_OPERANDS_H
#define DTAKE_QUERY_OPERANDS_H

#include "query/filter.h"

/* NULL when operand `index` of `filter` will do, else what is wanted there: "a number". */
const char *dtake__filter_wants(const dtake__filter *filter, size_t index);

/* NULL when the number of operands will do, else what is wanted: "two operands". */
const char *dtake__filter_wants_count(const dtake__filter *filter);

/* The op that a name stands for, in any case: "S_INTERSECTS", "casei", and old names as "anyinteracts".
 * DTAKE__FILTER_OPS: none. */
dtake__filter_op dtake__filter_op_find(const char *name);

/* A name like it, for "did you mean"; NULL when nothing is near. `functions`: only what is written with
 * brackets. Static. */
const char *dtake__filter_op_near(const char *name, bool functions);

/* Geometries of filters are kept in two dimensions and must be in degrees. `literal` is replaced. */
dtake_status dtake__filter_settle_geometry(dtake__geometry *literal, dtake_error *err);

/* W,S,E,N or W,S,low,E,N,high; NULL when it will do, else what is wrong. */
const char *dtake__filter_settle_bbox(const double *number, int count, dtake_box *out);

/* NULL when the interval will do, else what is wrong. */
const char *dtake__filter_settle_interval(const dtake__filter *interval);

#endif
