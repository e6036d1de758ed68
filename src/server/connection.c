#include "server/connection.h"

#include "core/alloc.h"
#include "core/clock.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

enum { LINGER_BYTES = 256 * 1024 };

/* ---- life ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    dtake__conn *conn = handle->data;
    if (--conn->open_handles > 0)
        return;
    if (conn->front_state != NULL)
        conn->front->free(conn->front_state);
    dtake__tls_free(conn->tls);
    dtake__buf_dispose(&conn->in);
    dtake__free(conn);
}

static void unlink_conn(dtake__conn *conn)
{
    *(conn->prev != NULL ? &conn->prev->next : &conn->server->conns) = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    conn->server->conn_count--;
}

static void close_conn(dtake__conn *conn, bool reset)
{
    if (conn->closing)
        return;
    conn->closing = true;
    unlink_conn(conn);
    if (conn->front_state != NULL)
        conn->front->on_gone(conn->front_state);
    if (!reset || uv_tcp_close_reset(&conn->tcp, on_handle_closed) != 0)
        uv_close((uv_handle_t *)&conn->tcp, on_handle_closed);
    uv_close((uv_handle_t *)&conn->timer, on_handle_closed);
    uv_close((uv_handle_t *)&conn->delay, on_handle_closed);
    dtake__server_conn_gone(conn->server);
}

void dtake__conn_close(dtake__conn *conn)
{
    close_conn(conn, false);
}

void dtake__conn_reset(dtake__conn *conn)
{
    close_conn(conn, true);
}

void dtake__conn_stop(dtake__conn *conn)
{
    if (conn->lingering)
        return; /* soon over */
    if (conn->front_state == NULL)
        dtake__conn_close(conn);
    else
        conn->front->on_stopping(conn->front_state);
}

/* ---- limits ---- */

/* Bytes the other side has acknowledged, in all: those given to the kernel less those it still holds. */
static uint64_t bytes_taken(dtake__conn *conn)
{
    int fd, held = 0;
    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &held) != 0)
        held = 0;
    return conn->given - uv_stream_get_write_queue_size((uv_stream_t *)&conn->tcp) - (uint64_t)held;
}

static void check_write(dtake__conn *conn)
{
    int64_t now = dtake__now_ms();
    uint64_t taken = bytes_taken(conn);
    if (taken != conn->taken) {
        conn->taken = taken;
        conn->progress_ms = now;
    } else if (now - conn->progress_ms >= conn->server->limits.write_ms) {
        dtake__conn_reset(conn);
    }
}

static void on_timer(uv_timer_t *timer)
{
    dtake__conn *conn = timer->data;
    switch (conn->wait) {
    case DTAKE__WAIT_REST:
    case DTAKE__WAIT_STREAMS:
        if (conn->front_state != NULL)
            conn->front->on_timeout(conn->front_state);
        else
            dtake__conn_close(conn); /* hands were not shaken */
        break;
    case DTAKE__WAIT_WRITE:
        check_write(conn);
        break;
    case DTAKE__WAIT_REQUEST:
    case DTAKE__WAIT_HANGUP:
        dtake__conn_close(conn);
        break;
    case DTAKE__WAIT_NOTHING:
        break;
    }
}

static int64_t wait_ms(const dtake__serve_limits *limits, dtake__conn_wait wait)
{
    int64_t shortest = limits->write_ms < limits->header_ms ? limits->write_ms : limits->header_ms;
    switch (wait) {
    case DTAKE__WAIT_REQUEST:
        return limits->idle_ms;
    case DTAKE__WAIT_REST:
        return limits->header_ms;
    case DTAKE__WAIT_STREAMS:
        return shortest / 4 + 1;
    case DTAKE__WAIT_WRITE:
        return limits->write_ms / 4 + 1;
    default:
        return DTAKE__LINGER_MS;
    }
}

void dtake__conn_wait_for(dtake__conn *conn, dtake__conn_wait wait)
{
    if (conn->closing || conn->lingering || (wait == conn->wait && wait != DTAKE__WAIT_REQUEST))
        return;
    int64_t ms = wait_ms(&conn->server->limits, wait);
    bool repeats = wait == DTAKE__WAIT_WRITE || wait == DTAKE__WAIT_STREAMS;
    conn->wait = wait;
    if (wait == DTAKE__WAIT_NOTHING) {
        uv_timer_stop(&conn->timer);
        return;
    }
    if (wait == DTAKE__WAIT_WRITE) {
        conn->taken = bytes_taken(conn);
        conn->progress_ms = dtake__now_ms();
    }
    uv_timer_start(&conn->timer, on_timer, (uint64_t)ms, repeats ? (uint64_t)ms : 0);
}

