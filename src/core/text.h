/* Words out of text, the same in every locale; numbers come along from core/number.h. */
#ifndef DTAKE_CORE_TEXT_H
#define DTAKE_CORE_TEXT_H

#include "core/number.h"

#include <datatake/status.h>

bool dtake__starts_with(const char *text, const char *prefix);
bool dtake__ends_with(const char *text, const char *suffix);
bool dtake__equal_nocase(const char *a, const char *b); /* ASCII */

static inline int dtake__hex_digit(char c) /* in either case; -1: none */
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}
void dtake__hex_write(char *out, const void *bytes, size_t count); /* 2 * count digits and a '\0' */

/* "http://" or "https://", in any case. */
bool dtake__is_http_url(const char *href);

/* The next piece of *rest up to `separator` (or the end) copied into out (cut to size, '\0'-terminated);
 * *rest then stands behind it, NULL after the last. False when *rest is NULL. */
bool dtake__next_piece(const char **rest, char separator, char *out, size_t size);

/* How many single-character edits lead from a to b, for "did you mean". At most 64 characters are looked at.
 */
int dtake__edit_distance(const char *a, const char *b);

#endif
