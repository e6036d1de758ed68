/* The file of a raw asset under way: part file, journal, digests. Bytes come in order. Every call blocks: on
 * a worker.
 *
 * Bytes are durable before the journal claims them: every SYNC_BYTES (32 MiB), and when SYNC_MS (1 s) have
 * gone by since the last time, the part is synced and then a line is written. So a killed download fetches
 * again what was in flight and at most that much. */
#ifndef DTAKE_ACCESS_RAW_FILE_H
#define DTAKE_ACCESS_RAW_FILE_H

#include "io/checksum.h"
#include "io/journal.h"
#include "io/part.h"

#include <stdatomic.h>

enum { DTAKE__DIGEST_HEX = 132 };

typedef struct dtake__raw_file {
    const char *path; /* borrowed */
    bool replace;
    dtake__part *part;
    dtake__journal *journal; /* NULL: the object cannot be gone on with */
    int64_t written, synced, synced_at_ms;
    dtake__digest *sha256, *declared;
    char declared_name[16], declared_hex[DTAKE__DIGEST_HEX];
} dtake__raw_file;

/* `checksum`: file:checksum of the item, or "". */
dtake_status dtake__raw_file_init(dtake__raw_file *file, const char *path, bool replace, const char *checksum,
                                  dtake_error *err);
void dtake__raw_file_dispose(dtake__raw_file *file); /* what is on the disk stays */

/* Takes over what an ended process left of the same object: then file->written > 0, and `etag` and `*bytes`
 * say which version it is of. `expected_bytes` -1: any length. At least one byte is left to fetch, so that
 * the version is always asked for. */
dtake_status dtake__raw_file_take_over(dtake__raw_file *file, const char *href, int64_t expected_bytes,
                                       char *etag, size_t etag_size, int64_t *bytes,
                                       const atomic_bool *cancelled, dtake_error *err);

/* From the front again: the object is another one. */
dtake_status dtake__raw_file_restart(dtake__raw_file *file, const char *checksum, dtake_error *err);

/* The next bytes of the object `of`; the first call makes the part and begins its journal. */
dtake_status dtake__raw_file_add(dtake__raw_file *file, const char *href, const char *etag, int64_t total,
                                 const void *bytes, size_t len, dtake_error *err);

/* The digest of all of it; DTAKE_E_INTEGRITY when the item says another. */
dtake_status dtake__raw_file_check(dtake__raw_file *file, char sha256[DTAKE__SHA256_HEX], dtake_error *err);

/* After a failure: what is finished is kept for the next process if `keep`, else all goes. */
void dtake__raw_file_give_up(dtake__raw_file *file, bool keep);

#endif
