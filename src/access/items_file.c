#include "access/items_file.h"

#include "access/folder.h"
#include "core/error.h"
#include "format/records.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static dtake_status read_some(void *ctx, void *out, size_t room, size_t *got, dtake_error *err)
{
    const int *fd = ctx;
    ssize_t n;
    do
        n = read(*fd, out, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return dtake__fail_errno(err, errno, "its next bytes");
    *got = (size_t)n;
    return DTAKE_OK;
}

static dtake_status each_record(dtake__records *records, dtake__records_kind kind, const char *base,
                                const dtake__stac_reader *reader, dtake_error *err)
{
    dtake__batch batch = { 0 };
    dtake__stac_place place = { base, kind == DTAKE__RECORDS_LINES ? "line" : "feature", 0 };
    dtake_status st = DTAKE_OK;
    do {
        st = dtake__records_next(records, &batch, err);
        if (st != DTAKE_OK)
            dtake__error_prefix(err, "read %.200s", base);
        for (size_t i = 0; i < batch.count && st == DTAKE_OK; i++) {
            const dtake__record *r = &batch.record[i];
            place.number = kind == DTAKE__RECORDS_LINES ? (size_t)r->line : place.number + 1;
            st = dtake__stac_one(r->text, r->len, &place, reader, err);
        }
    } while (st == DTAKE_OK && batch.count > 0);
    dtake__batch_dispose(&batch);
    return st;
}

static dtake_status read_long(const char *path, const char *base, const dtake__stac_reader *reader,
                              dtake_error *err)
{
    char start[64 * 1024];
    size_t len;
    dtake__records *records = NULL;
    dtake_status st = dtake__file_start(path, start, sizeof start, &len, err);
    if (st != DTAKE_OK)
        return st;
    dtake__records_options options = { .kind = dtake__records_guess(start, len),
                                       .max_record_bytes = DTAKE__DOCUMENT_MAX_BYTES };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "open %.300s", path);
    st = dtake__records_open(&records, &options, read_some, &fd, err);
    if (st == DTAKE_OK)
        st = each_record(records, options.kind, base, reader, err);
    dtake__records_close(records);
    close(fd);
    return st;
}

dtake_status dtake__items_file_each(const char *path, const char *base, const dtake__stac_reader *reader,
                                    dtake_error *err)
{
    struct stat about;
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > DTAKE__DOCUMENT_MAX_BYTES)
        return read_long(path, base, reader, err);
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__DOCUMENT_MAX_BYTES);
    dtake_status st = dtake__file_read(path, &text, err);
    if (st == DTAKE_OK)
        st = dtake__stac_each(dtake__buf_str(&text), text.len, base, reader, err);
    dtake__buf_dispose(&text);
    return st;
}
