/* For tests: an HTTP/2 client that writes frames as it is told, right or wrong. */
#ifndef DTAKE_SERVER_HTTP2_CLIENT_H
#define DTAKE_SERVER_HTTP2_CLIENT_H

#include "check.h"

#include "server/serving.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>

typedef struct client {
    int fd;
    nghttp2_hd_deflater *deflater;
    nghttp2_hd_inflater *inflater;
} client;

typedef struct frame {
    uint8_t type, flags;
    int32_t id;
    size_t len;
    uint8_t payload[64 * 1024];
} frame;

/* An answer as far as tests look at it. */
typedef struct answer {
    char head[4096], trailers[4096]; /* "name: value\n" ... */
    dtake_buf body;
    uint32_t reset; /* its RST_STREAM's code; none: UINT32_MAX */
    bool ended;
} answer;

/* False: the server does not take it any more. */
static inline bool send_all(client *c, const void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = send(c->fd, (const char *)bytes + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static inline bool send_frame(client *c, uint8_t type, uint8_t flags, int32_t id, const void *payload,
                              size_t len)
{
    uint8_t head[9] = { (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len,       type,       flags,
                        (uint8_t)(id >> 24),  (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id };
    uint8_t *all = malloc(sizeof head + len);
    assert_non_null(all);
    memcpy(all, head, sizeof head);
    if (len > 0)
        memcpy(all + sizeof head, payload, len);
    bool sent = send_all(c, all, sizeof head + len);
    free(all);
    return sent;
}

/* `settings`: pairs of id and value. */
static inline client connect_h2(const serving *s, const uint32_t *settings, size_t count)
{
    uint8_t payload[64];
    client c = { .fd = dial(s) };
    CHECK_EQ(nghttp2_hd_deflate_new(&c.deflater, 4096), 0);
    CHECK_EQ(nghttp2_hd_inflate_new(&c.inflater), 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t id = settings[2 * i], value = settings[2 * i + 1];
        const uint8_t entry[6] = { (uint8_t)(id >> 8),     (uint8_t)id,           (uint8_t)(value >> 24),
                                   (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
        memcpy(payload + 6 * i, entry, 6);
    }
    CHECK(send_all(&c, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN));
    CHECK(send_frame(&c, NGHTTP2_SETTINGS, 0, 0, payload, 6 * count));
    return c;
}

static inline void disconnect(client *c)
{
    nghttp2_hd_deflate_del(c->deflater);
    nghttp2_hd_inflate_del(c->inflater);
    close(c->fd);
}

/* `fields`: "name: value\n" lines behind the pseudo ones. */
static inline bool send_head(client *c, int32_t id, const char *method, const char *path, const char *fields,
                             bool end)
{
    static uint8_t block[256 * 1024];
    static char text[128 * 1024];
    nghttp2_nv nv[200] = { { (uint8_t *)":method", (uint8_t *)method, 7, strlen(method), 0 },
                           { (uint8_t *)":scheme", (uint8_t *)"http", 7, 4, 0 },
                           { (uint8_t *)":path", (uint8_t *)path, 5, strlen(path), 0 },
                           { (uint8_t *)":authority", (uint8_t *)"localhost", 10, 9, 0 } };
    size_t count = 4;
    snprintf(text, sizeof text, "%s", fields);
    for (char *at = text; *at != '\0' && count < 200;) {
        char *colon = strstr(at, ": "), *eol = strchr(at, '\n');
        nv[count++] = (nghttp2_nv){ (uint8_t *)at, (uint8_t *)colon + 2, (size_t)(colon - at),
                                    (size_t)(eol - colon - 2), 0 };
        at = eol + 1;
    }
    ssize_t len = nghttp2_hd_deflate_hd(c->deflater, block, sizeof block, nv, count);
    CHECK(len > 0);
    size_t at = 0, most = 16384;
    bool sent = true;
    do {
        size_t n = (size_t)len - at < most ? (size_t)len - at : most;
        bool last = at + n == (size_t)len;
        uint8_t flags =
            (uint8_t)((last ? NGHTTP2_FLAG_END_HEADERS : 0) | (at == 0 && end ? NGHTTP2_FLAG_END_STREAM : 0));
        sent = send_frame(c, at == 0 ? NGHTTP2_HEADERS : NGHTTP2_CONTINUATION, flags, id, block + at, n);
        at += n;
    } while (sent && at < (size_t)len);
    return sent;
}

/* False: the connection is closed. */
static inline bool read_frame(client *c, frame *f)
{
    uint8_t head[9];
    ssize_t n = recv(c->fd, head, 9, MSG_WAITALL);
    CHECK(n >= 0 || errno == ECONNRESET); /* not that nothing comes for twenty seconds */
    if (n != 9)
        return false;
    f->len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    f->type = head[3];
    f->flags = head[4];
    f->id = (int32_t)((uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8]);
    CHECK(f->len <= sizeof f->payload);
    return f->len == 0 || recv(c->fd, f->payload, f->len, MSG_WAITALL) == (ssize_t)f->len;
}

static inline void inflate_into(client *c, const frame *f, char *out, size_t size)
{
    const uint8_t *at = f->payload;
    size_t left = f->len, used = strlen(out);
    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t n = nghttp2_hd_inflate_hd2(c->inflater, &nv, &flags, at, left, 1);
        CHECK(n >= 0);
        at += n;
        left -= (size_t)n;
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            used += (size_t)snprintf(out + used, size - used, "%.*s: %.*s\n", (int)nv.namelen, nv.name,
                                     (int)nv.valuelen, nv.value);
        if (flags & NGHTTP2_HD_INFLATE_FINAL)
            break;
    }
    CHECK_EQ(nghttp2_hd_inflate_end_headers(c->inflater), 0);
}

/* Reads until the stream's end, giving back window as it goes; answers of other streams are overlooked. */
static inline answer hear_h2(client *c, int32_t id)
{
    static frame f;
    answer a = { .body = DTAKE_BUF_INIT(64 << 20), .reset = UINT32_MAX };
    while (!a.ended && read_frame(c, &f)) {
        char other[4096] = "";
        if (f.type == NGHTTP2_HEADERS)
            inflate_into(c, &f, f.id != id ? other : a.head[0] == '\0' ? a.head : a.trailers, 4096);
        if (f.type == NGHTTP2_DATA && f.len > 0) {
            const uint8_t n[4] = { 0, (uint8_t)(f.len >> 16), (uint8_t)(f.len >> 8), (uint8_t)f.len };
            send_frame(c, NGHTTP2_WINDOW_UPDATE, 0, 0, n, 4);
            send_frame(c, NGHTTP2_WINDOW_UPDATE, 0, f.id, n, 4);
        }
        if (f.id != id)
            continue;
        if (f.type == NGHTTP2_DATA)
            CHECK_OK(dtake__buf_append(&a.body, f.payload, f.len));
        if (f.type == NGHTTP2_RST_STREAM)
            a.reset = (uint32_t)f.payload[2] << 8 | f.payload[3];
        a.ended = f.type == NGHTTP2_RST_STREAM || ((f.type == NGHTTP2_HEADERS || f.type == NGHTTP2_DATA) &&
                                                   (f.flags & NGHTTP2_FLAG_END_STREAM));
    }
    return a;
}

static inline void forget(answer *a)
{
    dtake__buf_dispose(&a->body);
}

/* The code of the GOAWAY that ends the connection; -1: it is just closed. */
static inline int64_t goes_away(client *c)
{
    static frame f;
    int64_t code = -1;
    while (read_frame(c, &f))
        if (f.type == NGHTTP2_GOAWAY)
            code = (int64_t)f.payload[6] << 8 | f.payload[7];
    return code;
}

#endif
