/* Reads of local files, on the threads for files. A file is opened for each read: thousands of objects need
 * no descriptors.
 */
#include "io/object_op.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static dtake_status open_file(const char *path, int *fd, struct stat *is, dtake_error *err)
{
    /* not blocking: a pipe of that name would wait for a writer */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return dtake__fail_errno(err, errno, "read %s", path);
    if (fstat(*fd, is) != 0)
        return dtake__fail_errno(err, errno, "read %s", path);
    if (S_ISDIR(is->st_mode))
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "read %s: it is a folder", path);
    if (!S_ISREG(is->st_mode))
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "read %s: it is not a regular file", path);
    return DTAKE_OK;
}

void dtake__file_etag(const struct stat *is, char *out, size_t size)
{
    snprintf(out, size, "\"%" PRIx64 "-%" PRIx64 ".%" PRIx64 "-%" PRIx64 "\"", (uint64_t)is->st_size,
             (uint64_t)is->st_mtim.tv_sec, (uint64_t)is->st_mtim.tv_nsec, (uint64_t)is->st_ino);
}

/* Which bytes: those of the range that the file has, or the whole document. */
static dtake_status choose_bytes(dtake__object_op *op, const struct stat *is, int64_t *first, int64_t *count,
                                 dtake_error *err)
{
    if (op->object == NULL) {
        *first = 0;
        *count = is->st_size;
        if ((uint64_t)is->st_size > op->max_bytes)
            return dtake__fail(err, DTAKE_E_LIMIT, "read %s: it has %lld bytes, more than the %zu allowed",
                               op->path, (long long)is->st_size, op->max_bytes);
        return DTAKE_OK;
    }
    char etag[DTAKE__ETAG_BYTES];
    dtake__file_etag(is, etag, sizeof etag);
    *first = op->read.first;
    *count = op->read.count < is->st_size - *first ? op->read.count : is->st_size - *first;
    dtake_status st = dtake__object_meet(op->object, is->st_size, etag, "", err);
    if (st == DTAKE_OK && *first >= is->st_size)
        st = dtake__fail(err, DTAKE_E_RANGE, "read %s: byte %lld is beyond its end, it has %lld bytes",
                         op->path, (long long)*first, (long long)is->st_size);
    return st;
}

static dtake_status read_bytes(dtake__object_op *op, int fd, int64_t first, int64_t count, dtake_error *err)
{
    op->bytes = DTAKE_BUF_INIT((size_t)count);
    op->bytes.data = dtake__alloc((size_t)count + 1);
    if (op->bytes.data == NULL)
        return dtake__fail_nomem(err, op->path);
    op->bytes.cap = (size_t)count;
    while (op->bytes.len < (size_t)count) {
        ssize_t got = pread(fd, op->bytes.data + op->bytes.len, (size_t)count - op->bytes.len,
                            first + (int64_t)op->bytes.len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return dtake__fail_errno(err, errno, "read %s", op->path);
        if (got == 0)
            return dtake__fail(err, DTAKE_E_CHANGED, "read %s: the file became shorter while it was read",
                               op->path);
        op->bytes.len += (size_t)got;
    }
    op->bytes.data[op->bytes.len] = '\0';
    DTAKE__TALLY(op->read.tally, bytes, count);
    if (op->read.is_header)
        DTAKE__TALLY(op->read.tally, header_bytes, count);
    return DTAKE_OK;
}

void dtake__object_read_local(dtake__object_op *op)
{
    struct stat is;
    int fd = -1;
    int64_t first = 0, count = 0;
    dtake_status st = DTAKE_OK;
    if (atomic_load(&op->cancelled) || dtake__is_closing(op->runtime))
        st = dtake__fail(&op->err, DTAKE_E_CANCELLED, "read %s: cancelled", op->path);
    else if (dtake__now_ms() >= op->give_up_at_ms)
        st = dtake__fail(&op->err, DTAKE_E_TIMEOUT,
                         "read %s: no worker was free before the deadline of %lld ms", op->path,
                         (long long)op->read.deadline_ms);
    if (st == DTAKE_OK) {
        DTAKE__TALLY(op->read.tally, requests, 1);
        DTAKE__TALLY(op->read.tally, header_requests, op->read.is_header ? 1 : 0);
        st = open_file(op->path, &fd, &is, &op->err);
    }
    if (st == DTAKE_OK)
        st = choose_bytes(op, &is, &first, &count, &op->err);
    if (st == DTAKE_OK)
        st = read_bytes(op, fd, first, count, &op->err);
    if (st != DTAKE_OK)
        dtake__buf_dispose(&op->bytes);
    if (fd >= 0)
        close(fd);
    op->status = st;
}
