/* Where the bytes of a save go. */
#include "access/save.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/part.h"

struct dtake__sink {
    dtake__part *part; /* NULL: `write` */
    int64_t offset;
    dtake_save_fn write;
    void *write_ctx;
};

dtake_status dtake__sink_open(dtake__sink **out, const dtake_save_options *options, dtake_error *err)
{
    dtake__sink *sink = dtake__calloc(1, sizeof *sink);
    *out = NULL;
    if (sink == NULL)
        return dtake__fail_nomem(err, "an output");
    sink->write = options->write;
    sink->write_ctx = options->write_ctx;
    if (options->path != NULL) {
        dtake_status st = dtake__part_open(&sink->part, options->path, 0, true, err);
        if (st != DTAKE_OK) {
            dtake__free(sink);
            return st;
        }
    }
    *out = sink;
    return DTAKE_OK;
}

dtake_status dtake__sink_write(dtake__sink *sink, const void *bytes, size_t len, dtake_error *err)
{
    if (sink->part == NULL)
        return sink->write(sink->write_ctx, bytes, len)
                   ? DTAKE_OK
                   : dtake__fail(err, DTAKE_E_CANCELLED, "the output takes nothing more");
    dtake_status st = dtake__part_write(sink->part, sink->offset, bytes, len, err);
    sink->offset += (int64_t)len;
    return st;
}

dtake_status dtake__sink_close(dtake__sink *sink, dtake_error *err)
{
    dtake_status st = sink->part != NULL ? dtake__part_commit(sink->part, err) : DTAKE_OK;
    dtake__free(sink);
    return st;
}

void dtake__sink_abort(dtake__sink *sink)
{
    if (sink == NULL)
        return;
    dtake__part_abort(sink->part);
    dtake__free(sink);
}
