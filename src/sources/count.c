#include "sources/count.h"

static void counted(dtake__pull *pull)
{
    dtake__counting *counting = DTAKE__CONTAINER(pull, dtake__counting, pull);
    if (pull->status == DTAKE_OK && pull->batch != NULL) {
        counting->rows += dtake_batch_rows(pull->batch);
        dtake_batch_release(pull->batch);
        counting->source->kind->stream_pull(counting->stream, pull);
        return;
    }
    counting->source->kind->stream_close(counting->stream);
    counting->done(counting, pull->status, &pull->err);
}

dtake_status dtake__counting_start(dtake__counting *counting, const dtake_query *query, dtake_error *err)
{
    const dtake__source_kind *kind = counting->source->kind;
    dtake_query *lean = NULL;
    dtake_status st = dtake_query_copy(&lean, query, err);
    if (st != DTAKE_OK)
        return st;
    dtake_query_skip_data(lean, true);
    st = kind->stream_open(&counting->stream, counting->source, lean, err);
    dtake_query_free(lean);
    counting->rows = 0;
    counting->pull.done = counted;
    if (st == DTAKE_OK)
        kind->stream_pull(counting->stream, &counting->pull);
    return st;
}
