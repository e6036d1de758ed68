/* Between the files that read CQL2 text. What returns a node returns NULL when it has told what is wrong. */
#ifndef DTAKE_QUERY_CQL2_PARSE_H
#define DTAKE_QUERY_CQL2_PARSE_H

#include "query/cql2_lex.h"

/* --- cql2_node.c --- */

dtake__filter *dtake__cql2_node(dtake__cql2 *in, dtake__filter_op op, uint32_t column);
/* One that was made elsewhere: counts it. Takes it; NULL is no memory. */
dtake__filter *dtake__cql2_made(dtake__cql2 *in, dtake__filter *node, uint32_t column);
/* Adds an operand that was just read: NULL (told already) ends it all. Takes both; NULL on failure. */
dtake__filter *dtake__cql2_with(dtake__cql2 *in, dtake__filter *node, dtake__filter *arg);
/* Operands up to the ')' that ends them. Takes `node`. */
dtake__filter *dtake__cql2_list(dtake__cql2 *in, dtake__filter *node,
                                dtake__filter *(*element)(dtake__cql2 *));
/* left op right, with left read already and taken. */
dtake__filter *dtake__cql2_binary(dtake__cql2 *in, dtake__filter_op op, dtake__filter *left,
                                  dtake__filter *(*right)(dtake__cql2 *), uint32_t column);
/* Enters one level; false: told. The caller leaves it: in->depth--. */
bool dtake__cql2_deeper(dtake__cql2 *in);

/* --- cql2_literal.c --- */

dtake__filter *dtake__cql2_string(dtake__cql2 *in);
dtake__filter *dtake__cql2_number(dtake__cql2 *in);
dtake__filter *dtake__cql2_geometry(dtake__cql2 *in);
/* The name and its '(' have been taken. */
dtake__filter *dtake__cql2_instant(dtake__cql2 *in, dtake__filter_op op);
dtake__filter *dtake__cql2_interval(dtake__cql2 *in, uint32_t column);
dtake__filter *dtake__cql2_bbox(dtake__cql2 *in, uint32_t column);

/* --- cql2_operand.c, cql2_text.c --- */

dtake__filter *dtake__cql2_sum(dtake__cql2 *in);
dtake__filter *dtake__cql2_or(dtake__cql2 *in);

#endif
