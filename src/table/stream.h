/* Batches one after another, and Arrow's stream of them, both ways. */
#ifndef DTAKE_TABLE_STREAM_H
#define DTAKE_TABLE_STREAM_H

#include <datatake/table.h>

/* Where batches come from: each call gives the next, the caller's to release, and NULL after the last. */
typedef struct dtake__batches {
    dtake_status (*next)(void *ctx, dtake_batch **out, dtake_error *err);
    void (*close)(void *ctx); /* once, at the end */
    void *ctx;
} dtake__batches;

/* What a stream of Arrow's returns. */
int dtake__arrow_errno(dtake_status status);

/* The batches as a stream, whose release closes them. On failure they are not closed. After a failure of
 * `next` the stream gives that error for ever. */
dtake_status dtake__batches_to_arrow(const dtake__batches *batches, const dtake_schema *schema,
                                     struct ArrowArrayStream *out, dtake_error *err);

/* A foreign stream as batches; moved out of *stream in success and failure, which is left released. `schema`
 * is the caller's to release. */
dtake_status dtake__batches_from_arrow(struct ArrowArrayStream *stream, dtake__batches *out,
                                       dtake_schema **schema, dtake_error *err);

#endif
