/* Queries that go on from one page to the next. Of most only what is asked and where the last page ended is
 * kept: the catalogue keeps what it decoded, once for all. The load of a query that looks at rows (areas,
 * filters) stays open, so that the next page continues it where it stands. A page is never wrong for want of
 * one: without it the query is asked again, behind the datapoint that the client names. */
#ifndef DTAKE_SERVER_TILEBOX_PAGES_H
#define DTAKE_SERVER_TILEBOX_PAGES_H

#include <datatake/datasets.h>

#include <pthread.h>
#include <stdatomic.h>

#include "core/buf.h"
#include "protocol/tilebox/datapoints.h"
#include "server/handlers.h"

enum {
    DTAKE__TB_CURSORS = 256,           /* kept at most */
    DTAKE__TB_CURSOR_BYTES = 32 << 20, /* of datapoints that they hold */
    DTAKE__TB_CURSOR_MS = 20000,       /* unused for so long: dropped */
    DTAKE__TB_MAX_KEY = 64 * 1024,     /* larger queries are not kept */
};

typedef struct dtake__tb_cursor {
    dtake_buf key;       /* the query without its page */
    uint8_t last_id[16]; /* of the datapoint that was given last */
    int64_t last_ns;     /* and its time */
    dtake_query *query;
    bool plain;       /* rows are not looked at: each page is a load of its own */
    dtake_load *load; /* NULL: none is open */
    dtake_batch *batch;
    int64_t row; /* of batch, the next one to give */
    bool ended;
    dtake__tilebox_type *type;
    dtake__datapoints_encoder *encoder; /* NULL before the first batch */
    int64_t used_ms, bytes;             /* bytes: that it holds while it is kept */
    struct dtake__tb_cursor *next;
} dtake__tb_cursor;

typedef struct dtake__tb_pages {
    pthread_mutex_t lock;
    dtake__tb_cursor *first; /* used last */
    dtake__handling expiry;
    atomic_bool expiring;
} dtake__tb_pages;

void dtake__tb_pages_init(dtake__tb_pages *pages);
void dtake__tb_pages_dispose(dtake__tb_pages *pages);

/* The caller's; NULL: none stands there. */
dtake__tb_cursor *dtake__tb_pages_take(dtake__tb_pages *pages, const dtake_buf *key,
                                       const uint8_t last_id[16]);
void dtake__tb_pages_keep(dtake__tb_pages *pages, dtake__tb_cursor *cursor); /* takes it */
void dtake__tb_cursor_free(dtake__tb_cursor *cursor);                        /* NULL is fine */
/* Drops what was not asked for in time, on one of the threads, since ending a load waits. From the loop. */
void dtake__tb_pages_expire(dtake__tb_pages *pages, dtake__handlers *handlers);

#endif
