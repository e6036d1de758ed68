#include "server/file_body.h"

#include "core/alloc.h"
#include "server/server.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Bytes that the page cache holds are read at once, on the loop; for others libuv's threads wait for the
 * disk. */
typedef struct sending {
    dtake__exchange *exchange; /* NULL: the client is gone */
    dtake_server *server;
    dtake__served_file file;
    dtake__ranges ranges;
    dtake__multipart parts; /* with several ranges */
    size_t part;            /* range under way */
    int64_t at, left;       /* of it */
    dtake__chunk *chunk;    /* while it is read into */
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

static void begin_part(sending *s, size_t part)
{
    s->part = part;
    s->at = s->ranges.range[part].at;
    s->left = s->ranges.range[part].len;
}

/* What stands around the bytes of a part, where they begin and where the last ones end. */
static bool frame(sending *s, dtake__chunk *chunk, bool last)
{
    char text[DTAKE__PART_HEAD_BYTES];
    if (s->ranges.count == 1)
        return true;
    if (last) {
        size_t len = dtake__multipart_end(&s->parts, text);
        memcpy(chunk->bytes + chunk->at + chunk->len, text, len);
        chunk->len += len;
    }
    if (s->at != s->ranges.range[s->part].at)
        return true;
    size_t len = dtake__multipart_head(&s->parts, &s->ranges, s->part, text);
    return dtake__chunk_prepend(chunk, text, len);
}

/* `n` bytes were read into the chunk. None: the file became shorter, or cannot be read. */
static void send_chunk(sending *s, ssize_t n)
{
    bool last = n == s->left && s->part + 1 == s->ranges.count;
    if (n <= 0 || (last && !is_unchanged(&s->file))) {
        dtake__response_fail(s->exchange);
        return;
    }
    dtake__chunk *chunk = s->chunk;
    chunk->len = (size_t)n;
    if (!frame(s, chunk, last)) {
        dtake__response_fail(s->exchange);
        return;
    }
    s->chunk = NULL;
    s->at += n;
    s->left -= n;
    if (s->left == 0 && !last)
        begin_part(s, s->part + 1);
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
    int64_t most = (int64_t)dtake__chunk_room(&s->server->chunks);
    int64_t end = s->ranges.count > 1 ? DTAKE__PART_HEAD_BYTES : 0; /* room behind the last part */
    size_t want = (size_t)(s->left < most - end ? s->left : most - end);
    s->chunk = dtake__chunk_new(&s->server->chunks, want + (size_t)end);
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

void dtake__send_file(dtake__exchange *exchange, dtake__served_file file, int status,
                      const dtake__ranges *ranges, const dtake__multipart *parts)
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
    s->ranges = *ranges;
    if (parts != NULL)
        s->parts = *parts;
    begin_part(s, 0);
    exchange->route_state = s;
    exchange->on_sent = on_sent;
    exchange->on_done = on_done;
    int64_t len = ranges->count > 1 ? dtake__multipart_length(parts, ranges) : s->left;
    bool body = len > 0 && !dtake__request_is(&exchange->request, "HEAD");
    dtake__response_start(exchange, status, len);
    if (body)
        read_next(s);
}
