/* Between the files that read JSON: what stands between quotes. */
#ifndef DTAKE_FORMAT_JSON_TEXT_H
#define DTAKE_FORMAT_JSON_TEXT_H

#include <stdbool.h>

/* The quote that ends the string whose first character is at `at`; *escaped when a backslash was passed.
 * On a mistake its place, and *wanted says what should be there; else *wanted is NULL. */
const char *dtake__json_text_end(const char *at, const char *end, bool *escaped, const char **wanted);

#endif
