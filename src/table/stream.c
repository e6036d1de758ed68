#include "table/stream.h"

#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>

/* --- ours to theirs --- */

typedef struct giving {
    dtake__batches batches;
    dtake_schema *schema;
    dtake_error err; /* of the last call */
    bool failed, ended;
} giving;

int dtake__arrow_errno(dtake_status status)
{
    switch (status) {
    case DTAKE_OK:
        return 0;
    case DTAKE_E_NOMEM:
        return ENOMEM;
    case DTAKE_E_CANCELLED:
        return ECANCELED;
    case DTAKE_E_USAGE:
    case DTAKE_E_FORMAT:
    case DTAKE_E_RANGE:
        return EINVAL;
    default:
        return EIO;
    }
}

static int give_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    giving *g = stream->private_data;
    return dtake__arrow_errno(dtake_schema_to_arrow(g->schema, out, &g->err));
}

static int give_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    giving *g = stream->private_data;
    dtake_batch *batch = NULL;
    dtake_status st = g->failed ? g->err.status : DTAKE_OK;
    *out = (struct ArrowArray){ 0 };
    if (st == DTAKE_OK && !g->ended)
        st = g->batches.next(g->batches.ctx, &batch, &g->err);
    if (st == DTAKE_OK && batch)
        st = dtake_batch_to_arrow(batch, out, &g->err);
    g->ended = g->ended || !batch;
    g->failed = st != DTAKE_OK;
    dtake_batch_release(batch);
    return dtake__arrow_errno(st);
}

static const char *last_error(struct ArrowArrayStream *stream)
{
    giving *g = stream->private_data;
    return g->err.message[0] ? g->err.message : NULL;
}

static void release_giving(struct ArrowArrayStream *stream)
{
    giving *g = stream->private_data;
    if (g->batches.close)
        g->batches.close(g->batches.ctx);
    dtake_schema_release(g->schema);
    dtake__free(g);
    stream->release = NULL;
}

dtake_status dtake__batches_to_arrow(const dtake__batches *batches, const dtake_schema *schema,
                                     struct ArrowArrayStream *out, dtake_error *err)
{
    giving *g = dtake__calloc(1, sizeof *g);
    if (!g)
        return dtake__fail_nomem(err, "a stream for Arrow");
    g->batches = *batches;
    g->schema = dtake_schema_retain(schema);
    *out = (struct ArrowArrayStream){ .get_schema = give_schema,
                                      .get_next = give_next,
                                      .get_last_error = last_error,
                                      .release = release_giving,
                                      .private_data = g };
    return DTAKE_OK;
}

/* --- theirs to ours --- */

typedef struct taking {
    struct ArrowArrayStream stream;
    struct ArrowSchema arrow;
    dtake_schema *schema;
} taking;

static dtake_status stream_failed(taking *t, int number, const char *what, dtake_error *err)
{
    const char *why = t->stream.get_last_error(&t->stream);
    return dtake__fail(err,
                       number == ENOMEM      ? DTAKE_E_NOMEM
                       : number == ECANCELED ? DTAKE_E_CANCELLED
                                             : DTAKE_E_OTHER,
                       "Arrow stream: %s: %s (errno %d)", what, why ? why : "no reason is given", number);
}

static dtake_status take_next(void *ctx, dtake_batch **out, dtake_error *err)
{
    taking *t = ctx;
    struct ArrowArray array = { 0 };
    *out = NULL;
    int number = t->stream.get_next(&t->stream, &array);
    if (number != 0)
        return stream_failed(t, number, "its next batch", err);
    return array.release ? dtake_batch_from_arrow(out, t->schema, &t->arrow, &array, err) : DTAKE_OK;
}

static void close_taking(void *ctx)
{
    taking *t = ctx;
    if (t->arrow.release)
        t->arrow.release(&t->arrow);
    if (t->stream.release)
        t->stream.release(&t->stream);
    dtake_schema_release(t->schema);
    dtake__free(t);
}

dtake_status dtake__batches_from_arrow(struct ArrowArrayStream *stream, dtake__batches *out,
                                       dtake_schema **schema, dtake_error *err)
{
    taking *t = dtake__calloc(1, sizeof *t);
    if (!t) {
        if (stream->release)
            stream->release(stream);
        stream->release = NULL;
        return dtake__fail_nomem(err, "a stream from Arrow");
    }
    t->stream = *stream;
    stream->release = NULL;
    dtake_status st =
        t->stream.release ? DTAKE_OK : dtake__fail(err, DTAKE_E_STATE, "Arrow stream: it was released");
    int number = st == DTAKE_OK ? t->stream.get_schema(&t->stream, &t->arrow) : 0;
    if (number != 0) {
        t->arrow.release = NULL;
        st = stream_failed(t, number, "its schema", err);
    }
    if (st == DTAKE_OK)
        st = dtake_schema_from_arrow(&t->schema, &t->arrow, err);
    if (st != DTAKE_OK) {
        close_taking(t);
        return st;
    }
    *schema = dtake_schema_retain(t->schema);
    *out = (dtake__batches){ take_next, close_taking, t };
    return DTAKE_OK;
}
