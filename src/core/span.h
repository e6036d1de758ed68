/* A run of bytes that belongs to somebody else; not ended by '\0'. */
#ifndef DTAKE_CORE_SPAN_H
#define DTAKE_CORE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct dtake__span {
    const char *text;
    size_t len;
} dtake__span;

/* Of a string literal. */
#define DTAKE__SPAN(literal) ((dtake__span){ ("" literal), sizeof(literal) - 1 })

static inline dtake__span dtake__span_of(const char *text)
{
    return (dtake__span){ text, strlen(text) };
}

static inline bool dtake__span_equal(dtake__span a, dtake__span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
}

#endif