/* ---- bytes in ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    dtake__conn *conn = handle->data;
    (void)suggested;
    *buf = uv_buf_init((char *)conn->server->read_buffer, DTAKE__READ_BYTES);
}

const dtake__front *dtake__front_for(const uint8_t *bytes, size_t len)
{
    static const char preface[] = "PRI * HTTP/2.0"; /* as no request of HTTP/1.1 begins */
    size_t common = len < sizeof preface - 1 ? len : sizeof preface - 1;
    if (memcmp(bytes, preface, common) != 0)
        return &dtake__http1_front;
    return common == sizeof preface - 1 ? &dtake__http2_front : NULL;
}

/* Gives bytes to the front, which the first ones choose; how many it has taken. */
static size_t give(dtake__conn *conn, const uint8_t *bytes, size_t len)
{
    if (conn->front_state == NULL) {
        bool chosen = conn->tls != NULL && dtake__tls_speaks_h2(conn->tls);
        conn->front = chosen ? &dtake__http2_front : dtake__front_for(bytes, len);
        if (conn->front == NULL)
            return 0;
        conn->front_state = conn->front->open(conn);
        if (conn->front_state == NULL) {
            dtake__conn_close(conn);
            return 0;
        }
    }
    return conn->front->on_bytes(conn->front_state, bytes, len);
}

/* What the front leaves is kept. */
static void take_bytes(dtake__conn *conn, const uint8_t *bytes, size_t len)
{
    bool had = conn->in.len > 0;
    size_t used = had ? 0 : give(conn, bytes, len);
    if (conn->closing || conn->lingering || used == len)
        return;
    if (dtake__buf_append(&conn->in, bytes + used, len - used) != DTAKE_OK)
        dtake__conn_close(conn);
    else if (had)
        dtake__conn_pump(conn);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

/* A client that sends faster than it reads answers is not listened to beyond one header and one read. */
void dtake__conn_read_or_not(dtake__conn *conn)
{
    bool wanted = !conn->closing && !conn->ended && conn->in.len <= conn->server->limits.header_bytes;
    if (wanted && !conn->reading)
        wanted = uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read) == 0;
    else if (!wanted && conn->reading && !conn->closing)
        uv_read_stop((uv_stream_t *)&conn->tcp);
    conn->reading = wanted;
}

void dtake__conn_pump(dtake__conn *conn)
{
    while (conn->in.len > 0 && !conn->closing && !conn->lingering) {
        size_t used = give(conn, conn->in.data, conn->in.len);
        if (used == 0 || conn->closing || conn->lingering)
            break;
        memmove(conn->in.data, conn->in.data + used, conn->in.len - used);
        conn->in.len -= used;
    }
    dtake__conn_read_or_not(conn);
}

static void on_end(dtake__conn *conn)
{
    conn->ended = true;
    if (conn->lingering || conn->front_state == NULL)
        dtake__conn_close(conn);
    else
        conn->front->on_end(conn->front_state);
    dtake__conn_read_or_not(conn);
}

/* What TLS makes of bytes of the wire; what it has to say goes out. */
static void take_sealed(dtake__conn *conn, const uint8_t *bytes, size_t len)
{
    uint8_t plain[16 * 1024];
    bool was_ready = dtake__tls_is_ready(conn->tls);
    ssize_t n = dtake__tls_put(conn->tls, bytes, len) ? 1 : DTAKE__TLS_BROKEN;
    while (n > 0 && !conn->closing && !conn->lingering) {
        n = dtake__tls_take(conn->tls, plain, sizeof plain);
        if (!was_ready && dtake__tls_is_ready(conn->tls)) {
            was_ready = true;
            dtake__conn_wait_for(conn, DTAKE__WAIT_REQUEST);
        }
        if (n > 0)
            take_bytes(conn, plain, (size_t)n);
    }
    if (conn->closing)
        return;
    dtake__conn_send_sealed(conn);
    if (n == DTAKE__TLS_ENDED && !conn->closing && !conn->ended)
        on_end(conn);
    else if (n == DTAKE__TLS_BROKEN && !conn->closing)
        dtake__conn_finish(conn); /* the alert that says why is read first */
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    dtake__conn *conn = stream->data;
    if (n == UV_EOF) {
        on_end(conn);
    } else if (n < 0) {
        dtake__conn_close(conn);
    } else if (conn->lingering) {
        conn->given += (uint64_t)n; /* from here on it counts what is thrown away */
        if (conn->given > LINGER_BYTES)
            dtake__conn_close(conn);
    } else if (n > 0) {
        if (conn->tls != NULL)
            take_sealed(conn, (const uint8_t *)buf->base, (size_t)n);
        else
            take_bytes(conn, (const uint8_t *)buf->base, (size_t)n);
        dtake__conn_read_or_not(conn);
    }
}
