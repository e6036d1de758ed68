/* What is finished of a part file, so that a later process goes on where a killed one stopped.
 *
 * Lines of text, each "CRC PAYLOAD": eight hexadecimal digits, a blank, what is said. The CRC-32 goes on from
 * the line before, so that a line counts only behind the lines it was written behind. The first lines name
 * the object: datatake journal 1 / object BYTES / etag ETAG / options DIGEST / href URL then, again and
 * again, "done N": the first N bytes are in the part file and on the disk. Whatever comes behind a line that
 * is torn or wrong counts for nothing. One writer: who holds the part's lock. */
#ifndef DTAKE_IO_JOURNAL_H
#define DTAKE_IO_JOURNAL_H

#include <datatake/status.h>

enum { DTAKE__JOURNAL_MAX_BYTES = 4 << 20 };

/* Which bytes the part is made of; all four must be the same for it to be gone on with. */
typedef struct dtake__journal_object {
    const char *href, *etag; /* a strong ETag */
    const char *options;     /* digest of what else decides the bytes; one word */
    int64_t bytes;
} dtake__journal_object;

/* Hostile text to values, no I/O. `*done` bytes of the object are finished, as far as `*good_bytes` of the
 * text say. 0 when the text is of another object, or does not say of which. */
void dtake__journal_parse(const char *text, size_t len, const dtake__journal_object *of, int64_t *done,
                          size_t *good_bytes);

/* The same of a file, and the object's ETag and length out of it: `etag` has room for `etag_size`. Only href
 * and options of `of` are compared. DTAKE_E_NOT_FOUND: nothing to go on with. */
dtake_status dtake__journal_read(const char *path, const dtake__journal_object *of, char *etag,
                                 size_t etag_size, int64_t *bytes, int64_t *done, dtake_error *err);

typedef struct dtake__journal dtake__journal;

/* Begins a new one, on the disk with its folder when this returns. An object whose ETag is not strong, or
 * that the format cannot name, is DTAKE_E_UNSUPPORTED: it cannot be gone on with. */
dtake_status dtake__journal_begin(dtake__journal **out, const char *path, const dtake__journal_object *of,
                                  dtake_error *err);
/* Goes on with the one that is there, behind its last good line. */
dtake_status dtake__journal_go_on(dtake__journal **out, const char *path, const dtake__journal_object *of,
                                  dtake_error *err);
/* The caller has made the bytes durable before. */
dtake_status dtake__journal_done(dtake__journal *journal, int64_t bytes, dtake_error *err);
void dtake__journal_close(dtake__journal *journal); /* NULL is fine */

#endif
