#include "raster/eval_regex.h"

#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATTERN = 200, MAX_REPEATS = 200 };

static const char *class_of(char letter)
{
    switch (letter) {
    case 'd':
        return "0-9";
    case 'w':
        return "A-Za-z0-9_";
    case 's':
        return "[:space:]";
    default:
        return NULL;
    }
}

/* Counts multiply where they nest: all of them together are bounded. */
static dtake_status check_repeats(const char *pattern, dtake_error *err)
{
    double all = 1;
    for (const char *at = strchr(pattern, '{'); at != NULL; at = strchr(at + 1, '{')) {
        const char *comma = strpbrk(at, ",}");
        long least = strtol(at + 1, NULL, 10);
        long most = comma != NULL && *comma == ',' ? strtol(comma + 1, NULL, 10) : least;
        all *= (double)(most > least ? most : least) + 1;
        if (!(all <= MAX_REPEATS))
            return dtake__fail(err, DTAKE_E_LIMIT, "the repetitions of '%.60s' are too many", pattern);
    }
    return DTAKE_OK;
}

dtake_status dtake__regex_compile(regex_t *out, const char *pattern, const char *flags, bool whole,
                                  dtake_error *err)
{
    char text[8 * MAX_PATTERN + 16];
    size_t used = 0;
    bool inside = false;
    dtake_status st = check_repeats(pattern, err);
    if (st != DTAKE_OK)
        return st;
    if (strlen(pattern) > MAX_PATTERN)
        return dtake__fail(err, DTAKE_E_LIMIT, "a regular expression of more than %d characters",
                           MAX_PATTERN);
    used += (size_t)snprintf(text, sizeof text, "%s", whole ? "^(" : "");
    for (const char *at = pattern; *at != '\0'; at++) {
        const char *class = *at == '\\' ? class_of(at[1]) : NULL;
        if (class != NULL) {
            used += (size_t)snprintf(text + used, sizeof text - used, inside ? "%s" : "[%s]", class);
            at++;
        } else if (*at == '\\' && strchr("0123456789bBAzZGQEkpP", at[1]) != NULL) {
            return dtake__fail(err, DTAKE_E_UNSUPPORTED, "'%.2s' in '%.60s' is not known here", at, pattern);
        } else if (*at == '(' && at[1] == '?' && !inside) {
            if (at[2] != ':')
                return dtake__fail(err, DTAKE_E_UNSUPPORTED, "'(?' in '%.60s' is not known here", pattern);
            text[used++] = '(';
            at += 2;
        } else {
            inside = *at == '[' ? true : *at == ']' ? false : inside;
            text[used++] = *at;
            if (*at == '\\')
                text[used++] = *++at;
        }
    }
    snprintf(text + used, sizeof text - used, "%s", whole ? ")$" : "");
    if (regcomp(out, text, REG_EXTENDED | (strchr(flags, 'i') != NULL ? REG_ICASE : 0)) != 0)
        return dtake__fail(err, DTAKE_E_USAGE, "'%.60s' is no regular expression", pattern);
    return DTAKE_OK;
}
