/* Bytes out, sealed by TLS where that is spoken. */
#include "server/connection.h"

static void on_written(uv_write_t *request, int status)
{
    dtake__conn *conn = request->handle->data;
    dtake__chunk_free(&conn->server->chunks, request->data);
    conn->writes--;
    if (conn->closing)
        return;
    if (status != 0) {
        dtake__conn_close(conn);
    } else if (conn->writes == 0 && conn->owes_sent) {
        conn->owes_sent = false;
        dtake__conn_wait_for(conn, DTAKE__WAIT_NOTHING);
        conn->front->on_sent(conn->front_state);
    }
}

/* True: all of it is out already. */
static bool send_now(dtake__conn *conn, dtake__chunk *chunk, bool last)
{
    uv_stream_t *stream = (uv_stream_t *)&conn->tcp;
    uv_buf_t buf = uv_buf_init((char *)chunk->bytes + chunk->at, (unsigned)chunk->len);
    conn->given += chunk->len;
    int n = last && conn->writes == 0 ? uv_try_write(stream, &buf, 1) : UV_EAGAIN;
    if (n == (int)buf.len) {
        dtake__chunk_free(&conn->server->chunks, chunk);
        return true;
    }
    if (n > 0)
        buf = uv_buf_init(buf.base + n, buf.len - (unsigned)n);
    chunk->request.data = chunk;
    if ((n < 0 && n != UV_EAGAIN) || uv_write(&chunk->request, stream, &buf, 1, on_written) != 0) {
        dtake__chunk_free(&conn->server->chunks, chunk);
        dtake__conn_close(conn);
        return false;
    }
    conn->writes++;
    return false;
}

/* What TLS has for the wire, in one piece; NULL: nothing, or no memory. */
static dtake__chunk *take_from_tls(dtake__conn *conn)
{
    size_t len = dtake__tls_waiting(conn->tls);
    dtake__chunk *chunk = len > 0 ? dtake__chunk_new(&conn->server->chunks, len) : NULL;
    if (chunk == NULL)
        return NULL;
    dtake__tls_drain(conn->tls, chunk->bytes + chunk->at, len);
    chunk->len = len;
    return chunk;
}

bool dtake__conn_send_sealed(dtake__conn *conn)
{
    if (dtake__tls_waiting(conn->tls) == 0)
        return true;
    dtake__chunk *chunk = take_from_tls(conn);
    if (chunk != NULL)
        return send_now(conn, chunk, true);
    dtake__conn_close(conn);
    return false;
}

static dtake__chunk *seal(dtake__conn *conn, dtake__chunk *plain)
{
    bool sealed = dtake__tls_write(conn->tls, plain->bytes + plain->at, plain->len);
    dtake__chunk_free(&conn->server->chunks, plain);
    return sealed ? take_from_tls(conn) : NULL;
}

size_t dtake__conn_try(dtake__conn *conn, const void *bytes, size_t len)
{
    uv_buf_t buf = uv_buf_init((char *)bytes, (unsigned)len);
    int n = conn->tls == NULL && conn->writes == 0 ? uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1) : 0;
    if (n <= 0)
        return 0; /* what is wrong shows when it is sent */
    conn->given += (uint64_t)n;
    return (size_t)n;
}

bool dtake__conn_send(dtake__conn *conn, dtake__chunk *chunk, bool last)
{
    if (conn->tls != NULL)
        chunk = seal(conn, chunk);
    if (chunk == NULL) {
        dtake__conn_close(conn);
        return false;
    }
    bool out = send_now(conn, chunk, last);
    if (!out && !conn->closing) {
        conn->owes_sent = true;
        dtake__conn_wait_for(conn, DTAKE__WAIT_WRITE);
    }
    return out;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    dtake__conn *conn = request->data;
    if (status != 0 || conn->ended)
        dtake__conn_close(conn);
}

void dtake__conn_finish(dtake__conn *conn)
{
    if (conn->closing || conn->lingering)
        return;
    dtake__buf_clear(&conn->in);
    conn->given = 0;
    dtake__conn_wait_for(conn, DTAKE__WAIT_HANGUP);
    conn->lingering = true;
    if (conn->tls != NULL) {
        dtake__tls_end(conn->tls);
        dtake__conn_send_sealed(conn);
    }
    if (conn->closing)
        return;
    conn->shutdown.data = conn;
    if (uv_shutdown(&conn->shutdown, (uv_stream_t *)&conn->tcp, on_shutdown) != 0)
        dtake__conn_close(conn);
    dtake__conn_read_or_not(conn);
}
