#include "server/http2.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <string.h>

/* ---- out ---- */

/* The next frames, as many as have room; 0: nothing to send, or the connection was closed. A frame that has
 * none is the first next time. */
static size_t gather(dtake__http2 *h, uint8_t *out)
{
    size_t len = 0;
    for (;;) {
        if (h->rest_len == 0) {
            ssize_t n = nghttp2_session_mem_send(h->session, &h->rest);
            if (h->conn->closing || n < 0) {
                dtake__conn_close(h->conn);
                return 0;
            }
            h->rest_len = (size_t)n;
        }
        size_t room = DTAKE__HTTP2_OUT_BYTES - len;
        if (h->rest_len == 0 || room == 0)
            return len;
        size_t taken = h->rest_len < room ? h->rest_len : room;
        memcpy(out + len, h->rest, taken);
        len += taken;
        h->rest += taken;
        h->rest_len -= taken;
    }
}

static void send_frames(dtake__http2 *h)
{
    while (!h->conn->closing && h->conn->writes == 0) {
        const uint8_t *frames = h->conn->server->frames;
        size_t len = gather(h, h->conn->server->frames);
        if (len == 0)
            return;
        size_t taken = dtake__conn_try(h->conn, frames, len);
        if (taken == len)
            continue;
        len -= taken;
        dtake__chunk *chunk = dtake__chunk_new(&h->conn->server->chunks, len);
        if (chunk == NULL) {
            dtake__conn_close(h->conn);
            return;
        }
        memcpy(chunk->bytes + chunk->at, frames + taken, len);
        chunk->len = len;
        dtake__conn_send(h->conn, chunk, true);
    }
}

/* Nothing more is said; what the client was told last it will still read. */
static void finish(dtake__http2 *h)
{
    while (h->streams != NULL)
        dtake__http2_stream_free(h->streams);
    dtake__conn_finish(h->conn);
}

/* What is waited for next, when the socket has taken all. */
static void wait_on(dtake__http2 *h)
{
    dtake__conn *conn = h->conn;
    if (conn->closing || conn->lingering || conn->writes > 0)
        return;
    bool over = !nghttp2_session_want_read(h->session) && !nghttp2_session_want_write(h->session);
    if (over)
        finish(h);
    else
        dtake__conn_wait_for(conn, h->streams != NULL ? DTAKE__WAIT_STREAMS : DTAKE__WAIT_REQUEST);
}

void dtake__http2_flush(dtake__http2 *h)
{
    h->again = true;
    if (h->receiving || h->sending || h->conn->lingering)
        return;
    h->sending = true;
    while (h->again && !h->conn->closing) {
        h->again = false;
        send_frames(h);
        if (!h->conn->closing)
            dtake__http2_tell_sent(h);
    }
    h->sending = false;
    wait_on(h);
}

void dtake__http2_calm(dtake__http2 *h)
{
    if (nghttp2_session_terminate_session(h->session, NGHTTP2_ENHANCE_YOUR_CALM) != 0)
        dtake__conn_close(h->conn);
}

/* ---- the front ---- */

static size_t on_bytes(void *front, const uint8_t *bytes, size_t len)
{
    dtake__http2 *h = front;
    if (h->receiving || h->sending ||
        (h->conn->writes > 0 && nghttp2_session_get_outbound_queue_size(h->session) > DTAKE__HTTP2_MAX_QUEUE))
        return 0; /* again after on_sent */
    h->receiving = true;
    ssize_t n = nghttp2_session_mem_recv(h->session, bytes, len);
    h->receiving = false;
    if (h->conn->closing)
        return len;
    dtake__http2_flush(h);
    if (n < 0 && !h->conn->closing)
        finish(h); /* it is no HTTP/2, or a flood; GOAWAY is out where there is one */
    return len;
}

static void on_sent(void *front)
{
    dtake__http2 *h = front;
    dtake__http2_flush(h);
    if (!h->conn->closing && h->conn->in.len > 0)
        dtake__conn_pump(h->conn);
}

static void on_timeout(void *front)
{
    dtake__http2 *h = front;
    dtake__http2_check_streams(h);
    if (!h->conn->closing)
        dtake__http2_flush(h);
}

/* A client that sends nothing more gives no window either, and ends no request: it is gone, as all that speak
 * HTTP/2 are then. */
static void on_end(void *front)
{
    dtake__http2 *h = front;
    if (!h->conn->lingering)
        finish(h);
}

/* Streams that have begun are answered; later ones, which the client may already have sent, it knows to try
 * elsewhere. */
static void on_stopping(void *front)
{
    dtake__http2 *h = front;
    if (nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(h->session), NGHTTP2_NO_ERROR, NULL,
                              0) != 0)
        dtake__conn_close(h->conn);
    else
        dtake__http2_flush(h);
}

static void on_gone(void *front)
{
    dtake__http2 *h = front;
    while (h->streams != NULL)
        dtake__http2_stream_free(h->streams);
}

static bool open_session(dtake__http2 *h)
{
    const dtake__serve_limits *limits = &h->conn->server->limits;
    const nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, DTAKE__HTTP2_STREAMS },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, DTAKE__HTTP2_STREAM_WINDOW },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_bytes },
    };
    nghttp2_mem memory = dtake__http2_memory(h->room);
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    bool ok = nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0;
    if (ok) {
        dtake__http2_set_callbacks(callbacks);
        nghttp2_option_set_max_deflate_dynamic_table_size(option, DTAKE__HTTP2_TABLE);
        ok = nghttp2_session_server_new3(&h->session, callbacks, h, option, &memory) == 0 &&
             nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, settings,
                                     sizeof settings / sizeof settings[0]) == 0 &&
             nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0,
                                                   DTAKE__HTTP2_CONNECTION_WINDOW) == 0;
    }
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return ok;
}

static void http2_free(void *front)
{
    dtake__http2 *h = front;
    nghttp2_session_del(h->session);
    dtake__http2_room_give(&h->conn->server->rooms, h->room);
    dtake__free(h);
}

static void *http2_open(dtake__conn *conn)
{
    dtake__http2 *h = dtake__calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->conn = conn;
    h->room = dtake__http2_room_take(&conn->server->rooms);
    if (h->room != NULL && open_session(h))
        return h;
    http2_free(h);
    return NULL;
}

const dtake__front dtake__http2_front = {
    .open = http2_open,
    .on_bytes = on_bytes,
    .on_sent = on_sent,
    .on_timeout = on_timeout,
    .on_end = on_end,
    .on_stopping = on_stopping,
    .on_gone = on_gone,
    .free = http2_free,
};
