#include "cli/print.h"

#include "cli/signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_MS = 100 };

static int stdout_errno;

/* A pipe that nobody reads would hold up a command that is to stop. False: it is. */
static bool wait_for_reader(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };
    while (poll(&out, 1, LOOK_MS) == 0)
        if (dtake__signals_seen() != 0)
            return false;
    return true;
}

bool dtake__stdout_write(const void *bytes, size_t len)
{
    const char *at = bytes;
    while (stdout_errno == 0 && len > 0) {
        if (!wait_for_reader())
            return false;
        /* so much a pipe takes at once when it takes anything */
        ssize_t n = write(STDOUT_FILENO, at, len < PIPE_BUF ? len : PIPE_BUF);
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno != EINTR) {
            stdout_errno = errno;
        }
    }
    return stdout_errno == 0;
}

bool dtake__stdout_puts(const char *text)
{
    return dtake__stdout_write(text, strlen(text));
}

bool dtake__stdout_buf(dtake_buf *text)
{
    bool written = dtake__stdout_write(dtake__buf_str(text), text->len);
    dtake__buf_clear(text);
    return written;
}

bool dtake__stdout_failed(void)
{
    return stdout_errno != 0;
}

int dtake__stdout_finish(int status)
{
    char reason[128];
    if (stdout_errno == 0)
        return status;
    if (stdout_errno == EPIPE)
        return DTAKE_EXIT_PIPE;
    dtake__say("write to standard output: %s", strerror_r(stdout_errno, reason, sizeof reason));
    return dtake_status_exit(DTAKE_E_LOCAL_IO);
}

void dtake__stderr_write(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDERR_FILENO, text, len);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

size_t dtake__visible_char(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80)
        return c[0] >= 0x20 && c[0] != 0x7f;
    size_t len = c[0] >= 0xc2 && c[0] < 0xe0   ? 2
                 : c[0] >= 0xe0 && c[0] < 0xf0 ? 3
                 : c[0] >= 0xf0 && c[0] < 0xf5 ? 4
                                               : 0;
    for (size_t i = 1; i < len; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xf0 && c[1] < 0x90);
    bool no_char = (c[0] == 0xed && c[1] >= 0xa0) || (c[0] == 0xf4 && c[1] >= 0x90);
    bool c1 = c[0] == 0xc2 && c[1] < 0xa0;
    return len == 0 || overlong || no_char || c1 ? 0 : len;
}

dtake_status dtake__put_visible(dtake_buf *buf, const char *text)
{
    const char *c = text;
    dtake_status st = DTAKE_OK;
    while (*c != '\0' && st == DTAKE_OK) {
        size_t len = dtake__visible_char(c);
        st = len > 0 ? dtake__buf_append(buf, c, len) : dtake__buf_printf(buf, "\\x%02x", (unsigned char)*c);
        c += len > 0 ? len : 1;
    }
    return st;
}

void dtake__say(const char *fmt, ...)
{
    char text[2 * DTAKE_ERROR_BYTES];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    dtake_buf line = DTAKE_BUF_INIT(16 * 1024);
    if (dtake__buf_puts(&line, "datatake: ") == DTAKE_OK && dtake__put_visible(&line, text) == DTAKE_OK &&
        dtake__buf_puts(&line, "\n") == DTAKE_OK)
        dtake__stderr_write(dtake__buf_str(&line), line.len);
    dtake__buf_dispose(&line);
}

int dtake__say_error(const dtake_error *err)
{
    dtake__say("%s", err->message[0] != '\0' ? err->message : dtake_status_text(err->status));
    return dtake_status_exit(err->status);
}

int dtake__say_status(dtake_status status, dtake_error *err)
{
    err->status = status;
    return status == DTAKE_OK ? 0 : dtake__say_error(err);
}
