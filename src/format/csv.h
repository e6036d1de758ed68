/* CSV (RFC 4180) out of records and into buffers. */
#ifndef DTAKE_FORMAT_CSV_H
#define DTAKE_FORMAT_CSV_H

#include "core/buf.h"
#include "core/span.h"

enum { DTAKE__CSV_MAX_FIELDS = 4096 };

/* Takes one record (see format/records.h) apart. A field in quotes is unquoted in place. A quote inside of a
 * field that does not begin with one is a character. Nothing and "" are the same: an empty span.
 * DTAKE_E_FORMAT: text behind a closing quote, no closing quote; DTAKE_E_LIMIT: more than `room` fields. */
dtake_status dtake__csv_split(char *text, size_t len, char delimiter, dtake__span *field, size_t room,
                              size_t *count, dtake_error *err);

/* The one of , ; tab and | that occurs most often outside of quotes in the header; a comma if none does. */
char dtake__csv_guess_delimiter(const char *header, size_t len);

/* Appends a field, in quotes where it needs them (delimiter, quote, line end, blank at either end). */
dtake_status dtake__csv_put(dtake_buf *buf, dtake__span field, char delimiter);

#endif
