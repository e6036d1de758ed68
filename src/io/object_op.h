/* One read of an object or of a whole document, for src/io only. */
#ifndef DTAKE_IO_OBJECT_OP_H
#define DTAKE_IO_OBJECT_OP_H

#include "io/engine.h"
#include "io/http.h"
#include "io/object.h"

enum { DTAKE__ETAG_BYTES = 256 };

struct dtake__object {
    dtake_runtime *runtime;
    char *href;
    char *path; /* of a local file; NULL: remote */
    dtake__signer *signer;
    pthread_mutex_t lock; /* over the identity */
    int64_t bytes;
    char etag[DTAKE__ETAG_BYTES];
    char last_modified[64]; /* looked at when there is no etag */
};

struct dtake__object_op {
    dtake_runtime *runtime;
    dtake__object *object; /* NULL: a whole document */
    dtake__object_fn done;
    void *ctx;
    dtake__http *http; /* of a remote read */

    /* of a local read */
    dtake__work work;
    dtake__object_read read;
    char *path;
    size_t max_bytes;
    int64_t give_up_at_ms;
    atomic_bool cancelled;
    dtake_buf bytes;
    dtake_status status;
    dtake_error err;
};

/* Keeps the identity of the first answer, or compares with it. */
dtake_status dtake__object_meet(dtake__object *object, int64_t bytes, const char *etag,
                                const char *last_modified, dtake_error *err);

void dtake__object_read_local(dtake__object_op *op);
dtake_status dtake__object_read_remote(dtake__object_op *op, const char *url, dtake_error *err);

#endif
