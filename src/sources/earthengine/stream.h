/* The answer to one query, on its way: between the files stream*.c. Pages come one at a time (cursor.h), each
 * read and sifted by a worker. All of it is the loop thread's but what is under the lock, and what the worker
 * has while `working`.
 *
 *   stream.c          asks what the collection is, goes on, ends
 *   stream_pages.c    asks for a page, gives it to a worker
 *   stream_give.c     gives what passed, within the query's limit */
#ifndef DTAKE_SOURCES_EARTHENGINE_STREAM_H
#define DTAKE_SOURCES_EARTHENGINE_STREAM_H

#include <pthread.h>

#include "sources/earthengine/cursor.h"
#include "sources/earthengine/remote.h"
#include "sources/rows.h"

struct dtake__stream {
    dtake__ee *from;
    dtake_query *query;
    char *dataset;
    pthread_mutex_t lock;
    dtake_load_progress at; /* under the lock */
    atomic_bool cancelled;
    dtake__post cancel_post, close_post;
    int64_t start_us;

    dtake__pull *pull; /* waits for a batch */
    dtake__ee_asking asking;
    dtake__ee_told *told;
    dtake__ee_call call;
    dtake__work work;
    bool waits, calling, working, planned, closing;
    dtake__ee_cursor cursor;
    dtake__demand demand;
    dtake__result_schema schema;
    dtake_batch *batch; /* read and sifted; NULL: no row passed */
    bool ready;         /* a page is */
    dtake_status work_status;
    dtake_error work_err;
    int64_t skip_rows, rows_left; /* rows_left < 0: no limit */
    dtake_status status;          /* the first failure */
    dtake_error err;
};

/* stream.c: after whatever happened */
void dtake__ee_stream_step(dtake__stream *s);
void dtake__ee_stream_fail(dtake__stream *s, dtake_status status, const dtake_error *err);

/* stream_pages.c */
void dtake__ee_stream_ask_page(dtake__stream *s);

/* stream_give.c */
dtake_batch *dtake__ee_stream_take_page(dtake__stream *s); /* NULL: nothing of it is wanted */
void dtake__ee_stream_give(dtake__stream *s, dtake_batch *batch);

#endif
