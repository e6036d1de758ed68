/* A growing list of texts, all its own. */
#ifndef DTAKE_CORE_STRINGS_H
#define DTAKE_CORE_STRINGS_H

#include <datatake/status.h>

typedef struct dtake__strings { /* zero-initialise */
    char **at;
    size_t count, cap;
} dtake__strings;

dtake_status dtake__strings_add(dtake__strings *strings, const char *text, size_t len);
dtake_status dtake__strings_copy(const dtake__strings *from, dtake__strings *to); /* `to` must hold nothing */
bool dtake__strings_have(const dtake__strings *strings, const char *text);
void dtake__strings_dispose(dtake__strings *strings);

#endif
