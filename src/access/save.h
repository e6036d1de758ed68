/* Between the files that write what loads bring: one struct for each way of writing. */
#ifndef DTAKE_ACCESS_SAVE_H
#define DTAKE_ACCESS_SAVE_H

#include <datatake/save.h>

#include "core/buf.h"

typedef struct dtake__saver dtake__saver;

/* Blocking, by one thread at a time. */
typedef struct dtake__saver_kind {
    /* `schema` is of all batches to come. */
    dtake_status (*begin)(dtake__saver *saver, const dtake_schema *schema, dtake_error *err);
    dtake_status (*put)(dtake__saver *saver, const dtake_batch *batch, dtake_error *err);
    dtake_status (*end)(dtake__saver *saver, dtake_error *err); /* complete: under its final name */
    void (*free)(dtake__saver *saver);                          /* what is not complete is gone */
} dtake__saver_kind;

struct dtake__saver {
    const dtake__saver_kind *kind;
};

/* Where bytes go: a file beside its final name, or the caller's function. */
typedef struct dtake__sink dtake__sink;
dtake_status dtake__sink_open(dtake__sink **out, const dtake_save_options *options, dtake_error *err);
dtake_status dtake__sink_write(dtake__sink *sink, const void *bytes, size_t len, dtake_error *err);
dtake_status dtake__sink_close(dtake__sink *sink, dtake_error *err); /* complete; frees it in any case */
void dtake__sink_abort(dtake__sink *sink);                           /* NULL is fine */

dtake_status dtake__saver_table_new(dtake__saver **out, const dtake_save_options *options, dtake_error *err);
/* Takes the sink when it succeeds. */
dtake_status dtake__saver_items_new(dtake__saver **out, dtake__sink *sink, bool one_document,
                                    dtake_error *err);

#endif
