#include "core/buf.h"

#include "core/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

dtake_status dtake__buf_reserve(dtake_buf *buf, size_t more)
{
    if (more > buf->limit - buf->len)
        return DTAKE_E_LIMIT;
    size_t need = buf->len + more;
    if (need <= buf->cap && buf->data != NULL)
        return DTAKE_OK;
    size_t cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need)
        cap = cap > buf->limit / 2 ? buf->limit : cap * 2;
    uint8_t *data = dtake__realloc(buf->data, cap + 1);
    if (data == NULL)
        return DTAKE_E_NOMEM;
    buf->data = data;
    buf->cap = cap;
    buf->data[buf->len] = '\0';
    return DTAKE_OK;
}

dtake_status dtake__buf_append(dtake_buf *buf, const void *bytes, size_t len)
{
    dtake_status st = dtake__buf_reserve(buf, len);
    if (st != DTAKE_OK)
        return st;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return DTAKE_OK;
}

dtake_status dtake__buf_puts(dtake_buf *buf, const char *text)
{
    return dtake__buf_append(buf, text, strlen(text));
}

dtake_status dtake__buf_printf(dtake_buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return DTAKE_E_OTHER;
    dtake_status st = dtake__buf_reserve(buf, (size_t)len);
    if (st != DTAKE_OK)
        return st;
    va_start(args, fmt);
    vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, args);
    va_end(args);
    buf->len += (size_t)len;
    return DTAKE_OK;
}

void dtake__buf_clear(dtake_buf *buf)
{
    buf->len = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

void dtake__buf_shrink(dtake_buf *buf)
{
    uint8_t *data = buf->data && buf->len < buf->cap ? dtake__realloc(buf->data, buf->len + 1) : NULL;
    if (data == NULL)
        return;
    buf->data = data;
    buf->cap = buf->len;
}

void dtake__buf_dispose(dtake_buf *buf)
{
    dtake__free(buf->data);
    *buf = DTAKE_BUF_INIT(buf->limit);
}

void dtake__buf_move(dtake_buf *to, dtake_buf *from)
{
    *to = *from;
    *from = DTAKE_BUF_INIT(from->limit);
}

const char *dtake__buf_str(const dtake_buf *buf)
{
    return buf->data != NULL ? (const char *)buf->data : "";
}
