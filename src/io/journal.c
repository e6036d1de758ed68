#include "io/journal.h"

#include "core/alloc.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/text.h"
#include "io/http_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CRC_DIGITS = 8, MAX_LINE_BYTES = 64 << 10, HEAD_LINES = 5 };

static const char *const head_words[HEAD_LINES] = { "datatake journal 1", "object ", "etag ", "options ",
                                                    "href " };

struct dtake__journal {
    int fd;
    uint32_t crc; /* of all lines so far */
    char *path;
};

/* The next good line's payload, copied to `out` (MAX_LINE_BYTES); false at the end and at the first bad line.
 */
static bool next_line(const char *text, size_t len, size_t *at, uint32_t *crc, char *out)
{
    const char *line = text + *at, *end = memchr(line, '\n', len - *at);
    size_t line_len = end != NULL ? (size_t)(end - line) : 0;
    uint32_t said = 0;
    if (line_len <= CRC_DIGITS + 1 || line_len >= MAX_LINE_BYTES || line[CRC_DIGITS] != ' ')
        return false;
    for (int i = 0; i < CRC_DIGITS; i++) {
        const char *digit = memchr("0123456789abcdef", line[i], 16);
        if (digit == NULL)
            return false;
        said = said << 4 | (uint32_t)(strchr("0123456789abcdef", *digit) - "0123456789abcdef");
    }
    size_t payload = line_len - CRC_DIGITS - 1;
    uint32_t is = libdeflate_crc32(*crc, line + CRC_DIGITS + 1, payload);
    if (is != said || memchr(line, '\0', line_len) != NULL)
        return false;
    memcpy(out, line + CRC_DIGITS + 1, payload);
    out[payload] = '\0';
    *crc = is;
    *at += line_len + 1;
    return true;
}

/* The head's values, borrowed from `lines`; false when it is not whole. */
static bool read_head(const char *text, size_t len, size_t *at, uint32_t *crc, char *lines,
                      dtake__journal_object *out)
{
    const char *value[HEAD_LINES];
    for (int i = 0; i < HEAD_LINES; i++) {
        char *line = lines + (size_t)i * MAX_LINE_BYTES;
        if (!next_line(text, len, at, crc, line) || !dtake__starts_with(line, head_words[i]))
            return false;
        value[i] = line + strlen(head_words[i]);
    }
    *out = (dtake__journal_object){ .etag = value[2], .options = value[3], .href = value[4] };
    return value[0][0] == '\0' && dtake__parse_i64(value[1], &out->bytes) && out->bytes > 0 &&
           dtake__etag_is_strong(out->etag);
}

/* Bytes finished and length of the good lines; 0 and 0 without a head. */
static void scan(const char *text, size_t len, char *lines, dtake__journal_object *of, int64_t *done,
                 size_t *good, uint32_t *crc)
{
    size_t at = 0;
    int64_t number;
    *done = 0;
    *good = 0;
    *crc = 0;
    if (!read_head(text, len, &at, crc, lines, of))
        return;
    char *line = lines + (size_t)HEAD_LINES * MAX_LINE_BYTES;
    uint32_t next_crc = *crc;
    *good = at;
    while (next_line(text, len, &at, &next_crc, line) && dtake__starts_with(line, "done ") &&
           dtake__parse_i64(line + strlen("done "), &number) && number >= *done && number <= of->bytes) {
        *done = number;
        *good = at;
        *crc = next_crc;
    }
}

static char *new_lines(void)
{
    return dtake__alloc((size_t)(HEAD_LINES + 1) * MAX_LINE_BYTES);
}

static bool same(const dtake__journal_object *a, const dtake__journal_object *b)
{
    return a->bytes == b->bytes && strcmp(a->etag, b->etag) == 0 && strcmp(a->href, b->href) == 0 &&
           strcmp(a->options, b->options) == 0;
}

void dtake__journal_parse(const char *text, size_t len, const dtake__journal_object *of, int64_t *done,
                          size_t *good_bytes)
{
    dtake__journal_object found = { 0 };
    uint32_t crc;
    char *lines = new_lines();
    *done = 0;
    *good_bytes = 0;
    if (lines == NULL)
        return;
    scan(text, len, lines, &found, done, good_bytes, &crc);
    if (*good_bytes == 0 || !same(&found, of)) {
        *done = 0;
        *good_bytes = 0;
    }
    dtake__free(lines);
}

