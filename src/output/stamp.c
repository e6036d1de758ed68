#include "output/stamp.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/text.h"
#include "format/tiff.h"
#include "output/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DIGITS = DTAKE__SHA256_HEX - 1,
    FIRST_BYTES = 64 << 10,
    MAX_HEADER_BYTES = 160 << 20,
    CHUNK_BYTES = 256 << 10,
};
static const char sidecar_end[] = ".receipt.json";

size_t dtake__stamp_digits(const char *text, size_t len)
{
    static const char head[] = "\"sha256\":\"", tail[] = "\"}";
    size_t end = sizeof head - 1 + DIGITS + sizeof tail - 1;
    if (len < end || memcmp(text + len - end, head, sizeof head - 1) != 0 ||
        memcmp(text + len - 2, tail, 2) != 0)
        return SIZE_MAX;
    size_t first = len - 2 - DIGITS;
    for (size_t i = first; i < len - 2; i++)
        if (memchr("0123456789abcdef", text[i], 16) == NULL)
            return SIZE_MAX;
    return first;
}

char *dtake__stamp_path(const char *path)
{
    size_t len = strlen(path);
    char *out = dtake__alloc(len + sizeof sidecar_end);
    if (out == NULL)
        return NULL;
    memcpy(out, path, len);
    memcpy(out + len, sidecar_end, sizeof sidecar_end);
    return out;
}

bool dtake__stamp_is_sidecar(const char *path)
{
    return dtake__ends_with(path, sidecar_end);
}

/* With the digits in their place and a line end. */
static dtake_status write_sidecar(const char *sidecar, const char *receipt, const char *sha256,
                                  dtake_error *err)
{
    size_t len = strlen(receipt), digits = dtake__stamp_digits(receipt, len);
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__STAMP_MAX_BYTES + 1);
    dtake_status st = digits != SIZE_MAX ? dtake__buf_puts(&text, receipt) : DTAKE_E_FORMAT;
    if (st == DTAKE_OK)
        st = dtake__buf_puts(&text, "\n");
    if (st != DTAKE_OK) {
        dtake__buf_dispose(&text);
        return dtake__fail(err, st, "write %s: a receipt of %zu bytes", sidecar, len);
    }
    memcpy(text.data + digits, sha256, DIGITS);
    st = dtake__store_bytes(sidecar, text.data, text.len, true, NULL, err);
    dtake__buf_dispose(&text);
    return st;
}

/* Over a file that is there, its old receipt goes first and the new one comes last; else the receipt is there
 * before the file. So whenever this ends, a file has its own receipt or none. */
dtake_status dtake__stamp_commit(dtake__part *part, const char *path, const char *receipt,
                                 const char sha256[DTAKE__SHA256_HEX], bool replace, dtake_error *err)
{
    struct stat is;
    char *sidecar = dtake__stamp_path(path);
    if (sidecar == NULL) {
        dtake__part_abort(part);
        return dtake__fail_nomem(err, "a receipt");
    }
    bool over = lstat(path, &is) == 0;
    dtake_status st = DTAKE_OK;
    if (over && replace)
        unlink(sidecar);
    else if (!over)
        st = write_sidecar(sidecar, receipt, sha256, err);
    if (st == DTAKE_OK)
        st = dtake__part_commit(part, err);
    else
        dtake__part_abort(part);
    if (st == DTAKE_OK && over)
        st = write_sidecar(sidecar, receipt, sha256, err);
    dtake__free(sidecar);
    return st;
}

static dtake_status read_at(int fd, int64_t first, void *out, size_t len, const char *path, dtake_error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, (uint8_t *)out + done, len - done, first + (int64_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return dtake__fail_errno(err, errno, "read %s", path);
        if (got == 0)
            return dtake__fail(err, DTAKE_E_FORMAT, "read %s: it ends after %lld bytes", path,
                               (long long)(first + (int64_t)done));
        done += (size_t)got;
    }
    return DTAKE_OK;
}

/* Where the ImageDescription is; NOT_FOUND: not a TIFF of ours, or it has none. */
static dtake_status find_description(int fd, int64_t file_bytes, const char *path, dtake__stamp *out,
                                     int64_t *bytes, dtake_error *err)
{
    dtake_status st = DTAKE_E_RANGE;
    uint8_t *head = NULL;
    for (int64_t want = FIRST_BYTES, got = 0; st == DTAKE_E_RANGE && got < file_bytes;) {
        int64_t need_first = 0, need_count = 0;
        dtake__tiff tiff = { 0 };
        want = want < file_bytes ? want : file_bytes;
        uint8_t *grown = want <= MAX_HEADER_BYTES ? dtake__realloc(head, (size_t)want) : NULL;
        if (grown == NULL) {
            dtake__free(head);
            return want <= MAX_HEADER_BYTES ? dtake__fail_nomem(err, "read a header") : DTAKE_E_NOT_FOUND;
        }
        head = grown;
        st = read_at(fd, got, head + got, (size_t)(want - got), path, err);
        got = want;
        dtake__segment segment = { 0, (size_t)want, head };
        dtake__segments segments = { &segment, 1, file_bytes };
        if (st == DTAKE_OK)
            st = dtake__tiff_parse(&tiff, &segments, &need_first, &need_count, NULL);
        want = need_first + need_count > 2 * want ? need_first + need_count : 2 * want;
        if (st == DTAKE_OK) {
            out->first = tiff.description_first;
            *bytes = tiff.description_bytes;
            dtake__tiff_dispose(&tiff);
        }
    }
    dtake__free(head);
    return st == DTAKE_OK || st == DTAKE_E_NOMEM || st == DTAKE_E_LOCAL_IO ? st : DTAKE_E_NOT_FOUND;
}

