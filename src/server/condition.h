/* If-Match and its kin, in the order of RFC 9110, 13.2.2. */
#ifndef DTAKE_SERVER_CONDITION_H
#define DTAKE_SERVER_CONDITION_H

#include "server/exchange.h"

/* What a representation is known by. */
typedef struct dtake__validators {
    char etag[72]; /* strong, with its quotes */
    int64_t modified_s;
} dtake__validators;

/* 0: go on; 304 or 412: that is the answer. For GET and HEAD. */
int dtake__condition_status(const dtake__request *request, const dtake__validators *now);

/* May a Range be honoured? `unix_s`: the time of the answer. */
bool dtake__condition_range(const dtake__request *request, const dtake__validators *now, int64_t unix_s);

#endif
