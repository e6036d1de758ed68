/* A Tilebox service as a source: between its files. */
#ifndef DTAKE_SOURCES_TILEBOX_REMOTE_H
#define DTAKE_SOURCES_TILEBOX_REMOTE_H

#include <stdatomic.h>

#include "query/query.h"
#include "sources/source.h"
#include "sources/tilebox/told.h"

/* Streams and acts that are being ended outlive the source's close: each holds a reference. */
typedef struct dtake__remote {
    dtake__source source;
    dtake__service service;
    bool read_only;
    dtake__told_list told; /* the loop thread's */
    atomic_long refs;
} dtake__remote;

static inline dtake__remote *dtake__remote_of(dtake__source *source)
{
    return DTAKE__CONTAINER(source, dtake__remote, source);
}

void dtake__remote_release(dtake__remote *remote);

/* stream.c */
dtake_status dtake__remote_stream_open(dtake__stream **out, dtake__source *source, const dtake_query *query,
                                       dtake_error *err);
void dtake__remote_stream_pull(dtake__stream *stream, dtake__pull *pull);
const dtake_schema *dtake__remote_stream_schema(dtake__stream *stream);
void dtake__remote_stream_progress(dtake__stream *stream, dtake_load_progress *out);
void dtake__remote_stream_cancel(dtake__stream *stream);
void dtake__remote_stream_close(dtake__stream *stream);

/* acts.c */
void dtake__remote_act(dtake__source *source, dtake__act *act);

/* find.c: one datapoint. On the loop thread; answers by act->done. */
void dtake__remote_find(dtake__remote *from, dtake__act *act);

/* change.c: acts that change the service. On the loop thread; answers by act->done. */
bool dtake__remote_changes(dtake__act_kind kind);
void dtake__remote_change(dtake__remote *from, dtake__act *act);

/* writer.c */
void dtake__remote_write(dtake__source *source, dtake__write *write);

/* plan.c: a query as requests that can be made beside one another */
typedef struct dtake__remote_part {
    dtake__tb_time_interval time;
    size_t collection; /* of the dataset */
} dtake__remote_part;

typedef struct dtake__remote_plan {
    dtake__remote_part *parts; /* in the order of time; the collections of one slice lie together */
    size_t count;
    size_t abreast;           /* collections of a slice */
    int64_t start_ns, end_ns; /* about, for progress */
    int64_t page_rows;
    bool without_filter; /* the service is not asked for it: rows are sifted here anyway */
} dtake__remote_plan;

dtake_status dtake__remote_plan_make(dtake__remote_plan *out, const dtake__remote_dataset *dataset,
                                     const dtake_query *query, int64_t page_rows, dtake_error *err);
/* Appends the request for a page of a part. */
dtake_status dtake__remote_query_write(const dtake__remote_plan *plan, const dtake__remote_part *part,
                                       const dtake__remote_dataset *dataset, const dtake_query *query,
                                       const dtake__tb_page *page, dtake_buf *out, dtake_error *err);

#endif
