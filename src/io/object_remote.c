/* Reads of http(s) objects. */
#include "io/object_op.h"

#include "core/alloc.h"
#include "io/http_text.h"

#include <string.h>

static void on_answer(dtake_status status, dtake__http_response *response, const dtake_error *err, void *ctx)
{
    dtake__object_op *op = ctx;
    dtake_runtime *runtime = op->runtime;
    dtake_error met = *err;
    if (status == DTAKE_OK && op->object != NULL)
        status = dtake__object_meet(op->object, response->object_bytes, response->etag,
                                    response->last_modified, &met);
    op->done(status, &response->body, &met, op->ctx);
    dtake__buf_dispose(&op->bytes);
    dtake__free(op->path);
    dtake__free(op);
    dtake__active_leave(runtime);
}

/* A version that is not the one met before is told at the end. */
static void on_head(const dtake__http_response *response, void *ctx)
{
    const dtake__object_op *op = ctx;
    if (dtake__object_meet(op->object, response->object_bytes, response->etag, response->last_modified,
                           NULL) == DTAKE_OK)
        op->read.known(op->ctx);
}

dtake_status dtake__object_read_remote(dtake__object_op *op, const char *url, dtake_error *err)
{
    const dtake__object_read *read = &op->read;
    char etag[DTAKE__ETAG_BYTES] = "";
    dtake__http_request request = {
        .url = url,
        .tally = read->tally,
        .is_header = read->is_header,
        .order = read->order,
        .deadline_ms = read->deadline_ms,
        .max_body = op->max_bytes,
    };
    dtake__object *object = op->object;
    if (object != NULL) {
        request.has_range = true;
        request.first = read->first;
        request.count = read->count;
        request.max_body = 0;
        request.signer = object->signer;
        request.head = read->known != NULL ? on_head : NULL;
        pthread_mutex_lock(&object->lock);
        if (object->bytes >= 0) {
            request.object_bytes = object->bytes;
            strcpy(etag, object->etag);
        }
        pthread_mutex_unlock(&object->lock);
        if (etag[0] != '\0')
            request.if_match = etag;
    }
    return dtake__http_start(op->runtime, &request, &op->http, err, on_answer, op);
}
