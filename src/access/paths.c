#include "access/paths.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WORD_BYTES = 160, MAX_KEY_BYTES = 16 };

static const char *const keys[] = { "id", "collection", "datetime", "date", "asset", "band", "ext" };

static void time_word(int64_t time_ns, bool whole, char out[MAX_WORD_BYTES])
{
    char text[40];
    if (time_ns == INT64_MIN) {
        snprintf(out, MAX_WORD_BYTES, "undated");
        return;
    }
    dtake__time_format(time_ns, text, sizeof text);
    if (!whole) {
        snprintf(out, MAX_WORD_BYTES, "%.10s", text);
        return;
    }
    size_t n = 0; /* 20240731T155900Z: a colon is not welcome in file names everywhere */
    for (const char *c = text; *c != '\0'; c++)
        if (*c != '-' && *c != ':')
            out[n++] = *c;
    out[n] = '\0';
}

static void safe_word(const char *text, char out[MAX_WORD_BYTES])
{
    size_t n = 0;
    if (text == NULL || text[0] == '\0')
        text = "none";
    for (const char *c = text; *c != '\0' && n < MAX_WORD_BYTES - 1; c++) {
        bool bad = *c == '/' || *c == '\\' || (unsigned char)*c < 0x20 || *c == 0x7f || (n == 0 && *c == '.');
        out[n++] = bad ? '_' : *c;
    }
    while (n > 0 && ((unsigned char)out[n - 1] & 0xC0) == 0x80 && n == MAX_WORD_BYTES - 1)
        n--; /* not within a character of UTF-8 */
    out[n] = '\0';
}

static bool word_of(const char *key, const dtake__path_words *words, char out[MAX_WORD_BYTES])
{
    const char *texts[] = { words->id, words->collection, NULL, NULL, words->asset, words->band, words->ext };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(key, keys[i]) != 0)
            continue;
        if (i == 2 || i == 3)
            time_word(words->time_ns, i == 2, out);
        else
            safe_word(texts[i], out);
        return true;
    }
    return false;
}

/* At '{': the key behind it; false when it does not close. *text then stands behind '}'. */
static bool take_key(const char **text, char key[MAX_KEY_BYTES])
{
    const char *close = strchr(*text, '}');
    if (close == NULL)
        return false;
    snprintf(key, MAX_KEY_BYTES, "%.*s", (int)(close - *text - 1), *text + 1);
    *text = close + 1;
    return true;
}

static bool leaves_folder(const char *path)
{
    char piece[8];
    if (path[0] == '/')
        return true;
    for (const char *rest = path; dtake__next_piece(&rest, '/', piece, sizeof piece);)
        if (strcmp(piece, "..") == 0)
            return true;
    return false;
}

dtake_status dtake__template_check(const char *path_template, dtake_error *err)
{
    char key[MAX_KEY_BYTES], word[MAX_WORD_BYTES];
    size_t len = strlen(path_template);
    if (len == 0 || path_template[len - 1] == '/')
        return dtake__fail(err, DTAKE_E_USAGE, "--template '%.100s': no file name", path_template);
    if (leaves_folder(path_template))
        return dtake__fail(err, DTAKE_E_USAGE, "--template '%.100s' leads out of the output folder",
                           path_template);
    for (const char *at = path_template; *at != '\0';) {
        if (*at != '{') {
            at++;
            continue;
        }
        if (!take_key(&at, key))
            return dtake__fail(err, DTAKE_E_USAGE, "--template '%.100s': a '{' without its '}'",
                               path_template);
        if (!word_of(key, &(dtake__path_words){ .time_ns = INT64_MIN }, word))
            return dtake__fail(err, DTAKE_E_USAGE,
                               "--template: no key {%s}; there are {id} {collection} {datetime} {date} "
                               "{asset} {band} {ext}",
                               key);
    }
    return DTAKE_OK;
}

dtake_status dtake__template_fill(const char *path_template, const dtake__path_words *words, dtake_buf *out)
{
    char key[MAX_KEY_BYTES], word[MAX_WORD_BYTES];
    dtake_status st = DTAKE_OK;
    for (const char *at = path_template; *at != '\0' && st == DTAKE_OK;) {
        if (*at != '{') {
            st = dtake__buf_append(out, at++, 1);
            continue;
        }
        if (!take_key(&at, key) || !word_of(key, words, word))
            return DTAKE_E_USAGE;
        st = dtake__buf_puts(out, word);
    }
    return st;
}

/* [*from, *end) of the last segment of the path part. */
static void file_name(const char *href, size_t *from, size_t *end)
{
    *end = dtake__is_http_url(href) ? strcspn(href, "?#") : strlen(href);
    *from = *end;
    while (*from > 0 && href[*from - 1] != '/')
        (*from)--;
}

void dtake__href_extension(const char *href, char *out, size_t size)
{
    size_t from, end, n = 0;
    file_name(href, &from, &end);
    size_t dot = end;
    while (dot > from && href[dot - 1] != '.')
        dot--;
    bool good = dot > from + 1 && dot < end && end - dot < size && end - dot <= 12;
    for (size_t i = dot; good && i < end; i++)
        good = isalnum((unsigned char)href[i]);
    for (size_t i = dot; good && i < end; i++)
        out[n++] = (char)tolower((unsigned char)href[i]);
    out[n] = '\0';
    if (!good)
        snprintf(out, size, "bin");
}

void dtake__href_stem(const char *href, char *out, size_t size)
{
    size_t from, end;
    file_name(href, &from, &end);
    for (size_t i = end; i > from + 1; i--)
        if (href[i - 1] == '.') {
            end = i - 1;
            break;
        }
    snprintf(out, size, "%.*s", (int)(end - from), href + from);
    if (out[0] == '\0')
        snprintf(out, size, "raster");
}
