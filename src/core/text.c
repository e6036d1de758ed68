#include "core/text.h"

#include <string.h>

bool dtake__starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool dtake__ends_with(const char *text, const char *suffix)
{
    size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && strcmp(text + len - tail, suffix) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool dtake__equal_nocase(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

void dtake__hex_write(char *out, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *at = bytes;
    for (size_t i = 0; i < count; i++) {
        *out++ = digits[at[i] >> 4];
        *out++ = digits[at[i] & 15];
    }
    *out = '\0';
}

static bool starts_with_nocase(const char *text, const char *prefix)
{
    while (*prefix != '\0')
        if (lower(*text++) != *prefix++)
            return false;
    return true;
}

bool dtake__is_http_url(const char *href)
{
    return starts_with_nocase(href, "http://") || starts_with_nocase(href, "https://");
}

bool dtake__next_piece(const char **rest, char separator, char *out, size_t size)
{
    if (*rest == NULL)
        return false;
    const char *end = strchr(*rest, separator);
    size_t len = end != NULL ? (size_t)(end - *rest) : strlen(*rest);
    size_t kept = len < size - 1 ? len : size - 1;
    memcpy(out, *rest, kept);
    out[kept] = '\0';
    *rest = end != NULL ? end + 1 : NULL;
    return true;
}

int dtake__edit_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    int row[MAX + 1];
    int len_a = (int)strnlen(a, MAX), len_b = (int)strnlen(b, MAX);
    for (int j = 0; j <= len_b; j++)
        row[j] = j;
    for (int i = 1; i <= len_a; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= len_b; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[len_b];
}
