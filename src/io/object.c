#include "io/object_op.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

/* Percent-decodes in place; false for a broken escape or a '\0'. */
static bool unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '%') {
            *to++ = *at;
            continue;
        }
        int high = dtake__hex_digit(at[1]), low = high < 0 ? -1 : dtake__hex_digit(at[2]);
        if (low < 0 || (high | low) == 0)
            return false;
        *to++ = (char)(high << 4 | low);
        at += 2;
    }
    *to = '\0';
    return true;
}

static dtake_status file_url_to_path(const char *href, char **path, dtake_error *err)
{
    const char *at = href + strlen("file:");
    if (dtake__starts_with(at, "//")) {
        at += 2;
        if (dtake__starts_with(at, "localhost/"))
            at += strlen("localhost");
    }
    if (*at != '/')
        return dtake__fail(err, DTAKE_E_USAGE, "open %s: a file: URL has the form file:///folder/name", href);
    *path = dtake__strdup(at);
    if (*path == NULL)
        return dtake__fail_nomem(err, "open an object");
    if (unescape(*path))
        return DTAKE_OK;
    dtake__free(*path);
    *path = NULL;
    return dtake__fail(err, DTAKE_E_USAGE, "open %s: a broken %%-escape", href);
}

/* *path NULL: http(s). */
static dtake_status path_of(const char *href, char **path, dtake_error *err)
{
    *path = NULL;
    if (dtake__is_http_url(href))
        return DTAKE_OK;
    size_t scheme = 0;
    while (isalnum((unsigned char)href[scheme]) || strchr("+-.", href[scheme]) != NULL) {
        if (href[scheme] == '\0')
            break;
        scheme++;
    }
    if (scheme == 4 && href[4] == ':' && (href[0] | 32) == 'f' && (href[1] | 32) == 'i' &&
        (href[2] | 32) == 'l' && (href[3] | 32) == 'e')
        return file_url_to_path(href, path, err);
    if (scheme > 1 && dtake__starts_with(href + scheme, "://"))
        return dtake__fail(err, DTAKE_E_UNSUPPORTED,
                           "open %s: %.*s: URLs are not supported; give a path, a file: or an http(s): URL",
                           href, (int)scheme, href);
    if (href[0] == '\0')
        return dtake__fail(err, DTAKE_E_USAGE, "open an object: the path is empty");
    *path = dtake__strdup(href);
    return *path != NULL ? DTAKE_OK : dtake__fail_nomem(err, "open an object");
}

dtake_status dtake__object_new(dtake__object **out, dtake_runtime *runtime, const char *href,
                               dtake__signer *signer, dtake_error *err)
{
    *out = NULL;
    dtake_status st = dtake__runtime_usable(runtime, false, err);
    if (st != DTAKE_OK)
        return st;
    char *path = NULL;
    st = path_of(href, &path, err);
    if (st != DTAKE_OK)
        return st;
    dtake__object *object = dtake__calloc(1, sizeof *object);
    char *copy = dtake__strdup(href);
    if (object == NULL || copy == NULL) {
        dtake__free(object);
        dtake__free(copy);
        dtake__free(path);
        return dtake__fail_nomem(err, "open an object");
    }
    object->runtime = runtime;
    object->href = copy;
    object->path = path;
    object->signer = signer;
    object->bytes = -1;
    pthread_mutex_init(&object->lock, NULL);
    *out = object;
    return DTAKE_OK;
}

void dtake__object_free(dtake__object *object)
{
    if (object == NULL)
        return;
    pthread_mutex_destroy(&object->lock);
    dtake__free(object->href);
    dtake__free(object->path);
    dtake__free(object);
}

const char *dtake__object_href(const dtake__object *object)
{
    return object->href;
}

bool dtake__object_is_remote(const dtake__object *object)
{
    return object->path == NULL;
}

const char *dtake__object_path(const dtake__object *object)
{
    return object->path;
}

/* The etag never changes between the first answer and forget_identity, so a pointer to it may be given away.
 */
int64_t dtake__object_bytes(const dtake__object *object)
{
    dtake__object *locked = (dtake__object *)object;
    pthread_mutex_lock(&locked->lock);
    int64_t bytes = object->bytes;
    pthread_mutex_unlock(&locked->lock);
    return bytes;
}