static dtake_status read_text(int fd, const char *path, dtake_buf *out, dtake_error *err)
{
    ssize_t got = 1;
    while (got > 0) {
        dtake_status st = dtake__buf_reserve(out, 4096);
        if (st == DTAKE_E_LIMIT) /* lines beyond count for nothing */
            return DTAKE_OK;
        if (st != DTAKE_OK)
            return dtake__fail_nomem(err, "read a journal");
        got = read(fd, out->data + out->len, 4096);
        if (got < 0 && errno != EINTR)
            return dtake__fail_errno(err, errno, "read %s", path);
        out->len += got > 0 ? (size_t)got : 0;
        got = got < 0 ? 1 : got;
    }
    return DTAKE_OK;
}

static dtake_status open_and_scan(const char *path, int flags, int *fd, char **lines,
                                  dtake__journal_object *found, int64_t *done, size_t *good, uint32_t *crc,
                                  dtake_error *err)
{
    dtake_buf text = DTAKE_BUF_INIT(DTAKE__JOURNAL_MAX_BYTES);
    *lines = NULL;
    *fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return dtake__fail_errno(err, errno, "read %s", path);
    dtake_status st = read_text(*fd, path, &text, err);
    *lines = st == DTAKE_OK ? new_lines() : NULL;
    if (st == DTAKE_OK && *lines == NULL)
        st = dtake__fail_nomem(err, "read a journal");
    if (st == DTAKE_OK)
        scan(dtake__buf_str(&text), text.len, *lines, found, done, good, crc);
    dtake__buf_dispose(&text);
    return st;
}

dtake_status dtake__journal_read(const char *path, const dtake__journal_object *of, char *etag,
                                 size_t etag_size, int64_t *bytes, int64_t *done, dtake_error *err)
{
    dtake__journal_object found = { 0 };
    size_t good = 0;
    uint32_t crc;
    int fd;
    char *lines;
    *bytes = *done = 0;
    dtake_status st = open_and_scan(path, O_RDONLY, &fd, &lines, &found, done, &good, &crc, err);
    if (st == DTAKE_OK && (good == 0 || *done == 0 || strcmp(found.href, of->href) != 0 ||
                           strcmp(found.options, of->options) != 0 || strlen(found.etag) >= etag_size))
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "%s: nothing to go on with", path);
    if (st == DTAKE_OK) {
        strcpy(etag, found.etag);
        *bytes = found.bytes;
    }
    dtake__free(lines);
    if (fd >= 0)
        close(fd);
    return st;
}

static dtake_status write_all(dtake__journal *journal, const char *text, size_t len, dtake_error *err)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = write(journal->fd, text + at, len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return dtake__fail_errno(err, n < 0 ? errno : EIO, "write %s", journal->path);
        at += (size_t)n;
    }
    return DTAKE_OK;
}

/* Appends a line to `out` and carries the CRC on. */
static dtake_status put_line(dtake__journal *journal, dtake_buf *out, const char *word, const char *value)
{
    uint32_t crc = libdeflate_crc32(journal->crc, word, strlen(word));
    journal->crc = libdeflate_crc32(crc, value, strlen(value));
    return dtake__buf_printf(out, "%08" PRIx32 " %s%s\n", journal->crc, word, value);
}

static dtake_status sync_folder_of(const char *path, dtake_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash != NULL ? dtake__strndup(path, (size_t)(slash - path) + 1) : dtake__strdup(".");
    if (folder == NULL)
        return dtake__fail_nomem(err, "a journal");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* some file systems cannot sync a folder and say EINVAL */
    bool synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    dtake_status st = synced ? DTAKE_OK : dtake__fail_errno(err, errno, "write %s: sync the folder", path);
    if (fd >= 0)
        close(fd);
    dtake__free(folder);
    return st;
}

static dtake__journal *new_journal(const char *path, int fd)
{
    dtake__journal *journal = dtake__calloc(1, sizeof *journal);
    char *copy = dtake__strdup(path);
    if (journal == NULL || copy == NULL) {
        dtake__free(journal);
        dtake__free(copy);
        return NULL;
    }
    *journal = (dtake__journal){ .fd = fd, .path = copy };
    return journal;
}

