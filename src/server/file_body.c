#include "server/file_body.h"

#include "core/alloc.h"
#include "server/server.h"

#include <errno.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MANY_CONNECTIONS = 128 };

/* Bytes that the page cache holds are read at once, on the loop; for others libuv's threads wait for the
 * disk. */
typedef struct sending {
    dtake__exchange *exchange; /* NULL: the client is gone */
    dtake_server *server;
    dtake__served_file file;
    int64_t at, left;
    dtake__chunk *chunk; /* while it is read into */
    uv_fs_t read;
    bool reading; /* by a thread */
} sending;

static void free_sending(sending *s)
{
    if (s->reading)
        return; /* on_read comes back here */
    dtake__chunk_free(&s->server->chunks, s->chunk);
    close(s->file.fd);
    dtake__free(s);
}

static void on_done(dtake__exchange *exchange)
{
    sending *s = exchange->route_state;
    s->exchange = NULL;
    free_sending(s);
}

static bool is_unchanged(const dtake__served_file *file)
{
    struct stat now;
    return fstat(file->fd, &now) == 0 && now.st_size == file->as_opened.st_size &&
           now.st_mtim.tv_sec == file->as_opened.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == file->as_opened.st_mtim.tv_nsec;
}

/* `n` bytes were read into the chunk. None: the file became shorter, or cannot be read. */
static void send_chunk(sending *s, ssize_t n)
{
    bool last = n == s->left;
    if (n <= 0 || (last && !is_unchanged(&s->file))) {
        dtake__response_fail(s->exchange);
        return;
    }
    dtake__chunk *chunk = s->chunk;
    s->chunk = NULL;
    s->at += n;
    s->left -= n;
    chunk->len = (size_t)n;
    dtake__response_write(s->exchange, chunk, last);
}

static void on_read(uv_fs_t *request)
{
    sending *s = request->data;
    ssize_t n = request->result;
    s->reading = false;
    uv_fs_req_cleanup(request);
    if (s->exchange == NULL)
        free_sending(s);
    else
        send_chunk(s, n);
}

static void read_next(sending *s)
{
    int64_t most = s->server->conn_count > MANY_CONNECTIONS ? DTAKE__CHUNK_SMALL : DTAKE__CHUNK_BYTES;
    size_t want = (size_t)(s->left < most ? s->left : most);
    s->chunk = dtake__chunk_new(&s->server->chunks, want);
    if (s->chunk == NULL) {
        dtake__response_fail(s->exchange);
        return;
    }
    uint8_t *into = s->chunk->bytes + s->chunk->at;
    struct iovec vec = { into, want };
    ssize_t n = preadv2(s->file.fd, &vec, 1, s->at, RWF_NOWAIT);
    if (n >= 0) {
        send_chunk(s, n);
        return;
    }
    uv_buf_t buf = uv_buf_init((char *)into, (unsigned)want);
    s->read.data = s;
    s->reading = uv_fs_read(&s->server->loop, &s->read, s->file.fd, &buf, 1, s->at, on_read) == 0;
    if (!s->reading)
        dtake__response_fail(s->exchange);
}

static void on_sent(dtake__exchange *exchange)
{
    read_next(exchange->route_state);
}

void dtake__send_file(dtake__exchange *exchange, dtake__served_file file, int status, int64_t at, int64_t len)
{
    sending *s = dtake__calloc(1, sizeof *s);
    if (s == NULL) {
        close(file.fd);
        dtake__response_fail(exchange);
        return;
    }
    s->exchange = exchange;
    s->server = exchange->server;
    s->file = file;
    s->at = at;
    s->left = len;
    exchange->route_state = s;
    exchange->on_sent = on_sent;
    exchange->on_done = on_done;
    bool body = len > 0 && !dtake__request_is(&exchange->request, "HEAD");
    dtake__response_start(exchange, status, len);
    if (body)
        read_next(s);
}