const char *dtake__object_etag(const dtake__object *object)
{
    dtake__object *locked = (dtake__object *)object;
    pthread_mutex_lock(&locked->lock);
    const char *etag = object->bytes >= 0 ? object->etag : "";
    pthread_mutex_unlock(&locked->lock);
    return etag;
}

const char *dtake__object_last_modified(const dtake__object *object)
{
    dtake__object *locked = (dtake__object *)object;
    pthread_mutex_lock(&locked->lock);
    const char *modified = object->bytes >= 0 ? object->last_modified : "";
    pthread_mutex_unlock(&locked->lock);
    return modified;
}

dtake_status dtake__object_set_identity(dtake__object *object, int64_t bytes, const char *etag,
                                        dtake_error *err)
{
    if (bytes < 0 || strlen(etag) >= sizeof object->etag)
        return dtake__fail(err, DTAKE_E_RANGE, "identity of %s: %lld bytes, ETag of %zu characters",
                           object->href, (long long)bytes, strlen(etag));
    pthread_mutex_lock(&object->lock);
    object->bytes = bytes;
    strcpy(object->etag, etag);
    object->last_modified[0] = '\0';
    pthread_mutex_unlock(&object->lock);
    return DTAKE_OK;
}

void dtake__object_forget_identity(dtake__object *object)
{
    pthread_mutex_lock(&object->lock);
    object->bytes = -1;
    object->etag[0] = object->last_modified[0] = '\0';
    pthread_mutex_unlock(&object->lock);
}

/* Weak tags are compared too: a different one means other bytes, the same one at least the same content. */
static bool differs(const char *known, const char *met)
{
    return known[0] != '\0' && met[0] != '\0' && strcmp(known, met) != 0;
}

dtake_status dtake__object_meet(dtake__object *object, int64_t bytes, const char *etag,
                                const char *last_modified, dtake_error *err)
{
    dtake_status st = DTAKE_OK;
    pthread_mutex_lock(&object->lock);
    if (object->bytes < 0) {
        if (bytes >= 0) {
            object->bytes = bytes;
            if (strlen(etag) < sizeof object->etag)
                strcpy(object->etag, etag);
            if (strlen(last_modified) < sizeof object->last_modified)
                strcpy(object->last_modified, last_modified);
        }
    } else if (bytes >= 0 && bytes != object->bytes) {
        st = dtake__fail(err, DTAKE_E_CHANGED,
                         "read %s: the object changed: it had %lld bytes and now has %lld", object->href,
                         (long long)object->bytes, (long long)bytes);
    } else if (differs(object->etag, etag)) {
        st = dtake__fail(err, DTAKE_E_CHANGED, "read %s: the object changed: its ETag was %s and now is %s",
                         object->href, object->etag, etag);
    } else if (object->etag[0] == '\0' && differs(object->last_modified, last_modified)) {
        st = dtake__fail(err, DTAKE_E_CHANGED,
                         "read %s: the object changed: it was last modified on %s and now on %s",
                         object->href, object->last_modified, last_modified);
    }
    pthread_mutex_unlock(&object->lock);
    return st;
}

static void free_op(dtake__object_op *op)
{
    dtake__buf_dispose(&op->bytes);
    dtake__free(op->path);
    dtake__free(op);
}

static void local_read_done(dtake__work *work)
{
    dtake__object_op *op = DTAKE__CONTAINER(work, dtake__object_op, work);
    op->done(op->status, &op->bytes, &op->err, op->ctx);
    dtake_runtime *runtime = op->runtime;
    free_op(op);
    dtake__active_leave(runtime);
}

static void local_read_run(dtake__work *work)
{
    dtake__object_read_local(DTAKE__CONTAINER(work, dtake__object_op, work));
}

static dtake__object_op *new_op(dtake_runtime *runtime, dtake__object *object, const char *path,
                                dtake__object_fn done, void *ctx)
{
    dtake__object_op *op = dtake__calloc(1, sizeof *op);
    char *copy = path != NULL ? dtake__strdup(path) : NULL;
    if (op == NULL || (path != NULL && copy == NULL)) {
        dtake__free(op);
        dtake__free(copy);
        return NULL;
    }
    op->runtime = runtime;
    op->object = object;
    op->path = copy;
    op->done = done;
    op->ctx = ctx;
    return op;
}

