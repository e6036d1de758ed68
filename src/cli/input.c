#include "cli/input.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

dtake_status dtake__input_read(dtake_buf *out, const char *path, const char *what, dtake_error *err)
{
    enum { CHUNK_BYTES = 64 * 1024 };
    bool is_stdin = strcmp(path, "-") == 0;
    const char *name = is_stdin ? "standard input" : path;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "read %s from %s", what, name);

    dtake_status st = DTAKE_OK;
    for (ssize_t n = 1; n > 0 && st == DTAKE_OK;) {
        size_t room = out->limit - out->len < CHUNK_BYTES ? out->limit - out->len : CHUNK_BYTES;
        char over;
        st = dtake__buf_reserve(out, room);
        if (st != DTAKE_OK)
            break;
        do
            n = room > 0 ? read(fd, out->data + out->len, room) : read(fd, &over, 1);
        while (n < 0 && errno == EINTR);
        if (n < 0)
            st = dtake__fail_errno(err, errno, "read %s from %s", what, name);
        else if (room == 0 && n > 0)
            st = dtake__fail(err, DTAKE_E_LIMIT, "read %s from %s: more than %zu MiB", what, name,
                             out->limit >> 20);
        else
            out->len += room > 0 ? (size_t)n : 0;
    }
    if (st == DTAKE_E_NOMEM)
        dtake__fail_nomem(err, what);
    if (out->data != NULL)
        out->data[out->len] = '\0';
    if (!is_stdin)
        close(fd);
    return st;
}
