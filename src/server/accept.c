/* New connections. */
#include "core/alloc.h"
#include "server/connection.h"

#include <string.h>
#include <unistd.h>

static void name_peer(dtake__conn *conn)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    if (uv_tcp_getpeername(&conn->tcp, (struct sockaddr *)&address, &len) != 0)
        strcpy(conn->peer, "-");
    else if (address.ss_family == AF_INET6)
        uv_ip6_name((struct sockaddr_in6 *)&address, conn->peer, sizeof conn->peer);
    else if (address.ss_family == AF_INET)
        uv_ip4_name((struct sockaddr_in *)&address, conn->peer, sizeof conn->peer);
    else
        strcpy(conn->peer, "-");
}

static dtake__conn *conn_new(dtake_server *server)
{
    dtake__conn *conn = dtake__calloc(1, sizeof *conn);
    if (conn == NULL)
        return NULL;
    conn->server = server;
    conn->id = ++server->conn_serial;
    conn->in = DTAKE_BUF_INIT(server->limits.header_bytes + 2 * DTAKE__READ_BYTES);
    uv_tcp_init(&server->loop, &conn->tcp);
    uv_timer_init(&server->loop, &conn->timer);
    uv_timer_init(&server->loop, &conn->delay);
    conn->tcp.data = conn->timer.data = conn->delay.data = conn;
    conn->open_handles = 3;
    conn->next = server->conns;
    if (conn->next != NULL)
        conn->next->prev = conn;
    server->conns = conn;
    server->conn_count++;
    conn->refused = server->conn_count > server->limits.max_connections;
    return conn;
}

static void refuse(dtake__conn *conn)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
                                 "Content-Type: text/plain\r\nContent-Length: 54\r\n\r\n"
                                 "503 Service Unavailable: too many connections at once\n";
    uv_buf_t buf = uv_buf_init((char *)answer, sizeof answer - 1);
    if (conn->server->tls != NULL || uv_try_write((uv_stream_t *)&conn->tcp, &buf, 1) != (int)buf.len)
        dtake__conn_close(conn);
    else
        dtake__conn_finish(conn);
}

static void begin(dtake__conn *conn)
{
    dtake_server *server = conn->server;
    name_peer(conn);
    if (conn->refused) {
        refuse(conn);
        return;
    }
    if (server->tls != NULL) {
        conn->tls = dtake__tls_new(server->tls);
        if (conn->tls == NULL) {
            dtake__conn_close(conn);
            return;
        }
    }
    dtake__conn_wait_for(conn, conn->tls != NULL ? DTAKE__WAIT_REST : DTAKE__WAIT_REQUEST);
    dtake__conn_pump(conn);
}

bool dtake__conn_accept(dtake_server *server)
{
    dtake__conn *conn = conn_new(server);
    if (conn == NULL)
        return false;
    if (uv_accept((uv_stream_t *)&server->listener, (uv_stream_t *)&conn->tcp) != 0 ||
        server->conn_count > server->limits.max_connections + DTAKE__REFUSED_AT_ONCE) {
        dtake__conn_close(conn);
        return true;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    begin(conn);
    return true;
}

bool dtake__conn_adopt(dtake_server *server, int fd)
{
    dtake__conn *conn = conn_new(server);
    if (conn == NULL || uv_tcp_open(&conn->tcp, fd) != 0) {
        close(fd);
        if (conn != NULL)
            dtake__conn_close(conn);
        return false;
    }
    begin(conn);
    return true;
}
