/* What the user named (documents, folders, rasters; paths and URLs) to a selection of images. */
#ifndef DTAKE_ACCESS_INPUTS_H
#define DTAKE_ACCESS_INPUTS_H

#include "access/select.h"
#include "io/object.h"
#include "io/workers.h"

#include <stdatomic.h>

/* One input after the other, URLs fetched by the loop, all else on a worker. */
typedef struct dtake__inputs {
    dtake_runtime *runtime;
    const dtake_get_options *options;
    dtake__tally *tally;
    const atomic_bool *cancelled;
    void (*done)(
        struct dtake__inputs *inputs); /* once, on the loop thread; status, err and selection are filled */

    dtake__selection selection;
    dtake_status status;
    dtake_error err;

    /* its own */
    dtake__work work;
    dtake__object_op *op;
    dtake_buf document; /* of a URL, while a worker parses it */
    size_t next;        /* input; input_count: items_json and the end */
} dtake__inputs;

void dtake__inputs_start(dtake__inputs *inputs);  /* loop thread; never calls `done` itself */
void dtake__inputs_cancel(dtake__inputs *inputs); /* loop thread; after *cancelled was set */
void dtake__inputs_dispose(dtake__inputs *inputs);

#endif
