#include "server/request_body.h"

enum { LEAST = 4096 };

/* Buffers double, so that much has to be free. */
static int make_room(dtake__bodies *bodies, dtake__body *body, size_t len)
{
    dtake_buf *buf = &body->bytes;
    if (len > buf->limit - buf->len)
        return 413;
    if (buf->cap - buf->len >= len)
        return 0;
    size_t want = buf->cap * 2 > LEAST ? buf->cap * 2 : LEAST;
    while (want < buf->len + len)
        want *= 2;
    if (want > buf->limit)
        want = buf->limit;
    int64_t more = (int64_t)want - body->counted;
    if (more > 0 && atomic_fetch_add(&bodies->held, more) + more > DTAKE__BODIES_MAX) {
        atomic_fetch_sub(&bodies->held, more);
        return 503;
    }
    if (more > 0)
        body->counted += more;
    return dtake__buf_reserve(buf, want - buf->len) == DTAKE_OK ? 0 : 503;
}

int dtake__body_append(dtake__bodies *bodies, dtake__body *body, const void *bytes, size_t len)
{
    int status = make_room(bodies, body, len);
    if (status != 0)
        return status;
    return dtake__buf_append(&body->bytes, bytes, len) == DTAKE_OK ? 0 : 503;
}

void dtake__body_move(dtake__body *to, dtake__body *from)
{
    *to = *from;
    *from = (dtake__body){ .bytes = DTAKE_BUF_INIT(0) };
}

void dtake__body_dispose(dtake__bodies *bodies, dtake__body *body)
{
    atomic_fetch_sub(&bodies->held, body->counted);
    dtake__buf_dispose(&body->bytes);
    *body = (dtake__body){ .bytes = DTAKE_BUF_INIT(0) };
}
