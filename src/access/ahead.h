/* Documents of URLs fetched ahead of their turn: many round trips at once, handed over in the order asked. */
#ifndef DTAKE_ACCESS_AHEAD_H
#define DTAKE_ACCESS_AHEAD_H

#include "io/object.h"

enum { DTAKE__AHEAD_DOCUMENTS = 64 };

struct dtake__ahead;

typedef struct dtake__document {
    struct dtake__ahead *ahead;
    dtake__object_op *op; /* while it is fetched */
    bool asked, arrived;
    dtake_status status;
    dtake_error err;
    dtake_buf bytes;
} dtake__document;

/* All on the loop thread. Zero-initialise and fill the first part. */
typedef struct dtake__ahead {
    dtake_runtime *runtime;
    dtake__tally *tally;
    const char *const *href; /* borrowed */
    size_t count;
    bool (*wanted)(const char *href);            /* false: this one is not fetched here */
    void (*arrived)(struct dtake__ahead *ahead); /* the document at `turn` is there, or failed */
    void (*idle)(struct dtake__ahead *ahead);    /* after dtake__ahead_stop: nothing is under way any more */

    /* its own */
    size_t turn, next; /* turn: whose document is waited for; next: the first not asked for */
    size_t flying;
    size_t waiting_bytes; /* of documents that arrived before their turn */
    bool stopping;
    dtake__document document[DTAKE__AHEAD_DOCUMENTS]; /* of href i: document[i % DTAKE__AHEAD_DOCUMENTS] */
} dtake__ahead;

/* Asks for what fits ahead. `arrived` is never called from inside. */
void dtake__ahead_pump(dtake__ahead *ahead);

/* The document at `turn` if it has arrived; NULL: `arrived` will be called. */
dtake__document *dtake__ahead_at_turn(dtake__ahead *ahead);

/* Frees the document at `turn` and goes on to the next. */
void dtake__ahead_advance(dtake__ahead *ahead);

/* Documents under way arrive soon, as cancelled. */
void dtake__ahead_cancel(dtake__ahead *ahead);

/* Cancels what is under way and asks for no more; true: nothing was, and `idle` is not called. */
bool dtake__ahead_stop(dtake__ahead *ahead);

void dtake__ahead_dispose(dtake__ahead *ahead); /* nothing may be under way */

#endif
