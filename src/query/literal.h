/* Literals as both forms of CQL2 write them. */
#ifndef DTAKE_QUERY_LITERAL_H
#define DTAKE_QUERY_LITERAL_H

#include "core/decimal.h"
#include "query/filter.h"

enum { DTAKE__LITERAL_BYTES = 40 };

/* INT, UINT, FLOAT: a number that is read back as the same kind: "5", "5.0". */
void dtake__literal_number(const dtake__filter *node, char out[DTAKE__LITERAL_BYTES]);

/* Makes the node the smallest of INT, UINT and FLOAT that holds the number; false: none does. */
bool dtake__literal_set_number(dtake__filter *node, const dtake__decimal *number);

/* TIMESTAMP, DATE, OPEN: "2024-07-31T15:59:00Z", "2024-07-31", "..". */
void dtake__literal_time(const dtake__filter *node, char out[DTAKE__LITERAL_BYTES]);

#endif
