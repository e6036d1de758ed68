#include "core/strings.h"

#include "core/alloc.h"

#include <string.h>

dtake_status dtake__strings_add(dtake__strings *strings, const char *text, size_t len)
{
    char **at = dtake__room_for_one(strings->at, strings->count, &strings->cap, sizeof *at);
    if (at == NULL)
        return DTAKE_E_NOMEM;
    strings->at = at;
    char *copy = dtake__strndup(text, len);
    if (copy == NULL)
        return DTAKE_E_NOMEM;
    strings->at[strings->count++] = copy;
    return DTAKE_OK;
}

dtake_status dtake__strings_copy(const dtake__strings *from, dtake__strings *to)
{
    dtake_status st = DTAKE_OK;
    for (size_t i = 0; i < from->count && st == DTAKE_OK; i++)
        st = dtake__strings_add(to, from->at[i], strlen(from->at[i]));
    if (st != DTAKE_OK)
        dtake__strings_dispose(to);
    return st;
}

bool dtake__strings_have(const dtake__strings *strings, const char *text)
{
    for (size_t i = 0; i < strings->count; i++)
        if (strcmp(strings->at[i], text) == 0)
            return true;
    return false;
}

void dtake__strings_dispose(dtake__strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        dtake__free(strings->at[i]);
    dtake__free(strings->at);
    *strings = (dtake__strings){ 0 };
}