static dtake_status read_inside(dtake__stamp *out, int fd, const char *path, dtake_error *err)
{
    struct stat is;
    int64_t bytes = 0;
    if (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode))
        return dtake__fail(err, DTAKE_E_LOCAL_IO, "read %s: it is not a regular file", path);
    dtake_status st = find_description(fd, is.st_size, path, out, &bytes, err);
    if (st != DTAKE_OK)
        return st;
    if (bytes <= 0 || bytes > DTAKE__STAMP_MAX_BYTES || out->first > is.st_size - bytes)
        return DTAKE_E_NOT_FOUND;
    if (dtake__buf_reserve(&out->text, (size_t)bytes) != DTAKE_OK)
        return dtake__fail_nomem(err, "a receipt");
    st = read_at(fd, out->first, out->text.data, (size_t)bytes, path, err);
    if (st != DTAKE_OK)
        return st;
    out->text.len = strnlen((const char *)out->text.data, (size_t)bytes);
    out->text.data[out->text.len] = '\0';
    out->inside = true;
    return dtake__stamp_digits(dtake__buf_str(&out->text), out->text.len) != SIZE_MAX ? DTAKE_OK
                                                                                      : DTAKE_E_NOT_FOUND;
}

static dtake_status read_beside(dtake__stamp *out, const char *path, dtake_error *err)
{
    struct stat is;
    char *sidecar = dtake__stamp_path(path);
    if (sidecar == NULL)
        return dtake__fail_nomem(err, "a receipt");
    int fd = open(sidecar, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    dtake_status st = fd >= 0 ? DTAKE_OK : DTAKE_E_NOT_FOUND;
    if (st == DTAKE_OK &&
        (fstat(fd, &is) != 0 || !S_ISREG(is.st_mode) || is.st_size > DTAKE__STAMP_MAX_BYTES))
        st = DTAKE_E_NOT_FOUND;
    if (st == DTAKE_OK && dtake__buf_reserve(&out->text, (size_t)is.st_size) != DTAKE_OK)
        st = dtake__fail_nomem(err, "a receipt");
    if (st == DTAKE_OK)
        st = read_at(fd, 0, out->text.data, (size_t)is.st_size, sidecar, err);
    if (st == DTAKE_OK) {
        out->text.len = (size_t)is.st_size;
        while (out->text.len > 0 && out->text.data[out->text.len - 1] == '\n')
            out->text.len--;
        out->text.data[out->text.len] = '\0';
        if (dtake__stamp_digits(dtake__buf_str(&out->text), out->text.len) == SIZE_MAX)
            st = DTAKE_E_NOT_FOUND;
    }
    if (fd >= 0)
        close(fd);
    dtake__free(sidecar);
    return st;
}

dtake_status dtake__stamp_read(dtake__stamp *out, const char *path, dtake_error *err)
{
    *out = (dtake__stamp){ .text = DTAKE_BUF_INIT(DTAKE__STAMP_MAX_BYTES) };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    dtake_status st = fd >= 0 ? read_inside(out, fd, path, err) : DTAKE_E_NOT_FOUND;
    if (fd >= 0)
        close(fd);
    if (st == DTAKE_E_NOT_FOUND) {
        dtake__stamp_dispose(out);
        st = read_beside(out, path, err);
    }
    if (st == DTAKE_OK)
        return st;
    dtake__stamp_dispose(out);
    return st == DTAKE_E_NOT_FOUND ? dtake__fail(err, st, "%s has no receipt", path) : st;
}

void dtake__stamp_dispose(dtake__stamp *stamp)
{
    dtake__buf_dispose(&stamp->text);
    *stamp = (dtake__stamp){ .text = DTAKE_BUF_INIT(DTAKE__STAMP_MAX_BYTES) };
}

/* The part of [first, last) that lies in the chunk becomes zeros. */
static void blank(uint8_t *chunk, int64_t at, size_t len, int64_t first, int64_t last)
{
    int64_t from = first > at ? first : at, to = last < at + (int64_t)len ? last : at + (int64_t)len;
    if (from < to)
        memset(chunk + (from - at), '0', (size_t)(to - from));
}

dtake_status dtake__stamp_digest(const dtake__stamp *stamp, const char *path, const volatile bool *stop,
                                 char hex[DTAKE__SHA256_HEX], int64_t *bytes, dtake_error *err)
{
    int64_t first = stamp->inside ? stamp->first + (int64_t)dtake__stamp_digits(dtake__buf_str(&stamp->text),
                                                                                stamp->text.len)
                                  : INT64_MAX - DIGITS;
    *bytes = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "read %s", path);
    uint8_t *chunk = dtake__alloc(CHUNK_BYTES);
    dtake__digest *digest = dtake__digest_new("sha256");
    dtake_status st =
        chunk != NULL && digest != NULL ? DTAKE_OK : dtake__fail_nomem(err, "compute a checksum");
    for (ssize_t got = 1; st == DTAKE_OK && got > 0;) {
        got = read(fd, chunk, CHUNK_BYTES);
        if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got < 0) {
            st = dtake__fail_errno(err, errno, "read %s", path);
        } else if (stop != NULL && *stop) {
            st = dtake__fail(err, DTAKE_E_CANCELLED, "cancelled");
        } else {
            blank(chunk, *bytes, (size_t)got, first, first + DIGITS);
            dtake__digest_add(digest, chunk, (size_t)got);
            *bytes += got;
        }
    }
    if (digest != NULL)
        dtake__digest_finish(digest, hex, DTAKE__SHA256_HEX);
    dtake__free(chunk);
    close(fd);
    return st;
}
