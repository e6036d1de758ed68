/* UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef DTAKE_FORMAT_UTF8_H
#define DTAKE_FORMAT_UTF8_H

#include "core/span.h"

#include <stdint.h>

/* Bytes of the well-formed character at `at`, 0 when there is none. at < end. */
int dtake__utf8_length(const char *at, const char *end);
bool dtake__utf8_valid(dtake__span text);
/* Writes 1 to 4 bytes; `code` is a character, not a surrogate. */
int dtake__utf8_encode(uint32_t code, char *out);

#endif
