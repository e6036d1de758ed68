/* Queries that go on from one page to the next: the load of a client that asks for page after page stays
 * open, so that the next page continues it where it stands. A page is never wrong for want of one: without it
 * the query is asked again, behind the datapoint that the client names. */
#ifndef DTAKE_SERVER_TILEBOX_PAGES_H
#define DTAKE_SERVER_TILEBOX_PAGES_H

#include <datatake/datasets.h>

#include <pthread.h>

#include "core/buf.h"
#include "protocol/tilebox/datapoints.h"

enum {
    DTAKE__TB_CURSORS = 32,        /* kept at most */
    DTAKE__TB_CURSOR_MS = 20000,   /* unused for so long: dropped at the next look */
    DTAKE__TB_MAX_KEY = 64 * 1024, /* larger queries are not kept */
};

typedef struct dtake__tb_cursor {
    dtake_buf key;       /* the query without its page */
    uint8_t last_id[16]; /* of the datapoint that was given last */
    dtake_load *load;    /* NULL: nothing matches */
    dtake_batch *batch;
    int64_t row; /* of batch, the next one to give */
    bool ended;
    dtake__tilebox_type *type;
    dtake__datapoints_encoder *encoder; /* NULL before the first batch */
    int64_t used_ms;
    struct dtake__tb_cursor *next;
} dtake__tb_cursor;

typedef struct dtake__tb_pages {
    pthread_mutex_t lock;
    dtake__tb_cursor *first; /* used last */
} dtake__tb_pages;

void dtake__tb_pages_init(dtake__tb_pages *pages);
void dtake__tb_pages_dispose(dtake__tb_pages *pages);

/* The caller's; NULL: none stands there. */
dtake__tb_cursor *dtake__tb_pages_take(dtake__tb_pages *pages, const dtake_buf *key,
                                       const uint8_t last_id[16]);
void dtake__tb_pages_keep(dtake__tb_pages *pages, dtake__tb_cursor *cursor); /* takes it */
void dtake__tb_cursor_free(dtake__tb_cursor *cursor);                        /* NULL is fine */

#endif
