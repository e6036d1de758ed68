/* /files/: what lies in one folder, by range. */
#include "core/clock.h"
#include "server/beneath.h"
#include "server/condition.h"
#include "server/content_type.h"
#include "server/file_body.h"
#include "server/listing.h"
#include "server/range.h"
#include "server/router.h"
#include "server/server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void refuse(dtake__exchange *exchange, int error)
{
    if (error == -EACCES || error == -EPERM) {
        dtake__response_error(exchange, 403, "the server may not read this");
    } else if (error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EAGAIN) {
        dtake__response_field(exchange, "Retry-After", "1");
        dtake__response_error(exchange, 503, "too much is open at once");
    } else if (error == -EIO) {
        dtake__response_error(exchange, 500, "the disk cannot be read");
    } else {
        dtake__response_error(exchange, 404, "no such file or folder");
    }
}

static dtake__validators validators_of(const struct stat *st)
{
    dtake__validators v = { .modified_s = st->st_mtim.tv_sec };
    snprintf(v.etag, sizeof v.etag, "\"%llx-%llx-%llx\"", (unsigned long long)st->st_size,
             (unsigned long long)st->st_mtim.tv_sec * 1000000000ULL + (unsigned long long)st->st_mtim.tv_nsec,
             (unsigned long long)st->st_ino);
    return v;
}

static void put_validators(dtake__exchange *exchange, const dtake__validators *v)
{
    char date[40];
    dtake__http_date_format(v->modified_s, date, sizeof date);
    dtake__response_field(exchange, "ETag", v->etag);
    dtake__response_field(exchange, "Last-Modified", date);
    dtake__response_field(exchange, "Accept-Ranges", "bytes");
}

static void put_type(dtake__exchange *exchange, const char *name)
{
    const char *type = dtake__content_type(name);
    dtake__response_field(exchange, "Content-Type", type);
    dtake__response_field(exchange, "X-Content-Type-Options", "nosniff");
    /* A page found among the data must not act in the name of this server. */
    if (strncmp(type, "text/html", 9) == 0 || strncmp(type, "image/svg", 9) == 0)
        dtake__response_field(exchange, "Content-Security-Policy", "sandbox");
}

static void answer_file(dtake__exchange *exchange, dtake__served_file file, const char *name)
{
    const dtake__request *request = &exchange->request;
    int64_t size = file.as_opened.st_size, at = 0, len = size;
    dtake__validators v = validators_of(&file.as_opened);
    int status = dtake__condition_status(request, &v);
    dtake__range_kind range = DTAKE__RANGE_NONE;
    const char *range_field;
    size_t field = 0;

    put_validators(exchange, &v);
    if (status == 412) {
        close(file.fd);
        dtake__response_error(exchange, 412, "the file is not the one named by the condition");
        return;
    }
    if (status == 304) {
        close(file.fd);
        dtake__response_start(exchange, 304, -1);
        return;
    }
    range_field = dtake__request_next_field(request, "Range", &field);
    if (range_field != NULL && dtake__request_next_field(request, "Range", &field) == NULL &&
        dtake__request_is(request, "GET") &&
        dtake__condition_range(request, &v, dtake__unix_now_ns() / 1000000000))
        range = dtake__range_parse(range_field, size, &at, &len);
    if (range == DTAKE__RANGE_BAD) {
        close(file.fd);
        dtake__response_fieldf(exchange, "Content-Range", "bytes */%lld", (long long)size);
        dtake__response_error(exchange, 416, "the file ends before the range begins");
        return;
    }
    put_type(exchange, name);
    if (range == DTAKE__RANGE_ONE)
        dtake__response_fieldf(exchange, "Content-Range", "bytes %lld-%lld/%lld", (long long)at,
                               (long long)(at + len - 1), (long long)size);
    dtake__send_file(exchange, file, range == DTAKE__RANGE_ONE ? 206 : 200, at, len);
}

static void answer_folder(dtake__exchange *exchange, int fd, const char *rest)
{
    size_t len = strlen(rest);
    if (len > 0 && rest[len - 1] != '/') {
        char path[16 * 1024];
        close(fd);
        snprintf(path, sizeof path, "%s/", exchange->request.path);
        dtake__redirect(exchange, path);
        return;
    }
    dtake__send_listing(exchange, fd, rest);
}

void dtake__route_files(dtake__exchange *exchange, const char *rest)
{
    dtake__served_file file = { .fd = dtake__open_beneath(exchange->server->files_fd, rest) };
    if (file.fd < 0) {
        refuse(exchange, file.fd);
        return;
    }
    if (fstat(file.fd, &file.as_opened) != 0) {
        int error = -errno;
        close(file.fd);
        refuse(exchange, error);
    } else if (S_ISREG(file.as_opened.st_mode)) {
        answer_file(exchange, file, rest);
    } else if (S_ISDIR(file.as_opened.st_mode)) {
        answer_folder(exchange, file.fd, rest);
    } else {
        close(file.fd);
        refuse(exchange, -ENOENT);
    }
}
