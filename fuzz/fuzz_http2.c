/* A whole connection of HTTP/2, or 1.1: what a client sends comes in pieces, answers go into a socket that is
 * read to its end. Everything is real but the client: routes, files, a method that answers at once. */
#include "server/connection.h"
#include "server/rpc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void echo(dtake__rpc_call *call, void *ctx)
{
    dtake__span message = dtake__rpc_message(call);
    dtake_buf out = DTAKE_BUF_INIT(DTAKE__BODY_MAX);
    (void)ctx;
    if (dtake__buf_append(&out, message.text, message.len) != DTAKE_OK)
        abort();
    dtake__rpc_answer(call, &out);
}

static const dtake__rpc_method methods[] = { { "/a.B/C", echo, DTAKE__RIGHT_READ, .is_public = true } };

static dtake_server *server(void)
{
    static dtake_server *made;
    const dtake_serve_options options = { .files_dir = "/usr/share/doc/libc6", .keys = "/nonexistent" };
    if (made == NULL && (dtake__server_new(&made, &options, NULL) != DTAKE_OK ||
                         dtake__rpc_add(made, methods, 1, NULL, NULL, NULL) != DTAKE_OK))
        abort();
    made->door.is_local = true;
    return made;
}

static void read_all(int fd)
{
    char bytes[64 * 1024];
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
    }
}

static bool calls_live(dtake_server *s)
{
    pthread_mutex_lock(&s->rpc.lock);
    bool live = s->rpc.live > 0;
    pthread_mutex_unlock(&s->rpc.lock);
    return live;
}

/* Each piece: a byte that says how long it is, times 16, then the bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    int fds[2];
    dtake_server *s = server();
    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
        return 0;
    if (!dtake__conn_adopt(s, fds[0]))
        abort();
    if (data[0] & 1 && send(fds[1], preface, sizeof preface - 1, MSG_NOSIGNAL) < 0)
        abort();
    for (size_t at = 1; at < size && s->conns != NULL;) {
        size_t len = 1 + (size_t)data[at++] * 16;
        len = len < size - at ? len : size - at;
        if (send(fds[1], data + at, len, MSG_NOSIGNAL) < 0)
            break;
        at += len;
        uv_run(&s->loop, UV_RUN_NOWAIT);
        read_all(fds[1]);
    }
    shutdown(fds[1], SHUT_WR);
    for (int i = 0; i < 100 && s->conns != NULL; i++) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
        read_all(fds[1]);
    }
    close(fds[1]);
    if (s->conns != NULL)
        dtake__conn_close(s->conns);
    do /* the handler may still be at it */
        uv_run(&s->loop, UV_RUN_NOWAIT);
    while (calls_live(s) || s->chunks.used > 0 || atomic_load(&s->bodies.held) > 0);
    return 0;
}
