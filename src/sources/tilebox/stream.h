/* The answer to one query, on its way: between the files stream*.c. All of it is the loop thread's but what
 * is said to be under the lock.
 *
 *   stream.c          asks what the dataset is, plans, ends
 *   stream_pages.c    asks for pages of parts, gives them to workers that sift them
 *   stream_give.c     gives what was sifted, in order */
#ifndef DTAKE_SOURCES_TILEBOX_STREAM_H
#define DTAKE_SOURCES_TILEBOX_STREAM_H

#include <pthread.h>

#include "sources/tilebox/remote.h"
#include "sources/tilebox/sieve.h"

typedef struct dtake__strand dtake__strand;

typedef struct dtake__page {
    struct dtake__page *next;
    dtake__strand *part;
    dtake__stream *stream;
    dtake__call call;
    dtake__work work;
    dtake__span data; /* of call.body: RepeatedAny */
    dtake__sifter *sifter;
    dtake__sifted sifted;
    dtake_status status;
    dtake_error err;
    int64_t bytes;
    bool ready;
} dtake__page;

/* A part of the plan: its pages come one after another. */
struct dtake__strand {
    const dtake__remote_part *plan;
    dtake__tb_page next_page;  /* set: where to go on */
    dtake__page *first, *last; /* asked for, not yet given */
    bool asking;               /* the last one has not come */
    bool more;                 /* there is another one to ask for */
};

struct dtake__stream {
    dtake__remote *from;
    dtake_query *query;
    pthread_mutex_t lock;
    dtake_load_progress at; /* under the lock */
    atomic_bool cancelled;
    dtake__post cancel_post, close_post;
    int64_t start_us;

    dtake__pull *pull; /* waits for a batch */
    dtake__asking asking;
    dtake__told *told; /* the dataset */
    bool was_told;     /* before this query: it may have changed since */
    bool begun, planned, closing, merging;
    bool again;      /* nothing was given yet: all begins again as soon as nothing is outstanding */
    bool given;      /* a batch, or the end */
    int outstanding; /* asking, calls and work that will still come back */
    dtake__sieve sieve;
    dtake__remote_plan plan;
    dtake__strand *parts;
    size_t head; /* the part, or the first of the slice, that is given next */
    dtake__work merge_work;
    dtake__sifted *merge_pages;
    size_t merge_count;
    dtake_status merge_status;
    dtake_error merge_err;
    dtake_batch *merged;
    dtake__sifter *sifters; /* idle ones */
    int under_way, most_under_way;
    int64_t ahead_bytes, typical_bytes;
    int64_t skip_rows, rows_left; /* rows_left < 0: no limit */
    dtake_status status;          /* the first failure */
    dtake_error err;
};

/* stream.c: after whatever happened */
void dtake__stream_step(dtake__stream *s);
void dtake__stream_fail(dtake__stream *s, dtake_status status, const dtake_error *err);

/* stream_pages.c */
void dtake__stream_pump(dtake__stream *s); /* asks for as many pages as may be on their way */
void dtake__stream_cancel_pages(dtake__stream *s);
void dtake__page_free(dtake__page *p);

/* stream_give.c: gives as many batches as are there and waited for */
void dtake__stream_deliver(dtake__stream *s);

#endif
