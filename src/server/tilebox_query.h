/* Queries of both protocols, page by page. */
#ifndef DTAKE_SERVER_TILEBOX_QUERY_H
#define DTAKE_SERVER_TILEBOX_QUERY_H

#include "server/tilebox.h"

typedef struct dtake__tb_wanted {
    const dtake__tb_id *dataset_id;     /* may be absent: then the first collection tells */
    const dtake__tb_id *collection_ids; /* none: all of the dataset */
    size_t collection_count;
    const dtake__tb_filters *filters;
    const dtake__tb_page *page;
    bool skip_data, as_of_2024;
} dtake__tb_wanted;

/* Continues the query where its page says, or begins it. *out is the caller's: to be freed, or kept for the
 * next page. */
dtake_status dtake__tb_query_open(dtake__tb_asked *asked, const dtake__tb_wanted *wanted,
                                  dtake__tb_cursor **out, dtake_error *err);

/* How much a page may hold, while so many bytes of answers wait to be sent. A single instant comes in one
 * page, whatever waits: clients tell progress by time. */
typedef struct dtake__tb_room {
    int64_t rows;
    size_t bytes;
} dtake__tb_room;
dtake__tb_room dtake__tb_page_room(const dtake__tb_wanted *wanted, int64_t waiting_bytes);

/* Where one run of rows of the cursor's batch goes. */
typedef dtake_status dtake__tb_put_rows(dtake__tb_cursor *cursor, int64_t start, int64_t count, void *ctx,
                                        dtake_error *err);

/* Gives rows to `put` until the page is full: *more says whether others follow. `written` is the buffer whose
 * growth counts. */
dtake_status dtake__tb_query_page(dtake__tb_asked *asked, const dtake__tb_wanted *wanted,
                                  dtake__tb_cursor *cursor, dtake_buf *written, dtake__tb_put_rows *put,
                                  void *ctx, bool *more, dtake_error *err);

/* The page behind this one, for the client to send back. */
dtake__tb_page dtake__tb_next_page(const dtake__tb_wanted *wanted, const dtake__tb_cursor *cursor);

/* Keeps the cursor when more follows, else frees it. */
void dtake__tb_query_leave(dtake__tb_asked *asked, dtake__tb_cursor *cursor, bool more);

/* One datapoint; *type and *found are the caller's. NOT_FOUND. */
dtake_status dtake__tb_query_one(dtake__tb_asked *asked, const dtake__tb_wanted *wanted,
                                 const dtake__tb_id *id, dtake__tilebox_type **type, dtake_batch **found,
                                 dtake_error *err);

#endif
