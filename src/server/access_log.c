#include "server/access_log.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"
#include "server/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_WAITING = 1024 * 1024, /* bytes */
    FLUSH_AT = 64 * 1024,
    PIECE = 4096, /* what a pipe that polls as writable takes without blocking (PIPE_BUF) */
    MAX_SHOWN = 2048,
    GONE = 499 /* nginx's number for a client that left before its answer began */
};

struct dtake__access_log {
    int fd;
    bool own_fd;
    dtake_buf waiting;
    size_t flush_at;
    int64_t dropped;
};

dtake_status dtake__access_log_open(dtake__access_log **out, const char *path, dtake_error *err)
{
    bool own = strcmp(path, "-") != 0;
    int fd = own ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644) : STDERR_FILENO;
    if (fd < 0) {
        dtake__fail_errno(err, errno, "open the access log %s", path);
        return err != NULL ? err->status : DTAKE_E_LOCAL_IO;
    }
    dtake__access_log *log = dtake__calloc(1, sizeof *log);
    if (log == NULL) {
        if (own)
            close(fd);
        return dtake__fail_nomem(err, "access log");
    }
    *log = (dtake__access_log){ fd, own, DTAKE_BUF_INIT(MAX_WAITING), FLUSH_AT, 0 };
    *out = log;
    return DTAKE_OK;
}

/* Between quotes: what came from outside cannot end a field or a line. */
static void put_quoted(dtake_buf *buf, const char *text)
{
    if (text == NULL || *text == '\0')
        text = "-";
    dtake__buf_puts(buf, "\"");
    for (size_t i = 0; text[i] != '\0' && i < MAX_SHOWN; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
            dtake__buf_printf(buf, "\\x%02x", c);
        else
            dtake__buf_append(buf, &c, 1);
    }
    dtake__buf_puts(buf, "\"");
}

static void put_request(dtake_buf *buf, const dtake__exchange *exchange)
{
    char line[MAX_SHOWN];
    snprintf(line, sizeof line, "%s %s %s", exchange->request.method, exchange->request.target,
             exchange->carrier->version);
    put_quoted(buf, line);
}

void dtake__access_log_put(dtake__access_log *log, const dtake__exchange *exchange)
{
    dtake_buf line = DTAKE_BUF_INIT(5 * 4 * MAX_SHOWN);
    char date[32]; /* "Sun, 22 Nov 2026 01:30:17 GMT" */
    dtake__http_date_format(dtake__unix_now_ns() / 1000000000, date, sizeof date);
    dtake__buf_printf(&line, "%s - - [%.2s/%.3s/%.4s:%.8s +0000] ", exchange->peer, date + 5, date + 8,
                      date + 12, date + 17);
    put_request(&line, exchange);
    dtake__buf_printf(&line, " %d %lld ", exchange->status != 0 ? exchange->status : GONE,
                      (long long)exchange->sent);
    put_quoted(&line, dtake__request_field(&exchange->request, "Referer"));
    dtake__buf_puts(&line, " ");
    put_quoted(&line, dtake__request_field(&exchange->request, "User-Agent"));
    dtake__buf_puts(&line, " ");
    put_quoted(&line, dtake__request_field(&exchange->request, "Range"));
    dtake__buf_printf(&line, " %.3f %llu\n", (double)(dtake__now_us() - exchange->started_us) / 1e3,
                      (unsigned long long)exchange->connection_id);
    if (dtake__buf_append(&log->waiting, line.data, line.len) != DTAKE_OK)
        log->dropped++;
    dtake__buf_dispose(&line);
    if (log->waiting.len >= log->flush_at)
        dtake__access_log_flush(log, 0);
}

/* Bytes written of the first piece; -1: not now. */
static ssize_t write_piece(dtake__access_log *log, size_t at, int wait_ms)
{
    struct pollfd ready = { .fd = log->fd, .events = POLLOUT };
    if (poll(&ready, 1, wait_ms) != 1 || (ready.revents & POLLOUT) == 0)
        return -1;
    size_t len = log->waiting.len - at;
    ssize_t n = write(log->fd, log->waiting.data + at, len < PIECE ? len : PIECE);
    return n < 0 && errno == EINTR ? 0 : n;
}

void dtake__access_log_flush(dtake__access_log *log, int wait_ms)
{
    size_t at = 0;
    int64_t deadline = dtake__now_ms() + wait_ms;
    if (log->dropped > 0 &&
        dtake__buf_printf(&log->waiting, "# %lld lines dropped: this file did not take them\n",
                          (long long)log->dropped) == DTAKE_OK)
        log->dropped = 0;
    while (at < log->waiting.len) {
        int64_t left = deadline - dtake__now_ms();
        ssize_t n = write_piece(log, at, left > 0 ? (int)left : 0);
        if (n < 0)
            break;
        at += (size_t)n;
    }
    if (at > 0) {
        memmove(log->waiting.data, log->waiting.data + at, log->waiting.len - at);
        log->waiting.len -= at;
    }
    log->flush_at = log->waiting.len + FLUSH_AT;
}

void dtake__access_log_close(dtake__access_log *log)
{
    if (log == NULL)
        return;
    dtake__access_log_flush(log, 500);
    if (log->own_fd)
        close(log->fd);
    dtake__buf_dispose(&log->waiting);
    dtake__free(log);
}
