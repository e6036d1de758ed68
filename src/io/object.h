/* One object of bytes with an identity: a local file or an HTTP URL, read by ranges, never mixing two
 * versions. The first answer fixes length and ETag (for files: size, mtime, inode); a later read that meets
 * another version is DTAKE_E_CHANGED. */
#ifndef DTAKE_IO_OBJECT_H
#define DTAKE_IO_OBJECT_H

#include <datatake/runtime.h>

#include "core/buf.h"
#include "io/signer.h"
#include "io/tally.h"

typedef struct dtake__object dtake__object;

/* No I/O. `href`: path, file: URL or http(s): URL (DTAKE_E_UNSUPPORTED for other schemes, which it names). */
dtake_status dtake__object_new(dtake__object **out, dtake_runtime *runtime, const char *href,
                               dtake__signer *signer, dtake_error *err);
void dtake__object_free(dtake__object *object); /* no read may be under way */

const char *dtake__object_href(const dtake__object *object);
bool dtake__object_is_remote(const dtake__object *object);
const char *dtake__object_path(const dtake__object *object); /* of a local file; NULL for remote ones */

/* Known after the first read, or when set from a cache; etag "" and length -1 before. */
int64_t dtake__object_bytes(const dtake__object *object);
const char *dtake__object_etag(const dtake__object *object);
const char *dtake__object_last_modified(const dtake__object *object); /* as served; "" without */
dtake_status dtake__object_set_identity(dtake__object *object, int64_t bytes, const char *etag,
                                        dtake_error *err);
void dtake__object_forget_identity(dtake__object *object);

/* What a local file has for an ETag: "SIZE-MTIME-INODE" in double quotes. */
struct stat;
void dtake__file_etag(const struct stat *is, char *out, size_t size);

typedef struct dtake__object_read {
    int64_t first, count;
    uint64_t order;
    dtake__tally *tally;
    bool is_header;
    int64_t deadline_ms; /* from now; 0: none */
    /* Length and version of a remote object are known, its bytes are about to come: before `done`, with the
     * same ctx; may come again; on the loop thread. NULL: not wanted. */
    void (*known)(void *ctx);
} dtake__object_read;

/* `bytes` is borrowed (or taken with dtake__buf_move) in `done`; shorter than asked only at the object's end.
 */
typedef void (*dtake__object_fn)(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx);

typedef struct dtake__object_op dtake__object_op;
dtake_status dtake__object_read_start(dtake__object *object, const dtake__object_read *read,
                                      dtake__object_op **out, dtake_error *err, dtake__object_fn done,
                                      void *ctx);
void dtake__object_cancel(dtake__object_op *op); /* any thread, before `done` has returned */

/* Whole small documents (items, GeoJSON): at most `max_bytes`, DTAKE_E_LIMIT beyond. Blocking form: not on
 * the loop thread; may be used on a worker. */
dtake_status dtake__object_slurp_start(dtake_runtime *runtime, const char *href, size_t max_bytes,
                                       dtake__tally *tally, dtake__object_op **out, dtake_error *err,
                                       dtake__object_fn done, void *ctx);
dtake_status dtake__object_slurp(dtake_runtime *runtime, const char *href, size_t max_bytes,
                                 dtake__tally *tally, dtake_buf *out, dtake_error *err);

#endif