static dtake_status check_object(const dtake__journal_object *of, dtake_error *err)
{
    bool fits = strlen(of->href) < MAX_LINE_BYTES / 2 && strlen(of->options) < MAX_LINE_BYTES / 2 &&
                strlen(of->etag) < MAX_LINE_BYTES / 2 && strpbrk(of->href, "\r\n") == NULL &&
                strpbrk(of->options, "\r\n") == NULL && strpbrk(of->etag, "\r\n") == NULL;
    if (of->bytes > 0 && fits && dtake__etag_is_strong(of->etag))
        return DTAKE_OK;
    return dtake__fail(err, DTAKE_E_UNSUPPORTED, "%.300s cannot be gone on with: it has no strong ETag",
                       of->href);
}

dtake_status dtake__journal_begin(dtake__journal **out, const char *path, const dtake__journal_object *of,
                                  dtake_error *err)
{
    char number[32];
    *out = NULL;
    dtake_status st = check_object(of, err);
    if (st != DTAKE_OK)
        return st;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return dtake__fail_errno(err, errno, "write %s", path);
    dtake__journal *journal = new_journal(path, fd);
    if (journal == NULL) {
        close(fd);
        return dtake__fail_nomem(err, "a journal");
    }
    snprintf(number, sizeof number, "%" PRId64, of->bytes);
    const char *const value[HEAD_LINES] = { "", number, of->etag, of->options, of->href };
    dtake_buf head = DTAKE_BUF_INIT(4 * MAX_LINE_BYTES);
    for (int i = 0; i < HEAD_LINES && st == DTAKE_OK; i++)
        if ((st = put_line(journal, &head, head_words[i], value[i])) != DTAKE_OK)
            dtake__fail_nomem(err, "a journal");
    if (st == DTAKE_OK)
        st = write_all(journal, dtake__buf_str(&head), head.len, err);
    dtake__buf_dispose(&head);
    if (st == DTAKE_OK && fsync(fd) != 0)
        st = dtake__fail_errno(err, errno, "write %s", path);
    if (st == DTAKE_OK)
        st = sync_folder_of(path, err);
    if (st == DTAKE_OK)
        *out = journal;
    else
        dtake__journal_close(journal);
    return st;
}

dtake_status dtake__journal_go_on(dtake__journal **out, const char *path, const dtake__journal_object *of,
                                  dtake_error *err)
{
    dtake__journal_object found = { 0 };
    int64_t done;
    size_t good = 0;
    uint32_t crc = 0;
    int fd;
    char *lines;
    *out = NULL;
    dtake_status st = open_and_scan(path, O_RDWR, &fd, &lines, &found, &done, &good, &crc, err);
    if (st == DTAKE_OK && (good == 0 || !same(&found, of)))
        st = dtake__fail(err, DTAKE_E_NOT_FOUND, "%s: nothing to go on with", path);
    if (st == DTAKE_OK && (ftruncate(fd, (off_t)good) != 0 || lseek(fd, 0, SEEK_END) < 0))
        st = dtake__fail_errno(err, errno, "write %s", path);
    dtake__free(lines);
    dtake__journal *journal = st == DTAKE_OK ? new_journal(path, fd) : NULL;
    if (st == DTAKE_OK && journal == NULL)
        st = dtake__fail_nomem(err, "a journal");
    if (st != DTAKE_OK) {
        if (fd >= 0)
            close(fd);
        return st;
    }
    journal->crc = crc;
    *out = journal;
    return DTAKE_OK;
}

/* Not synced: a line that a crash takes away costs bytes fetched again, nothing else. */
dtake_status dtake__journal_done(dtake__journal *journal, int64_t bytes, dtake_error *err)
{
    char number[32];
    dtake_buf line = DTAKE_BUF_INIT(256);
    snprintf(number, sizeof number, "%" PRId64, bytes);
    dtake_status st = put_line(journal, &line, "done ", number) == DTAKE_OK
                          ? write_all(journal, dtake__buf_str(&line), line.len, err)
                          : dtake__fail_nomem(err, "a journal");
    dtake__buf_dispose(&line);
    return st;
}

void dtake__journal_close(dtake__journal *journal)
{
    if (journal == NULL)
        return;
    close(journal->fd);
    dtake__free(journal->path);
    dtake__free(journal);
}
