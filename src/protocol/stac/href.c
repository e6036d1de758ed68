#include "protocol/stac/item.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

enum { MAX_HREF_BYTES = 64 * 1024 };

/* Length of "scheme" when the text begins with "scheme:"; 0 otherwise. One letter is no scheme. */
static size_t scheme_len(const char *href)
{
    size_t n = 0;
    if (!isalpha((unsigned char)href[0]))
        return 0;
    while (isalnum((unsigned char)href[n]) || href[n] == '+' || href[n] == '-' || href[n] == '.')
        n++;
    return href[n] == ':' && n > 1 ? n : 0;
}

/* RFC 3986, 5.2.4 on text[from..]: "." and ".." segments go, never above `from`. In place. */
static void remove_dots(char *text, size_t from)
{
    char *out = text + from, *in = text + from;
    while (*in != '\0' && *in != '?' && *in != '#') {
        size_t len = strcspn(in + 1, "/?#") + 1; /* "/segment" */
        bool last = in[len] != '/';
        if (len == 2 && in[1] == '.') {
            if (last)
                *out++ = '/';
        } else if (len == 3 && in[1] == '.' && in[2] == '.') {
            while (out > text + from && *--out != '/')
                ;
            if (last)
                *out++ = '/';
        } else {
            memmove(out, in, len);
            out += len;
        }
        in += len;
    }
    memmove(out, in, strlen(in) + 1);
}

static char *finish(dtake_buf *buf, dtake_status st)
{
    if (st == DTAKE_OK)
        return (char *)buf->data;
    dtake__buf_dispose(buf);
    return NULL;
}

static char *join_url(const char *base, size_t scheme, const char *href)
{
    dtake_buf out = DTAKE_BUF_INIT(MAX_HREF_BYTES);
    const char *host = base + scheme + 1;
    size_t authority = scheme + 1;
    if (host[0] == '/' && host[1] == '/')
        authority += 2 + strcspn(host + 2, "/?#");
    size_t path_end = strcspn(base, "?#");
    size_t folder = path_end;
    while (folder > authority && base[folder - 1] != '/')
        folder--;
    size_t keep = folder;
    if (href[0] == '/' && href[1] == '/')
        keep = scheme + 1;
    else if (href[0] == '/')
        keep = authority;
    else if (href[0] == '?')
        keep = path_end;
    else if (href[0] == '#' || href[0] == '\0')
        keep = strcspn(base, "#");

    dtake_status st = dtake__buf_append(&out, base, keep);
    if (st == DTAKE_OK && keep == authority && href[0] != '/')
        st = dtake__buf_puts(&out, "/");
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&out, href);
    if (st == DTAKE_OK && keep != scheme + 1 && out.data[authority] == '/')
        remove_dots((char *)out.data, authority);
    return finish(&out, st);
}

char *dtake__href_join(const char *base, const char *href)
{
    if (base == NULL || base[0] == '\0' || scheme_len(href) > 0)
        return dtake__strdup(href);
    size_t scheme = scheme_len(base);
    if (scheme > 0)
        return join_url(base, scheme, href);
    if (href[0] == '/')
        return dtake__strdup(href);
    while (dtake__starts_with(href, "./"))
        href += 2;
    /* ".." stays: textual removal is wrong when the folder is a symbolic link. */
    const char *slash = strrchr(base, '/');
    dtake_buf out = DTAKE_BUF_INIT(MAX_HREF_BYTES);
    dtake_status st = dtake__buf_append(&out, base, slash == NULL ? 0 : (size_t)(slash - base) + 1);
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&out, href);
    return finish(&out, st);
}
