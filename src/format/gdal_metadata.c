/* Just enough XML for tag 42112: <Item name="..." sample="0" role="description">text</Item>, nothing nested.
 */
#include "format/tiff_parts.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ITEMS = 16 << 10, MAX_ATTRIBUTE = 64, MAX_TEXT = 4096 };

/* The value of an attribute between `at` and `end`; "" when it is not there. */
static void attribute(const char *at, const char *end, const char *name, char out[MAX_ATTRIBUTE])
{
    size_t len = strlen(name);
    out[0] = '\0';
    for (; at + len + 2 < end; at++) {
        if (at[0] != ' ' || strncmp(at + 1, name, len) != 0 || at[1 + len] != '=' || at[2 + len] != '"')
            continue;
        const char *value = at + len + 3,
                   *quote = value < end ? memchr(value, '"', (size_t)(end - value)) : NULL;
        if (quote == NULL || quote - value >= MAX_ATTRIBUTE)
            return;
        memcpy(out, value, (size_t)(quote - value));
        out[quote - value] = '\0';
        return;
    }
}

static size_t put_utf8(unsigned long code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
}

/* Text with its entities resolved; cut at MAX_TEXT. `out` may be `at`: it never gets ahead. */
static void unescape(const char *at, const char *end, char out[MAX_TEXT])
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {
        { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' }
    };
    size_t len = 0;
    while (at < end && len < MAX_TEXT - 4) {
        size_t skip = 0;
        for (size_t i = 0; *at == '&' && i < sizeof entities / sizeof entities[0]; i++) {
            if (dtake__starts_with(at, entities[i].name)) {
                out[len++] = entities[i].c;
                skip = strlen(entities[i].name);
            }
        }
        if (skip == 0 && at[0] == '&' && at[1] == '#') {
            bool hex = at[2] == 'x';
            char *stop;
            unsigned long code = strtoul(at + (hex ? 3 : 2), &stop, hex ? 16 : 10);
            if (*stop == ';' && code > 0 && code < 0xd800) {
                len += put_utf8(code, out + len);
                skip = (size_t)(stop + 1 - at);
            }
        }
        if (skip == 0) {
            out[len++] = *at;
            skip = 1;
        }
        at += skip;
    }
    out[len] = '\0';
}

static const char *known_color(const char *text)
{
    static const char *const colors[] = { "gray", "red", "green", "blue", "alpha", "palette", "undefined" };
    for (size_t i = 0; i < sizeof colors / sizeof colors[0]; i++)
        if (dtake__equal_nocase(text, colors[i]))
            return colors[i];
    return NULL;
}

static dtake_status apply(dtake_band *band, const char *role, const char *text, dtake_error *err)
{
    double number;
    if (strcmp(role, "description") == 0) {
        char *name = dtake__strdup(text);
        if (name == NULL)
            return dtake__fail_nomem(err, "read GDAL_METADATA");
        dtake__free((char *)band->name);
        band->name = name;
    } else if (strcmp(role, "scale") == 0 && dtake__parse_f64(text, &number)) {
        band->scale = number;
    } else if (strcmp(role, "offset") == 0 && dtake__parse_f64(text, &number)) {
        band->offset = number;
    } else if (strcmp(role, "colorinterp") == 0 && known_color(text) != NULL) {
        band->color = known_color(text);
    }
    return DTAKE_OK;
}

dtake_status dtake__gdal_metadata_apply(const char *xml, dtake_band *band, int32_t bands, dtake_error *err)
{
    const char *at = xml;
    for (int i = 0; i < MAX_ITEMS && (at = strstr(at, "<Item ")) != NULL; i++) {
        const char *open_end = strchr(at, '>');
        const char *close = open_end != NULL ? strchr(open_end, '<') : NULL;
        if (close == NULL)
            break;
        char sample[MAX_ATTRIBUTE], role[MAX_ATTRIBUTE], text[MAX_TEXT];
        int64_t index;
        attribute(at, open_end, "sample", sample);
        attribute(at, open_end, "role", role);
        if (role[0] != '\0' && dtake__parse_i64(sample, &index) && index >= 0 && index < bands) {
            unescape(open_end + 1, close, text);
            unescape(text, text + strlen(text), text); /* GDAL escapes twice */
            dtake_status st = apply(&band[index], role, text, err);
            if (st != DTAKE_OK)
                return st;
        }
        at = close;
    }
    return DTAKE_OK;
}
