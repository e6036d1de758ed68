/* Bytes to a finished file: part file, digest on the way, fsync, rename. Blocking: on a worker. */
#ifndef DTAKE_OUTPUT_STORE_H
#define DTAKE_OUTPUT_STORE_H

#include "output/output.h"

/* A file under way. Bytes come in order. */
typedef struct dtake__store {
    struct dtake__part *part;
    struct dtake__digest *digest;
    const char *path; /* borrowed */
    bool replace;
    int64_t at;
} dtake__store;

/* After a failure of any of these the file is gone and the store needs no end. */
dtake_status dtake__store_open(dtake__store *store, const char *path, int64_t file_bytes, bool replace,
                               dtake_error *err);
dtake_status dtake__store_add(dtake__store *store, const void *bytes, size_t len, dtake_error *err);
dtake_status dtake__store_finish(dtake__store *store, dtake__written *written,
                                 dtake_error *err); /* written may be NULL */

/* As dtake__store_finish, with a receipt beside the file (output/stamp.h). NULL: none. */
dtake_status dtake__store_finish_with(dtake__store *store, const char *receipt, dtake__written *written,
                                      dtake_error *err);

/* All of it at once. */
dtake_status dtake__store_bytes(const char *path, const void *bytes, size_t len, bool replace,
                                dtake__written *written, dtake_error *err);

#endif
