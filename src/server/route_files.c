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

/* `around`: the type of the answer when that is not the file's own. */
static void put_type(dtake__exchange *exchange, const char *type, const char *around)
{
    dtake__response_field(exchange, "Content-Type", around != NULL ? around : type);
    dtake__response_field(exchange, "X-Content-Type-Options", "nosniff");
    /* A page found among the data must not act in the name of this server. */
    if (strncmp(type, "text/html", 9) == 0 || strncmp(type, "image/svg", 9) == 0)
        dtake__response_field(exchange, "Content-Security-Policy", "sandbox");
}

/* What of the file is asked for, when the condition of the request lets it be less than all. */
static dtake__range_kind ranges_of(const dtake__request *request, const dtake__validators *v, int64_t size,
                                   dtake__ranges *out)
{
    size_t field = 0;
    const char *value = dtake__request_next_field(request, "Range", &field);
    if (value == NULL || dtake__request_next_field(request, "Range", &field) != NULL ||
        !dtake__request_is(request, "GET") ||
        !dtake__condition_range(request, v, dtake__unix_now_ns() / 1000000000))
        return DTAKE__RANGE_NONE;
    return dtake__range_parse(value, size, out);
}

/* The whole, a range, or parts; the whole also where parts would be more than it. */
static void send_ranges(dtake__exchange *exchange, dtake__served_file file, const char *type,
                        dtake__range_kind kind, dtake__ranges *ranges)
{
    int64_t size = file.as_opened.st_size;
    dtake__multipart parts;
    char around[96];
    bool whole =
        kind == DTAKE__RANGE_NONE || (ranges->count > 1 && (!dtake__multipart_init(&parts, type, size) ||
                                                            dtake__multipart_length(&parts, ranges) > size));
    if (whole) {
        ranges->count = 1;
        ranges->range[0] = (dtake__range){ 0, size };
    }
    if (ranges->count > 1) {
        snprintf(around, sizeof around, "multipart/byteranges; boundary=%s", parts.boundary);
        put_type(exchange, type, around);
        dtake__send_file(exchange, file, 206, ranges, &parts);
        return;
    }
    const dtake__range *range = &ranges->range[0];
    put_type(exchange, type, NULL);
    if (!whole)
        dtake__response_fieldf(exchange, "Content-Range", "bytes %lld-%lld/%lld", (long long)range->at,
                               (long long)(range->at + range->len - 1), (long long)size);
    dtake__send_file(exchange, file, whole ? 200 : 206, ranges, NULL);
}

static void answer_file(dtake__exchange *exchange, dtake__served_file file, const char *name)
{
    const dtake__request *request = &exchange->request;
    int64_t size = file.as_opened.st_size;
    dtake__validators v = validators_of(&file.as_opened);
    int status = dtake__condition_status(request, &v);
    dtake__ranges ranges;

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
    dtake__range_kind kind = ranges_of(request, &v, size, &ranges);
    if (kind == DTAKE__RANGE_BAD) {
        close(file.fd);
        dtake__response_fieldf(exchange, "Content-Range", "bytes */%lld", (long long)size);
        dtake__response_error(exchange, 416, "the file ends before the range begins");
        return;
    }
    send_ranges(exchange, file, dtake__content_type(name), kind, &ranges);
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
    if (exchange->server->files_fd < 0) {
        dtake__response_error(exchange, 404, "this server serves no files");
        return;
    }
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