/* `out` is written before the other threads hear of the operation: it may be over before this returns. */
static dtake_status start(dtake__object_op *op, const char *href, dtake__object_op **out, dtake_error *err)
{
    dtake_runtime *runtime = op->runtime;
    dtake_status st = dtake__begin(runtime, err);
    if (st != DTAKE_OK) {
        free_op(op);
        return st;
    }
    op->give_up_at_ms = op->read.deadline_ms > 0 ? dtake__now_ms() + op->read.deadline_ms : INT64_MAX;
    if (out != NULL)
        *out = op;
    if (op->path != NULL) {
        op->work = (dtake__work){ .run = local_read_run, .done = local_read_done, .order = op->read.order };
        dtake__files_run(runtime, &op->work);
        return DTAKE_OK;
    }
    st = dtake__object_read_remote(op, href, err);
    if (st == DTAKE_OK)
        return DTAKE_OK;
    if (out != NULL)
        *out = NULL;
    free_op(op);
    dtake__active_leave(runtime);
    return st;
}

dtake_status dtake__object_read_start(dtake__object *object, const dtake__object_read *read,
                                      dtake__object_op **out, dtake_error *err, dtake__object_fn done,
                                      void *ctx)
{
    if (read->first < 0 || read->count <= 0 || read->first > INT64_MAX - read->count)
        return dtake__fail(err, DTAKE_E_USAGE, "read %s: %lld bytes from byte %lld on is not a range",
                           object->href, (long long)read->count, (long long)read->first);
    dtake__object_op *op = new_op(object->runtime, object, object->path, done, ctx);
    if (op == NULL)
        return dtake__fail_nomem(err, "read an object");
    op->read = *read;
    return start(op, object->href, out, err);
}

dtake_status dtake__object_slurp_start(dtake_runtime *runtime, const char *href, size_t max_bytes,
                                       dtake__tally *tally, dtake__object_op **out, dtake_error *err,
                                       dtake__object_fn done, void *ctx)
{
    char *path = NULL;
    dtake_status st = path_of(href, &path, err);
    if (st != DTAKE_OK)
        return st;
    dtake__object_op *op = new_op(runtime, NULL, path, done, ctx);
    dtake__free(path);
    if (op == NULL)
        return dtake__fail_nomem(err, "read a document");
    op->max_bytes = max_bytes;
    op->read.tally = tally;
    return start(op, href, out, err);
}

void dtake__object_cancel(dtake__object_op *op)
{
    atomic_store(&op->cancelled, true);
    if (op->http != NULL)
        dtake__http_cancel(op->http);
}

typedef struct slurp {
    dtake__latch *latch;
    dtake_buf *out;
    dtake_status status;
    dtake_error err;
} slurp;

static void on_slurped(dtake_status status, dtake_buf *bytes, const dtake_error *err, void *ctx)
{
    slurp *waiting = ctx;
    waiting->status = status;
    if (status == DTAKE_OK)
        dtake__buf_move(waiting->out, bytes);
    else
        dtake__error_copy(&waiting->err, err);
    dtake__latch_open(waiting->latch);
}

dtake_status dtake__object_slurp(dtake_runtime *runtime, const char *href, size_t max_bytes,
                                 dtake__tally *tally, dtake_buf *out, dtake_error *err)
{
    dtake_status st = dtake__runtime_usable(runtime, true, err);
    if (st != DTAKE_OK)
        return st;
    slurp waiting = { .latch = dtake__latch_new(), .out = out };
    if (waiting.latch == NULL)
        return dtake__fail_nomem(err, "read a document");
    st = dtake__object_slurp_start(runtime, href, max_bytes, tally, NULL, err, on_slurped, &waiting);
    if (st == DTAKE_OK) {
        dtake__latch_wait(waiting.latch, -1);
        st = waiting.status;
        if (st != DTAKE_OK)
            dtake__error_copy(err, &waiting.err);
    }
    dtake__latch_free(waiting.latch);
    return st;
}
