/* What a command prints: lines of text, or a JSON object a line. */
#ifndef DTAKE_CLI_LISTING_H
#define DTAKE_CLI_LISTING_H

#include "cli/args.h"
#include "core/buf.h"
#include "format/json_write.h"

/* --json, --table, or what standard output is. */
bool dtake__wants_json(const dtake__args *args);

typedef struct dtake__listing {
    dtake_buf text;
    bool json;
    dtake_status status; /* the first failure */
} dtake__listing;

dtake__listing dtake__listing_open(const dtake__args *args);
void dtake__listing_line(dtake__listing *listing, const char *fmt, ...)
    DTAKE_PRINTF(2, 3); /* without the line end */
/* A line's object, which ends with dtake__listing_end. */
dtake__json dtake__listing_object(dtake__listing *listing);
void dtake__listing_end(dtake__listing *listing, dtake__json *object);
/* Prints all lines if `st`, which it returns, is DTAKE_OK and nothing failed. */
dtake_status dtake__listing_close(dtake__listing *listing, dtake_status st, dtake_error *err);

#endif
