/* Reading the values of answer headers. Everything here comes from outside. */
#ifndef DTAKE_IO_HTTP_TEXT_H
#define DTAKE_IO_HTTP_TEXT_H

#include <datatake/api.h>

/* Of "bytes 0-99/1000"; a star instead of the range or of the length leaves -1 there. */
typedef struct dtake__content_range {
    int64_t first, last, total;
} dtake__content_range;

bool dtake__content_range_parse(const char *text, dtake__content_range *out);

/* Seconds or an HTTP date; how long to wait from `now_s` (Unix time) on, at least 0. */
bool dtake__retry_after_parse(const char *text, int64_t now_s, int64_t *wait_s);

bool dtake__content_length_parse(const char *text, int64_t *out);
bool dtake__status_line_parse(const char *line, int *status);
bool dtake__etag_is_strong(const char *etag); /* "..." in double quotes, not W/"..." */

/* The first words of an error page or message as one line without markup. */
void dtake__first_words(const char *body, size_t len, char *out, size_t size);

#endif
